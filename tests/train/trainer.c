/*
 * trainer.c: the training as a whole, on a small loss network and made-up photographs: its
 * gradients, its bits, its files, and what it does when things go wrong.
 */
#include "train/trainer.h"

#include <ftw.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "media/picture.h"
#include "model/model.h"
#include "test.h"
#include "train/checkpoint.h"
#include "train/net_files.h"

enum { SIDE = 72, N_PHOTOS = 6, N_VGG = 8 };

static char folder[] = "/tmp/bc-trainer-XXXXXX";
static char message[1024];
static bc_log log_;

static const char *in_folder(char path[128], const char *name)
{
    snprintf(path, 128, "%s/%s", folder, name);
    return path;
}

/* Stripes and blots, different in each. */
static void make_photo(const char *path, int seed)
{
    bc_random random = {(uint64_t)seed};
    static uint8_t pixels[SIDE * SIDE * 3];
    for (int i = 0; i < SIDE * SIDE; i++)
        for (int c = 0; c < 3; c++) {
            const double wave = sin((i % SIDE) * 0.1 * (seed + 1) + i / SIDE * 0.07 * (c + seed));
            pixels[3 * i + c] = (uint8_t)(128 + 90 * wave + bc_random_below(&random, 30));
        }
    const bc_image image = {.pixels = pixels,
                            .stride_bytes = 3 * SIDE,
                            .width = SIDE,
                            .height = SIDE,
                            .format = BC_RGB24};
    CHECK_INT(bc_picture_write(path, &image, &log_), BC_OK);
}

/* VGG's blocks up to conv4_1, as thin as it gets. */
static void make_loss_network(const char *path)
{
    static const char *const layers[N_VGG] = {"1_1", "1_2", "2_1", "2_2",
                                              "3_1", "3_2", "3_3", "4_1"};
    static const int widths[N_VGG + 1] = {3, 4, 4, 6, 6, 8, 8, 8, 8};
    static float values[N_VGG][8 * 8 * 9 + 8];
    char names[2 * N_VGG][24];
    bc_tensor tensors[2 * N_VGG];
    bc_random random = {7};
    for (int i = 0; i < N_VGG; i++) {
        const int n_in = widths[i], n_out = widths[i + 1], n = n_out * n_in * 9;
        for (int k = 0; k < n; k++)
            values[i][k] =
                (float)(bc_random_normal(&random) * sqrt(2.0 / (9 * n_in)) * (i == 0 ? 0.02 : 1));
        snprintf(names[2 * i], 24, "conv%s.weight", layers[i]);
        snprintf(names[2 * i + 1], 24, "conv%s.bias", layers[i]);
        tensors[2 * i] = (bc_tensor){.name = names[2 * i],
                                     .dtype = BC_DTYPE_F32,
                                     .n_dims = 4,
                                     .shape = {n_out, n_in, 3, 3},
                                     .data = values[i],
                                     .size_bytes = (size_t)n * sizeof(float)};
        tensors[2 * i + 1] = (bc_tensor){.name = names[2 * i + 1],
                                         .dtype = BC_DTYPE_F32,
                                         .n_dims = 1,
                                         .shape = {n_out},
                                         .data = values[i] + n,
                                         .size_bytes = (size_t)n_out * sizeof(float)};
    }
    CHECK_INT(bc_safetensors_write(path, tensors, 2 * N_VGG, NULL, 0, &log_), BC_OK);
}

static const bc_train_config config = {.widths = {8, 8, 8},
                                       .n_bank_layers = 1,
                                       .crop = 48,
                                       .batch = 2,
                                       .style_steps = 2,
                                       .n_steps = 40,
                                       .rate = 2e-3,
                                       .content = 1,
                                       .style = 0.3,
                                       .variation = 0.5,
                                       .stability = 10,
                                       .max_shift = 3,
                                       .noise = 3,
                                       .seed = 5};

typedef struct fixture {
    bc_workspace workspace;
    bc_photos photos;
    bc_vgg vgg;
    bc_trainer trainer;
} fixture;

static void open_style(fixture *f, int style)
{
    static const char *const names[] = {"one", "two"};
    bc_loss_params params;
    bc_train_style *s = &f->trainer.styles[style];
    s->info = (bc_style_info){
        .name = names[style], .title = "T", .artist = "A", .year = "1900", .licence = "L"};
    CHECK_INT(bc_trainer_loss_params(&params, &f->trainer.config, &f->vgg, &f->workspace, &log_),
              BC_OK);
    float *picture = calloc((size_t)(3 * params.height * params.width), sizeof(float));
    bc_random random = {(uint64_t)style + 1};
    for (int i = 0; i < 3 * params.height * params.width; i++)
        picture[i] = (float)bc_random_uniform(&random) * (float)(1 - style * (i % 2));
    for (; s->n_targets < 2; s->n_targets++)
        CHECK_INT(bc_style_target_open(&s->targets[s->n_targets], &params, picture, &log_), BC_OK);
    free(picture);
}

