/*
 * progress.h: how far a conversion is: one line on a terminal, or lines of JSON for programs.
 */
#ifndef BC_CONVERT_PROGRESS_H
#define BC_CONVERT_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef enum bc_progress_mode {
    BC_PROGRESS_NONE,
    BC_PROGRESS_LINE,
    BC_PROGRESS_JSON
} bc_progress_mode;

typedef struct bc_progress {
    bc_progress_mode mode;
    FILE *stream;     /* of the JSON lines */
    const char *file; /* being written */
    const char *style;
    int64_t n_expected;  /* frames; 0: unknown */
    int64_t duration_us; /* 0: unknown */
    int64_t start_ns, last_ns;
    int64_t n_frames;
} bc_progress;

/* Sets the clock; the other fields are the caller's. */
void bc_progress_start(bc_progress *progress);
/* One more frame, which is at `time_us` of the video. Prints a few times a second. */
void bc_progress_add(bc_progress *progress, int64_t time_us);
/* `state`: "done", "interrupted" or "failed". */
void bc_progress_end(bc_progress *progress, int64_t time_us, const char *state);

#endif
