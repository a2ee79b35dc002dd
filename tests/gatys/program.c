/*
 * program.c: brushcast-gatys as its users run it, on a small random network: one picture, a folder,
 * interrupted and resumed, with wrong input and on a full disk.
 */
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "media/picture.h"
#include "model/safetensors.h"
#include "test.h"
#include "train/blas.h"

enum { W = 24, H = 20, MAX_ARGS = 40 };

static const char network[] = "gatys_test/vgg.safetensors";

/* Files ------------------------------------------------------------------------------------ */

static void write_network(const bc_log *log)
{
    static const int widths[] = {3, 8, 8, 12};
    static const char *const names[] = {"conv1_1", "conv1_2", "conv2_1"};
    static float weights[3][12 * 8 * 9], biases[3][12];
    static char tensor_names[6][32];
    bc_tensor tensors[6];
    uint32_t seed = 1;
    for (int i = 0; i < 3; i++) {
        const int n = widths[i] * widths[i + 1] * 9;
        for (int j = 0; j < n; j++) {
            seed = seed * 1664525u + 1013904223u;
            weights[i][j] = ((float)(seed >> 8) / 8388608.0f - 1) / 4;
        }
        snprintf(tensor_names[2 * i], 32, "%s.weight", names[i]);
        snprintf(tensor_names[2 * i + 1], 32, "%s.bias", names[i]);
        tensors[2 * i] = (bc_tensor){.name = tensor_names[2 * i],
                                     .dtype = BC_DTYPE_F32,
                                     .n_dims = 4,
                                     .shape = {widths[i + 1], widths[i], 3, 3},
                                     .data = weights[i],
                                     .size_bytes = (size_t)n * sizeof(float)};
        tensors[2 * i + 1] = (bc_tensor){.name = tensor_names[2 * i + 1],
                                         .dtype = BC_DTYPE_F32,
                                         .n_dims = 1,
                                         .shape = {widths[i + 1]},
                                         .data = biases[i],
                                         .size_bytes = (size_t)widths[i + 1] * sizeof(float)};
    }
    CHECK_INT(bc_safetensors_write(network, tensors, 6, NULL, 0, log), BC_OK);
}

static void write_picture(const char *path, int width, int height, int pattern, const bc_log *log)
{
    uint8_t pixels[W * H * 3];
    for (int i = 0; i < width * height * 3; i++)
        pixels[i] = (uint8_t)(i * (pattern + 3) + i * i / (7 + pattern));
    const bc_image image = {.pixels = pixels,
                            .stride_bytes = (ptrdiff_t)width * 3,
                            .width = width,
                            .height = height,
                            .format = BC_RGB24};
    CHECK_INT(bc_picture_write(path, &image, log), BC_OK);
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    CHECK(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

/* The whole file, NUL-terminated, to be freed; NULL if there is none. */
static char *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    char *bytes = calloc(1, 1 << 20);
    *size = fread(bytes, 1, (1 << 20) - 1, file);
    fclose(file);
    return bytes;
}

static int exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static int same_file(const char *a, const char *b)
{
    size_t n_a = 0, n_b = 0;
    char *x = read_file(a, &n_a), *y = read_file(b, &n_b);
    const int same = x && y && n_a == n_b && n_a > 0 && memcmp(x, y, n_a) == 0;
    free(x);
    free(y);
    return same;
}

static int file_contains(const char *path, const char *text)
{
    size_t n;
    char *bytes = read_file(path, &n);
    const int found = bytes && strstr(bytes, text) != NULL;
    free(bytes);
    return found;
}

/* The program ------------------------------------------------------------------------------ */

/* Starts it with the words of `line`, output to gatys_test/out and /err; no file above `limit`. */
static pid_t start_program(const char *line, rlim_t limit)
{
    char words[1024], *args[MAX_ARGS] = {(char *)(uintptr_t)BC_GATYS};
    int n = 1;
    snprintf(words, sizeof(words), "%s", line);
    for (char *word = strtok(words, " "); word && n < MAX_ARGS - 1; word = strtok(NULL, " "))
        args[n++] = word;
    fflush(NULL);
    const pid_t pid = fork();
    if (pid != 0)
        return pid;
    dup2(open("gatys_test/out", O_WRONLY | O_CREAT | O_TRUNC, 0666), STDOUT_FILENO);
    dup2(open("gatys_test/err", O_WRONLY | O_CREAT | O_TRUNC, 0666), STDERR_FILENO);
    setenv("BRUSHCAST_VGG", network, 1);
    if (limit) {
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){limit, limit});
    }
    execv(BC_GATYS, args);
    _exit(99);
}

