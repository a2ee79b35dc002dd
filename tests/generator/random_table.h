/*
 * random_table.h: tables of layers at random, of 3 to 14 layers and more: all kernels, strides,
 * kinds of stride 1/2, paddings and owners, sums over several layers, canvases, banks with a mix.
 */
#ifndef BC_TESTS_GENERATOR_RANDOM_TABLE_H
#define BC_TESTS_GENERATOR_RANDOM_TABLE_H

#include <stdarg.h>
#include <stdio.h>

#include "guard.h"
#include "model/layers.h"

/* A table in the making: the layers are named a, b, c ..., of each its channels and cell. */
typedef struct draft {
    char text[BC_LAYERS_TEXT_SIZE];
    int n, n_out[BC_MAX_LAYERS], cell[BC_MAX_LAYERS];
    bool is_each[BC_MAX_LAYERS]; /* exists once for each style */
    bool is_in_styles;
    uint64_t state;
} draft;

static inline int draft_choose(draft *d, int n)
{
    return (int)(random_bits(&d->state) % (uint64_t)n);
}

static inline void draft_add(draft *d, int n_out, int cell, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static inline void draft_add(draft *d, int n_out, int cell, const char *format, ...)
{
    const size_t length = strlen(d->text), size = sizeof(d->text);
    int n = snprintf(d->text + length, size - length, "%s%c", length ? "\n" : "", 'a' + d->n);
    va_list args;
    va_start(args, format);
    vsnprintf(d->text + length + n, size - length - (size_t)n, format, args);
    va_end(args);
    d->n_out[d->n] = n_out;
    d->cell[d->n] = cell;
    d->is_each[d->n++] = d->is_in_styles;
}

/* A convolution with a stride: 2 (down), 1, or 1/2 (up), read from the layer before. */
static inline void draft_conv(draft *d, int n_out, int stride, bool is_up)
{
    static const char *const ups[] = {" up=subpixel", " up=nearest", " up=zero"};
    static const char *const norms[] = {" norm", " norm=style", " norm", ""};
    const int before = d->n > 0 ? d->cell[d->n - 1] : 1;
    const bool begins = !d->is_in_styles && n_out != 3 && d->n > 0 && draft_choose(d, 5) == 0;
    d->is_in_styles = d->is_in_styles || begins;
    const char *how = is_up ? ups[draft_choose(d, 3)] : stride == 2 ? " stride=2" : "";
    draft_add(d, n_out, is_up ? before / 2 : before * stride, " conv %d %d%s%s%s%s%s",
              1 + 2 * draft_choose(d, 5), n_out, how,
              !is_up && draft_choose(d, 3) == 0 ? " pad=reflect" : "",
              n_out == 3 ? "" : norms[draft_choose(d, 4)],
              n_out == 3 || draft_choose(d, 3) == 0 ? "" : " relu",
              begins || (d->is_in_styles && draft_choose(d, 2) == 0) ? " weights=style" : "");
}

static inline void draft_mix(draft *d)
{
    if (!d->is_in_styles)
        return;
    d->is_in_styles = false;
    draft_add(d, d->n_out[d->n - 1], d->cell[d->n - 1], " mix");
}

/* The sum of the last layer and an earlier one of its size, if there is one. */
static inline void draft_sum(draft *d)
{
    const int last = d->n - 1;
    for (int i = draft_choose(d, d->n); i < last; i++) {
        if (d->n_out[i] == d->n_out[last] && d->cell[i] == d->cell[last] &&
            (d->is_in_styles || !d->is_each[i])) {
            draft_add(d, d->n_out[i], d->cell[i], " add %c %c", 'a' + i, 'a' + last);
            return;
        }
    }
}

/* Noise beside the last layer, through a convolution or as it is. */
static inline void draft_canvas(draft *d)
{
    const int last = d->n - 1, cell = d->cell[last], n_out = d->n_out[last];
    if (cell != 4 && cell != 8)
        return;
    const bool is_plain = draft_choose(d, 4) == 0;
    draft_add(d, is_plain ? n_out : 8, cell, " canvas %d stride=%d", is_plain ? n_out : 8, cell);
    if (!is_plain)
        draft_add(d, n_out, cell, " conv 1 %d norm=style", n_out);
    draft_add(d, n_out, cell, " add %c %c", 'a' + last, 'a' + d->n - 1);
}

/* Fills `text`; the same seed, the same table. */
static inline void make_random_table(char text[BC_LAYERS_TEXT_SIZE], uint64_t seed)
{
    draft d = {.state = seed};
    const int n = 2 + draft_choose(&d, 9);
    draft_conv(&d, 8, 1 + draft_choose(&d, 2), false);
    while (d.n < n) {
        const int kind = draft_choose(&d, 8), cell = d.cell[d.n - 1];
        if (kind < 2)
            draft_sum(&d);
        else if (kind == 2)
            draft_canvas(&d);
        else if (kind == 3)
            draft_mix(&d);
        else
            draft_conv(&d, draft_choose(&d, 3) ? 8 : 16, kind == 4 && cell < 8 ? 2 : 1,
                       kind == 5 && cell > 1);
    }
    while (d.cell[d.n - 1] > 2) {
        draft_conv(&d, 8, 1, true);
        draft_sum(&d);
    }
    draft_mix(&d);
    draft_conv(&d, 3, 1, d.cell[d.n - 1] == 2);
    memcpy(text, d.text, sizeof(d.text));
}

#endif
