/*
 * pickle_machine.h: the stack machine that a pickle is a program of. Its functions return false
 * after a refusal that says why.
 */
#ifndef BC_IMPORT_PICKLE_MACHINE_H
#define BC_IMPORT_PICKLE_MACHINE_H

#include "import/pickle.h"

enum {
    BC_PICKLE_MAX_OBJECTS = 1 << 16,
    BC_PICKLE_MAX_STACK = 1 << 12,
    BC_PICKLE_MAX_DEPTH = 64,
    BC_PICKLE_MAX_MEMO = 1 << 16
};

typedef enum bc_pickle_object_kind {
    BC_PICKLE_OBJECT_OTHER, /* None, a float */
    BC_PICKLE_OBJECT_NUMBER,
    BC_PICKLE_OBJECT_TEXT,
    BC_PICKLE_OBJECT_TUPLE,
    BC_PICKLE_OBJECT_LIST,
    BC_PICKLE_OBJECT_DICTIONARY,
    BC_PICKLE_OBJECT_NAME, /* of something of Python's */
    BC_PICKLE_OBJECT_STORAGE,
    BC_PICKLE_OBJECT_TENSOR
} bc_pickle_object_kind;

typedef enum bc_pickle_name {
    BC_PICKLE_NAME_DICTIONARY,
    BC_PICKLE_NAME_TENSOR,
    BC_PICKLE_NAME_PARAMETER,
    BC_PICKLE_NAME_STORAGE
} bc_pickle_name;

typedef struct bc_pickle_object {
    bc_pickle_object_kind kind;
    bc_pickle_name name;
    bc_element element; /* of a name of storages, a storage, a tensor */
    int64_t number;     /* also a tensor's offset */
    bc_span text;       /* also a storage's key, and a tensor's */
    int n, first;       /* parts of a tuple, in `parts` */
    int rank;           /* of a tensor */
    int64_t dims[BC_PICKLE_MAX_RANK];
} bc_pickle_object;

typedef struct bc_pickle_machine {
    bc_pickle *pickle;
    bc_wire *rest;
    int n_objects, n_parts, n_stack, n_marks, n_memo;
    bc_pickle_object objects[BC_PICKLE_MAX_OBJECTS];
    int parts[BC_PICKLE_MAX_OBJECTS]; /* of tuples */
    int stack[BC_PICKLE_MAX_STACK], marks[BC_PICKLE_MAX_DEPTH],
        memo[BC_PICKLE_MAX_MEMO]; /* objects; memo: -1 is none */
    char reason[128];
} bc_pickle_machine;

bool bc_pickle_refuse(bc_pickle_machine *m, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool bc_pickle_push(bc_pickle_machine *m, bc_pickle_object o);
/* Objects below the last mark stay: NULL after a refusal. */
bc_pickle_object *bc_pickle_pop(bc_pickle_machine *m);
bc_pickle_object *bc_pickle_top(bc_pickle_machine *m);
/* Part i of a tuple, below its n. */
const bc_pickle_object *bc_pickle_part(const bc_pickle_machine *m, const bc_pickle_object *tuple,
                                       int i);

/* pickle_torch.c: what PyTorch's tensors need of Python. */

/* The object of that name in a module of Python's, if it is one of the few that are known. */
bool bc_pickle_push_name(bc_pickle_machine *m, bc_span module, bc_span name);
/* A tuple of arguments and what is called become what that makes. */
bool bc_pickle_call(bc_pickle_machine *m);
/* A tuple that describes a storage becomes the storage. */
bool bc_pickle_push_storage(bc_pickle_machine *m);
/* Of n objects above a dictionary, keys and values, those are kept that are tensors. */
bool bc_pickle_set_items(bc_pickle_machine *m, int n);
/* Of n objects above a list the texts are kept. */
bool bc_pickle_append_items(bc_pickle_machine *m, int n);

#endif
