/*
 * subject.h: what the figures of a net are made of: its files, a picture, and the options that
 * features, style and decode share.
 */
#ifndef BC_INSPECT_SUBJECT_H
#define BC_INSPECT_SUBJECT_H

#include <stdbool.h>

#include "cli/options.h"
#include "model/net.h"
#include "train/net.h"

/* Convolutions of a net of format 1, beside its banks. */
enum { BC_N_ENCODER = 3, BC_N_DECODER = 3 };

typedef struct bc_subject_options {
    const char *picture, *output;
    const char *autoencoder, *bank; /* files; bank may be NULL */
    int size;                       /* short side of the picture as the net sees it, pixels */
    int n_iterations, seed;         /* of a reconstruction */
    int n_threads;                  /* 0: one for each processor */
    bool overwrite;
} bc_subject_options;

enum { BC_N_SUBJECT_OPTIONS = 8 };
extern const bc_option bc_subject_table[BC_N_SUBJECT_OPTIONS];

/* As bc_options_parse, of a command with these options. Pointers go into args. */
int bc_subject_parse(bc_subject_options *options, const bc_command *command, int n_args,
                     char **args, const bc_log *log);

typedef struct bc_subject {
    bc_params params;
    int n_bank_layers; /* 0: there is no bank */
    bc_train_net_values values;
    bc_workspace workspace;
    int height, width; /* multiples of 4 */
    float *picture;    /* [3, height, width], 0 to 1 */
} bc_subject;

/* The result is closed by bc_subject_close, also after a failure. */
bc_status bc_subject_open(bc_subject *subject, const bc_subject_options *options,
                          const bc_log *log);
void bc_subject_close(bc_subject *subject);

/* A net of the picture's size for the subject's parameters: bc_train_net_open and
 * bc_train_net_close. */
bc_status bc_subject_open_net(bc_train_net *net, const bc_subject *subject, const bc_log *log);

#endif
