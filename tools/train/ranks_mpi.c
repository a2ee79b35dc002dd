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

void bc_ranks_abort(const bc_ranks *ranks, int exit_code)
{
    if (ranks->n > 1)
        MPI_Abort(MPI_COMM_WORLD, exit_code);
}

void bc_ranks_sum_floats(const bc_ranks *ranks, float *values, size_t n)
{
    if (ranks->n > 1)
        MPI_Allreduce(MPI_IN_PLACE, values, (int)n, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
}

void bc_ranks_sum_doubles(const bc_ranks *ranks, double *values, size_t n)
{
    if (ranks->n > 1)
        MPI_Allreduce(MPI_IN_PLACE, values, (int)n, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
}

bool bc_ranks_any(const bc_ranks *ranks, bool here)
{
    int any = here;
    if (ranks->n > 1)
        MPI_Allreduce(MPI_IN_PLACE, &any, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
    return any != 0;
}
