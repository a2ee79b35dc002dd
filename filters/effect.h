/*
 * effect.h: what the plug-ins have in common. An effect is one use of a plug-in in its host: the
 * parameters that the host has set, and a painter that is opened when the first frame comes. Nets
 * and threads are shared by all effects of a process and go with the last one that uses them.
 */
#ifndef BC_FILTERS_EFFECT_H
#define BC_FILTERS_EFFECT_H

#include "brushcast.h"

/* A parameter as hosts show it. */
typedef struct bc_effect_parameter {
    const char *name, *title, *explanation;
    double low, high, normal; /* of numbers */
} bc_effect_parameter;

extern const bc_effect_parameter bc_effect_style, bc_effect_net; /* texts */
extern const bc_effect_parameter bc_effect_numbers[BC_PAINTER_N_SETTINGS];

typedef struct bc_effect bc_effect;

/* The log is called from all threads that use the effect, until it is closed. NULL: no memory. */
bc_effect *bc_effect_open(bc_stats stats, const bc_log *log);
/* Takes NULL. Nothing else may use it. */
void bc_effect_close(bc_effect *effect);

/*
 * The parameters, from the next frame on. Threads: any; none of these waits for a frame. Hosts set
 * all of them again before every frame: what stays the same costs nothing.
 */

/* What bc_painter_set_style takes; "" or NULL: the net's first style. */
void bc_effect_set_style(bc_effect *effect, const char *blend);
/* A name or a folder, as bc_model_open takes it; "" or NULL: the default. */
void bc_effect_set_net(bc_effect *effect, const char *net);
/* A value outside the setting's domain becomes the nearest inside; NaN changes nothing. */
void bc_effect_set(bc_effect *effect, bc_painter_setting setting, double value);

/* What was set. Texts are valid until they are set again: a host keeps the two apart. */
const char *bc_effect_get_style(const bc_effect *effect);
const char *bc_effect_get_net(const bc_effect *effect);
double bc_effect_get(bc_effect *effect, bc_painter_setting setting);

/*
 * Paints a frame as bc_painter_run does. false: its net cannot be opened, which is logged once for
 * all effects that use that net, or the painter fails; the host then shows the frame as it is.
 * Calls for one effect take turns.
 */
bool bc_effect_paint(bc_effect *effect, const bc_image *source, const bc_image *painting,
                     int64_t time_us, unsigned flags);

#endif
