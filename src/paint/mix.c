#include "paint/mix.h"

#include <math.h>

#include "paint/image.h"

enum { WEIGHT_BITS = 14, WEIGHT_ONE = 1 << WEIGHT_BITS, BAND = 16 /* rows of luma in a job */ };

typedef struct mixing {
    int n_planes;
    bc_plane painting[BC_MAX_PLANES], source[BC_MAX_PLANES];
    int weights[BC_MAX_PLANES];
    bool is_bgr;
    float keep_colors; /* of packed pixels; 0: nothing to do */
} mixing;

static inline uint8_t mixed(int painted, int source, int weight)
{
    return (uint8_t)(source + (((painted - source) * weight + WEIGHT_ONE / 2) >> WEIGHT_BITS));
}

static void mix_plane_row(uint8_t *painted, const uint8_t *source, int n, int weight)
{
    for (int x = 0; x < n; x++)
        painted[x] = mixed(painted[x], source[x], weight);
}

/* Samples that are not side by side, or have alpha among them. */
static void mix_stepped_row(uint8_t *painted, const bc_plane *of_painted, const uint8_t *source,
                            const bc_plane *of_source, int weight)
{
    const int n_colours = of_painted->channels < 3 ? of_painted->channels : 3;
    for (int x = 0; x < of_painted->width; x++) {
        for (int c = 0; c < n_colours; c++)
            painted[c] = mixed(painted[c], source[c], weight);
        if (of_painted->channels == 4)
            painted[3] = source[3];
        painted += of_painted->step_bytes;
        source += of_source->step_bytes;
    }
}

static void mix_row(const bc_plane *painting, const bc_plane *source, int y, int weight)
{
    uint8_t *painted = painting->samples + y * painting->stride_bytes;
    const uint8_t *under = source->samples + y * source->stride_bytes;
    const bool is_dense = painting->step_bytes == painting->channels &&
                          source->step_bytes == source->channels && painting->channels != 4;
    if (is_dense)
        mix_plane_row(painted, under, painting->width * painting->channels, weight);
    else
        mix_stepped_row(painted, painting, under, source, weight);
}

/* The source's colour, moved to the painting's luma, in the share `keep`. */
static void recolour_pixel(uint8_t *painted, const uint8_t *source, bool is_bgr, float keep)
{
    static const float luma[3] = {0.2126f, 0.7152f, 0.0722f};
    float difference = 0;
    for (int c = 0; c < 3; c++) {
        const int at = is_bgr ? 2 - c : c;
        difference += luma[c] * (float)(painted[at] - source[at]);
    }
    for (int c = 0; c < 3; c++) {
        const float kept = fminf(fmaxf((float)source[c] + difference, 0), UINT8_MAX);
        const float was = (float)painted[c];
        painted[c] = (uint8_t)lrintf(was + keep * (kept - was));
    }
}

static void recolour_row(const mixing *m, int y)
{
    const int step = m->painting[0].step_bytes;
    uint8_t *painted = m->painting[0].samples + y * m->painting[0].stride_bytes;
    const uint8_t *source = m->source[0].samples + y * m->source[0].stride_bytes;
    for (int x = 0; x < m->painting[0].width; x++)
        recolour_pixel(painted + x * step, source + x * step, m->is_bgr, m->keep_colors);
}

static void mix_band(void *arg, int band, int thread)
{
    const mixing *m = arg;
    (void)thread;
    for (int i = 0; i < m->n_planes; i++) {
        const bc_plane *p = &m->painting[i];
        const int first = band * (BAND >> p->shift), end = first + (BAND >> p->shift);
        for (int y = first; y < end && y < p->height; y++) {
            if (m->keep_colors > 0)
                recolour_row(m, y);
            mix_row(p, &m->source[i], y, m->weights[i]);
        }
    }
}

void bc_image_mix(bc_pool *pool, const bc_image *painting, const bc_image *source, float strength,
                  float keep_colors)
{
    const bool has_planes = painting->format == BC_YUV420;
    mixing m = {.is_bgr = painting->format == BC_BGRA32 || painting->format == BC_BGRX32,
                .keep_colors = has_planes ? 0 : keep_colors};
    m.n_planes = bc_image_planes(painting, m.painting);
    bc_image_planes(source, m.source);
    for (int i = 0; i < m.n_planes; i++)
        m.weights[i] = (int)lrintf(strength * (i > 0 ? 1 - keep_colors : 1) * WEIGHT_ONE);
    bc_pool_run(pool, mix_band, &m, (painting->height + BAND - 1) / BAND);
}
