/*
 * tables.c: random tables through the trainer and through the session, on the same files: two
 * implementations of one network.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "generator/session.h"
#include "random_table.h"
#include "test.h"
#include "train/net.h"

enum { WIDTH = 45, HEIGHT = 37, BYTES = 3 * WIDTH * HEIGHT };

typedef struct fixture {
    char folder[32], net[64], style[64];
    bc_params params;
    bc_train_net_values values;
    uint8_t source[BYTES], painted[BYTES];
    float linear[BYTES]; /* [HEIGHT, WIDTH, 3], the session's */
} fixture;

/* Values as those that training starts from, but none of them 0 or alike. */
static void make_values(fixture *f, bc_owner owner, bc_random *random)
{
    const size_t n = f->params.n_values[owner];
    float *values = f->values.of[owner] = calloc(n + 1, sizeof(float));
    bc_params_init(values, &f->params, owner, random);
    for (size_t i = 0; i < n; i++)
        values[i] += (float)(0.05 * bc_random_normal(random));
}

static void write_net(const fixture *f, const bc_log *log)
{
    bc_tensor tensors[BC_MAX_PARAMS];
    const bc_metadata metadata[] = {{"brushcast.format", "2"},
                                    {"brushcast.kind", "network"},
                                    {"brushcast.name", "random"},
                                    {"brushcast.layers", f->params.table.text}};
    const int n = bc_params_list(tensors, &f->params, BC_OWNER_NET, f->values.of[BC_OWNER_NET]);
    CHECK_INT(bc_safetensors_write(f->net, tensors, n, metadata, 4, log), BC_OK);
}

static void write_style(const fixture *f, const bc_log *log)
{
    bc_tensor tensors[BC_MAX_PARAMS];
    bc_net net;
    CHECK_INT(bc_net_open(&net, f->net, log), BC_OK);
    const bc_metadata metadata[] = {{"brushcast.format", "2"},
                                    {"brushcast.kind", "style"},
                                    {"brushcast.name", "style"},
                                    {"brushcast.network", net.id}};
    const int n = bc_params_list(tensors, &f->params, BC_OWNER_STYLE, f->values.of[BC_OWNER_STYLE]);
    CHECK_INT(bc_safetensors_write(f->style, tensors, n, metadata, 4, log), BC_OK);
    bc_net_close(&net);
}

/* The table of a seed with values of its own, as files; 0 where it has nothing of a style's. */
static int fixture_open(fixture *f, uint64_t seed, const bc_log *log)
{
    char table[RANDOM_TABLE_SIZE];
    bc_layers layers;
    bc_random random = {seed};
    memset(f, 0, sizeof(*f));
    random_table(table, seed);
    CHECK_INT(bc_layers_parse(&layers, table, "table", log), BC_OK);
    if (!bc_layers_have_styles(&layers))
        return 0;
    strcpy(f->folder, "/tmp/bc-tables-XXXXXX");
    CHECK(mkdtemp(f->folder));
    snprintf(f->net, sizeof(f->net), "%s/network.safetensors", f->folder);
    snprintf(f->style, sizeof(f->style), "%s/style.safetensors", f->folder);
    bc_params_make(&f->params, &layers);
    make_values(f, BC_OWNER_NET, &random);
    make_values(f, BC_OWNER_STYLE, &random);
    for (int i = 0; i < BYTES; i++)
        f->source[i] = (uint8_t)(128 + 100 * sin(0.01 * i) + bc_random_below(&random, 27));
    write_net(f, log);
    write_style(f, log);
    return 1;
}

static void fixture_close(fixture *f)
{
    CHECK_INT(unlink(f->net) + unlink(f->style) + rmdir(f->folder), 0);
    free(f->values.of[BC_OWNER_NET]);
    free(f->values.of[BC_OWNER_STYLE]);
}

static bc_image view(uint8_t *pixels)
{
    return (bc_image){.pixels = pixels,
                      .stride_bytes = 3 * WIDTH,
                      .width = WIDTH,
                      .height = HEIGHT,
                      .format = BC_RGB24};
}

static void run_session(fixture *f, const bc_log *log)
{
    bc_model *model;
    bc_session *session;
    const bc_image from = view(f->source), to = view(f->painted);
    const bc_session_params params = {.width = WIDTH, .height = HEIGHT, .n_threads = 2};
    CHECK_INT(bc_model_open_files(&model, f->net, (const char *[]){f->style}, 1, log), BC_OK);
    CHECK_INT(bc_session_open(&session, model, &params), BC_OK);
    CHECK_INT(bc_session_set_style(session, &(bc_style_weight){.style = 0, .weight = 1}, 1), BC_OK);
    CHECK_INT(bc_session_observe(session, &from, &to, &(bc_observer){.linear = f->linear}), BC_OK);
    bc_session_close(&session);
    bc_model_close(&model);
}

static int extended(int n, int unit)
{
    return (n + unit - 1) / unit * unit;
}

static void compare(const fixture *f, const bc_workspace *workspace, const bc_log *log)
{
    const int unit = f->params.table.unit;
    const int h = extended(HEIGHT, unit), w = extended(WIDTH, unit);
    float *picture = calloc((size_t)(3 * h * w), sizeof(*picture));
    bc_train_net net;
    for (int i = 0; i < 3 * h * w; i++) {
        const int y = i / w % h, x = i % w;
        const int at = (y < HEIGHT ? y : HEIGHT - 1) * WIDTH + (x < WIDTH ? x : WIDTH - 1);
        picture[i] = (float)f->source[3 * at + i / (h * w)] / 255;
    }
    CHECK_INT(bc_train_net_open(&net, h, w, &f->params, workspace, log), BC_OK);
    const float *painting = bc_train_net_forward(&net, f->values, picture, NULL);
    double largest = 0, size = 1;
    for (int i = 0; i < BYTES; i++) {
        const int y = i / 3 / WIDTH, x = i / 3 % WIDTH;
        const double value = painting[(i % 3 * h + y) * w + x];
        largest = fmax(largest, fabs(value - f->linear[i]));
        size = fmax(size, fabs(value));
    }
    if (!CHECK_AT_MOST(largest / size, 1e-3))
        fprintf(stderr, "%s\n", f->params.table.text);
    bc_train_net_close(&net);
    free(picture);
}

int main(void)
{
    static fixture f;
    char message[1024];
    const bc_log log = test_log(message);
    bc_workspace workspace;
    int n_compared = 0;
    CHECK_INT(bc_workspace_open(&workspace, 2, &log), BC_OK);
    for (uint64_t seed = 1; seed <= 60; seed++) {
        if (!fixture_open(&f, seed, &log))
            continue;
        run_session(&f, &log);
        compare(&f, &workspace, &log);
        fixture_close(&f);
        n_compared++;
    }
    CHECK(n_compared > 30);
    bc_workspace_close(&workspace);
    return TEST_END();
}
