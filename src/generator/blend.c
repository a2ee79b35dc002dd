/* Which styles a session paints in: blends, the slots that hold them, their statistics. */
#include <math.h>

#include "base/log.h"
#include "generator/session.h"

static const double small_change = 0.25; /* of the shares, which statistics can follow */

/* What a blend comes to: distinct styles, each with its share; n may be 0. */
typedef struct blend {
    int n;
    bc_style_weight parts[BC_MAX_BLEND];
} blend;

static bc_status add_to_blend(blend *b, const bc_session *s, bc_style_weight w)
{
    const bc_log *log = &s->params.log;
    if (w.style < 0 || w.style >= s->model->n_styles)
        return bc_fail(log, BC_ERR_ARGUMENT, "style %d: the net has %d", w.style,
                       s->model->n_styles);
    if (!isfinite(w.weight) || w.weight < 0)
        return bc_fail(log, BC_ERR_ARGUMENT, "style %s: its weight %g is not a share",
                       s->model->styles[w.style].info.name, (double)w.weight);
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

/* Packing ------------------------------------------------------------------------------------ */

/* Packs a convolution into *memory, which moves on. */
static bc_weights pack(bc_session *s, const bc_step *step, const bc_tensors *tensors,
                       uint8_t **memory)
{
    const bc_weights weights =
        bc_weights_pack(step, tensors, &s->kernels, *memory, s->fold_scratch);
    *memory += bc_weights_size(step);
    return weights;
}

/* What is not normalised is read as it is. */
static void read_as_it_is(bc_layer_state *state, const bc_step *step)
{
    for (int c = 0; c < step->n_channels && !step->layer->norm; c++) {
        state->affine.scale[c] = 1;
        state->affine.shift[c] = 0;
    }
}

/* Whether a step reads what is not what it was when the blend changes. */
static bool reads_change(const bc_plan *plan, const bool changes[], int index)
{
    const bc_step *step = &plan->steps[index];
    for (int i = 0; i < step->n_inputs; i++) {
        if (step->inputs[i].from >= 0 && (changes[step->inputs[i].from] || step->inputs[i].is_mix))
            return true;
    }
    return false;
}

/* All that comes behind the first thing that is the styles'. */
static void find_readers(bc_session *s)
{
    bool changes[BC_MAX_STEPS] = {false};
    for (int i = 0; i < s->plan.n_steps; i++) {
        const int layer = s->plan.steps[i].index;
        s->reads_blend[layer] = reads_change(&s->plan, changes, i);
        changes[i] = s->reads_blend[layer] || s->blended[layer];
    }
}

void bc_session_pack_net(bc_session *s)
{
    uint8_t *next = s->packed;
    for (int i = 0; i < s->plan.n_steps; i++) {
        const bc_step *step = &s->plan.steps[i];
        const bc_tensors *tensors = &s->model->net.tensors[step->index];
        bc_layer_state *state = &s->layers[step->index];
        if (step->layer->kind == BC_LAYER_CONV && step->layer->weights == BC_OWNER_NET)
            state->weights = pack(s, step, tensors, &next);
        state->scale = tensors->scale;
        state->shift = tensors->shift;
        if (!bc_is_each_styles(step))
            read_as_it_is(state, step);
    }
    for (int i = 0; i < s->plan.max_blend; i++)
        s->slots[i].style = -1;
    find_readers(s);
}

static void pack_slot(bc_session *s, bc_slot *slot, int style)
{
    uint8_t *next = slot->packed;
    slot->style = style;
    for (int i = 0; i < s->plan.n_steps; i++) {
        const bc_step *step = &s->plan.steps[i];
        if (!bc_is_each_styles(step))
            continue;
        const bc_tensors *tensors = &s->model->styles[style].tensors[step->index];
        const bool has_norm = step->layer->norm_owner == BC_OWNER_STYLE;
        bc_layer_state *state = &slot->layers[step->index];
        state->weights = s->layers[step->index].weights;
        if (step->layer->weights == BC_OWNER_STYLE)
            state->weights = pack(s, step, tensors, &next);
        state->scale = has_norm ? tensors->scale : s->layers[step->index].scale;
        state->shift = has_norm ? tensors->shift : s->layers[step->index].shift;
        state->running.is_known = false;
        read_as_it_is(state, step);
    }
}

static float share_of(const blend *b, int style)
{
    for (int i = 0; i < b->n; i++) {
        if (b->parts[i].style == style)
            return b->parts[i].weight;
    }
    return 0;
}

/* Slots keep the styles that stay; what those that were away knew is old. */
static void keep_slots(bc_session *s, const blend *b)
{
    for (int i = 0; i < s->plan.max_blend; i++) {
        bc_slot *slot = &s->slots[i];
        for (int k = 0; k < BC_MAX_LAYERS && slot->weight <= 0; k++)
            slot->layers[k].running.is_known = false;
        slot->weight = share_of(b, slot->style);
    }
}

/* The others take slots of styles that are gone. */
static void fill_slots(bc_session *s, const blend *b)
{
    keep_slots(s, b);
    for (int i = 0, free_slot = 0; i < b->n; i++) {
        if (find_slot(s, b->parts[i].style))
            continue;
        while (s->slots[free_slot].weight > 0)
            free_slot++;
        pack_slot(s, &s->slots[free_slot], b->parts[i].style);
        s->slots[free_slot].weight = b->parts[i].weight;
    }
}

/* Norms that are the styles' where maps exist once: their mean by share. */
static void mean_norm(bc_session *s, const blend *b, int layer, int n_out)
{
    float *scale = s->blended[layer], *shift = scale + n_out;
    for (int c = 0; c < n_out; c++) {
        double sums[2] = {0, 0};
        for (int i = 0; i < b->n; i++) {
            const bc_tensors *t = &s->model->styles[b->parts[i].style].tensors[layer];
            sums[0] += (double)b->parts[i].weight * (double)t->scale[c];
            sums[1] += (double)b->parts[i].weight * (double)t->shift[c];
        }
        scale[c] = (float)sums[0];
        shift[c] = (float)sums[1];
    }
    s->layers[layer].scale = scale;
    s->layers[layer].shift = shift;
}

static void blend_norms(bc_session *s, const blend *b)
{
    for (int i = 0; i < s->plan.n_steps && b->n > 0; i++) {
        const bc_step *step = &s->plan.steps[i];
        if (s->blended[step->index])
            mean_norm(s, b, step->index, step->n_channels);
    }
}

static void forget_changed(bc_session *s)
{
    for (int i = 0; i < BC_MAX_LAYERS; i++) {
        if (!s->reads_blend[i])
            continue;
        s->layers[i].running.is_known = false;
        for (int k = 0; k < s->plan.max_blend; k++)
            s->slots[k].layers[i].running.is_known = false;
    }
    s->unsettled = 0;
}

/* The share of the painting that changes hands. */
static double change_to(const bc_session *s, const blend *b)
{
    double kept = 0;
    for (int i = 0; i < s->plan.max_blend; i++)
        kept += (double)fminf(s->slots[i].weight, share_of(b, s->slots[i].style));
    return 1 - kept;
}

bc_status bc_session_set_style(bc_session *session, const bc_style_weight *weights, int n_weights)
{
    blend b;
    if (!session || n_weights < 0 || (n_weights > 0 && !weights))
        return BC_ERR_ARGUMENT;
    const bc_status status = make_blend(&b, session, weights, n_weights);
    if (status != BC_OK)
        return status;
    session->unsettled += change_to(session, &b);
    fill_slots(session, &b);
    blend_norms(session, &b);
    if (session->unsettled > small_change)
        forget_changed(session);
    return BC_OK;
}

int bc_session_slots(const bc_session *s, int slots[BC_MAX_BLEND])
{
    int n = 0;
    for (int i = 0; i < s->plan.max_blend; i++) {
        if (s->slots[i].weight <= 0)
            continue;
        int at = n++;
        for (; at > 0 && s->slots[slots[at - 1]].style > s->slots[i].style; at--)
            slots[at] = slots[at - 1];
        slots[at] = i;
    }
    return n;
}

void bc_session_forget(bc_session *session)
{
    session->unsettled = 0;
    for (int i = 0; i < BC_MAX_LAYERS; i++) {
        session->layers[i].running.is_known = false;
        for (int k = 0; k < session->plan.max_blend; k++)
            session->slots[k].layers[i].running.is_known = false;
    }
}
