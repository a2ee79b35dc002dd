/*
 * painter.h: what the tests of the painter share: a net of two styles, painters and sessions of it.
 */
#ifndef BC_TESTS_PAINT_PAINTER_H
#define BC_TESTS_PAINT_PAINTER_H

#include "generator/net.h"

enum { WIDTH = 83, HEIGHT = 46, MOST_BYTES = 4 * WIDTH * HEIGHT };

static net two_styles;
static char last_message[1024];

static inline bc_painter *open_painter(bc_stats stats)
{
    bc_painter *painter;
    const bc_painter_params params = {.size = sizeof(params),
                                      .model = two_styles.model,
                                      .n_threads = 2,
                                      .stats = stats,
                                      .log = test_log(last_message)};
    if (bc_painter_open(&painter, &params) < 0)
        abort();
    return painter;
}

static inline void paint_frame(bc_painter *painter, const bc_image *source,
                               const bc_image *painting)
{
    CHECK_INT(bc_painter_run(painter, source, painting, BC_NO_TIME, 0), BC_OK);
}

/* What a session paints of the frame in these styles. */
static inline void paint_plainly(const bc_image *source, const bc_image *painting,
                                 const bc_style_weight *weights, int n)
{
    bc_session *session = open_session(
        two_styles.model,
        &(bc_session_params){
            .width = source->width, .height = source->height, .n_threads = 1, .max_blend = 2});
    CHECK_INT(bc_session_set_style(session, weights, n), BC_OK);
    CHECK_INT(bc_session_run(session, source, painting), BC_OK);
    bc_session_close(&session);
}

static const bc_style_weight first = {.style = 0, .weight = 1};

#endif
