/*
 * figure.h: the frame of features, style and decode: options, the net, a sheet of panels.
 */
#ifndef BC_INSPECT_FIGURE_H
#define BC_INSPECT_FIGURE_H

#include "inspect/reconstruct.h"
#include "inspect/sheet.h"

enum { BC_FIGURE_PANELS = 2 * (1 + BC_MAX_BANK_LAYERS) };

typedef struct bc_figure {
    const bc_subject *subject;
    const bc_subject_options *options;
    int n_rows, n_columns;
    bc_panel panels[BC_FIGURE_PANELS]; /* [n_rows, n_columns]; their pictures are the figure's */
} bc_figure;

/* Sets the figure's rows and columns and fills its panels. */
typedef bc_status bc_figure_fill(bc_figure *figure, const bc_log *log);

/* A whole sub-command; the result is its exit status. */
int bc_figure_run(const bc_command *command, int n_args, char **args, bool needs_bank,
                  bc_figure_fill *fill, const bc_log *log);

/* Room for a picture of the panel; its content is the caller's to set. */
bc_status bc_figure_reserve(bc_panel *panel, int height, int width, const bc_log *log);

/* The subject's picture, as the first panel. */
bc_status bc_figure_add_picture(bc_figure *figure, const bc_log *log);

/* A reconstruction from the stages first to last. */
bc_status bc_figure_add_reconstruction(bc_figure *figure, int panel, bc_likeness likeness,
                                       int first, int last, const bc_log *log);

#endif
