/*
 * metadata.h: what a model in ONNX says beside its graph: what brushcast-import needs to make the
 * same net and style of it (brushcast.layers, .name, .network, and .style where there is one
 * style), and title, artist, year and licence of each style's painting.
 */
#ifndef BC_EXPORT_METADATA_H
#define BC_EXPORT_METADATA_H

#include "export/onnx.h"
#include "model/model.h"

/* Parts of the blend that is written; 0 parts: a net without styles. */
void bc_export_metadata(bc_onnx *onnx, const bc_model *model, const bc_style_weight *parts,
                        int n_parts);

#endif
