/* train_options.h: the command line of brushcast-train. */
#ifndef BC_TRAIN_TRAIN_OPTIONS_H
#define BC_TRAIN_TRAIN_OPTIONS_H

#include "train/trainer.h"

typedef enum bc_train_command {
    BC_TRAIN_AUTOENCODER,
    BC_TRAIN_BANK,
    BC_TRAIN_JOINT,
    BC_TRAIN_MEASURE
} bc_train_command;

enum { BC_TRAIN_MAX_STYLES = 32 };

typedef struct bc_train_options {
    bc_train_command command;
    bc_train_config config;
    const char *net;                         /* the folder read and written */
    const char *loss_network;                /* file */
    const char *paintings;                   /* list file, or NULL */
    const char *styles[BC_TRAIN_MAX_STYLES]; /* files of paintings */
    int n_styles;
    const char *loss;    /* "perceptual", "samples", or NULL: whether there are samples says it */
    const char *samples; /* folder, or NULL */
    char **photos;       /* folders */
    int n_photos;
    int n_brushes;
    int brushes[BC_TRAIN_MAX_BRUSHES]; /* short sides of a painting, pixels */
    int n_threads;                     /* 0: one for each processor */
    int n_validation;                  /* photographs set aside */
    int64_t validate_every, checkpoint_every;
    int patience; /* validations without a gain before the training stops; 0: never */
    bool resume;
    bool is_quiet;
} bc_train_options;

/*
 * BC_OK; BC_END after --help and --version, whose text went to stdout; BC_ERR_ARGUMENT after an
 * error, which was logged. Pointers go into argv.
 */
bc_status bc_train_options_parse(bc_train_options *options, int argc, char **argv,
                                 const bc_log *log);

#endif
