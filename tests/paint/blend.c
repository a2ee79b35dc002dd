/* Blends and fades: shares on the way, room for two and two, and from one net to another. */
#include "paint/blend.h"

#include <math.h>

#include "generator/net.h"

enum { SECOND = 1000000, ROOM = 4, N_STYLES = 8, N_FEWER = 3 };

static net many, few; /* of the same names, as far as they go */

static double share(const bc_blend *blend, int style)
{
    double sum = 0;
    for (int i = 0; i < blend->n; i++)
        sum += blend->styles[i].style == style ? (double)blend->styles[i].weight : 0;
    return sum;
}

static void check_share(const bc_fade *fade, int style, double expected)
{
    CHECK_AT_MOST(fabs(share(&fade->shown, style) - expected), 1e-6);
}

static void test_fade(void)
{
    const bc_blend one = {1, {{.style = 1, .weight = 1}}};
    const bc_blend two = {2, {{.style = 1, .weight = 0.5F}, {.style = 2, .weight = 0.5F}}};
    bc_fade fade = {0};
    bc_fade_step(&fade, many.model, &one, ROOM, 2, SECOND); /* there is nothing to fade from */
    check_share(&fade, 1, 1);
    bc_fade_step(&fade, many.model, &two, ROOM, 2, 2 * (int64_t)SECOND);
    check_share(&fade, 1, 1);
    check_share(&fade, 2, 0);
    bc_fade_step(&fade, many.model, &two, ROOM, 2, 3 * (int64_t)SECOND);
    check_share(&fade, 1, 0.75);
    check_share(&fade, 2, 0.25);
    bc_fade_step(&fade, many.model, &two, ROOM, 2, 4 * (int64_t)SECOND);
    check_share(&fade, 2, 0.5);
    bc_fade_step(&fade, many.model, &one, ROOM, 0, 5 * (int64_t)SECOND);
    check_share(&fade, 1, 1);
    CHECK_INT(fade.shown.n, 1);
    bc_fade_clear(&fade);
}

/* A fade goes on in another net; a style that this has not is gone. */
static void test_nets(void)
{
    const bc_blend first = {1, {{.style = 1, .weight = 1}}};
    const bc_blend second = {1, {{.style = 2, .weight = 1}}};
    const bc_blend last = {1, {{.style = N_STYLES - 1, .weight = 1}}};
    bc_fade fade = {0};
    bc_fade_step(&fade, many.model, &first, ROOM, 2, 0);
    bc_fade_step(&fade, many.model, &second, ROOM, 2, 0);
    bc_fade_step(&fade, few.model, &second, ROOM, 2, SECOND);
    check_share(&fade, 1, 0.5);
    check_share(&fade, 2, 0.5);
    bc_fade_step(&fade, many.model, &last, ROOM, 0, 2 * (int64_t)SECOND);
    bc_fade_step(&fade, few.model, &second, ROOM, 2, 3 * (int64_t)SECOND);
    check_share(&fade, 2, 1); /* there is nothing to fade from */
    CHECK_INT(bc_blend_translate(&last, many.model, few.model).n, 0);
    CHECK_INT(many.model->n_users, 1); /* it is held as long as its styles are shown */
    bc_fade_clear(&fade);
}

/* A fade that is left on its way for the next one: of four styles the two least go at once. */
static void test_room(void)
{
    const bc_blend a = {2, {{.style = 1, .weight = 0.6F}, {.style = 2, .weight = 0.4F}}};
    const bc_blend b = {2, {{.style = 3, .weight = 0.5F}, {.style = 4, .weight = 0.5F}}};
    const bc_blend c = {2, {{.style = 5, .weight = 0.5F}, {.style = 6, .weight = 0.5F}}};
    bc_fade fade = {0};
    bc_fade_step(&fade, many.model, &a, ROOM, 1, 0);
    bc_fade_step(&fade, many.model, &b, ROOM, 1, 0);
    bc_fade_step(&fade, many.model, &b, ROOM, 1, SECOND / 2);
    CHECK_INT(fade.shown.n, 4);
    bc_fade_step(&fade, many.model, &c, ROOM, 1, SECOND / 2);
    bc_fade_step(&fade, many.model, &c, ROOM, 1, SECOND);
    CHECK_INT(fade.shown.n, 4);
    check_share(&fade, 5, 0.25);
    check_share(&fade, 6, 0.25);
    check_share(&fade, 1, 0.15); /* was the most */
    check_share(&fade, 2, 0);    /* was the least */
    bc_fade_clear(&fade);
}

int main(void)
{
    net_open(&many, light, BC_UPSAMPLE_SUBPIXEL, N_STYLES);
    net_open(&few, light, BC_UPSAMPLE_SUBPIXEL, N_FEWER);
    test_fade();
    test_nets();
    test_room();
    net_close(&many);
    net_close(&few);
    return TEST_END();
}
