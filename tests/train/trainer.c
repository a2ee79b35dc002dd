/*
 * trainer.c: the training as a whole, on a small loss network and made-up photographs: its
 * gradients, its bits, and what it does when things go wrong.
 */
#include "training.h"

static double square_sum(const float *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return sum;
}

/*
 * The gradient of a whole step: a small step of descent, and the same pictures again. The total
 * must fall by the gradient's square times the rate, which is another one for the style. Both
 * paths: the rate is small enough for the curvature, and large enough that the fall stands clear of
 * the total's rounding, which differs between the kernels that OpenBLAS has for each processor.
 */
static void test_descent(int format, int n_styles, double rate)
{
    /* A gradient that is not clipped, in which the stability's share is felt. */
    const bc_objective o = {1, {48}, 0.003, "relu3_1", 0.01, 0.005, 1, 0.2};
    bc_train_config c = make_config(format);
    fixture f;
    bc_train_losses before, after;
    c.optimizer = BC_OPTIMIZER_DESCENT;
    c.rate = rate;
    c.style_rate = 3;
    fixture_open_for(&f, &c, n_styles, 2, &o);
    bc_trainer *t = &f.trainer;
    const bc_random random = t->random;
    CHECK_INT(bc_trainer_step(t, &before, &log_), BC_OK);
    const double squares = square_sum(t->gradients, bc_trainer_net_floats(t));
    const double style_squares =
        n_styles ? square_sum(t->styles[0].gradients, bc_trainer_style_floats(t)) : 0;
    CHECK_AT_MOST(squares + style_squares, 99);
    t->random = random;
    t->step = 0;
    CHECK_INT(bc_trainer_step(t, &after, &log_), BC_OK);
    const double fall = before.total - after.total;
    CHECK_AT_MOST(fabs(fall / (c.rate * (squares + c.style_rate * style_squares)) - 1), 0.02);
    fixture_close(&f);
}

/* A gradient that is longer than 10 is as long as that, in its own direction. */
static void test_clips(void)
{
    bc_train_config c = make_config(2);
    bc_objective o = objective;
    fixture f;
    bc_train_losses losses;
    o.stability = 1e6;
    fixture_open_for(&f, &c, 1, 1, &o);
    bc_trainer *t = &f.trainer;
    CHECK_INT(bc_trainer_step(t, &losses, &log_), BC_OK);
    const double squares = square_sum(t->gradients, bc_trainer_net_floats(t)) +
                           square_sum(t->styles[0].gradients, bc_trainer_style_floats(t));
    CHECK_AT_MOST(fabs(squares / 100 - 1), 1e-4);
    fixture_close(&f);
}

/* The style's weight rises by steps: the same picture costs more. */
static void test_ramp(void)
{
    static const double shares[][2] = {{0, 0.2}, {0.13, 0.4}, {0.26, 0.7}, {0.5, 1}};
    bc_train_config c = make_config(2);
    bc_objective o = objective;
    fixture f;
    bc_train_losses losses;
    c.ramp = 0.45;
    c.rate = 0;
    c.n_steps = 1000;
    o.stability = o.lattice = 0;
    fixture_open_for(&f, &c, 1, 1, &o);
    for (int i = 0; i < 4; i++) {
        f.trainer.step = (int64_t)(shares[i][0] * 1000);
        CHECK_INT(bc_trainer_step(&f.trainer, &losses, &log_), BC_OK);
        const double style = losses.total - losses.content - o.variation * losses.variation;
        CHECK_AT_MOST(fabs(style / (o.style * losses.style) - shares[i][1]), 1e-5);
    }
    fixture_close(&f);
}

/* The warm-up gives back the picture, through the first style; then all styles start from it. */
static void test_warmup(void)
{
    bc_train_config c = make_config(2);
    bc_train_losses losses;
    fixture f;
    c.n_warmup = 5;
    fixture_open(&f, &c, 2, 1);
    bc_trainer *t = &f.trainer;
    for (int i = 0; i < 5; i++) {
        CHECK_INT(bc_trainer_step(t, &losses, &log_), BC_OK);
        CHECK(losses.identity > 0 && losses.style == 0);
    }
    double distance = 0;
    const size_t n = bc_trainer_style_floats(t);
    for (size_t i = 0; i < n; i++)
        distance += fabs((double)(t->styles[0].values[i] - t->styles[1].values[i]));
    CHECK(distance > 0);
    CHECK_AT_MOST(distance / sqrt((double)n * square_sum(t->styles[0].values, n)), 0.3);
    CHECK_INT(bc_trainer_step(t, &losses, &log_), BC_OK);
    CHECK(losses.identity == 0 && losses.style > 0);
    fixture_close(&f);
}

