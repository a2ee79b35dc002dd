#include "app/stabilize.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "app/motion.h"
#include "base/log.h"
#include "generator/scene.h"
#include "kernels/kernels.h"

enum {
    BLOCK = BC_MOTION_BLOCK,
    CELL = 8, /* of the gate: four in a block */
    CELL_PIXELS = CELL * CELL,
    HELD_BITS = 6, /* of a held sample below its 8 */
    SHARE_BITS = 15,
    SHARE_ONE = (1 << SHARE_BITS) - 1,
    MAX_HOLD = 32,             /* frames, of what stands still */
    MAX_MOVING_HOLD = 4,       /* of what moves: each frame is interpolated from the last */
    STILL = 3 * CELL_PIXELS,   /* a cell's difference at which the gate begins to close, and */
    MOVING = 10 * CELL_PIXELS, /* is closed, where there is no more noise than that */
    MAX_PLANES = 4,            /* the source's luma and the painting's */
    NOISE_STEP = 16 /* of the histogram, in a cell's sum of differences: a quarter level */
};

/* One plane of the painting: `channels` interleaved samples a pixel. */
typedef struct plane {
    int channels, shift; /* shift: of its size to the luma's, both ways */
    int width, height;   /* pixels */
    ptrdiff_t stride;    /* samples of a held row: whole blocks */
    int n_rows;
    uint16_t *held[2]; /* of the last frame, and of this one; with HELD_BITS */
} plane;

struct bc_stabilizer {
    bc_log log;
    int width, height;      /* 0: nothing is open */
    bc_pixel_format format; /* of the painting */
    int columns, rows;      /* of blocks */
    int age;                /* frames since the filter began; 0: the next one begins */
    bc_scene scene;
    uint8_t *luma, *held_luma; /* [rows][columns] blocks */
    bc_vector *vectors;        /* [rows][columns] */
    int *differences;          /* [2 * rows][2 * columns]: sums over a cell's pixels */
    uint16_t *shares;          /* likewise: of the new painting, SHARE_ONE: all of it */
    uint16_t *cell_row;        /* [2 * columns] */
    uint16_t *pixel_row;       /* [columns * BLOCK]: shares of a row of luma */
    uint16_t *sample_row;      /* [columns * BLOCK * 4]: of the samples of a row */
    int n_planes;
    plane planes[MAX_PLANES];
};

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

/* Memory ----------------------------------------------------------------------------------- */

static void set_plane(bc_stabilizer *s, int channels, int shift)
{
    const ptrdiff_t blocks = (BLOCK >> shift) * channels;
    s->planes[s->n_planes++] = (plane){.channels = channels,
                                       .shift = shift,
                                       .width = (s->width + shift) >> shift,
                                       .height = (s->height + shift) >> shift,
                                       .stride = s->columns * blocks,
                                       .n_rows = s->rows * (BLOCK >> shift)};
}

static void free_all(bc_stabilizer *s)
{
    for (int i = 0; i < s->n_planes; i++) {
        free(s->planes[i].held[0]);
        free(s->planes[i].held[1]);
    }
    free(s->luma);
    free(s->held_luma);
    free(s->vectors);
    free(s->differences);
    free(s->shares);
    free(s->cell_row);
    free(s->pixel_row);
    free(s->sample_row);
    *s = (bc_stabilizer){.log = s->log};
}

static bool allocate_planes(bc_stabilizer *s)
{
    for (int i = 0; i < s->n_planes; i++) {
        const size_t n = (size_t)s->planes[i].stride * (size_t)s->planes[i].n_rows;
        for (int k = 0; k < 2; k++) {
            s->planes[i].held[k] = malloc(n * sizeof(uint16_t));
            if (!s->planes[i].held[k])
                return false;
        }
    }
    return true;
}

static bool allocate(bc_stabilizer *s)
{
    const size_t n_blocks = (size_t)s->columns * (size_t)s->rows;
    const size_t width = (size_t)s->columns * BLOCK;
    s->luma = malloc(n_blocks * BLOCK * BLOCK);
    s->held_luma = malloc(n_blocks * BLOCK * BLOCK);
    s->vectors = calloc(n_blocks, sizeof(*s->vectors));
    s->differences = malloc(4 * n_blocks * sizeof(*s->differences));
    s->shares = malloc(4 * n_blocks * sizeof(*s->shares));
    s->cell_row = malloc(width * sizeof(uint16_t));
    s->pixel_row = malloc(width * sizeof(uint16_t));
    s->sample_row = malloc(4 * width * sizeof(uint16_t));
    return s->luma && s->held_luma && s->vectors && s->differences && s->shares && s->cell_row &&
           s->pixel_row && s->sample_row && allocate_planes(s);
}

