#include "stabilizer/steady.h"

#include <stdlib.h>
#include <string.h>

#include "base/simd.h"
#include "kernels/kernels.h"

enum { BLOCK = BC_MOTION_BLOCK, CELL = BC_MOTION_CELL };

bool bc_steady_open(bc_steady *f, const bc_image *source, int n_threads)
{
    *f = (bc_steady){.width = source->width,
                     .height = source->height,
                     .format = source->format,
                     .columns = (source->width + BLOCK - 1) / BLOCK,
                     .rows = (source->height + BLOCK - 1) / BLOCK};
    const size_t n_blocks = (size_t)f->columns * (size_t)f->rows, n = n_blocks * BLOCK * BLOCK;
    const size_t n_shares = (size_t)f->columns * BLOCK * CELL * (size_t)n_threads;
    const size_t n_pixels = (size_t)f->width * (size_t)f->height;
    f->luma = malloc(n);
    f->last_luma = malloc(n);
    f->fetched = malloc(n * sizeof(*f->fetched));
    f->blocks = malloc(n_blocks * sizeof(*f->blocks));
    f->cells = malloc(4 * n_blocks * sizeof(*f->cells));
    f->shares = malloc(n_shares * sizeof(*f->shares));
    f->picture =
        f->format == BC_YUV420 ? NULL : malloc(n_pixels * (size_t)bc_pixel_size(f->format));
    return bc_held_open(&f->held, 1, 0, f->width, f->height) &&
           bc_gate_open(&f->gate, 2 * f->columns, 2 * f->rows) && f->luma && f->last_luma &&
           f->fetched && f->blocks && f->cells && f->shares &&
           (f->picture || f->format == BC_YUV420);
}

void bc_steady_close(bc_steady *f)
{
    free(f->luma);
    free(f->last_luma);
    bc_held_close(&f->held);
    free(f->fetched);
    free(f->blocks);
    free(f->cells);
    bc_gate_close(&f->gate);
    free(f->shares);
    free(f->picture);
    *f = (bc_steady){0};
}

static ptrdiff_t stride_of(const bc_steady *f)
{
    return (ptrdiff_t)f->columns * BLOCK;
}

const uint16_t *bc_steady_shares(const bc_steady *f, const uint16_t *cells, int row, int thread)
{
    const bc_gate *gate = &f->gate;
    uint16_t *shares = f->shares + thread * CELL * stride_of(f);
    for (int y = 0; y < CELL; y++)
        bc_spread_cells(shares + y * stride_of(f), cells, gate->columns, gate->rows, 1, 0,
                        row * CELL + y);
    return shares;
}

/* Luma ------------------------------------------------------------------------------------- */

static uint8_t luma_of(const uint8_t *pixel)
{
    return (uint8_t)((pixel[0] + 2 * pixel[1] + pixel[2] + 2) >> 2);
}

BC_SIMD static void fill_luma_row(uint8_t *restrict to, const uint8_t *restrict from, int width,
                                  int size)
{
    if (size == 3)
        for (int x = 0; x < width; x++)
            to[x] = luma_of(from + 3 * x);
    else
        for (int x = 0; x < width; x++)
            to[x] = luma_of(from + 4 * x);
}

