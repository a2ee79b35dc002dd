#include "live/settings.h"

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
