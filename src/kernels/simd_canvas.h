/*
 * simd_canvas.h: the canvas of kernels.h, in plain C that compilers turn into vectors of places.
 * Each instruction set's file includes it once, and all give the same bits.
 *
 * Channel c at (x, y), in pixels: bilinear interpolation of random numbers on a grid of 10 pixels,
 * divided by the root of the sum of its squared weights, so that the variance is the same
 * everywhere. The numbers are a hash of the grid's place and the channel, uniform, of variance 1.
 */
#ifndef BC_KERNELS_SIMD_CANVAS_H
#define BC_KERNELS_SIMD_CANVAS_H

#include <math.h>
#include <stdint.h>

#include "kernels/kernels.h"

static const double grid = 10; /* pixels */

enum { N_PLACES = 64, N_CORNERS = 4 };

/* What the hashes of their four corners begin with, and the corners' weights. */
typedef struct places {
    uint32_t corners[N_CORNERS][N_PLACES];
    float weights[N_CORNERS][N_PLACES];
} places;

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* In place of floor, which is a call where the processor is any. */
static int32_t round_down(double x)
{
    const int32_t towards_zero = (int32_t)x;
    return towards_zero - (x < towards_zero);
}

static void find_corners(places *at, const double x[], const double y[], int n)
{
    for (int i = 0; i < n; i++) {
        const int32_t p = round_down(x[i] / grid), q = round_down(y[i] / grid);
        const double right = x[i] / grid - p, below = y[i] / grid - q;
        const double left = 1 - right, above = 1 - below;
        const double w[N_CORNERS] = {left * above, right * above, left * below, right * below};
        const double norm = 1 / sqrt(w[0] * w[0] + w[1] * w[1] + w[2] * w[2] + w[3] * w[3]);
        for (uint32_t k = 0; k < N_CORNERS; k++) {
            const uint32_t column = (uint32_t)p + k % 2, row = (uint32_t)q + k / 2;
            at->corners[k][i] = column * 0x9E3779B1u + row * 0x85EBCA77u;
            at->weights[k][i] = (float)(w[k] * norm);
        }
    }
}

/* The span's samples from number `from` on. */
static void find_places(places *at, int cell, bc_canvas_span span, int from, int n,
                        const bc_displacement *moved)
{
    double x[N_PLACES], y[N_PLACES];
    for (int i = 0; i < n; i++) {
        const int column = span.first + (from + i) * span.step;
        x[i] = (column + 0.5) * cell;
        y[i] = (span.row + 0.5) * cell;
        if (!moved->x)
            continue;
        /* frames that are extended to the table's unit have cells that the host does not know */
        const int at_row = smaller(span.row * cell / BC_CANVAS_CELL, moved->rows - 1);
        const int at_column = smaller(column * cell / BC_CANVAS_CELL, moved->columns - 1);
        x[i] += (double)moved->x[at_row * moved->columns + at_column];
        y[i] += (double)moved->y[at_row * moved->columns + at_column];
    }
    find_corners(at, x, y, n);
}

/* A channel's number at a corner: uniform, of mean 0 and variance 1. */
static inline float make_number(uint32_t corner, uint32_t channel)
{
    uint32_t h = corner + channel * 0xC2B2AE3Du;
    h ^= h >> 15;
    h *= 0x2C1B3C6Du;
    h ^= h >> 12;
    h *= 0x297A2D39u;
    h ^= h >> 15;
    /* h - 2^31 as a signed number, which vectors can convert */
    return (float)((double)(int32_t)(h ^ 0x80000000u) * (0x1p-32 * sqrt(12)));
}

/* Corners are hashed anew for each place: neighbours share some, but vectors do not mind. */
static void make_channel(float *to, uint32_t channel, const places *at, int n)
{
    for (int i = 0; i < n; i++)
        to[i] = at->weights[0][i] * make_number(at->corners[0][i], channel) +
                at->weights[1][i] * make_number(at->corners[1][i], channel) +
                at->weights[2][i] * make_number(at->corners[2][i], channel) +
                at->weights[3][i] * make_number(at->corners[3][i], channel);
}

static void canvas_row(float *to, ptrdiff_t pitch, int n_channels, int cell, bc_canvas_span span,
                       const bc_displacement *moved)
{
    places at;
    for (int from = 0; from < span.n; from += N_PLACES) {
        const int n = smaller(span.n - from, N_PLACES);
        find_places(&at, cell, span, from, n, moved);
        for (int c = 0; c < n_channels; c++)
            make_channel(to + c * pitch + from, (uint32_t)c, &at, n);
    }
}

#endif