/* Opens for the images' size and the painting's format, if it is open for another. */
static bc_status fit(bc_stabilizer *s, const bc_image *painting)
{
    if (s->width == painting->width && s->height == painting->height &&
        s->format == painting->format)
        return BC_OK;
    free_all(s);
    s->width = painting->width;
    s->height = painting->height;
    s->format = painting->format;
    s->columns = (s->width + BLOCK - 1) / BLOCK;
    s->rows = (s->height + BLOCK - 1) / BLOCK;
    set_plane(s, 1, 0);
    set_plane(s, s->format == BC_YUV420 ? 1 : bc_pixel_size(s->format), 0);
    for (int i = 0; i < 2 && s->format == BC_YUV420; i++)
        set_plane(s, 1, 1);
    if (allocate(s))
        return BC_OK;
    free_all(s);
    return bc_fail(&s->log, BC_ERR_MEMORY, "stabilizer: no memory for %dx%d", painting->width,
                   painting->height);
}

bc_status bc_stabilizer_open(bc_stabilizer **stabilizer, const bc_log *log)
{
    *stabilizer = calloc(1, sizeof(**stabilizer));
    if (!*stabilizer)
        return bc_fail(log, BC_ERR_MEMORY, "stabilizer: out of memory");
    (*stabilizer)->log = *log;
    return BC_OK;
}

void bc_stabilizer_close(bc_stabilizer **stabilizer)
{
    if (!*stabilizer)
        return;
    free_all(*stabilizer);
    free(*stabilizer);
    *stabilizer = NULL;
}

void bc_stabilizer_restart(bc_stabilizer *s)
{
    s->age = 0;
}

/* Luma ------------------------------------------------------------------------------------- */

static void fill_luma_row(uint8_t *to, const uint8_t *pixel, int width, int size)
{
    for (int x = 0; x < width; x++, pixel += size)
        to[x] = (uint8_t)((pixel[0] + 2 * pixel[1] + pixel[2] + 2) >> 2);
}

/* Whole blocks. */
static void repeat_edges(const bc_stabilizer *s, uint8_t *luma)
{
    const int stride = s->columns * BLOCK;
    for (int y = 0; y < s->rows * BLOCK; y++) {
        uint8_t *row = luma + (ptrdiff_t)y * stride;
        if (y < s->height)
            memset(row + s->width, row[s->width - 1], (size_t)(stride - s->width));
        else
            memcpy(row, row - stride, (size_t)stride);
    }
}

static void fill_luma(bc_stabilizer *s, const bc_image *source)
{
    for (int y = 0; y < s->height; y++) {
        uint8_t *to = s->luma + (ptrdiff_t)y * s->columns * BLOCK;
        const uint8_t *from = source->pixels + y * source->stride_bytes;
        if (source->format == BC_YUV420)
            memcpy(to, from, (size_t)s->width);
        else
            fill_luma_row(to, from, s->width, bc_pixel_size(source->format));
    }
    repeat_edges(s, s->luma);
}

/* Gate ------------------------------------------------------------------------------------- */

/* Where a block lies in the last frame, moved by a vector in half samples, and what is between. */
typedef struct place {
    ptrdiff_t at, right, below;
} place;

static place place_of(ptrdiff_t at, int x, int y, int channels, ptrdiff_t stride)
{
    return (place){.at = at + (y >> 1) * stride + (ptrdiff_t)(x >> 1) * channels,
                   .right = x & 1 ? channels : 0,
                   .below = y & 1 ? stride : 0};
}

static int cell_difference(const uint8_t *now, const uint8_t *last, place p, ptrdiff_t stride)
{
    int sum = 0;
    last += p.at;
    for (int y = 0; y < CELL; y++, now += stride, last += stride) {
        const uint8_t *b = last + p.right, *c = last + p.below, *d = c + p.right;
        for (int x = 0; x < CELL; x++)
            sum += abs(now[x] - (uint8_t)((last[x] + b[x] + c[x] + d[x] + 2) >> 2));
    }
    return sum;
}

static void measure_cells(bc_stabilizer *s)
{
    const ptrdiff_t stride = s->columns * BLOCK;
    for (int row = 0; row < 2 * s->rows; row++) {
        for (int column = 0; column < 2 * s->columns; column++) {
            const bc_vector v = s->vectors[row / 2 * s->columns + column / 2];
            const ptrdiff_t at = CELL * (row * stride + column);
            s->differences[row * 2 * s->columns + column] = cell_difference(
                s->luma + at, s->held_luma, place_of(at, v.x, v.y, 1, stride), stride);
        }
    }
}

/* The median of the cells' differences: most of a frame is found again, but for its noise. */
static int measure_noise(const bc_stabilizer *s)
{
    enum { N_BINS = 4 * CELL_PIXELS / NOISE_STEP };
    int counts[N_BINS] = {0}, n_below = 0, bin = 0;
    const int n_cells = 4 * s->rows * s->columns;
    for (int i = 0; i < n_cells; i++)
        counts[smaller(s->differences[i] / NOISE_STEP, N_BINS - 1)]++;
    while (2 * (n_below += counts[bin]) < n_cells)
        bin++;
    return (bin + 1) * NOISE_STEP;
}

