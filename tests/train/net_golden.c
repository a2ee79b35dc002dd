/*
 * net_golden.c: the trainer's forward pass against the golden fixtures, and against the session on
 * the same files: two implementations of one network.
 */
#include "train/net.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "generator/session.h"
#include "test.h"

typedef struct fixture {
    bc_net net;
    bc_style style;
    bc_safetensors *golden;
    bc_params params;
    bc_train_net_values values;
    float *picture; /* [3, padded_height, padded_width], extended to multiples of the unit */
    int height, width, padded_height, padded_width;
} fixture;

static int round_up(int n, int unit)
{
    return (n + unit - 1) / unit * unit;
}

static void extend(float *picture, const bc_tensor *input, int height, int width)
{
    const int h = (int)input->shape[0], w = (int)input->shape[1];
    const uint8_t *pixels = input->data;
    for (int i = 0; i < 3 * height * width; i++) {
        const int c = i / (height * width), y = i / width % height, x = i % width;
        const int at = (y < h ? y : h - 1) * w + (x < w ? x : w - 1);
        picture[i] = (float)pixels[at * 3 + c] / 255.0F;
    }
}

static const char *fixture_path(char path[256], const char *name, const char *kind)
{
    snprintf(path, 256, "%s/golden/%s.%s.safetensors", BC_TESTS_DIR, name, kind);
    return path;
}

static void read_values(fixture *f, bc_owner owner, const bc_safetensors *file, const bc_log *log)
{
    f->values.of[owner] = calloc(f->params.n_values[owner] + 1, sizeof(float));
    CHECK_INT(bc_params_read(f->values.of[owner], &f->params, owner, file, "fixture", log), BC_OK);
}

static void read_picture(fixture *f)
{
    const bc_tensor *input = bc_safetensors_find(f->golden, "input");
    f->height = (int)input->shape[0];
    f->width = (int)input->shape[1];
    f->padded_height = round_up(f->height, f->params.table.unit);
    f->padded_width = round_up(f->width, f->params.table.unit);
    f->picture = calloc((size_t)(3 * f->padded_height * f->padded_width), sizeof(float));
    extend(f->picture, input, f->padded_height, f->padded_width);
}

/* `style` NULL: a net without styles, or without its own. */
static int open_fixture(fixture *f, const char *name, const char *net, const char *style,
                        const bc_log *log)
{
    char path[256];
    *f = (fixture){0};
    if (!CHECK_INT(bc_net_open(&f->net, fixture_path(path, name, net), log), BC_OK))
        return 0;
    if (style &&
        !CHECK_INT(bc_style_open(&f->style, fixture_path(path, name, style), name, &f->net, log),
                   BC_OK))
        return 0;
    bc_params_make(&f->params, &f->net.table);
    read_values(f, BC_OWNER_NET, f->net.file, log);
    if (style)
        read_values(f, BC_OWNER_STYLE, f->style.file, log);
    CHECK_INT(bc_safetensors_open(&f->golden, fixture_path(path, name, "case"), log), BC_OK);
    read_picture(f);
    return 1;
}

static void close_fixture(fixture *f)
{
    bc_style_close(&f->style);
    bc_net_close(&f->net);
    bc_safetensors_close(&f->golden);
    free(f->values.of[BC_OWNER_NET]);
    free(f->values.of[BC_OWNER_STYLE]);
    free(f->picture);
}

static double output_error(const fixture *f, const float *painting, const float *expected)
{
    double largest = 0;
    for (int i = 0; i < 3 * f->height * f->width; i++) {
        const int c = i % 3, y = i / 3 / f->width, x = i / 3 % f->width;
        const float value = painting[(c * f->padded_height + y) * f->padded_width + x];
        const double difference = fabs((double)value - (double)expected[i]);
        if (!(difference <= largest))
            largest = difference;
    }
    return largest;
}

/* What the fixture says of a layer of style a. */
static void check_layers(const fixture *f, const bc_train_net *net)
{
    for (int i = 0; i < net->n_stages; i++) {
        const bc_train_net_stage *s = &net->stages[i];
        char name[64];
        snprintf(name, sizeof(name), "layer.%s", s->layer->name);
        const bc_tensor *tensor = bc_safetensors_find(f->golden, name);
        double largest = 0;
        const int n = s->layer->n_out * s->h_out * s->w_out;
        const float *expected = tensor ? tensor->data : s->out;
        CHECK(!tensor || tensor->size_bytes == (size_t)n * sizeof(float));
        for (int k = 0; k < n; k++)
            largest = fmax(largest, fabs((double)s->out[k] - (double)expected[k]));
        if (!CHECK_AT_MOST(largest, 5e-5))
            fprintf(stderr, "    %s\n", name);
    }
}

