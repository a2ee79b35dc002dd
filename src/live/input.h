/*
 * input.h: where a live picture comes from: a camera, a file, a URL, on a thread of its own. It
 * reads, puts the frames in line (those of files leave when they are due, those of cameras and
 * streams when they come), plays the sound, and starts anew where a camera comes back, a file is
 * looped or somebody seeks. A still picture is a frame again and again.
 *
 * Times are on one line that only ever rises, whatever is sought or looped, so that a recording of
 * it is whole. Threads: any.
 *
 * An input is opened on its own thread, which may take long: whoever wants to wait for it waits
 * with bc_live_input_wait, and another thread can give it up meanwhile.
 */
#ifndef BC_LIVE_INPUT_H
#define BC_LIVE_INPUT_H

#include <stdatomic.h>
#include <stdbool.h>

#include "live/pacer.h"
#include "live/reason.h"
#include "media/writer.h"

typedef struct bc_live_input bc_live_input;

typedef struct bc_live_input_params {
    const char *url;
    const char *format, *options; /* as bc_reader_params */
    bool is_camera;               /* comes back by itself; nothing is paced */
    bool is_looped;
    int64_t start_us;
    int n_threads;
    bc_queue *frames; /* bc_captured *: the newest wins */
    bool plays_sound; /* if there is any */
    /* A packet of another stream with its time on the source's line. */
    void (*on_packet)(void *cookie, const bc_live_input *source, const bc_packet *packet);
    void *cookie;
    atomic_int *stop; /* not 0: the program ends */
    bc_log log;
} bc_live_input_params;

typedef struct bc_live_input_state {
    int width, height;
    double aspect;                /* width / height as displayed */
    double fps;                   /* as the source says; 0: unknown */
    int64_t position_us;          /* in the file */
    int64_t duration_us;          /* 0: unknown or endless */
    uint64_t n_frames, n_dropped; /* sent, and thrown away because a newer one came */
    bool has_signal;              /* false while a camera is away or a stream stalls */
    bool is_paused, is_looped, has_sound;
    bool has_ended;   /* all frames were sent, and none will come */
    bc_status status; /* why it has ended: BC_OK for its end; set where it could not go on, too */
} bc_live_input_state;

/* Begins to open the input and to read its first frame; does not wait for it. */
bc_status bc_live_input_open(bc_live_input **source, const bc_live_input_params *params);
/*
 * Waits until it is open; fails as bc_reader_open does, with BC_ERR_IO if a server does not answer
 * within half a minute, and with BC_ERR_INTERRUPTED once it was given up.
 */
bc_status bc_live_input_wait(bc_live_input *source);
/* Ends bc_live_input_wait, and what it waits for. */
void bc_live_input_give_up(bc_live_input *source);
/* Of one that is open: from now on frames are sent, on a line of times that begins at line_us. */
void bc_live_input_start(bc_live_input *source, int64_t line_us);
/* A thread that hangs in the system for more than five seconds is left behind with all it has. */
void bc_live_input_close(bc_live_input **source);

/* The first error that was said of it, or "". */
void bc_live_input_reason(bc_live_input *source, char text[BC_REASON_SIZE]);

bc_live_input_state bc_live_input_get_state(bc_live_input *source);
void bc_live_input_pause(bc_live_input *source, bool on);
void bc_live_input_loop(bc_live_input *source, bool on);
void bc_live_input_seek(bc_live_input *source, int64_t position_us);
/* How long it takes from here to the eyes, as bc_pacer_set_lead. */
void bc_live_input_set_lead(bc_live_input *source, int64_t lead_us);

/* Of what is heard, 0 to 1; 0 at first. */
void bc_live_input_set_volume(bc_live_input *source, float volume);

/* Opens a writer for frames like the source's and its other streams; waits a second for a reader
 * that hangs. */
bc_status bc_live_input_open_writer(bc_live_input *source, bc_writer **writer, const char *url,
                                    const bc_writer_params *params);

/* What its streams are like, the caller's, or NULL. Of one that is open and not started: else it
 * may wait for the reader. */
bc_streams *bc_live_input_streams(bc_live_input *source);

#endif
