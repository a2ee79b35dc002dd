/* options.h: the command line of brushcast-gatys. */
#ifndef BC_GATYS_OPTIONS_H
#define BC_GATYS_OPTIONS_H

#include "cli/options.h"
#include "gatys/synthesis.h"

typedef struct bc_gatys_options {
    const char *content, *style;               /* files; content may be a folder */
    const char *output;                        /* file, or folder; NULL with losses_of */
    const char *start_picture;                 /* file, for BC_START_PICTURE */
    const char *losses_of;                     /* file: measure it instead */
    const char *gradient;                      /* file, with losses_of, or NULL */
    const char *weights;                       /* file of the loss network */
    const char *log;                           /* CSV file, or NULL */
    const char *content_layers, *style_layers; /* "relu1_1:0.5,relu2_1" */
    double statistics[BC_N_STATISTICS];        /* weights */
    bc_synthesis_config config; /* its terms are still empty: bc_gatys_options_terms */
    int count;                  /* most pictures of a folder; 0: all */
    int every;                  /* iterations between snapshots; 0: none */
    int n_threads;              /* 0: one for each processor */
    bool json, resume, overwrite;
} bc_gatys_options;

/* The program's only command, and what it does: brushcast_gatys.c. */
extern const bc_command bc_gatys_command;
int bc_gatys_run_command(int n_args, char **args, const bc_log *log);

/* As bc_options_parse. Pointers go into args. */
int bc_gatys_options_parse(bc_gatys_options *options, int n_args, char **args, const bc_log *log);

/* Sets config.terms from the layers' names: weights of one list are scaled to a sum of 1. */
bc_status bc_gatys_options_terms(bc_gatys_options *options, const bc_vgg *vgg, const bc_log *log);

#endif
