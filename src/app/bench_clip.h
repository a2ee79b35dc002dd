/*
 * bench_clip.h: how long a whole conversion takes, and where: decoding, painting and encoding a
 * clip, stage by stage.
 */
#ifndef BC_APP_BENCH_CLIP_H
#define BC_APP_BENCH_CLIP_H

#include <stdbool.h>

#include "brushcast.h"

typedef struct bc_bench_clip_params {
    const char *input;
    const char *net, *models; /* as in bc_painter_params */
    const char *preset;       /* of the H.264 encoder */
    bc_stats stats;
    bc_precision precision;
    float stabilize;
    int n_threads;
    bool is_json;
    bc_log log;
} bc_bench_clip_params;

/* Converts the clip to nowhere and prints a table, or one line of JSON, to stdout. */
bc_status bc_bench_clip(const bc_bench_clip_params *params);

#endif
