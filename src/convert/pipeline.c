#include "convert/pipeline.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/queue.h"
#include "media/convert.h"

enum {
    N_PARCELS = 6, /* one in each stage's hands, and one waiting before each */
    MAX_PACKETS = 64,
};

struct parcel {
    bc_frame *frame; /* NULL: packets only */
    bc_packet *packets[MAX_PACKETS];
    int n_packets;
    bc_frame *rgb, *painting; /* the parcel's own, NULL until something has to be painted */
};

typedef struct pipeline {
    const bc_pipeline_params *params;
    bc_queue *idle, *read, *painted; /* of parcels: empty ones, and after each stage */
    bc_converter *converter;
    int width, height; /* to paint at */
    struct parcel parcels[N_PARCELS];
    bc_frame *next_mask;
    bool has_mask;
    bool has_painted;   /* the first frame begins a scene */
    bc_status painting; /* why it ended early, or BC_OK */
    bc_pipeline_result result;
} pipeline;

static void keep_parcel(void *item)
{
    (void)item; /* the pipeline owns them all */
}

/* Parcels ---------------------------------------------------------------------------------- */

static int scaled(int size, double scale)
{
    const int result = (int)lround(size * scale);
    return result < 1 ? 1 : result > BC_MAX_SIZE ? BC_MAX_SIZE : result;
}

/* The size to paint at: that of the first frame, scaled. */
static void choose_size(pipeline *p)
{
    const bc_pipeline_params *params = p->params;
    const bc_reader_info *info = bc_reader_info_of(params->reader);
    p->width = scaled(info->width, params->scale);
    p->height = scaled(info->height, params->scale);
}

static bool has_planes(const pipeline *p, const bc_frame *frame)
{
    return frame->image.pixels && frame->image.width == p->width &&
           frame->image.height == p->height;
}

/* What a painter takes of the parcel's frame. */
static const bc_image *source_of(const pipeline *p, const struct parcel *parcel)
{
    return has_planes(p, parcel->frame) ? &parcel->frame->image : &parcel->rgb->image;
}

static void empty(struct parcel *parcel)
{
    bc_frame_unref(&parcel->frame);
    for (int i = 0; i < parcel->n_packets; i++)
        bc_packet_free(&parcel->packets[i]);
    parcel->n_packets = 0;
}

static void close_all(pipeline *p)
{
    bc_queue_close(&p->idle);
    bc_queue_close(&p->read);
    bc_queue_close(&p->painted);
    bc_converter_close(&p->converter);
    for (int i = 0; i < N_PARCELS; i++) {
        empty(&p->parcels[i]);
        bc_frame_unref(&p->parcels[i].rgb);
        bc_frame_unref(&p->parcels[i].painting);
    }
    bc_frame_unref(&p->next_mask);
}

static bc_status open_all(pipeline *p)
{
    bc_status status = bc_queue_open(&p->idle, N_PARCELS, keep_parcel);
    if (status == BC_OK)
        status = bc_queue_open(&p->read, N_PARCELS, keep_parcel);
    if (status == BC_OK)
        status = bc_queue_open(&p->painted, N_PARCELS, keep_parcel);
    if (status == BC_OK)
        status = bc_converter_open(&p->converter, p->params->n_threads, &p->params->log);
    choose_size(p);
    for (int i = 0; i < N_PARCELS && status == BC_OK; i++)
        status = bc_queue_send(p->idle, &p->parcels[i]);
    return status;
}

/* Adds the time since *start_ns, which moves on to now. */
static void add_time(pipeline *p, bc_pipeline_part part, int64_t *start_ns)
{
    const int64_t now_ns = bc_clock_ns();
    p->result.part_ns[part] += now_ns - *start_ns;
    *start_ns = now_ns;
}

/* Stages ----------------------------------------------------------------------------------- */

/* The frame's pixels as RGB, unless its own planes will do. */
static bc_status convert(pipeline *p, struct parcel *parcel)
{
    bc_status status = BC_OK;
    if (!p->params->painter || has_planes(p, parcel->frame))
        return BC_OK;
    if (!parcel->rgb)
        status = bc_frame_alloc(&parcel->rgb, p->width, p->height, BC_RGB24, &p->params->log);
    return status < 0 ? status : bc_converter_run(p->converter, parcel->frame, &parcel->rgb->image);
}

static bc_status fill(pipeline *p, struct parcel *parcel)
{
    bc_status status = BC_OK;
    int64_t clock_ns = bc_clock_ns();
    while (status == BC_OK && !parcel->frame && parcel->n_packets < MAX_PACKETS) {
        bc_packet *packet = NULL;
        status = bc_reader_read(p->params->reader, &parcel->frame, &packet);
        if (packet)
            parcel->packets[parcel->n_packets++] = packet;
    }
    add_time(p, BC_PART_DECODE, &clock_ns);
    if (status == BC_OK && parcel->frame)
        status = convert(p, parcel);
    add_time(p, BC_PART_CONVERT, &clock_ns);
    if (status != BC_OK)
        bc_frame_unref(&parcel->frame);
    return status;
}

static void *read_all(void *arg)
{
    pipeline *p = arg;
    bc_status status = BC_OK;
    void *item;
    while (status == BC_OK && bc_queue_receive(p->idle, &item) == BC_OK) {
        status = fill(p, item);
        if (bc_queue_send(p->read, item) != BC_OK)
            break;
    }
    p->result.read = status;
    bc_queue_finish_sending(p->read);
    return NULL;
}

