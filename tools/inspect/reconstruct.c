#include "inspect/reconstruct.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "gatys/minimise.h"
#include "train/gram.h"
#include "train/random.h"

/* Of the total variation, as a share of the picture's own, in what is minimised. */
static const double smoothness = 0.01;
/* Of what lies beyond 0 to 1, as a share of the picture's variance. */
static const double range = 1;

/* Mean colours, and the deviation from them over all colours. */
typedef struct tone {
    double mean[3], deviation;
} tone;

typedef struct inversion {
    const bc_subject *subject;
    const bc_reconstruct_params *params;
    bc_train_net net;              /* up to the last stage that is compared */
    int n_pixels;                  /* of one plane */
    tone tone;                     /* the subject's */
    double variation;              /* the subject's */
    double difference;             /* of the last picture */
    float *targets[BC_MAX_LAYERS]; /* a stage's response, or Gram matrix */
    float *picture, *dpicture;     /* [3, height, width] */
    float *gram;                   /* [n, n] of the widest stage */
    float *dresponse;              /* of the largest stage */
} inversion;

/* Tone ------------------------------------------------------------------------------------- */

static tone tone_of(const float *picture, int n)
{
    tone t = {0};
    double sum = 0;
    for (int c = 0; c < 3; c++) {
        const float *plane = picture + (size_t)c * (size_t)n;
        t.mean[c] = bc_sum(plane, n) / n;
        for (int i = 0; i < n; i++)
            sum += (plane[i] - t.mean[c]) * (plane[i] - t.mean[c]);
    }
    t.deviation = sqrt(sum / (3 * (double)n));
    return t;
}

/* v->picture becomes x in the subject's tone. */
static void tone_forward(inversion *v, const float *x, const tone *t)
{
    const double gain = v->tone.deviation / t->deviation;
    for (int i = 0; i < 3 * v->n_pixels; i++) {
        const int c = i / v->n_pixels;
        v->picture[i] = (float)(v->tone.mean[c] + gain * (x[i] - t->mean[c]));
    }
}

/* dx of v->dpicture. */
static void tone_backward(float *dx, const inversion *v, const float *x, const tone *t)
{
    const int n = v->n_pixels;
    const double gain = v->tone.deviation / t->deviation;
    double along = 0, mean[3];
    for (int c = 0; c < 3; c++)
        mean[c] = bc_sum(v->dpicture + (size_t)c * (size_t)n, n) / n;
    for (int i = 0; i < 3 * n; i++)
        along += v->dpicture[i] * (x[i] - t->mean[i / n]);
    along /= 3 * (double)n * t->deviation * t->deviation;
    for (int i = 0; i < 3 * n; i++) {
        const int c = i / n;
        dx[i] = (float)(gain * (v->dpicture[i] - mean[c] - along * (x[i] - t->mean[c])));
    }
}

/* Losses ----------------------------------------------------------------------------------- */

/* The sum of squared differences of neighbours; times `weight`, its gradient is added to d. */
static double variation(float *d, double weight, const float *picture, int height, int width)
{
    double sum = 0;
    for (int y = 0; y < 3 * height; y++)
        for (int x = 0; x < width; x++) {
            const size_t at = (size_t)y * (size_t)width + (size_t)x;
            const size_t next[2] = {at + 1, at + (size_t)width};
            const int has_next[2] = {x + 1 < width, (y + 1) % height != 0};
            for (int i = 0; i < 2; i++) {
                const float step = has_next[i] ? picture[next[i]] - picture[at] : 0;
                sum += step * step;
                if (d && has_next[i]) {
                    d[next[i]] += (float)(2 * weight) * step;
                    d[at] -= (float)(2 * weight) * step;
                }
            }
        }
    return sum;
}

/* The sum of squared distances from 0 to 1; times `weight`, its gradient is added to d. */
static double excess(float *d, double weight, const float *picture, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++) {
        const float beyond = picture[i] - fminf(fmaxf(picture[i], 0), 1);
        sum += beyond * beyond;
        d[i] += (float)(2 * weight) * beyond;
    }
    return sum;
}

static int n_positions(const bc_train_net_stage *s)
{
    return s->h_out * s->w_out;
}

static size_t n_compared(const inversion *v, const bc_train_net_stage *s)
{
    const size_t n = (size_t)s->layer->n_out;
    return n * (v->params->likeness == BC_LIKENESS_TEXTURE ? n : (size_t)n_positions(s));
}

/* What is compared of a stage: its response or, in v->gram, its Gram matrix. */
static const float *say(const inversion *v, const bc_train_net_stage *s)
{
    if (v->params->likeness == BC_LIKENESS_RESPONSE)
        return s->out;
    bc_gram_forward(v->gram, s->out, s->layer->n_out, n_positions(s), v->net.workspace);
    return v->gram;
}

/* |F - P|^2 / |P|^2 of one stage; its gradient, for its share of the mean, to v->dresponse. */
static double compare(const inversion *v, int stage)
{
    const bc_train_net_stage *s = &v->net.stages[stage];
    const bool is_texture = v->params->likeness == BC_LIKENESS_TEXTURE;
    const float *target = v->targets[stage], *said = say(v, s);
    const size_t n = n_compared(v, s);
    const double size = fmax(bc_dot(target, target, (int64_t)n), 1e-12);
    const float slope = (float)(2 / size / (v->params->last - v->params->first + 1));
    float *d = is_texture ? v->gram : v->dresponse;
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        const float difference = said[i] - target[i];
        sum += difference * difference;
        d[i] = slope * difference;
    }
    if (is_texture) {
        memset(v->dresponse, 0, sizeof(float) * (size_t)s->layer->n_out * (size_t)n_positions(s));
        bc_gram_backward(v->dresponse, v->gram, s->out, s->layer->n_out, n_positions(s),
                         bc_product_exact(), v->net.workspace);
    }
    return sum / size;
}

