/*
 * timeline.h (private): one line of time for all streams of an input, from 0 on, whatever the
 * input's clock does: it may begin anywhere, begin anew, jump or wrap.
 *
 * What is read while the clock goes on evenly is a *run*; it is moved as a whole, so that picture
 * and sound stay together. Picture and sound begin a new run where they step back, or jump so far
 * ahead of all that was read that it can be no pause. It is put where the picture goes on, so that
 * frames stay evenly apart; sound that then begins before the end of the sound before is left out
 * up to there. The other streams follow when they come to the same times. Subtitles and data never
 * begin a run.
 */
#ifndef BC_MEDIA_TIMELINE_H
#define BC_MEDIA_TIMELINE_H

#include <libavformat/avformat.h>
#include <stdbool.h>

enum { BC_TIMELINE_RUNS = 4 }; /* that are remembered, for streams that lag behind */

typedef struct bc_timeline {
    struct bc_timeline_run {
        int64_t offset_us;        /* from the input's times to the line's */
        int64_t first_us, end_us; /* what was read of it, on the input's clock */
    } runs[BC_TIMELINE_RUNS];     /* run i is at i modulo their number */
    struct bc_timeline_track {
        bool has_begun;
        bool is_joining;     /* it may begin before the end of what came before */
        bool may_step_back;  /* its last time is one of presentation, ahead of the decoder's */
        int run;             /* the one that it is in */
        int64_t first_us;    /* its first time, on the input's clock */
        int64_t last_us;     /* its last */
        int64_t end_us;      /* and that packet's end */
        int64_t line_end_us; /* the same on the line */
    } * tracks;              /* [n_tracks], by the index of the stream */
    int n_tracks, n_runs;
    int video;            /* the index of what is painted */
    int64_t max_pause_us; /* a longer one is a jump */
    int64_t max_quiet_us; /* the same where no other stream tells */
} bc_timeline;

/*
 * `zero_us` on the input's clock becomes 0. Formats whose clocks are known to jump (`is_loose`) are
 * believed less.
 */
void bc_timeline_open(bc_timeline *timeline, int video, int64_t zero_us, bool is_loose);
void bc_timeline_close(bc_timeline *timeline);

/*
 * Moves the packet, read in the order of the file, to the line. `jump_us`: how far the clock has
 * jumped here, or 0. Times that no clock counts become unknown. 1: the packet is to be left out;
 * FFmpeg's error or 0.
 */
int bc_timeline_place(bc_timeline *timeline, const AVStream *stream, AVPacket *packet,
                      int64_t *jump_us);

#endif
