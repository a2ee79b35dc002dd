#include "paint/blend.h"

void bc_blend_add(bc_blend *b, int style, float weight)
{
    int i = 0;
    while (i < b->n && b->styles[i].style != style)
        i++;
    if (i == BC_LIVE_BLEND || weight <= 0)
        return;
    if (i == b->n)
        b->styles[b->n++] = (bc_style_weight){.style = style};
    b->styles[i].weight += weight;
}

bool bc_blend_is_same(const bc_blend *a, const bc_blend *b)
{
    if (a->n != b->n)
        return false;
    for (int i = 0; i < a->n; i++) {
        if (a->styles[i].style != b->styles[i].style || a->styles[i].weight != b->styles[i].weight)
            return false;
    }
    return true;
}

static void add_all(bc_blend *b, const bc_blend *other, float share)
{
    for (int i = 0; i < other->n; i++)
        bc_blend_add(b, other->styles[i].style, share * other->styles[i].weight);
}

/* The smallest shares make room: at most two styles are faded out while two come. */
static void keep_two(bc_blend *b)
{
    while (b->n > 2) {
        int least = 0;
        for (int i = 1; i < b->n; i++) {
            if (b->styles[i].weight < b->styles[least].weight)
                least = i;
        }
        b->styles[least] = b->styles[--b->n];
    }
}

static void begin(bc_fade *fade, int net, const bc_blend *wanted, int64_t now_ns)
{
    fade->from = fade->net == net ? fade->shown : (bc_blend){0};
    fade->to = *wanted;
    fade->net = net;
    fade->start_ns = now_ns;
    keep_two(&fade->from);
}

void bc_fade_step(bc_fade *fade, int net, const bc_blend *wanted, double seconds, int64_t now_ns)
{
    if (fade->net != net || !bc_blend_is_same(wanted, &fade->to))
        begin(fade, net, wanted, now_ns);
    const double done = seconds > 0 ? (double)(now_ns - fade->start_ns) / (seconds * 1e9) : 1;
    if (done >= 1 || fade->from.n == 0) {
        fade->shown = fade->to;
        return;
    }
    fade->shown = (bc_blend){0};
    add_all(&fade->shown, &fade->to, (float)done);
    add_all(&fade->shown, &fade->from, (float)(1 - done));
}
