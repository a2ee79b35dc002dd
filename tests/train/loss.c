/*
 * loss.c: the loss network: whole gradients of a small random network against differences in
 * double, wrong files, and the golden losses of VGG-19 where BRUSHCAST_VGG names its weights.
 */
#include "train/loss.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gradient.h"

enum { H = 11, W = 14, AREA = H * W, N = 3 * AREA, N_LAYERS = 4 };

static const char *const PATH = "test_loss.safetensors";
static const int widths[N_LAYERS + 1] = {3, 4, 5, 6, 4};
static const char *const names[N_LAYERS] = {"conv1_1", "conv1_2", "conv2_1", "conv2_2"};
static const double mean[3] = {103.939, 116.779, 123.68};

typedef struct fixture {
    float weight[N_LAYERS][6 * 6 * 9], bias[N_LAYERS][6];
    double d_weight[N_LAYERS][6 * 6 * 9], d_bias[N_LAYERS][6];
    double picture[N], content[N], style[N], expected[N];
    float f_picture[N], f_content[N], f_style[N], gradient[N];
    double maps[3][N_LAYERS][6 * AREA]; /* of picture, content and style */
    bc_loss_params params;
} fixture;

static void write_network(fixture *f, const char *skipped, const char *input, const bc_log *log)
{
    bc_tensor tensors[2 * N_LAYERS];
    static char tensor_names[2 * N_LAYERS][32];
    int n = 0;
    for (int i = 0; i < N_LAYERS; i++) {
        const int64_t n_weight = (int64_t)widths[i + 1] * widths[i] * 9;
        gradient_fill(f->weight[i], f->d_weight[i], (int)n_weight, 10 + (uint64_t)i);
        gradient_fill(f->bias[i], f->d_bias[i], widths[i + 1], 20 + (uint64_t)i);
        if (strcmp(names[i], skipped) == 0)
            continue;
        snprintf(tensor_names[n], 32, "%s.weight", names[i]);
        snprintf(tensor_names[n + 1], 32, "%s.bias", names[i]);
        tensors[n] = (bc_tensor){.name = tensor_names[n],
                                 .dtype = BC_DTYPE_F32,
                                 .n_dims = 4,
                                 .shape = {widths[i + 1], widths[i], 3, 3},
                                 .data = f->weight[i],
                                 .size_bytes = (size_t)n_weight * sizeof(float)};
        tensors[n + 1] = (bc_tensor){.name = tensor_names[n + 1],
                                     .dtype = BC_DTYPE_F32,
                                     .n_dims = 1,
                                     .shape = {widths[i + 1]},
                                     .data = f->bias[i],
                                     .size_bytes = (size_t)widths[i + 1] * sizeof(float)};
        n += 2;
    }
    const bc_metadata metadata = {"input", input};
    CHECK_INT(bc_safetensors_write(PATH, tensors, n, &metadata, input ? 1 : 0, log), BC_OK);
}

/* Reference -------------------------------------------------------------------------------- */

static double convolve_at(const double *in, const double *w, int n_in, int h, int width, int y,
                          int x)
{
    double sum = 0;
    for (int i = 0; i < n_in * 9; i++) {
        const int row = y + i / 3 % 3 - 1, column = x + i % 3 - 1;
        if (row >= 0 && row < h && column >= 0 && column < width)
            sum += w[i] * in[(i / 9 * h + row) * width + column];
    }
    return sum;
}

static void pool(const fixture *f, double *out, const double *in, int n_channels, int h, int w)
{
    for (int c = 0; c < n_channels; c++)
        for (int y = 0; y < h / 2; y++)
            for (int x = 0; x < w / 2; x++) {
                const double *p = in + (c * h + 2 * y) * w + 2 * x;
                *out++ = f->params.pooling == BC_POOL_MAX
                             ? fmax(fmax(p[0], p[1]), fmax(p[w], p[w + 1]))
                             : (p[0] + p[1] + p[w] + p[w + 1]) / 4;
            }
}

