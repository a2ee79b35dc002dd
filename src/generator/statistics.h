/*
 * statistics.h: instance normalisation's mean and variance: of a frame, and running over a stream.
 * Source: Ulyanov, Vedaldi and Lempitsky, "Instance normalization", arXiv 1607.08022.
 */
#ifndef BC_GENERATOR_STATISTICS_H
#define BC_GENERATOR_STATISTICS_H

#include <stdbool.h>

#include "brushcast.h"
#include "model/tensors.h"

/* Instance normalisation as an affine map for each channel: y = scale * x + shift. */
typedef struct bc_affine {
    float *scale, *shift; /* [n_channels] */
} bc_affine;

/* What a layer was normalised with last; unknown before the first frame. */
typedef struct bc_statistics {
    double *mean, *variance; /* [n_channels] */
    bool is_known;
} bc_statistics;

/* The sums over a layer's grid, channel c of phase p at p * n_channels + c. */
typedef struct bc_totals {
    const double *sum, *square;
    int n_channels, n_phases;
    double n; /* positions of a channel, all phases */
} bc_totals;

/* The affine map of the frame's own statistics. `scale` and `shift` are the layer's learned ones.
 */
void bc_normalise_frame(const bc_affine *affine, const bc_totals *totals, const float *scale,
                        const float *shift);

/* Running statistics begin with a frame's own. */
void bc_statistics_start(bc_statistics *running, const bc_totals *totals);

/* The affine map of running statistics, as bc_normalise_frame. */
void bc_normalise_stream(const bc_affine *affine, const bc_statistics *running, int n_channels,
                         const float *scale, const float *shift);

/*
 * How much of a frame's statistics M the running ones S take in, `seconds` after the last frame:
 * 1 - exp(-seconds / tau). While somebody walks through the picture, or the camera moves, tau is
 * 8 s, so that nothing else changes with it; when the scene stands still in another light, 0.5 s.
 * The first layer decides for all, as its M depends on nothing but the frame: `recent` follows it
 * within 0.5 s, and while that is not much nearer to M than S is, the scene is on the move. What is
 * far away is always followed fast. Takes M in `recent`, which starts when S does.
 */
double bc_statistics_rate(bc_statistics *recent, const bc_statistics *running,
                          const bc_totals *totals, double seconds);

/*
 * Whether the first layer's M is so far from S that all layers' had better begin anew: they were
 * normalised with statistics of next to nothing, and would take long to forget what came of it.
 */
bool bc_statistics_are_far(const bc_statistics *running, const bc_totals *totals);

/*
 * The means of a layer that reads the frame where every pixel of the frame becomes lighter by
 * `shift` [3], levels of red, green and blue. Deeper layers, which see it normalised, do not
 * notice.
 */
void bc_statistics_relight(bc_statistics *running, const bc_layer *layer, const float *weight,
                           const float shift[3]);

/* S += rate (M - S). */
void bc_statistics_follow(bc_statistics *running, const bc_totals *totals, double rate);

#endif
