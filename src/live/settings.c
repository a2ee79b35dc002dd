#include "live/settings.h"

#include <string.h>

void bc_settings_set_styles(bc_settings *settings, const bc_style_weight *weights, int n_weights)
{
    float sum = 0;
    for (int i = 0; i < n_weights; i++)
        sum += weights[i].weight;
    for (int i = 0; i < n_weights; i++)
        settings->styles[i] =
            (bc_style_weight){.style = weights[i].style, .weight = weights[i].weight / sum};
    settings->n_styles = n_weights;
}

bc_blend bc_settings_blend(const bc_settings *settings, const bc_nets *nets, int net)
{
    bc_blend blend = {.n = settings->n_styles};
    memcpy(blend.styles, settings->styles, sizeof(blend.styles));
    return bc_blend_translate(&blend, bc_nets_model(nets, settings->net), bc_nets_model(nets, net));
}