static void reference_forward(const fixture *f, double maps[N_LAYERS][6 * AREA],
                              const double *picture)
{
    double in[6 * AREA];
    int h = H, w = W;
    for (int i = 0; i < N; i++) /* BGR, minus the means */
        in[i] = picture[(2 - i / AREA) * AREA + i % AREA] * 255 - mean[i / AREA];
    for (int l = 0; l < N_LAYERS; l++) {
        if (l == 2) {
            pool(f, in, maps[l - 1], widths[l], h, w);
            h /= 2;
            w /= 2;
        } else if (l > 0) {
            memcpy(in, maps[l - 1], sizeof(in));
        }
        for (int i = 0; i < widths[l + 1] * h * w; i++) {
            const int c = i / (h * w);
            maps[l][i] =
                fmax(0, f->d_bias[l][c] + convolve_at(in, f->d_weight[l] + c * widths[l] * 9,
                                                      widths[l], h, w, i / w % h, i % w));
        }
    }
}

static double reference_gram_loss(const fixture *f, int l)
{
    const int c = widths[l + 1], m = l < 2 ? AREA : (H / 2) * (W / 2);
    double loss = 0, square = 0;
    for (int i = 0; i < c; i++)
        for (int j = 0; j < c; j++) {
            double g = 0, a = 0;
            for (int k = 0; k < m; k++) {
                g += f->maps[0][l][i * m + k] * f->maps[0][l][j * m + k] / m;
                a += f->maps[2][l][i * m + k] * f->maps[2][l][j * m + k] / m;
            }
            loss += (g - a) * (g - a);
            square += a * a;
        }
    return f->params.scale == BC_LOSS_RELATIVE ? loss / square : loss / (4.0 * c * c);
}

static double reference_content_loss(const fixture *f, int l)
{
    const int n = widths[l + 1] * (l < 2 ? AREA : (H / 2) * (W / 2));
    double loss = 0, square = 0;
    for (int i = 0; i < n; i++) {
        loss += pow(f->maps[0][l][i] - f->maps[1][l][i], 2);
        square += pow(f->maps[1][l][i], 2);
    }
    return f->params.scale == BC_LOSS_RELATIVE ? loss / square : loss / 2;
}

static double reference_total(void *cookie)
{
    fixture *f = cookie;
    double total = 0;
    reference_forward(f, f->maps[0], f->picture);
    for (int l = 0; l < N_LAYERS; l++) {
        if (f->params.weights.content[l] > 0)
            total += f->params.weights.content[l] * reference_content_loss(f, l);
        if (f->params.weights.style[BC_STAT_GRAM][l] > 0)
            total += f->params.weights.style[BC_STAT_GRAM][l] * reference_gram_loss(f, l);
    }
    return total;
}

/* ------------------------------------------------------------------------------------------ */

static void check_gradient(fixture *f, const bc_log *log)
{
    bc_style_target *style;
    bc_loss *loss;
    bc_loss_terms values;
    CHECK_INT(bc_style_target_open(&style, &f->params, f->f_style, log), BC_OK);
    CHECK_INT(bc_loss_open(&loss, &f->params, log), BC_OK);
    memset(f->gradient, 0, sizeof(f->gradient));
    bc_loss_set_content(loss, f->f_content);
    const double total = bc_loss_run(loss, &values, f->gradient, f->f_picture, style);
    reference_forward(f, f->maps[1], f->content);
    reference_forward(f, f->maps[2], f->style);
    const double expected = reference_total(f);
    CHECK_AT_MOST(fabs(total / expected - 1), 1e-4);
    gradient_differences(f->expected, f->picture, N, 1e-6, reference_total, f);
    CHECK_AT_MOST(gradient_error(f->gradient, f->expected, N), 1e-3);
    CHECK_AT_MOST(fabs(bc_loss_run(loss, NULL, NULL, f->f_picture, style) - total), 0);
    bc_loss_close(&loss);
    bc_style_target_close(&style);
}

