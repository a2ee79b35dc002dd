/* Frames of a pool: the same memory again, of the right size, as if it were new, from any thread,
 * and beyond the pool's end. */
#include "frame/frame.h"

#include <pthread.h>
#include <stdlib.h>

#include "test.h"

enum { N_THREADS = 4, N_ROUNDS = 2000, N_HELD = 12 };

static bc_frame_pool *open_pool(void)
{
    bc_frame_pool *pool;
    if (bc_frame_pool_open(&pool, &(bc_log){0}) < 0)
        abort();
    return pool;
}

static bc_frame *take(bc_frame_pool *pool, int width, int height)
{
    bc_frame *frame;
    if (bc_frame_pool_take(pool, &frame, width, height, BC_YUV420) < 0)
        abort();
    return frame;
}

static void test_again(void)
{
    bc_frame_pool *pool = open_pool();
    bc_frame *first = take(pool, 33, 17), *other = bc_frame_ref(first);
    const uint8_t *pixels = first->image.pixels;
    first->image.matrix = BC_BT2020;
    first->image.range = BC_FULL;
    first->pts = 7;
    bc_frame_unref(&first);
    bc_frame *held = take(pool, 33, 17);
    CHECK(held->image.pixels != pixels); /* somebody looks at it still */
    bc_frame_unref(&other);
    bc_frame *small = take(pool, 32, 17);
    CHECK(small->image.pixels != pixels && small->image.width == 32);
    bc_frame *again = take(pool, 33, 17);
    CHECK(again->image.pixels == pixels);
    CHECK(again->image.matrix == BC_BT709 && again->image.range == BC_LIMITED);
    CHECK(again->pts == BC_NO_PTS);
    bc_frame_unref(&small);
    bc_frame_unref(&again);
    bc_frame_pool_close(&pool);
    held->image.pixels[33 * 17 / 2] = 1; /* for the sanitizers */
    bc_frame_unref(&held);
}

/* More frames at once than a pool keeps, of sizes that change. */
static void *use(void *arg)
{
    for (int i = 0; i < N_ROUNDS; i++) {
        bc_frame *frames[N_HELD];
        const int n = 1 + i % N_HELD;
        for (int k = 0; k < n; k++) {
            frames[k] = take(arg, 16 + i % 3, 16);
            frames[k]->image.pixels[0] = (uint8_t)k;
        }
        for (int k = 0; k < n; k++) {
            CHECK_INT(frames[k]->image.pixels[0], k);
            bc_frame_unref(&frames[k]);
        }
    }
    return NULL;
}

static void test_threads(void)
{
    bc_frame_pool *pool = open_pool();
    pthread_t threads[N_THREADS];
    for (int i = 0; i < N_THREADS; i++)
        pthread_create(&threads[i], NULL, use, pool);
    for (int i = 0; i < N_THREADS; i++)
        pthread_join(threads[i], NULL);
    bc_frame_pool_close(&pool);
}

int main(void)
{
    test_again();
    test_threads();
    return TEST_END();
}
