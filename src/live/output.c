#include "live/output.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "live/pipewire.h"
#include "live/way.h"

enum {
    MAX_FRAMES = 8,   /* waiting for the encoder */
    MAX_ITEMS = 1024, /* sound included */
    LOOK_MS = 20,
    REPEAT_MS = 500,               /* after which a camera shows its last frame again: in a pause */
    PEER_PATIENCE_MS = 400,        /* for what is left at the end */
    FILE_IDLE_PATIENCE_MS = 10000, /* for a file that is not worked on: its disk hangs */
    STOP_PATIENCE_MS = 250         /* for a thread that was told to stop */
};

/* A frame with its time, a packet, or what the packets that follow are like. */
typedef struct item {
    bc_output *output;
    int source_number; /* of a packet */
    bc_streams *streams;
    bc_frame *frame;
    int64_t time_us;
    bc_packet *packet;
} item;

struct bc_output {
    bc_output_params params;
    bc_reason reason;
    bc_log log; /* the reason's */
    char *url;
    bc_writer *writer;   /* or NULL, and */
    bc_pipewire *camera; /* takes the frames */
    bc_frame *last;      /* the thread's: that the camera's readers have seen, or NULL */
    bc_queue *queue;     /* item * */
    int source_number;   /* counts the sources that were followed */
    int written_source;  /* the thread's: whose packets the writer takes */
    pthread_t thread;
    bool is_peer;     /* may let wait: opened by the thread */
    int64_t start_us; /* of the source's line: 0 of the output; -1: the first frame says */
    int64_t finish_ns;
    bc_status status; /* the thread's; read after it has ended */
    atomic_int stop;  /* of the writer */
    atomic_int n_waiting;
    atomic_bool is_open, has_failed;
    atomic_llong end_us;
    atomic_ullong n_frames, n_dropped;
};

/* The thread ------------------------------------------------------------------------------- */

static void free_item(void *pointer)
{
    item *it = pointer;
    if (it->frame)
        atomic_fetch_sub(&it->output->n_waiting, 1);
    bc_frame_unref(&it->frame);
    bc_packet_free(&it->packet);
    bc_streams_free(&it->streams);
    free(it);
}

static bc_status write_packet(bc_output *output, int source_number, bc_packet **packet)
{
    int64_t time_us;
    if (source_number != output->written_source || output->start_us < 0 ||
        !bc_packet_time_us(*packet, &time_us) || time_us < output->start_us)
        return BC_OK;
    bc_packet_delay(*packet, -output->start_us);
    return bc_writer_packet(output->writer, packet);
}

static bc_status write_frame(bc_output *output, const bc_frame *frame, int64_t time_us)
{
    bc_frame shifted = *frame; /* to look at: it is no reference */
    if (output->start_us < 0)
        output->start_us = time_us;
    if (time_us < output->start_us)
        return BC_OK;
    shifted.pts = time_us - output->start_us;
    shifted.duration = 0;
    shifted.time_base = (bc_rational){1, 1000000};
    atomic_store(&output->end_us, shifted.pts);
    atomic_fetch_add(&output->n_frames, 1);
    return bc_writer_frame(output->writer, &shifted);
}

static bc_status show_item(bc_output *output, item *it)
{
    if (!it->frame)
        return BC_OK;
    uint64_t n_dropped = 0;
    bc_frame_unref(&output->last);
    output->last = bc_frame_ref(it->frame);
    const bc_status status = bc_pipewire_frame(output->camera, it->frame, &n_dropped);
    atomic_fetch_add(&output->n_frames, 1 - n_dropped);
    atomic_fetch_add(&output->n_dropped, n_dropped);
    return status;
}

/* For whoever has begun to read since; held for nobody else. */
static bc_status show_again(bc_output *output)
{
    uint64_t n_dropped = 0;
    if (output->last && bc_pipewire_is_read(output->camera))
        return bc_pipewire_frame(output->camera, output->last, &n_dropped);
    bc_frame_unref(&output->last);
    return BC_OK;
}

static bc_status write_item(bc_output *output, item *it)
{
    if (it->frame)
        return write_frame(output, it->frame, it->time_us);
    if (it->packet)
        return write_packet(output, it->source_number, &it->packet);
    bc_writer_change_source(output->writer, &it->streams);
    output->written_source = it->source_number;
    return BC_OK;
}

/* NULL: nothing has come for a while. */
static bc_status take(bc_output *output, item *it)
{
    if (!it)
        return show_again(output);
    return output->camera ? show_item(output, it) : write_item(output, it);
}

static void fail(bc_output *output, bc_status status)
{
    if (output->status == BC_OK)
        output->status = status;
    if (status < 0)
        atomic_store(&output->has_failed, true);
}

