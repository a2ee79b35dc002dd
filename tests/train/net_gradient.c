/*
 * net_gradient.c: every backward pass of the generator and of the losses on pictures against
 * finite differences. Compiled in double precision with double.h: "float" is double here.
 */
#include "train/net.h"
#include "train/pixel_loss.h"

#include "gradient.h"
#include "random_table.h"

enum { HEIGHT = 16, WIDTH = 24, PIXELS = 3 * HEIGHT * WIDTH, MAX_VALUES = 1 << 17 };

typedef struct fixture {
    bc_train_net net;
    bc_params params;
    bc_train_net_values values;
    double tensors[BC_N_OWNERS][MAX_VALUES], picture[PIXELS], direction[PIXELS];
    double moved[2 * ((HEIGHT + 7) / 8) * ((WIDTH + 7) / 8)];
    double gradients[BC_N_OWNERS][MAX_VALUES], dpicture[PIXELS];
} fixture;

static void fill(double *x, size_t n, uint64_t seed)
{
    for (size_t i = 0; i < n; i++)
        x[i] = gradient_random(&seed);
}

static double dot(const double *x, const double *y, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += x[i] * y[i];
    return sum;
}

static double net_loss(fixture *f)
{
    return dot(bc_train_net_forward(&f->net, f->values, f->picture, f->moved), f->direction,
               PIXELS);
}

/* Along a few coordinates of x: it is enough, and keeps the test short. */
static void check_coordinates(fixture *f, double *x, const double *gradient, size_t n,
                              const char *what, const char *table)
{
    const double h = 1e-6;
    const double rounding = 4e-16 * fabs(net_loss(f)) / h * sqrt((double)n);
    double error = 0, scale = 0;
    for (size_t i = 0; i < n; i += 1 + n / 16) {
        const double old = x[i];
        x[i] = old + h;
        const double above = net_loss(f);
        x[i] = old - h;
        const double difference = (above - net_loss(f)) / (2 * h) - gradient[i];
        x[i] = old;
        error += difference * difference;
        scale += gradient[i] * gradient[i];
    }
    /* A bias in front of a normalisation has no effect: its gradient is all rounding. */
    if (!CHECK_AT_MOST(sqrt(error), 1e-6 * sqrt(scale) + 1e-6 + rounding))
        fprintf(stderr, "    %s of\n%s\n", what, table);
}

static void make_net(fixture *f, const char *table, const bc_workspace *workspace,
                     const bc_log *log)
{
    bc_layers layers;
    memset(f, 0, sizeof(*f));
    f->values = (bc_train_net_values){{f->tensors[0], f->tensors[1]}};
    if (!CHECK_INT(bc_layers_parse(&layers, table, "table", log), BC_OK))
        fprintf(stderr, "    %s\n%s\n", (const char *)log->cookie, table);
    bc_params_make(&f->params, &layers);
    for (int owner = 0; owner < BC_N_OWNERS; owner++) {
        CHECK(f->params.n_values[owner] <= MAX_VALUES);
        fill(f->tensors[owner], f->params.n_values[owner], 1 + (uint64_t)owner);
        for (size_t i = 0; i < f->params.n_values[owner]; i++)
            f->tensors[owner][i] *= 0.1; /* so that layers without a norm stay small */
    }
    fill(f->picture, PIXELS, 3);
    fill(f->direction, PIXELS, 4);
    fill(f->moved, sizeof(f->moved) / sizeof(f->moved[0]), 5);
    CHECK_INT(bc_train_net_open(&f->net, HEIGHT, WIDTH, &f->params, workspace, log), BC_OK);
}

static void test_table(fixture *f, const char *table, const bc_workspace *workspace,
                       const bc_log *log)
{
    make_net(f, table, workspace, log);
    net_loss(f);
    bc_train_net_backward(&f->net, (bc_train_net_values){{f->gradients[0], f->gradients[1]}},
                          f->dpicture, f->values, f->picture, f->net.n_stages - 1, f->direction);
    for (int i = 0; i < f->params.n_params; i++) {
        const bc_param *p = &f->params.params[i];
        check_coordinates(f, f->tensors[p->owner] + p->offset, f->gradients[p->owner] + p->offset,
                          p->n, p->name, table);
    }
    check_coordinates(f, f->picture, f->dpicture, PIXELS, "picture", table);
    bc_train_net_close(&f->net);
}