/* What is known of pictures beforehand: they are smooth, and from 0 to 1. */
static double prior(inversion *v)
{
    const double smooth = smoothness / fmax(v->variation, 1e-12);
    const double bounded =
        range / fmax(3 * (double)v->n_pixels * v->tone.deviation * v->tone.deviation, 1e-12);
    return smooth *
               variation(v->dpicture, smooth, v->picture, v->subject->height, v->subject->width) +
           bounded * excess(v->dpicture, bounded, v->picture, 3 * v->n_pixels);
}

static double objective(void *cookie, float *gradient, const float *x)
{
    inversion *v = cookie;
    const bc_reconstruct_params *p = v->params;
    const bc_train_net_values values = v->subject->values;
    const tone t = tone_of(x, v->n_pixels);
    tone_forward(v, x, &t);
    memset(v->dpicture, 0, 3 * sizeof(float) * (size_t)v->n_pixels);
    bc_train_net_forward(&v->net, values, v->picture, NULL);
    v->difference = 0;
    for (int i = p->first; i <= p->last; i++) {
        v->difference += compare(v, i) / (p->last - p->first + 1);
        bc_train_net_backward(&v->net, (bc_train_net_values){{NULL}}, v->dpicture, values,
                              v->picture, i, v->dresponse);
    }
    const double beforehand = prior(v);
    tone_backward(gradient, v, x, &t);
    return v->difference + beforehand;
}

/* ------------------------------------------------------------------------------------------ */

static bool on_step(void *cookie, int iteration, double value, const float *x)
{
    (void)cookie, (void)iteration, (void)value, (void)x;
    return true;
}

static float *floats(size_t n)
{
    return malloc((n ? n : 1) * sizeof(float));
}

static bc_status take_memory(inversion *v, const bc_log *log)
{
    size_t widest = 0, largest = 0;
    const size_t n = 3 * (size_t)v->n_pixels;
    bool ok = true;
    for (int i = v->params->first; i <= v->params->last; i++) {
        const bc_train_net_stage *s = &v->net.stages[i];
        const size_t width = (size_t)s->layer->n_out, response = width * (size_t)n_positions(s);
        widest = width > widest ? width : widest;
        largest = response > largest ? response : largest;
        v->targets[i] = floats(n_compared(v, s));
        ok = ok && v->targets[i];
    }
    v->gram = floats(widest * widest);
    v->dresponse = floats(largest);
    v->picture = floats(n);
    v->dpicture = floats(n);
    if (ok && v->gram && v->dresponse && v->picture && v->dpicture)
        return BC_OK;
    return bc_fail(log, BC_ERR_MEMORY, "no memory to reconstruct a picture");
}

static void set_targets(inversion *v)
{
    const bc_subject *subject = v->subject;
    v->tone = tone_of(subject->picture, v->n_pixels);
    v->variation = variation(NULL, 0, subject->picture, subject->height, subject->width);
    bc_train_net_forward(&v->net, subject->values, subject->picture, NULL);
    for (int i = v->params->first; i <= v->params->last; i++) {
        const bc_train_net_stage *s = &v->net.stages[i];
        memcpy(v->targets[i], say(v, s), n_compared(v, s) * sizeof(float));
    }
}

/* Leaves the result in v->picture. */
static bc_status search(inversion *v, const bc_log *log)
{
    bc_minimiser m;
    bc_random random = {(uint64_t)v->params->seed};
    bc_status status = bc_minimiser_open(&m, BC_MINIMISER_LBFGS, 0, 3 * v->n_pixels, log);
    for (int i = 0; status == BC_OK && i < m.n; i++)
        m.x[i] = (float)bc_random_normal(&random);
    while (status == BC_OK && m.iteration < v->params->n_iterations)
        status = bc_minimiser_run(&m, v->params->n_iterations, objective, on_step, v, log);
    if (status >= 0)
        objective(v, m.gradient, m.x);
    bc_minimiser_close(&m);
    return status < 0 ? status : BC_OK;
}

static void inversion_close(inversion *v)
{
    for (int i = 0; i < BC_MAX_LAYERS; i++)
        free(v->targets[i]);
    free(v->gram);
    free(v->dresponse);
    free(v->picture);
    free(v->dpicture);
    bc_train_net_close(&v->net);
}

bc_status bc_reconstruct(float *out, double *difference, const bc_subject *subject,
                         const bc_reconstruct_params *params, const bc_log *log)
{
    inversion v = {
        .subject = subject, .params = params, .n_pixels = subject->height * subject->width};
    bc_status status = bc_subject_open_net(&v.net, subject, log);
    assert(params->first >= 0 && params->first <= params->last);
    assert(status < 0 || params->last < v.net.n_stages - 1);
    v.net.n_stages = params->last + 1; /* what lies behind is not run */
    if (status == BC_OK)
        status = take_memory(&v, log);
    if (status == BC_OK) {
        set_targets(&v);
        status = search(&v, log);
    }
    if (status == BC_OK) {
        memcpy(out, v.picture, 3 * sizeof(float) * (size_t)v.n_pixels);
        *difference = v.difference;
    }
    inversion_close(&v);
    return status;
}
