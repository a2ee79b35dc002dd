/*
 * Columns, stripes and threads never show: the same bits for every number of threads, no seam in
 * frames of many columns, sessions that run at once.
 */
#include <pthread.h>

#include "net.h"

enum { BLEND = 3, PERIOD = 64, MARGIN = 256 };

static const bc_style_weight blend[BLEND] = {{0, 1}, {1, 2}, {2, 0.5f}};

static bc_session *open_blended(const bc_model *model, const char *tier, int width, int height,
                                int n_threads)
{
    bc_session *session = open_session(model, &(bc_session_params){.width = width,
                                                                   .height = height,
                                                                   .n_threads = n_threads,
                                                                   .max_blend = BLEND,
                                                                   .tier = tier});
    CHECK_INT(bc_session_set_style(session, blend, BLEND), BC_OK);
    return session;
}

/* The second frame of a session finds memory that is not clean. */
static void test_threads(const bc_model *model, const char *tier, int width, int height)
{
    static const int threads[] = {1, 1, 2, 3, 5, 8};
    const size_t size = (size_t)(3 * width * height);
    uint8_t *frame = make_frame(width, height, 1), *expected = NULL;
    for (size_t i = 0; i < sizeof(threads) / sizeof(threads[0]); i++) {
        bc_session *session = open_blended(model, tier, width, height, threads[i]);
        uint8_t *painting = paint(session, frame, width, height);
        if (i == 1) {
            free(painting);
            painting = paint(session, frame, width, height);
        }
        CHECK(!expected || memcmp(painting, expected, size) == 0);
        free(expected);
        expected = painting;
        bc_session_close(&session);
    }
    free(expected);
    free(frame);
}

/* A frame whose pixels repeat every PERIOD pixels to the right or down. */
static uint8_t *make_periodic_frame(int width, int height)
{
    uint8_t *tile = make_frame(PERIOD, PERIOD, 2);
    uint8_t *frame = allocate((size_t)(3 * width), (size_t)height), *p = frame;
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++, p += 3)
            memcpy(p, tile + 3 * (y % PERIOD * PERIOD + x % PERIOD), 3);
    }
    free(tile);
    return frame;
}

/*
 * Far from the edges the painting repeats as the frame does, bit for bit, unless the place of a
 * pixel in a column or a stripe made a difference.
 */
static void test_seams(const bc_model *model, const char *tier, int width, int height)
{
    const int last_x = width > height ? width - MARGIN - PERIOD : width;
    const int last_y = width > height ? height : height - MARGIN - PERIOD;
    const int first_x = width > height ? MARGIN : 0, first_y = width > height ? 0 : MARGIN;
    const ptrdiff_t step = width > height ? 3 * PERIOD : 3 * PERIOD * width;
    bc_session *session = open_blended(model, tier, width, height, 3);
    uint8_t *frame = make_periodic_frame(width, height);
    uint8_t *painting = paint(session, frame, width, height);
    bool repeats = true;
    for (int y = first_y; y < last_y; y++) {
        const uint8_t *first = painting + 3 * (y * width + first_x);
        repeats = repeats && memcmp(first, first + step, (size_t)(3 * (last_x - first_x))) == 0;
    }
    CHECK(repeats);
    free(painting);
    free(frame);
    bc_session_close(&session);
}

/* A stream in a thread of its own. */
typedef struct stream {
    const bc_model *model;
    int index, width, height;
    uint8_t *painting; /* of the last frame */
} stream;

static void *run_stream(void *arg)
{
    enum { N_FRAMES = 4 };
    stream *s = arg;
    bc_session *session = open_blended(s->model, NULL, s->width, s->height, 2);
    for (int i = 0; i < N_FRAMES; i++) {
        uint8_t *frame = make_frame(s->width, s->height, (uint64_t)(i + s->index));
        if (bc_session_set_style(session, blend, 1 + (i + s->index) % BLEND) < 0)
            abort();
        free(s->painting);
        s->painting = paint(session, frame, s->width, s->height);
        free(frame);
    }
    bc_session_close(&session);
    return NULL;
}

static void test_streams(void)
{
    enum { N_STREAMS = 4 };
    stream alone[N_STREAMS], together[N_STREAMS];
    pthread_t threads[N_STREAMS];
    net n;
    net_open(&n, light, BC_UPSAMPLE_SUBPIXEL, BLEND);
    for (int i = 0; i < N_STREAMS; i++) {
        alone[i] = (stream){.model = n.model, .index = i, .width = 90 + i, .height = 61};
        together[i] = alone[i];
        run_stream(&alone[i]);
    }
    for (int i = 0; i < N_STREAMS; i++) {
        if (pthread_create(&threads[i], NULL, run_stream, &together[i]) != 0)
            abort();
    }
    for (int i = 0; i < N_STREAMS; i++) {
        const size_t size = (size_t)(3 * alone[i].width * alone[i].height);
        pthread_join(threads[i], NULL);
        CHECK(memcmp(alone[i].painting, together[i].painting, size) == 0);
        free(alone[i].painting);
        free(together[i].painting);
    }
    net_close(&n);
}

static void test_net(const int widths[BC_N_WIDTHS], bc_upsample upsample, bool with_c)
{
    net n;
    net_open(&n, widths, upsample, BLEND);
    for (const bc_tier *tier = bc_tier_next(NULL); tier; tier = bc_tier_next(tier)) {
        if (!tier->needs && !with_c)
            continue;
        test_threads(n.model, tier->name, 150, 43);
        test_threads(n.model, tier->name, 5003, 2);
        test_threads(n.model, tier->name, 1, 201);
        test_seams(n.model, tier->name, 5003, 3);
        test_seams(n.model, tier->name, 3, 501);
    }
    net_close(&n);
}

int main(void)
{
    test_net(light, BC_UPSAMPLE_SUBPIXEL, true);
#ifndef __SANITIZE_THREAD__ /* which is slow, and a race in one net is one in all */
    test_net(light, BC_UPSAMPLE_ZERO, false);
    test_net(wide, BC_UPSAMPLE_NEAREST, false);
#endif
    test_streams();
    return TEST_END();
}
