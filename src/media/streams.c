#include "media/streams.h"

#include <libavformat/avformat.h>

#include "base/log.h"
#include "media/input.h"

static int copy_stream(AVFormatContext *to, const AVStream *from)
{
    AVStream *stream = avformat_new_stream(to, NULL);
    if (!stream)
        return AVERROR(ENOMEM);
    stream->time_base = from->time_base;
    stream->disposition = from->disposition;
    return avcodec_parameters_copy(stream->codecpar, from->codecpar);
}

bc_streams *bc_streams_of(const bc_reader *reader, const bc_log *log)
{
    const AVFormatContext *input = bc_reader_input(reader);
    AVFormatContext *streams = avformat_alloc_context();
    int error = streams ? 0 : AVERROR(ENOMEM);
    for (unsigned i = 0; error >= 0 && i < input->nb_streams; i++)
        error = copy_stream(streams, input->streams[i]);
    if (error >= 0)
        return streams;
    bc_fail(log, BC_ERR_MEMORY, "%s: out of memory", input->url);
    bc_streams_free(&streams);
    return NULL;
}

void bc_streams_free(bc_streams **streams)
{
    if (streams)
        avformat_free_context(*streams);
    if (streams)
        *streams = NULL;
}