/* `moved`: with the fixture's displacement of the canvas. */
static void check_output(const fixture *f, const char *output, const char *moved,
                         const bc_workspace *workspace, const bc_log *log)
{
    bc_train_net net;
    const bc_tensor *displacement = moved ? bc_safetensors_find(f->golden, moved) : NULL;
    CHECK_INT(
        bc_train_net_open(&net, f->padded_height, f->padded_width, &f->params, workspace, log),
        BC_OK);
    const float *painting =
        bc_train_net_forward(&net, f->values, f->picture, displacement ? displacement->data : NULL);
    const float *expected = bc_safetensors_find(f->golden, output)->data;
    CHECK_AT_MOST(output_error(f, painting, expected), 2e-5);
    if (strcmp(output, "output.a") == 0)
        check_layers(f, &net);
    bc_train_net_close(&net);
}

/* The session's linear output in place of the fixture's. */
static void check_session(const fixture *f, const char *name, const bc_workspace *workspace,
                          const bc_log *log)
{
    char autoencoder[256], bank[256];
    bc_model *model;
    bc_session *session;
    bc_train_net net;
    const bc_tensor *input = bc_safetensors_find(f->golden, "input");
    float *linear = calloc(input->size_bytes, sizeof(*linear));
    uint8_t *source = calloc(2, input->size_bytes);
    memcpy(source, input->data, input->size_bytes);
    const bc_image from = {.pixels = source,
                           .stride_bytes = 3 * f->width,
                           .width = f->width,
                           .height = f->height,
                           .format = BC_RGB24};
    bc_image to = from;
    to.pixels += input->size_bytes;
    CHECK_INT(bc_model_open_files(&model, fixture_path(autoencoder, name, "autoencoder"),
                                  (const char *[]){fixture_path(bank, name, "bank")}, 1, log),
              BC_OK);
    const bc_session_params params = {.width = f->width, .height = f->height, .n_threads = 1};
    CHECK_INT(bc_session_open(&session, model, &params), BC_OK);
    CHECK_INT(bc_session_set_style(session, &(bc_style_weight){.style = 0, .weight = 1}, 1), BC_OK);
    CHECK_INT(bc_session_observe(session, &from, &to, &(bc_observer){.linear = linear}), BC_OK);

    CHECK_INT(
        bc_train_net_open(&net, f->padded_height, f->padded_width, &f->params, workspace, log),
        BC_OK);
    CHECK_AT_MOST(output_error(f, bc_train_net_forward(&net, f->values, f->picture, NULL), linear),
                  2e-4);
    bc_train_net_close(&net);
    bc_session_close(&session);
    bc_model_close(&model);
    free(source);
    free(linear);
}

static void test_format_1(const char *name, const bc_workspace *workspace, const bc_log *log)
{
    fixture f;
    if (open_fixture(&f, name, "autoencoder", "bank", log)) {
        check_output(&f, "output", NULL, workspace, log);
        check_session(&f, name, workspace, log);
    }
    close_fixture(&f);
    if (open_fixture(&f, name, "autoencoder", NULL, log))
        check_output(&f, "output.identity", NULL, workspace, log);
    close_fixture(&f);
}

static void test_table(const char *name, bool has_styles, const bc_workspace *workspace,
                       const bc_log *log)
{
    fixture f;
    if (open_fixture(&f, name, "network", has_styles ? "style-a" : NULL, log)) {
        check_output(&f, "output.a", NULL, workspace, log);
        if (bc_safetensors_find(f.golden, "moved"))
            check_output(&f, "output.moved", "moved", workspace, log);
    }
    close_fixture(&f);
    if (!has_styles)
        return;
    if (open_fixture(&f, name, "network", "style-b", log))
        check_output(&f, "output.b", NULL, workspace, log);
    close_fixture(&f);
}

int main(void)
{
    static const char *const names[] = {
        "tiny",      "odd",        "one",           "vga",          "wide",
        "tiny-zero", "small-zero", "tiny-subpixel", "odd-subpixel", "wide-subpixel"};
    static const char *const tables[] = {"tables/deep-tiny", "tables/deep-one", "tables/deep-odd",
                                         "tables/cin-odd"};
    char message[1024];
    const bc_log log = test_log(message);
    bc_workspace workspace;
    CHECK_INT(bc_workspace_open(&workspace, 2, &log), BC_OK);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        test_format_1(names[i], &workspace, &log);
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
        test_table(tables[i], true, &workspace, &log);
    test_table("tables/johnson-tiny", false, &workspace, &log);
    bc_workspace_close(&workspace);
    return TEST_END();
}
