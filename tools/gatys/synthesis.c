#include "gatys/synthesis.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "gatys/colours.h"
#include "train/fingerprint.h"
#include "train/picture_loss.h"

enum { FINGERPRINT_SIZE = 1024 };

struct bc_synthesis {
    bc_synthesis_config config;
    const bc_vgg *vgg;
    const bc_workspace *workspace;
    const bc_photo *content_photo, *style_photo, *start_photo;
    const bc_log *log;
    int scale;         /* the one in work, 0 the coarsest */
    int height, width; /* at that scale */
    float *content;    /* [3, height, width] at that scale */
    bc_loss *loss;
    bc_style_target *style;
    bc_minimiser minimiser; /* its x is the picture */
    const bc_synthesis_events *events;
    bc_synthesis_step last;
};

static int n_values(const bc_synthesis *s)
{
    return 3 * s->height * s->width;
}

/* Sizes ------------------------------------------------------------------------------------ */

static int max(int a, int b)
{
    return a > b ? a : b;
}

/* A photo's size with its short side made `size`, over 2^halvings. */
static void scaled_size(const bc_photo *photo, double size, int halvings, int *height, int *width)
{
    const int side = photo->width < photo->height ? photo->width : photo->height;
    const double factor = ldexp(size > 0 ? size / side : 1, -halvings);
    *height = max(1, (int)lround(photo->height * factor));
    *width = max(1, (int)lround(photo->width * factor));
}

/* *picture is to be freed. */
static bc_status resize(float **picture, const bc_photo *photo, int height, int width,
                        const bc_log *log)
{
    *picture = malloc((size_t)height * (size_t)width * 3 * sizeof(**picture));
    if (!*picture)
        return bc_fail(log, BC_ERR_MEMORY, "no memory for a picture of %dx%d", width, height);
    const bc_resample_window whole = {0, 0, photo->width, photo->height};
    return bc_resample(*picture, height, width, photo->pixels, photo->height, photo->width, whole,
                       log);
}

/* Starts ----------------------------------------------------------------------------------- */

static void start_from_noise(bc_synthesis *s)
{
    bc_random random = {.state = s->config.seed};
    for (int i = 0; i < n_values(s); i++)
        s->minimiser.x[i] = (float)(0.5 + 0.1 * bc_random_normal(&random));
}

static bc_status start_from_photo(bc_synthesis *s)
{
    float *picture;
    const bc_status status = resize(&picture, s->start_photo, s->height, s->width, s->log);
    if (status == BC_OK)
        memcpy(s->minimiser.x, picture, (size_t)n_values(s) * sizeof(*picture));
    free(picture);
    return status;
}

static bc_status set_start(bc_synthesis *s)
{
    if (s->config.start == BC_START_PICTURE)
        return start_from_photo(s);
    if (s->config.start == BC_START_CONTENT)
        memcpy(s->minimiser.x, s->content, (size_t)n_values(s) * sizeof(float));
    else
        start_from_noise(s);
    return BC_OK;
}

static float sample(const float *plane, int height, int width, double y, double x)
{
    const int y0 = (int)fmin(fmax(y, 0), height - 1), x0 = (int)fmin(fmax(x, 0), width - 1);
    const int y1 = y0 + 1 < height ? y0 + 1 : y0, x1 = x0 + 1 < width ? x0 + 1 : x0;
    const double v = fmin(fmax(y - y0, 0), 1), u = fmin(fmax(x - x0, 0), 1);
    return (float)((1 - v) * ((1 - u) * plane[y0 * width + x0] + u * plane[y0 * width + x1]) +
                   v * ((1 - u) * plane[y1 * width + x0] + u * plane[y1 * width + x1]));
}

/* The last scale's result, bilinearly, as this one's start. */
static void start_from_coarser(bc_synthesis *s, const float *coarse, int height, int width)
{
    const double step_y = (double)height / s->height, step_x = (double)width / s->width;
    for (int i = 0; i < n_values(s); i++) {
        const float *plane = coarse + i / (s->height * s->width) * height * width;
        const double y = (i / s->width % s->height + 0.5) * step_y - 0.5;
        const double x = (i % s->width + 0.5) * step_x - 0.5;
        s->minimiser.x[i] = sample(plane, height, width, y, x);
    }
}

/* Scales ----------------------------------------------------------------------------------- */

