/*
 * fixture.h: what the tests against fixtures share: a net, a case with its input, and a check of
 * layers' responses against those that the case has.
 */
#ifndef BC_TESTS_GOLDEN_FIXTURE_H
#define BC_TESTS_GOLDEN_FIXTURE_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "generator/session.h"
#include "test.h"

typedef struct fixture {
    const char *name;
    bc_model *model;
    bc_safetensors *file; /* the case */
    const bc_tensor *input;
    int width, height;
} fixture;

static inline void open_fixture_files(fixture *f, const char *name, const char *net,
                                      const char *const *styles, int n_styles, const char *values)
{
    *f = (fixture){.name = name};
    if (bc_model_open_files(&f->model, net, styles, n_styles, NULL) != BC_OK ||
        bc_safetensors_open(&f->file, values, NULL) != BC_OK) {
        fprintf(stderr, "%s: cannot be opened\n", name);
        exit(1);
    }
    f->input = bc_safetensors_find(f->file, "input");
    f->height = (int)f->input->shape[0];
    f->width = (int)f->input->shape[1];
}

static inline void close_fixture(fixture *f)
{
    bc_safetensors_close(&f->file);
    bc_model_close(&f->model);
}

static inline bc_image view(const fixture *f, void *pixels)
{
    return (bc_image){.pixels = pixels,
                      .stride_bytes = 3 * f->width,
                      .width = f->width,
                      .height = f->height,
                      .format = BC_RGB24};
}

static inline double largest_difference(const float *a, const float *b, size_t n)
{
    double largest = 0;
    for (size_t i = 0; i < n; i++) {
        const double difference = fabs((double)a[i] - (double)b[i]);
        if (!(difference <= largest))
            largest = difference;
    }
    return largest;
}

/* What an observer checks: layers against the fixture's, counting them. */
typedef struct layer_check {
    const fixture *fixture;
    double worst;
    int n_seen;
} layer_check;

static inline void check_layer(void *cookie, const char *name, const float *data, int n_channels,
                               int height, int width)
{
    layer_check *check = cookie;
    char key[64];
    snprintf(key, sizeof(key), "layer.%s", name);
    const bc_tensor *expected = bc_safetensors_find(check->fixture->file, key);
    if (!expected)
        return;
    CHECK_INT(expected->shape[0], n_channels);
    CHECK_INT(expected->shape[1], height);
    CHECK_INT(expected->shape[2], width);
    const size_t n = expected->size_bytes / sizeof(float);
    check->worst = fmax(check->worst, largest_difference(data, expected->data, n));
    check->n_seen++;
}

#endif
