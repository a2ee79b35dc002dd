#include "media/join.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "media/writer_private.h"

typedef struct joint {
    bc_writer *writer;
    const bc_parts *parts;
    const bc_log *log;
    bc_part_head head; /* of the film */
    char *path;        /* of the part at hand */
    bc_part_reader part;
    AVPacket *packet; /* the next picture, where `has_packet` */
    bool has_packet;
    int64_t *times;      /* [n_times], rising: of the last frames before the part, and of its own */
    int n_times, n_room; /* of which some may be left over */
    int n_before;        /* frames before the part, head.delay at most */
    int n_read;          /* of the part's own */
    int64_t n_damaged;   /* places in the source, of the parts so far */
} joint;

/* Times ------------------------------------------------------------------------------------ */

static int compare(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static bc_status add_time(joint *j, int64_t time)
{
    if (j->n_times == j->n_room) {
        const int n_room = 2 * j->n_room + 64;
        int64_t *more = realloc(j->times, (size_t)n_room * sizeof(*more));
        if (!more)
            return bc_fail(j->log, BC_ERR_MEMORY, "%s: no memory", j->path);
        j->times = more;
        j->n_room = n_room;
    }
    j->times[j->n_times++] = time;
    return BC_OK;
}

/* All that decoding times need of what was there. */
static void keep_last_times(joint *j)
{
    const int n_kept = j->n_times < j->head.delay ? j->n_times : j->head.delay;
    if (n_kept > 0)
        memmove(j->times, j->times + j->n_times - n_kept, (size_t)n_kept * sizeof(j->times[0]));
    j->n_times = j->n_before = n_kept;
}

static bc_status read_times(joint *j)
{
    bc_status status = BC_OK;
    keep_last_times(j);
    while (status == BC_OK) {
        status = bc_part_read(&j->part, j->packet);
        if (status == BC_OK)
            status = add_time(j, j->packet->pts);
        av_packet_unref(j->packet);
    }
    if (status != BC_END)
        return status;
    if (j->n_times > j->n_before)
        qsort(j->times + j->n_before, (size_t)(j->n_times - j->n_before), sizeof(j->times[0]),
              compare);
    j->n_read = 0;
    j->n_damaged += j->part.n_damaged;
    return bc_part_rewind(&j->part);
}

/* Of the part's i-th packet. */
static int64_t decoding_time(const joint *j, int i)
{
    const int at = j->n_before + i, delay = j->head.delay;
    if (at >= delay)
        return j->times[at - delay];
    return j->n_times > delay ? j->times[at] - (j->times[delay] - j->times[0])
                              : j->times[0] - (delay - at);
}

/* Parts ------------------------------------------------------------------------------------ */

static void leave_part(joint *j)
{
    bc_part_close(&j->part);
    free(j->path);
    j->path = NULL;
}

static bc_status check_head(const joint *j)
{
    const char *difference = bc_part_difference(&j->part.head, &j->head);
    return difference ? bc_fail(j->log, BC_ERR_MISMATCH, "%s cannot be joined: its %s is another",
                                j->path, difference)
                      : BC_OK;
}

static bc_status enter_part(joint *j, int number)
{
    leave_part(j);
    j->path = bc_parts_path(j->parts, number);
    bc_status status = j->path ? bc_part_open(&j->part, j->path, j->log) : BC_ERR_MEMORY;
    if (status == BC_OK && number > 0)
        status = check_head(j);
    return status == BC_OK ? read_times(j) : status;
}

/* The next picture of the film, if there is one. */
static bc_status read_picture(joint *j)
{
    bc_status status = bc_part_read(&j->part, j->packet);
    while (status == BC_END && j->part.next >= 0) {
        status = enter_part(j, j->part.next);
        if (status == BC_OK)
            status = bc_part_read(&j->part, j->packet);
    }
    j->has_packet = status == BC_OK;
    if (!j->has_packet)
        return status == BC_END ? BC_OK : status;
    j->packet->dts = decoding_time(j, j->n_read++);
    return j->packet->dts <= j->packet->pts
               ? BC_OK
               : bc_fail(j->log, BC_ERR_FORMAT, "%s cannot be joined: its frames are out of order",
                         j->path);
}

/* Film ------------------------------------------------------------------------------------- */

/* The film is what its first part is. */
static bc_status take_head(joint *j)
{
    AVCodecParameters *film = j->writer->video->codecpar;
    const bc_part_head *head = &j->part.head;
    const AVCodecContext *encoder = j->writer->encoder.context;
    const size_t size = (size_t)head->extradata_size + AV_INPUT_BUFFER_PADDING_SIZE;
    if (strcmp(head->codec, avcodec_get_name(film->codec_id)) != 0 || head->width != film->width ||
        head->height != film->height || av_cmp_q(head->time_base, encoder->time_base) != 0)
        return bc_fail(j->log, BC_ERR_MISMATCH, "%s is no part of %s: %s %dx%d, not %s %dx%d",
                       j->path, j->writer->name, head->codec, head->width, head->height,
                       avcodec_get_name(film->codec_id), film->width, film->height);
    j->head = *head;
    j->head.extradata = av_memdup(head->extradata, size);
    if (!j->head.extradata)
        return bc_fail(j->log, BC_ERR_MEMORY, "%s: no memory", j->path);
    if (head->extradata_size == 0)
        return BC_OK;
    av_freep(&film->extradata);
    film->extradata = av_memdup(head->extradata, size);
    film->extradata_size = film->extradata ? head->extradata_size : 0;
    return film->extradata ? BC_OK : bc_fail(j->log, BC_ERR_MEMORY, "%s: no memory", j->path);
}

static bc_status begin(joint *j)
{
    j->packet = av_packet_alloc();
    bc_status status = j->packet ? enter_part(j, 0) : BC_ERR_MEMORY;
    if (status == BC_OK)
        status = take_head(j);
    if (status == BC_OK)
        status = bc_writer_begin(j->writer);
    return status == BC_OK ? read_picture(j) : status;
}

/* All pictures that are decoded no later than the other stream's packet; NULL: all. */
static bc_status write_pictures(joint *j, const AVPacket *other)
{
    const int64_t time = !other                         ? INT64_MAX
                         : other->dts != AV_NOPTS_VALUE ? other->dts
                                                        : other->pts;
    const AVRational time_base = j->head.time_base;
    bc_status status = BC_OK;
    if (time == AV_NOPTS_VALUE)
        return BC_OK;
    while (status == BC_OK && j->has_packet &&
           (!other || av_compare_ts(j->packet->dts, time_base, time, other->time_base) <= 0)) {
        status = bc_writer_coded(j->writer, j->packet);
        if (status == BC_OK)
            status = read_picture(j);
    }
    return status;
}

static bc_status write_all(joint *j, bc_reader *source, bc_status *read)
{
    bc_status status = BC_OK;
    *read = BC_OK;
    while (status == BC_OK && *read == BC_OK) {
        bc_frame *frame = NULL;
        bc_packet *packet = NULL;
        *read = bc_reader_read(source, &frame, &packet);
        bc_frame_unref(&frame);
        if (!packet)
            continue;
        status = write_pictures(j, packet);
        if (status == BC_OK)
            status = bc_writer_packet(j->writer, &packet);
        bc_packet_free(&packet);
    }
    return status == BC_OK && *read != BC_ERR_INTERRUPTED ? write_pictures(j, NULL) : status;
}

bc_status bc_join(bc_writer *writer, bc_reader *source, const bc_parts *parts, bc_status *read,
                  int64_t *n_damaged)
{
    joint j = {.writer = writer, .parts = parts, .log = &writer->params.log};
    bc_status status = begin(&j);
    if (status == BC_OK)
        status = write_all(&j, source, read);
    *n_damaged = j.n_damaged;
    leave_part(&j);
    av_packet_free(&j.packet);
    av_free(j.head.extradata);
    free(j.times);
    return status;
}
