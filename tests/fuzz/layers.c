/*
 * A table of layers is untrusted text: it may be refused, but what is taken keeps what layers.h
 * promises of tables, and says the same when it is read again.
 */
#include <stdlib.h>
#include <string.h>

#include "model/layers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void insist(bool is_so)
{
    if (!is_so)
        abort();
}

static void check_layer(const bc_layers *table, int i)
{
    const bc_layer *layer = &table->layers[i];
    insist(layer->n_out == 3 ? i == table->n - 1
                             : layer->n_out % 8 == 0 && layer->n_out <= BC_MAX_WIDTH);
    insist(layer->cell >= 1 && table->unit % layer->cell == 0);
    insist(bc_layers_find(table, layer->name) == i);
    for (int k = 0; k < bc_layer_inputs(layer); k++) {
        insist(layer->inputs[k] >= BC_FRAME && layer->inputs[k] < i);
        insist(layer->n_in ==
               (layer->inputs[k] == BC_FRAME ? 3 : table->layers[layer->inputs[k]].n_out));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const bc_log silent = {0};
    bc_layers table, again;
    char *text = calloc(size + 1, 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    if (bc_layers_parse(&table, text, "TABLE", &silent) == BC_OK) {
        insist(table.n >= 1 && table.n <= BC_MAX_LAYERS && table.unit <= BC_MAX_UNIT);
        insist(strcmp(table.text, text) == 0);
        for (int i = 0; i < table.n; i++)
            check_layer(&table, i);
        insist(bc_layers_macs(&table) > 0);
        insist(bc_layers_parse(&again, table.text, "TABLE", &silent) == BC_OK);
        insist(memcmp(table.layers, again.layers, (size_t)table.n * sizeof(*table.layers)) == 0);
    }
    free(text);
    return 0;
}
