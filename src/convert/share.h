/*
 * share.h: a list of conversions shared among processes that know nothing of each other but the
 * folder that they write to. Each file is done once: claim.h says how. A process begins at its own
 * share of the list and goes round; when nothing is left it waits until the others are ready, and
 * takes over what a dead one leaves. So all of them leave together, and a process whose clip is
 * broken ends no sooner than the others: mpirun ends all when one fails.
 *
 * A file whose output exists is done. Threads: one, besides one of the share's own that renews its
 * claims.
 */
#ifndef BC_CONVERT_SHARE_H
#define BC_CONVERT_SHARE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "convert/inputs.h"

/* The index-th of `count` processes, from 0. */
typedef struct bc_rank {
    int index, count;
} bc_rank;

/* From "I/N", I from 1 to N. */
bc_status bc_rank_parse(bc_rank *rank, const char *text, const bc_log *log);
/* As mpirun, srun, sbatch --array or another launcher says in the environment; {0, 1}: none does.
 */
bc_rank bc_rank_of_environment(void);

typedef struct bc_share bc_share;

/* `list` stays the caller's, and as it is. */
bc_status bc_share_open(bc_share **share, const bc_conversion_list *list, bc_rank rank,
                        atomic_int *stop, const bc_log *log);
void bc_share_close(bc_share **share);

/*
 * The index of a file that is this process's now; -1 when all are done or failed, or `stop` is not
 * 0. May wait.
 */
int bc_share_next(bc_share *share);
/* The file that bc_share_next gave is done, or has failed. */
void bc_share_finish(bc_share *share, bool is_done);

/* After the end: the files that any of the processes failed to convert. */
int bc_share_n_failed(const bc_share *share);

#endif
