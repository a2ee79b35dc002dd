#include "media/part.h"

#include <errno.h>
#include <libavutil/crc.h>
#include <libavutil/intreadwrite.h>
#include <libavutil/pixdesc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/temporary.h"

enum { IS_END, IS_PACKET, NUMBER_SIZE = 8, MAX_SIDE_DATA = 64 };

static const char magic[] = "brushcast part 1";

static uint32_t add_to_crc(uint32_t crc, const void *bytes, size_t size)
{
    return av_crc(av_crc_get_table(AV_CRC_32_IEEE_LE), crc, bytes, size);
}

/* Writing ---------------------------------------------------------------------------------- */

static void put(bc_part_writer *part, const void *bytes, size_t size)
{
    if (size == 0)
        return;
    part->crc = add_to_crc(part->crc, bytes, size);
    fwrite(bytes, 1, size, part->file);
}

static void put_number(bc_part_writer *part, int64_t number)
{
    uint8_t bytes[NUMBER_SIZE];
    AV_WL64(bytes, (uint64_t)number);
    put(part, bytes, sizeof(bytes));
}

static void put_name(bc_part_writer *part, const char *name)
{
    char bytes[BC_PART_NAME_SIZE] = "";
    snprintf(bytes, sizeof(bytes), "%s", name);
    put(part, bytes, sizeof(bytes));
}

static bc_status put_crc(bc_part_writer *part)
{
    put_number(part, part->crc);
    part->crc = 0;
    return ferror(part->file)
               ? bc_fail(&part->log, BC_ERR_IO, "cannot write %s: %s", part->path, strerror(errno))
               : BC_OK;
}

static bc_status put_head(bc_part_writer *part, const AVCodecContext *encoder)
{
    put(part, magic, sizeof(magic) - 1);
    put_name(part, avcodec_get_name(encoder->codec_id));
    put_name(part, av_get_pix_fmt_name(encoder->pix_fmt));
    put_number(part, encoder->width);
    put_number(part, encoder->height);
    put_number(part, encoder->time_base.num);
    put_number(part, encoder->time_base.den);
    put_number(part, encoder->has_b_frames);
    put_number(part, encoder->extradata_size);
    put(part, encoder->extradata, (size_t)encoder->extradata_size);
    return put_crc(part);
}

bc_status bc_part_create(bc_part_writer *part, const char *path, const AVCodecContext *encoder,
                         const bc_log *log)
{
    *part = (bc_part_writer){.path = path, .log = *log};
    const int fd = bc_temporary_create(&part->temporary, path);
    part->file = fd >= 0 ? fdopen(fd, "wb") : NULL;
    if (part->file)
        return put_head(part, encoder);
    const int reason = errno;
    if (fd >= 0)
        close(fd);
    bc_part_discard(part);
    return bc_fail(log, BC_ERR_IO, "cannot write %s: %s", path, strerror(reason));
}

bc_status bc_part_write(bc_part_writer *part, const AVPacket *packet)
{
    put_number(part, IS_PACKET);
    put_number(part, packet->pts);
    put_number(part, packet->duration);
    put_number(part, packet->flags);
    put_number(part, packet->side_data_elems);
    put_number(part, packet->size);
    for (int i = 0; i < packet->side_data_elems; i++) {
        const AVPacketSideData *piece = &packet->side_data[i];
        put_number(part, piece->type);
        put_number(part, (int64_t)piece->size);
        put(part, piece->data, piece->size);
    }
    put(part, packet->data, (size_t)packet->size);
    part->n_packets++;
    return put_crc(part);
}

bc_status bc_part_finish(bc_part_writer *part, int next)
{
    put_number(part, IS_END);
    put_number(part, part->n_packets);
    put_number(part, part->n_damaged);
    put_number(part, next);
    bc_status status = put_crc(part);
    const bool is_closed = fclose(part->file) == 0;
    part->file = NULL;
    if (status == BC_OK && (!is_closed || rename(part->temporary, part->path) != 0))
        status = bc_fail(&part->log, BC_ERR_IO, "cannot write %s: %s", part->path, strerror(errno));
    if (status == BC_OK) {
        free(part->temporary);
        part->temporary = NULL;
    }
    bc_part_discard(part);
    return status;
}

void bc_part_discard(bc_part_writer *part)
{
    if (part->file)
        fclose(part->file);
    if (part->temporary)
        unlink(part->temporary);
    free(part->temporary);
    *part = (bc_part_writer){0};
}

/* Reading ---------------------------------------------------------------------------------- */

static bool get(bc_part_reader *part, void *bytes, size_t size)
{
    if (size > 0 && fread(bytes, 1, size, part->file) != size)
        return false;
    part->crc = size > 0 ? add_to_crc(part->crc, bytes, size) : part->crc;
    return true;
}

static bool get_number(bc_part_reader *part, int64_t low, int64_t high, int64_t *number)
{
    uint8_t bytes[NUMBER_SIZE];
    if (!get(part, bytes, sizeof(bytes)))
        return false;
    *number = (int64_t)AV_RL64(bytes);
    return *number >= low && *number <= high;
}

static bool get_int(bc_part_reader *part, int low, int high, int *value)
{
    int64_t number;
    const bool is_good = get_number(part, low, high, &number);
    *value = is_good ? (int)number : 0;
    return is_good;
}

static bool get_name(bc_part_reader *part, char name[BC_PART_NAME_SIZE])
{
    return get(part, name, BC_PART_NAME_SIZE) && memchr(name, '\0', BC_PART_NAME_SIZE);
}

