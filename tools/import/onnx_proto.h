/*
 * onnx_proto.h: numbers of onnx.proto: fields, by message, types of elements and of attributes.
 * Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
#ifndef BC_IMPORT_ONNX_PROTO_H
#define BC_IMPORT_ONNX_PROTO_H

enum {
    BC_ONNX_MODEL_IR_VERSION = 1,
    BC_ONNX_MODEL_PRODUCER = 2,
    BC_ONNX_MODEL_GRAPH = 7,
    BC_ONNX_MODEL_OPSET = 8,
    BC_ONNX_MODEL_METADATA = 14
};
enum { BC_ONNX_OPSET_VERSION = 2 };
enum { BC_ONNX_ENTRY_KEY = 1, BC_ONNX_ENTRY_VALUE = 2 }; /* of the metadata */

enum {
    BC_ONNX_GRAPH_NODE = 1,
    BC_ONNX_GRAPH_NAME = 2,
    BC_ONNX_GRAPH_INITIALIZER = 5,
    BC_ONNX_GRAPH_INPUT = 11,
    BC_ONNX_GRAPH_OUTPUT = 12
};

enum {
    BC_ONNX_NODE_INPUT = 1,
    BC_ONNX_NODE_OUTPUT = 2,
    BC_ONNX_NODE_NAME = 3,
    BC_ONNX_NODE_OP = 4,
    BC_ONNX_NODE_ATTRIBUTE = 5
};

enum {
    BC_ONNX_ATTRIBUTE_NAME = 1,
    BC_ONNX_ATTRIBUTE_FLOAT = 2,
    BC_ONNX_ATTRIBUTE_INT = 3,
    BC_ONNX_ATTRIBUTE_TEXT = 4,
    BC_ONNX_ATTRIBUTE_TENSOR = 5,
    BC_ONNX_ATTRIBUTE_FLOATS = 7,
    BC_ONNX_ATTRIBUTE_INTS = 8,
    BC_ONNX_ATTRIBUTE_TYPE = 20
};

/* Of attributes. */
enum {
    BC_ONNX_KIND_FLOAT = 1,
    BC_ONNX_KIND_INT = 2,
    BC_ONNX_KIND_TEXT = 3,
    BC_ONNX_KIND_TENSOR = 4,
    BC_ONNX_KIND_INTS = 7
};

enum {
    BC_ONNX_TENSOR_DIM = 1,
    BC_ONNX_TENSOR_TYPE = 2,
    BC_ONNX_TENSOR_FLOATS = 4,
    BC_ONNX_TENSOR_INT32S = 5,
    BC_ONNX_TENSOR_INT64S = 7,
    BC_ONNX_TENSOR_NAME = 8,
    BC_ONNX_TENSOR_RAW = 9,
    BC_ONNX_TENSOR_DOUBLES = 10
};

/* Of elements. */
enum {
    BC_ONNX_FLOAT = 1,
    BC_ONNX_INT32 = 6,
    BC_ONNX_INT64 = 7,
    BC_ONNX_FLOAT16 = 10,
    BC_ONNX_DOUBLE = 11
};

/* An input or output has a type, that of a tensor, which has a shape, and that its sides. */
enum { BC_ONNX_VALUE_NAME = 1, BC_ONNX_VALUE_TYPE = 2 };
enum { BC_ONNX_TYPE_TENSOR = 1 };
enum { BC_ONNX_TENSOR_TYPE_ELEMENT = 1, BC_ONNX_TENSOR_TYPE_SHAPE = 2 };
enum { BC_ONNX_SHAPE_DIM = 1 };
enum { BC_ONNX_DIM_SIZE = 1, BC_ONNX_DIM_NAME = 2 };

#endif
