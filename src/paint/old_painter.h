/*
 * painter.h: a net, the styles asked for, and a session for the size at hand: what paints the
 * frames of a command.
 */
#ifndef BC_PAINT_PAINTER_H
#define BC_PAINT_PAINTER_H

#include "frame/frame.h"

typedef struct bc_file_painter bc_file_painter;

typedef struct bc_file_painter_params {
    const char *net;    /* "light", "wide" or a folder */
    const char *models; /* where to look first, or NULL */
    const char *styles; /* NAME[:WEIGHT][,NAME[:WEIGHT]...]; NULL: the net's first */
    bc_stats stats;
    bc_precision precision;
    float stabilize; /* 0 to 1, see stabilizer.h */
    int n_threads;   /* 0: one for each processor */
    bc_log log;
} bc_file_painter_params;

/*
 * The net to paint files with where none is asked for: "wide", the finer one, where it is found,
 * else "light". `models` as in bc_file_painter_params.
 */
const char *bc_file_painter_default_net(const char *models);

/* Opens the net and finds the styles; an unknown style's error names those that there are. */
bc_status bc_file_painter_open(bc_file_painter **painter, const bc_file_painter_params *params);
void bc_file_painter_close(bc_file_painter **painter);

/* What is painted, for people: "starry-night", "scream:0.3 wave:0.7". */
const char *bc_file_painter_style(const bc_file_painter *painter);

/* Makes ready for a stream of frames of this size. */
bc_status bc_file_painter_prepare(bc_file_painter *painter, int width, int height);

/*
 * As bc_session_run, and stabilises the painting; time_us is the frame's presentation time, or
 * BC_NO_PTS. Fails only for lack of memory.
 */
bc_status bc_file_painter_run(bc_file_painter *painter, const bc_image *source,
                              const bc_image *painting, int64_t time_us);

#endif
