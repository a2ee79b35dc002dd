/* What a pickle may ask of Python: ordered dictionaries, storages, and tensors in them. */
#include <string.h>

#include "import/pickle_machine.h"

/* Dictionaries and lists ------------------------------------------------------------------- */

static bool set_item(bc_pickle_machine *m, const bc_pickle_object *key,
                     const bc_pickle_object *value)
{
    bc_pickle *p = m->pickle;
    if (key->kind != BC_PICKLE_OBJECT_TEXT || value->kind != BC_PICKLE_OBJECT_TENSOR)
        return true;
    if (p->n_tensors == BC_PICKLE_MAX_TENSORS)
        return bc_pickle_refuse(m, "has more than %d tensors", BC_PICKLE_MAX_TENSORS);
    bc_pickle_tensor *tensor = &p->tensors[p->n_tensors++];
    *tensor = (bc_pickle_tensor){.name = key->text,
                                 .storage = value->text,
                                 .element = value->element,
                                 .offset = value->number,
                                 .rank = value->rank};
    memcpy(tensor->dims, value->dims, sizeof(tensor->dims));
    return true;
}

/* n objects above a dictionary: keys and values. */
bool bc_pickle_set_items(bc_pickle_machine *m, int n)
{
    if (n < 0 || n % 2 || m->n_stack <= n)
        return bc_pickle_refuse(m, "sets items without a dictionary");
    m->n_stack -= n;
    if (bc_pickle_top(m)->kind != BC_PICKLE_OBJECT_DICTIONARY)
        return bc_pickle_refuse(m, "sets items of what is no dictionary");
    for (int i = 0; i < n; i += 2)
        if (!set_item(m, &m->objects[m->stack[m->n_stack + i]],
                      &m->objects[m->stack[m->n_stack + i + 1]]))
            return false;
    return true;
}

bool bc_pickle_append_items(bc_pickle_machine *m, int n)
{
    bc_pickle *p = m->pickle;
    if (n < 0 || m->n_stack <= n)
        return bc_pickle_refuse(m, "appends without a list");
    m->n_stack -= n;
    if (bc_pickle_top(m)->kind != BC_PICKLE_OBJECT_LIST)
        return bc_pickle_refuse(m, "appends to what is no list");
    for (int i = 0; i < n; i++) {
        const bc_pickle_object *item = &m->objects[m->stack[m->n_stack + i]];
        if (item->kind == BC_PICKLE_OBJECT_TEXT && p->n_keys == BC_PICKLE_MAX_KEYS)
            return bc_pickle_refuse(m, "has a list of too many texts");
        if (item->kind == BC_PICKLE_OBJECT_TEXT)
            p->keys[p->n_keys++] = item->text;
    }
    return true;
}

/* Names and what they make ----------------------------------------------------------------- */

bool bc_pickle_push_name(bc_pickle_machine *m, bc_span module, bc_span name)
{
    static const struct {
        const char *module, *name;
        bc_pickle_name known;
        bc_element element;
    } names[] = {{"collections", "OrderedDict", BC_PICKLE_NAME_DICTIONARY, BC_ELEMENT_FLOAT},
                 {"torch._utils", "_rebuild_tensor_v2", BC_PICKLE_NAME_TENSOR, BC_ELEMENT_FLOAT},
                 {"torch._utils", "_rebuild_tensor", BC_PICKLE_NAME_TENSOR, BC_ELEMENT_FLOAT},
                 {"torch._utils", "_rebuild_parameter", BC_PICKLE_NAME_PARAMETER, BC_ELEMENT_FLOAT},
                 {"torch", "FloatStorage", BC_PICKLE_NAME_STORAGE, BC_ELEMENT_FLOAT},
                 {"torch", "HalfStorage", BC_PICKLE_NAME_STORAGE, BC_ELEMENT_HALF},
                 {"torch", "DoubleStorage", BC_PICKLE_NAME_STORAGE, BC_ELEMENT_DOUBLE},
                 {"torch", "LongStorage", BC_PICKLE_NAME_STORAGE, BC_ELEMENT_LONG},
                 {"torch.cuda", "FloatStorage", BC_PICKLE_NAME_STORAGE, BC_ELEMENT_FLOAT}};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (bc_span_is(module, names[i].module) && bc_span_is(name, names[i].name))
            return bc_pickle_push(m, (bc_pickle_object){.kind = BC_PICKLE_OBJECT_NAME,
                                                        .name = names[i].known,
                                                        .element = names[i].element});
    return bc_pickle_refuse(m, "wants Python's %.*s.%.*s, which is no part of a net's tensors",
                            (int)(module.n < 40 ? module.n : 40), module.at,
                            (int)(name.n < 40 ? name.n : 40), name.at);
}

