/*
 * detail.h: the contrast of brush strokes, which averages of moving ones lose: within cells of 8x8
 * pixels what differs from the mean is made as large again as in the new painting, by a quarter at
 * most. What stands still loses nothing but noise.
 * Source: Heitz and Neyret, "High-performance by-example noise using a histogram-preserving
 * blending operator", 2018, whose variance is known; here it is measured.
 */
#ifndef BC_STABILIZER_DETAIL_H
#define BC_STABILIZER_DETAIL_H

#include "stabilizer/held.h"

typedef struct bc_detail {
    int columns, rows, channels;   /* of cells in the picture; channels interleaved */
    int width, height;             /* pixels */
    uint16_t *means;               /* [rows][columns][channels], with BC_HELD_BITS */
    uint16_t *gains;               /* [rows][columns]: above 1, in 256ths */
    uint16_t *mean_row, *gain_row; /* of a row's pixels: [n_threads][channels][], [n_threads][] */
} bc_detail;

/*
 * For a plane of luma's size, whose rows n_threads measure and restore. False: no memory. Closed by
 * bc_detail_close, also then.
 */
bool bc_detail_open(bc_detail *detail, const bc_held *plane, int n_threads);
void bc_detail_close(bc_detail *detail);

/*
 * Compares a row of cells of `average`, this frame, with the new painting, `fresh`. The plane's
 * cells moved by vectors [rows][columns].
 */
void bc_detail_measure(bc_detail *detail, int row, const bc_held *average, const uint8_t *fresh,
                       ptrdiff_t stride_bytes, const bc_vector *vectors);

/* After all rows: gives back the contrast of row y of the average. `thread` is below n_threads. */
void bc_detail_restore(const bc_detail *detail, int y, uint16_t *average, int thread);

#endif
