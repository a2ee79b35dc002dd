/* canvas.h (private): what frames have to be like for a writer. */
#ifndef BC_MEDIA_CANVAS_H
#define BC_MEDIA_CANVAS_H

#include <stdbool.h>

#include "media/scale.h"
#include "media/writer.h"

/* Size, format, colour and pixel aspect; no pixels. The writer's. */
const AVFrame *bc_writer_canvas(const bc_writer *writer);

/* A new frame like the canvas, with undefined pixels of its own. */
bc_status bc_canvas_alloc(AVFrame **av, const AVFrame *canvas, const bc_log *log);

/* The frame as the canvas wants it: the same pixels, referenced or viewed, where they fit, else
 * converted. */
bc_status bc_canvas_fit(AVFrame **av, const AVFrame *canvas, const bc_frame *frame,
                        bc_scaler *scaler, const bc_log *log);

#endif
