#include "media/convert.h"

#include <stdlib.h>

#include "base/log.h"
#include "media/canvas.h"
#include "media/scale.h"

struct bc_converter {
    bc_scaler scaler;
    bc_log log;
};

bc_status bc_converter_open(bc_converter **converter, int n_threads, const bc_log *log)
{
    *converter = calloc(1, sizeof(**converter));
    if (!*converter)
        return bc_fail(log, BC_ERR_MEMORY, "conversion: out of memory");
    (*converter)->scaler.n_threads = n_threads;
    (*converter)->log = *log;
    return BC_OK;
}

void bc_converter_close(bc_converter **converter)
{
    if (!converter || !*converter)
        return;
    bc_scaler_close(&(*converter)->scaler);
    free(*converter);
    *converter = NULL;
}

bc_status bc_converter_run(bc_converter *converter, const bc_frame *frame, const bc_image *image)
{
    const bc_log *log = &converter->log;
    AVFrame *source = NULL, *target = av_frame_alloc();
    bc_status status = bc_av_of_frame(&source, frame, log);
    if (status == BC_OK)
        status = target ? bc_av_view(target, image, log)
                        : bc_fail(log, BC_ERR_MEMORY, "conversion: out of memory");
    if (status == BC_OK)
        status = bc_scaler_run(&converter->scaler, source, target, log);
    av_frame_free(&source);
    av_frame_free(&target);
    return status;
}
