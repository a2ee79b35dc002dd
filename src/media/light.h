/*
 * light.h (private): gives a painting of a tone-mapped picture (adapt.h) the picture's light back,
 * in linear light: each pixel is multiplied by what the tone mapping took from the luma there. A
 * painting that is the tone-mapped picture itself has the picture's luma again.
 */
#ifndef BC_MEDIA_LIGHT_H
#define BC_MEDIA_LIGHT_H

#include "media/filter.h"

/* {0} is valid; one thread at a time. */
typedef struct bc_light {
    bc_filter bright, mapped, painted, coded;
} bc_light;

/*
 * `painting`, in BT.709 and of the size of `picture`, becomes of the format and colour of `canvas`,
 * whose transfer is PQ or HLG as the picture's is.
 */
bc_status bc_light_restore(bc_light *light, const AVFrame *picture, const AVFrame *canvas,
                           AVFrame *painting, const bc_log *log);
void bc_light_close(bc_light *light);

#endif
