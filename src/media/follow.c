/* A writer that outlives its source: the next one's sound goes on where that of the one before has
 * ended, and where none comes there is silence. */
#include <libavformat/avformat.h>
#include <stdlib.h>

#include "base/log.h"
#include "media/writer_private.h"

static const int64_t late_us = 1000000; /* so far behind the picture sound is not waited for */
static const int64_t kept_us = 500000;  /* and so far silence follows it */

static bool is_sound(const bc_route *route)
{
    return route->stream && route->transcoder &&
           route->stream->codecpar->codec_type == AVMEDIA_TYPE_AUDIO;
}

/* The first route of sound, or -1. */
static int find_sound(const bc_writer *writer)
{
    for (int i = 0; i < writer->n_routes; i++)
        if (is_sound(&writer->routes[i]))
            return i;
    return -1;
}

/* Where the packets of each of the next source's streams go: the best sound alone goes on. */
static int *map_streams(bc_writer *writer, const AVFormatContext *next)
{
    const int sound = find_sound(writer);
    const int best =
        av_find_best_stream((AVFormatContext *)next, AVMEDIA_TYPE_AUDIO, -1, -1, NULL, 0);
    int *route_of = malloc((next->nb_streams + 1) * sizeof(*route_of));
    for (unsigned i = 0; route_of && i < next->nb_streams; i++)
        route_of[i] = -1;
    if (!route_of || best < 0)
        return route_of;
    if (sound < 0)
        bc_log_write(&writer->params.log, BC_LOG_WARNING,
                     "%s: the sound of the next input is left out: the first one had none",
                     writer->name);
    else if (bc_transcoder_change_source(writer->routes[sound].transcoder, next->streams[best]) < 0)
        bc_log_write(&writer->params.log, BC_LOG_WARNING,
                     "%s: the sound of the next input is left out: it cannot be decoded",
                     writer->name);
    else
        route_of[best] = sound;
    return route_of;
}

void bc_writer_change_source(bc_writer *writer, bc_streams **streams)
{
    const AVFormatContext *next = *streams;
    free(writer->route_of);
    writer->route_of = map_streams(writer, next);
    writer->n_inputs = writer->route_of ? (int)next->nb_streams : 0;
    bc_streams_free(streams);
}

bc_status bc_writer_fill_sound(bc_writer *writer, int64_t picture_us)
{
    bc_status status = BC_OK;
    for (int i = 0; i < writer->n_routes && status == BC_OK; i++) {
        bc_route *route = &writer->routes[i];
        if (!is_sound(route) || picture_us - bc_transcoder_end_us(route->transcoder) < late_us)
            continue;
        bc_transcoder_fill(route->transcoder, picture_us - kept_us);
        status = bc_writer_converted(writer, route);
    }
    return status;
}