static int end_program(pid_t pid)
{
    int status = 0;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int run(const char *line)
{
    return end_program(start_program(line, 0));
}

/* Tests ------------------------------------------------------------------------------------ */

#define INPUT "gatys_test/content.png gatys_test/style.png --threads 1 "
#define LAYERS "--content-layer relu2_1 --style-layers relu1_1,relu2_1 "

static void test_usage(void)
{
    CHECK_INT(run("--help"), 0);
    CHECK(file_contains("gatys_test/out", "Usage: brushcast-gatys"));
    CHECK_INT(run("only-one"), 2);
    CHECK_INT(run(INPUT), 2);
    CHECK_INT(run(INPUT "-o x.png --optimizer newton"), 2);
    CHECK(file_contains("gatys_test/err", "--optimizer is one of lbfgs|adam|adadelta|descent"));
    CHECK_INT(run(INPUT "-o x.png --alpha -1"), 2);
    CHECK_INT(run(INPUT "-o x.png --iterations 3x"), 2);
    CHECK_INT(run(INPUT "-o x.png --no-such-option"), 2);
}

static void test_wrong_input(void)
{
    CHECK_INT(run(INPUT "-o gatys_test/x.png --style-layers relu5_1"), 1);
    CHECK(file_contains("gatys_test/err", "relu1_1 relu1_2 relu2_1"));
    CHECK_INT(run(INPUT LAYERS "-o gatys_test/x.png -w gatys_test/none"), 1);
    CHECK(file_contains("gatys_test/err", "gatys_test/none"));
    CHECK_INT(run("gatys_test/broken.jpg gatys_test/style.png " LAYERS "-o gatys_test/x.png"), 1);
    CHECK(file_contains("gatys_test/err", "gatys_test/broken.jpg"));
    CHECK_INT(run(INPUT LAYERS "-o gatys_test/no-folder/x.png --iterations 1"), 1);
    CHECK_INT(run(INPUT LAYERS "-o gatys_test/x.psd --iterations 60"), 1);
    CHECK(file_contains("gatys_test/err", "not the name of a picture"));
    CHECK(!exists("gatys_test/x.psd.state"));
    CHECK_INT(run("gatys_test/photos gatys_test/style.png " LAYERS
                  "-o gatys_test/logged --log gatys_test/x.csv"),
              1);
    CHECK(file_contains("gatys_test/err", "--log is of one picture"));
    CHECK(!exists("gatys_test/logged"));
    CHECK(!exists("gatys_test/x.png"));
}

static double first_and_last_loss(const char *path, double *first)
{
    size_t n;
    char *text = read_file(path, &n);
    double total = 0;
    int n_rows = 0;
    for (char *line = text ? strchr(text, '\n') : NULL; line && line[1];
         line = strchr(line + 1, '\n'))
        if (sscanf(line + 1, "%*d,%*d,%*f,%lf", &total) == 1 && n_rows++ == 0)
            *first = total;
    free(text);
    return total;
}

static void test_painting(void)
{
    double first = 0, last;
    CHECK_INT(run(INPUT LAYERS "-o gatys_test/a.png --iterations 60 --log gatys_test/a.csv "
                               "--every 30 --variation 0.1 --moments 0.5 --histogram 0.1 "
                               "--laplacian 0.1 --scales 2"),
              0);
    CHECK(exists("gatys_test/a.png") && exists("gatys_test/a-0-0030.png"));
    CHECK(exists("gatys_test/a-1-0060.png") && !exists("gatys_test/a.png.state"));
    last = first_and_last_loss("gatys_test/a.csv", &first);
    CHECK(last > 0 && last < 0.5 * first);
    CHECK_INT(run(INPUT LAYERS "-o gatys_test/a.png --iterations 1"), 1);
    CHECK(file_contains("gatys_test/err", "-y overwrites"));
    CHECK_INT(run(INPUT LAYERS "-o gatys_test/a.png --iterations 1 -y --start content "
                               "--colours luminance --pooling average --loss-scale gatys"),
              0);
    CHECK_INT(run(INPUT LAYERS "-o gatys_test/a.png --iterations 2 -y --size 16 --style-size 20 "
                               "--start gatys_test/style.png --colours match --optimizer adadelta"),
              0);
}

static void wait_for(const char *path)
{
    for (int i = 0; i < 60000 && !exists(path); i++)
        usleep(500);
}

/* Seven rounds, so that the signal comes between two of them on a busy machine too. */
static void test_resume(const char *method)
{
    char line[512];
    snprintf(line, sizeof(line),
             INPUT LAYERS "--iterations 700 --optimizer %s -y -o gatys_test/whole.png "
                          "--log gatys_test/whole.csv",
             method);
    CHECK_INT(run(line), 0);
    snprintf(line, sizeof(line),
             INPUT LAYERS "--iterations 700 --optimizer %s -y -o gatys_test/parts.png "
                          "--log gatys_test/parts.csv --resume",
             method);
    const pid_t pid = start_program(line, 0);
    wait_for("gatys_test/parts.png.state");
    kill(pid, SIGINT);
    CHECK_INT(end_program(pid), 130);
    CHECK(!exists("gatys_test/parts.png"));
    CHECK(file_contains("gatys_test/err", "parts.png.state: kept"));

    CHECK(rename("gatys_test/parts.png.state", "gatys_test/kept.state") == 0);
    CHECK(link("gatys_test/kept.state", "gatys_test/parts.png.state") == 0);
    CHECK_INT(end_program(start_program(line, 4096)), 1); /* as if the disk were full */
    CHECK(same_file("gatys_test/kept.state", "gatys_test/parts.png.state"));

    char other[600];
    snprintf(other, sizeof(other), "%s --beta 2", line);
    CHECK_INT(run(other), 1);
    CHECK(file_contains("gatys_test/err", "other options or other pictures"));
    CHECK(!file_contains("gatys_test/err", "kept"));

    CHECK_INT(run(line), 0);
    CHECK(same_file("gatys_test/whole.png", "gatys_test/parts.png"));
    CHECK(!exists("gatys_test/parts.png.state"));
    unlink("gatys_test/parts.png");
    unlink("gatys_test/kept.state");
}

static void test_better_kernels(void)
{
    CHECK(strcmp(bc_blas_better("Prescott", BC_CPU_AVX512), "SkylakeX") == 0);
    CHECK(strcmp(bc_blas_better("Zen", BC_CPU_AVX512), "SkylakeX") == 0);
    CHECK(strcmp(bc_blas_better("Prescott", BC_CPU_AVX512 | BC_CPU_AMX), "SkylakeX") == 0);
    CHECK(strcmp(bc_blas_better("nehalem", BC_CPU_AVX2), "Haswell") == 0);
    CHECK(bc_blas_better("Zen", BC_CPU_AVX2) == NULL);
    CHECK(bc_blas_better("Cooperlake", BC_CPU_AVX512) == NULL);
    CHECK(bc_blas_better("Prescott", 0) == NULL);
    CHECK(bc_blas_better("Zen9", BC_CPU_AVX512) == NULL);
}

/* OpenBLAS may not know this processor: the program makes use of it yet, unless its user says. */
static void test_kernels(void)
{
    const char *line = INPUT LAYERS "-y -v -o gatys_test/kernels.png --iterations 1";
    const char *given = getenv("OPENBLAS_CORETYPE");
    char *kept = given ? strdup(given) : NULL;
    unsetenv("OPENBLAS_CORETYPE");
    CHECK_INT(run(line), 0);
    CHECK(file_contains("gatys_test/err", "OpenBLAS: "));
    CHECK(!file_contains("gatys_test/err", "OpenBLAS: Prescott") ||
          !(bc_cpu_features() & BC_CPU_AVX2));
    setenv("OPENBLAS_CORETYPE", "Prescott", 1);
    CHECK_INT(run(line), 0);
    CHECK(file_contains("gatys_test/err", "OpenBLAS: Prescott"));
    unsetenv("OPENBLAS_CORETYPE");
    if (kept)
        setenv("OPENBLAS_CORETYPE", kept, 1);
    free(kept);
}

static void test_folder(void)
{
    CHECK_INT(run("gatys_test/photos gatys_test/style.png " LAYERS
                  "-o gatys_test/samples --iterations 2 --threads 1"),
              0);
    CHECK(exists("gatys_test/samples/one.png"));
    CHECK(exists("gatys_test/samples/two.png.png") && exists("gatys_test/samples/two.bmp.png"));
    CHECK(!exists("gatys_test/samples/broken.png"));
    CHECK(file_contains("gatys_test/err", "photos/broken.jpg: cannot be read, skipped"));
    CHECK(file_contains("gatys_test/err", "3 painted, 1 skipped"));

    unlink("gatys_test/samples/one.png");
    CHECK_INT(run("gatys_test/photos gatys_test/style.png " LAYERS
                  "-o gatys_test/samples --iterations 2 --threads 1"),
              0);
    CHECK(file_contains("gatys_test/err", "1 painted, 3 skipped"));
    CHECK_INT(run("gatys_test/photos gatys_test/style.png " LAYERS
                  "-o gatys_test/few --iterations 1 --count 2 --threads 1"),
              0);
    CHECK(file_contains("gatys_test/err", "gatys_test/few: "));
}

/* Two processes: every picture once, and the same as by one. */
static void test_ranks(void)
{
#ifdef BC_MPIRUN
    setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 1);
    setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 1);
    CHECK_INT(system(BC_MPIRUN " --oversubscribe -n 2 " BC_GATYS
                               " gatys_test/photos gatys_test/style.png " LAYERS
                               "-o gatys_test/shared --iterations 2 --threads 1 -w "
                               "gatys_test/vgg.safetensors 2> gatys_test/err"),
              0);
    CHECK(same_file("gatys_test/shared/one.png", "gatys_test/samples/one.png"));
    CHECK(same_file("gatys_test/shared/two.png.png", "gatys_test/samples/two.png.png"));
    CHECK(same_file("gatys_test/shared/two.bmp.png", "gatys_test/samples/two.bmp.png"));
    CHECK(!file_contains("gatys_test/err", "3 painted"));
