#include "export/metadata.h"

#include <stdio.h>
#include <string.h>

/* What the styles say of their paintings, one after the other. */
static void write_credits(bc_onnx *onnx, const bc_model *model, const bc_style_weight *parts,
                          int n_parts)
{
    enum { CREDIT_SIZE = 256, N_KEYS = 4 };
    static const char *const keys[N_KEYS] = {"title", "artist", "year", "licence"};
    for (int key = 0; key < N_KEYS; key++) {
        char text[BC_MAX_BLEND * CREDIT_SIZE] = "";
        for (int part = 0; part < n_parts; part++) {
            const bc_style_info *info = &model->styles[parts[part].style].info;
            const char *const credits[N_KEYS] = {info->title, info->artist, info->year,
                                                 info->licence};
            const size_t n = strlen(text);
            snprintf(text + n, sizeof(text) - n, "%s%s", part > 0 ? "; " : "", credits[key]);
        }
        bc_onnx_metadata(onnx, keys[key], text);
    }
}

void bc_export_metadata(bc_onnx *onnx, const bc_model *model, const bc_style_weight *parts,
                        int n_parts)
{
    const bc_net *net = &model->net;
    bc_onnx_metadata(onnx, "brushcast.layers", net->table.text);
    bc_onnx_metadata(onnx, "brushcast.name", net->name);
    bc_onnx_metadata(onnx, "brushcast.network", net->id);
    if (n_parts == 1)
        bc_onnx_metadata(onnx, "brushcast.style", model->styles[parts[0].style].info.name);
    if (n_parts > 0)
        write_credits(onnx, model, parts, n_parts);
}
