/*
 * A file of another project's net is untrusted: it may be refused, but what is taken is a table of
 * layers with all its weights.
 */
#include <stdlib.h>

#include "import/style_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void insist(bool is_so)
{
    if (!is_so)
        abort();
}

static void check_layer(const bc_draft_layer *d)
{
    if (d->layer.kind == BC_LAYER_CONV)
        insist(d->weight && d->bias && (!d->layer.norm || (d->scale && d->shift)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const bc_log silent = {0};
    bc_layers table;
    bc_draft *draft = calloc(1, sizeof(*draft));
    if (!draft)
        return 0;
    if (bc_style_file_read(draft, data, size, 0, "FILE", &silent) == BC_OK &&
        bc_draft_make_table(&table, draft, "FILE", &silent) == BC_OK) {
        for (int i = 0; i < draft->n; i++) {
            insist(bc_layers_find(&table, draft->layers[i].layer.name) >= 0);
            check_layer(&draft->layers[i]);
        }
    }
    bc_draft_close(draft);
    free(draft);
    return 0;
}