static void fixture_open(fixture *f, const bc_train_config *c, int n_styles, int n_threads)
{
    char path[128];
    const char *const folders[] = {in_folder(path, "photos")};
    *f = (fixture){0};
    CHECK_INT(bc_workspace_open(&f->workspace, n_threads, &log_), BC_OK);
    CHECK_INT(bc_photos_open(&f->photos, folders, 1, c->crop, 2 * c->crop, 2, &log_), BC_OK);
    CHECK_INT(bc_vgg_open(&f->vgg, in_folder(path, "vgg.safetensors"), &log_), BC_OK);
    CHECK_INT(bc_trainer_open(&f->trainer, c, n_styles, &f->photos, &f->vgg, (bc_ranks){0, 1},
                              n_threads, &log_),
              BC_OK);
    for (int i = 0; i < n_styles; i++)
        open_style(f, i);
}

static void fixture_close(fixture *f)
{
    bc_trainer_close(&f->trainer);
    bc_vgg_close(&f->vgg);
    bc_photos_close(&f->photos);
    bc_workspace_close(&f->workspace);
}

static void run(fixture *f, int n_steps)
{
    bc_train_losses losses;
    for (int i = 0; i < n_steps; i++)
        CHECK_INT(bc_trainer_step(&f->trainer, &losses, &log_), BC_OK);
}

static int same_parameters(const bc_trainer *a, const bc_trainer *b)
{
    int same = memcmp(a->values, b->values, a->autoencoder.n_values * sizeof(float)) == 0;
    for (int i = 0; i < a->n_styles; i++)
        same &=
            memcmp(a->styles[i].values, b->styles[i].values, a->bank.n_values * sizeof(float)) == 0;
    return same;
}

static double square_sum(const float *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return sum;
}

/*
 * The gradient of a whole step: a small step of descent, and the same pictures again. The total
 * must fall by the rate times the gradient's square. Both paths: the rate is small enough for the
 * curvature, and large enough that the fall stands clear of the total's rounding, which differs
 * between the kernels that OpenBLAS has for each processor.
 */
static void test_descent(int n_styles, double rate)
{
    bc_train_config c = config;
    fixture f;
    bc_train_losses before, after;
    c.optimizer = BC_OPTIMIZER_DESCENT;
    c.rate = rate;
    c.stability = 3000; /* its share of the gradient must be felt */
    fixture_open(&f, &c, n_styles, 2);
    bc_trainer *t = &f.trainer;
    const bc_random random = t->random;
    CHECK_INT(bc_trainer_step(t, &before, &log_), BC_OK);
    double squares = square_sum(t->gradients, t->autoencoder.n_values);
    if (n_styles)
        squares += square_sum(t->styles[0].gradients, t->bank.n_values);
    t->random = random;
    t->step = 0;
    CHECK_INT(bc_trainer_step(t, &after, &log_), BC_OK);
    const double fall = before.total - after.total;
    CHECK_AT_MOST(fabs(fall / (c.rate * squares) - 1), 0.02);
    fixture_close(&f);
}

static double mean_total(fixture *f, int n)
{
    bc_train_losses losses;
    double sum = 0;
    for (int i = 0; i < n; i++) {
        CHECK_INT(bc_trainer_step(&f->trainer, &losses, &log_), BC_OK);
        sum += losses.total / n;
    }
    return sum;
}

static void test_learns(void)
{
    fixture f;
    bc_train_figures before, after;
    fixture_open(&f, &config, 1, 2);
    CHECK_INT(bc_trainer_validate(&f.trainer, &before, 0, 2, &log_), BC_OK);
    const double first = mean_total(&f, 9);
    run(&f, 18);
    CHECK_AT_MOST(mean_total(&f, 9), 0.8 * first);
    CHECK_INT(bc_trainer_validate(&f.trainer, &after, 0, 2, &log_), BC_OK);
    CHECK_AT_MOST(after.losses.total, 0.8 * before.losses.total);
    CHECK_AT_MOST(after.style_ratio, 0.9 * before.style_ratio);
    fixture_close(&f);
}