/* A frozen net: the style's gradients are the same bits, the others are not touched. */
static void test_frozen(fixture *f, const char *table, const bc_workspace *workspace,
                        const bc_log *log)
{
    static double expected[MAX_VALUES], zeros[MAX_VALUES];
    make_net(f, table, workspace, log);
    const int last = f->net.n_stages - 1;
    net_loss(f);
    bc_train_net_backward(&f->net, (bc_train_net_values){{f->gradients[0], f->gradients[1]}}, NULL,
                          f->values, f->picture, last, f->direction);
    memcpy(expected, f->gradients[BC_OWNER_STYLE], sizeof(expected));
    memset(f->gradients, 0, sizeof(f->gradients));
    net_loss(f);
    bc_train_net_values gradients = {{NULL}};
    gradients.of[BC_OWNER_STYLE] = f->gradients[BC_OWNER_STYLE];
    bc_train_net_backward(&f->net, gradients, NULL, f->values, f->picture, last, f->direction);
    CHECK(memcmp(expected, f->gradients[BC_OWNER_STYLE], sizeof(expected)) == 0);
    CHECK(memcmp(expected, zeros, sizeof(expected)) != 0);
    CHECK(memcmp(f->gradients[BC_OWNER_NET], zeros, sizeof(zeros)) == 0);
    bc_train_net_close(&f->net);
}

static const char deep[] = "encoder.0 conv 9 8 stride=2 norm relu\n"
                           "encoder.1 conv 3 16 stride=2 norm relu\n"
                           "encoder.2 conv 3 16 stride=2 norm relu\n"
                           "canvas canvas 8 stride=8\n"
                           "grain conv 1 16 norm=style\n"
                           "ground add encoder.2 grain\n"
                           "shared.0 conv 3 16 norm relu\n"
                           "shared.1 conv 3 16 norm\n"
                           "shared add ground shared.1\n"
                           "bank.0 conv 3 16 norm=style relu weights=style\n"
                           "bank.1 conv 3 16 norm=style weights=style\n"
                           "bank.2 add shared bank.1\n"
                           "bank mix\n"
                           "decoder.0 conv 3 16 up=subpixel norm=style relu\n"
                           "skip add decoder.0 encoder.1\n"
                           "fine.canvas canvas 8 stride=4\n"
                           "fine.grain conv 1 16 norm=style\n"
                           "fine add skip fine.grain\n"
                           "decoder.1 conv 3 8 up=subpixel norm=style relu\n"
                           "decoder.2 conv 5 3 up=subpixel";
static const char cin[] = "encoder.0 conv 5 8 stride=2 norm=style relu\n"
                          "encoder.1 conv 3 16 stride=2 norm=style relu\n"
                          "body.0 conv 3 16 norm=style relu\n"
                          "body.1 conv 1 16 norm=style\n"
                          "body add encoder.1 body.1\n"
                          "decoder.0 conv 3 8 up=nearest norm=style relu\n"
                          "decoder.1 conv 9 3 up=nearest";
static const char johnson[] = "conv1 conv 9 8 pad=reflect norm relu\n"
                              "conv2 conv 3 16 stride=2 pad=reflect norm relu\n"
                              "conv3 conv 3 16 stride=2 pad=reflect norm relu\n"
                              "res1.1 conv 3 16 pad=reflect norm relu\n"
                              "res1.2 conv 3 16 pad=reflect norm\n"
                              "res1 add conv3 res1.2\n"
                              "deconv1 conv 3 16 up=nearest norm relu\n"
                              "deconv2 conv 5 8 up=zero norm relu\n"
                              "deconv3 conv 9 3 pad=reflect";
