/*
 * compare.h: the ways of painting beside each other: instruction sets, precisions, statistics.
 */
#ifndef BC_APP_COMPARE_H
#define BC_APP_COMPARE_H

#include "brushcast.h"

/* One way: how long a frame takes, and how far its painting is from the exact one. */
typedef struct bc_way_result {
    const char *tier; /* its name */
    bc_precision precision;
    bc_stats stats;
    double median_ms;
    double psnr_db; /* of 8-bit pixels; infinite: the same */
} bc_way_result;

enum { BC_MAX_WAYS = 16 };

/*
 * Measures every way that this machine has with the model's first style, n_frames of a made still
 * picture each. The exact one is the C reference's with `frame` statistics. `params` says the rest.
 */
bc_status bc_compare_ways(bc_way_result results[BC_MAX_WAYS], int *n_results, const bc_model *model,
                          const bc_session_params *params, int n_frames);

const char *bc_stats_name(bc_stats stats);

#endif