static void test_same_bits_for_every_thread_count(void)
{
    fixture a, b;
    fixture_open(&a, &config, 2, 1);
    fixture_open(&b, &config, 2, 3);
    run(&a, 6);
    run(&b, 6);
    CHECK(same_parameters(&a.trainer, &b.trainer));
    CHECK(a.trainer.random.state == b.trainer.random.state);
    fixture_close(&a);
    fixture_close(&b);
}

static void test_resumes_with_the_same_bits(void)
{
    char path[128];
    fixture a, b;
    in_folder(path, "checkpoint.safetensors");
    fixture_open(&a, &config, 2, 2);
    fixture_open(&b, &config, 2, 2);
    run(&a, 4);
    a.trainer.best_total = 0.1 + 0.2;
    a.trainer.seconds = 12.5;
    CHECK_INT(bc_checkpoint_write(path, &a.trainer, &log_), BC_OK);
    bc_train_figures figures;
    CHECK_INT(bc_trainer_validate(&a.trainer, &figures, 0, 2, &log_), BC_OK);
    run(&a, 5);
    run(&b, 1); /* to be forgotten */
    CHECK_INT(bc_checkpoint_read(&b.trainer, path, &log_), BC_OK);
    CHECK_INT(b.trainer.step, 4);
    CHECK(b.trainer.best_total == 0.1 + 0.2);
    CHECK(b.trainer.seconds == 12.5);
    run(&b, 5);
    CHECK(same_parameters(&a.trainer, &b.trainer));
    fixture_close(&b);

    bc_train_config other = config;
    other.style = 0.4;
    fixture_open(&b, &other, 2, 2);
    CHECK_INT(bc_checkpoint_read(&b.trainer, path, &log_), BC_ERR_MISMATCH);
    CHECK(strstr(message, "0.4"));
    fixture_close(&b);
    fixture_close(&a);
}

/* A bank goes on beside the auto-encoder that it began with, and beside no other. */
static void test_resumes_on_the_same_autoencoder(void)
{
    char path[128];
    fixture f;
    bc_train_config c = config;
    c.is_frozen = true;
    in_folder(path, "frozen.safetensors");
    fixture_open(&f, &c, 1, 1);
    CHECK_INT(bc_checkpoint_write(path, &f.trainer, &log_), BC_OK);
    CHECK_INT(bc_checkpoint_read(&f.trainer, path, &log_), BC_OK);
    f.trainer.values[0] += 1;
    CHECK_INT(bc_checkpoint_read(&f.trainer, path, &log_), BC_ERR_MISMATCH);
    CHECK(strstr(message, "its autoencoder"));
    fixture_close(&f);
}

/* A disk that is full half way: here, a file that may not grow. */
static void test_full_disk_keeps_the_old_checkpoint(void)
{
    char path[128];
    fixture f;
    struct rlimit old;
    in_folder(path, "full.safetensors");
    fixture_open(&f, &config, 1, 1);
    CHECK_INT(bc_checkpoint_write(path, &f.trainer, &log_), BC_OK);
    run(&f, 1);
    getrlimit(RLIMIT_FSIZE, &old);
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){20000, old.rlim_max});
    CHECK_INT(bc_checkpoint_write(path, &f.trainer, &log_), BC_ERR_IO);
    setrlimit(RLIMIT_FSIZE, &old);
    CHECK_INT(bc_checkpoint_read(&f.trainer, path, &log_), BC_OK);
    CHECK_INT(f.trainer.step, 0);
    fixture_close(&f);
}

