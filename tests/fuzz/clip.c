/*
 * A clip is untrusted: whatever is in it, it is read from its start and from its middle, and
 * written anew with all its streams, to its end or to an error that a line in the log explains. It
 * never makes the reader or the writer crash, hang or end in silence.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "media/log.h"
#include "media/writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    MAX_FRAMES = 100,
    MAX_PACKETS = 20000, /* of a clip of some hundred kilobytes */
    MAX_PIXELS = 640 * 480,
    START_US = 500000,
};

static int n_errors;

static void count(void *cookie, bc_log_level level, const char *message)
{
    (void)cookie;
    (void)message;
    n_errors += level == BC_LOG_ERROR;
}

static const bc_log messages = {.write = count};

static void expect_line(bc_status status)
{
    if (status < 0 && n_errors == 0)
        abort();
}

static bool is_small(const bc_frame *frame)
{
    return frame->image.width * frame->image.height <= MAX_PIXELS;
}

static bc_status open_writer(bc_writer **writer, const bc_reader *reader)
{
    const bc_writer_params params = {
        .format = "matroska", .codec = "mpeg4", .n_threads = 1, .overwrite = true, .log = messages};
    return bc_writer_open(writer, "/dev/null", bc_reader_first(reader), reader, &params);
}

/* Without a writer: all of it is read, and that is all. */
static bc_status copy(bc_reader *reader, bc_writer *writer)
{
    bc_status status = BC_OK;
    for (int n_frames = 0, n_packets = 0; status == BC_OK && n_frames < MAX_FRAMES;) {
        bc_frame *frame;
        bc_packet *packet;
        status = bc_reader_read(reader, &frame, &packet);
        if (status == BC_OK && ++n_packets > MAX_PACKETS)
            abort();
        n_frames += frame != NULL;
        if (frame && writer && is_small(frame))
            status = bc_writer_frame(writer, frame);
        if (packet && writer)
            status = bc_writer_packet(writer, &packet);
        bc_frame_unref(&frame);
        bc_packet_free(&packet);
    }
    return status;
}

static void read_clip(const char *url, int64_t start_us, bool writes)
{
    const bc_reader_params params = {.n_threads = 1, .start_us = start_us, .log = messages};
    bc_reader *reader;
    bc_writer *writer = NULL;
    n_errors = 0;
    bc_status status = bc_reader_open(&reader, url, &params);
    expect_line(status);
    if (status == BC_OK && writes && is_small(bc_reader_first(reader)))
        status = open_writer(&writer, reader);
    if (status == BC_OK)
        status = copy(reader, writer);
    if (writer && status >= 0)
        status = bc_writer_finish(writer);
    expect_line(status);
    bc_writer_close(&writer);
    bc_reader_close(&reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char url[32];
    const int fd = memfd_create("clip", MFD_CLOEXEC);
    bc_media_log(&messages);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    snprintf(url, sizeof(url), "/proc/self/fd/%d", fd);
    read_clip(url, 0, true);
    read_clip(url, START_US, false);
    close(fd);
    return 0;
}