static bc_status paint_frame(pipeline *p, struct parcel *parcel)
{
    if (!parcel->frame || !p->params->painter)
        return BC_OK;
    const bc_status status =
        bc_mixer_prepare(p->params->mixer, p->width, p->height, &parcel->painting);
    if (status < 0)
        return status;
    const unsigned flags = p->has_painted ? 0 : BC_PAINT_CUT;
    p->has_painted = true;
    return bc_painter_run(p->params->painter, source_of(p, parcel), &parcel->painting->image,
                          bc_frame_time_us(parcel->frame), flags);
}

static bc_status paint(pipeline *p, struct parcel *parcel)
{
    int64_t clock_ns = bc_clock_ns();
    const bc_status status = paint_frame(p, parcel);
    add_time(p, BC_PART_PAINT, &clock_ns);
    return status;
}

static void *paint_all(void *arg)
{
    pipeline *p = arg;
    void *item;
    while (bc_queue_receive(p->read, &item) == BC_OK) {
        p->painting = paint(p, item);
        if (p->painting < 0 || bc_queue_send(p->painted, item) != BC_OK)
            break;
    }
    bc_queue_finish_receiving(p->read);
    bc_queue_finish_sending(p->painted);
    return NULL;
}

/* The mask's last frame that is not later than the frame; its last one stays to the end. */
static bc_status update_mask(pipeline *p, const bc_frame *frame)
{
    const int64_t now_us = bc_frame_time_us(frame);
    bc_status status = BC_OK;
    while (p->params->mask && status == BC_OK) {
        if (p->next_mask) {
            if (p->has_mask && bc_frame_time_us(p->next_mask) > now_us)
                return BC_OK;
            status = bc_mixer_set_mask(p->params->mixer, p->next_mask);
            p->has_mask = true;
            bc_frame_unref(&p->next_mask);
            if (status < 0)
                return status;
        }
        bc_packet *packet = NULL;
        if (bc_reader_read(p->params->mask, &p->next_mask, &packet) != BC_OK)
            return BC_OK;
        bc_packet_free(&packet);
    }
    return status;
}

static bc_status write_frame(pipeline *p, const struct parcel *parcel)
{
    const bc_pipeline_params *params = p->params;
    bc_frame *mixed = NULL;
    int64_t clock_ns = bc_clock_ns();
    bc_status status = update_mask(p, parcel->frame);
    if (status == BC_OK)
        status = bc_mixer_run(params->mixer, parcel->frame, parcel->painting, &params->mix, &mixed);
    add_time(p, BC_PART_MIX, &clock_ns);
    if (status == BC_OK)
        status = bc_writer_frame(params->writer, mixed);
    bc_frame_unref(&mixed);
    add_time(p, BC_PART_ENCODE, &clock_ns);
    if (status < 0)
        return status;
    const int64_t time_us = bc_frame_time_us(parcel->frame);
    p->result.n_frames++;
    p->result.end_us = time_us == BC_NO_PTS ? p->result.end_us : time_us;
    bc_progress_add(params->progress, p->result.end_us);
    return BC_OK;
}

static bc_status write_parcel(pipeline *p, struct parcel *parcel)
{
    bc_status status = BC_OK;
    for (int i = 0; i < parcel->n_packets && status == BC_OK; i++)
        status = bc_writer_packet(p->params->writer, &parcel->packets[i]);
    return status == BC_OK && parcel->frame ? write_frame(p, parcel) : status;
}

static void write_all(pipeline *p)
{
    void *item;
    while (p->result.write == BC_OK && bc_queue_receive(p->painted, &item) == BC_OK) {
        p->result.write = write_parcel(p, item);
        empty(item);
        bc_queue_send(p->idle, item);
    }
    bc_queue_finish_receiving(p->painted);
    bc_queue_finish_sending(p->idle);
}

/* One thread does it all, so that the conversion takes one processor and no more. */
static bc_status run_in_turn(pipeline *p)
{
    struct parcel *parcel = &p->parcels[0];
    p->result.read = BC_OK;
    while (p->result.read == BC_OK && p->result.write == BC_OK) {
        p->result.read = fill(p, parcel);
        p->result.write = paint(p, parcel);
        if (p->result.write == BC_OK)
            p->result.write = write_parcel(p, parcel);
        empty(parcel);
    }
    return p->result.write;
}

/* The calling thread is the last stage. */
static bc_status run_threads(pipeline *p)
{
    pthread_t reader, painter;
    if (pthread_create(&reader, NULL, read_all, p) != 0)
        return bc_fail(&p->params->log, BC_ERR_MEMORY, "cannot start a thread");
    const bool has_painter = pthread_create(&painter, NULL, paint_all, p) == 0;
    if (has_painter) {
        write_all(p);
        pthread_join(painter, NULL);
    } else {
        bc_queue_finish_receiving(p->read);
        bc_queue_finish_sending(p->idle);
    }
    pthread_join(reader, NULL);
    if (!has_painter)
        return bc_fail(&p->params->log, BC_ERR_MEMORY, "cannot start a thread");
    return p->result.write < 0 ? p->result.write : p->painting;
}

bc_pipeline_result bc_pipeline_run(const bc_pipeline_params *params)
{
    pipeline p = {.params = params, .result = {.read = BC_END}};
    p.result.write = open_all(&p);
    if (p.result.write == BC_OK)
        p.result.write = params->n_threads == 1 ? run_in_turn(&p) : run_threads(&p);
    close_all(&p);
    return p.result;
}
