#include "train/ranks.h"

bc_status bc_ranks_open(bc_ranks *ranks, const bc_log *log)
{
    (void)log;
    *ranks = (bc_ranks){0, 1};
    return BC_OK;
}

void bc_ranks_close(bc_ranks *ranks)
{
    *ranks = (bc_ranks){0};
}