static bc_loss_params loss_params(const bc_synthesis *s)
{
    bc_loss_params params = {.vgg = s->vgg,
                             .workspace = s->workspace,
                             .height = s->height,
                             .width = s->width,
                             .pooling = s->config.pooling,
                             .scale = s->config.scale,
                             .weights = s->config.terms};
    for (int i = 0; i < BC_VGG_MAX_LAYERS; i++) {
        params.weights.content[i] *= s->config.alpha;
        for (int statistic = 0; statistic < BC_N_STATISTICS; statistic++)
            params.weights.style[statistic][i] *= s->config.beta;
    }
    return params;
}

static bc_status open_style(bc_synthesis *s)
{
    bc_loss_params params = loss_params(s);
    float *picture;
    const int size = s->config.style_size ? s->config.style_size : s->config.size;
    scaled_size(s->style_photo, size, s->config.n_scales - 1 - s->scale, &params.height,
                &params.width);
    bc_status status = resize(&picture, s->style_photo, params.height, params.width, s->log);
    if (status == BC_OK && s->config.colours == BC_COLOURS_MATCH)
        bc_colours_match(picture, params.height * params.width, s->content, s->height * s->width);
    if (status == BC_OK)
        status = bc_style_target_open(&s->style, &params, picture, s->log);
    free(picture);
    return status;
}

static void close_scale(bc_synthesis *s)
{
    bc_loss_close(&s->loss);
    bc_style_target_close(&s->style);
    bc_minimiser_close(&s->minimiser);
    free(s->content);
    s->content = NULL;
}

static bc_status open_scale(bc_synthesis *s, int scale)
{
    close_scale(s);
    s->scale = scale;
    scaled_size(s->content_photo, s->config.size, s->config.n_scales - 1 - scale, &s->height,
                &s->width);
    bc_status status = resize(&s->content, s->content_photo, s->height, s->width, s->log);
    if (status == BC_OK)
        status = open_style(s);
    const bc_loss_params params = loss_params(s);
    if (status == BC_OK)
        status = bc_loss_open(&s->loss, &params, s->log);
    if (status == BC_OK)
        status =
            bc_minimiser_open(&s->minimiser, s->config.method, s->config.rate, n_values(s), s->log);
    if (status == BC_OK)
        bc_loss_set_content(s->loss, s->content);
    return status;
}

static bc_status open_next_scale(bc_synthesis *s)
{
    const int height = s->height, width = s->width;
    bc_minimiser coarse = s->minimiser;
    s->minimiser = (bc_minimiser){0};
    const bc_status status = open_scale(s, s->scale + 1);
    if (status == BC_OK)
        start_from_coarser(s, coarse.x, height, width);
    bc_minimiser_close(&coarse);
    return status;
}

bc_status bc_synthesis_open(bc_synthesis **synthesis, const bc_synthesis_config *config,
                            const bc_vgg *vgg, const bc_workspace *workspace,
                            const bc_photo *content, const bc_photo *style,
                            const bc_photo *start_picture, const bc_log *log)
{
    assert(start_picture || config->start != BC_START_PICTURE);
    bc_synthesis *s = calloc(1, sizeof(*s));
    *synthesis = NULL;
    if (!s)
        return bc_fail(log, BC_ERR_MEMORY, "no memory");
    *s = (bc_synthesis){.config = *config,
                        .vgg = vgg,
                        .workspace = workspace,
                        .content_photo = content,
                        .style_photo = style,
                        .start_photo = start_picture,
                        .log = log};
    bc_status status = open_scale(s, 0);
    if (status == BC_OK)
        status = set_start(s);
    if (status < 0)
        bc_synthesis_close(&s);
    *synthesis = s;
    return status;
}

void bc_synthesis_close(bc_synthesis **synthesis)
{
    if (!synthesis || !*synthesis)
        return;
    close_scale(*synthesis);
    free(*synthesis);
    *synthesis = NULL;
}

/* Running ---------------------------------------------------------------------------------- */

static double weighted_content(const bc_synthesis *s, const bc_loss_terms *values)
{
    double sum = 0;
    for (int i = 0; i < BC_VGG_MAX_LAYERS; i++)
        sum += s->config.terms.content[i] * values->content[i];
    return sum;
}