static int worst_around(const bc_stabilizer *s, int row, int column)
{
    int worst = 0;
    for (int y = row - 1; y <= row + 1; y++) {
        for (int x = column - 1; x <= column + 1; x++) {
            if (y < 0 || y >= 2 * s->rows || x < 0 || x >= 2 * s->columns)
                continue;
            const int difference = s->differences[y * 2 * s->columns + x];
            worst = larger(worst, difference);
        }
    }
    return worst;
}

static void set_shares(bc_stabilizer *s, float amount)
{
    const int noise = measure_noise(s), n = 2 * s->columns;
    const int still = larger(STILL, 3 * noise / 2), moving = still + MOVING - STILL;
    for (int row = 0; row < 2 * s->rows; row++) {
        for (int column = 0; column < n; column++) {
            const bc_vector v = s->vectors[row / 2 * s->columns + column / 2];
            const float hold =
                fminf((v.x || v.y ? MAX_MOVING_HOLD : MAX_HOLD) * amount, (float)s->age);
            const float least = 1 / (1 + hold);
            const int worst = worst_around(s, row, column);
            const float motion = worst <= still ? 0
                                 : worst >= moving
                                     ? 1
                                     : (float)(worst - still) / (float)(moving - still);
            s->shares[row * n + column] =
                (uint16_t)((least + (1 - least) * motion) * SHARE_ONE + 0.5F);
        }
    }
}

/* The shares of a row of luma, linearly between the cells' middles. */
static void spread_row(bc_stabilizer *s, int y)
{
    const int n = 2 * s->columns, at = 2 * y + 1 - CELL;
    const int above = at < 0 ? 0 : at / (2 * CELL), below = smaller(above + 1, 2 * s->rows - 1);
    const int part = at < 0 ? 0 : at % (2 * CELL);
    const uint16_t *upper = s->shares + above * n, *lower = s->shares + below * n;
    for (int i = 0; i < n; i++)
        s->cell_row[i] = (uint16_t)(upper[i] + (lower[i] - upper[i]) * part / (2 * CELL));
    for (int i = 0; i < n; i++) {
        const int from = s->cell_row[i > 0 ? i - 1 : 0], middle = s->cell_row[i];
        const int to = s->cell_row[smaller(i + 1, n - 1)];
        uint16_t *row = s->pixel_row + i * CELL;
        for (int x = 0; x < CELL / 2; x++) {
            const int part_before = CELL - 1 - 2 * x, part_behind = 2 * x + 1;
            row[x] = (uint16_t)(middle + (from - middle) * part_before / (2 * CELL));
            row[x + CELL / 2] = (uint16_t)(middle + (to - middle) * part_behind / (2 * CELL));
        }
    }
}

/* Filter ----------------------------------------------------------------------------------- */

/* The shares of a plane's samples, from those of a row of luma. */
static const uint16_t *sample_shares(const bc_stabilizer *s, const plane *p)
{
    const uint16_t *from = s->pixel_row;
    uint16_t *to = s->sample_row;
    if (p->channels == 1 && p->shift == 0)
        return from;
    if (p->channels == 4) {
        for (int x = 0; x < p->width; x++)
            to[4 * x] = to[4 * x + 1] = to[4 * x + 2] = to[4 * x + 3] = from[x];
    } else if (p->channels == 3) {
        for (int x = 0; x < p->width; x++)
            to[3 * x] = to[3 * x + 1] = to[3 * x + 2] = from[x];
    } else {
        for (int x = 0; x < p->width; x++)
            to[x] = from[2 * x];
    }
    return to;
}

/* n samples: those held before, on their way to the new ones by `shares`. */
static void filter_samples(uint8_t *restrict painting, uint16_t *restrict held,
                           const uint16_t *restrict last, place p, const uint16_t *restrict shares,
                           int n)
{
    const uint16_t *a = last + p.at, *b = a + p.right, *c = a + p.below, *d = c + p.right;
    for (int i = 0; i < n; i++) {
        const uint16_t before = (uint16_t)(a[i] + b[i] + c[i] + d[i] + 2) >> 2;
        const int16_t twice = (int16_t)(2 * ((painting[i] << HELD_BITS) - before));
        const int16_t step = (int16_t)((twice * (int16_t)shares[i]) >> 16);
        held[i] = (uint16_t)(before + step);
        painting[i] = (uint8_t)((held[i] + (1 << (HELD_BITS - 1))) >> HELD_BITS);
    }
}

