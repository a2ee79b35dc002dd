/* decode.c: how the painting comes about, layer by layer. */
#include <stdio.h>

#include "inspect/figure.h"
#include "inspect/inspect.h"
#include "inspect/readout.h"

static bc_status add_readout(bc_figure *figure, int panel, const bc_train_net *net, int stage,
                             const bc_log *log)
{
    const bc_train_net_stage *s = &net->stages[stage];
    const float *painting = net->stages[net->n_stages - 1].out;
    bc_panel *p = &figure->panels[panel];
    double off;
    bc_status status = bc_figure_reserve(p, s->h_out, s->w_out, log);
    if (status == BC_OK)
        status = bc_readout(p->picture, &off, s->out, s->layer->n_out, s->h_out, s->w_out, painting,
                            net->height, net->width, log);
    if (status < 0)
        return status;
    snprintf(p->caption, sizeof(p->caption), "%s", s->layer->name);
    snprintf(p->remark, sizeof(p->remark), "%d maps %dx%d, %.1f off", s->layer->n_out, s->w_out,
             s->h_out, 255 * off);
    return BC_OK;
}

static bc_status add_painting(bc_figure *figure, int panel, const bc_train_net *net,
                              const bc_log *log)
{
    bc_panel *p = &figure->panels[panel];
    const bc_status status = bc_figure_reserve(p, net->height, net->width, log);
    if (status < 0)
        return status;
    const float *painting = net->stages[net->n_stages - 1].out;
    for (int i = 0; i < 3 * net->height * net->width; i++)
        p->picture[i] = painting[i];
    snprintf(p->caption, sizeof(p->caption), "%s", net->stages[net->n_stages - 1].layer->name);
    snprintf(p->remark, sizeof(p->remark), "the painting");
    return BC_OK;
}

static bc_status add_stages(bc_figure *figure, const bc_train_net *net, const bc_log *log)
{
    const int first = net->n_stages - BC_N_DECODER;
    const bc_layer *decoder = net->stages[first].layer;
    bc_status status = bc_figure_add_picture(figure, log);
    if (status == BC_OK)
        status = add_readout(figure, 1, net, decoder->inputs[0], log);
    for (int i = first; i < net->n_stages - 1 && status == BC_OK; i++)
        status = add_readout(figure, 2 + i - first, net, i, log);
    return status < 0 ? status : add_painting(figure, 1 + BC_N_DECODER, net, log);
}

static bc_status fill(bc_figure *figure, const bc_log *log)
{
    bc_train_net net;
    figure->n_rows = 1;
    figure->n_columns = 2 + BC_N_DECODER;
    bc_status status = bc_subject_open_net(&net, figure->subject, log);
    if (status == BC_OK) {
        bc_train_net_forward(&net, figure->subject->values, figure->subject->picture, NULL);
        status = add_stages(figure, &net, log);
    }
    bc_train_net_close(&net);
    return status;
}

static int decode(int n_args, char **args, const bc_log *log)
{
    return bc_figure_run(&bc_inspect_decode, n_args, args, false, fill, log);
}

const bc_command bc_inspect_decode = {
    .name = "decode",
    .summary = "draw how a painting comes about, layer by layer",
    .arguments = "PICTURE -o OUT.png --autoencoder FILE [--bank FILE] [OPTION...]",
    .description =
        "Shows the picture, and how its painting comes about behind the bank and behind each "
        "layer of the decoder. A layer's response has many maps and no colours: shown is, at "
        "the layer's own resolution, the one 3x3 linear filter of its maps whose result comes "
        "closest to the painting (least squares). What it finds is there already; what is "
        "missing is made by the layers that follow. \"off\" is the root mean square difference "
        "from the painting at that resolution, in 8-bit steps. The last layer's response is the "
        "painting itself. Without --bank: the auto-encoder alone. Nothing here depends on "
        "--iterations or --seed.",
    .options = bc_subject_table,
    .n_options = BC_N_SUBJECT_OPTIONS,
    .run = decode,
};
