/*
 * named_tensors.h: tensors as a file of another project names them, and the net that they are when
 * they have the names of pytorch/examples' fast_neural_style (Johnson, Alahi and Fei-Fei 2016, with
 * instance normalisation): conv1 to conv3, residual blocks res1 and on, deconv1 to deconv3.
 */
#ifndef BC_IMPORT_NAMED_TENSORS_H
#define BC_IMPORT_NAMED_TENSORS_H

#include "import/draft.h"

enum { BC_NAMED_MAX = 256, BC_NAMED_MAX_RANK = 4, BC_NAMED_SIZE = 96 };

typedef struct bc_named_tensor {
    char name[BC_NAMED_SIZE];
    int rank;
    int64_t dims[BC_NAMED_MAX_RANK];
    size_t n;
    float *values; /* [n] */
} bc_named_tensor;

/* {0} is an empty list. */
typedef struct bc_named_tensors {
    int n;
    size_t n_values; /* of all */
    bc_named_tensor tensors[BC_NAMED_MAX];
} bc_named_tensors;

/*
 * A tensor more, whose values are to be filled in; NULL if the list is full, its tensors have more
 * than BC_DRAFT_MAX_VALUES together, or memory lacks.
 */
bc_named_tensor *bc_named_add(bc_named_tensors *list, const char *name, int rank,
                              const int64_t *dims);
void bc_named_close(bc_named_tensors *list);

/*
 * The net of the list's tensors into `draft`, an empty one; the values move there. BC_ERR_FORMAT,
 * naming the tensor, if one is missing or has the wrong shape.
 */
bc_status bc_named_read_net(bc_draft *draft, bc_named_tensors *list, const char *path,
                            const bc_log *log);

#endif