/* Several readers, ReLU without a norm, and an input from further back. */
static const char odd[] = "a conv 7 8 stride=2 relu\n"
                          "b conv 3 8 pad=reflect\n"
                          "c conv 3 8 norm from=a\n"
                          "d add b c\n"
                          "e conv 7 8 up=nearest\n"
                          "f conv 1 8 up=zero norm=style from=b\n"
                          "g add e f\n"
                          "h conv 3 3";

static void test_tables(fixture *f, const bc_workspace *workspace, const bc_log *log)
{
    static const char *const tables[] = {deep, cin, johnson, odd};
    for (int i = 0; i < 4; i++)
        test_table(f, tables[i], workspace, log);
    for (int i = 0; i < 12; i++) {
        char table[RANDOM_TABLE_SIZE];
        random_table(table, 1000 + (uint64_t)i);
        test_table(f, table, workspace, log);
    }
    test_frozen(f, deep, workspace, log);
    test_frozen(f, cin, workspace, log);
}

typedef enum loss_kind { L1, SHIFT_A, SHIFT_B, SHIFT_BACK, N_LOSSES } loss_kind;

static double picture_loss(loss_kind kind, double *d, const double *x, const double *other,
                           double weight)
{
    switch (kind) {
    case L1:
        return bc_l1_loss(d, x, other, PIXELS, weight);
    case SHIFT_A:
        return bc_shift_loss(d, NULL, x, other, HEIGHT, WIDTH, 2, 1, 3, weight);
    case SHIFT_BACK:
        return bc_shift_loss(d, NULL, x, other, HEIGHT, WIDTH, -2, -3, 0, weight);
    default:
        return bc_shift_loss(NULL, d, other, x, HEIGHT, WIDTH, 2, 1, 3, weight);
    }
}

static void test_picture_losses(fixture *f)
{
    const double weight = 0.7, h = 1e-7;
    double *x = f->picture, *other = f->direction;
    fill(x, PIXELS, 5);
    fill(other, PIXELS, 6);
    for (loss_kind kind = L1; kind < N_LOSSES; kind++) {
        double worst = 0;
        memset(f->dpicture, 0, sizeof(f->dpicture));
        picture_loss(kind, f->dpicture, x, other, weight);
        for (int i = 0; i < PIXELS; i++) {
            const double old = x[i];
            x[i] = old + h;
            const double above = picture_loss(kind, NULL, x, other, 0);
            x[i] = old - h;
            const double below = picture_loss(kind, NULL, x, other, 0);
            x[i] = old;
            const double slope = weight * (above - below) / (2 * h);
            worst = fmax(worst, fabs(slope - f->dpicture[i]));
        }
        CHECK_AT_MOST(worst, 1e-8);
    }
}

/* A painting that moves with its source costs nothing. */
static void test_shift_is_along_the_motion(fixture *f)
{
    static const int motions[][2] = {{2, 1}, {-1, 2}, {3, -2}, {-2, -3}};
    for (int m = 0; m < 4; m++) {
        const int dy = motions[m][0], dx = motions[m][1];
        for (int i = 0; i < PIXELS; i++) {
            const int c = i / (HEIGHT * WIDTH), y = i / WIDTH % HEIGHT, x = i % WIDTH;
            f->picture[i] = 100 * c + 10 * y + x;
            f->direction[i] = 100 * c + 10 * (y + dy) + x + dx;
        }
        CHECK_AT_MOST(
            bc_shift_loss(NULL, NULL, f->picture, f->direction, HEIGHT, WIDTH, dy, dx, 1, 1), 0);
    }
}

int main(void)
{
    char message[1024];
    const bc_log log = test_log(message);
    fixture *f = calloc(1, sizeof(*f));
    bc_workspace workspace;
    CHECK_INT(bc_workspace_open(&workspace, 1, &log), BC_OK);
    test_tables(f, &workspace, &log);
    test_picture_losses(f);
    test_shift_is_along_the_motion(f);
    bc_workspace_close(&workspace);
    free(f);
    return TEST_END();
}
