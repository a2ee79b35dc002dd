/*
 * graph.h: a net with its style as an ONNX model: any table of layers (model/layers.h), with the
 * same numerics as the generator's `frame` statistics in `exact`.
 *
 * Input `frame` and output `painting` are [batch, 3, height, width], RGB from 0 to 1. Frames of any
 * size are extended to multiples of the table's unit and cropped back within the model. Each canvas
 * of the table is one more input of its layer's name, [1, channels, rows, columns], a row and a
 * column for each cell of the extended frame.
 *
 * With a size the model is for frames [1, 3, height, width] alone: there are no shapes in it that
 * are known only when it runs, and canvases lie in it.
 *
 * A tensor of the model has the name that it has in the net's or the style's file, with @NUMBER of
 * the blend's part behind it where a blend has several. The metadata say what brushcast-import
 * needs to make the same net and style of a model of one style: brushcast.layers, .name, .network
 * and .style; and what each style says of its painting.
 */
#ifndef BC_EXPORT_GRAPH_H
#define BC_EXPORT_GRAPH_H

#include "export/protobuf.h"
#include "model/model.h"

typedef struct bc_export_params {
    const bc_style_weight *blend; /* as bc_session_set_style; for a net of format 2 with styles at
                                   * least one */
    int n_blend;
    int width, height; /* of all frames, or 0 and 0: of any size */
} bc_export_params;

/*
 * Writes the model's file into `file`, an empty message, which the caller frees also after a
 * failure: BC_ERR_MEMORY, or BC_ERR_ARGUMENT for a net with styles without one, or with a canvas
 * that is called "painting" or like a tensor.
 */
bc_status bc_export_write(bc_proto *file, const bc_model *model, const bc_export_params *params,
                          const bc_log *log);

#endif
