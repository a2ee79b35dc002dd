/*
 * teacher.c: a style that is learned from another net's paintings: what the loss network takes from
 * an example, the gradients, the bits, and where the teacher comes from.
 */
#include "training.h"

#include "export/graph.h"
#include "train/checkpoint.h"

enum { CROP = 48 };

/* A net with reflected edges, residual blocks and doubling: all that the pupil lacks. */
static const char *const teacher_file =
    BC_TESTS_DIR "/golden/tables/johnson-tiny.network.safetensors";

#define cin BC_TESTS_DIR "/golden/tables/cin-odd"

static void copy_file(const char *to, const char *from)
{
    char command[512];
    snprintf(command, sizeof(command), "cp '%s' '%s'", from, to);
    CHECK_INT(system(command), 0);
}

static void open_teacher(bc_teacher *teacher)
{
    char path[128];
    mkdir(in_folder(path, "teacher"), 0777);
    copy_file(in_folder(path, "teacher/network.safetensors"), teacher_file);
    CHECK_INT(bc_teacher_open(teacher, in_folder(path, "teacher"), "any", &log_), BC_OK);
}

/* One style of a frozen net, taught. */
static bc_train_config make_taught(const bc_teacher *teacher)
{
    bc_train_config config = make_config(2);
    config.is_frozen = true;
    config.teacher = teacher;
    return config;
}

static void make_picture(float picture[3 * CROP * CROP], uint64_t seed)
{
    bc_random random = {seed};
    for (int i = 0; i < 3 * CROP * CROP; i++)
        picture[i] = (float)bc_random_uniform(&random);
}

/* The content of `from` after it moved by `share` towards `to`: its loss from each, and the
 * style's. */
static void follow(const bc_loss_params *params, double share, double content[2], double *style)
{
    static float pictures[2][3 * CROP * CROP];
    bc_loss *loss;
    bc_style_target *target;
    bc_loss_terms terms;
    CHECK_INT(bc_loss_open(&loss, params, &log_), BC_OK);
    for (int i = 0; i < 2; i++)
        make_picture(pictures[i], (uint64_t)i + 1);
    bc_loss_set_content(loss, pictures[0]);
    CHECK_INT(bc_loss_follow(loss, &target, pictures[1], share, &log_), BC_OK);
    for (int i = 0; i < 2; i++) {
        content[i] = *style = 0;
        bc_loss_run(loss, &terms, NULL, pictures[i], target);
        for (int layer = 0; layer < BC_VGG_MAX_LAYERS; layer++) {
            content[i] += terms.content[layer];
            *style += terms.style[BC_STAT_GRAM][layer];
        }
    }
    bc_style_target_close(&target);
    bc_loss_close(&loss);
}

static void test_follow(const bc_vgg *vgg, const bc_workspace *workspace)
{
    bc_loss_params params;
    double content[2], style;
    CHECK_INT(bc_trainer_loss_params(&params, &objective, vgg, workspace, &log_), BC_OK);
    params.height = params.width = CROP;
    follow(&params, 1, content, &style);
    CHECK(content[0] > 0.01);
    CHECK_AT_MOST(content[1], 1e-9);
    CHECK_AT_MOST(style, 1e-9);
    follow(&params, 0, content, &style);
    CHECK_AT_MOST(content[0], 1e-9);
    CHECK(content[1] > 0.01);
    follow(&params, 0.5, content, &style);
    CHECK(content[0] > 0.001);
    CHECK_AT_MOST(fabs(content[0] / content[1] - 1), 1e-3);
    CHECK_AT_MOST(style, 1e-9);
}

/* A small step of descent, and the same pictures again: see trainer.c. */
static void test_descent(const bc_teacher *teacher)
{
    const bc_objective o = {1, {48}, 0.003, "relu3_1", 0.01, 0.005, 1, 0.2};
    bc_train_config c = make_taught(teacher);
    fixture f;
    bc_train_losses before, after;
    c.optimizer = BC_OPTIMIZER_DESCENT;
    c.rate = 1e-3;
    fixture_open_for(&f, &c, 1, 2, &o);
    bc_trainer *t = &f.trainer;
    const bc_random random = t->random;
    CHECK_INT(bc_trainer_step(t, &before, &log_), BC_OK);
    const float *gradients = t->styles[0].gradients;
    double squares = 0;
    for (size_t i = 0; i < bc_trainer_style_floats(t); i++)
        squares += (double)gradients[i] * (double)gradients[i];
    t->random = random;
    t->step = 0;
    CHECK_INT(bc_trainer_step(t, &after, &log_), BC_OK);
    CHECK(squares > 0);
    CHECK_AT_MOST(fabs((before.total - after.total) / (c.rate * squares) - 1), 0.02);
    fixture_close(&f);
}

