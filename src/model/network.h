/*
 * network.h: the layers of an auto-encoder and of a style bank, as their files describe them.
 *
 *     frame [H,W,3] -> encoder.0 .. 2 -> bank.0 .. n-1 -> decoder.0 .. 2 -> frame [H,W,3]
 *
 * Widths w = {w0,w1,w2}, multiples of 8. Weights are [n_out, n_in, kernel, kernel],
 * cross-correlation.
 *
 *     encoder.0  9x9   3 -> w0  stride 2       decoder.0  3x3  w2 -> w1  stride 1
 *     encoder.1  3x3  w0 -> w1  stride 2       decoder.1  3x3  w1 -> w0  stride 1/2
 *     encoder.2  3x3  w1 -> w2  stride 1       decoder.2  9x9  w0 ->  3  stride 1/2, linear
 *     bank.i     3x3  w2 -> w2  stride 1
 *
 * Stride 1/2 by `subpixel` stores its phases as an ordinary convolution: decoder.1 is
 * [4*w0, w1, 3, 3] and decoder.2 [4*3, w0, 5, 5]; row c*4 + 2*ry + rx is pixel (2y+ry, 2x+rx) of
 * channel c.
 */
#ifndef BC_MODEL_NETWORK_H
#define BC_MODEL_NETWORK_H

#include "model/net.h"
#include "model/safetensors.h"

enum { BC_N_ENCODER = 3, BC_N_DECODER = 3 };

/* One convolution and what follows it. The arrays belong to the file that they were read from, or
 * to the model. */
typedef struct bc_weighted_layer {
    char name[16]; /* "encoder.0" */
    bc_stride stride;
    int n_in, n_out;     /* channels before and after, phases not counted */
    int kernel;          /* of the stored weights: 3, 5 or 9 */
    int n_rows;          /* of the stored weights: n_out, or 4 * n_out for stored phases */
    const float *weight; /* [n_rows, n_in, kernel, kernel] */
    const float *bias;   /* [n_rows] */
    const float *scale,
        *shift; /* [n_out], of the instance normalisation; NULL in the linear layer */
} bc_weighted_layer;

typedef struct bc_autoencoder {
    char name[64];
    int widths[BC_N_WIDTHS];
    bc_upsample upsample;
    bc_weighted_layer encoder[BC_N_ENCODER], decoder[BC_N_DECODER];
    char id[BC_ID_SIZE];  /* see bc_autoencoder_id */
    bc_safetensors *file; /* NULL if the weights are made, not read */
} bc_autoencoder;

typedef struct bc_bank {
    int n_layers;
    bc_weighted_layer layers[BC_MAX_BANK_LAYERS];
    bc_style_info info; /* points into `file`; `name` is the caller's in bc_bank_open */
    bc_safetensors *file;
} bc_bank;

/* Sets the geometry of all layers, without weights. */
void bc_autoencoder_describe(bc_autoencoder *autoencoder, const int widths[BC_N_WIDTHS],
                             bc_upsample upsample);
void bc_bank_describe(bc_bank *bank, int n_layers, int width);

/*
 * Opens and checks an auto-encoder: format and kind, widths, upsample, every tensor there with its
 * shape, F32, finite, and none besides. The result is closed by bc_autoencoder_close, also after a
 * failure.
 */
bc_status bc_autoencoder_open(bc_autoencoder *autoencoder, const char *path, const bc_log *log);
void bc_autoencoder_close(bc_autoencoder *autoencoder);
/* The same of a file that is open already, which the auto-encoder owns from here on, also after a
 * failure; messages call it `path`. */
bc_status bc_autoencoder_load(bc_autoencoder *autoencoder, bc_safetensors *file, const char *path,
                              const bc_log *log);

/*
 * Opens and checks a style bank for `autoencoder`; BC_ERR_MISMATCH, naming both, if it was trained
 * on another. `name` is kept, not copied.
 */
bc_status bc_bank_open(bc_bank *bank, const char *path, const char *name,
                       const bc_autoencoder *autoencoder, const bc_log *log);
void bc_bank_close(bc_bank *bank);
bc_status bc_bank_load(bc_bank *bank, bc_safetensors *file, const char *path, const char *name,
                       const bc_autoencoder *autoencoder, const bc_log *log);

/*
 * The id of a file's contents: SHA-256 over its tensors in order of name, of each its name's bytes
 * and then its data. A bank states its auto-encoder's as brushcast.autoencoder. Any file of a net
 * may state its own as brushcast.id; then it is checked, so that no flipped bit goes unseen.
 */
void bc_autoencoder_id(const bc_safetensors *file, char id[BC_ID_SIZE]);

#endif
