#include "inspect/figure.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "inspect/inspect.h"

bc_status bc_figure_reserve(bc_panel *panel, int height, int width, const bc_log *log)
{
    panel->height = height;
    panel->width = width;
    panel->picture = malloc(3 * sizeof(float) * (size_t)height * (size_t)width);
    return panel->picture
               ? BC_OK
               : bc_fail(log, BC_ERR_MEMORY, "no memory for a picture of %dx%d", width, height);
}

bc_status bc_figure_add_picture(bc_figure *figure, const bc_log *log)
{
    const bc_subject *subject = figure->subject;
    bc_panel *panel = &figure->panels[0];
    const bc_status status = bc_figure_reserve(panel, subject->height, subject->width, log);
    if (status < 0)
        return status;
    memcpy(panel->picture, subject->picture,
           3 * sizeof(float) * (size_t)subject->height * (size_t)subject->width);
    snprintf(panel->caption, sizeof(panel->caption), "picture");
    snprintf(panel->remark, sizeof(panel->remark), "%dx%d", subject->width, subject->height);
    return BC_OK;
}

bc_status bc_figure_add_reconstruction(bc_figure *figure, int panel, bc_likeness likeness,
                                       int first, int last, const bc_log *log)
{
    const bc_subject *subject = figure->subject;
    const bc_reconstruct_params params = {.likeness = likeness,
                                          .first = first,
                                          .last = last,
                                          .n_iterations = figure->options->n_iterations,
                                          .seed = figure->options->seed};
    bc_panel *p = &figure->panels[panel];
    double difference;
    bc_status status = bc_figure_reserve(p, subject->height, subject->width, log);
    if (status == BC_OK)
        status = bc_reconstruct(p->picture, &difference, subject, &params, log);
    if (status < 0)
        return status;
    const char *name = subject->params.table.layers[first].name;
    snprintf(p->caption, sizeof(p->caption), "%s", name);
    if (last > first)
        snprintf(p->caption, sizeof(p->caption), "%s to %d", name, last - BC_N_ENCODER);
    snprintf(p->remark, sizeof(p->remark), "%s, %.2g %% off",
             likeness == BC_LIKENESS_TEXTURE ? "Gram matrix" : "response", 100 * sqrt(difference));
    return BC_OK;
}

static bc_status run(bc_figure *figure, bc_figure_fill *fill, const bc_log *log)
{
    const bc_subject *subject = figure->subject;
    bc_status status = fill(figure, log);
    assert(status < 0 || figure->n_rows * figure->n_columns <= BC_FIGURE_PANELS);
    if (status == BC_OK)
        status = bc_sheet_write(figure->options->output, figure->panels, figure->n_rows,
                                figure->n_columns, subject->height, subject->width, log);
    for (int i = 0; i < BC_FIGURE_PANELS; i++)
        free(figure->panels[i].picture);
    return status;
}

int bc_figure_run(const bc_command *command, int n_args, char **args, bool needs_bank,
                  bc_figure_fill *fill, const bc_log *log)
{
    bc_subject_options options;
    bc_subject subject;
    int parsed = bc_subject_parse(&options, command, n_args, args, log);
    if (parsed == 0 && needs_bank && !options.bank)
        parsed = bc_options_refuse(command, log, "needs --bank");
    if (parsed != 0)
        return parsed < 0 ? BC_EXIT_USAGE : BC_EXIT_DONE;
    bc_status status = bc_subject_open(&subject, &options, log);
    if (status == BC_OK) {
        bc_figure figure = {.subject = &subject, .options = &options};
        status = run(&figure, fill, log);
    }
    bc_subject_close(&subject);
    return status < 0 ? BC_EXIT_FAILED : BC_EXIT_DONE;
}
