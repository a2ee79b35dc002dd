/*
 * adapt.h (private): makes a decoded frame ordinary: upright, where the stream asks for a rotation
 * or mirroring (its display matrix), and of standard dynamic range, where its transfer is PQ or
 * HLG: tone mapping by libavfilter's zscale and tonemap (Hable), to BT.709. Other frames pass
 * untouched.
 */
#ifndef BC_MEDIA_ADAPT_H
#define BC_MEDIA_ADAPT_H

#include <stdbool.h>

#include "media/av.h"

/* {0} is valid; one thread at a time. */
typedef struct bc_adapter {
    struct AVFilterGraph *graph;
    struct AVFilterContext *source, *sink;
    char key[256]; /* what the graph was made for */
} bc_adapter;

/* Replaces the frame by what people should see. `matrix`: 9 values of FFmpeg's display matrix, or
 * NULL. */
bc_status bc_adapter_run(bc_adapter *adapter, AVFrame *av, const int32_t *matrix,
                         const bc_log *log);
void bc_adapter_close(bc_adapter *adapter);

bool bc_adapter_is_hdr(const AVFrame *av);

#endif
