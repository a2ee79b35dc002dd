/*
 * steady.h: the source as the stabiliser has it painted, its luma averaged over time along its
 * motion, and what the filter of the painting takes from there: the motion and the shares.
 */
#ifndef BC_STABILIZER_STEADY_H
#define BC_STABILIZER_STEADY_H

#include "base/pool.h"
#include "brushcast.h"
#include "stabilizer/gate.h"

typedef struct bc_steady {
    int width, height; /* 0: closed */
    bc_pixel_format format;
    int columns, rows;         /* of blocks; twice as many cells */
    uint8_t *luma, *last_luma; /* [rows * BLOCK][columns * BLOCK]: in whole blocks */
    bc_held held;
    uint16_t *fetched;         /* likewise: the last frame, moved */
    bc_vector *blocks, *cells; /* [rows][columns], [2 * rows][2 * columns] */
    bc_gate gate;
    uint16_t *shares; /* [n_threads][CELL][columns * BLOCK]: of the pixels of a row of cells */
    uint8_t *picture; /* what is to be painted, where luma is no plane of its own */
} bc_steady;

/* For sources like this one. False: no memory. Closed by bc_steady_close, also then. */
bool bc_steady_open(bc_steady *steady, const bc_image *source, int n_threads);
void bc_steady_close(bc_steady *steady);

/* The first frame: it stays as it is. */
void bc_steady_begin(bc_steady *steady, bc_pool *pool, const bc_image *source);

/*
 * The next one, after `age` frames; amount as bc_gate_set. `image` becomes a view of what is to be
 * painted, in memory of the filter and of the source, until the next call.
 */
void bc_steady_filter(bc_steady *steady, bc_pool *pool, const bc_image *source, float amount,
                      int age, bc_image *image);

/*
 * The shares of the pixels of a row of cells, [CELL][columns * BLOCK], until this thread's next:
 * between those of `cells`, the gate's of the source or of the painting.
 */
const uint16_t *bc_steady_shares(const bc_steady *steady, const uint16_t *cells, int row,
                                 int thread);

#endif
