/*
 * presets.h: the tables of layers that have a name.
 *
 *   stylebank  Chen et al., "StyleBank", 2017, in the widths of Srinath, Yin and Verma, "Artistic
 *              Neural Style Transfer"
 *   cin        conditional instance normalisation: the norms are the style. Dumoulin, Shlens and
 *              Kudlur, "A learned representation for artistic style", 2017
 *   johnson    Johnson, Alahi and Fei-Fei, "Perceptual losses for real-time style transfer", 2016,
 *              with instance normalisation: one style, no bank
 *   deep       banks of residual blocks at 1/8 of the resolution, on a canvas
 */
#ifndef BC_MODEL_PRESETS_H
#define BC_MODEL_PRESETS_H

/* The text of a preset, or NULL if there is none of that name. */
const char *bc_preset_text(const char *name);

#endif
