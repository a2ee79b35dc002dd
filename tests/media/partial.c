/*
 * A disk that gets full while a file is written that may be kept: what was written has its name and
 * plays to within a second of the failure, in MPEG-TS, Matroska and mp4; otherwise nothing is left.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "media/log.h"
#include "media/writer.h"
#include "test.h"

enum { WIDTH = 160, HEIGHT = 120, RATE = 30, MAX_FRAMES = 3000 };

/* Noise that moves, which no encoder makes small. */
static void draw(bc_frame *frame, uint32_t *random)
{
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            *random = *random * 1664525u + 1013904223u;
            frame->image.pixels[y * frame->image.stride_bytes + x] = (uint8_t)(*random >> 27);
        }
}

/* Writes until the disk is full; the number of frames that the writer took. */
static int write_until_full(const char *path, bool keeps_partial, const bc_log *log)
{
    bc_frame *frame;
    bc_writer *writer;
    uint32_t random = 1;
    int n = 0;
    const bc_writer_params params = {.preset = "veryfast",
                                     .frame_rate = {RATE, 1},
                                     .n_threads = 1,
                                     .keeps_partial = keeps_partial,
                                     .log = *log};
    CHECK_INT(bc_frame_alloc(&frame, WIDTH, HEIGHT, BC_YUV420, log), BC_OK);
    memset(frame->image.chroma[0], 128, (size_t)frame->image.chroma_stride_bytes[0] * HEIGHT / 2);
    memset(frame->image.chroma[1], 128, (size_t)frame->image.chroma_stride_bytes[1] * HEIGHT / 2);
    frame->time_base = (bc_rational){1, RATE};
    if (!CHECK_INT(bc_writer_open(&writer, path, frame, NULL, &params), BC_OK))
        exit(1);
    for (bc_status status = BC_OK; status == BC_OK && n < MAX_FRAMES; n++) {
        draw(frame, &random);
        frame->pts = n;
        status = bc_writer_frame(writer, frame);
    }
    CHECK(n < MAX_FRAMES);
    bc_writer_close(&writer);
    bc_frame_unref(&frame);
    return n;
}

static int count_frames(const char *path, const bc_log *log)
{
    bc_reader *reader;
    bc_frame *frame;
    bc_packet *packet;
    int n = 0;
    if (!CHECK_INT(bc_reader_open(&reader, path, &(bc_reader_params){.log = *log}), BC_OK))
        return 0;
    while (bc_reader_read(reader, &frame, &packet) == BC_OK) {
        n += frame != NULL;
        bc_frame_unref(&frame);
        bc_packet_free(&packet);
    }
    bc_reader_close(&reader);
    return n;
}

static void test_kept(const char *name, const bc_log *log)
{
    const int n_written = write_until_full(name, true, log), n_read = count_frames(name, log);
    CHECK(n_written > 4 * RATE);
    if (!CHECK(n_read >= n_written - RATE))
        fprintf(stderr, "    %s: %d of %d frames\n", name, n_read, n_written);
    unlink(name);
}

int main(void)
{
    char message[1024], folder[] = "/tmp/brushcast-partial-XXXXXX";
    const bc_log log = test_log(message);
    bc_media_log(&log); /* what FFmpeg says of cut files is expected */
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = 2000000;
    CHECK(mkdtemp(folder) && chdir(folder) == 0);
    setrlimit(RLIMIT_FSIZE, &limit);
    test_kept("disk.ts", &log);
    test_kept("disk.mkv", &log);
    test_kept("disk.mp4", &log);
    write_until_full("dropped.mkv", false, &log);
    CHECK_INT(rmdir(folder), 0); /* nothing is left */
    return TEST_END();
}
