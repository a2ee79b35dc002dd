/*
 * A camera that goes away and comes back, played by a file that ends: frames go on, on a line of
 * times that only rises; and while it is away there is no signal and no hang.
 */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "live/input.h"
#include "base/clock.h"
#include "test.h"

static void on_packet(void *cookie, const bc_live_input *source, const bc_packet *packet)
{
    (void)cookie, (void)source, (void)packet;
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

int main(void)
{
    char message[1024], folder[] = "/tmp/brushcast-source-XXXXXX", line[256], path[64], away[64];
    const bc_log log = test_log(message);
    atomic_int stop = 0;
    bc_queue *queue;
    bc_live_input *source;
    int n_not_rising = 0;
    CHECK(mkdtemp(folder) != NULL);
    snprintf(path, sizeof(path), "%s/camera.mkv", folder);
    snprintf(away, sizeof(away), "%s/away.mkv", folder);
    snprintf(line, sizeof(line),
             "ffmpeg -v error -f lavfi -i testsrc2=size=64x48 -frames:v 5 -c:v ffv1 %s", path);
    CHECK_INT(system(line), 0);
    CHECK_INT(bc_queue_open(&queue, 1, bc_captured_free), BC_OK);
    CHECK_INT(bc_live_input_open(&source, &(bc_live_input_params){.url = path,
                                                          .is_camera = true,
                                                          .frames = queue,
                                                          .on_packet = on_packet,
                                                          .stop = &stop,
                                                          .log = log}),
              BC_OK);
    CHECK_INT(bc_live_input_start(source), BC_OK);
    int64_t last_us = receive(queue, 2, -1, &n_not_rising);
    CHECK_INT(rename(path, away), 0);
    for (int i = 0; i < 1000 && bc_live_input_get_state(source).has_signal; i++)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    CHECK(!bc_live_input_get_state(source).has_signal);
    CHECK_INT(rename(away, path), 0);
    last_us = receive(queue, 6, last_us, &n_not_rising);
    CHECK(last_us > 200000); /* beyond the five frames of the file */
    CHECK_INT(n_not_rising, 0);
    CHECK(!bc_live_input_get_state(source).has_ended);
    const int64_t start_ns = bc_clock_ns();
    bc_live_input_close(&source);
    CHECK_AT_MOST(1e-9 * (double)(bc_clock_ns() - start_ns), 5);
    bc_queue_close(&queue);
    snprintf(line, sizeof(line), "rm -r %s", folder);
    CHECK_INT(system(line), 0);
    return TEST_END();
}
