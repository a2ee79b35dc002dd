/*
 * lattice.h: how much of a pattern of 2, 4 or 8 pixels a net paints where the picture is flat: the
 * steps of its grids, and no painter's.
 */
#ifndef BC_TRAIN_LATTICE_H
#define BC_TRAIN_LATTICE_H

enum { BC_N_PERIODS = 3 };

/*
 * a and b [3, side, side] are paintings of one colour, with other noise and another place of the
 * canvas: what they share from cell to cell is bound to the pixels' grid. powers[i] is the mean
 * square of what they share with the period 2, 4 and 8, each without what a shorter one explains;
 * it may be below 0 by chance. A border of 16 pixels is left out.
 * side is 40 to 1024.
 */
void bc_lattice(double powers[BC_N_PERIODS], const float *a, const float *b, int side);

/*
 * As a loss of one painting [3, side, side] of a source, in tiles of some 32 pixels: the mean
 * square of what all cells of 8x8 pixels share, every other one of them for itself, by the source's
 * flatness, 1 to 0. What is not bound to the grid averages out, but for an eighth of its own
 * square. Returns it, unweighted, and adds weight times its gradient to dpainting (may be NULL).
 * scratch [side, side]; side is at most 1024.
 */
double bc_lattice_loss(float *dpainting, const float *painting, const float *source, double weight,
                       int side, float *scratch);

#endif