/* What the phase says of an input map that is 1 everywhere. */
static double phase_gain(const bc_trainer *t, int layer, int row, int in)
{
    const bc_layer *l = &t->style_path.table.layers[layer];
    const int n_taps = l->kernel * l->kernel;
    const float *weight = t->values + t->style_path.layers[layer].weight;
    double sum = 0;
    for (int i = 0; i < n_taps; i++)
        sum += weight[(row * l->n_in + in) * n_taps + i];
    return sum;
}

/* Phases learn to differ, but not in what they make of a flat map. */
static void test_phases(void)
{
    const bc_train_config c = make_config(2);
    fixture f;
    fixture_open(&f, &c, 1, 1);
    run(&f, 4);
    const int layer = bc_layers_find(&c.layers, "c");
    const bc_layer *l = &c.layers.layers[layer];
    const float *weight = f.trainer.values + f.trainer.style_path.layers[layer].weight;
    const float *bias = f.trainer.values + f.trainer.style_path.layers[layer].bias;
    const int n_row = l->n_in * l->kernel * l->kernel;
    CHECK(memcmp(weight, weight + n_row, (size_t)n_row * sizeof(float)) != 0);
    for (int row = 0; row < l->n_rows; row++) {
        CHECK_AT_MOST(fabs((double)bias[row] - (double)bias[row / 4 * 4]), 1e-6);
        for (int in = 0; in < l->n_in; in++)
            CHECK_AT_MOST(fabs(phase_gain(&f.trainer, layer, row, in) -
                               phase_gain(&f.trainer, layer, row / 4 * 4, in)),
                          1e-6);
    }
    fixture_close(&f);
}

static void test_learns(int format)
{
    const bc_train_config c = make_config(format);
    fixture f;
    bc_train_figures before, after;
    fixture_open(&f, &c, 1, 2);
    CHECK_INT(bc_trainer_validate(&f.trainer, &before, 0, 2, 0, &log_), BC_OK);
    const double first = mean_total(&f, 9);
    run(&f, 18);
    CHECK_AT_MOST(mean_total(&f, 9), 0.8 * first);
    CHECK_INT(bc_trainer_validate(&f.trainer, &after, 0, 2, 0, &log_), BC_OK);
    CHECK_AT_MOST(after.losses.total, 0.8 * before.losses.total);
    CHECK_AT_MOST(after.losses.style, 0.9 * before.losses.style);
    fixture_close(&f);
}

static void test_same_bits_for_every_thread_count(int format)
{
    const bc_train_config c = make_config(format);
    fixture a, b;
    fixture_open(&a, &c, 2, 1);
    fixture_open(&b, &c, 2, 3);
    run(&a, 6);
    run(&b, 6);
    CHECK(same_parameters(&a.trainer, &b.trainer));
    CHECK(a.trainer.random.state == b.trainer.random.state);
    fixture_close(&a);
    fixture_close(&b);
}

/* A frozen net: the styles alone move, in a step that has stability and in one that has not. */
static void test_frozen(void)
{
    bc_train_config c = make_config(2);
    fixture f, same;
    c.is_frozen = true;
    fixture_open(&f, &c, 1, 1);
    fixture_open(&same, &c, 1, 1);
    run(&f, 2);
    const size_t n = bc_trainer_net_floats(&f.trainer) * sizeof(float);
    CHECK(memcmp(f.trainer.values, same.trainer.values, n) == 0);
    CHECK(!same_parameters(&f.trainer, &same.trainer));
    fixture_close(&same);
    fixture_close(&f);
}

/* Figures of a net are the same whenever they are asked for, on every number of threads. */
static void test_figures(void)
{
    const bc_train_config c = make_config(2);
    fixture a, b;
    bc_train_figures of_a, of_b;
    fixture_open(&a, &c, 2, 1);
    fixture_open(&b, &c, 2, 2);
    b.trainer.random.state++;
    CHECK_INT(bc_trainer_validate(&a.trainer, &of_a, 1, 2, 3, &log_), BC_OK);
    CHECK_INT(bc_trainer_validate(&b.trainer, &of_b, 1, 2, 3, &log_), BC_OK);
    CHECK(memcmp(&of_a, &of_b, sizeof(of_a)) == 0);
    CHECK(of_a.shift > 0 && of_a.flicker > 0 && of_a.losses.style > 0);
    fixture_close(&b);
    fixture_close(&a);
}

