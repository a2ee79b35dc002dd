/* job.h: one picture from file to file, with all that is watched while it is made. */
#ifndef BC_GATYS_JOB_H
#define BC_GATYS_JOB_H

#include <stdatomic.h>

#include "gatys/options.h"
#include "train/ranks.h"

/* What all pictures of a run share. */
typedef struct bc_gatys_run {
    const bc_gatys_options *options;
    const bc_vgg *vgg;
    const bc_workspace *workspace;
    bc_ranks ranks; /* pictures of a folder are dealt to them in turn */
    const bc_photo *style;
    const bc_photo *start;  /* or NULL */
    const atomic_int *stop; /* not 0 once somebody asked to stop */
    const bc_log *log;
} bc_gatys_run;

/*
 * Paints `content` into the file `output`. The state is kept in OUTPUT.state after every round, and
 * removed in the end; `resume` goes on from it where there is one. After BC_ERR_INTERRUPTED the
 * state of the last round is there to go on from.
 */
bc_status bc_gatys_paint(const bc_gatys_run *run, const bc_photo *content, const char *output,
                         bool resume);

/* Every picture of a folder, into another, as --help says. */
bc_status bc_gatys_paint_folder(const bc_gatys_run *run);

/* --losses-of. */
bc_status bc_gatys_measure(const bc_gatys_run *run, const bc_photo *content);

#endif
