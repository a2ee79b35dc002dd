#include "media/canvas.h"

#include "base/log.h"
#include "media/sidedata.h"

bc_status bc_canvas_alloc(AVFrame **av, const AVFrame *canvas, const bc_log *log)
{
    *av = av_frame_alloc();
    if (!*av)
        return bc_fail(log, BC_ERR_MEMORY, "frame: out of memory");
    (*av)->width = canvas->width;
    (*av)->height = canvas->height;
    (*av)->format = canvas->format;
    int error = av_frame_copy_props(*av, canvas);
    if (error >= 0)
        error = av_frame_get_buffer(*av, 0);
    if (error >= 0)
        return BC_OK;
    av_frame_free(av);
    return bc_av_fail(log, error, "frame");
}

static bool fits(const AVFrame *canvas, const AVFrame *av)
{
    return av->width == canvas->width && av->height == canvas->height &&
           av->format == canvas->format && av->colorspace == canvas->colorspace &&
           av->color_range == canvas->color_range;
}

bc_status bc_canvas_fit(AVFrame **av, const AVFrame *canvas, const bc_frame *frame,
                        bc_scaler *scaler, const bc_log *log)
{
    AVFrame *source = NULL;
    *av = NULL;
    bc_status status = bc_av_of_frame(&source, frame, log);
    if (status < 0)
        return status;
    if (frame->native && fits(canvas, source)) {
        *av = source;
        return BC_OK;
    }
    status = bc_canvas_alloc(av, canvas, log);
    if (status == BC_OK)
        status = bc_scaler_run(scaler, source, *av, log);
    if (status == BC_OK && bc_sidedata_copy_frame(*av, source) < 0)
        status = bc_fail(log, BC_ERR_MEMORY, "frame: out of memory");
    if (status < 0)
        av_frame_free(av);
    av_frame_free(&source);
    return status;
}