static void test_gradients(fixture *f, const bc_workspace *workspace, const bc_log *log)
{
    bc_vgg vgg;
    write_network(f, "", NULL, log);
    CHECK_INT(bc_vgg_open(&vgg, PATH, log), BC_OK);
    CHECK_INT(vgg.n_layers, N_LAYERS);
    gradient_fill(f->f_content, f->content, N, 2);
    gradient_fill(f->f_style, f->style, N, 3);
    gradient_fill(f->f_picture, f->picture, N, 4);
    for (int variant = 0; variant < 4; variant++) {
        f->params = (bc_loss_params){.vgg = &vgg,
                                     .workspace = workspace,
                                     .height = H,
                                     .width = W,
                                     .pooling = variant % 2 ? BC_POOL_AVERAGE : BC_POOL_MAX,
                                     .scale = variant / 2 ? BC_LOSS_GATYS : BC_LOSS_RELATIVE};
        f->params.weights.content[1] = 0.5;
        f->params.weights.content[2] = 2;
        f->params.weights.style[BC_STAT_GRAM][0] = 1;
        f->params.weights.style[BC_STAT_GRAM][3] = 3;
        check_gradient(f, log);
    }
    bc_vgg_close(&vgg);
}

/* The gradient of the picture, by a network whose backward pass is of this kind. */
static void run_gradient(fixture *f, float *gradient, bc_product_kind kind, int n_threads,
                         const bc_log *log)
{
    bc_vgg vgg;
    bc_workspace workspace;
    bc_style_target *style;
    bc_loss *loss;
    CHECK_INT(bc_workspace_open(&workspace, n_threads, log), BC_OK);
    CHECK_INT(bc_vgg_open(&vgg, PATH, log), BC_OK);
    CHECK_INT(bc_vgg_set_products(&vgg, kind, log), BC_OK);
    f->params.vgg = &vgg;
    f->params.workspace = &workspace;
    CHECK_INT(bc_style_target_open(&style, &f->params, f->f_style, log), BC_OK);
    CHECK_INT(bc_loss_open(&loss, &f->params, log), BC_OK);
    memset(gradient, 0, N * sizeof(float));
    bc_loss_set_content(loss, f->f_content);
    bc_loss_run(loss, NULL, gradient, f->f_picture, style);
    bc_loss_close(&loss);
    bc_style_target_close(&style);
    bc_vgg_close(&vgg);
    bc_workspace_close(&workspace);
}

/* After test_gradients: its network and its last parameters. */
static void check_short_gradients(fixture *f, bc_product_kind kind, const bc_log *log)
{
    float one[N], three[N];
    double difference = 0, square = 0;
    run_gradient(f, f->gradient, bc_product_exact(), 1, log);
    run_gradient(f, one, kind, 1, log);
    run_gradient(f, three, kind, 3, log);
    for (int i = 0; i < N; i++) {
        difference += ((double)one[i] - f->gradient[i]) * ((double)one[i] - f->gradient[i]);
        square += (double)f->gradient[i] * f->gradient[i];
    }
    CHECK_AT_MOST(sqrt(difference / square), 0.02);
    CHECK(difference > 0);
    CHECK(memcmp(one, three, sizeof(one)) == 0);
}

static void test_short_gradients(fixture *f, const bc_log *log)
{
    if (bc_product_has(BC_PRODUCT_BF16))
        check_short_gradients(f, BC_PRODUCT_BF16, log);
    else
        printf("skipped: gradients in bfloat16 (this processor has no AVX512_BF16)\n");
    if (bc_product_has(BC_PRODUCT_AMX))
        check_short_gradients(f, BC_PRODUCT_AMX, log);
    else
        printf("skipped: gradients in bfloat16 by AMX (this processor has none)\n");
}

static void check_refused(const char *reason, const bc_log *log)
{
    bc_vgg vgg;
    CHECK(bc_vgg_open(&vgg, PATH, log) < 0);
    if (!CHECK(strstr(log->cookie, reason) != NULL))
        fprintf(stderr, "    no '%s' in: %s\n", reason, (char *)log->cookie);
    bc_vgg_close(&vgg);
}

