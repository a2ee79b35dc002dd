/* brushcast-import: nets of other projects, and public weights of VGG, to files of ours. */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/program.h"
#include "import/style_file.h"
#include "import/vgg_weights.h"

enum { EXIT_DONE, EXIT_FAILED, EXIT_USAGE };

typedef struct settings {
    const char *input, *output, *last, *range;
    bool overwrite;
} settings;

#define AT(FIELD) offsetof(settings, FIELD)

static const bc_option options[] = {
    {"output", "OUTPUT", "file, or folder of the net, to write", BC_OPTION_TEXT,
     .offset = AT(output), .completion = BC_COMPLETE_FILE, .letter = 'o'},
    {"last", "LAYER", "VGG: leave out what comes after it (relu4_1 is enough)", BC_OPTION_TEXT,
     .offset = AT(last)},
    {"range", "N",
     "nets: the largest value of a pixel that the net takes and gives (what the file says, or 255)",
     BC_OPTION_CHOICE, .offset = AT(range), .choices = "1|255"},
    {"overwrite", NULL, "replace an existing file", BC_OPTION_FLAG, .offset = AT(overwrite),
     .letter = 'y'},
};

static int run(int n_args, char **args, const bc_log *log);

static const bc_command command = {
    .arguments = "FILE -o OUTPUT [OPTION...]",
    .description =
        "Brings what other projects have made into files of Brushcast. A style transfer net "
        "becomes "
        "a net of one style in the folder OUTPUT. FILE is one of\n"
        "ONNX\tany graph that a table of layers can say: the fast_neural_style nets of the ONNX "
        "model zoo and of pytorch/examples, and all that brushcast-export writes\n"
        "PyTorch .pth\tthe dictionary of tensors of such a net\n"
        "ncnn .bin\tsuch a net, as ncnn-android-styletransfer has it\n\n"
        "Public weights of VGG-16 or VGG-19 become the file OUTPUT.safetensors that "
        "brushcast-gatys and brushcast-train take. The file's own convention is kept, and recorded "
        "in it. FILE is either\n"
        "Keras .h5\tvgg16_weights_tf_dim_ordering_tf_kernels_notop.h5 and the like; input BGR, "
        "0..255, minus the means\n"
        "safetensors\twith torchvision's names (features.0.weight); input RGB, 0..1, minus the "
        "means, over the deviations",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .examples = "brushcast-import candy.onnx -o nets/candy\tthen: brushcast play --net nets/candy "
                "film.mp4\n",
    .run = run,
};

static const bc_program program = {
    .name = "brushcast-import",
    .summary = "make nets of other projects' files, and the loss network of VGG's weights",
    .commands = (const bc_command *const[]){&command, NULL},
};

/* As bc_options_parse. */
static int parse(settings *s, int n_args, char **args, const bc_log *log)
{
    const int parsed = bc_options_parse(&command, &n_args, args, s, log);
    if (parsed == 0 && (n_args != 2 || !s->output))
        return bc_options_refuse(&command, log, "needs FILE and --output");
    s->input = args[1];
    return parsed;
}

typedef enum file_kind { FILE_KERAS, FILE_SAFETENSORS, FILE_NET } file_kind;

/* HDF5 begins with its signature, and safetensors with the length of a text that begins with '{'.
 */
static bc_status find_kind(file_kind *kind, const char *path, const bc_log *log)
{
    char start[9] = "";
    FILE *file = fopen(path, "rb");
    if (!file)
        return bc_fail(log, BC_ERR_IO, "%s: cannot be opened: %s", path, strerror(errno));
    const size_t n = fread(start, 1, sizeof(start), file);
    fclose(file);
    *kind = n >= 8 && memcmp(start, "\211HDF\r\n\032\n", 8) == 0 ? FILE_KERAS
            : n == sizeof(start) && start[8] == '{'              ? FILE_SAFETENSORS
                                                                 : FILE_NET;
    const char *dot = strrchr(path, '.');
    if (*kind != FILE_KERAS && dot && (strcmp(dot, ".h5") == 0 || strcmp(dot, ".hdf5") == 0))
        return bc_fail(log, BC_ERR_FORMAT, "%s: is no HDF5 file", path);
    return BC_OK;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bc_status refuse_existing(const settings *o, const char *path, const bc_log *log)
{
    if (!o->overwrite && access(path, F_OK) == 0)
        return bc_fail(log, BC_ERR_IO, "%s: exists; -y overwrites it", path);
    return BC_OK;
}

static bc_status import_weights(const settings *o, file_kind kind, const bc_log *log)
{
    bc_vgg_weights weights = {0};
    bc_status status = refuse_existing(o, o->output, log);
    if (status == BC_OK)
        status =
            (kind == FILE_KERAS ? bc_keras_read : bc_torchvision_read)(&weights, o->input, log);
    if (status == BC_OK)
        status = bc_vgg_weights_write(&weights, o->output, o->last, base_name(o->input), log);
    bc_vgg_weights_close(&weights);
    return status;
}

/* The net is called after the file. */
static bc_status import_net(const settings *o, const bc_log *log)
{
    char path[PATH_MAX], name[64];
    bc_draft *draft = calloc(1, sizeof(*draft));
    snprintf(path, sizeof(path), "%s/network.safetensors", o->output);
    snprintf(name, sizeof(name), "%s", base_name(o->input));
    name[strcspn(name, ".")] = '\0';
    bc_status status = draft ? refuse_existing(o, path, log)
                             : bc_fail(log, BC_ERR_MEMORY, "no memory for %s", o->input);
    if (status == BC_OK)
        status = bc_style_file_open(draft, o->input, o->range ? atoi(o->range) : 0, log);
    if (status == BC_OK)
        status = bc_draft_write(draft, o->output, name, o->input, log);
    if (draft)
        bc_draft_close(draft);
    free(draft);
    return status;
}

static bc_status import(const settings *o, const bc_log *log)
{
    file_kind kind = FILE_NET;
    const bc_status status = find_kind(&kind, o->input, log);
    if (status < 0)
        return status;
    return kind == FILE_NET ? import_net(o, log) : import_weights(o, kind, log);
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
