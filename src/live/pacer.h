/*
 * pacer.h: frames that were read before their time, and the thread that sends each when it is time
 * to paint it: to be seen by the clock, or by the sound where there is any, or at once where frames
 * come as they are made.
 * Threads: any.
 */
#ifndef BC_LIVE_PACER_H
#define BC_LIVE_PACER_H

#include <stdbool.h>

#include "base/queue.h"
#include "frame/frame.h"
#include "window/speaker.h"

typedef struct bc_captured {
    bc_frame *frame;
    double aspect;       /* width / height as displayed */
    int64_t arrival_ns;  /* when it left the pacer */
    int64_t due_ns;      /* when it is to be seen; not after arrival_ns: at once */
    int64_t step_us;     /* from the frame before it */
    int64_t time_us;     /* on the source's line */
    int64_t position_us; /* in its file */
} bc_captured;

/* For queues. */
void bc_captured_free(void *captured);

typedef struct bc_pacer bc_pacer;

typedef struct bc_pacer_state {
    int n_waiting;
    uint64_t n_sent, n_dropped; /* dropped: because a newer one came */
    int64_t position_us;        /* of the last one that was sent */
} bc_pacer_state;

enum { BC_PACER_FRAMES = 256 }; /* that can wait */

/* `frames` gets bc_captured *, the newest wins; it must outlive the pacer. */
bc_status bc_pacer_open(bc_pacer **pacer, bc_queue *frames, const bc_log *log);
/* What waits is not sent any more. */
void bc_pacer_close(bc_pacer **pacer);

/* One more frame, later than all before; there must be room. The pacer's from here on. */
void bc_pacer_add(bc_pacer *pacer, bc_captured *captured);
/* Drops what waits; the clock starts with the next frame. */
void bc_pacer_clear(bc_pacer *pacer);
/* What is heard with the frames and says when they are due, or NULL. Must outlive the pacer. */
void bc_pacer_set_speaker(bc_pacer *pacer, bc_speaker *speaker);
/* Of what is heard, 0 to 1; 0 at first. */
void bc_pacer_set_volume(bc_pacer *pacer, float volume);
/* Frames are due when they come. */
void bc_pacer_set_live(bc_pacer *pacer, bool on);
void bc_pacer_pause(bc_pacer *pacer, bool on);
/* The next frame is sent in a pause too. */
void bc_pacer_let_one(bc_pacer *pacer);
/* How long it takes from here to the eyes: what is not live leaves so much earlier, and two
 * frames' time more, which hides that a frame takes longer than others. */
void bc_pacer_set_lead(bc_pacer *pacer, int64_t lead_us);

bc_pacer_state bc_pacer_get_state(bc_pacer *pacer);
/* Waits until a frame was sent, or so long. */
void bc_pacer_wait(bc_pacer *pacer, int ms);
/* Ends bc_pacer_wait. */
void bc_pacer_wake(bc_pacer *pacer);

#endif
