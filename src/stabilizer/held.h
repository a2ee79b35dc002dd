/*
 * held.h: a plane of video as a temporal filter holds it: finer than 8 bits, and fetched from where
 * it was along the motion of the picture, between samples by Catmull and Rom's cubic, so that it
 * stays sharp.
 */
#ifndef BC_STABILIZER_HELD_H
#define BC_STABILIZER_HELD_H

#include <stdbool.h>

#include "stabilizer/motion.h"

enum {
    BC_HELD_BITS = 6, /* of a held sample below its 8 */
    BC_SHARE_BITS = 15,
    BC_SHARE_ONE = (1 << BC_SHARE_BITS) - 1, /* of a new sample: nothing is held */
    BC_MAX_CHANNELS = 4
};

/* `channels` interleaved samples a pixel. */
typedef struct bc_held {
    int channels, shift; /* shift: of its size to the luma's, both ways */
    int width, height;   /* pixels */
    int columns, rows;   /* of cells, which cover it */
    int cell;            /* pixels of a cell, each way */
    ptrdiff_t stride;    /* samples of a row */
    uint16_t *memory[2];
    uint16_t *last, *now; /* the first pixel of the last frame, and of this one */
} bc_held;

/* For luma of width x height pixels. False: no memory. Closed by bc_held_close, also then. */
bool bc_held_open(bc_held *held, int channels, int shift, int width, int height);
void bc_held_close(bc_held *held);

/* Samples of a row of cells as fetched: [cell][columns * cell * channels]. */
ptrdiff_t bc_held_row_samples(const bc_held *held);

/* This frame is that of `pixels`. */
void bc_held_take(bc_held *held, const uint8_t *pixels, ptrdiff_t stride_bytes);

/* A row of cells of the last frame, moved by vectors [columns]. */
void bc_held_fetch(const bc_held *held, const bc_vector *vectors, int row, uint16_t *samples);

/* From samples fetched to those of now: `fresh` ones are taken in by shares of BC_SHARE_ONE. */
void bc_held_mix(uint16_t *restrict now, const uint16_t *restrict fetched,
                 const uint8_t *restrict fresh, const uint16_t *restrict shares, int n);

/* Held samples in whole levels. */
void bc_held_round(uint8_t *restrict levels, const uint16_t *restrict samples, int n);

/* This frame, whose pixels are all set, becomes the last. */
void bc_held_turn(bc_held *held);

#endif
