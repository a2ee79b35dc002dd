/*
 * onnx_model.h: an ONNX file, taken apart: the operations of its graph in the order in which they
 * run, its tensors, inputs and outputs. Texts and tensors point into the file's bytes.
 * Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
#ifndef BC_IMPORT_ONNX_MODEL_H
#define BC_IMPORT_ONNX_MODEL_H

#include "brushcast.h"
#include "import/span.h"
#include "import/wire.h"

enum {
    BC_ONNX_MAX_OPS = 1024,
    BC_ONNX_MAX_TENSORS = 1024,
    BC_ONNX_MAX_OP_INPUTS = 8,
    BC_ONNX_MAX_GRAPH_INPUTS = 512,
    BC_ONNX_MAX_RANK = 8,
    BC_ONNX_MAX_NUMBERS = 64 /* of one attribute */
};

typedef struct bc_onnx_tensor {
    bc_span name;
    int type; /* as in onnx.proto */
    int rank;
    int64_t dims[BC_ONNX_MAX_RANK];
    size_t n; /* elements */
    bc_wire message;
} bc_onnx_tensor;

typedef struct bc_onnx_op {
    bc_span type, name, output; /* the first output */
    int n_inputs;
    bc_span inputs[BC_ONNX_MAX_OP_INPUTS]; /* one that is left out is empty */
    bc_wire message;
} bc_onnx_op;

/* Of the graph, or a tensor that is given in it. */
typedef struct bc_onnx_value {
    bc_span name;
    int rank;
    int64_t dims[BC_ONNX_MAX_RANK]; /* 0: known when it runs */
} bc_onnx_value;

typedef struct bc_onnx_model {
    int n_ops, n_tensors, n_inputs;
    bc_onnx_op ops[BC_ONNX_MAX_OPS];
    bc_onnx_tensor tensors[BC_ONNX_MAX_TENSORS];
    bc_onnx_value inputs[BC_ONNX_MAX_GRAPH_INPUTS];
    bc_span output; /* the first */
    bc_wire message;
} bc_onnx_model;

/*
 * Takes apart `bytes`, which outlive the model; messages call them `path`. BC_ERR_FORMAT if they
 * are malformed or more than the numbers above. A model is large: not for the stack.
 */
bc_status bc_onnx_model_read(bc_onnx_model *model, const void *bytes, size_t size, const char *path,
                             const bc_log *log);

/* The metadata's value of a key; empty if there is none. */
bc_span bc_onnx_model_metadata(const bc_onnx_model *model, const char *key);

/* The tensor of that name, or NULL. */
const bc_onnx_tensor *bc_onnx_model_find(const bc_onnx_model *model, bc_span name);

/* A tensor that stands in an attribute; false if there is none, or it is malformed. */
bool bc_onnx_op_tensor(const bc_onnx_op *op, const char *name, bc_onnx_tensor *tensor);
/* Attributes: the value, or `other` if there is none. */
int64_t bc_onnx_op_int(const bc_onnx_op *op, const char *name, int64_t other);
float bc_onnx_op_float(const bc_onnx_op *op, const char *name, float other);
bc_span bc_onnx_op_text(const bc_onnx_op *op, const char *name, const char *other);
/* Integers or floats; returns how many there are, 0 if there is none, or more than can be held. */
int bc_onnx_op_numbers(const bc_onnx_op *op, const char *name, double numbers[BC_ONNX_MAX_NUMBERS]);

/*
 * The elements, [tensor->n], to be freed; NULL if memory lacks, if the message does not have them
 * or if they are of no type of numbers. Floats of 16 and 32 bits and integers of 32 are exact.
 */
double *bc_onnx_tensor_values(const bc_onnx_tensor *tensor);
bool bc_onnx_tensor_is_int(const bc_onnx_tensor *tensor);

#endif
