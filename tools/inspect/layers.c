/* Every layer's response to a picture, as tensors. */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/log.h"
#include "generator/session.h"
#include "inspect/inspect.h"
#include "media/picture.h"

static const char help[] =
    "Usage: brushcast-inspect layers --autoencoder FILE [--bank FILE] INPUT -o TAPS\n"
    "Writes what every layer answers to a picture, after normalisation and ReLU, as layer.NAME\n"
    "F32 [channels, height, width], and the output before clipping as output F32 [height,\n"
    "width, 3]. INPUT is a picture, or a safetensors file with input U8 [height, width, 3].\n"
    "\n"
    "      --autoencoder FILE\n"
    "      --bank FILE         a style; without one the auto-encoder runs alone\n"
    "  -o, --output FILE       safetensors file to write; an old one is replaced\n"
    "      --cpu TIER          c, avx2, avx512 or native (native)\n"
    "      --threads N         (one for each processor); results do not depend on it\n"
    "  -h, --help\n";

enum option_id { OPTION_AUTOENCODER = 256, OPTION_BANK, OPTION_CPU, OPTION_THREADS };

static const struct option long_options[] = {
    {"autoencoder", required_argument, NULL, OPTION_AUTOENCODER},
    {"bank", required_argument, NULL, OPTION_BANK},
    {"output", required_argument, NULL, 'o'},
    {"cpu", required_argument, NULL, OPTION_CPU},
    {"threads", required_argument, NULL, OPTION_THREADS},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

typedef struct options {
    const char *autoencoder, *bank, *input, *output;
    bc_session_params params;
} options;

/* A number of threads, or 0. */
static int read_threads(const char *text)
{
    char *end;
    const long n = strtol(text, &end, 10);
    return *end || end == text || n < 1 || n > BC_MAX_THREADS ? 0 : (int)n;
}

/* BC_EXIT_DONE to go on, BC_EXIT_USAGE, or -1 after --help; `text` is the option as given. */
static int read_option(options *o, int id, const char *text)
{
    switch (id) {
    case OPTION_AUTOENCODER:
        o->autoencoder = optarg;
        return BC_EXIT_DONE;
    case OPTION_BANK:
        o->bank = optarg;
        return BC_EXIT_DONE;
    case 'o':
        o->output = optarg;
        return BC_EXIT_DONE;
    case OPTION_CPU:
        if (bc_cpu_parse(optarg, &o->params.cpu) < 0)
            return bc_inspect_usage("layers", "--cpu takes c, avx2, avx512 or native, not '%s'",
                                    optarg);
        return BC_EXIT_DONE;
    case OPTION_THREADS:
        o->params.n_threads = read_threads(optarg);
        if (o->params.n_threads == 0)
            return bc_inspect_usage("layers", "--threads takes 1 to %d, not '%s'", BC_MAX_THREADS,
                                    optarg);
        return BC_EXIT_DONE;
    case 'h':
        fputs(help, stdout);
        return -1;
    case ':':
        return bc_inspect_usage("layers", "%s wants an argument", text);
    default:
        return bc_inspect_usage("layers", "no option %s", text);
    }
}

static int read_options(options *o, int argc, char **argv)
{
    int id;
    opterr = 0;
    while ((id = getopt_long(argc, argv, ":o:h", long_options, NULL)) >= 0) {
        const int status = read_option(o, id, argv[optind - 1]);
        if (status != BC_EXIT_DONE)
            return status;
    }
    if (!o->autoencoder)
        return bc_inspect_usage("layers", "no --autoencoder");
    if (!o->output)
        return bc_inspect_usage("layers", "no --output");
    if (argc - optind != 1)
        return bc_inspect_usage("layers", "one INPUT is wanted, not %d", argc - optind);
    o->input = argv[optind];
    return BC_EXIT_DONE;
}

/* Input ------------------------------------------------------------------------------------ */

/* A header of less than 4 GB, beginning with a brace: no format of pictures looks like that. */
static bool is_safetensors(const char *path)
{
    unsigned char start[9] = {0};
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    const size_t n = fread(start, 1, sizeof(start), file);
    fclose(file);
    return n == sizeof(start) && memcmp(start + 4, "\0\0\0\0{", 5) == 0;
}

static bc_status check_input(const bc_tensor *tensor, const char *path, const bc_log *log)
{
    if (!tensor)
        return bc_fail(log, BC_ERR_FORMAT, "%s: tensor 'input' is missing", path);
    if (tensor->dtype != BC_DTYPE_U8 || tensor->n_dims != 3 || tensor->shape[2] != 3)
        return bc_fail(log, BC_ERR_FORMAT, "%s: tensor 'input' is no U8 [height,width,3]", path);
    if (tensor->shape[0] < 1 || tensor->shape[0] > BC_MAX_SIZE || tensor->shape[1] < 1 ||
        tensor->shape[1] > BC_MAX_SIZE)
        return bc_fail(log, BC_ERR_FORMAT, "%s: tensor 'input' is empty or larger than %d", path,
                       BC_MAX_SIZE);
    return BC_OK;
}

static bc_status read_tensor(bc_frame **picture, const char *path, const bc_log *log)
{
    bc_safetensors *file;
    bc_status status = bc_safetensors_open(&file, path, log);
    if (status < 0)
        return status;
    const bc_tensor *input = bc_safetensors_find(file, "input");
    status = check_input(input, path, log);
    if (status == BC_OK)
        status = bc_frame_alloc(picture, (int)input->shape[1], (int)input->shape[0], BC_RGB24, log);
    for (ptrdiff_t y = 0; status == BC_OK && y < input->shape[0]; y++)
        memcpy((*picture)->image.pixels + y * (*picture)->image.stride_bytes,
               (const uint8_t *)input->data + y * 3 * input->shape[1],
               (size_t)(3 * input->shape[1]));
    bc_safetensors_close(&file);
    return status;
}

static bc_status read_input(bc_frame **picture, const char *path, const bc_log *log)
{
    *picture = NULL;
    if (is_safetensors(path))
        return read_tensor(picture, path, log);
    return bc_picture_read(picture, path, BC_ALPHA_OVER_WHITE, log);
}

/* Output ----------------------------------------------------------------------------------- */

/* What is to be written: all layers, then the output. */
typedef struct taps {
    int n;
    bc_tensor tensors[BC_MAX_STEPS + 1];
    char names[BC_MAX_STEPS + 1][32];
    float *values[BC_MAX_STEPS + 1];
    bool is_complete;
} taps;

/* A tensor of its own memory; NULL if there is none. */
static float *add_tensor(taps *t, const char *prefix, const char *name, int64_t d0, int64_t d1,
                         int64_t d2)
{
    const size_t size = (size_t)(d0 * d1 * d2) * sizeof(float);
    float *values = malloc(size);
    if (!values) {
        t->is_complete = false;
        return NULL;
    }
    snprintf(t->names[t->n], sizeof(t->names[t->n]), "%s%s", prefix, name);
    t->tensors[t->n] = (bc_tensor){.name = t->names[t->n],
                                   .dtype = BC_DTYPE_F32,
                                   .n_dims = 3,
                                   .shape = {d0, d1, d2},
                                   .data = values,
                                   .size_bytes = size};
    t->values[t->n++] = values;
    return values;
}

static void keep_layer(void *cookie, const char *name, const float *data, int n_channels,
                       int height, int width)
{
    taps *t = cookie;
    float *values = add_tensor(t, "layer.", name, n_channels, height, width);
    if (values)
        memcpy(values, data, t->tensors[t->n - 1].size_bytes);
}

static void free_taps(taps *t)
{
    for (int i = 0; i < t->n; i++)
        free(t->values[i]);
}

/* Running ---------------------------------------------------------------------------------- */

static bc_status observe(taps *t, bc_session *session, const bc_image *source, const bc_log *log)
{
    bc_frame *painting;
    const bc_status status =
        bc_frame_alloc(&painting, source->width, source->height, BC_RGB24, log);
    if (status < 0)
        return status;
    const bc_observer observer = {
        .layer = keep_layer,
        .cookie = t,
        .linear = add_tensor(t, "", "output", source->height, source->width, 3)};
    bc_status run = BC_OK;
    if (t->is_complete)
        run = bc_session_observe(session, source, &painting->image, &observer);
    if (run == BC_OK && !t->is_complete)
        run = bc_fail(log, BC_ERR_MEMORY, "no memory to keep all layers");
    bc_frame_unref(&painting);
    return run;
}

static bc_status write_taps(const options *o, bc_session *session, const bc_image *source,
                            const bc_log *log)
{
    const bc_metadata metadata[] = {{"brushcast.format", "1"}, {"brushcast.kind", "layers"}};
    taps *t = calloc(1, sizeof(*t));
    if (!t)
        return bc_fail(log, BC_ERR_MEMORY, "out of memory");
    t->is_complete = true;
    bc_status status = observe(t, session, source, log);
    if (status == BC_OK)
        status = bc_safetensors_write(o->output, t->tensors, t->n, metadata, 2, log);
    free_taps(t);
    free(t);
    return status;
}

static bc_status inspect_picture(options *o, const bc_model *model, const bc_image *picture,
                                 const bc_log *log)
{
    bc_session *session;
    o->params.width = picture->width;
    o->params.height = picture->height;
    o->params.log = *log;
    bc_status status = bc_session_open(&session, model, &o->params);
    if (status < 0)
        return status;
    if (o->bank)
        status = bc_session_set_style(session, &(bc_style_weight){.style = 0, .weight = 1}, 1);
    if (status == BC_OK)
        status = write_taps(o, session, picture, log);
    bc_session_close(&session);
    return status;
}

static bc_status inspect(options *o, const bc_log *log)
{
    bc_model *model;
    bc_frame *picture;
    bc_status status = bc_model_open_files(&model, o->autoencoder, o->bank, log);
    if (status < 0)
        return status;
    status = read_input(&picture, o->input, log);
    if (status == BC_OK)
        status = inspect_picture(o, model, &picture->image, log);
    bc_frame_unref(&picture);
    bc_model_close(&model);
    return status;
}

int bc_inspect_layers(int argc, char **argv, const bc_log *log)
{
    options o = {0};
    const int status = read_options(&o, argc, argv);
    if (status != BC_EXIT_DONE)
        return status < 0 ? BC_EXIT_DONE : status;
    return inspect(&o, log) < 0 ? BC_EXIT_FAILED : BC_EXIT_DONE;
}
