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

/* From PQ or HLG to linear light of BT.709 between 0 and 1. */
#define BC_ADAPTER_TONE "zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=hable"

/*
 * Replaces the frame by what people should see. `matrix`: 9 values of FFmpeg's display matrix, or
 * NULL. `keeps_light`: it is not tone-mapped.
 */
bc_status bc_adapter_run(bc_filter *filter, AVFrame *av, const int32_t *matrix, bool keeps_light,
                         const bc_log *log);
/* The tone mapping alone, of a frame that needs it. */
bc_status bc_adapter_map(bc_filter *filter, AVFrame *av, const bc_log *log);

bool bc_adapter_is_hdr(const AVFrame *av);

#endif
