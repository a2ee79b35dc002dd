/* Which styles a session paints in: blends, the slots that hold them, their statistics. */
#include <math.h>

#include "base/log.h"
#include "generator/session.h"

/* What a blend comes to: distinct styles, each with its share; n may be 0. */
typedef struct blend {
    int n;
    bc_style_weight parts[BC_MAX_BLEND];
} blend;

static bc_status add_to_blend(blend *b, const bc_session *s, bc_style_weight w)
{
    const bc_log *log = &s->params.log;
    if (w.style < 0 || w.style >= s->model->n_banks)
        return bc_fail(log, BC_ERR_ARGUMENT, "style %d: the net has %d", w.style,
                       s->model->n_banks);
    if (!isfinite(w.weight) || w.weight < 0)
        return bc_fail(log, BC_ERR_ARGUMENT, "style %s: its weight %g is not a share",
                       s->model->banks[w.style].info.name, (double)w.weight);
    if (w.weight == 0)
        return BC_OK;
    int i = 0;
    while (i < b->n && b->parts[i].style != w.style)
        i++;
    if (i == s->params.max_blend)
        return bc_fail(log, BC_ERR_ARGUMENT, "a blend of more than %d styles", i);
    if (i == b->n)
        b->parts[b->n++] = (bc_style_weight){.style = w.style};
    b->parts[i].weight += w.weight;
    return BC_OK;
}

static bc_status make_blend(blend *b, const bc_session *s, const bc_style_weight *weights, int n)
{
    double sum = 0;
    *b = (blend){0};
    for (int i = 0; i < n; i++) {
        const bc_status status = add_to_blend(b, s, weights[i]);
        if (status < 0)
            return status;
        sum += (double)weights[i].weight;
    }
    if (n > 0 && !(sum > 0))
        return bc_fail(&s->params.log, BC_ERR_ARGUMENT, "a blend whose weights are all 0");
    for (int i = 0; i < b->n; i++)
        b->parts[i].weight = (float)((double)b->parts[i].weight / sum);
    return BC_OK;
}

static bc_slot *find_slot(bc_session *s, int style)
{
    for (int i = 0; i < s->plan.max_blend; i++) {
        if (s->slots[i].style == style)
            return &s->slots[i];
    }
    return NULL;
}

static void forget(bc_statistics *statistics, int n)
{
    for (int i = 0; i < n; i++)
        statistics[i].is_known = false;
}

static void pack_slot(bc_session *s, bc_slot *slot, int style)
{
    const bc_bank *bank = &s->model->banks[style];
    uint8_t *next = slot->memory;
    for (int i = 0; i < bank->n_layers; i++)
        bc_session_pack_layer(s, &s->plan.steps[s->plan.first_bank + i], &bank->layers[i],
                              &slot->layers[i], &next);
    slot->style = style;
    forget(slot->running, bank->n_layers);
}

/* Slots keep the styles that stay; the others take slots of styles that are gone. */
static void fill_slots(bc_session *s, const blend *b)
{
    for (int i = 0; i < s->plan.max_blend; i++)
        s->slots[i].weight = 0;
    for (int i = 0; i < b->n; i++) {
        bc_slot *slot = find_slot(s, b->parts[i].style);
        if (slot)
            slot->weight = b->parts[i].weight;
    }
    for (int i = 0, free_slot = 0; i < b->n; i++) {
        if (find_slot(s, b->parts[i].style))
            continue;
        while (s->slots[free_slot].weight > 0)
            free_slot++;
        pack_slot(s, &s->slots[free_slot], b->parts[i].style);
        s->slots[free_slot].weight = b->parts[i].weight;
    }
}

bc_status bc_session_set_style(bc_session *session, const bc_style_weight *weights, int n_weights)
{
    blend b;
    const bc_status status = make_blend(&b, session, weights, n_weights);
    if (status != BC_OK)
        return status;
    fill_slots(session, &b);
    forget(session->running + session->plan.first_decoder, BC_N_DECODER);
    return BC_OK;
}

void bc_session_forget(bc_session *session)
{
    forget(session->running, BC_MAX_STEPS);
    for (int i = 0; i < session->plan.max_blend; i++)
        forget(session->slots[i].running, BC_MAX_BANK_LAYERS);
}
