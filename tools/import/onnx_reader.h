/*
 * onnx_reader.h: the state of reading a net out of an ONNX graph (onnx_net.h), and what the readers
 * of single operations share. Each reads bc_onnx_reader.op, gives what comes out a name, and
 * returns false after a refusal that says why.
 */
#ifndef BC_IMPORT_ONNX_READER_H
#define BC_IMPORT_ONNX_READER_H

#include "import/draft.h"
#include "import/numbers.h"

enum {
    /* What each operation makes, tensors, canvases and the frame. */
    BC_ONNX_MAX_FOUND = BC_ONNX_MAX_OPS + BC_ONNX_MAX_TENSORS + BC_MAX_LAYERS + 1,
    BC_ONNX_MAX_SIDE = 1 << 20 /* pixels of a map */
};

/* A layer's output, or the frame, on its way to who reads it. */
typedef struct bc_onnx_map {
    int layer, version; /* of the layer, when the map was made */
    int n_channels, height, width;
    bool is_doubled, is_cropped;
    int margin; /* of padding, on each side */
    bc_padding pad;
    float scale; /* of its values; of the frame only */
} bc_onnx_map;

typedef enum bc_onnx_found_kind {
    BC_ONNX_FOUND_TENSOR,
    BC_ONNX_FOUND_NUMBERS,
    BC_ONNX_FOUND_MAP
} bc_onnx_found_kind;

/* What a name of the graph stands for. */
typedef struct bc_onnx_found {
    bc_span name;
    bc_onnx_found_kind kind;
    bc_onnx_tensor tensor;
    bc_numbers numbers; /* also of a tensor of few */
    bool has_numbers;
    bc_onnx_map map;
} bc_onnx_found;

typedef struct bc_onnx_reader {
    bc_draft *draft;
    int versions[BC_MAX_LAYERS]; /* of layers: how many operations went into them */
    const bc_onnx_model *model;
    const bc_onnx_op *op; /* that is being read; NULL: it is about the whole graph */
    bc_layers stated;     /* the file's own table, or of 0 layers */
    size_t n_values;      /* of weights that layers have taken */
    int n_found;
    bc_onnx_found *found; /* [BC_ONNX_MAX_FOUND] */
    int height, width;    /* of the frame as it is given */
    bool is_extended;     /* the frame was, so the painting is to be cropped */
    float range;          /* of pixels, as far as the graph speaks of it, or 0 */
    char reason[160];
} bc_onnx_reader;

/* Says why the graph is refused; returns false. */
bool bc_onnx_refuse(bc_onnx_reader *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Whether the operation is of that type. */
bool bc_onnx_reads(const bc_onnx_reader *r, const char *type);

/* What the name stands for, and input `i` of the operation, or NULL. */
bc_onnx_found *bc_onnx_find(bc_onnx_reader *r, bc_span name);
bc_onnx_found *bc_onnx_input_found(bc_onnx_reader *r, int i);
/* The input's map, or NULL after a refusal; its numbers, or NULL. */
const bc_onnx_map *bc_onnx_input_map(bc_onnx_reader *r, int i);
const bc_numbers *bc_onnx_input_numbers(bc_onnx_reader *r, int i);
/* The input's `n` floats, to be freed; zeros where it is left out. NULL after a refusal. */
float *bc_onnx_input_row(bc_onnx_reader *r, int i, int n);
float *bc_onnx_floats_of(const bc_onnx_tensor *tensor);

/* What comes out of the operation. */
bool bc_onnx_give_map(bc_onnx_reader *r, bc_onnx_map m);
void bc_onnx_give_numbers(bc_onnx_reader *r, bc_numbers numbers);
bc_onnx_found *bc_onnx_add(bc_onnx_reader *r, bc_span name, bc_onnx_found_kind kind);
void bc_onnx_add_tensor(bc_onnx_reader *r, bc_span name, const bc_onnx_tensor *tensor);

/* The layer that makes a map which is not the frame's. */
bc_layer *bc_onnx_layer_of(bc_onnx_reader *r, const bc_onnx_map *m);
/* A map that waits for nothing. */
bool bc_onnx_is_plain(const bc_onnx_map *m);
/* The map of a convolution that nothing has been made of but what belongs to it. */
bool bc_onnx_is_open(bc_onnx_reader *r, const bc_onnx_map *m);
/* A finished layer's, or the frame's. */
bool bc_onnx_is_current(bc_onnx_reader *r, const bc_onnx_map *m);
/* The operation became part of the map's layer. */
bc_onnx_map bc_onnx_next_version(bc_onnx_reader *r, const bc_onnx_map *m);
/* One layer more, called after a name of the graph; NULL after a refusal. */
bc_draft_layer *bc_onnx_add_layer(bc_onnx_reader *r, bc_layer_kind kind, bc_span named);

/* onnx_conv.c: convolutions, and what belongs to them. */
bool bc_onnx_read_conv(bc_onnx_reader *r);
bool bc_onnx_read_transposed(bc_onnx_reader *r);
bool bc_onnx_read_norm(bc_onnx_reader *r);
bool bc_onnx_read_relu(bc_onnx_reader *r);
bool bc_onnx_read_phases(bc_onnx_reader *r);

/* onnx_maps.c: what waits for a convolution, sums, and the ends of the net. */
bool bc_onnx_read_pad(bc_onnx_reader *r);
bool bc_onnx_read_resize(bc_onnx_reader *r);
bool bc_onnx_read_add(bc_onnx_reader *r);
bool bc_onnx_read_factor(bc_onnx_reader *r);
bool bc_onnx_read_clip(bc_onnx_reader *r);
bool bc_onnx_read_crop(bc_onnx_reader *r);

#endif
