/* session.h: all that a run of brushcast-train works with, opened as its options say. */
#ifndef BC_TRAIN_SESSION_H
#define BC_TRAIN_SESSION_H

#include "train/painting.h"
#include "train/train_options.h"

typedef struct bc_train_session {
    const bc_train_options *options;
    const bc_log *log;
    bc_ranks ranks;
    bc_workspace workspace;
    bc_photos photos;
    bc_samples samples;
    bc_vgg vgg;
    bc_teacher teacher;
    bc_painting paintings[BC_TRAIN_MAX_STYLES];
    int n_paintings;
    bc_photo previews[BC_MAX_TEXTS];
    int n_previews;
    bc_trainer trainer;
} bc_train_session;

/*
 * The processes are those of `ranks`. A net that is there is read, and its styles; the options live
 * as long as the session. Closed by bc_train_session_close, also after a failure.
 */
bc_status bc_train_session_open(bc_train_session *session, const bc_train_options *options,
                                bc_ranks ranks, const bc_log *log);
void bc_train_session_close(bc_train_session *session);

#endif
