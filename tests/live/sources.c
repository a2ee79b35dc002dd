/*
 * Inputs that are opened soon after each other while somebody uses the one before: it stays the
 * source until nobody does, and of the others the newest takes its place and gives frames.
 */
#include <time.h>

#include "live/live.h"
#include "live/net.h"
#include "live/opening.h"

enum { N_FRAMES = 100, HEIGHT = 16, PATIENCE_S = 20 };

static char folder[] = "/tmp/brushcast-sources-XXXXXX";
static atomic_int stop;
static bc_nets nets;
static bc_live live;

/* A video of grey frames of this width. */
static const char *make_video(int width)
{
    static char paths[3][64];
    static int n;
    char *path = paths[n++];
    snprintf(path, sizeof(paths[0]), "%s/%d.y4m", folder, width);
    FILE *file = fopen(path, "w");
    if (!CHECK(file != NULL))
        return path;
    fprintf(file, "YUV4MPEG2 W%d H%d F25:1 C420jpeg\n", width, HEIGHT);
    for (int i = 0; i < N_FRAMES; i++) {
        fputs("FRAME\n", file);
        for (int byte = 0; byte < width * HEIGHT * 3 / 2; byte++)
            fputc(128, file);
    }
    CHECK_INT(fclose(file), 0);
    return path;
}

static bc_live_input *source(void)
{
    pthread_mutex_lock(&live.lock);
    bc_live_input *now = live.source;
    pthread_mutex_unlock(&live.lock);
    return now;
}

/* Not even a while later. */
static bool is_still(const bc_live_input *expected)
{
    for (int i = 0; i < 20 && source() == expected; i++)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    return source() == expected;
}

static bc_work *open_input(const char *path)
{
    pthread_mutex_lock(&live.lock);
    bc_work *work = bc_live_open_input(&live, path);
    pthread_mutex_unlock(&live.lock);
    CHECK(work != NULL);
    return work;
}

/* Frames of this width come. */
static bool gives_frames(int width)
{
    int found = 0;
    for (int i = 0; i < 25 * PATIENCE_S && found != width; i++) {
        void *item = NULL;
        if (bc_queue_receive_within(live.captured, &item, 40000000) != BC_OK || !item)
            continue;
        found = ((bc_captured *)item)->frame->image.width;
        bc_captured_free(item);
    }
    return found == width;
}

static void test_two_at_once(void)
{
    const char *second = make_video(48), *third = make_video(64);
    const bc_live_input *first = live.source;
    CHECK(gives_frames(32));
    pthread_mutex_lock(&live.source_lock);
    bc_work *older = open_input(second);
    CHECK(is_still(first));
    bc_work *newer = open_input(third);
    CHECK(is_still(first));
    pthread_mutex_unlock(&live.source_lock);
    CHECK_INT(bc_work_wait(older).status, BC_ERR_INTERRUPTED);
    CHECK_INT(bc_work_wait(newer).status, BC_OK);
    CHECK(source() != first && gives_frames(64));
}

static void open_all(void)
{
    live = (bc_live){.nets = &nets, .settings = {.rate = 30}};
    live.params.stop = &stop;
    live.params.no_window = true;
    live.params.n_threads = 1;
    live.params.input = make_video(32);
    pthread_mutex_init(&live.lock, NULL);
    pthread_mutex_init(&live.source_lock, NULL);
    CHECK_INT(bc_nets_open(&nets, "light", folder, &(bc_log){0}), BC_OK);
    CHECK_INT(bc_workers_open(&live.workers, &live, &(bc_log){0}), BC_OK);
    CHECK_INT(bc_queue_open(&live.captured, 1, bc_captured_free), BC_OK);
    CHECK_INT(bc_live_open_first_input(&live), BC_OK);
}

static void close_all(void)
{
    bc_workers_close(&live.workers);
    bc_live_input_close(&live.source);
    bc_queue_close(&live.captured);
    bc_nets_close(&nets);
    pthread_mutex_destroy(&live.source_lock);
    pthread_mutex_destroy(&live.lock);
}

int main(void)
{
    char line[128];
    if (!CHECK(mkdtemp(folder) != NULL))
        return TEST_END();
    net_make(folder, 2);
    open_all();
    if (test_n_failures == 0) {
        bc_live_input_start(live.source, 0);
        test_two_at_once();
    }
    close_all();
    snprintf(line, sizeof(line), "rm -r '%s'", folder);
    CHECK_INT(system(line), 0);
    return TEST_END();
}
