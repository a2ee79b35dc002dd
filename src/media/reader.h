/*
 * reader.h: opens whatever FFmpeg opens (files, pictures, URLs, devices, `lavfi` graphs) and gives
 * the frames of its best video stream in order of presentation, and the packets of all other
 * streams as they come. It knows nothing about styles.
 *
 * Frames are native (frame.h) and as people should see them: whole where they come as two fields,
 * turned upright, tone-mapped to standard range where the stream is HDR and that is not to be kept.
 * Times are those of the input, exactly, in the stream's own time base, but moved to one line from
 * 0 for all streams: with `start_us` the start becomes 0, an input whose clock starts anywhere
 * begins at 0, and where it begins anew, jumps or wraps the line goes on, with one line in the log
 * (timeline.h).
 *
 * The whole use:
 *
 *     bc_reader *reader;
 *     bc_reader_open(&reader, "in.mp4", &(bc_reader_params){.log = log});
 *     while ((status = bc_reader_read(reader, &frame, &packet)) == BC_OK) {
 *         if (frame) ...; bc_frame_unref(&frame);
 *         if (packet) ...; bc_packet_free(&packet);
 *     }
 *     bc_reader_close(&reader);
 *
 * Faults: a damaged packet is skipped and counted, a frame that a decoder mends is counted, a
 * change of size or format in the middle shows in the frames. An input that ends before its own
 * index or header says gives all frames that it holds, then BC_ERR_FORMAT. Threads: one at a time.
 */
#ifndef BC_MEDIA_READER_H
#define BC_MEDIA_READER_H

#include <stdatomic.h>
#include <stdbool.h>

#include "frame/frame.h"
#include "media/packet.h"

typedef struct bc_reader bc_reader;

typedef enum bc_deinterlace {
    BC_DEINTERLACE_AUTO, /* frames that say that they are interlaced; one line says so */
    BC_DEINTERLACE_ON,   /* all */
    BC_DEINTERLACE_OFF,
} bc_deinterlace;

typedef enum bc_hdr {
    BC_HDR_MAP,  /* tone-mapped to standard range */
    BC_HDR_KEEP, /* native frames keep their light; their images are tone-mapped copies */
} bc_hdr;

typedef struct bc_reader_params {
    const char *format;  /* a demuxer or device ("lavfi", "v4l2"); NULL: found by content */
    const char *options; /* for the demuxer, "key=value:key=value", or NULL */
    const char *rate; /* frames a second of a series of pictures, "24" or "30000/1001"; NULL: 25 */
    int n_threads;    /* of the decoder and of filters; 0: one for each processor */
    int64_t start_us; /* skip so much of the input; 0: nothing */
    int64_t duration_us; /* end after so much; 0: at the end */
    int64_t from_us;   /* leave out the frames before this time of the line, which stays as it is */
    bool may_be_empty; /* no frame at all is no fault: opening ends with BC_END */
    bool leaves_frames_out; /* but for the first: the other streams are all that is wanted */
    bool keep_shape;        /* a frame of another shape than the first is put into that, on black */
    bc_deinterlace deinterlace;
    bc_hdr hdr;
    atomic_int *stop; /* not 0: reading ends with BC_ERR_INTERRUPTED, inside a blocked call too */
    atomic_int *quit; /* the same: one may mean this reader, the other the whole program */
    bc_log log;
} bc_reader_params;

typedef struct bc_reader_info {
    int width, height;        /* of the first frame, upright */
    bc_rational pixel_aspect; /* {0, 1} where unknown */
    bc_rational frame_rate;   /* the best guess, {0, 1} where unknown */
    bc_rational time_base;    /* of the video's times */
    int64_t n_frames;         /* to come, as the input says or an estimate; 0: unknown */
    int64_t duration_us;      /* 0: unknown or endless */
    int bits;                 /* of a sample */
    bool is_picture;          /* a file of one still picture */
    bool is_hdr;              /* PQ or HLG */
    bool is_tone_mapped;      /* and so no longer */
    bool has_alpha;
    char codec[32], format[32]; /* "h264", "yuv420p" */
    char unread[64];            /* what FFmpeg does not read of the file, "2 more pages"; or "" */
} bc_reader_info;

/* Opens the input and decodes its first frame, so that the info is what the decoder says. */
bc_status bc_reader_open(bc_reader **reader, const char *url, const bc_reader_params *params);
void bc_reader_close(bc_reader **reader);

const bc_reader_info *bc_reader_info_of(const bc_reader *reader);
/* The first frame, which will be read yet; the reader's. */
const bc_frame *bc_reader_first(const bc_reader *reader);
/* Frames that are damaged and packets that could not be read or decoded, so far; damage that FFmpeg
 * only logs is counted where bc_media_log (log.h) was called. */
int64_t bc_reader_damaged(const bc_reader *reader);
/* Of them, those behind the last frame so far: no frame has told of them (bc_frame's n_damaged). */
int64_t bc_reader_damaged_behind(const bc_reader *reader);

/*
 * The next frame or the next packet of another stream: one of them is set and the caller's, on
 * BC_OK. BC_END at the end.
 */
bc_status bc_reader_read(bc_reader *reader, bc_frame **frame, bc_packet **packet);

#endif
