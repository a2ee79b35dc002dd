/* features.c: the picture as each layer of the encoder keeps it. */
#include "inspect/figure.h"
#include "inspect/inspect.h"

static bc_status fill(bc_figure *figure, const bc_log *log)
{
    figure->n_rows = 1;
    figure->n_columns = 1 + BC_N_ENCODER;
    bc_status status = bc_figure_add_picture(figure, log);
    for (int i = 0; i < BC_N_ENCODER && status == BC_OK; i++)
        status = bc_figure_add_reconstruction(figure, 1 + i, BC_LIKENESS_RESPONSE, i, i, log);
    return status;
}

static int features(int n_args, char **args, const bc_log *log)
{
    return bc_figure_run(&bc_inspect_features, n_args, args, false, fill, log);
}

const bc_command bc_inspect_features = {
    .name = "features",
    .summary = "draw a picture from what each layer of the encoder keeps",
    .arguments = "PICTURE -o OUT.png --autoencoder FILE [OPTION...]",
    .description =
        "Shows the picture and, for each layer of the encoder, a picture that L-BFGS found from "
        "noise such that the layer responds to it as to the first (Mahendran and Vedaldi 2015). "
        "Where both are alike, the layer has kept what is there; where they differ, it has "
        "forgotten it. Mean colours and contrast are the picture's own: instance normalisation "
        "removes them, no layer can tell. \"off\" is what is left of the difference of "
        "responses, in shares of their size.",
    .options = bc_subject_table,
    .n_options = BC_N_SUBJECT_OPTIONS,
    .run = features,
};