static void *run(void *arg)
{
    bc_output *output = arg;
    void *pointer;
    if (output->is_peer && output->writer)
        fail(output, bc_writer_begin(output->writer));
    atomic_store(&output->is_open, output->status == BC_OK);
    while (bc_queue_receive_within(output->queue, &pointer, REPEAT_MS * 1000000LL) == BC_OK) {
        if (output->status == BC_OK)
            fail(output, take(output, pointer));
        if (pointer)
            free_item(pointer);
    }
    if (output->status == BC_OK)
        fail(output, output->camera ? bc_pipewire_status(output->camera)
                                    : bc_writer_finish(output->writer));
    return NULL;
}

/* Life ------------------------------------------------------------------------------------- */

static void free_output(bc_output *output)
{
    bc_writer_close(&output->writer);
    bc_pipewire_close(&output->camera);
    bc_frame_unref(&output->last);
    bc_queue_close(&output->queue);
    bc_reason_free(&output->reason);
    free(output->url);
    free(output);
}

static bc_status open_writer(bc_output *output, const bc_way *way)
{
    const bc_writer_params params = {.format = way->format,
                                     .preset = way->preset,
                                     .encoder_options = way->options,
                                     .n_threads = 1,
                                     .overwrite = output->params.overwrite || way->is_peer,
                                     .is_deferred = true,
                                     .keeps_partial = true,
                                     .outlives_source = output->params.outlives_source,
                                     .stop = &output->stop,
                                     .log = output->log};
    const bc_status status =
        bc_live_input_open_writer(output->params.source, &output->writer, output->url, &params);
    return status == BC_OK && !way->is_peer ? bc_writer_begin(output->writer) : status;
}

static bc_status open_camera(bc_output *output, const char *name)
{
    const bc_live_input_state source = bc_live_input_get_state(output->params.source);
    return bc_pipewire_open(
        &output->camera, &(bc_pipewire_params){.name = name,
                                               .width = (int)lround(source.height * source.aspect),
                                               .height = source.height,
                                               .fps = source.fps,
                                               .log = output->log});
}

static bc_status open_end(bc_output *output)
{
    const bc_way way = bc_way_find(output->url);
    output->is_peer = way.is_peer;
    output->start_us = way.is_peer ? -1 : 0;
    atomic_init(&output->is_open, !way.is_peer);
    return way.camera ? open_camera(output, way.camera) : open_writer(output, &way);
}

bc_status bc_output_open(bc_output **output_out, const bc_output_params *params,
                         char reason[BC_REASON_SIZE])
{
    *output_out = NULL;
    if (reason)
        reason[0] = '\0';
    bc_output *output = calloc(1, sizeof(*output));
    if (!output)
        return bc_fail(&params->log, BC_ERR_MEMORY, "%s: out of memory", params->url);
    output->params = *params;
    bc_reason_init(&output->reason, &params->log);
    output->log = bc_reason_log(&output->reason);
    output->url = strdup(params->url);
    bc_status status = output->url ? bc_queue_open(&output->queue, MAX_ITEMS, free_item)
                                   : bc_fail(&output->log, BC_ERR_MEMORY, "out of memory");
    if (status == BC_OK)
        status = open_end(output);
    if (status == BC_OK && pthread_create(&output->thread, NULL, run, output) != 0)
        status = bc_fail(&output->log, BC_ERR_MEMORY, "%s: no thread", params->url);
    if (status < 0 && reason)
        bc_output_reason(output, reason);
    if (status < 0)
        free_output(output);
    else
        *output_out = output;
    return status;
}

void bc_output_start_at(bc_output *output, int64_t line_us)
{
    if (!output->is_peer)
        output->start_us = line_us;
}

void bc_output_finish(bc_output *output)
{
    output->finish_ns = bc_clock_ns();
    bc_queue_finish_sending(output->queue);
    if (output->is_peer && !atomic_load(&output->is_open))
        atomic_store(&output->stop, 1); /* nobody is there */
}

/* True if the thread has ended by then. */
static bool join_within(const bc_output *output, int ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += ms * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    return pthread_timedjoin_np(output->thread, NULL, &until) == 0;
}

/* The processor's time that the thread has had. */
static int64_t work_us(const bc_output *output)
{
    clockid_t clock;
    struct timespec time;
    if (pthread_getcpuclockid(output->thread, &clock) != 0 || clock_gettime(clock, &time) != 0)
        return 0;
    return time.tv_sec * 1000000LL + time.tv_nsec / 1000;
}

