/*
 * simd_canvas.h: the canvas of kernels.h, in plain C that compilers turn into vectors: of a place's
 * channels, and of places. Each instruction set's file includes it once, and all give the same
 * bits.
 *
 * Channel c at (x, y), in pixels: bilinear interpolation of random numbers on a grid of 10 pixels,
 * divided by the root of the sum of its squared weights, so that the variance is the same
 * everywhere. The numbers are a hash of the grid's place and the channel, uniform, of variance 1.
 */
#ifndef BC_KERNELS_SIMD_CANVAS_H
#define BC_KERNELS_SIMD_CANVAS_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "kernels/kernels.h"

static const double grid = 10; /* pixels */

enum { N_PLACES = 64, AT_ONCE = 8 /* channels, of which there are a multiple */ };

/* Points of the grid, and the weights of their four corners. */
typedef struct places {
    int32_t p[N_PLACES], q[N_PLACES];
    float weights[4][N_PLACES];
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

static void weigh_corners(places *at, const double x[], const double y[], int n)
{
    for (int i = 0; i < n; i++) {
        at->p[i] = round_down(x[i] / grid);
        at->q[i] = round_down(y[i] / grid);
        const double right = x[i] / grid - at->p[i], below = y[i] / grid - at->q[i];
        const double left = 1 - right, above = 1 - below;
        const double w[4] = {left * above, right * above, left * below, right * below};
        const double norm = 1 / sqrt(w[0] * w[0] + w[1] * w[1] + w[2] * w[2] + w[3] * w[3]);
        for (int k = 0; k < 4; k++)
            at->weights[k][i] = (float)(w[k] * norm);
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
    weigh_corners(at, x, y, n);
}

/* In some channels, uniform, of mean 0 and variance 1. */
static void make_corner(float to[AT_ONCE], int32_t p, int32_t q, int first)
{
    const uint32_t place = (uint32_t)p * 0x9E3779B1u + (uint32_t)q * 0x85EBCA77u;
    for (int c = 0; c < AT_ONCE; c++) {
        uint32_t h = place + (uint32_t)(first + c) * 0xC2B2AE3Du;
        h ^= h >> 15;
        h *= 0x2C1B3C6Du;
        h ^= h >> 12;
        h *= 0x297A2D39u;
        h ^= h >> 15;
        /* h - 2^31 as a signed number, which vectors can convert */
        to[c] = (float)((double)(int32_t)(h ^ 0x80000000u) * (0x1p-32 * sqrt(12)));
    }
}

/* The corners around place i; if it is the next on the grid, two of them are known. */
static void make_corners(float corners[4][AT_ONCE], const places *at, int i, int first)
{
    const int32_t p = at->p[i], q = at->q[i];
    const bool follows = i > 0 && p == at->p[i - 1] + 1 && q == at->q[i - 1];
    for (int k = 0; k < 4; k += 2) {
        if (follows)
            memcpy(corners[k], corners[k + 1], sizeof(corners[k]));
        else
            make_corner(corners[k], p, q + k / 2, first);
        make_corner(corners[k + 1], p + 1, q + k / 2, first);
    }
}

static void make_channels(float *to, ptrdiff_t pitch, int first, const places *at, int n)
{
    float corners[4][AT_ONCE], samples[AT_ONCE];
    for (int i = 0; i < n; i++) {
        if (i == 0 || at->p[i] != at->p[i - 1] || at->q[i] != at->q[i - 1])
            make_corners(corners, at, i, first);
        for (int c = 0; c < AT_ONCE; c++)
            samples[c] = at->weights[0][i] * corners[0][c] + at->weights[1][i] * corners[1][c] +
                         at->weights[2][i] * corners[2][c] + at->weights[3][i] * corners[3][c];
        for (int c = 0; c < AT_ONCE; c++)
            to[c * pitch + i] = samples[c];
    }
}

static void canvas_row(float *to, ptrdiff_t pitch, int n_channels, int cell, bc_canvas_span span,
                       const bc_displacement *moved)
{
    places at;
    for (int from = 0; from < span.n; from += N_PLACES) {
        const int n = smaller(span.n - from, N_PLACES);
        find_places(&at, cell, span, from, n, moved);
        for (int first = 0; first < n_channels; first += AT_ONCE)
            make_channels(to + first * pitch + from, pitch, first, &at, n);
    }
}

#endif
