/*
 * demux.h (private): the first half of a reader: an opened input, its best video stream, and the
 * packets of all its streams in the order of the file.
 */
#ifndef BC_MEDIA_DEMUX_H
#define BC_MEDIA_DEMUX_H

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/fifo.h>

#include "media/reader.h"
#include "media/timeline.h"

enum { BC_MIN_LATE_US = 100000 }; /* so late a start is no part of the film */

typedef struct bc_demuxer {
    const char *url;
    const bc_reader_params *params; /* both the reader's */
    AVFormatContext *input;
    AVIOContext *pipe; /* what the input reads from, if that is a pipe; or NULL */
    AVStream *video;
    const AVCodec *codec;        /* a decoder for it */
    int64_t zero_us;             /* the input's time where its picture and its sound begin */
    int64_t origin_us;           /* the input's time that becomes 0 */
    bc_timeline timeline;        /* from there on */
    AVFifo *ahead;               /* AVPacket *, read while the start was looked for; or NULL */
    bool has_key_ahead;          /* a key frame from which on the start can be decoded is in it */
    int64_t last_end_us;         /* of what was read, any stream, as the input counts */
    int64_t line_end_us;         /* the same on the line of time */
    int64_t n_packets;           /* of video, so far */
    int64_t first_pts;           /* of them, the earliest that is shown */
    int64_t last_pts;            /* and the latest */
    int64_t first_dts, last_dts; /* of them, in the order of the file; or AV_NOPTS_VALUE */
    bool has_jumped;             /* the input's clock */
    int64_t overlap_us;          /* of wanted sound, left out where it did */
    atomic_int n_complaints;     /* of the input in FFmpeg's log */
    int error;                   /* the last word, AVERROR_EOF mostly; 0 while there is more */
} bc_demuxer;

/* Opens `url` and seeks to where it is to start. {0} but for url and params. */
bc_status bc_demuxer_open(bc_demuxer *demuxer);
/* The part of it that reads what streams there are, and chooses the one to paint and its codec. */
bc_status bc_demuxer_find_video(bc_demuxer *demuxer);
/* The last part: goes to where it is to start; what is read for that is kept ahead. */
bc_status bc_demuxer_seek_to_start(bc_demuxer *demuxer);
void bc_demuxer_start_line(bc_demuxer *demuxer, int64_t beginning_us);
bool bc_demuxer_take_ahead(bc_demuxer *demuxer, AVPacket *packet);
void bc_demuxer_drop_ahead(bc_demuxer *demuxer);
/* Takes a half-open demuxer. */
void bc_demuxer_close(bc_demuxer *demuxer);

/*
 * True for a packet, whose times are moved to the one line of time of all streams, from the
 * reader's 0 on; false if there is none now, or at the end, where `error` is set.
 */
bool bc_demuxer_read(bc_demuxer *demuxer, AVPacket *packet);
/* The same without what was read while the start was looked for. */
bool bc_demuxer_read_placed(bc_demuxer *demuxer, AVPacket *packet);
/* No more is wanted of the input. */
void bc_demuxer_end(bc_demuxer *demuxer);
/* Whether what was read lies so far behind the wanted duration that no more can belong to it. */
bool bc_demuxer_is_beyond(const bc_demuxer *demuxer);

/* The picture and the sound that belongs to it do; other programmes and data do not. */
bool bc_demuxer_tells_time(const bc_demuxer *demuxer, const AVStream *stream);

static inline int64_t bc_demuxer_time_of(const AVPacket *packet)
{
    return packet->pts != AV_NOPTS_VALUE ? packet->pts : packet->dts;
}

/* Whether a packet of another stream than the video lies inside of what is wanted. */
bool bc_demuxer_wants(const bc_demuxer *demuxer, const AVPacket *packet);
/* Times on the line against what is wanted. */
bool bc_demuxer_is_before(const bc_demuxer *demuxer, int64_t pts);
bool bc_demuxer_is_after(const bc_demuxer *demuxer, int64_t pts, AVRational time_base);

/* How long the last packet of video lasts if an index says so, after it was read; or 0. */
int64_t bc_demuxer_last_duration(const bc_demuxer *demuxer);
/* Where the video ends if its index says that this is its last frame; or AV_NOPTS_VALUE. */
int64_t bc_demuxer_end_after(const bc_demuxer *demuxer, int64_t pts);
/* The duration of a frame, but not beyond the end that stream or header declare. The index of an
 * mp4 says nothing about that: it counts the times of decoding. */
int64_t bc_demuxer_shorten(const bc_demuxer *demuxer, int64_t pts, int64_t duration);
/* Where the input's header says that all of it ends, on the line; or AV_NOPTS_VALUE. */
int64_t bc_demuxer_end_us(const bc_demuxer *demuxer);

/* Whether the user asked to stop. */
bool bc_demuxer_is_stopped(const bc_demuxer *demuxer);
/* After the end, once: BC_END, or why the input ended before its time, with a line that says so;
 * and another one for sound that was left out. */
bc_status bc_demuxer_status(const bc_demuxer *demuxer);

#endif