/* A file is waited for as long as its thread works, however long that takes: it may be the only
 * copy of what it holds. Nobody but the end of the program waits here with the user. */
static bool join_file(const bc_output *output)
{
    int64_t seen_us = work_us(output);
    for (int idle_ms = 0; idle_ms < FILE_IDLE_PATIENCE_MS; idle_ms += LOOK_MS) {
        if (join_within(output, LOOK_MS))
            return true;
        if (work_us(output) - seen_us > 200) {
            seen_us = work_us(output);
            idle_ms = 0;
        }
    }
    return false;
}

/* A peer has had its time since it was told to finish, also where others were waited for. */
static bool join_peer(const bc_output *output)
{
    bool has_ended = join_within(output, LOOK_MS);
    while (!has_ended && bc_clock_ns() - output->finish_ns < PEER_PATIENCE_MS * 1000000LL)
        has_ended = join_within(output, LOOK_MS);
    return has_ended;
}

/* False: the thread hangs in a write for good. */
static bool join(bc_output *output)
{
    if (output->is_peer ? join_peer(output) : join_file(output))
        return true;
    atomic_store(&output->stop, 1);
    bc_fail(&output->log, BC_ERR_IO, "%s: does not take what is left", output->url);
    return join_within(output, STOP_PATIENCE_MS);
}

/* A thread that hangs is left behind with all it has. */
bc_status bc_output_close(bc_output **output_in, char reason[BC_REASON_SIZE])
{
    bc_output *output = output_in ? *output_in : NULL;
    if (reason)
        reason[0] = '\0';
    if (!output)
        return BC_OK;
    *output_in = NULL;
    if (output->finish_ns == 0)
        bc_output_finish(output);
    const bool has_ended = join(output);
    bc_status status = has_ended ? output->status : BC_ERR_IO;
    if (has_ended && !atomic_load(&output->is_open) && status == BC_ERR_INTERRUPTED)
        bc_fail(&output->log, status, "%s: nobody was at the other end", output->url);
    if (reason)
        bc_output_reason(output, reason);
    if (has_ended)
        free_output(output);
    return status == BC_ERR_INTERRUPTED ? BC_ERR_IO : status;
}

void bc_output_reason(bc_output *output, char text[BC_REASON_SIZE])
{
    bc_reason_get(&output->reason, text);
}

/* Takes what the item holds. */
static void send(bc_output *output, item what)
{
    uint64_t n_dropped = 0;
    item *it = malloc(sizeof(*it));
    if (!it) {
        bc_frame_unref(&what.frame);
        bc_packet_free(&what.packet);
        bc_streams_free(&what.streams);
        return;
    }
    *it = what;
    it->output = output;
    it->source_number = output->source_number;
    if (it->frame)
        atomic_fetch_add(&output->n_waiting, 1);
    if (bc_queue_send_newest(output->queue, it, &n_dropped) != BC_OK)
        free_item(it);
    atomic_fetch_add(&output->n_dropped, n_dropped);
}

/* Somebody is at the other end. */
static bool is_open(const bc_output *output)
{
    return atomic_load(&output->is_open) &&
           (!output->camera || bc_pipewire_is_read(output->camera));
}

static bool has_failed(const bc_output *output)
{
    return atomic_load(&output->has_failed) ||
           (output->camera && bc_pipewire_status(output->camera) < 0);
}

void bc_output_frame(bc_output *output, bc_frame *frame, int64_t time_us)
{
    if (!is_open(output))
        return;
    if (atomic_load(&output->n_waiting) < MAX_FRAMES)
        send(output, (item){.frame = bc_frame_ref(frame), .time_us = time_us});
    else
        atomic_fetch_add(&output->n_dropped, 1);
}

void bc_output_packet(bc_output *output, const bc_live_input *source, const bc_packet *packet)
{
    if (output->camera || source != output->params.source || !is_open(output))
        return;
    bc_packet *copy = bc_packet_copy(packet);
    if (copy)
        send(output, (item){.packet = copy});
}

void bc_output_follow(bc_output *output, const bc_live_input *source, bc_streams *streams)
{
    output->params.source = (bc_live_input *)source;
    output->source_number++;
    if (streams)
        send(output, (item){.streams = streams});
}

bc_output_state bc_output_get_state(bc_output *output)
{
    return (bc_output_state){.is_open = is_open(output),
                             .is_asleep = output->camera && !is_open(output) && !has_failed(output),
                             .has_failed = has_failed(output),
                             .length_us = atomic_load(&output->end_us),
                             .n_frames = atomic_load(&output->n_frames),
                             .n_dropped = atomic_load(&output->n_dropped)};
}

const char *bc_output_url(const bc_output *output)
{
    return output->url;
}
