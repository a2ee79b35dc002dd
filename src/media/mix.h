/*
 * mix.h: from a source frame and its painting to the frame that is written, and to the pixels that
 * are painted. All of it happens in the output's own pixel format, so that what is not painted
 * stays the source's own pixels: with strength 0 nothing passes through RGB.
 */
#ifndef BC_MEDIA_MIX_H
#define BC_MEDIA_MIX_H

#include "media/writer.h"

typedef struct bc_mixer bc_mixer;

typedef struct bc_mix {
    float strength;    /* 0: the source, 1: the painting */
    float keep_colors; /* 0: the painting's colours, 1: its luma with the source's colours */
} bc_mix;

/* A mixer for the writer's size and format; n_threads of its conversions and filters, 0: 1 and one
 * for each processor. */
bc_status bc_mixer_open(bc_mixer **mixer, const bc_writer *writer, int n_threads,
                        const bc_log *log);
void bc_mixer_close(bc_mixer **mixer);

/* From now on paints where `mask` is white, its alpha ignored; any size, stretched. NULL:
 * everywhere. */
bc_status bc_mixer_set_mask(bc_mixer *mixer, const bc_frame *mask);

/*
 * Makes *painting a frame to paint into: the writer's own planes where a painter can fill them
 * (8-bit 4:2:0 of that size), so that nothing need be converted, else RGB. What is there already is
 * taken again unless somebody still holds its pixels. Threads: any, at the same time as the others.
 */
bc_status bc_mixer_prepare(const bc_mixer *mixer, int width, int height, bc_frame **painting);

/*
 * A new frame with the time and the damage of `source`. `painting` is a prepared one, whose pixels
 * the result may hold and change, one of our own, of any size, which stays as it is, or NULL where
 * the strength is 0. Alpha is the source's.
 */
bc_status bc_mixer_run(bc_mixer *mixer, const bc_frame *source, const bc_frame *painting,
                       const bc_mix *mix, bc_frame **result);

#endif
