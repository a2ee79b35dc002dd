/*
 * product_amx.c: products of pairs of bfloat16 values by AMX, whose tile registers are 16 rows of
 * 64 bytes. Four sums of 16 rows by 16 columns are made at once, so that each tile of a factor,
 * once loaded, serves two of them.
 */
#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include "train/product.h"

enum { SIDE = BC_PRODUCT_TILE, BLOCK = 2 * SIDE };

/* Of C, up to BLOCK rows and columns. */
typedef struct block {
    float *c;
    const float *a, *b;
    ptrdiff_t second_a, second_b, second_c; /* from the first tiles to the second ones */
    int n_tiles, n;                         /* along the depth; elements of a line of b and c */
} block;

typedef struct tile_shapes {
    uint8_t palette, start, reserved[14];
    uint16_t row_bytes[16];
    uint8_t n_rows[16];
} tile_shapes;

static int min(int a, int b)
{
    return a < b ? a : b;
}

/* What is left of `n` for the second of two tiles, or for the only one. */
static int second_of(int n)
{
    return n > SIDE ? n - SIDE : n;
}

static void set_shape(tile_shapes *shapes, int tile, int n_rows, int n_columns)
{
    shapes->n_rows[tile] = (uint8_t)n_rows;
    shapes->row_bytes[tile] = (uint16_t)(n_columns * (int)sizeof(float));
}

/* Tiles 0 to 3 are C's, 4 and 5 A's, 6 and 7 b's. */
static void configure(int n_rows, int n_columns)
{
    const int rows[] = {min(n_rows, SIDE), second_of(n_rows)};
    const int columns[] = {min(n_columns, SIDE), second_of(n_columns)};
    tile_shapes shapes = {.palette = 1};
    for (int i = 0; i < 4; i++)
        set_shape(&shapes, i, rows[i / 2], columns[i % 2]);
    for (int i = 0; i < 2; i++) {
        set_shape(&shapes, 4 + i, rows[i], SIDE);
        set_shape(&shapes, 6 + i, SIDE, columns[i]);
    }
    __asm__ volatile("" : : "r"(&shapes) : "memory"); /* gcc sees only its first bytes read */
    _tile_loadconfig(&shapes);
}

static void multiply_block(const block *o)
{
    const size_t step = (size_t)o->n * sizeof(float);
    const float *a = o->a, *b = o->b;
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (int tile = 0; tile < o->n_tiles; tile++, a += SIDE * SIDE, b += (ptrdiff_t)SIDE * o->n) {
        _tile_loadd(4, a, SIDE * sizeof(float));
        _tile_loadd(5, a + o->second_a, SIDE * sizeof(float));
        _tile_loadd(6, b, step);
        _tile_loadd(7, b + o->second_b, step);
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(1, 4, 7);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
    }
    _tile_stored(0, o->c, step);
    _tile_stored(1, o->c + o->second_b, step);
    _tile_stored(2, o->c + o->second_c, step);
    _tile_stored(3, o->c + o->second_c + o->second_b, step);
}

/*
 * The block's rows by all columns. Where only one tile is left, of rows or of columns, it is made
 * twice: that happens at the edges alone.
 */
static void multiply_rows(block *o, int n_rows)
{
    float *c = o->c;
    const float *b = o->b;
    int shaped = 0;
    for (int column = 0; column < o->n; column += BLOCK) {
        const int n_columns = min(o->n - column, BLOCK);
        if (n_columns != shaped)
            configure(n_rows, n_columns);
        shaped = n_columns;
        o->c = c + column;
        o->b = b + column;
        o->second_b = n_columns > SIDE ? SIDE : 0;
        multiply_block(o);
    }
    o->b = b;
}

/* b as pairs, with zeros below up to whole tiles. */
static void pair(float *b, int depth, int n_lines, int n)
{
    const size_t n_pairs = (size_t)(depth + 1) / 2 * (size_t)n;
    bc_product_pair_lines(b, depth, n);
    memset(b + n_pairs, 0, ((size_t)n_lines * (size_t)n - n_pairs) * sizeof(*b));
}

void bc_product_amx(float *c, const bc_product *product, const float *a, float *b, int n)
{
    const int n_lines = product->block_step / SIDE;
    pair(b, product->depth, n_lines, n);
    for (int row = 0; row < product->n_rows; row += BLOCK) {
        const int n_rows = min(product->n_rows - row, BLOCK);
        const bool has_second = n_rows > SIDE;
        multiply_rows(&(block){.c = c + (ptrdiff_t)row * n,
                               .a = a + (ptrdiff_t)(row / SIDE) * product->block_step,
                               .b = b,
                               .second_a = has_second ? product->block_step : 0,
                               .second_c = has_second ? (ptrdiff_t)SIDE * n : 0,
                               .n_tiles = n_lines / SIDE,
                               .n = n},
                      n_rows);
    }
    _tile_release();
}
