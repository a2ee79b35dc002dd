#include "paint/key.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/simd.h"
#include "generator/colour.h"
#include "paint/restore.h"

/* Shares of the key's chroma: what is below is no screen, what is above nothing but screen. */
static const float least_share = 0.18F, full_share = 0.32F;
static const float least_chroma = 16; /* of a key: grey has no hue */

/* The key's direction in an image's chroma, of length 1, and the two shares in its units. */
typedef struct direction {
    float cb, cr, least, ramp;
} direction;

static direction find_direction(const uint8_t rgb[3], const bc_image *image)
{
    const bc_colour_matrix m = bc_colour_from_rgb(image);
    float chroma[2];
    for (int i = 0; i < 2; i++) {
        chroma[i] = 0;
        for (int k = 0; k < 3; k++)
            chroma[i] += m.m[i + 1][k] * (float)rgb[k] / 255;
    }
    const float length = hypotf(chroma[0], chroma[1]);
    if (length < least_chroma)
        return (direction){0};
    return (direction){chroma[0] / length, chroma[1] / length, least_share * length,
                       1 / ((full_share - least_share) * length)};
}

static inline float share_of(const direction *d, int cb, int cr)
{
    const float u = (float)(cb - 128), v = (float)(cr - 128);
    const float along = u * d->cb + v * d->cr, across = fabsf(u * d->cr - v * d->cb);
    return fminf(fmaxf((along - across - d->least) * d->ramp, 0), 1);
}

float bc_key_share(const bc_key *key, const bc_image *image, int cb, int cr)
{
    const direction d = find_direction(key->rgb, image);
    return share_of(&d, cb, cr);
}

bool bc_key_parse(bc_key *key, const char *text)
{
    static const bc_image reference = {.matrix = BC_BT709, .range = BC_FULL};
    char name[16], *end;
    const size_t length = strcspn(text, ":");
    *key = (bc_key){.is_on = true, .paints_inside = text[length] == ':'};
    if (strcmp(text, "off") == 0) {
        key->is_on = false;
        return true;
    }
    if (length >= sizeof(name) || (text[length] && strcmp(text + length, ":inside") != 0))
        return false;
    memcpy(name, text, length);
    name[length] = '\0';
    const char *digits = strcmp(name, "green") == 0  ? "00b140"
                         : strcmp(name, "blue") == 0 ? "0047bb"
                                                     : name + (name[0] == '#');
    const unsigned long number = strtoul(digits, &end, 16);
    if (strspn(digits, "0123456789abcdefABCDEF") != 6 || digits[6])
        return false;
    for (int i = 0; i < 3; i++)
        key->rgb[i] = (uint8_t)(number >> (16 - 8 * i));
    return find_direction(key->rgb, &reference).ramp > 0;
}

/* A share of the source in 256ths, for each pixel of a row of chroma. */
BC_SIMD static void find_weights(const direction *d, bool paints_inside, const uint8_t *cb,
                                 const uint8_t *cr, int width, uint16_t *weights)
{
    for (int x = 0; x < width; x++) {
        const float share = share_of(d, cb[x], cr[x]);
        weights[x] = (uint16_t)(BC_RESTORE_ALL * (paints_inside ? 1 - share : share) + 0.5F);
    }
}

/* Both pixels of a row of luma that share a sample of chroma. */
static void widen(const uint16_t *weights, uint16_t *wide, int width)
{
    for (int x = 0; x < width; x++)
        wide[x] = weights[x / 2];
}

void bc_key_mix(const bc_key *key, const bc_image *source, const bc_image *painting)
{
    const direction d = find_direction(key->rgb, source);
    const int width = (source->width + 1) / 2, height = (source->height + 1) / 2;
    uint16_t weights[BC_MAX_SIZE / 2], wide[BC_MAX_SIZE];
    for (int y = 0; y < height; y++) {
        const uint8_t *rows[2];
        for (int i = 0; i < 2; i++)
            rows[i] = source->chroma[i] + y * source->chroma_stride_bytes[i];
        find_weights(&d, key->paints_inside, rows[0], rows[1], width, weights);
        for (int i = 0; i < 2; i++)
            bc_row_restore(rows[i], painting->chroma[i] + y * painting->chroma_stride_bytes[i],
                           weights, width);
        widen(weights, wide, source->width);
        for (int line = 2 * y; line < 2 * y + 2 && line < source->height; line++)
            bc_row_restore(source->pixels + line * source->stride_bytes,
                           painting->pixels + line * painting->stride_bytes, wide, source->width);
    }
}
