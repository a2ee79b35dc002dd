/*
 * line.h: frames that were read before their time, and the thread that sends each when it is due:
 * by the clock, by the sound where there is any, or at once where frames come as they are made.
 * Threads: any.
 */
#ifndef BC_APP_LINE_H
#define BC_APP_LINE_H

#include <stdbool.h>

#include "base/queue.h"
#include "frame/frame.h"
#include "live/speaker.h"

typedef struct bc_captured {
    bc_frame *frame;
    double aspect; /* width / height as displayed */
    int64_t arrival_ns;
    int64_t time_us;     /* on the source's line */
    int64_t position_us; /* in its file */
} bc_captured;

/* For queues. */
void bc_captured_free(void *captured);

typedef struct bc_line bc_line;

typedef struct bc_line_state {
    int n_waiting;
    uint64_t n_sent, n_dropped; /* dropped: because a newer one came */
    int64_t position_us;        /* of the last one that was sent */
} bc_line_state;

enum { BC_LINE_FRAMES = 256 }; /* that can wait */

/* `frames` gets bc_captured *, the newest wins; it must outlive the line. */
bc_status bc_line_open(bc_line **line, bc_queue *frames, const bc_log *log);
/* What waits is not sent any more. */
void bc_line_close(bc_line **line);

/* One more frame, later than all before; there must be room. The line's from here on. */
void bc_line_add(bc_line *line, bc_captured *captured);
/* Drops what waits; the next frame is due at once, and the clock starts with it. */
void bc_line_clear(bc_line *line);
/* What is heard with the frames and says when they are due, or NULL. Must outlive the line. */
void bc_line_set_speaker(bc_line *line, bc_speaker *speaker);
/* Frames are due when they come. */
void bc_line_set_live(bc_line *line, bool on);
void bc_line_pause(bc_line *line, bool on);
/* The next frame is sent in a pause too. */
void bc_line_let_one(bc_line *line);
/* How long it takes from here to the eyes: what has sound leaves so much earlier. */
void bc_line_set_lead(bc_line *line, int64_t lead_us);

bc_line_state bc_line_get_state(bc_line *line);
/* Waits until a frame was sent, or so long. */
void bc_line_wait(bc_line *line, int ms);
/* Ends bc_line_wait. */
void bc_line_wake(bc_line *line);

#endif
