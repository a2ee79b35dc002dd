/*
 * feed.h (private to input.c): what an input reads: a reader and its sound, opened as often as the
 * input begins anew, and the line of times on which all of that lies, one after the other. Frames
 * come out in line, sound is heard on the speaker, and packets of the other streams are delayed to
 * their place.
 *
 * Threads: the input's own, but for bc_feed_open_writer.
 */
#ifndef BC_LIVE_FEED_H
#define BC_LIVE_FEED_H

#include <pthread.h>
#include <stdatomic.h>

#include "live/pacer.h"
#include "media/sound.h"
#include "media/writer.h"

typedef struct bc_feed_params {
    const char *url, *format, *options; /* as bc_reader_params; must outlive the feed */
    int n_threads;
    bool plays_sound;
    atomic_int *stop, *quit; /* as bc_reader_params */
} bc_feed_params;

typedef struct bc_feed {
    bc_feed_params params;
    pthread_mutex_t lock; /* held while the reader works */
    bc_reader *reader;    /* NULL: there is none now */
    bc_sound *sound;      /* with a speaker only */
    bc_speaker *speaker;  /* opened by the first sound */
    bc_frame *first;      /* of the last reader that was opened */
    atomic_int n_asking;  /* others that want the lock */
    int64_t start_us;     /* of the reader, in the file */
    int64_t base_us;      /* the line where the reader's clock is 0 */
    int64_t end_us;       /* of what was read, on the line */
    bool is_still;        /* a picture, which is shown until something else happens */
    bool is_endless;      /* as far as one knows */
} bc_feed;

void bc_feed_init(bc_feed *feed, const bc_feed_params *params);
/* Frees all that the feed holds, but not the feed. */
void bc_feed_free(bc_feed *feed);

/*
 * Opens the input at `start_us`, in place of the reader that was open, and joins it to the end of
 * the line. Fails as bc_reader_open does; then there is no reader.
 */
bc_status bc_feed_open(bc_feed *feed, int64_t start_us, const bc_log *log);
/* Opens the sound of the reader, if it has any and is to be heard. */
void bc_feed_open_sound(bc_feed *feed, const bc_log *log);
void bc_feed_close(bc_feed *feed);

/* As bc_reader_read, in line; both are the caller's. A lack of memory costs a frame. */
bc_status bc_feed_read(bc_feed *feed, bc_captured **captured, bc_packet **packet);
/* A still picture's frame once more, or NULL. */
bc_captured *bc_feed_again(bc_feed *feed);

/* Width / height of the reader's frames as displayed. */
double bc_feed_aspect(const bc_feed *feed);

/*
 * Opens a writer for frames like the feed's and its other streams. The reader makes way meanwhile;
 * one that hangs is waited for a second.
 */
bc_status bc_feed_open_writer(bc_feed *feed, bc_writer **writer, const char *url,
                              const bc_writer_params *params);

/* What the reader's streams are like, the caller's; NULL if that is not known now. */
bc_streams *bc_feed_streams(bc_feed *feed, const bc_log *log);

#endif