static void test_wrong_files(fixture *f, const bc_workspace *workspace, const bc_log *log)
{
    write_network(f, "conv1_2", NULL, log);
    check_refused("no conv1_2.weight", log);
    write_network(f, "conv1_1", NULL, log);
    check_refused("no conv1_1.weight", log);
    write_network(f, "", "HSV 0..7", log);
    check_refused("HSV 0..7", log);
    unlink(PATH);
    check_refused(PATH, log);

    bc_vgg vgg;
    write_network(f, "", "RGB 0..1 minus 0.5,0.25,0.125 over 0.5,0.25,0.125", log);
    CHECK_INT(bc_vgg_open(&vgg, PATH, log), BC_OK);
    CHECK(vgg.input.source[0] == 0 && vgg.input.scale[1] == 4 && vgg.input.shift[2] == -1);
    int layer = -1;
    CHECK_INT(bc_vgg_find(&vgg, &layer, "relu2_1", log), BC_OK);
    CHECK_INT(layer, 2);
    CHECK_INT(bc_vgg_find(&vgg, &layer, "relu5_1", log), BC_ERR_ARGUMENT);
    CHECK(strstr(log->cookie, "relu1_1 relu1_2 relu2_1 relu2_2") != NULL);

    bc_loss *loss;
    bc_loss_params params = {.vgg = &vgg, .workspace = workspace, .height = 1, .width = 9};
    params.weights.content[2] = 1;
    CHECK_INT(bc_loss_open(&loss, &params, log), BC_ERR_ARGUMENT);
    CHECK(loss == NULL);
    bc_vgg_close(&vgg);
    unlink(PATH);
}

/* Golden ----------------------------------------------------------------------------------- */

/* RGB bytes [h, w, 3] to floats [3, h, w]. */
static float *planes_of(const bc_tensor *picture)
{
    const int64_t area = picture->shape[0] * picture->shape[1];
    float *planes = malloc((size_t)(3 * area) * sizeof(float));
    for (int64_t i = 0; i < 3 * area; i++)
        planes[i] = (float)((const uint8_t *)picture->data)[i % area * 3 + i / area] / 255.0f;
    return planes;
}

static double relative_l2(const float *planes, const float *expected, int64_t area)
{
    double error = 0, square = 0;
    for (int64_t i = 0; i < 3 * area; i++) {
        const double e = expected[i % area * 3 + i / area];
        error += (planes[i] - e) * (planes[i] - e);
        square += e * e;
    }
    return sqrt(error / square);
}

/* One response that rounding moves across a ReLU's zero is up to half a per cent of a gradient. */
static const double GRADIENT_BOUND = 0.01;

static const float *golden_floats(const bc_safetensors *golden, const char *scale, const char *name)
{
    char full[64];
    snprintf(full, sizeof(full), "%s.%s", scale, name);
    return bc_safetensors_find(golden, full)->data;
}

typedef struct golden_case {
    const bc_safetensors *file;
    bc_vgg vgg;
    const bc_tensor *image, *style;
    float *f_image, *f_content, *f_style, *gradient;
} golden_case;

/* One run with either the content's or the style's weights. */
static void run_golden(golden_case *g, bc_loss_params *params, bc_loss_terms *values,
                       const bc_log *log)
{
    bc_style_target *style;
    bc_loss *loss;
    bc_loss_params of_style = *params;
    of_style.height = (int)g->style->shape[0];
    of_style.width = (int)g->style->shape[1];
    CHECK_INT(bc_style_target_open(&style, &of_style, g->f_style, log), BC_OK);
    CHECK_INT(bc_loss_open(&loss, params, log), BC_OK);
    bc_loss_set_content(loss, g->f_content);
    memset(g->gradient, 0, (size_t)params->height * (size_t)params->width * 3 * sizeof(float));
    bc_loss_run(loss, values, g->gradient, g->f_image, style);
    bc_loss_close(&loss);
    bc_style_target_close(&style);
}

