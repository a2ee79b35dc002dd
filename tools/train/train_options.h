/* train_options.h: the command line of brushcast-train. */
#ifndef BC_TRAIN_TRAIN_OPTIONS_H
#define BC_TRAIN_TRAIN_OPTIONS_H

#include "cli/options.h"
#include "model/net.h"
#include "train/trainer.h"

typedef enum bc_train_kind {
    BC_TRAIN_AUTOENCODER,
    BC_TRAIN_WARMUP,
    BC_TRAIN_JOINT,
    BC_TRAIN_BANK,
    BC_TRAIN_DISTIL,
    BC_TRAIN_MEASURE
} bc_train_kind;

/* Of the loss network's contents and backward pass. */
typedef enum bc_train_precision {
    BC_TRAIN_PRECISION_AUTO, /* bfloat16 where the processor has it */
    BC_TRAIN_PRECISION_F32,
    BC_TRAIN_PRECISION_BF16
} bc_train_precision;

enum { BC_TRAIN_MAX_STYLES = BC_MAX_TEXTS };

typedef struct bc_train_options {
    bc_train_kind command;
    bc_train_config config;   /* without tables; n_warmup and ramp below 0: not stated */
    const char *net;          /* the folder read and written */
    const char *layers;       /* preset or file of a table, or NULL */
    const char *loss_network; /* file */
    const char *paintings;    /* list file, or NULL */
    const char *teacher;      /* of distil: the net to learn from */
    bc_texts styles;          /* files of paintings; of distil the style's name */
    bc_texts previews;        /* photographs of the preview sheet */
    const char *loss;    /* "perceptual", "samples", or NULL: whether there are samples says it */
    const char *samples; /* folder, or NULL */
    char **photos;       /* folders */
    int n_photos;
    bc_look look;
    bc_objective objective; /* what the command line states */
    int widths[BC_N_WIDTHS];
    bc_upsample upsample;
    int n_bank_layers;
    bool is_quick;
    bc_train_precision precision;
    int n_threads;    /* 0: one for each processor */
    int n_validation; /* photographs set aside */
    int64_t validate_every, checkpoint_every;
    bool resume;
    const char *width_list, *brush_list, *content_layer; /* as they were given, or NULL */
} bc_train_options;

extern const char *const bc_train_command_names[]; /* [bc_train_kind] */

/* The program's only command for the tables, and what it does: brushcast_train.c. */
extern const bc_command bc_train_command;
int bc_train_run_command(int n_args, char **args, const bc_log *log);

/* As bc_options_parse. Pointers go into args. */
int bc_train_options_parse(bc_train_options *options, int n_args, char **args, const bc_log *log);

#endif
