/*
 * net.h: what the tests of the session share: random nets of several styles, frames, sessions.
 */
#ifndef BC_TESTS_GENERATOR_NET_H
#define BC_TESTS_GENERATOR_NET_H

#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "guard.h"
#include "kernels/tiers.h"
#include "model/model.h"
#include "test.h"

static const int light[BC_N_WIDTHS] = {8, 16, 32};
static const int wide[BC_N_WIDTHS] = {16, 32, 64};

/* A random net. */
typedef struct net {
    bc_model *model;
} net;

static inline void *allocate(size_t n, size_t size)
{
    void *memory = calloc(n, size);
    if (!memory)
        abort();
    return memory;
}

static inline void net_open(net *n, const int widths[BC_N_WIDTHS], bc_upsample upsample,
                            int n_styles)
{
    bc_layers table;
    bc_layers_of_format_1(&table, widths, upsample, 2);
    if (bc_model_make_random(&n->model, &table, n_styles, 1, NULL) < 0)
        abort();
    n->model->net.format = 1;
    n->model->net.upsample = upsample;
}

/* A random net of format 2. */
static inline void net_open_table(net *n, const char *text, int n_styles)
{
    bc_layers table;
    const bc_log silent = {0};
    if (bc_layers_parse(&table, text, "table", &silent) < 0 ||
        bc_model_make_random(&n->model, &table, n_styles, 1, NULL) < 0)
        abort();
}

static inline void net_close(net *n)
{
    bc_model_close(&n->model);
}

static inline bc_image view(uint8_t *pixels, int width, int height)
{
    return (bc_image){.pixels = pixels,
                      .stride_bytes = 3 * width,
                      .width = width,
                      .height = height,
                      .format = BC_RGB24};
}

/* A frame, RGB24 without padding: ramps with a little noise. The caller frees it. */
static inline uint8_t *make_frame(int width, int height, uint64_t seed)
{
    uint8_t *pixels = allocate((size_t)(3 * width), (size_t)height), *p = pixels;
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            for (int c = 0; c < 3; c++)
                *p++ = (uint8_t)((x * (c + 1) + y * (3 - c)) * 4 + (int)(random_bits(&seed) % 32));
        }
    }
    return pixels;
}

static inline bc_session *open_session(const bc_model *model, const bc_session_params *params)
{
    bc_session *session;
    if (bc_session_open(&session, model, params) < 0)
        abort();
    return session;
}

static inline void choose(bc_session *session, int style)
{
    CHECK_INT(bc_session_set_style(session, &(bc_style_weight){style, 1}, 1), BC_OK);
}

/* The painting, RGB24 without padding, of such a frame. The caller frees it. */
static inline uint8_t *paint(bc_session *session, uint8_t *frame, int width, int height)
{
    uint8_t *painting = allocate((size_t)(3 * width), (size_t)height);
    const bc_image from = view(frame, width, height), to = view(painting, width, height);
    bc_session_run(session, &from, &to);
    return painting;
}

static inline int largest_difference(const uint8_t *a, const uint8_t *b, size_t n)
{
    int largest = 0;
    for (size_t i = 0; i < n; i++)
        largest = abs(a[i] - b[i]) > largest ? abs(a[i] - b[i]) : largest;
    return largest;
}

#endif
