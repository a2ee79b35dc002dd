#include "gatys/job.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"

/* A number for each layer of the terms, in the network's order, between separators. */
static void print_values(const bc_vgg *vgg, const double *values, const double *weights,
                         const char *between)
{
    const char *separator = "";
    for (int i = 0; i < vgg->n_layers; i++)
        if (weights[i] > 0) {
            printf("%s%.9g", separator, values[i]);
            separator = between;
        }
}

/* All statistics are of the same layers. */
static void print_style_layers(const bc_vgg *vgg, const bc_loss_terms *weights)
{
    const char *separator = "";
    fputs(", \"style_layers\": [", stdout);
    for (int i = 0; i < vgg->n_layers; i++) {
        bool counts = false;
        for (int s = 0; s < BC_N_STATISTICS; s++)
            counts = counts || weights->style[s][i] > 0;
        if (!counts)
            continue;
        printf("%s\"%s\"", separator, vgg->layers[i].name);
        separator = ", ";
    }
    fputs("]", stdout);
}

static double weighted(const double *values, const double *weights)
{
    double sum = 0;
    for (int i = 0; i < BC_VGG_MAX_LAYERS; i++)
        sum += weights[i] * values[i];
    return sum;
}

static void print_losses(const bc_gatys_run *run, const bc_loss_terms *values)
{
    static const char *const keys[BC_N_STATISTICS] = {"style_losses", "moments_losses",
                                                      "histogram_losses"};
    const bc_loss_terms *weights = &run->options->config.terms;
    const bool json = run->options->json;
    printf(json ? "{\"content_loss\": %.9g" : "content_loss %.9g",
           weighted(values->content, weights->content));
    for (int s = 0; s < BC_N_STATISTICS; s++) {
        if (run->options->statistics[s] <= 0)
            continue;
        printf(json ? ", \"%s\": [" : "\n%s ", keys[s]);
        print_values(run->vgg, values->style[s], weights->style[s], json ? ", " : " ");
        fputs(json ? "]" : "", stdout);
    }
    if (json)
        print_style_layers(run->vgg, weights);
    puts(json ? "}" : "");
}

/* Planes to [height, width, 3]. */
static void interleave(float *out, const float *planes, int n)
{
    for (int i = 0; i < 3 * n; i++)
        out[i] = planes[i % 3 * n + i / 3];
}

typedef struct measurement {
    int height, width;
    float *picture, *content_gradient, *style_gradient; /* [3, height, width] */
    float *interleaved;                                 /* two of them */
} measurement;

static bc_status write_gradients(const measurement *m, const char *path, const bc_log *log)
{
    const int n = m->height * m->width;
    float *content = m->interleaved, *style = m->interleaved + 3 * (size_t)n;
    interleave(content, m->content_gradient, n);
    interleave(style, m->style_gradient, n);
    bc_tensor tensors[2] = {{.name = "content_gradient", .data = content},
                            {.name = "style_gradient", .data = style}};
    for (int i = 0; i < 2; i++) {
        tensors[i].dtype = BC_DTYPE_F32;
        tensors[i].n_dims = 3;
        tensors[i].shape[0] = m->height;
        tensors[i].shape[1] = m->width;
        tensors[i].shape[2] = 3;
        tensors[i].size_bytes = (size_t)n * 3 * sizeof(float);
    }
    return bc_safetensors_write(path, tensors, 2, NULL, 0, log);
}

static bc_status read_picture(measurement *m, const bc_synthesis *synthesis, const char *path,
                              const bc_log *log)
{
    bc_photo photo = {0};
    bc_status status = bc_photo_read(&photo, path, 0, log);
    if (status < 0)
        return status;
    bc_synthesis_picture(synthesis, &m->height, &m->width);
    if (photo.height != m->height || photo.width != m->width) {
        bc_fail(log, BC_ERR_ARGUMENT, "%s: is %dx%d, but the content is %dx%d", path, photo.width,
                photo.height, m->width, m->height);
        bc_photo_free(&photo);
        return BC_ERR_ARGUMENT;
    }
    const size_t n = (size_t)m->height * (size_t)m->width * 3;
    m->picture = malloc(5 * n * sizeof(float));
    if (m->picture) {
        m->content_gradient = m->picture + n;
        m->style_gradient = m->picture + 2 * n;
        m->interleaved = m->picture + 3 * n;
        for (size_t i = 0; i < n; i++)
            m->picture[i] = (float)photo.pixels[i % (n / 3) * 3 + i / (n / 3)] / 255.0f;
    } else {
        status = bc_fail(log, BC_ERR_MEMORY, "no memory to measure a picture");
    }
    bc_photo_free(&photo);
    return status;
}

bc_status bc_gatys_measure(const bc_gatys_run *run, const bc_photo *content)
{
    const bc_gatys_options *o = run->options;
    measurement m = {0};
    bc_loss_terms values;
    bc_synthesis *synthesis;
    bc_synthesis_config config = o->config;
    config.alpha = config.beta = 1;
    config.n_scales = 1;
    bc_status status = bc_synthesis_open(&synthesis, &config, run->vgg, run->workspace, content,
                                         run->style, run->start, run->log);
    if (status == BC_OK)
        status = read_picture(&m, synthesis, o->losses_of, run->log);
    if (status == BC_OK) {
        bc_synthesis_losses(synthesis, &values, m.content_gradient, m.style_gradient, m.picture);
        print_losses(run, &values);
        if (o->gradient)
            status = write_gradients(&m, o->gradient, run->log);
    }
    bc_synthesis_close(&synthesis);
    free(m.picture);
    return status;
}
