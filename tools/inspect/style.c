/* style.c: the painting as the layers of a style bank see it. */
#include "inspect/figure.h"
#include "inspect/inspect.h"

static bc_status fill(bc_figure *figure, const bc_log *log)
{
    const int n = figure->subject->n_bank_layers, first = BC_N_ENCODER;
    figure->n_rows = 2;
    figure->n_columns = 1 + n;
    bc_status status = bc_figure_add_picture(figure, log);
    for (int i = 0; i < n && status == BC_OK; i++)
        status = bc_figure_add_reconstruction(figure, 1 + i, BC_LIKENESS_RESPONSE, first + i,
                                              first + i, log);
    for (int i = 0; i < n && status == BC_OK; i++)
        status = bc_figure_add_reconstruction(figure, 2 + n + i, BC_LIKENESS_TEXTURE, first,
                                              first + i, log);
    return status;
}

static int style(int n_args, char **args, const bc_log *log)
{
    return bc_figure_run(&bc_inspect_style, n_args, args, true, fill, log);
}

const bc_command bc_inspect_style = {
    .name = "style",
    .summary = "draw a painting from what the layers of its bank keep",
    .arguments = "PAINTING -o OUT.png --autoencoder FILE --bank FILE [OPTION...]",
    .description =
        "Shows the painting and pictures that L-BFGS found from noise such that layers of the "
        "bank say the same of them. Above: a layer's response, at every position, from which "
        "the arrangement can be told. Below: the Gram matrices of the layers up to there, which "
        "know what goes together but not where: the style. Mean colours and contrast are the "
        "painting's own: instance normalisation removes them, no layer can tell. \"off\" is "
        "what is left of the difference, in shares of the response's or the matrices' size.",
    .options = bc_subject_table,
    .n_options = BC_N_SUBJECT_OPTIONS,
    .run = style,
};
