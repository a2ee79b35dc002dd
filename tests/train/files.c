/* files.c: checkpoints, the files of a net and preview sheets of a training. */
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "train/checkpoint.h"
#include "train/nearest.h"
#include "train/preview.h"
#include "training.h"

static void test_resumes_with_the_same_bits(int format)
{
    const bc_train_config config = make_config(format);
    char path[128];
    fixture a, b;
    in_folder(path, "checkpoint.safetensors");
    fixture_open(&a, &config, 2, 2);
    fixture_open(&b, &config, 2, 2);
    run(&a, 4);
    a.trainer.seconds = 12.5;
    CHECK_INT(bc_checkpoint_write(path, &a.trainer, &log_), BC_OK);
    bc_train_figures figures;
    CHECK_INT(bc_trainer_validate(&a.trainer, &figures, 0, 2, 0, &log_), BC_OK);
    run(&a, 5);
    run(&b, 1); /* to be forgotten */
    CHECK_INT(bc_checkpoint_read(&b.trainer, path, &log_), BC_OK);
    CHECK_INT(b.trainer.step, 4);
    CHECK(b.trainer.seconds == 12.5);
    run(&b, 5);
    CHECK(same_parameters(&a.trainer, &b.trainer));
    fixture_close(&b);

    bc_train_config other = config;
    other.noise = 7;
    fixture_open(&b, &other, 2, 2);
    CHECK_INT(bc_checkpoint_read(&b.trainer, path, &log_), BC_ERR_MISMATCH);
    CHECK(strstr(message, "its noise: 6, not 7"));
    fixture_close(&b);
    bc_objective bolder = objective;
    bolder.style = 0.4;
    fixture_open_for(&b, &config, 2, 2, &bolder);
    CHECK_INT(bc_checkpoint_read(&b.trainer, path, &log_), BC_ERR_MISMATCH);
    CHECK(strstr(message, "its objectives"));
    fixture_close(&b);
    fixture_close(&a);
}

/* A style goes on beside the net that it began with, and beside no other. */
static void test_resumes_on_the_same_net(void)
{
    char path[128];
    fixture f;
    bc_train_config c = make_config(2);
    c.is_frozen = true;
    in_folder(path, "frozen.safetensors");
    fixture_open(&f, &c, 1, 1);
    CHECK_INT(bc_checkpoint_write(path, &f.trainer, &log_), BC_OK);
    CHECK_INT(bc_checkpoint_read(&f.trainer, path, &log_), BC_OK);
    f.trainer.values[0] += 1;
    CHECK_INT(bc_checkpoint_read(&f.trainer, path, &log_), BC_ERR_MISMATCH);
    CHECK(strstr(message, "its net"));
    fixture_close(&f);
}

