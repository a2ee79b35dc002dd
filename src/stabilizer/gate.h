/*
 * gate.h: how much of a new frame a temporal filter takes in, cell by cell of 8x8 pixels of luma:
 * little where the frame is as the last one, moved, says, all of it where they differ by more than
 * the noise of the whole frame explains, so that nothing leaves a trail.
 *
 * A cell's difference is the worst of its own and its four neighbours' means, noise is the median
 * of all. Cells are interpolated between.
 */
#ifndef BC_STABILIZER_GATE_H
#define BC_STABILIZER_GATE_H

#include <stdbool.h>

#include "stabilizer/held.h"

enum {
    BC_MAX_HOLD = 32 /* frames, of what stands still */
};

typedef struct bc_gate {
    int columns, rows; /* of cells */
    int *differences;  /* [rows][columns]: sums over a cell's pixels */
    uint16_t *shares;  /* [rows][columns]: of the new frame, BC_SHARE_ONE: all of it */
    uint16_t *painted; /* the same of its painting, which is held longer where it moves */
    int noise;         /* of the last frame, of a pixel in quarter levels */
} bc_gate;

/* False: no memory. Closed by bc_gate_close, also then. */
bool bc_gate_open(bc_gate *gate, int columns, int rows);
void bc_gate_close(bc_gate *gate);

/* A row of cells: luma as it is, and [BC_MOTION_CELL][columns * BC_MOTION_CELL] as fetched. */
void bc_gate_measure(bc_gate *gate, int row, const uint8_t *luma, ptrdiff_t stride_bytes,
                     const uint16_t *fetched);

/*
 * After all rows were measured: the shares for a filter that has gone on for `age` frames, holding
 * what stands still for 32 * amount frames, what moves for 4 * amount, and its painting for 12 *
 * amount. vectors [rows][columns].
 */
void bc_gate_set(bc_gate *gate, const bc_vector *vectors, float amount, int age);

/*
 * One channel of values of cells [rows][columns][channels] for the row of pixels y, linearly
 * between the cells' middles: [columns * BC_MOTION_CELL].
 */
void bc_spread_cells(uint16_t *restrict to, const uint16_t *restrict cells, int columns, int rows,
                     int channels, int channel, int y);

#endif
