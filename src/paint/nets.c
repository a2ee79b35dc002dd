#include "paint/nets.h"

#include <stdatomic.h>
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
    atomic_store(&nets->models[nets->n], model);
    nets->names[nets->n] = strdup(name);
    nets->costs[nets->n] = bc_layers_macs(&model->net.table);
    nets->n++;
    return nets->names[nets->n - 1] ? BC_OK : bc_fail(log, BC_ERR_MEMORY, "nets: out of memory");
}

bc_status bc_nets_open(bc_nets *nets, const char *net, const char *models_folder, const bc_log *log)
{
    static const char *const shipped[] = {"deep", "light", "wide"};
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
        bc_model *model = atomic_load(&nets->models[i]);
        bc_model_close(&model);
        free(nets->names[i]);
    }
    *nets = (bc_nets){0};
}

const bc_model *bc_nets_model(const bc_nets *nets, int net)
{
    return atomic_load(&nets->models[net]);
}

/* The old model stays open as the base of the new one. */
static bc_status add_to(bc_nets *nets, int net, const char *path, const bc_log *log)
{
    bc_model *old = atomic_load(&nets->models[net]), *extended;
    const bc_status status =
        bc_model_add_style(&extended, old, path, &(bc_model_params){.log = *log});
    if (status < 0)
        return status;
    atomic_store(&nets->models[net], extended);
    bc_model_close(&old);
    return BC_OK;
}

bc_status bc_nets_add_style(bc_nets *nets, const char *path, int *net, int *style,
                            const bc_log *log)
{
    const bc_log silence = {0};
    bc_status status = add_to(nets, *net, path, nets->n > 1 ? &silence : log);
    for (int i = 0; i < nets->n && status == BC_ERR_MISMATCH; i++) {
        status = add_to(nets, i, path, &silence);
        *net = status == BC_OK ? i : *net;
    }
    if (status < 0)
        return nets->n > 1 ? add_to(nets, *net, path, log) : status; /* which says why */
    *style = atomic_load(&nets->models[*net])->added;
    return BC_OK;
}

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