/* A disk that is full half way: here, a file that may not grow. */
static void test_full_disk_keeps_the_old_checkpoint(void)
{
    const bc_train_config config = make_config(1);
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

static void check_net(const char *path, const char *net_file, int format)
{
    char name[160];
    bc_net net;
    bc_style style;
    snprintf(name, sizeof(name), "%s/%s.safetensors", path, net_file);
    CHECK_INT(bc_net_open(&net, name, &log_), BC_OK);
    CHECK_INT(net.format, format);
    snprintf(name, sizeof(name), "%s/styles/two.safetensors", path);
    CHECK_INT(bc_style_open(&style, name, "two", &net, &log_), BC_OK);
    CHECK(strcmp(style.info.year, "1900") == 0);
    CHECK(strstr(bc_safetensors_metadata(style.file, "trained"), "again (brush=48 "));
    bc_style_close(&style);
    bc_net_close(&net);
}

/* A joint training writes a net; a style alone then leaves the net as it was. */
static void test_files(int format)
{
    char path[128];
    fixture f, bank;
    int n_read;
    bc_train_config c = make_config(format);
    const char *net_file = format == 1 ? "autoencoder" : "network";
    in_folder(path, net_file);
    fixture_open(&f, &c, 1, 2);
    run(&f, 3);
    CHECK_INT(bc_net_files_probe(&c, path, 2, &log_), BC_END);
    CHECK_INT(bc_net_files_write(&f.trainer, path, 1, "as the test says", &log_), BC_OK);

    bc_train_config probed = make_config(3 - format);
    CHECK_INT(bc_net_files_probe(&probed, path, 3, &log_), BC_OK);
    CHECK(strcmp(probed.layers.text, c.layers.text) == 0);
    CHECK_INT(probed.identity.n, c.identity.n);
    c.is_frozen = true;
    fixture_open(&bank, &c, 2, 2);
    CHECK_INT(bc_net_files_read(&bank.trainer, path, true, &n_read, &log_), BC_ERR_IO);
    CHECK(strstr(message, "two.safetensors: not there"));
    CHECK_INT(bc_net_files_read(&bank.trainer, path, false, &n_read, &log_), BC_OK);
    CHECK_INT(n_read, 1);
    const size_t n_net = bc_trainer_net_floats(&f.trainer) * sizeof(float);
    const size_t n_style = bc_trainer_style_floats(&f.trainer) * sizeof(float);
    const float *before = f.trainer.styles[0].values, *after = bank.trainer.styles[0].values;
    CHECK(memcmp(before, after, n_style) == 0);
    run(&bank, 4);
    CHECK(memcmp(bank.trainer.values, f.trainer.values, n_net) == 0);
    CHECK(memcmp(before, after, n_style) != 0);
    CHECK_INT(bc_net_files_write(&bank.trainer, path, 2, "again", &log_), BC_OK);
    check_net(path, net_file, format);
    CHECK_INT(bc_net_files_check(&bank.trainer, path, &log_), BC_OK);
    CHECK_INT(bc_net_files_check(&f.trainer, path, &log_), BC_ERR_ARGUMENT);
    CHECK(strstr(message, "two.safetensors"));
    fixture_close(&bank);
    fixture_close(&f);
}

/* A new style starts from the one that paints most like it: here, the one that learned it. */
static void test_nearest(void)
{
    char path[128];
    fixture f, fresh;
    bc_style_name *names;
    int n;
    bc_train_config c = make_config(2);
    in_folder(path, "near");
    fixture_open(&f, &c, 2, 2);
    run(&f, 50);
    CHECK_INT(bc_net_files_write(&f.trainer, path, 2, "near", &log_), BC_OK);
    CHECK_INT(bc_net_files_list(&names, &n, path, &log_), BC_OK);
    CHECK_INT(n, 2);
    c.is_frozen = true;
    fixture_open(&fresh, &c, 2, 2);
    CHECK_INT(bc_net_files_read(&fresh.trainer, path, true, &n, &log_), BC_OK);
    fresh.trainer.styles[1].info.name = "three";
    CHECK_INT(bc_nearest_style(&fresh.trainer, 1, path, names, 2, &log_), BC_OK);
    CHECK(strcmp(message, "three: starts from 'two'") == 0);
    CHECK(same_parameters(&f.trainer, &fresh.trainer));
    free(names);
    fixture_close(&fresh);
    fixture_close(&f);
}

static void test_preview(void)
{
    char path[128];
    fixture f;
    bc_frame *frame;
    const bc_train_config c = make_config(1);
    fixture_open(&f, &c, 2, 1);
    in_folder(path, "sheet.png");
    CHECK_INT(bc_preview_write(&f.trainer, path, f.photos.validation, 2, &log_), BC_OK);
    if (CHECK_INT(bc_picture_read(&frame, path, BC_ALPHA_OVER_WHITE, &log_), BC_OK)) {
        CHECK_INT(frame->image.width, 2 * BC_PREVIEW_WIDTH);
        CHECK_INT(frame->image.height, 4 * BC_PREVIEW_HEIGHT);
        bc_frame_unref(&frame);
    }
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
    const bc_train_config config = make_config(2);
    int n_read;
    char path[128], net[160], bank[160];
    fixture f, old_net;
    struct rlimit old;
    in_folder(path, "full");
    snprintf(net, sizeof(net), "%s/network.safetensors", path);
    snprintf(bank, sizeof(bank), "%s/styles/one.safetensors", path);
    fixture_open(&f, &config, 1, 1);
    fixture_open(&old_net, &config, 1, 1);
    CHECK_INT(bc_net_files_write(&f.trainer, path, 1, "old", &log_), BC_OK);
    run(&f, 2);
    const off_t limit = size_of(net) + 64;
    char *title = calloc((size_t)limit + 1, 1); /* makes the style too large */
    memset(title, 'x', (size_t)limit);
    f.trainer.styles[0].info.title = title;
    getrlimit(RLIMIT_FSIZE, &old);
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){(rlim_t)limit, old.rlim_max});
    CHECK_INT(bc_net_files_write(&f.trainer, path, 1, "new", &log_), BC_ERR_IO);
    setrlimit(RLIMIT_FSIZE, &old);
    free(title);
    CHECK(!same_parameters(&f.trainer, &old_net.trainer));
    CHECK_INT(bc_net_files_read(&f.trainer, path, true, &n_read, &log_), BC_OK);
    CHECK(same_parameters(&f.trainer, &old_net.trainer));
    CHECK_INT(unlink(bank) + unlink(net), 0);
    snprintf(bank, sizeof(bank), "%s/styles", path);
    CHECK_INT(rmdir(bank) + rmdir(path), 0); /* there was nothing else */
    fixture_close(&old_net);
    fixture_close(&f);
}

int main(void)
{
    if (!training_begin())
        return TEST_END();
    test_resumes_with_the_same_bits(1);
    test_resumes_with_the_same_bits(2);
    test_resumes_on_the_same_net();
    test_full_disk_keeps_the_old_checkpoint();
    test_files(1);
    test_files(2);
    test_nearest();
    test_preview();
    test_full_disk_of_net();
    training_end();
    return TEST_END();
}
