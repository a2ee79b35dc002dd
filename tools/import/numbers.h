/*
 * numbers.h: the small arithmetic in ONNX graphs that says how large something is to be. Exporters
 * write sizes and paddings that are known as clusters of Shape, Gather, Cast, Concat and the like:
 * here they are computed.
 */
#ifndef BC_IMPORT_NUMBERS_H
#define BC_IMPORT_NUMBERS_H

#include "import/onnx_model.h"

enum { BC_NUMBERS_MAX = 32 };

/* A scalar, a row, or a matrix (row after row) of a few numbers. */
typedef struct bc_numbers {
    int rank; /* 0 to 2 */
    int dims[2];
    int n;
    bool is_int;
    double values[BC_NUMBERS_MAX];
} bc_numbers;

/* A row of n integers. */
bc_numbers bc_numbers_row(int n, const int64_t *values);

/* False if it is too large, or no tensor of numbers. */
bool bc_numbers_of_tensor(bc_numbers *numbers, const bc_onnx_tensor *tensor);

/*
 * What `op` makes of its inputs (NULL for those that are left out). False if it is none of the
 * operations known here, or its inputs are not what it takes.
 */
bool bc_numbers_compute(bc_numbers *result, const bc_onnx_op *op,
                        const bc_numbers *const inputs[BC_ONNX_MAX_OP_INPUTS]);

#endif
