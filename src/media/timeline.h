/*
 * timeline.h (private): one line of time for all streams of an input, from 0 on, whatever the
 * input's clock does: it may begin anywhere, begin anew, jump or wrap.
 *
 * What is read while the clock goes on evenly is a *run*; it is moved as a whole, so that picture
 * and sound stay together. Picture and sound begin a new run where they step back, or jump so far
 * ahead of all that was read that it can be no pause, with their first packet, too. It is put where
 * the picture goes on, so that frames stay evenly apart; sound that then begins before the end of
 * the sound before is left out up to there. The other streams follow when they come to the same
 * times. Subtitles and data never begin a run.
 */
#ifndef BC_MEDIA_TIMELINE_H
#define BC_MEDIA_TIMELINE_H

#include <libavformat/avformat.h>
#include <stdbool.h>

enum { BC_TIMELINE_RUNS = 4 }; /* that are remembered, for streams that lag behind */

/*
 * What counts as a new clock, in microseconds. "Loose" are the formats that cameras, receivers and
 * joined recordings have (MPEG-TS and PS); the others' clocks are written by one muxer.
 */
enum {
    /* Times of decoding never step back: less is damage, rounding or a guess of FFmpeg's, of a few
     * frames at most, and no recording that begins anew is as short. */
    BC_TIMELINE_MAX_STEP_BACK_US = 100000,
    /* The same where only times of presentation are known: H.264's 16 frames that may be shown
     * before one that was decoded earlier, at 8 a second. */
    BC_TIMELINE_MAX_REORDER_US = 2000000,
    /* MPEG wants a time in each stream every 0.7 s (ISO 13818-1, 2.7.4). Three times that leaves
     * room for lost packets. */
    BC_TIMELINE_LOOSE_PAUSE_US = 2000000,
    /* The same of the picture where no sound tells: slides and cameras at a frame every few
     * seconds break that rule. */
    BC_TIMELINE_LOOSE_QUIET_US = 5000000,
    /* A live recording stalls for some seconds in picture and sound, and its clock goes on: FLV and
     * Matroska of a stream that was interrupted. People notice 10 s of standing picture, and do not
     * miss them. */
    BC_TIMELINE_PAUSE_US = 10000000,
    /* A picture alone may stand for long in a file with a clock of its own: slides of a talk, a
     * screen on which nothing moves, recorded at variable rate. */
    BC_TIMELINE_QUIET_US = 60000000,
    /* Sound and picture of one recording begin, and lie in the file, that close to each other:
     * MPEG's buffers hold no more than a second of sound or picture, but for stills. */
    BC_TIMELINE_NEAR_US = 2000000,
};

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
    int video;               /* the index of what is painted */
    int64_t max_pause_us;    /* a longer one is a jump */
    int64_t max_quiet_us;    /* the same where no other stream tells */
    int64_t max_duration_us; /* a longer one is not believed */
} bc_timeline;

/*
 * `zero_us` on the input's clock becomes 0. Formats whose clocks are known to jump (`is_loose`) are
 * believed less.
 */
void bc_timeline_open(bc_timeline *timeline, int video, int64_t zero_us, bool is_loose);
void bc_timeline_close(bc_timeline *timeline);

/*
 * The duration of a packet or frame, or 0, unknown, where none can be as long: loose formats have
 * no durations of their own, and FFmpeg's guess may come from damaged headers. Any is believed
 * while the line is not open.
 */
int64_t bc_timeline_believed(const bc_timeline *timeline, int64_t duration, AVRational time_base);

/*
 * Moves the packet, read in the order of the file, to the line. `jump_us`: how far the clock has
 * jumped here, or 0. Unknown become times that no clock counts, or that lie too far behind the
 * decoding's, and durations that none has. 1: the packet is to be left out; FFmpeg's error or 0.
 */
int bc_timeline_place(bc_timeline *timeline, const AVStream *stream, AVPacket *packet,
                      int64_t *jump_us);

#endif