static double weighted_style(const bc_synthesis *s, const bc_loss_terms *values)
{
    double sum = 0;
    for (int statistic = 0; statistic < BC_N_STATISTICS; statistic++)
        for (int i = 0; i < BC_VGG_MAX_LAYERS; i++)
            sum += s->config.terms.style[statistic][i] * values->style[statistic][i];
    return sum;
}

static double evaluate(void *cookie, float *gradient, const float *picture)
{
    bc_synthesis *s = cookie;
    const bc_synthesis_config *config = &s->config;
    bc_loss_terms values;
    memset(gradient, 0, (size_t)n_values(s) * sizeof(*gradient));
    double total = bc_loss_run(s->loss, &values, gradient, picture, s->style);
    s->last.content = weighted_content(s, &values);
    s->last.style = weighted_style(s, &values);
    if (config->variation > 0) {
        s->last.variation =
            bc_variation_loss(gradient, picture, config->variation, 3, s->height, s->width);
        total += config->variation * s->last.variation;
    }
    if (config->laplacian > 0) {
        s->last.laplacian = bc_laplacian_loss(gradient, picture, s->content, config->laplacian,
                                              BC_LAPLACIAN_CELLS, 3, s->height, s->width);
        total += config->laplacian * s->last.laplacian;
    }
    return total;
}

static bool report(void *cookie, int iteration, double value, const float *picture)
{
    bc_synthesis *s = cookie;
    s->last.scale = s->scale;
    s->last.iteration = iteration;
    s->last.total = value;
    s->last.picture = picture;
    s->last.height = s->height;
    s->last.width = s->width;
    return s->events->step(s->events->cookie, &s->last);
}

static bc_status run_scale(bc_synthesis *s)
{
    bc_status status = BC_OK;
    while (status == BC_OK && s->minimiser.iteration < s->config.n_iterations) {
        status =
            bc_minimiser_run(&s->minimiser, s->config.n_iterations, evaluate, report, s, s->log);
        if (status == BC_OK)
            status = s->events->round(s->events->cookie, s);
    }
    return status == BC_END ? BC_OK : status;
}

bc_status bc_synthesis_run(bc_synthesis *synthesis, const bc_synthesis_events *events)
{
    bc_synthesis *s = synthesis;
    s->events = events;
    bc_status status = run_scale(s);
    while (status == BC_OK && s->scale + 1 < s->config.n_scales) {
        status = open_next_scale(s);
        if (status == BC_OK)
            status = run_scale(s);
    }
    if (status == BC_OK && s->config.colours == BC_COLOURS_LUMINANCE)
        bc_colours_keep(s->minimiser.x, s->content, s->height * s->width);
    return status;
}

const float *bc_synthesis_picture(const bc_synthesis *synthesis, int *height, int *width)
{
    *height = synthesis->height;
    *width = synthesis->width;
    return synthesis->minimiser.x;
}

void bc_synthesis_losses(bc_synthesis *synthesis, bc_loss_terms *values, float *content_gradient,
                         float *style_gradient, const float *picture)
{
    bc_loss_terms only = synthesis->config.terms, style_values;
    const size_t size = (size_t)n_values(synthesis) * sizeof(float);
    memset(only.style, 0, sizeof(only.style));
    bc_loss_set_weights(synthesis->loss, &only);
    memset(content_gradient, 0, size);
    bc_loss_run(synthesis->loss, values, content_gradient, picture, synthesis->style);

    only = synthesis->config.terms;
    memset(only.content, 0, sizeof(only.content));
    bc_loss_set_weights(synthesis->loss, &only);
    memset(style_gradient, 0, size);
    bc_loss_run(synthesis->loss, &style_values, style_gradient, picture, synthesis->style);
    memcpy(values->style, style_values.style, sizeof(values->style));
}

/* Saving ----------------------------------------------------------------------------------- */

