/* brushcast-import: public weights of VGG to the loss network's file. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/program.h"
#include "import/network.h"

enum { EXIT_DONE, EXIT_FAILED, EXIT_USAGE };

typedef struct settings {
    const char *input, *output, *last;
    bool overwrite;
} settings;

#define AT(FIELD) offsetof(settings, FIELD)

static const bc_option options[] = {
    {"output", "FILE", "file to write", BC_OPTION_TEXT, .offset = AT(output),
     .completion = BC_COMPLETE_FILE, .letter = 'o'},
    {"last", "LAYER", "leave out what comes after it (relu4_1 is enough)", BC_OPTION_TEXT,
     .offset = AT(last)},
    {"overwrite", NULL, "replace an existing file", BC_OPTION_FLAG, .offset = AT(overwrite),
     .letter = 'y'},
};

static int run(int n_args, char **args, const bc_log *log);

static const bc_command command = {
    .arguments = "WEIGHTS -o OUTPUT.safetensors [OPTION...]",
    .description =
        "Turns public weights of VGG-16 or VGG-19 into the file that brushcast-gatys and "
        "brushcast-train take. The file's own convention is kept, and recorded in OUTPUT. WEIGHTS "
        "is either\n"
        "Keras .h5\tvgg16_weights_tf_dim_ordering_tf_kernels_notop.h5 and the like; input BGR, "
        "0..255, minus the means\n"
        "safetensors\twith torchvision's names (features.0.weight); input RGB, 0..1, minus the "
        "means, over the deviations",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .run = run,
};

static const bc_program program = {
    .name = "brushcast-import",
    .summary = "make the loss network of public weights of VGG",
    .commands = (const bc_command *const[]){&command, NULL},
};

/* As bc_options_parse. */
static int parse(settings *s, int n_args, char **args, const bc_log *log)
{
    const int parsed = bc_options_parse(&command, &n_args, args, s, log);
    if (parsed == 0 && (n_args != 2 || !s->output))
        return bc_options_refuse(&command, log, "needs WEIGHTS and --output");
    s->input = args[1];
    return parsed;
}

/* HDF5 begins with its signature; a safetensors file cannot. */
static bc_status is_hdf5(bool *result, const char *path, const bc_log *log)
{
    char start[8] = "";
    FILE *file = fopen(path, "rb");
    if (!file)
        return bc_fail(log, BC_ERR_IO, "%s: cannot be opened", path);
    const size_t n = fread(start, 1, sizeof(start), file);
    fclose(file);
    *result = n == sizeof(start) && memcmp(start, "\211HDF\r\n\032\n", sizeof(start)) == 0;
    const char *dot = strrchr(path, '.');
    if (!*result && dot && (strcmp(dot, ".h5") == 0 || strcmp(dot, ".hdf5") == 0))
        return bc_fail(log, BC_ERR_FORMAT, "%s: is no HDF5 file", path);
    return BC_OK;
}

static bc_status import(const settings *o, const bc_log *log)
{
    if (!o->overwrite && access(o->output, F_OK) == 0)
        return bc_fail(log, BC_ERR_IO, "%s: exists; -y overwrites it", o->output);
    const char *slash = strrchr(o->input, '/');
    bc_import_network network = {0};
    bool hdf5 = false;
    bc_status status = is_hdf5(&hdf5, o->input, log);
    if (status == BC_OK)
        status = (hdf5 ? bc_import_keras : bc_import_torchvision)(&network, o->input, log);
    if (status == BC_OK)
        status = bc_import_write(&network, o->output, o->last, slash ? slash + 1 : o->input, log);
    bc_import_close(&network);
    return status;
}

static int run(int n_args, char **args, const bc_log *log)
{
    settings s = {0};
    const int parsed = parse(&s, n_args, args, log);
    if (parsed != 0)
        return parsed < 0 ? EXIT_USAGE : EXIT_DONE;
    return import(&s, log) < 0 ? EXIT_FAILED : EXIT_DONE;
}

int main(int n_args, char **args)
{
    return bc_program_run(&program, n_args, args);
}
