/*
 * decode.h (private): the second half of a reader: packets of video in, frames out as people should
 * see them, with their times on the reader's clock.
 */
#ifndef BC_MEDIA_DECODE_H
#define BC_MEDIA_DECODE_H

#include "media/deinterlace.h"
#include "media/demux.h"
#include "media/filter.h"
#include "media/letterbox.h"

typedef struct bc_decoder {
    const bc_demuxer *demuxer;
    AVCodecContext *context;
    AVFrame *av; /* scratch */
    bc_deinterlacer deinterlacer;
    bc_filter adapter;
    bc_filter mapper; /* to standard range, where the frames keep their light */
    bc_letterbox letterbox;
    int64_t next_pts;        /* where a frame without a time goes, in the stream's time base */
    int64_t n_damaged;       /* packets, and frames among those that are wanted */
    atomic_int n_complaints; /* of the decoder in FFmpeg's log */
    int n_heard;             /* of them, that were laid to a frame or packet */
    int64_t n_told;          /* of all damage, with the frames so far */
    bool has_begun;          /* to give frames */
    int n_errors_at_end;
    bool has_met_hdr;
    bool has_ended; /* it is empty, or the wanted duration is over */
} bc_decoder;

/* {0} before. Decodes the demuxer's video; the demuxer has to outlive it. */
bc_status bc_decoder_open(bc_decoder *decoder, const bc_demuxer *demuxer);
/* Takes a half-open decoder. */
void bc_decoder_close(bc_decoder *decoder);

/* Damage that was met so far, of the demuxer too. */
int64_t bc_decoder_damaged(const bc_decoder *decoder);

/* A packet, or NULL: no more will come. A damaged packet is counted, and that is all. */
void bc_decoder_send(bc_decoder *decoder, const AVPacket *packet);
/* BC_OK and a frame, or none: it wants a packet, skipped something, or has ended. */
bc_status bc_decoder_receive(bc_decoder *decoder, bc_frame **frame, bool *is_hungry);

#endif