static bool get_crc(bc_part_reader *part)
{
    const uint32_t crc = part->crc;
    int64_t written;
    const bool is_good = get_number(part, 0, UINT32_MAX, &written) && written == crc;
    part->crc = 0;
    return is_good;
}

static int largest(const bc_part_reader *part)
{
    const int64_t most = INT32_MAX - AV_INPUT_BUFFER_PADDING_SIZE;
    return (int)(part->size < most ? part->size : most);
}

static bool get_head(bc_part_reader *part)
{
    bc_part_head *head = &part->head;
    char start[sizeof(magic) - 1];
    if (!get(part, start, sizeof(start)) || memcmp(start, magic, sizeof(start)) != 0 ||
        !get_name(part, head->codec) || !get_name(part, head->format) ||
        !get_int(part, 1, BC_MAX_SIZE, &head->width) ||
        !get_int(part, 1, BC_MAX_SIZE, &head->height) ||
        !get_int(part, 1, INT32_MAX, &head->time_base.num) ||
        !get_int(part, 1, INT32_MAX, &head->time_base.den) ||
        !get_int(part, 0, INT16_MAX, &head->delay) ||
        !get_int(part, 0, largest(part), &head->extradata_size))
        return false;
    free(head->extradata);
    head->extradata = calloc(1, (size_t)head->extradata_size + AV_INPUT_BUFFER_PADDING_SIZE);
    return head->extradata && get(part, head->extradata, (size_t)head->extradata_size) &&
           get_crc(part);
}

static bc_status fail_damaged(const bc_part_reader *part)
{
    return bc_fail(&part->log, BC_ERR_FORMAT, "%s is damaged", part->path);
}

bc_status bc_part_open(bc_part_reader *part, const char *path, const bc_log *log)
{
    struct stat properties;
    *part = (bc_part_reader){.path = path, .log = *log, .next = -1};
    part->file = fopen(path, "rbe");
    if (!part->file || fstat(fileno(part->file), &properties) != 0) {
        const int reason = errno;
        bc_part_close(part);
        return bc_fail(log, BC_ERR_IO, "cannot read %s: %s", path, strerror(reason));
    }
    part->size = properties.st_size;
    if (get_head(part))
        return BC_OK;
    const bc_status status = fail_damaged(part);
    bc_part_close(part);
    return status;
}

bc_status bc_part_rewind(bc_part_reader *part)
{
    rewind(part->file);
    part->crc = 0;
    part->n_packets = 0;
    return get_head(part) ? BC_OK : fail_damaged(part);
}

void bc_part_close(bc_part_reader *part)
{
    if (part->file)
        fclose(part->file);
    free(part->head.extradata);
    *part = (bc_part_reader){0};
}

static bool get_side_data(bc_part_reader *part, AVPacket *packet, int n_pieces)
{
    for (int i = 0; i < n_pieces; i++) {
        int kind, size;
        if (!get_int(part, 0, INT16_MAX, &kind) || !get_int(part, 0, largest(part), &size))
            return false;
        uint8_t *bytes =
            av_packet_new_side_data(packet, (enum AVPacketSideDataType)kind, (size_t)size);
        if (!bytes || !get(part, bytes, (size_t)size))
            return false;
    }
    return true;
}

static bool get_packet(bc_part_reader *part, AVPacket *packet)
{
    int n_pieces, size, flags;
    int64_t pts, duration;
    if (!get_number(part, INT64_MIN, INT64_MAX, &pts) ||
        !get_number(part, 0, INT64_MAX, &duration) || !get_int(part, 0, INT32_MAX, &flags) ||
        !get_int(part, 0, MAX_SIDE_DATA, &n_pieces) || !get_int(part, 0, largest(part), &size) ||
        av_new_packet(packet, size) < 0)
        return false;
    packet->pts = pts;
    packet->duration = duration;
    packet->flags = flags;
    part->n_packets++;
    return get_side_data(part, packet, n_pieces) && get(part, packet->data, (size_t)size) &&
           get_crc(part);
}

static bool get_end(bc_part_reader *part)
{
    int64_t n_packets;
    return get_number(part, part->n_packets, part->n_packets, &n_packets) &&
           get_number(part, 0, INT64_MAX, &part->n_damaged) &&
           get_int(part, -1, INT32_MAX, &part->next) && get_crc(part) && fgetc(part->file) == EOF;
}

bc_status bc_part_read(bc_part_reader *part, AVPacket *packet)
{
    int kind;
    const bool is_known = get_int(part, IS_END, IS_PACKET, &kind);
    if (is_known && kind == IS_END && get_end(part))
        return BC_END;
    if (is_known && kind == IS_PACKET && get_packet(part, packet))
        return BC_OK;
    av_packet_unref(packet);
    return fail_damaged(part);
}

const char *bc_part_difference(const bc_part_head *a, const bc_part_head *b)
{
    if (strcmp(a->codec, b->codec) != 0)
        return "codec";
    if (strcmp(a->format, b->format) != 0)
        return "pixel format";
    if (a->width != b->width || a->height != b->height)
        return "size";
    if (av_cmp_q(a->time_base, b->time_base) != 0)
        return "time base";
    if (a->delay != b->delay)
        return "order of frames";
    const bool is_same = a->extradata_size == b->extradata_size &&
                         memcmp(a->extradata, b->extradata, (size_t)a->extradata_size) == 0;
    return is_same ? NULL : "encoder's header";
}
