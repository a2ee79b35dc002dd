/*
 * part.h (private): a file of coded video: what an encoder that was opened for it gave of a film
 * from one time to another, so that it begins with a key frame and needs no other part. It holds
 * packets as they are, in the encoder's time base, with duration, flags and side data, which no
 * container does; how parts become a film is join.h's matter.
 *
 * A file is a head, packets and an end. Numbers are 64 bits, little-endian; the CRC-32 (IEEE,
 * reflected) of all bytes since the last one follows the head, each packet and the end:
 *
 *     head     "brushcast part 1", name of the codec, name of the pixel format (32 bytes each),
 *              width, height, time base (2), delay, bytes of extradata, extradata
 *     packet   1, pts, duration, flags, pieces of side data, bytes; of each piece its kind, its
 *              bytes and itself; the packet
 *     end      0, number of packets, number of places of damage in the source, number of the part
 *              that follows or -1
 *
 * A file is written under a temporary name and renamed when it is whole. What is read is not
 * trusted: sizes are bounded by the file's.
 */
#ifndef BC_MEDIA_PART_H
#define BC_MEDIA_PART_H

#include <libavcodec/avcodec.h>
#include <stdio.h>

#include "brushcast.h"

enum { BC_PART_NAME_SIZE = 32 };

/* What all parts of a film have in common. */
typedef struct bc_part_head {
    char codec[BC_PART_NAME_SIZE], format[BC_PART_NAME_SIZE]; /* as FFmpeg calls them */
    int width, height;
    AVRational time_base;
    int delay; /* frames that the decoder holds back, AVCodecContext's has_b_frames */
    int extradata_size;
    uint8_t *extradata; /* [extradata_size], padded */
} bc_part_head;

/* {0} is closed, of both. */
typedef struct bc_part_writer {
    FILE *file;
    char *temporary; /* its name until it is whole */
    const char *path;
    uint32_t crc;
    int64_t n_packets;
    int64_t n_damaged; /* places in the source that are damaged, for whoever joins: the caller's */
    bc_log log;
} bc_part_writer;

typedef struct bc_part_reader {
    FILE *file;
    const char *path;
    uint32_t crc;
    int64_t size; /* bytes of the file */
    int64_t n_packets;
    bc_part_head head;
    int next;          /* after the end: the part that follows, or -1, */
    int64_t n_damaged; /* and the places that are damaged in its source */
    bc_log log;
} bc_part_reader;

/* `path` stays the caller's and as it is until the part is finished or discarded. */
bc_status bc_part_create(bc_part_writer *part, const char *path, const AVCodecContext *encoder,
                         const bc_log *log);
bc_status bc_part_write(bc_part_writer *part, const AVPacket *packet);
/* The part is whole, and `next` follows. Closes it, on failure too. */
bc_status bc_part_finish(bc_part_writer *part, int next);
void bc_part_discard(bc_part_writer *part);

/* Opens a part and reads its head. `path` stays the caller's until it is closed. */
bc_status bc_part_open(bc_part_reader *part, const char *path, const bc_log *log);
/* The next packet, without a decoding time; BC_END after the last, where the whole file was as it
 * was written; BC_ERR_FORMAT, with a line that names the file, where it was not. */
bc_status bc_part_read(bc_part_reader *part, AVPacket *packet);
/* Back to the first packet. */
bc_status bc_part_rewind(bc_part_reader *part);
void bc_part_close(bc_part_reader *part);

/* What makes it impossible to join two parts: "codec", "size" ...; or NULL. */
const char *bc_part_difference(const bc_part_head *a, const bc_part_head *b);

#endif
