/*
 * route.h (private): the way of a stream that is not painted into the output: copied, converted to
 * what the container holds, or left out, with a line.
 */
#ifndef BC_MEDIA_ROUTE_H
#define BC_MEDIA_ROUTE_H

#include "media/transcode.h"
#include "media/writer.h"

typedef struct bc_route {
    AVRational time_base;      /* of the source */
    AVStream *stream;          /* of the output; NULL: left out */
    bc_transcoder *transcoder; /* NULL: copied */
} bc_route;

/* `painted`: the stream that is. `name`: the output's, for messages. FFmpeg's error or 0;
 * AVERROR_ENCODER_NOT_FOUND: of a codec that was asked for, and said. */
int bc_route_open(bc_route *route, AVFormatContext *output, const AVStream *source,
                  const AVStream *painted, const char *name, const bc_writer_params *params);
void bc_route_close(bc_route *route);

#endif
