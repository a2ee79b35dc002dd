/*
 * tensors.h: the file of a net or of a style on its way into layers: what is in it is taken, with
 * its shape, type and numbers checked; what is left is refused. Errors name the file, the tensor
 * or key, and the reason.
 */
#ifndef BC_MODEL_TENSORS_H
#define BC_MODEL_TENSORS_H

#include "model/layers.h"
#include "model/safetensors.h"

/* The learned numbers of a layer; NULL where they are another owner's, or there are none. */
typedef struct bc_tensors {
    const float *weight;        /* [n_rows, n_in, kernel, kernel] */
    const float *bias;          /* [n_rows] */
    const float *scale, *shift; /* [n_out], of the instance normalisation */
} bc_tensors;

/* A file, and how many of its tensors were taken. */
typedef struct bc_taker {
    const bc_safetensors *file;
    const char *path; /* for messages */
    const bc_log *log;
    int n_taken;
} bc_taker;

/* One printable line of metadata, "" if it is absent. */
bc_status bc_take_text(const bc_taker *from, const char *key, const char **text);

/* BC_ERR_FORMAT if the metadata is another text. */
bc_status bc_check_text(const bc_taker *from, const char *key, const char *expected);

/* brushcast.name, which must be there and shorter than `size` bytes. */
bc_status bc_take_name(const bc_taker *from, char *name, size_t size);

/*
 * All tensors of one owner into `tensors` [table->n]; the other owner's are left as they are. They
 * point into the file.
 */
bc_status bc_take_tensors(bc_taker *from, bc_tensors *tensors, const bc_layers *table,
                          bc_owner owner);

/* The thumbnail [h, w, 3], if there is one. */
bc_status bc_take_thumbnail(bc_taker *from, bc_style_info *info);

/* BC_ERR_FORMAT, naming one, if the file has tensors that were not taken. */
bc_status bc_refuse_rest(const bc_taker *from, const bc_layers *table, bc_owner owner);

#endif
