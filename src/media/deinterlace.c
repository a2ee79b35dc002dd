#include "media/deinterlace.h"
#include "media/versions.h"

#include "base/log.h"

enum { MIN_SIZE = 4 }; /* of bwdif, in both directions */

static const char *filters_of(const bc_deinterlacer *deinterlacer)
{
    return deinterlacer->mode == BC_DEINTERLACE_ON ? "bwdif=mode=send_frame:deint=all"
                                                   : "bwdif=mode=send_frame:deint=interlaced";
}

bool bc_deinterlacer_wants(const bc_deinterlacer *deinterlacer, const AVFrame *av)
{
    if (deinterlacer->filter.graph)
        return true;
    if (deinterlacer->mode == BC_DEINTERLACE_OFF || av->width < MIN_SIZE || av->height < MIN_SIZE)
        return false;
    return deinterlacer->mode == BC_DEINTERLACE_ON || bc_frame_is_interlaced(av);
}

static bc_status start(bc_deinterlacer *deinterlacer, AVFrame *av, const bc_log *log)
{
    const char *filters = filters_of(deinterlacer);
    bc_status status = bc_filter_open(&deinterlacer->filter, av, filters, log);
    if (status < 0)
        return status;
    const int error = bc_filter_send(&deinterlacer->filter, av);
    return error < 0 ? bc_av_fail(log, error, "filter %s", filters) : BC_OK;
}

bc_status bc_deinterlacer_send(bc_deinterlacer *deinterlacer, AVFrame *av, const bc_log *log)
{
    bc_filter *filter = &deinterlacer->filter;
    const char *filters = filters_of(deinterlacer);
    if (!av) {
        deinterlacer->has_ended = true;
        if (filter->graph)
            bc_filter_send(filter, NULL);
        return BC_OK;
    }
    if (!filter->graph)
        return start(deinterlacer, av, log);
    if (!bc_filter_fits(filter, av, filters)) {
        deinterlacer->next = av_frame_alloc();
        if (!deinterlacer->next)
            return bc_fail(log, BC_ERR_MEMORY, "deinterlacer: out of memory");
        av_frame_move_ref(deinterlacer->next, av);
        av = NULL;
    }
    const int error = bc_filter_send(filter, av);
    return error < 0 ? bc_av_fail(log, error, "filter %s", filters) : BC_OK;
}

int bc_deinterlacer_receive(bc_deinterlacer *deinterlacer, AVFrame *av, const bc_log *log)
{
    int error =
        deinterlacer->filter.graph ? bc_filter_receive(&deinterlacer->filter, av) : AVERROR(EAGAIN);
    if (error == AVERROR_EOF && deinterlacer->next) {
        bc_filter_close(&deinterlacer->filter);
        const bc_status status = start(deinterlacer, deinterlacer->next, log);
        av_frame_free(&deinterlacer->next);
        if (deinterlacer->has_ended && status == BC_OK)
            bc_filter_send(&deinterlacer->filter, NULL);
        return status < 0 ? AVERROR_EXTERNAL : bc_deinterlacer_receive(deinterlacer, av, log);
    }
    return error == AVERROR(EAGAIN) && deinterlacer->has_ended ? AVERROR_EOF : error;
}

void bc_deinterlacer_close(bc_deinterlacer *deinterlacer)
{
    bc_filter_close(&deinterlacer->filter);
    av_frame_free(&deinterlacer->next);
}
