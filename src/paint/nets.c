#include "paint/nets.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "model/model.h"

static bc_status add(bc_nets *nets, const char *name, const char *models_folder, const bc_log *log,
                     const bc_log *find_log)
{
    for (int i = 0; i < nets->n; i++) {
        if (strcmp(nets->names[i], name) == 0)
            return BC_OK;
    }
    char *folder = NULL;
    bc_model *model = NULL;
    bc_status status = bc_model_find_net(&folder, name, models_folder, find_log);
    if (status == BC_OK)
        status = bc_model_open(&model, folder, &(bc_model_params){.log = *log});
    free(folder);
    if (status < 0)
        return status;
    nets->models[nets->n] = model;
    nets->names[nets->n] = strdup(name);
    nets->costs[nets->n] = bc_layers_macs(&model->net.table);
    nets->n++;
    return nets->names[nets->n - 1] ? BC_OK : bc_fail(log, BC_ERR_MEMORY, "nets: out of memory");
}

bc_status bc_nets_open(bc_nets *nets, const char *net, const char *models_folder, const bc_log *log)
{
    static const char *const shipped[] = {"deep", "light"};
    const bc_log silence = {0};
    bc_status status = BC_ERR_IO;
    *nets = (bc_nets){0};
    if (!net)
        status = add(nets, shipped[0], models_folder, log, &silence);
    if (nets->n == 0)
        status = add(nets, net ? net : shipped[1], models_folder, log, log);
    if (status < 0) {
        bc_nets_close(nets);
        return status;
    }
    for (size_t i = 0; i < sizeof(shipped) / sizeof(shipped[0]); i++)
        add(nets, shipped[i], models_folder, log, &silence);
    return BC_OK;
}

void bc_nets_close(bc_nets *nets)
{
    for (int i = 0; i < nets->n; i++) {
        bc_model_close(&nets->models[i]);
        free(nets->names[i]);
    }
    *nets = (bc_nets){0};
}

const bc_model *bc_nets_model(const bc_nets *nets, int net)
{
    return nets->models[net];
}

/* A model that another has taken the place of is of the same net, whatever its styles are. */
int bc_nets_find(const bc_nets *nets, const bc_model *model)
{
    int same = -1;
    for (int i = nets->n - 1; i >= 0; i--) {
        if (nets->models[i] == model)
            return i;
        if (strcmp(bc_model_id(nets->models[i]), bc_model_id(model)) == 0)
            same = i;
    }
    return same;
}

/* Adding ----------------------------------------------------------------------------------- */

bc_nets bc_nets_hold(const bc_nets *nets)
{
    bc_nets held = {.n = nets->n};
    for (int i = 0; i < nets->n; i++)
        held.models[i] = bc_model_ref(nets->models[i]);
    return held;
}

bc_status bc_nets_read_style(const bc_nets *nets, const char *path, int *net, int *style,
                             bc_model **extended, const bc_log *log)
{
    const bc_model_params quiet = {0}, loud = {.log = *log};
    const int first = *net;
    bc_status status =
        bc_model_add_style(extended, nets->models[first], path, nets->n > 1 ? &quiet : &loud);
    for (int i = 0; i < nets->n && status == BC_ERR_MISMATCH; i++) {
        status = bc_model_add_style(extended, nets->models[i], path, &quiet);
        *net = status == BC_OK ? i : first;
    }
    if (status < 0 && nets->n > 1) /* says why */
        status = bc_model_add_style(extended, nets->models[first], path, &loud);
    *style = status == BC_OK ? (*extended)->added : -1;
    return status;
}

bool bc_nets_replace(bc_nets *nets, int net, const bc_model *base, bc_model **extended)
{
    bc_model *before = nets->models[net];
    if (before != base)
        return false;
    nets->models[net] = *extended;
    *extended = before;
    return true;
}

/* Comparing -------------------------------------------------------------------------------- */

int bc_nets_same_style(const bc_nets *nets, int from, int style, int to)
{
    return bc_model_find_style(bc_nets_model(nets, to),
                               bc_model_style(bc_nets_model(nets, from), style).name);
}

static bool has_styles(const bc_nets *nets, int net, const bc_style_weight *styles, int n_styles,
                       int other)
{
    for (int i = 0; i < n_styles; i++) {
        if (bc_nets_same_style(nets, net, styles[i].style, other) < 0)
            return false;
    }
    return true;
}

int bc_nets_cheapest(const bc_nets *nets, int net, const bc_style_weight *styles, int n_styles)
{
    int cheapest = net;
    for (int i = 0; i < nets->n; i++) {
        if (nets->costs[i] < nets->costs[cheapest] && has_styles(nets, net, styles, n_styles, i))
            cheapest = i;
    }
    return cheapest;
}