static void check_golden_scale(golden_case *g, const char *name, bc_loss_scale scale,
                               const bc_workspace *workspace, const bc_log *log)
{
    static const char *const style_layers[] = {"relu1_1", "relu2_1", "relu3_1", "relu4_1"};
    const int height = (int)g->image->shape[0], width = (int)g->image->shape[1];
    bc_loss_params params = {
        .vgg = &g->vgg, .workspace = workspace, .height = height, .width = width, .scale = scale};
    bc_loss_terms values;
    int layer;
    CHECK_INT(bc_vgg_find(&g->vgg, &layer, "relu4_1", log), BC_OK);
    params.weights.content[layer] = 1;
    run_golden(g, &params, &values, log);
    CHECK_AT_MOST(fabs(values.content[layer] / *golden_floats(g->file, name, "content_loss") - 1),
                  1e-4);
    const float *expected = golden_floats(g->file, name, "content_gradient");
    CHECK_AT_MOST(relative_l2(g->gradient, expected, height * width), GRADIENT_BOUND);

    params.weights.content[layer] = 0;
    for (int i = 0; i < 4; i++) {
        CHECK_INT(bc_vgg_find(&g->vgg, &layer, style_layers[i], log), BC_OK);
        params.weights.style[BC_STAT_GRAM][layer] = 0.25;
    }
    run_golden(g, &params, &values, log);
    for (int i = 0; i < 4; i++) {
        CHECK_INT(bc_vgg_find(&g->vgg, &layer, style_layers[i], log), BC_OK);
        CHECK_AT_MOST(
            fabs(values.style[BC_STAT_GRAM][layer] / golden_floats(g->file, name, "style_loss")[i] -
                 1),
            1e-4);
    }
    expected = golden_floats(g->file, name, "style_gradient");
    CHECK_AT_MOST(relative_l2(g->gradient, expected, height * width), GRADIENT_BOUND);
}

static void test_golden(const char *weights, const bc_workspace *workspace, const bc_log *log)
{
    golden_case g = {0};
    bc_safetensors *file;
    CHECK_INT(bc_safetensors_open(&file, BC_TESTS_DIR "/golden/vgg19.case.safetensors", log),
              BC_OK);
    CHECK_INT(bc_vgg_open(&g.vgg, weights, log), BC_OK);
    g.file = file;
    g.image = bc_safetensors_find(file, "image");
    g.style = bc_safetensors_find(file, "style");
    g.f_image = planes_of(g.image);
    g.f_style = planes_of(g.style);
    g.f_content = planes_of(bc_safetensors_find(file, "content"));
    g.gradient = malloc((size_t)(g.image->shape[0] * g.image->shape[1]) * 3 * sizeof(float));
    check_golden_scale(&g, "relative", BC_LOSS_RELATIVE, workspace, log);
    check_golden_scale(&g, "gatys", BC_LOSS_GATYS, workspace, log);
    free(g.f_image);
    free(g.f_style);
    free(g.f_content);
    free(g.gradient);
    bc_vgg_close(&g.vgg);
    bc_safetensors_close(&file);
}

int main(void)
{
    char message[1024];
    const bc_log log = test_log(message);
    bc_workspace workspace;
    fixture *f = calloc(1, sizeof(*f));
    CHECK_INT(bc_workspace_open(&workspace, 2, &log), BC_OK);
    test_gradients(f, &workspace, &log);
    test_short_gradients(f, &log);
    test_wrong_files(f, &workspace, &log);
    const char *weights = getenv("BRUSHCAST_VGG");
    if (weights)
        test_golden(weights, &workspace, &log);
    else
        printf("skipped: the golden losses of VGG-19 (BRUSHCAST_VGG names no weights)\n");
    bc_workspace_close(&workspace);
    free(f);
    return TEST_END();
}