static bool take_size(bc_pickle_object *tensor, const bc_pickle_machine *m,
                      const bc_pickle_object *size, const bc_pickle_object *strides)
{
    int64_t expected = 1;
    if (size->kind != BC_PICKLE_OBJECT_TUPLE || strides->kind != BC_PICKLE_OBJECT_TUPLE ||
        size->n > BC_PICKLE_MAX_RANK || strides->n != size->n)
        return false;
    tensor->rank = size->n;
    for (int i = size->n - 1; i >= 0; i--) {
        const bc_pickle_object *dim = bc_pickle_part(m, size, i),
                               *stride = bc_pickle_part(m, strides, i);
        if (dim->kind != BC_PICKLE_OBJECT_NUMBER || stride->kind != BC_PICKLE_OBJECT_NUMBER ||
            dim->number < 0 || dim->number > INT16_MAX ||
            (dim->number > 1 && stride->number != expected))
            return false;
        tensor->dims[i] = dim->number;
        expected *= dim->number;
    }
    return true;
}

/* (storage, offset, size, strides, ...) */
static bool push_tensor(bc_pickle_machine *m, const bc_pickle_object *args)
{
    const bc_pickle_object *storage = args->n >= 4 ? bc_pickle_part(m, args, 0) : NULL;
    const bc_pickle_object *offset = storage ? bc_pickle_part(m, args, 1) : NULL;
    bc_pickle_object tensor = {.kind = BC_PICKLE_OBJECT_TENSOR};
    if (!storage || storage->kind != BC_PICKLE_OBJECT_STORAGE ||
        offset->kind != BC_PICKLE_OBJECT_NUMBER || offset->number < 0 ||
        offset->number > INT32_MAX ||
        !take_size(&tensor, m, bc_pickle_part(m, args, 2), bc_pickle_part(m, args, 3)))
        return bc_pickle_refuse(m, "has a tensor that is not in one piece, of up to %d dimensions",
                                BC_PICKLE_MAX_RANK);
    tensor.element = storage->element;
    tensor.text = storage->text;
    tensor.number = offset->number;
    return bc_pickle_push(m, tensor);
}

bool bc_pickle_call(bc_pickle_machine *m)
{
    const bc_pickle_object *args = bc_pickle_pop(m), *callee = args ? bc_pickle_pop(m) : NULL;
    if (!callee)
        return false;
    if (args->kind != BC_PICKLE_OBJECT_TUPLE || callee->kind != BC_PICKLE_OBJECT_NAME)
        return bc_pickle_refuse(m, "calls what is no function");
    if (callee->name == BC_PICKLE_NAME_DICTIONARY && args->n == 0)
        return bc_pickle_push(m, (bc_pickle_object){.kind = BC_PICKLE_OBJECT_DICTIONARY});
    if (callee->name == BC_PICKLE_NAME_TENSOR)
        return push_tensor(m, args);
    if (callee->name == BC_PICKLE_NAME_PARAMETER && args->n >= 1 &&
        bc_pickle_part(m, args, 0)->kind == BC_PICKLE_OBJECT_TENSOR)
        return bc_pickle_push(m, *bc_pickle_part(m, args, 0));
    return bc_pickle_refuse(m, "calls a function with what it does not take");
}

/* ("storage", kind, key, device, number of elements, ...) */
bool bc_pickle_push_storage(bc_pickle_machine *m)
{
    const bc_pickle_object *id = bc_pickle_pop(m);
    if (!id)
        return false;
    if (id->kind != BC_PICKLE_OBJECT_TUPLE || id->n < 5 ||
        bc_pickle_part(m, id, 0)->kind != BC_PICKLE_OBJECT_TEXT ||
        !bc_span_is(bc_pickle_part(m, id, 0)->text, "storage") ||
        bc_pickle_part(m, id, 1)->kind != BC_PICKLE_OBJECT_NAME ||
        bc_pickle_part(m, id, 1)->name != BC_PICKLE_NAME_STORAGE ||
        bc_pickle_part(m, id, 2)->kind != BC_PICKLE_OBJECT_TEXT)
        return bc_pickle_refuse(m, "refers to what is no storage of numbers");
    return bc_pickle_push(m, (bc_pickle_object){.kind = BC_PICKLE_OBJECT_STORAGE,
                                                .element = bc_pickle_part(m, id, 1)->element,
                                                .text = bc_pickle_part(m, id, 2)->text});
}
