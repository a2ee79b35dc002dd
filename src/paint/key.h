/*
 * key.h: what of a picture has the colour of a screen behind it, green or blue as a rule, and what
 * stands before that. Threads: any.
 *
 * A screen is told by its hue: its light and its shadows are more and less of the same direction in
 * Cb and Cr. Of a pixel's chroma the part along the key's direction less the part across it, as a
 * share of the key's own, is how much of the screen is seen there.
 */
#ifndef BC_PAINT_KEY_H
#define BC_PAINT_KEY_H

#include <stdbool.h>

#include "brushcast.h"

#define BC_KEY_USAGE "a key is green, blue, RRGGBB or off, with or without :inside, not '%s'"

typedef struct bc_key {
    bool is_on;
    bool paints_inside; /* what has the colour is painted; false: all else is */
    uint8_t rgb[3];
} bc_key;

/*
 * "green", "blue", "RRGGBB" or "#RRGGBB", where ":inside" may follow, or "off"; false: `text` is
 * none of them, or a colour without a hue.
 */
bool bc_key_parse(bc_key *key, const char *text);

/* How much of the screen is seen in a pixel with this chroma, 0 to 1; of `image`'s colours. */
float bc_key_share(const bc_key *key, const bc_image *image, int cb, int cr);

/*
 * Puts the source back into its painting where the key says so. Both are BC_YUV420 of one size and
 * the same colours.
 */
void bc_key_mix(const bc_key *key, const bc_image *source, const bc_image *painting);

#endif