/* Another teacher, another style: what is learned is the teacher's. */
static void test_learns(const bc_teacher *teacher)
{
    const bc_train_config c = make_taught(teacher);
    fixture f, other;
    fixture_open(&f, &c, 1, 2);
    const double before = mean_total(&f, 8);
    run(&f, 40);
    CHECK_AT_MOST(mean_total(&f, 8), 0.9 * before);
    bc_train_config untaught = c;
    untaught.teacher = NULL;
    fixture_open(&other, &untaught, 1, 2);
    run(&other, 56);
    CHECK(!same_parameters(&f.trainer, &other.trainer));
    fixture_close(&other);
    fixture_close(&f);
}

/* For every number of threads, and interrupted. */
static void test_same_bits(const bc_teacher *teacher)
{
    char path[128];
    const bc_train_config c = make_taught(teacher);
    fixture a, b;
    in_folder(path, "checkpoint.safetensors");
    fixture_open(&a, &c, 1, 1);
    fixture_open(&b, &c, 1, 3);
    run(&a, 3);
    CHECK_INT(bc_checkpoint_write(path, &a.trainer, &log_), BC_OK);
    run(&a, 3);
    CHECK_INT(bc_checkpoint_read(&b.trainer, path, &log_), BC_OK);
    run(&b, 3);
    CHECK(same_parameters(&a.trainer, &b.trainer));
    fixture_close(&b);
    fixture_close(&a);
}

static void export(const char *path)
{
    bc_model *model;
    bc_proto bytes = {0};
    CHECK_INT(bc_model_open_files(&model, teacher_file, NULL, 0, &log_), BC_OK);
    CHECK_INT(bc_export_write(&bytes, model, &(bc_export_params){.n_blend = 0}, &log_), BC_OK);
    FILE *file = fopen(path, "wb");
    if (!CHECK(file && fwrite(bytes.bytes, 1, bytes.size, file) == bytes.size))
        exit(1);
    fclose(file);
    bc_proto_free(&bytes);
    bc_model_close(&model);
}

/* A net in its folder and in another project's file is one teacher; of styles one must be named. */
static void test_sources(const bc_teacher *teacher)
{
    char path[128];
    bc_teacher other;
    export(in_folder(path, "teacher.onnx"));
    CHECK_INT(bc_teacher_open(&other, path, "any", &log_), BC_OK);
    CHECK(other.fingerprint == teacher->fingerprint);
    bc_teacher_close(&other);
    mkdir(in_folder(path, "cin"), 0777);
    mkdir(in_folder(path, "cin/styles"), 0777);
    copy_file(in_folder(path, "cin/network.safetensors"), cin ".network.safetensors");
    copy_file(in_folder(path, "cin/styles/one.safetensors"), cin ".style-a.safetensors");
    CHECK_INT(bc_teacher_open(&other, in_folder(path, "cin"), "any", &log_), BC_OK);
    bc_teacher_close(&other);
    copy_file(in_folder(path, "cin/styles/two.safetensors"), cin ".style-b.safetensors");
    CHECK_INT(bc_teacher_open(&other, in_folder(path, "cin"), "two", &log_), BC_OK);
    bc_teacher_close(&other);
    CHECK_INT(bc_teacher_open(&other, in_folder(path, "cin"), "any", &log_), BC_ERR_ARGUMENT);
    CHECK(strstr(message, "none of them called 'any'") != NULL);
    bc_teacher_close(&other);
    CHECK(bc_teacher_open(&other, in_folder(path, "nowhere"), "any", &log_) < 0);
    bc_teacher_close(&other);
}

int main(void)
{
    bc_teacher teacher;
    fixture f;
    if (!training_begin())
        return TEST_END();
    open_teacher(&teacher);
    const bc_train_config config = make_config(2);
    fixture_open(&f, &config, 1, 1);
    test_follow(&f.vgg, &f.workspace);
    fixture_close(&f);
    test_descent(&teacher);
    test_learns(&teacher);
    test_same_bits(&teacher);
    test_sources(&teacher);
    bc_teacher_close(&teacher);
    training_end();
    return TEST_END();
}
