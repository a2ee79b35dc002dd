/* training.h: a training on a small loss network and made-up photographs, in a folder of its own.
 */
#ifndef BC_TESTS_TRAIN_TRAINING_H
#define BC_TESTS_TRAIN_TRAINING_H

#include <ftw.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "media/picture.h"
#include "test.h"
#include "train/trainer.h"

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
static inline void make_photo(const char *path, int seed)
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
static inline void make_loss_network(const char *path)
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

/* A little of everything: a canvas, a bank that is a block, norms of styles. */
static const char table_text[] = "a conv 3 8 stride=2 norm relu\n"
                                 "b conv 3 8 stride=2 norm relu\n"
                                 "canvas canvas 8 stride=4\n"
                                 "grain conv 1 8 norm=style\n"
                                 "ground add b grain\n"
                                 "bank.0 conv 3 8 norm=style relu weights=style\n"
                                 "bank.1 conv 3 8 norm=style weights=style\n"
                                 "bank.2 add ground bank.1\n"
                                 "bank mix\n"
                                 "c conv 3 8 up=subpixel norm=style relu\n"
                                 "d conv 3 3 up=subpixel";

static inline bc_train_config make_config(int format)
{
    bc_train_config config = {.crop = 48,
                              .batch = 2,
                              .style_steps = 2,
                              .style_rate = 1,
                              .n_steps = 60,
                              .rate = 2e-3,
                              .max_shift = 3,
                              .noise = 6,
                              .flat = 0.2,
                              .seed = 5};
    static const int widths[] = {8, 8, 8};
    if (format == 2) {
        CHECK_INT(bc_layers_parse(&config.layers, table_text, "table", &log_), BC_OK);
        return config;
    }
    bc_layers_of_format_1(&config.layers, widths, BC_UPSAMPLE_SUBPIXEL, 1);
    bc_layers_of_format_1(&config.identity, widths, BC_UPSAMPLE_SUBPIXEL, 0);
    return config;
}

static const bc_objective objective = {1, {48}, 0.3, "relu3_1", 1, 0.5, 10, 20};

typedef struct fixture {
    bc_workspace workspace;
    bc_photos photos;
    bc_vgg vgg;
    bc_trainer trainer;
} fixture;

static inline void open_style(fixture *f, int style)
{
    static const char *const names[] = {"one", "two"};
    bc_loss_params params;
    bc_train_style *s = &f->trainer.styles[style];
    s->info = (bc_style_info){
        .name = names[style], .title = "T", .artist = "A", .year = "1900", .licence = "L"};
    CHECK_INT(bc_trainer_loss_params(&params, &s->objective, &f->vgg, &f->workspace, &log_), BC_OK);
    params.height = params.width = f->trainer.config.crop;
    float *picture = calloc((size_t)(3 * params.height * params.width), sizeof(float));
    bc_random random = {(uint64_t)style + 1};
    for (int i = 0; i < 3 * params.height * params.width; i++)
        picture[i] = (float)bc_random_uniform(&random) * (float)(1 - style * (i % 2));
    for (; s->n_targets < 2; s->n_targets++)
        CHECK_INT(bc_style_target_open(&s->targets[s->n_targets], &params, picture, &log_), BC_OK);
    free(picture);
}

static inline void fixture_open_for(fixture *f, const bc_train_config *c, int n_styles,
                                    int n_threads, const bc_objective *o)
{
    const bc_objective objectives[] = {*o, *o};
    char path[128];
    const char *const folders[] = {in_folder(path, "photos")};
    *f = (fixture){0};
    CHECK_INT(bc_workspace_open(&f->workspace, n_threads, &log_), BC_OK);
    CHECK_INT(bc_photos_open(&f->photos, folders, 1, c->crop, 2 * c->crop, 2, &log_), BC_OK);
    CHECK_INT(bc_vgg_open(&f->vgg, in_folder(path, "vgg.safetensors"), &log_), BC_OK);
    CHECK_INT(bc_trainer_open(&f->trainer, c, n_styles, objectives, &f->photos, &f->vgg,
                              (bc_ranks){0, 1}, n_threads, &log_),
              BC_OK);
    for (int i = 0; i < n_styles; i++)
        open_style(f, i);
}

static inline void fixture_open(fixture *f, const bc_train_config *c, int n_styles, int n_threads)
{
    fixture_open_for(f, c, n_styles, n_threads, &objective);
}

static inline void fixture_close(fixture *f)
{
    bc_trainer_close(&f->trainer);
    bc_vgg_close(&f->vgg);
    bc_photos_close(&f->photos);
    bc_workspace_close(&f->workspace);
}

static inline void run(fixture *f, int n_steps)
{
    bc_train_losses losses;
    for (int i = 0; i < n_steps; i++)
        CHECK_INT(bc_trainer_step(&f->trainer, &losses, &log_), BC_OK);
}

static inline int same_parameters(const bc_trainer *a, const bc_trainer *b)
{
    const size_t n = bc_trainer_style_floats(a) * sizeof(float);
    int same = memcmp(a->values, b->values, bc_trainer_net_floats(a) * sizeof(float)) == 0;
    for (int i = 0; i < a->n_styles; i++)
        same &= memcmp(a->styles[i].values, b->styles[i].values, n) == 0;
    return same;
}

static inline double mean_total(fixture *f, int n)
{
    bc_train_losses losses;
    double sum = 0;
    for (int i = 0; i < n; i++) {
        CHECK_INT(bc_trainer_step(&f->trainer, &losses, &log_), BC_OK);
        sum += losses.total / n;
    }
    return sum;
}

static inline int remove_entry(const char *path, const struct stat *status, int kind,
                               struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

/* The folder with its photographs and its loss network; 0 without one. */
static inline int training_begin(void)
{
    char path[160];
    log_ = test_log(message);
    if (!CHECK(mkdtemp(folder)))
        return 0;
    snprintf(path, sizeof(path), "%s/photos", folder);
    CHECK(mkdir(path, 0777) == 0);
    for (int i = 0; i < N_PHOTOS; i++) {
        snprintf(path, sizeof(path), "%s/photos/%d.png", folder, i);
        make_photo(path, i);
    }
    snprintf(path, sizeof(path), "%s/photos/notes.txt", folder);
    fclose(fopen(path, "w"));
    make_loss_network(in_folder(path, "vgg.safetensors"));
    return 1;
}

static inline void training_end(void)
{
    nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

#endif
