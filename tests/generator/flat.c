/*
 * Frames of one colour. Every channel of every layer is constant, normalisation multiplies what
 * rounding leaves by up to 316, and a difference between neighbours that no other frame shows
 * would be a grid in a fade to black.
 */
#include "net.h"

/* Pixels of one position of the low-resolution grid, and a decoder's reach beyond the edge. */
enum { PERIOD = 4, MARGIN = 8 };
enum { WIDTH = 141, HEIGHT = 46, BYTES = 3 * WIDTH * HEIGHT };

static uint8_t *make_flat_frame(const uint8_t colour[3])
{
    uint8_t *frame = allocate(BYTES, 1);
    for (int i = 0; i < WIDTH * HEIGHT; i++)
        memcpy(frame + 3 * i, colour, 3);
    return frame;
}

/*
 * The largest difference from the pixel `period` before, across and down, in the interior: at the
 * edges the doubled grid's pattern meets its repeated last row. Sub-pixel phases have
 * weights of their own, so that a flat frame's painting may repeat every 4 pixels; with `nearest`
 * they are sums of the same weights.
 */
static int unevenness(const uint8_t *painting, int period)
{
    int largest = 0;
    for (int y = MARGIN + period; y < HEIGHT - MARGIN; y++) {
        const uint8_t *row = painting + 3 * (y * WIDTH + MARGIN), *above = row - 3 * period * WIDTH;
        const size_t n = (size_t)(3 * (WIDTH - 2 * MARGIN - period));
        const int across = largest_difference(row + 3 * period, row, n);
        const int down = largest_difference(row, above, n);
        largest = across > largest ? across : largest;
        largest = down > largest ? down : largest;
    }
    return largest;
}

/* The painting of a frame by a tier, with its style or without. The caller frees it. */
static uint8_t *paint_by(const net *n, const char *tier, uint8_t *frame, bool has_style)
{
    const bc_session_params params = {.width = WIDTH, .height = HEIGHT, .tier = tier};
    bc_session *session = open_session(n->model, &params);
    if (has_style)
        choose(session, 0);
    uint8_t *painting = paint(session, frame, WIDTH, HEIGHT);
    bc_session_close(&session);
    return painting;
}

static void test_flat(const net *n, const uint8_t colour[3], bool has_style)
{
    uint8_t *frame = make_flat_frame(colour);
    uint8_t *expected = paint_by(n, "c", frame, has_style);
    for (const bc_tier *tier = bc_tier_next(NULL); tier; tier = bc_tier_next(tier)) {
        uint8_t *painting = paint_by(n, tier->name, frame, has_style);
        CHECK_INT(unevenness(painting, PERIOD), 0);
        if (n->model->net.upsample == BC_UPSAMPLE_NEAREST)
            CHECK_AT_MOST(unevenness(painting, 1), 1);
        CHECK_AT_MOST(largest_difference(painting, expected, BYTES), 1);
        free(painting);
    }
    free(expected);
    free(frame);
}

/* A frame that hardly differs from flat: rounding must not drown what there is. */
static void test_faint(const net *n, const uint8_t colour[3], bool has_style)
{
    uint8_t *frame = make_flat_frame(colour);
    for (int i = 0; i < BYTES; i += 997)
        frame[i] ^= 1;
    uint8_t *expected = paint_by(n, "c", frame, has_style);
    for (const bc_tier *tier = bc_tier_next(NULL); tier; tier = bc_tier_next(tier)) {
        uint8_t *painting = paint_by(n, tier->name, frame, has_style);
        CHECK_AT_MOST(largest_difference(painting, expected, BYTES), 1);
        free(painting);
    }
    free(expected);
    free(frame);
}

static void test_net(const int widths[BC_N_WIDTHS], bc_upsample upsample)
{
    static const uint8_t colours[][3] = {
        {0, 0, 0}, {255, 255, 255}, {128, 128, 128}, {17, 200, 63}};
    net n;
    net_open(&n, widths, upsample, 1);
    for (int i = 0; i < 4; i++) {
        test_flat(&n, colours[i], false);
        test_flat(&n, colours[i], true);
        test_faint(&n, colours[i], i % 2);
    }
    net_close(&n);
}

int main(void)
{
    test_net(light, BC_UPSAMPLE_SUBPIXEL);
    test_net(light, BC_UPSAMPLE_NEAREST);
    test_net(light, BC_UPSAMPLE_ZERO);
    test_net(wide, BC_UPSAMPLE_SUBPIXEL);
    return TEST_END();
}