static void test_not_finite(void)
{
    const bc_train_config config = make_config(2);
    fixture f, same;
    bc_train_losses losses;
    fixture_open(&f, &config, 1, 1);
    fixture_open(&same, &config, 1, 1);
    f.trainer.styles[0].values[3] = same.trainer.styles[0].values[3] = INFINITY;
    CHECK_INT(bc_trainer_step(&f.trainer, &losses, &log_), BC_ERR_FORMAT);
    CHECK(strstr(message, "not finite"));
    CHECK_INT(f.trainer.step, 0);
    CHECK(same_parameters(&f.trainer, &same.trainer));
    fixture_close(&same);
    fixture_close(&f);
}

static void test_photos(void)
{
    char path[128];
    bc_photos photos;
    const char *folders[] = {in_folder(path, "photos")};
    CHECK_INT(bc_photos_open(&photos, folders, 1, 48, 60, 2, &log_), BC_OK);
    CHECK_INT(photos.n_training, N_PHOTOS - 2); /* one of the files is no picture */
    CHECK_INT(photos.n_validation, 2);
    CHECK_INT(photos.training[0].width, 60);
    bc_photos_close(&photos);
    CHECK_INT(bc_photos_open(&photos, folders, 1, SIDE + 1, 0, 2, &log_), BC_ERR_ARGUMENT);
    folders[0] = "/no/such/folder";
    CHECK_INT(bc_photos_open(&photos, folders, 1, 48, 60, 2, &log_), BC_ERR_IO);
}

/* Photographs as their own samples: both crops are the same square. */
static void test_sample_crop(void)
{
    char path[128];
    const bc_train_config config = make_config(1);
    fixture f;
    bc_samples samples;
    static float picture[3 * 48 * 48], painting[3 * 48 * 48];
    bc_random random = {3};
    fixture_open(&f, &config, 0, 1);
    CHECK_INT(bc_samples_open(&samples, in_folder(path, "photos"), &f.photos, &log_), BC_OK);
    CHECK_INT(samples.n, f.photos.n_training);
    for (int i = 0; i < samples.n; i++) {
        CHECK_INT(bc_sample_crop(picture, painting, 48, &samples.samples[i], &random, &log_),
                  BC_OK);
        CHECK(memcmp(picture, painting, sizeof(picture)) == 0);
    }
    bc_samples_close(&samples);
    fixture_close(&f);
}

/* Samples that look nothing like their photographs: a frozen net's bank comes closer all the same.
 */
static void test_samples(void)
{
    char path[128];
    fixture f;
    bc_samples samples;
    bc_train_config c = make_config(1);
    bc_objective o = objective;
    c.is_frozen = true;
    o.stability = o.lattice = 0;
    c.rate = 1e-2;
    fixture_open_for(&f, &c, 1, 2, &o);
    in_folder(path, "samples");
    CHECK(mkdir(path, 0777) == 0);
    CHECK_INT(bc_samples_open(&samples, path, &f.photos, &log_), BC_ERR_ARGUMENT);
    bc_samples_close(&samples);
    for (int i = 0; i < 3; i++) {
        char name[160];
        snprintf(name, sizeof(name), "%s/%d.png%s", path, i, i == 1 ? ".png" : "");
        make_photo(name, i + 4);
    }
    CHECK_INT(bc_samples_open(&samples, path, &f.photos, &log_), BC_OK);
    CHECK_INT(samples.n, 2); /* the third photograph is for validation */
    f.trainer.samples = &samples;
    const double first = mean_total(&f, 6);
    run(&f, 24);
    CHECK_AT_MOST(mean_total(&f, 6), 0.9 * first);
    bc_samples_close(&samples);
    fixture_close(&f);
}

int main(void)
{
    if (!training_begin())
        return TEST_END();
    test_photos();
    test_descent(1, 0, 1e-4);
    test_descent(1, 1, 3e-5);
    test_descent(2, 1, 3e-5);
    test_clips();
    test_ramp();
    test_warmup();
    test_phases();
    test_learns(1);
    test_learns(2);
    test_same_bits_for_every_thread_count(1);
    test_same_bits_for_every_thread_count(2);
    test_frozen();
    test_figures();
    test_not_finite();
    test_sample_crop();
    test_samples();
    training_end();
    return TEST_END();
}