/* Whole blocks: the edges are repeated. */
static void complete(const plane *p)
{
    uint16_t *row = p->held[1];
    const ptrdiff_t width = (ptrdiff_t)p->width * p->channels;
    for (int y = 0; y < p->height; y++, row += p->stride)
        for (ptrdiff_t x = width; x < p->stride; x++)
            row[x] = row[x - p->channels];
    for (int y = p->height; y < p->n_rows; y++, row += p->stride)
        memcpy(row, row - p->stride, (size_t)p->stride * sizeof(*row));
}

/* Neighbours that moved alike, as most do, are one. */
static void filter_row(const bc_stabilizer *s, const plane *p, int y, uint8_t *samples)
{
    const int block = BLOCK >> p->shift;
    const bc_vector *vectors = s->vectors + y / block * s->columns;
    const uint16_t *shares = sample_shares(s, p);
    for (int column = 0, end; column * block < p->width; column = end) {
        const bc_vector v = vectors[column];
        end = column + 1;
        while (end < s->columns && vectors[end].x == v.x && vectors[end].y == v.y)
            end++;
        const int x = column * block * p->channels;
        const int n = smaller(end * block, p->width) * p->channels - x;
        const place from =
            place_of(y * p->stride + x, v.x >> p->shift, v.y >> p->shift, p->channels, p->stride);
        filter_samples(samples + x, p->held[1] + y * p->stride + x, p->held[0], from, shares + x,
                       n);
    }
}

static void hold_plane(const plane *p, const uint8_t *pixels, ptrdiff_t stride_bytes)
{
    for (int y = 0; y < p->height; y++)
        for (int x = 0; x < p->width * p->channels; x++)
            p->held[1][y * p->stride + x] = (uint16_t)(pixels[y * stride_bytes + x] << HELD_BITS);
    complete(p);
}

/* The samples that a plane filters: luma of its own, then the painting's. */
static uint8_t *samples_of(const bc_stabilizer *s, const bc_image *painting, int index,
                           ptrdiff_t *stride_bytes)
{
    if (index == 0) {
        *stride_bytes = s->planes[0].stride;
        return s->luma;
    }
    *stride_bytes = index == 1 ? painting->stride_bytes : painting->chroma_stride_bytes[index - 2];
    return index == 1 ? painting->pixels : painting->chroma[index - 2];
}

static void swap_frames(bc_stabilizer *s)
{
    uint8_t *luma = s->held_luma;
    repeat_edges(s, s->luma);
    s->held_luma = s->luma;
    s->luma = luma;
    for (int i = 0; i < s->n_planes; i++) {
        uint16_t *held = s->planes[i].held[0];
        s->planes[i].held[0] = s->planes[i].held[1];
        s->planes[i].held[1] = held;
    }
}

static void begin(bc_stabilizer *s, const bc_image *painting)
{
    memset(s->vectors, 0, (size_t)(s->columns * s->rows) * sizeof(*s->vectors));
    for (int i = 0; i < s->n_planes; i++) {
        ptrdiff_t stride_bytes;
        const uint8_t *samples = samples_of(s, painting, i, &stride_bytes);
        hold_plane(&s->planes[i], samples, stride_bytes);
    }
}

/* Row by row through all planes: the shares of a row are for all of them. */
static void filter_planes(bc_stabilizer *s, const bc_image *painting)
{
    for (int y = 0; y < s->height; y++) {
        spread_row(s, y);
        for (int i = 0; i < s->n_planes; i++) {
            const plane *p = &s->planes[i];
            ptrdiff_t stride_bytes;
            uint8_t *samples = samples_of(s, painting, i, &stride_bytes);
            if ((y & p->shift) == 0)
                filter_row(s, p, y >> p->shift, samples + (y >> p->shift) * stride_bytes);
        }
    }
    for (int i = 0; i < s->n_planes; i++)
        complete(&s->planes[i]);
}

static void go_on(bc_stabilizer *s, const bc_image *painting, float amount)
{
    const bc_luma now = {s->luma, s->columns * BLOCK, s->columns, s->rows};
    bc_motion_estimate(s->vectors, &now, s->held_luma);
    measure_cells(s);
    set_shares(s, amount);
    filter_planes(s, painting);
}

bc_status bc_stabilizer_run(bc_stabilizer *s, const bc_image *source, const bc_image *painting,
                            float amount)
{
    assert(source->width == painting->width && source->height == painting->height);
    if (amount <= 0) {
        bc_stabilizer_restart(s);
        return BC_OK;
    }
    const bc_status status = fit(s, painting);
    if (status < 0)
        return status;
    const bool is_cut = bc_scene_begins(&s->scene, source);
    fill_luma(s, source);
    s->age = is_cut ? 0 : s->age;
    if (s->age > 0)
        go_on(s, painting, amount);
    else
        begin(s, painting);
    s->age += s->age < MAX_HOLD;
    swap_frames(s);
    return BC_OK;
}
