/*
 * An input that begins anew. A camera that goes away and comes back, played by a file that ends:
 * frames go on, on a line of times that only rises, and while it is away there is no signal and no
 * hang. Seeks at the moment in which a looped file begins anew, which interrupt its opening: that
 * is no end. A looped file that is cut, and then removed: said once, and an end with its reason.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "live/input.h"
#include "media/log.h"
#include "test.h"

typedef struct fixture {
    char folder[64], path[80];
    char message[1024];
    bc_log log;
    atomic_int stop;
    bc_queue *queue;
    bc_live_input *source;
} fixture;

static void on_packet(void *cookie, const bc_live_input *source, const bc_packet *packet)
{
    (void)cookie, (void)source, (void)packet;
}

static void nap_ms(int ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000L}, NULL);
}

/* Makes a clip of so many frames, 25 a second. */
static void make_clip(fixture *f, const char *name, int n_frames)
{
    char line[256];
    snprintf(f->path, sizeof(f->path), "%s/%s", f->folder, name);
    snprintf(line, sizeof(line),
             "ffmpeg -v error -y -f lavfi -i testsrc2=size=64x48 -frames:v %d -c:v mpeg4 -movflags "
             "+faststart %s",
             n_frames, f->path);
    CHECK_INT(system(line), 0);
}

static void open_input(fixture *f, bool is_camera)
{
    const bc_live_input_params params = {.url = f->path,
                                         .is_camera = is_camera,
                                         .is_looped = !is_camera,
                                         .frames = f->queue,
                                         .on_packet = on_packet,
                                         .stop = &f->stop,
                                         .log = f->log};
    CHECK_INT(bc_live_input_open(&f->source, &params), BC_OK);
    if (!CHECK_INT(bc_live_input_wait(f->source), BC_OK))
        exit(1);
    bc_live_input_start(f->source, 0);
}

/* Receives n frames; the last one's time, and how often it did not rise. */
static int64_t receive(bc_queue *queue, int n, int64_t last_us, int *n_not_rising)
{
    for (int i = 0; i < n; i++) {
        void *item = NULL;
        if (bc_queue_receive_within(queue, &item, 20000000000) != BC_OK || !CHECK(item != NULL))
            return last_us;
        bc_captured *captured = item;
        *n_not_rising += captured->time_us <= last_us;
        last_us = captured->time_us;
        bc_captured_free(captured);
    }
    return last_us;
}

static void test_camera(fixture *f)
{
    char away[96];
    int n_not_rising = 0;
    make_clip(f, "camera.mkv", 5);
    snprintf(away, sizeof(away), "%s.away", f->path);
    open_input(f, true);
    int64_t last_us = receive(f->queue, 2, -1, &n_not_rising);
    CHECK_INT(rename(f->path, away), 0);
    for (int i = 0; i < 1000 && bc_live_input_get_state(f->source).has_signal; i++)
        nap_ms(10);
    CHECK(!bc_live_input_get_state(f->source).has_signal);
    CHECK_INT(rename(away, f->path), 0);
    last_us = receive(f->queue, 6, last_us, &n_not_rising);
    CHECK(last_us > 200000); /* beyond the five frames of the file */
    CHECK_INT(n_not_rising, 0);
    CHECK(!bc_live_input_get_state(f->source).has_ended);
    const int64_t start_ns = bc_clock_ns();
    bc_live_input_close(&f->source);
    CHECK_AT_MOST(1e-9 * (double)(bc_clock_ns() - start_ns), 5);
}

static void test_seeks_into_loops(fixture *f)
{
    int n_not_rising = 0;
    make_clip(f, "short.mkv", 2);
    open_input(f, false);
    for (int i = 0; i < 400 && !bc_live_input_get_state(f->source).has_ended; i++) {
        bc_live_input_seek(f->source, 0);
        nap_ms(1 + i % 11);
    }
    CHECK(!bc_live_input_get_state(f->source).has_ended);
    receive(f->queue, 10, -1, &n_not_rising);
    CHECK_INT(n_not_rising, 0);
    bc_live_input_close(&f->source);
}

/* A file's frames leave before they are due: as long as it takes to see them, and the time of two
 * frames of 30 a second. */
static void test_lead(fixture *f)
{
    enum { LEAD_US = 60000, STEP_US = 40000, MOST_FRAMES = 500 };
    int64_t early_ns = 0, step_us = 0;
    void *item;
    make_clip(f, "early.mkv", 25);
    open_input(f, false);
    for (int i = 0; i < 100; i++)
        bc_live_input_set_lead(f->source, LEAD_US);
    for (int i = 0; i < MOST_FRAMES && early_ns < (LEAD_US + 60000) * 1000LL; i++) {
        if (!CHECK_INT(bc_queue_receive_within(f->queue, &item, 20000000000), BC_OK) ||
            !CHECK(item != NULL))
            break;
        bc_captured *captured = item;
        early_ns = captured->due_ns - captured->arrival_ns;
        step_us = captured->step_us;
        bc_captured_free(captured);
    }
    CHECK(early_ns >= (LEAD_US + 60000) * 1000LL && early_ns < (LEAD_US + 70000) * 1000LL);
    CHECK_INT(step_us, STEP_US);
    bc_live_input_close(&f->source);
}

static int n_lines; /* that were said */

static void count_line(void *cookie, bc_log_level level, const char *line)
{
    (void)cookie, (void)line;
    n_lines += level <= BC_LOG_WARNING;
}

static void test_file_that_shrinks(fixture *f)
{
    char reason[BC_REASON_SIZE];
    struct stat info;
    int n_not_rising = 0;
    make_clip(f, "shrinks.mp4", 30);
    f->log = (bc_log){.write = count_line};
    open_input(f, false);
    CHECK_INT(stat(f->path, &info), 0);
    CHECK_INT(truncate(f->path, info.st_size / 2), 0);
    receive(f->queue, 40, -1, &n_not_rising);
    CHECK(n_lines >= 1 && n_lines <= 3);
    CHECK_INT(unlink(f->path), 0);
    for (int i = 0; i < 2000 && !bc_live_input_get_state(f->source).has_ended; i++)
        nap_ms(10);
    CHECK(bc_live_input_get_state(f->source).has_ended);
    CHECK_INT(bc_live_input_get_state(f->source).status, BC_ERR_IO);
    bc_live_input_reason(f->source, reason);
    CHECK(strstr(reason, "shrinks.mp4") != NULL);
    bc_live_input_close(&f->source);
}

int main(void)
{
    fixture f = {.folder = "/tmp/brushcast-source-XXXXXX"};
    char line[128];
    f.log = test_log(f.message);
    bc_media_log(&f.log); /* what FFmpeg says of cut files is expected */
    CHECK(mkdtemp(f.folder) != NULL);
    CHECK_INT(bc_queue_open(&f.queue, 1, bc_captured_free), BC_OK);
    test_camera(&f);
    test_seeks_into_loops(&f);
    test_lead(&f);
    test_file_that_shrinks(&f);
    bc_queue_close(&f.queue);
    snprintf(line, sizeof(line), "rm -r %s", f.folder);
    CHECK_INT(system(line), 0);
    return TEST_END();
}