/* All that decides on the result but the number of iterations, which may be raised. */
static void make_fingerprint(const bc_synthesis *s, char text[FINGERPRINT_SIZE])
{
    const bc_synthesis_config *c = &s->config;
    uint64_t pictures = bc_photo_fingerprint(BC_FINGERPRINT_START, s->content_photo);
    pictures = bc_photo_fingerprint(pictures, s->style_photo);
    if (c->start == BC_START_PICTURE)
        pictures = bc_photo_fingerprint(pictures, s->start_photo);
    uint64_t weights = bc_fingerprint(BC_FINGERPRINT_START, &c->terms, sizeof(c->terms));
    for (int i = 0; i < s->vgg->n_layers; i++)
        weights = bc_fingerprint(weights, s->vgg->layers[i].bias,
                                 (size_t)s->vgg->layers[i].n_out * sizeof(float));
    snprintf(text, FINGERPRINT_SIZE,
             "pictures %016llx terms %016llx alpha %g beta %g variation %g laplacian %g scale %d "
             "pooling %d %s rate %g scales %d size %d style %d colours %d start %d seed %llu",
             (unsigned long long)pictures, (unsigned long long)weights, c->alpha, c->beta,
             c->variation, c->laplacian, c->scale, c->pooling, bc_minimiser_name(c->method),
             c->rate, c->n_scales, c->size, c->style_size, c->colours, c->start,
             (unsigned long long)c->seed);
}

static bc_tensor state_tensor(const bc_synthesis *s, const char *name, const float *values)
{
    return (bc_tensor){.name = name,
                       .dtype = BC_DTYPE_F32,
                       .n_dims = 3,
                       .shape = {3, s->height, s->width},
                       .data = values,
                       .size_bytes = (size_t)n_values(s) * sizeof(*values)};
}

bc_status bc_synthesis_save(const bc_synthesis *s, const char *path, double seconds)
{
    char fingerprint[FINGERPRINT_SIZE], position[128];
    make_fingerprint(s, fingerprint);
    snprintf(position, sizeof(position), "%d %d %a %.3f", s->scale, s->minimiser.iteration,
             s->minimiser.scale, seconds);
    const bc_tensor tensors[] = {state_tensor(s, "picture", s->minimiser.x),
                                 state_tensor(s, "average", s->minimiser.average),
                                 state_tensor(s, "square", s->minimiser.square)};
    const bc_metadata metadata[] = {{"gatys.configuration", fingerprint},
                                    {"gatys.position", position}};
    return bc_safetensors_write(path, tensors, 3, metadata, 2, s->log);
}

static bool copy_state(float *values, const bc_synthesis *s, const bc_safetensors *file,
                       const char *name)
{
    const bc_tensor *tensor = bc_safetensors_find(file, name);
    if (!tensor || tensor->dtype != BC_DTYPE_F32 || tensor->n_dims != 3 || tensor->shape[0] != 3 ||
        tensor->shape[1] != s->height || tensor->shape[2] != s->width)
        return false;
    memcpy(values, tensor->data, tensor->size_bytes);
    return true;
}

static bc_status restore(bc_synthesis *s, const bc_safetensors *file, const char *path,
                         double *seconds)
{
    char fingerprint[FINGERPRINT_SIZE];
    make_fingerprint(s, fingerprint);
    const char *configuration = bc_safetensors_metadata(file, "gatys.configuration");
    const char *position = bc_safetensors_metadata(file, "gatys.position");
    int scale, iteration;
    double gradient_scale;
    if (!configuration || strcmp(configuration, fingerprint) != 0)
        return bc_fail(s->log, BC_ERR_MISMATCH,
                       "%s: made with other options or other pictures; remove it to start again",
                       path);
    if (!position ||
        sscanf(position, "%d %d %la %lf", &scale, &iteration, &gradient_scale, seconds) != 4 ||
        iteration < 0 || scale < 0 || scale >= s->config.n_scales)
        return bc_fail(s->log, BC_ERR_FORMAT, "%s: does not say where it stands", path);
    const bc_status status = open_scale(s, scale);
    if (status < 0)
        return status;
    s->minimiser.iteration = iteration;
    s->minimiser.scale = gradient_scale;
    if (!copy_state(s->minimiser.x, s, file, "picture") ||
        !copy_state(s->minimiser.average, s, file, "average") ||
        !copy_state(s->minimiser.square, s, file, "square"))
        return bc_fail(s->log, BC_ERR_FORMAT, "%s: a tensor is missing or of another size", path);
    return BC_OK;
}

bc_status bc_synthesis_restore(bc_synthesis *synthesis, const char *path, double *seconds)
{
    bc_safetensors *file;
    bc_status status = bc_safetensors_open(&file, path, synthesis->log);
    if (status == BC_OK)
        status = restore(synthesis, file, path, seconds);
    bc_safetensors_close(&file);
    return status;
}