#else
    printf("skipped: shared work (built without MPI)\n");
#endif
}

/* Whatever is compared, it is one object whose keys differ, and the layers are named once. */
static void test_losses_of_statistics(const char *options, size_t n_layers)
{
    char line[512];
    snprintf(line, sizeof(line), INPUT LAYERS "%s--losses-of gatys_test/content.png --json",
             options);
    CHECK_INT(run(line), 0);
    json_t *losses = json_load_file("gatys_test/out", JSON_REJECT_DUPLICATES, NULL);
    CHECK(json_is_array(json_object_get(losses, "style_layers")));
    CHECK_INT(json_array_size(json_object_get(losses, "style_layers")), n_layers);
    CHECK_INT(json_array_size(json_object_get(losses, "histogram_losses")), n_layers);
    json_decref(losses);
}

static void test_losses(const bc_log *log)
{
    CHECK_INT(run(INPUT LAYERS "--losses-of gatys_test/content.png --json "
                               "--gradient gatys_test/gradient.safetensors"),
              0);
    json_t *losses = json_load_file("gatys_test/out", 0, NULL);
    CHECK(json_is_number(json_object_get(losses, "content_loss")));
    CHECK_AT_MOST(json_number_value(json_object_get(losses, "content_loss")), 1e-9);
    CHECK_INT(json_array_size(json_object_get(losses, "style_losses")), 2);
    CHECK(json_number_value(json_array_get(json_object_get(losses, "style_losses"), 1)) > 0);
    CHECK(strcmp(json_string_value(json_array_get(json_object_get(losses, "style_layers"), 1)),
                 "relu2_1") == 0);
    json_decref(losses);

    bc_safetensors *file;
    CHECK_INT(bc_safetensors_open(&file, "gatys_test/gradient.safetensors", log), BC_OK);
    const bc_tensor *style = bc_safetensors_find(file, "style_gradient");
    CHECK(style && style->n_dims == 3 && style->shape[0] == H && style->shape[1] == W &&
          style->shape[2] == 3);
    CHECK(bc_safetensors_find(file, "content_gradient") != NULL);
    bc_safetensors_close(&file);

    CHECK_INT(run(INPUT LAYERS "--losses-of gatys_test/style.png"), 1);
    CHECK(file_contains("gatys_test/err", "but the content is 24x20"));
    test_losses_of_statistics("--moments 1 --histogram 1 ", 2);
    test_losses_of_statistics("--gram 0 ", 0);
}

int main(void)
{
    char message[1024];
    const bc_log log = test_log(message);
    CHECK_INT(system("rm -rf gatys_test && mkdir -p gatys_test/photos"), 0);
    write_network(&log);
    write_picture("gatys_test/content.png", W, H, 0, &log);
    write_picture("gatys_test/style.png", 18, 22, 5, &log);
    write_text("gatys_test/broken.jpg", "no picture");
    write_picture("gatys_test/photos/one.png", 20, 17, 1, &log);
    write_picture("gatys_test/photos/two.png", 20, 17, 2, &log);
    write_picture("gatys_test/photos/two.bmp", 16, 16, 3, &log);
    write_text("gatys_test/photos/broken.jpg", "no picture");
    test_usage();
    test_wrong_input();
    test_painting();
    test_resume("lbfgs");
    test_resume("adam");
    test_better_kernels();
    test_kernels();
    test_folder();
    test_ranks();
    test_losses(&log);
    return TEST_END();
}
