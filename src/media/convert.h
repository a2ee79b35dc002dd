/* convert.h: any frame as an image of any size and format: what a painter or a screen takes. */
#ifndef BC_MEDIA_CONVERT_H
#define BC_MEDIA_CONVERT_H

#include "frame/frame.h"

typedef struct bc_converter bc_converter;

/* n_threads of the conversion, 0: 1. One thread at a time. */
bc_status bc_converter_open(bc_converter **converter, int n_threads, const bc_log *log);
void bc_converter_close(bc_converter **converter);

/* Fills the image, scaling if the sizes differ; an image without alpha drops the frame's. */
bc_status bc_converter_run(bc_converter *converter, const bc_frame *frame, const bc_image *image);

#endif
