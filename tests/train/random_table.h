/*
 * random_table.h: tables of layers drawn by chance: all kernels, strides, kinds of stride 1/2, pads
 * and owners, sums over several layers, canvases. Same seed, same table.
 */
#ifndef BC_TESTS_TRAIN_RANDOM_TABLE_H
#define BC_TESTS_TRAIN_RANDOM_TABLE_H

#include <stdarg.h>
#include <stdio.h>

#include "train/random.h"

enum { RANDOM_TABLE_SIZE = 2048, RANDOM_TABLE_LINES = 24 };

typedef struct random_line {
    char text[64];   /* layer i is called "mI" */
    int inputs[2];   /* -1: none, or the frame */
    int width, over; /* over: the frame's size over the map's own */
    int is_read;
} random_line;

typedef struct random_tables {
    bc_random random;
    int n;
    random_line lines[RANDOM_TABLE_LINES];
} random_tables;

static inline int random_table_below(random_tables *t, int n)
{
    return bc_random_below(&t->random, n);
}

static inline random_line *random_table_last(random_tables *t)
{
    return &t->lines[t->n - 1];
}

static inline void __attribute__((format(printf, 6, 7)))
random_table_add(random_tables *t, int width, int over, int first, int second, const char *format,
                 ...)
{
    va_list args;
    random_line *line = &t->lines[t->n++];
    *line = (random_line){.inputs = {first, second}, .width = width, .over = over};
    va_start(args, format);
    vsnprintf(line->text, sizeof(line->text), format, args);
    va_end(args);
}

/* A convolution of map `from`, to `over`: half or twice as much, or as it was. */
static inline void random_table_conv(random_tables *t, int from, int over, const char *weights)
{
    static const char *const kinds[] = {"up=subpixel ", "up=nearest ", "up=zero "};
    static const char *const norms[] = {"", "norm ", "norm=style "};
    const int kernel = 1 + 2 * random_table_below(t, 5), width = 8 + 8 * random_table_below(t, 2);
    const char *kind = over > t->lines[from].over ? "stride=2 " : "";
    if (over < t->lines[from].over)
        kind = kinds[random_table_below(t, 3)];
    else if (!*kind && random_table_below(t, 3) == 0)
        kind = "pad=reflect ";
    const char *norm = norms[random_table_below(t, 3)];
    const char *relu = random_table_below(t, 2) ? "relu " : "";
    random_table_add(t, width, over, from, -1, "m%d conv %d %d %s%s%s%sfrom=m%d", t->n, kernel,
                     width, kind, norm, relu, weights, from);
}

/* The last map and an earlier one of its size, if there is one. */
static inline void random_table_sum(random_tables *t)
{
    const random_line *last = random_table_last(t);
    for (int other = random_table_below(t, t->n) - 1; other >= 0; other--)
        if (t->lines[other].width == last->width && t->lines[other].over == last->over) {
            random_table_add(t, last->width, last->over, other, t->n - 1, "m%d add m%d m%d", t->n,
                             other, t->n - 1);
            return;
        }
}

/* A convolution of a canvas on top of the last map, where that is small enough. */
static inline void random_table_canvas(random_tables *t)
{
    const random_line ground = *random_table_last(t);
    const int below = t->n - 1;
    if (ground.over < 4)
        return;
    random_table_add(t, 8, ground.over, -1, -1, "m%d canvas 8 stride=%d", t->n, ground.over);
    random_table_add(t, ground.width, ground.over, t->n - 1, -1,
                     "m%d conv 1 %d norm=style from=m%d", t->n, ground.width, t->n - 1);
    random_table_add(t, ground.width, ground.over, below, t->n - 1, "m%d add m%d m%d", t->n, below,
                     t->n - 1);
}

static inline void random_table_layer(random_tables *t)
{
    const int last = t->n - 1, over = t->lines[last].over, kind = random_table_below(t, 6);
    if (kind == 0)
        random_table_sum(t);
    else if (kind == 1)
        random_table_canvas(t);
    else if (kind == 2 && over > 1)
        random_table_conv(t, last, over / 2, "");
    else if (kind == 3 && over < 8)
        random_table_conv(t, last, 2 * over, "");
    else {
        const int from = kind == 4 ? random_table_below(t, t->n) : last;
        random_table_conv(t, from, t->lines[from].over, "");
    }
}

/* Layers that nothing reads are left out: a table may not have them. */
static inline void random_table_write(char *text, random_tables *t)
{
    size_t n = 0;
    random_table_last(t)->is_read = 1;
    for (int i = t->n - 1; i >= 0; i--)
        for (int k = 0; k < 2; k++)
            if (t->lines[i].is_read && t->lines[i].inputs[k] >= 0)
                t->lines[t->lines[i].inputs[k]].is_read = 1;
    for (int i = 0; i < t->n; i++)
        if (t->lines[i].is_read)
            n += (size_t)snprintf(text + n, RANDOM_TABLE_SIZE - n, "%s%s", n ? "\n" : "",
                                  t->lines[i].text);
}

/* text [RANDOM_TABLE_SIZE] */
static inline void random_table(char *text, uint64_t seed)
{
    random_tables t = {.random = {seed}};
    const int n_layers = 1 + random_table_below(&t, 7);
    random_table_add(&t, 8, 2, -1, -1, "m0 conv 3 8 stride=2 norm relu");
    for (int i = 0; i < n_layers && t.n + 9 < RANDOM_TABLE_LINES; i++)
        random_table_layer(&t);
    if (random_table_below(&t, 2)) {
        random_table_conv(&t, t.n - 1, random_table_last(&t)->over, "weights=style ");
        random_table_add(&t, random_table_last(&t)->width, random_table_last(&t)->over, t.n - 1, -1,
                         "m%d mix m%d", t.n, t.n - 1);
    }
    while (random_table_last(&t)->over > 1)
        random_table_conv(&t, t.n - 1, random_table_last(&t)->over / 2, "");
    random_table_add(&t, 3, 1, t.n - 1, -1, "last conv %d 3 from=m%d",
                     1 + 2 * random_table_below(&t, 5), t.n - 1);
    random_table_write(text, &t);
}

#endif
