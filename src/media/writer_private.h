/*
 * writer_private.h (private): a writer's state: writer_open.c fills it in, writer.c writes with it.
 */
#ifndef BC_MEDIA_WRITER_PRIVATE_H
#define BC_MEDIA_WRITER_PRIVATE_H

#include "media/destination.h"
#include "media/encoder.h"
#include "media/filter.h"
#include "media/part.h"
#include "media/route.h"
#include "media/scale.h"
#include "media/writer.h"

struct bc_writer {
    bc_writer_params params;
    char *name; /* as the user wrote it */
    char description[160];
    bc_destination destination;
    AVFormatContext *output;
    AVFormatContext *meant; /* its metadata */
    AVIOContext *pipe;      /* what the output writes to, if that is a pipe; or NULL */
    bc_encoder encoder;
    bc_scaler scaler;
    bc_filter palette;
    AVStream *video;
    AVPacket *packet; /* scratch */
    int n_routes;
    bc_route *routes;  /* [n_routes], by the index of the first source's stream */
    int n_inputs;      /* streams of the present source */
    int *route_of;     /* [n_inputs], the route of each, or -1; NULL: each its own */
    int64_t *last_dts; /* [output->nb_streams] */
    int64_t n_frames, n_refused;
    bc_part_writer part; /* where params.parts is set: the one at hand, */
    int part_number;     /* its number */
    char *part_path;     /* and its path */
    bool is_tone_mapped, has_lost_captions;
};

/* writer.c: writes a coded frame, in the encoder's time base, and unrefs it. */
bc_status bc_writer_coded(bc_writer *writer, AVPacket *packet);
/* Writes what the encoder still holds. */
bc_status bc_writer_drain(bc_writer *writer);
/* Writes what the route's transcoder has ready. */
bc_status bc_writer_converted(bc_writer *writer, bc_route *route);

/* follow.c: silence where sound is far behind the picture, for which others would wait. */
bc_status bc_writer_fill_sound(bc_writer *writer, int64_t picture_us);

/*
 * writer_parts.c: begins the first part; goes on to the one that the frame belongs to, BC_END: it
 * belongs to none that is wanted; ends the last one; drops what is not finished.
 */
bc_status bc_writer_begin_parts(bc_writer *writer);
bc_status bc_writer_choose_part(bc_writer *writer, const bc_frame *frame);
bc_status bc_writer_end_parts(bc_writer *writer);
void bc_writer_drop_part(bc_writer *writer);

/* Closes what the output writes to; takes a closed one. FFmpeg's error or 0. */
int bc_writer_close_file(bc_writer *writer);

#endif
