/*
 * blas.h: the kernels that OpenBLAS works with. It knows processors by their number and not by what
 * they can do: on one that is newer than it is, it takes kernels of 2004, several times slower.
 */
#ifndef BC_TRAIN_BLAS_H
#define BC_TRAIN_BLAS_H

#include "base/cpu.h"

/*
 * The first words of a program: where the processor can do better than the kernels that OpenBLAS
 * took, starts the program anew with $OPENBLAS_CORETYPE, which is read at its start only. It does
 * nothing where the variable is set, by the user or by this. No threads, no open files yet.
 */
void bc_blas_choose(char **argv);

/*
 * The kernels of OpenBLAS, by its name for them, that suit a processor with `features` (base/cpu.h)
 * better than `kernels`; or NULL.
 */
const char *bc_blas_better(const char *kernels, unsigned features);

/* The kernels that OpenBLAS took, by its name for them. */
const char *bc_blas_kernels(void);

#endif
