/*
 * brushcast-inspect as a program: layers of the golden fixtures by every tier, from tensors and
 * from pictures; what it says and how it exits when something is wrong.
 */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernels/tiers.h"
#include "media/picture.h"
#include "model/safetensors.h"
#include "test.h"

#define GOLDEN BC_TESTS_DIR "/golden/"
#define TABLES GOLDEN "tables/"

static char folder[] = "/tmp/brushcast-test-XXXXXX";
static char output[4096]; /* of the last command: stdout and stderr */

/* Runs brushcast-inspect in the test's own folder; returns its exit status. */
static int inspect(const char *format, ...) __attribute__((format(printf, 1, 2)));
static int inspect(const char *format, ...)
{
    char arguments[2048], command[4096];
    va_list args;
    va_start(args, format);
    vsnprintf(arguments, sizeof(arguments), format, args);
    va_end(args);
    snprintf(command, sizeof(command), "cd %s && '%s' %s 2>&1", folder, BC_INSPECT, arguments);
    FILE *pipe = popen(command, "r");
    if (!pipe)
        abort();
    const size_t n = fread(output, 1, sizeof(output) - 1, pipe);
    output[n] = '\0';
    const int status = pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bc_safetensors *open_in_folder(const char *name)
{
    char path[128];
    bc_safetensors *file;
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    if (!CHECK_INT(bc_safetensors_open(&file, path, NULL), BC_OK)) {
        fprintf(stderr, "    brushcast-inspect said: %s\n", output);
        exit(1);
    }
    return file;
}

/* The largest difference of two tensors of one name and shape. */
static double difference(const bc_safetensors *a, const char *name, const bc_safetensors *b,
                         const char *other_name)
{
    const bc_tensor *is = bc_safetensors_find(a, name);
    const bc_tensor *expected = bc_safetensors_find(b, other_name);
    double worst = 0;
    if (!CHECK(is && expected) || !CHECK_INT(is->n_dims, expected->n_dims) ||
        !CHECK(memcmp(is->shape, expected->shape, sizeof(*is->shape) * 3) == 0))
        return NAN;
    for (size_t i = 0; i < is->size_bytes / sizeof(float); i++) {
        const double error =
            fabs((double)((const float *)is->data)[i] - (double)((const float *)expected->data)[i]);
        if (!(error <= worst))
            worst = error;
    }
    return worst;
}

static void test_fixture(const char *name, const char *tier)
{
    char path[512];
    bc_safetensors *expected;
    snprintf(path, sizeof(path), GOLDEN "%s.case.safetensors", name);
    if (bc_safetensors_open(&expected, path, NULL) < 0)
        exit(1);
    CHECK_INT(inspect("layers --autoencoder %s%s.autoencoder.safetensors --bank "
                      "%s%s.bank.safetensors %s -o taps.safetensors --cpu %s --threads 2",
                      GOLDEN, name, GOLDEN, name, path, tier),
              0);
    CHECK(!*output);
    bc_safetensors *taps = open_in_folder("taps.safetensors");
    CHECK_INT(bc_safetensors_count(taps), 8);
    CHECK_AT_MOST(difference(taps, "output", expected, "output"), 2e-4);
    for (int i = 0; i < bc_safetensors_count(taps); i++) {
        const char *layer = bc_safetensors_at(taps, i)->name;
        if (strncmp(layer, "layer.", 6) == 0)
            CHECK_AT_MOST(difference(taps, layer, expected, layer), 1e-4);
    }
    bc_safetensors_close(&taps);
    CHECK_INT(inspect("layers --autoencoder %s%s.autoencoder.safetensors -o taps.safetensors --cpu "
                      "%s -- %s",
                      GOLDEN, name, tier, path),
              0);
    taps = open_in_folder("taps.safetensors");
    CHECK_INT(bc_safetensors_count(taps), 6);
    CHECK_AT_MOST(difference(taps, "output", expected, "output.identity"), 2e-4);
    bc_safetensors_close(&taps);
    bc_safetensors_close(&expected);
}

/* A net of any table in styles, against one of its case's outputs and, if wanted, its layers. */
static void check_table(const bc_safetensors *expected, const char *arguments, const char *key,
                        int n_layers)
{
    int n_seen = 0;
    CHECK_INT(inspect("layers %s -o taps.safetensors --threads 2", arguments), 0);
    CHECK(!*output);
    bc_safetensors *taps = open_in_folder("taps.safetensors");
    CHECK_AT_MOST(difference(taps, "output", expected, key), 2e-4);
    for (int i = 0; i < bc_safetensors_count(taps) && n_layers > 0; i++) {
        const char *layer = bc_safetensors_at(taps, i)->name;
        if (strncmp(layer, "layer.", 6) != 0)
            continue;
        CHECK_AT_MOST(difference(taps, layer, expected, layer), 2e-4);
        n_seen++;
    }
    CHECK_INT(n_seen, n_layers);
    bc_safetensors_close(&taps);
}

/* In one style, in a blend and on a canvas that has moved; in a blend the styles' layers are twice.
 */
static void test_table(const char *name, int n_layers, int n_each, bool has_canvas)
{
    char path[512], net[1024], arguments[2048];
    bc_safetensors *expected;
    snprintf(path, sizeof(path), TABLES "%s.case.safetensors", name);
    snprintf(net, sizeof(net), "%s --network " TABLES "%s.network.safetensors", path, name);
    if (bc_safetensors_open(&expected, path, NULL) < 0)
        exit(1);
    snprintf(arguments, sizeof(arguments), "%s --style " TABLES "%s.style-a.safetensors", net,
             name);
    check_table(expected, arguments, "output.a", n_layers);
    snprintf(arguments, sizeof(arguments),
             "%s --style " TABLES "%s.style-a.safetensors:0.3 --style " TABLES
             "%s.style-b.safetensors:0.7",
             net, name, name);
    check_table(expected, arguments, "output.mix", 0);
    bc_safetensors *taps = open_in_folder("taps.safetensors");
    CHECK_INT(bc_safetensors_count(taps), n_layers + n_each + 1);
    CHECK(!bc_safetensors_find(taps, "layer.bank.0") ||
          bc_safetensors_find(taps, "layer.bank.0@2"));
    bc_safetensors_close(&taps);
    snprintf(arguments, sizeof(arguments), "%s --moved --style " TABLES "%s.style-a.safetensors",
             net, name);
    if (has_canvas)
        check_table(expected, arguments, "output.moved", 0);
    else
        CHECK_INT(inspect("layers %s -o none.safetensors", arguments), 1);
    bc_safetensors_close(&expected);
}

/* The fixture's input as a picture gives the same. */
static void test_picture(void)
{
    char path[128];
    bc_safetensors *expected;
    if (bc_safetensors_open(&expected, GOLDEN "small-zero.case.safetensors", NULL) < 0)
        exit(1);
    const bc_tensor *input = bc_safetensors_find(expected, "input");
    const bc_image image = {.pixels = (uint8_t *)(uintptr_t)input->data,
                            .stride_bytes = 3 * (ptrdiff_t)input->shape[1],
                            .width = (int)input->shape[1],
                            .height = (int)input->shape[0],
                            .format = BC_RGB24};
    snprintf(path, sizeof(path), "%s/input.png", folder);
    CHECK_INT(bc_picture_write(path, &image, NULL), BC_OK);
    CHECK_INT(inspect("layers --autoencoder " GOLDEN "small-zero.autoencoder.safetensors --bank "
                      "" GOLDEN "small-zero.bank.safetensors input.png -o taps.safetensors"),
              0);
    bc_safetensors *taps = open_in_folder("taps.safetensors");
    CHECK_AT_MOST(difference(taps, "output", expected, "output"), 2e-4);
    bc_safetensors_close(&taps);
    bc_safetensors_close(&expected);
}

/* One line, that says the reason. */
static void refuse(int status, int expected, const char *reason)
{
    CHECK_INT(status, expected);
    const char *end = strchr(output, '\n');
    if (!CHECK(end && !end[1]) || !CHECK(strstr(output, reason)))
        fprintf(stderr, "    it said: %s\n", output);
}

static void test_errors(void)
{
    const char *net = "layers --autoencoder " GOLDEN "tiny.autoencoder.safetensors";
    const char *input = GOLDEN "tiny.case.safetensors";
    CHECK_INT(inspect("%s", ""), 2);
    CHECK(strstr(output, "Usage: brushcast-inspect COMMAND"));
    refuse(inspect("layer"), 2, "no command 'layer'");
    refuse(inspect("layers %s -o x", input), 2, "--autoencoder");
    refuse(inspect("%s %s -o x --network x", net, input), 2, "one of --network and --autoencoder");
    refuse(inspect("%s %s -o x --style x", net, input), 2, "--style goes with --network");
    refuse(inspect("%s %s -o x --moved", net, input), 1, "no 'moved' F32 [2,");
    refuse(inspect("%s %s", net, input), 2, "--output");
    refuse(inspect("%s -o x", net), 2, "one INPUT");
    refuse(inspect("%s %s %s -o x", net, input, input), 2, "one INPUT");
    refuse(inspect("%s %s -o x --cpu mmx", net, input), 2, "mmx");
    refuse(inspect("%s %s -o x --threads 0", net, input), 2, "--threads");
    refuse(inspect("%s %s -o x --colour", net, input), 2, "no option '--colour'");
    refuse(inspect("%s %s -o", net, input), 2, "--output needs a value");
    refuse(inspect("%s nowhere.png -o x", net), 1, "nowhere.png");
    refuse(inspect("%s %stiny.bank.safetensors -o x", net, GOLDEN), 1, "'input' is missing");
    refuse(inspect("%s %s -o none/x", net, input), 1, "none/x");
    refuse(inspect("%s --bank %sodd.bank.safetensors %s -o x", net, GOLDEN, input), 1,
           "trained on");
    refuse(inspect("layers --autoencoder %s %s -o x", input, input), 1, "brushcast.format");
    char path[128];
    snprintf(path, sizeof(path), "%s/x", folder);
    CHECK(access(path, F_OK) != 0);
}

static void test_help(void)
{
    CHECK_INT(inspect("--help 2>/dev/null"), 0);
    CHECK(strstr(output, "layers"));
    CHECK_INT(inspect("layers --help 2>/dev/null"), 0);
    CHECK(strstr(output, "--autoencoder"));
    CHECK_INT(inspect("--version"), 0);
    CHECK(strstr(output, bc_version()));
}

int main(void)
{
    if (!mkdtemp(folder))
        return 1;
    for (int i = 0; bc_tier_name(i); i++) {
        test_fixture("tiny", bc_tier_name(i));
        test_fixture("small-zero", bc_tier_name(i));
        test_fixture("tiny-subpixel", bc_tier_name(i));
    }
    test_table("deep-tiny", 19, 6, true);
    test_table("cin-odd", 6, 0, false);
    test_picture();
    test_errors();
    test_help();
    char command[64];
    snprintf(command, sizeof(command), "rm -r %s", folder);
    return system(command) != 0 || TEST_END();
}
