/*
 * demux.h (private): the first half of a reader: an opened input, its best video stream, and the
 * packets of all its streams in the order of the file.
 */
#ifndef BC_MEDIA_DEMUX_H
#define BC_MEDIA_DEMUX_H

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#include "media/reader.h"

typedef struct bc_demuxer {
    const char *url;
    const bc_reader_params *params; /* both the reader's */
    AVFormatContext *input;
    AVIOContext *pipe; /* what the input reads from, if that is a pipe; or NULL */
    AVStream *video;
    const AVCodec *codec; /* a decoder for it */
    int64_t origin_us;    /* the input's time that becomes 0 */
    int64_t last_end_us;  /* of what was read, any stream, as the input counts */
    int64_t n_packets;    /* of video, so far */
    int64_t first_pts;    /* of them, the earliest that is shown, as the input counts */
    int64_t last_pts;     /* and the latest */
    int error;            /* the last word, AVERROR_EOF mostly; 0 while there is more */
} bc_demuxer;

/* Opens `url` and seeks to where it is to start. {0} but for url and params. */
bc_status bc_demuxer_open(bc_demuxer *demuxer);
/* Takes a half-open demuxer. */
void bc_demuxer_close(bc_demuxer *demuxer);

/* True for a packet; false if there is none now, or at the end, where `error` is set. */
bool bc_demuxer_read(bc_demuxer *demuxer, AVPacket *packet);
/* No more is wanted of the input. */
void bc_demuxer_end(bc_demuxer *demuxer);
/* Whether what was read lies so far behind the wanted duration that no more can belong to it. */
bool bc_demuxer_is_beyond(const bc_demuxer *demuxer);

/* Moves the packet to the reader's 0; false if it lies outside of what is wanted. */
bool bc_demuxer_shift(const bc_demuxer *demuxer, AVPacket *packet);
/* The input's time that becomes 0. */
int64_t bc_demuxer_origin(const bc_demuxer *demuxer, AVRational time_base);
/* Times on the reader's clock against what is wanted. */
bool bc_demuxer_is_before(const bc_demuxer *demuxer, int64_t pts);
bool bc_demuxer_is_after(const bc_demuxer *demuxer, int64_t pts, AVRational time_base);

/* Where the video ends, as the input counts, if its index says that this is its last frame; or
 * AV_NOPTS_VALUE. */
int64_t bc_demuxer_end_after(const bc_demuxer *demuxer, int64_t pts);

/* Whether the user asked to stop. */
bool bc_demuxer_is_stopped(const bc_demuxer *demuxer);
/* After the end: BC_END, or why the input ended before its time, with a line that says so. */
bc_status bc_demuxer_status(const bc_demuxer *demuxer);

#endif