static void test_not_finite(void)
{
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

/* A joint training writes a net; a bank alone then leaves the auto-encoder as it was. */
static void test_files(void)
{
    char path[128];
    fixture f, bank;
    bc_model *model;
    bc_train_config c = {.crop = 0};
    in_folder(path, "net");
    fixture_open(&f, &config, 1, 2);
    run(&f, 3);
    CHECK_INT(bc_net_files_probe(&c, path, &log_), BC_END);
    CHECK_INT(bc_net_files_write(&f.trainer, path, "as the test says", &log_), BC_OK);
    CHECK_INT(bc_net_files_probe(&c, path, &log_), BC_OK);
    CHECK_INT(c.widths[1], 8);
    CHECK_INT(c.n_bank_layers, 0);

    c = config;
    c.is_frozen = true;
    c.n_bank_layers = 3;
    CHECK_INT(bc_net_files_probe(&c, path, &log_), BC_OK);
    CHECK_INT(c.n_bank_layers, 1);
    fixture_open(&bank, &c, 2, 2);
    CHECK_INT(bc_net_files_read(&bank.trainer, path, true, &log_), BC_ERR_IO);
    CHECK(strstr(message, "two.safetensors: not there"));
    CHECK_INT(bc_net_files_read(&bank.trainer, path, false, &log_), BC_OK);
    CHECK(memcmp(bank.trainer.styles[0].values, f.trainer.styles[0].values,
                 f.trainer.bank.n_values * sizeof(float)) == 0);
    run(&bank, 4);
    CHECK(memcmp(bank.trainer.values, f.trainer.values,
                 f.trainer.autoencoder.n_values * sizeof(float)) == 0);
    CHECK(memcmp(bank.trainer.styles[0].values, f.trainer.styles[0].values,
                 f.trainer.bank.n_values * sizeof(float)) != 0);
    CHECK_INT(bc_net_files_write(&bank.trainer, path, "again", &log_), BC_OK);

    if (CHECK_INT(bc_model_open(&model, path, &(bc_model_params){log_}), BC_OK)) {
        CHECK_INT(bc_model_style_count(model), 2);
        CHECK(strcmp(bc_model_style(model, 1).name, "two") == 0);
        CHECK(strcmp(bc_model_style(model, 1).year, "1900") == 0);
        bc_model_close(&model);
    }
    CHECK_INT(bc_trainer_sheet(&bank.trainer, in_folder(path, "sheet.png"), 2, &log_), BC_OK);
    in_folder(path, "net");
    CHECK_INT(bc_net_files_check(&bank.trainer, path, &log_), BC_OK);
    CHECK_INT(bc_net_files_check(&f.trainer, path, &log_), BC_ERR_ARGUMENT);
    CHECK(strstr(message, "two.safetensors"));
    fixture_close(&bank);
    fixture_close(&f);
}

static off_t size_of(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 ? info.st_size : -1;
}

/* A disk that takes one of the files, not all: the net stays what it was, and nothing else. */
static void test_full_disk_of_net(void)
{
    char path[128], autoencoder[160], bank[160];
    fixture f, old_net;
    struct rlimit old;
    in_folder(path, "full");
    snprintf(autoencoder, sizeof(autoencoder), "%s/autoencoder.safetensors", path);
    snprintf(bank, sizeof(bank), "%s/styles/one.safetensors", path);
    fixture_open(&f, &config, 1, 1);
    fixture_open(&old_net, &config, 1, 1);
    CHECK_INT(bc_net_files_write(&f.trainer, path, "old", &log_), BC_OK);
    run(&f, 2);
    const off_t limit = size_of(autoencoder) + 64;
    char *command = calloc((size_t)limit + 1, 1); /* makes the bank too large */
    memset(command, 'x', (size_t)limit);
    getrlimit(RLIMIT_FSIZE, &old);
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){(rlim_t)limit, old.rlim_max});
    CHECK_INT(bc_net_files_write(&f.trainer, path, command, &log_), BC_ERR_IO);
    setrlimit(RLIMIT_FSIZE, &old);
    free(command);
    CHECK(!same_parameters(&f.trainer, &old_net.trainer));
    CHECK_INT(bc_net_files_read(&f.trainer, path, true, &log_), BC_OK);
    CHECK(same_parameters(&f.trainer, &old_net.trainer));
    CHECK_INT(unlink(bank) + unlink(autoencoder), 0);
    snprintf(bank, sizeof(bank), "%s/styles", path);
    CHECK_INT(rmdir(bank) + rmdir(path), 0); /* there was nothing else */
    fixture_close(&old_net);
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
    bc_train_config c = config;
    c.is_frozen = true;
    c.stability = 0;
    c.rate = 1e-2;
    fixture_open(&f, &c, 1, 2);
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

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

int main(void)
{
    char path[160];
    log_ = test_log(message);
    if (!CHECK(mkdtemp(folder)))
        return TEST_END();
    snprintf(path, sizeof(path), "%s/photos", folder);
    CHECK(mkdir(path, 0777) == 0);
    for (int i = 0; i < N_PHOTOS; i++) {
        snprintf(path, sizeof(path), "%s/photos/%d.png", folder, i);
        make_photo(path, i);
    }
    snprintf(path, sizeof(path), "%s/photos/notes.txt", folder);
    fclose(fopen(path, "w"));
    make_loss_network(in_folder(path, "vgg.safetensors"));
    test_photos();
    test_descent(0, 1e-4);
    test_descent(1, 3e-7);
    test_learns();
    test_same_bits_for_every_thread_count();
    test_resumes_with_the_same_bits();
    test_resumes_on_the_same_autoencoder();
    test_full_disk_keeps_the_old_checkpoint();
    test_not_finite();
    test_files();
    test_full_disk_of_net();
    test_sample_crop();
    test_samples();
    nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    return TEST_END();
}
