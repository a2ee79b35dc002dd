/* brushcast-import: public weights of VGG to the loss network's file. */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "import/network.h"

enum { EXIT_DONE, EXIT_FAILED, EXIT_USAGE };

static const char help[] =
    "Usage: brushcast-import WEIGHTS -o OUTPUT.safetensors [options]\n"
    "Turns public weights of VGG-16 or VGG-19 into the file that brushcast-gatys and\n"
    "brushcast-train take. WEIGHTS is either\n"
    "  Keras .h5           vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5 and the like;\n"
    "                      input BGR, 0..255, minus the means\n"
    "  safetensors         with torchvision's names (features.0.weight);\n"
    "                      input RGB, 0..1, minus the means, over the deviations\n"
    "The file's own convention is kept, and recorded in OUTPUT.\n"
    "\n"
    "  -o, --output FILE   file to write\n"
    "      --last LAYER    leaves out what comes after it (relu4_1 is enough by default)\n"
    "  -y, --overwrite     replace an existing file\n"
    "  -q, --quiet         errors only\n"
    "      --help, --version\n";

typedef struct options {
    const char *input, *output, *last;
    bool overwrite, is_quiet;
} options;

static void write_message(void *cookie, bc_log_level level, const char *message)
{
    const options *o = cookie;
    if (level <= (o->is_quiet ? BC_LOG_ERROR : BC_LOG_INFO))
        fprintf(stderr, "brushcast-import: %s%s\n", level == BC_LOG_ERROR ? "error: " : "",
                message);
}

/* BC_END after --help and --version. */
static bc_status parse(options *o, int argc, char **argv, const bc_log *log)
{
    static const struct option long_options[] = {{"output", required_argument, NULL, 'o'},
                                                 {"last", required_argument, NULL, 'l'},
                                                 {"overwrite", no_argument, NULL, 'y'},
                                                 {"quiet", no_argument, NULL, 'q'},
                                                 {"help", no_argument, NULL, 'h'},
                                                 {"version", no_argument, NULL, 'V'},
                                                 {NULL, 0, NULL, 0}};
    *o = (options){0};
    opterr = 0;
    for (int id; (id = getopt_long(argc, argv, "o:yq", long_options, NULL)) != -1;) {
        if (id == 'o')
            o->output = optarg;
        else if (id == 'l')
            o->last = optarg;
        else if (id == 'y')
            o->overwrite = true;
        else if (id == 'q')
            o->is_quiet = true;
        else if (id == 'h')
            return fputs(help, stdout) < 0 ? BC_ERR_IO : BC_END;
        else if (id == 'V')
            return printf("brushcast-import %s\n", bc_version()) < 0 ? BC_ERR_IO : BC_END;
        else
            return bc_fail(log, BC_ERR_ARGUMENT, "unknown option or missing value '%s'; see --help",
                           argv[optind - 1]);
    }
    if (argc - optind != 1 || !o->output)
        return bc_fail(log, BC_ERR_ARGUMENT, "needs WEIGHTS and --output; see --help");
    o->input = argv[optind];
    return BC_OK;
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

static bc_status import(const options *o, const bc_log *log)
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

int main(int argc, char **argv)
{
    options o;
    const bc_log log = {write_message, &o};
    bc_status status = parse(&o, argc, argv, &log);
    if (status != BC_OK)
        return status == BC_END ? EXIT_DONE : EXIT_USAGE;
    status = import(&o, &log);
    return status < 0 ? EXIT_FAILED : EXIT_DONE;
}
