/*
 * pickle.h: a reader of Python's pickles that knows what PyTorch writes of tensors, and refuses all
 * else. Nothing is run: the few names that a pickle may call (a tensor of a storage, an ordered
 * dictionary) are recognised, any other ends the reading.
 * Source: Python's pickletools.py; PyTorch's torch/serialization.py and torch/_utils.py.
 */
#ifndef BC_IMPORT_PICKLE_H
#define BC_IMPORT_PICKLE_H

#include "brushcast.h"
#include "import/element.h"
#include "import/span.h"
#include "import/wire.h"

enum { BC_PICKLE_MAX_TENSORS = 256, BC_PICKLE_MAX_KEYS = 256, BC_PICKLE_MAX_RANK = 4 };

/* An entry of a dictionary whose value is a tensor, all in one piece of a storage. */
typedef struct bc_pickle_tensor {
    bc_span name;
    bc_span storage; /* the key of its storage */
    bc_element element;
    int64_t offset; /* elements */
    int rank;
    int64_t dims[BC_PICKLE_MAX_RANK];
} bc_pickle_tensor;

typedef struct bc_pickle {
    int n_tensors;
    bc_pickle_tensor tensors[BC_PICKLE_MAX_TENSORS];
    int n_keys;
    bc_span keys[BC_PICKLE_MAX_KEYS]; /* the texts of all lists, in order */
} bc_pickle;

/*
 * Reads one pickle, and leaves *bytes behind its end. Tensors of dictionaries within dictionaries
 * count, too. BC_ERR_FORMAT, saying what is not known, and BC_ERR_MEMORY. Texts point into *bytes.
 */
bc_status bc_pickle_read(bc_pickle *pickle, bc_wire *bytes, const char *path, const bc_log *log);

#endif
