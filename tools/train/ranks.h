/*
 * ranks.h: the processes that share a piece of work when they are started by mpirun. One alone,
 * which never touches MPI, where the program is started by itself or built without MPI.
 */
#ifndef BC_TRAIN_RANKS_H
#define BC_TRAIN_RANKS_H

#include "brushcast.h"

typedef struct bc_ranks {
    int rank, n; /* this process, from 0, and how many there are */
} bc_ranks;

bc_status bc_ranks_open(bc_ranks *ranks, const bc_log *log);
/* Waits for all of them. */
void bc_ranks_close(bc_ranks *ranks);

#endif
