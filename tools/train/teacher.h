/*
 * teacher.h: a net whose paintings a style learns from: what it paints is looked at through the
 * loss network, and so another net, of another table, may learn to paint like it.
 */
#ifndef BC_TRAIN_TEACHER_H
#define BC_TRAIN_TEACHER_H

#include "train/net.h"

/* Immutable once open; lanes run it in nets of their own. */
typedef struct bc_teacher {
    bc_params params;
    float *memory;
    bc_train_net_values values; /* in `memory` */
    uint64_t fingerprint;       /* of table and values */
} bc_teacher;

/*
 * Opens the net in the folder `path`, or the one in a file that brushcast-import reads. Of a
 * folder's styles it takes the one called `style`, or the only one; BC_ERR_ARGUMENT if neither is
 * there. A net without styles needs none. Closed by bc_teacher_close, also after a failure.
 */
bc_status bc_teacher_open(bc_teacher *teacher, const char *path, const char *style,
                          const bc_log *log);
void bc_teacher_close(bc_teacher *teacher);

#endif
