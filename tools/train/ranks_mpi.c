#include <mpi.h>
#include <stdlib.h>

#include "base/log.h"
#include "train/ranks.h"

/* As Open MPI, and MPICH and its kin, tell the processes that they start. */
static int is_started_by_mpirun(void)
{
    return getenv("OMPI_COMM_WORLD_SIZE") || getenv("PMI_SIZE");
}

bc_status bc_ranks_open(bc_ranks *ranks, const bc_log *log)
{
    *ranks = (bc_ranks){0, 1};
    if (!is_started_by_mpirun())
        return BC_OK;
    if (MPI_Init(NULL, NULL) != MPI_SUCCESS)
        return bc_fail(log, BC_ERR_UNSUPPORTED, "MPI cannot be started");
    MPI_Comm_rank(MPI_COMM_WORLD, &ranks->rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks->n);
    return BC_OK;
}

void bc_ranks_close(bc_ranks *ranks)
{
    int is_open = 0;
    MPI_Initialized(&is_open);
    if (is_open)
        MPI_Finalize();
    *ranks = (bc_ranks){0};
}
