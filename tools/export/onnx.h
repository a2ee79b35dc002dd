/*
 * onnx.h: the parts of an ONNX graph, written one after the other into the graph's message: nodes
 * in the order in which they run, and tensors anywhere. Opset 13, IR version 7.
 * Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
#ifndef BC_EXPORT_ONNX_H
#define BC_EXPORT_ONNX_H

#include "export/protobuf.h"

enum { BC_ONNX_MAX_DIMS = 4, BC_ONNX_MAX_INPUTS = 5 };

/* The model around a graph, which is written between begin and end; {0} before. */
typedef struct bc_onnx {
    bc_proto proto;
    size_t graph; /* mark */
} bc_onnx;

void bc_onnx_begin(bc_onnx *model, const char *graph_name);
void bc_onnx_end(bc_onnx *model);
/* After the end: one line of the model's metadata. */
void bc_onnx_metadata(bc_onnx *model, const char *key, const char *value);

/* One side of a tensor: a number, or where `name` is not NULL one that is known when it runs. */
typedef struct bc_onnx_dim {
    int64_t size;
    const char *name;
} bc_onnx_dim;

/* Tensors of floats [dims] that are given to the graph, and that it gives. */
void bc_onnx_input(bc_onnx *model, const char *name, const bc_onnx_dim dims[BC_ONNX_MAX_DIMS]);
void bc_onnx_output(bc_onnx *model, const char *name, const bc_onnx_dim dims[BC_ONNX_MAX_DIMS]);

/* Constants. */
void bc_onnx_floats(bc_onnx *model, const char *name, int n_dims, const int64_t *dims,
                    const float *values);
void bc_onnx_ints(bc_onnx *model, const char *name, int n, const int64_t *values);

/* The names of a node's inputs, up to BC_ONNX_MAX_INPUTS of them. */
#define BC_ONNX_INPUTS(...) ((const char *[BC_ONNX_MAX_INPUTS]){__VA_ARGS__})

/*
 * A node of one output. Its inputs are constants, outputs of nodes before or inputs of the graph,
 * up to the first NULL; its attributes are written between begin and end.
 */
size_t bc_onnx_node_begin(bc_onnx *model, const char *op, const char *output,
                          const char *const inputs[BC_ONNX_MAX_INPUTS]);
void bc_onnx_node_end(bc_onnx *model, size_t node);
/* A node without attributes. */
void bc_onnx_node(bc_onnx *model, const char *op, const char *output,
                  const char *const inputs[BC_ONNX_MAX_INPUTS]);

void bc_onnx_attribute_int(bc_onnx *model, const char *name, int64_t value);
void bc_onnx_attribute_ints(bc_onnx *model, const char *name, int n, const int64_t *values);
void bc_onnx_attribute_float(bc_onnx *model, const char *name, float value);
void bc_onnx_attribute_text(bc_onnx *model, const char *name, const char *text);

#endif
