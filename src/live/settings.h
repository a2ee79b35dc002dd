/* settings.h: what the user of a live picture can change while it runs; plain data. */
#ifndef BC_LIVE_SETTINGS_H
#define BC_LIVE_SETTINGS_H

#include "paint/blend.h"
#include "paint/key.h"
#include "paint/mask.h"
#include "paint/nets.h"

typedef struct bc_settings {
    int net;                                /* index in the nets */
    int n_styles;                           /* in the blend; 0: the original */
    bc_style_weight styles[BC_MAX_BLEND];   /* of that net; the weights add up to 1 */
    bool shows_original;                    /* for now, whatever the blend */
    bool shows_split;                       /* the original is wanted beside the painting */
    float split;                            /* where the line stands */
    float strength, keep_colors, stabilize; /* 0 to 1 */
    float brush;                            /* size of the strokes, 1: as trained */
    float fixed_scale;                      /* 0: the governor's */
    bool is_net_fixed;                      /* the governor may not take a cheaper one */
    float rate; /* frames a second that the governor holds; 0: the source's, at most 30 */
    bool mirror;
    bc_key key;        /* what stays unpainted */
    bc_mask_side mask; /* what is painted of the mask input */
    float fade_s;      /* how long one style takes to become the next */
} bc_settings;

/* Paints in these styles of the settings' net, as bc_blend_parse gives them. */
void bc_settings_set_styles(bc_settings *settings, const bc_style_weight *weights, int n_weights);

/* The settings' blend in the styles of `net`: see bc_blend_translate. */
bc_blend bc_settings_blend(const bc_settings *settings, const bc_nets *nets, int net);

#endif
