#include "app/output.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"

enum {
    MAX_FRAMES = 8,   /* waiting for the encoder */
    MAX_ITEMS = 1024, /* sound included */
    FILE_PATIENCE_S = 10,
    PEER_PATIENCE_S = 1
};

typedef struct item {
    bc_frame *frame;
    bc_packet *packet;
} item;

struct bc_output {
    bc_output_params params;
    char *url;
    bc_writer *writer;
    bc_queue *queue; /* item * */
    pthread_t thread;
    bool is_running, is_peer;
    bc_status status; /* the thread's; read after it has ended */
    atomic_int n_waiting;
    atomic_bool has_failed;
    atomic_llong end_us;
    atomic_ullong n_frames, n_dropped;
};

/* How to write ----------------------------------------------------------------------------- */

/* What live pictures need: encoders that keep up, and peers that get every frame at once. */
static const struct way {
    const char *prefix, *ending;
    const char *format, *preset, *options;
    bool is_peer;
} ways[] = {
    {"/dev/video", NULL, "v4l2", NULL, NULL, true},
    {"rtmp:", NULL, "flv", "veryfast", "tune=zerolatency", true},
    {"udp:", NULL, "mpegts", "veryfast", "tune=zerolatency", true},
    {"tcp:", NULL, "mpegts", "veryfast", "tune=zerolatency", true},
    {"srt:", NULL, "mpegts", "veryfast", "tune=zerolatency", true},
    {NULL, ".webm", NULL, NULL, "deadline=realtime:cpu-used=8", false},
    {NULL, ".mp4", NULL, "veryfast", NULL, false},
    {NULL, ".m4v", NULL, "veryfast", NULL, false},
    {NULL, ".mov", NULL, "veryfast", NULL, false},
    {NULL, ".mkv", NULL, "veryfast", NULL, false},
    {NULL, ".ts", NULL, "veryfast", NULL, false},
    {NULL, ".flv", NULL, "veryfast", NULL, false},
};

static bool ends_with(const char *text, const char *ending)
{
    const size_t length = strlen(text), tail = strlen(ending);
    return length >= tail && strcmp(text + length - tail, ending) == 0;
}

static struct way find_way(const char *url)
{
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        const struct way *way = &ways[i];
        if (way->prefix ? strncmp(url, way->prefix, strlen(way->prefix)) == 0
                        : ends_with(url, way->ending))
            return *way;
    }
    return (struct way){0};
}

/* The thread ------------------------------------------------------------------------------- */

static void free_item(void *pointer)
{
    item *it = pointer;
    bc_frame_unref(&it->frame);
    bc_packet_free(&it->packet);
    free(it);
}

static bc_status write_item(bc_output *output, item *it)
{
    const int64_t start_us = output->params.start_us;
    if (it->packet) {
        const int64_t time_us = bc_packet_time_us(it->packet);
        if (time_us < start_us)
            return BC_OK;
        bc_packet_delay(it->packet, -start_us);
        return bc_writer_packet(output->writer, &it->packet);
    }
    bc_frame shifted = *it->frame; /* to look at: it is no reference */
    if (shifted.pts < start_us)
        return BC_OK;
    shifted.pts -= start_us;
    atomic_store(&output->end_us, shifted.pts);
    atomic_fetch_add(&output->n_frames, 1);
    return bc_writer_frame(output->writer, &shifted);
}

static void *run(void *arg)
{
    bc_output *output = arg;
    void *pointer;
    while (bc_queue_receive(output->queue, &pointer) == BC_OK) {
        item *it = pointer;
        if (it->frame)
            atomic_fetch_sub(&output->n_waiting, 1);
        if (output->status == BC_OK)
            output->status = write_item(output, it);
        if (output->status != BC_OK)
            atomic_store(&output->has_failed, true);
        free_item(it);
    }
    const bc_status finished = bc_writer_finish(output->writer);
    if (output->status == BC_OK)
        output->status = finished;
    return NULL;
}

/* Life ------------------------------------------------------------------------------------- */

static void free_output(bc_output *output)
{
    bc_writer_close(&output->writer);
    bc_queue_close(&output->queue);
    free(output->url);
    free(output);
}

static bc_status open_writer(bc_output *output)
{
    const struct way way = find_way(output->url);
    output->is_peer = way.is_peer;
    const bc_writer_params params = {.format = way.format,
                                     .preset = way.preset,
                                     .encoder_options = way.options,
                                     .n_threads = 1,
                                     .overwrite = output->params.overwrite || way.is_peer,
                                     .log = output->params.log};
    return bc_source_open_writer(output->params.source, &output->writer, output->url, &params);
}

bc_status bc_output_open(bc_output **output_out, const bc_output_params *params)
{
    *output_out = NULL;
    bc_output *output = calloc(1, sizeof(*output));
    if (!output)
        return bc_fail(&params->log, BC_ERR_MEMORY, "%s: out of memory", params->url);
    output->params = *params;
    output->url = strdup(params->url);
    bc_status status = output->url ? bc_queue_open(&output->queue, MAX_ITEMS, free_item)
                                   : bc_fail(&params->log, BC_ERR_MEMORY, "out of memory");
    if (status == BC_OK)
        status = open_writer(output);
    if (status == BC_OK) {
        output->is_running = pthread_create(&output->thread, NULL, run, output) == 0;
        if (!output->is_running)
            status = bc_fail(&params->log, BC_ERR_MEMORY, "%s: no thread", params->url);
    }
    if (status < 0)
        free_output(output);
    else
        *output_out = output;
    return status;
}

/* A thread that hangs in a write to a dead peer is left behind with all it has. */
bc_status bc_output_close(bc_output **output_in)
{
    bc_output *output = output_in ? *output_in : NULL;
    if (!output)
        return BC_OK;
    *output_in = NULL;
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += output->is_peer ? PEER_PATIENCE_S : FILE_PATIENCE_S;
    bc_queue_finish_sending(output->queue);
    if (pthread_timedjoin_np(output->thread, NULL, &until) != 0)
        return bc_fail(&output->params.log, BC_ERR_IO, "%s: does not take what is left",
                       output->url);
    const bc_status status = output->status;
    free_output(output);
    return status;
}

static void send(bc_output *output, item it)
{
    uint64_t n_dropped = 0;
    item *copy = malloc(sizeof(*copy));
    if (copy)
        *copy = it;
    if (!copy || bc_queue_send_newest(output->queue, copy, &n_dropped) != BC_OK) {
        free(copy);
        bc_frame_unref(&it.frame);
        bc_packet_free(&it.packet);
    }
    atomic_fetch_add(&output->n_dropped, n_dropped);
}

void bc_output_frame(bc_output *output, bc_frame *frame)
{
    if (atomic_load(&output->n_waiting) >= MAX_FRAMES) {
        atomic_fetch_add(&output->n_dropped, 1);
        return;
    }
    atomic_fetch_add(&output->n_waiting, 1);
    send(output, (item){.frame = bc_frame_ref(frame)});
}

void bc_output_packet(bc_output *output, const bc_source *source, const bc_packet *packet)
{
    if (source != output->params.source)
        return;
    bc_packet *copy = bc_packet_copy(packet);
    if (copy)
        send(output, (item){.packet = copy});
}

bc_output_state bc_output_get_state(bc_output *output)
{
    return (bc_output_state){.has_failed = atomic_load(&output->has_failed),
                             .length_us = atomic_load(&output->end_us),
                             .n_frames = atomic_load(&output->n_frames),
                             .n_dropped = atomic_load(&output->n_dropped)};
}

const char *bc_output_url(const bc_output *output)
{
    return output->url;
}
