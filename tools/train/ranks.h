/*
 * ranks.h: the processes that share a piece of work when they are started by mpirun. One alone,
 * which never touches MPI, where the program is started by itself or built without MPI.
 */
#ifndef BC_TRAIN_RANKS_H
#define BC_TRAIN_RANKS_H

#include <stdbool.h>
#include <stddef.h>

#include "brushcast.h"

typedef struct bc_ranks {
    int rank, n; /* this process, from 0, and how many there are */
} bc_ranks;

bc_status bc_ranks_open(bc_ranks *ranks, const bc_log *log);
/* Waits for all of them. */
void bc_ranks_close(bc_ranks *ranks);
/* Ends all of them, this one by `exit_code`, if there are several; else returns. */
void bc_ranks_abort(const bc_ranks *ranks, int exit_code);

/*
 * All-reduce, called by all processes alike: each gets the sums of everyone's values, the same bits
 * everywhere. Where all but one of the terms of a sum are zeros, it is exact.
 */
void bc_ranks_sum_floats(const bc_ranks *ranks, float *values, size_t n);
void bc_ranks_sum_doubles(const bc_ranks *ranks, double *values, size_t n);
/* Whether it is true of any process, likewise. */
bool bc_ranks_any(const bc_ranks *ranks, bool here);

#endif
