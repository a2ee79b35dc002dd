/*
 * net_golden.c: the trainer's forward pass against the golden fixtures, and against the session on
 * the same files: two implementations of one network.
 */
#include "train/net.h"

#include <stdlib.h>
#include <string.h>

#include "generator/session.h"
#include "test.h"

typedef struct fixture {
    bc_autoencoder autoencoder;
    bc_bank bank;
    bc_safetensors *golden;
    bc_params shapes[2];
    bc_train_net_values values;
    float *picture; /* [3, height, width], extended to multiples of 4 */
    int height, width, padded_height, padded_width;
} fixture;

static int round_up(int n)
{
    return (n + 3) / 4 * 4;
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

static int open_fixture(fixture *f, const char *name, const bc_log *log)
{
    char path[256];
    *f = (fixture){0};
    const char *autoencoder = fixture_path(path, name, "autoencoder");
    if (!CHECK_INT(bc_autoencoder_open(&f->autoencoder, autoencoder, log), BC_OK))
        return 0;
    bc_params_make_autoencoder(&f->shapes[0], f->autoencoder.widths, f->autoencoder.upsample);
    f->values.autoencoder = calloc(f->shapes[0].n_values, sizeof(float));
    CHECK_INT(bc_params_read(f->values.autoencoder, &f->shapes[0], f->autoencoder.file, path, log),
              BC_OK);
    CHECK_INT(bc_bank_open(&f->bank, fixture_path(path, name, "bank"), name, &f->autoencoder, log),
              BC_OK);
    bc_params_make_bank(&f->shapes[1], f->autoencoder.widths[2], f->bank.n_layers);
    f->values.bank = calloc(f->shapes[1].n_values, sizeof(float));
    CHECK_INT(bc_params_read(f->values.bank, &f->shapes[1], f->bank.file, path, log), BC_OK);
    CHECK_INT(bc_safetensors_open(&f->golden, fixture_path(path, name, "case"), log), BC_OK);
    const bc_tensor *input = bc_safetensors_find(f->golden, "input");
    f->height = (int)input->shape[0];
    f->width = (int)input->shape[1];
    f->padded_height = round_up(f->height);
    f->padded_width = round_up(f->width);
    f->picture = calloc((size_t)(3 * f->padded_height * f->padded_width), sizeof(float));
    extend(f->picture, input, f->padded_height, f->padded_width);
    return 1;
}

static void close_fixture(fixture *f)
{
    bc_bank_close(&f->bank);
    bc_autoencoder_close(&f->autoencoder);
    bc_safetensors_close(&f->golden);
    free(f->values.autoencoder);
    free(f->values.bank);
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

static void check_path(const fixture *f, int with_bank, const char *output,
                       const bc_workspace *workspace, const bc_log *log)
{
    bc_train_net net;
    CHECK_INT(bc_train_net_open(&net, f->padded_height, f->padded_width, &f->shapes[0],
                                with_bank ? &f->shapes[1] : NULL, workspace, log),
              BC_OK);
    const float *painting = bc_train_net_forward(&net, f->values, f->picture);
    const float *expected = bc_safetensors_find(f->golden, output)->data;
    CHECK_AT_MOST(output_error(f, painting, expected), 2e-5);
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
                                  fixture_path(bank, name, "bank"), log),
              BC_OK);
    const bc_session_params params = {.width = f->width, .height = f->height, .n_threads = 1};
    CHECK_INT(bc_session_open(&session, model, &params), BC_OK);
    CHECK_INT(bc_session_set_style(session, &(bc_style_weight){.style = 0, .weight = 1}, 1), BC_OK);
    CHECK_INT(bc_session_observe(session, &from, &to, &(bc_observer){.linear = linear}), BC_OK);

    CHECK_INT(bc_train_net_open(&net, f->padded_height, f->padded_width, &f->shapes[0],
                                &f->shapes[1], workspace, log),
              BC_OK);
    CHECK_AT_MOST(output_error(f, bc_train_net_forward(&net, f->values, f->picture), linear), 2e-4);
    bc_train_net_close(&net);
    bc_session_close(&session);
    bc_model_close(&model);
    free(source);
    free(linear);
}

int main(void)
{
    static const char *const names[] = {
        "tiny",      "odd",        "one",           "vga",          "wide",
        "tiny-zero", "small-zero", "tiny-subpixel", "odd-subpixel", "wide-subpixel"};
    char message[1024];
    const bc_log log = test_log(message);
    bc_workspace workspace;
    CHECK_INT(bc_workspace_open(&workspace, 2, &log), BC_OK);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        fixture f;
        if (open_fixture(&f, names[i], &log)) {
            check_path(&f, 1, "output", &workspace, &log);
            check_path(&f, 0, "output.identity", &workspace, &log);
            check_session(&f, names[i], &workspace, &log);
        } else {
            fprintf(stderr, "    %s\n", message);
        }
        close_fixture(&f);
    }
    bc_workspace_close(&workspace);
    return TEST_END();
}
