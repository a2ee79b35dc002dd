/*
 * net_gradient.c: every backward pass of the generator and of the losses on pictures against
 * finite differences. Compiled in double precision with double.h: "float" is double here.
 */
#include "train/net.h"
#include "train/pixel_loss.h"

#include "gradient.h"

enum { HEIGHT = 12, WIDTH = 16, PIXELS = 3 * HEIGHT * WIDTH, MAX_VALUES = 32768 };

typedef struct fixture {
    bc_train_net net;
    bc_params shapes[2];
    bc_train_net_values values;
    double autoencoder[MAX_VALUES], bank[MAX_VALUES], picture[PIXELS], direction[PIXELS];
    double gradients[2][MAX_VALUES], dpicture[PIXELS];
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
    return dot(bc_train_net_forward(&f->net, f->values, f->picture), f->direction, PIXELS);
}

/* Along a few coordinates of x: it is enough, and keeps the test short. */
static void check_coordinates(fixture *f, double *x, const double *gradient, size_t n, size_t step,
                              const char *what)
{
    const double h = 1e-6;
    double error = 0, scale = 0;
    for (size_t i = 0; i < n; i += step) {
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
    if (!CHECK_AT_MOST(sqrt(error), 1e-6 * sqrt(scale) + 1e-6))
        fprintf(stderr, "    %s\n", what);
}

static void make_net(fixture *f, bc_upsample upsample, int n_bank_layers,
                     const bc_workspace *workspace, const bc_log *log)
{
    static const int widths[] = {8, 16, 24};
    *f = (fixture){.values = {f->autoencoder, n_bank_layers ? f->bank : NULL}};
    bc_params_make_autoencoder(&f->shapes[0], widths, upsample);
    bc_params_make_bank(&f->shapes[1], widths[2], n_bank_layers ? n_bank_layers : 1);
    CHECK(f->shapes[0].n_values <= MAX_VALUES && f->shapes[1].n_values <= MAX_VALUES);
    fill(f->autoencoder, f->shapes[0].n_values, 1);
    fill(f->bank, f->shapes[1].n_values, 2);
    fill(f->picture, PIXELS, 3);
    fill(f->direction, PIXELS, 4);
    CHECK_INT(bc_train_net_open(&f->net, HEIGHT, WIDTH, &f->shapes[0],
                                n_bank_layers ? &f->shapes[1] : NULL, workspace, log),
              BC_OK);
}

static void test_net(fixture *f, bc_upsample upsample, int n_bank_layers,
                     const bc_workspace *workspace, const bc_log *log)
{
    make_net(f, upsample, n_bank_layers, workspace, log);
    net_loss(f);
    const bc_train_net_values gradients = {f->gradients[0],
                                           f->values.bank ? f->gradients[1] : NULL};
    bc_train_net_backward(&f->net, gradients, f->dpicture, f->values, f->picture, f->direction);
    for (int i = 0; i < f->shapes[0].n_params; i++) {
        const bc_param *p = &f->shapes[0].params[i];
        check_coordinates(f, f->autoencoder + p->offset, f->gradients[0] + p->offset, p->n,
                          1 + p->n / 16, p->name);
    }
    for (int i = 0; i < f->shapes[1].n_params && n_bank_layers; i++) {
        const bc_param *p = &f->shapes[1].params[i];
        check_coordinates(f, f->bank + p->offset, f->gradients[1] + p->offset, p->n, 1 + p->n / 16,
                          p->name);
    }
    check_coordinates(f, f->picture, f->dpicture, PIXELS, 17, "picture");
    bc_train_net_close(&f->net);
}

/* A frozen auto-encoder: the bank's gradients are the same bits, the others are not touched. */
static void test_frozen(fixture *f, const bc_workspace *workspace, const bc_log *log)
{
    static double expected[MAX_VALUES];
    make_net(f, BC_UPSAMPLE_SUBPIXEL, 2, workspace, log);
    net_loss(f);
    bc_train_net_backward(&f->net, (bc_train_net_values){f->gradients[0], f->gradients[1]}, NULL,
                          f->values, f->picture, f->direction);
    memcpy(expected, f->gradients[1], sizeof(expected));
    memset(f->gradients, 0, sizeof(f->gradients));
    net_loss(f);
    bc_train_net_backward(&f->net, (bc_train_net_values){NULL, f->gradients[1]}, NULL, f->values,
                          f->picture, f->direction);
    CHECK(memcmp(expected, f->gradients[1], sizeof(expected)) == 0);
    bc_train_net_close(&f->net);
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
    test_net(f, BC_UPSAMPLE_SUBPIXEL, 2, &workspace, &log);
    test_net(f, BC_UPSAMPLE_SUBPIXEL, 0, &workspace, &log);
    test_net(f, BC_UPSAMPLE_NEAREST, 1, &workspace, &log);
    test_net(f, BC_UPSAMPLE_ZERO, 1, &workspace, &log);
    test_frozen(f, &workspace, &log);
    test_picture_losses(f);
    test_shift_is_along_the_motion(f);
    bc_workspace_close(&workspace);
    free(f);
    return TEST_END();
}