static uint8_t clip(int value)
{
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

/* Pixels of another luma. */
static inline void change_luma(uint8_t *restrict to, const uint8_t *restrict from,
                               const uint8_t *restrict luma, int width, int size)
{
    for (int x = 0; x < width; x++) {
        const int change = luma[x] - luma_of(from + x * size);
        for (int c = 0; c < 3; c++)
            to[x * size + c] = clip(from[x * size + c] + change);
        if (size == 4)
            to[x * size + 3] = from[x * size + 3];
    }
}

BC_SIMD static void change_luma_row(uint8_t *to, const uint8_t *from, const uint8_t *luma,
                                    int width, int size)
{
    if (size == 3)
        change_luma(to, from, luma, width, 3);
    else
        change_luma(to, from, luma, width, 4);
}

/* Beyond the picture its right edge is repeated. */
static void repeat_right(const bc_steady *f, uint8_t *row)
{
    memset(row + f->width, row[f->width - 1], (size_t)(stride_of(f) - f->width));
}

static void repeat_bottom(const bc_steady *f)
{
    for (int y = f->height; y < f->rows * BLOCK; y++) {
        uint8_t *row = f->luma + y * stride_of(f);
        memcpy(row, row - stride_of(f), (size_t)stride_of(f));
    }
}

/* Passes over a frame, whose rows the pool's threads share --------------------------------- */

typedef struct frame {
    bc_steady *f;
    const bc_image *source, *steady;
    bc_luma luma;
    bc_vector camera;
} frame;

static int end_of_cells(const bc_steady *f, int row)
{
    const int end = (row + 1) * CELL;
    return end < f->height ? end : f->height;
}

static void fill_cells(void *arg, int row, int thread)
{
    const frame *at = arg;
    const bc_steady *f = at->f;
    (void)thread;
    for (int y = row * CELL; y < end_of_cells(f, row); y++) {
        uint8_t *to = f->luma + y * stride_of(f);
        const uint8_t *from = at->source->pixels + y * at->source->stride_bytes;
        if (f->format == BC_YUV420)
            memcpy(to, from, (size_t)f->width);
        else
            fill_luma_row(to, from, f->width, bc_pixel_size(f->format));
        repeat_right(f, to);
    }
}

static void search_band(void *arg, int band, int thread)
{
    const frame *at = arg;
    const bc_steady *f = at->f;
    (void)thread;
    bc_motion_search(f->blocks, &at->luma, f->last_luma, f->gate.noise, band);
}

static void compare_cells(void *arg, int row, int thread)
{
    const frame *at = arg;
    bc_steady *f = at->f;
    const ptrdiff_t first = row * CELL * stride_of(f);
    (void)thread;
    bc_motion_divide(f->cells, f->blocks, at->camera, &at->luma, f->last_luma, row);
    bc_held_fetch(&f->held, f->cells + row * f->held.columns, row, f->fetched + first);
    bc_gate_measure(&f->gate, row, f->luma + first, stride_of(f), f->fetched + first);
}

static void filter_cells(void *arg, int row, int thread)
{
    const frame *at = arg;
    const bc_steady *f = at->f;
    const bc_image *source = at->source, *steady = at->steady;
    const uint16_t *shares = bc_steady_shares(f, f->gate.shares, row, thread);
    for (int y = row * CELL; y < end_of_cells(f, row); y++) {
        uint8_t *luma = f->luma + y * stride_of(f);
        uint16_t *now = f->held.now + y * f->held.stride;
        bc_held_mix(now, f->fetched + y * stride_of(f), luma, shares + y % CELL * stride_of(f),
                    f->width);
        bc_held_round(luma, now, f->width);
        repeat_right(f, luma);
        if (f->picture)
            change_luma_row(steady->pixels + y * steady->stride_bytes,
                            source->pixels + y * source->stride_bytes, luma, f->width,
                            bc_pixel_size(f->format));
    }
}

/* Frames ----------------------------------------------------------------------------------- */

static int n_rows(const bc_steady *f)
{
    return (f->height + CELL - 1) / CELL;
}

static void fill_luma(bc_steady *f, bc_pool *pool, frame *at)
{
    bc_pool_run(pool, fill_cells, at, n_rows(f));
    repeat_bottom(f);
}

static void turn(bc_steady *f)
{
    uint8_t *luma = f->last_luma;
    bc_held_turn(&f->held);
    f->last_luma = f->luma;
    f->luma = luma;
}

void bc_steady_begin(bc_steady *f, bc_pool *pool, const bc_image *source)
{
    frame now = {.f = f, .source = source};
    fill_luma(f, pool, &now);
    memset(f->blocks, 0, (size_t)(f->columns * f->rows) * sizeof(*f->blocks));
    bc_held_take(&f->held, f->luma, stride_of(f));
    f->gate.noise = 0;
    turn(f);
}

/* The source with the filtered luma. */
static bc_image view_steady(const bc_steady *f, const bc_image *source)
{
    bc_image steady = *source;
    steady.pixels = f->picture ? f->picture : f->luma;
    steady.stride_bytes =
        f->picture ? (ptrdiff_t)f->width * bc_pixel_size(f->format) : stride_of(f);
    return steady;
}

void bc_steady_filter(bc_steady *f, bc_pool *pool, const bc_image *source, float amount, int age,
                      bc_image *image)
{
    const bc_image steady = view_steady(f, source);
    frame now = {.f = f,
                 .source = source,
                 .steady = &steady,
                 .luma = {f->luma, stride_of(f), f->columns, f->rows}};
    fill_luma(f, pool, &now);
    bc_pool_run(pool, search_band, &now, bc_motion_bands(&now.luma));
    now.camera = bc_motion_camera(f->blocks, &now.luma);
    bc_pool_run(pool, compare_cells, &now, f->held.rows);
    bc_gate_set(&f->gate, f->cells, amount, age);
    bc_pool_run(pool, filter_cells, &now, n_rows(f));
    repeat_bottom(f);
    turn(f);
    *image = steady;
}
