/*
 * adapt.h (private): makes a decoded frame ordinary: upright, where the stream asks for a rotation
 * or mirroring (its display matrix), and of standard dynamic range, where its transfer is PQ or
 * HLG: tone mapping by libavfilter's zscale and tonemap (Hable), to BT.709. Other frames pass
 * untouched.
 */
#ifndef BC_MEDIA_ADAPT_H
#define BC_MEDIA_ADAPT_H

#include <stdbool.h>

#include "media/filter.h"

/*
 * Replaces the frame by what people should see. `matrix`: 9 values of FFmpeg's display matrix, or
 * NULL.
 */
bc_status bc_adapter_run(bc_filter *filter, AVFrame *av, const int32_t *matrix, const bc_log *log);

bool bc_adapter_is_hdr(const AVFrame *av);

#endif
