/*
 * onnx_net.h: the net in an ONNX graph. The graph is run with shapes instead of numbers, for one
 * size of frame, and what it does is put into layers as it comes: a Pad with edges or reflections
 * and an Upsample or Resize by two wait for their Conv; InstanceNormalization, Relu and
 * DepthToSpace belong to the Conv before them. What no table of layers says is refused, by name.
 */
#ifndef BC_IMPORT_ONNX_NET_H
#define BC_IMPORT_ONNX_NET_H

#include "import/draft.h"
#include "import/onnx_model.h"

/*
 * Reads the net of `model` into `draft`, an empty one, which the caller closes also after a
 * failure. *range: the largest value of a pixel, as far as the graph speaks of it (by the bound of
 * a Clip at its end, or a factor of 255 at its start), or 0.
 */
bc_status bc_onnx_net_read(bc_draft *draft, float *range, const bc_onnx_model *model,
                           const char *path, const bc_log *log);

#endif
