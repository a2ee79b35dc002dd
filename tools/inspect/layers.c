/* Every layer's response to a picture, as tensors. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/log.h"
#include "generator/session.h"
#include "inspect/inspect.h"
#include "media/picture.h"

typedef struct options {
    const char *autoencoder, *bank, *input, *output, *cpu;
    bc_session_params params;
} options;

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
    bc_status status = bc_model_open_files(&model, o->autoencoder, &o->bank, o->bank != NULL, log);
    if (status < 0)
        return status;
    status = read_input(&picture, o->input, log);
    if (status == BC_OK)
        status = inspect_picture(o, model, &picture->image, log);
    bc_frame_unref(&picture);
    bc_model_close(&model);
    return status;
}

/* The command ------------------------------------------------------------------------------ */

#define AT(FIELD) offsetof(options, FIELD)

static const bc_option table[] = {
    {"autoencoder", "FILE", "of the net: NET/autoencoder.safetensors", BC_OPTION_TEXT,
     .offset = AT(autoencoder), .completion = BC_COMPLETE_FILE},
    {"bank", "FILE", "a style; without one the auto-encoder runs alone", BC_OPTION_TEXT,
     .offset = AT(bank), .completion = BC_COMPLETE_FILE},
    {"output", "FILE", "safetensors file to write; an old one is replaced", BC_OPTION_TEXT,
     .offset = AT(output), .completion = BC_COMPLETE_FILE, .letter = 'o'},
    {"cpu", "TIER", "c, avx2, avx512 or native (native)", BC_OPTION_CHOICE, .offset = AT(cpu),
     .choices = "native|c|avx2|avx512"},
    {"threads", "N", "processors to use (all); results do not depend on it", BC_OPTION_COUNT,
     .offset = AT(params.n_threads), .low = 1, .high = BC_MAX_THREADS},
};

static int check(const options *o, int n_args, const bc_log *log)
{
    const bc_command *command = &bc_inspect_layers;
    if (!o->autoencoder)
        return bc_options_refuse(command, log, "no --autoencoder");
    if (!o->output)
        return bc_options_refuse(command, log, "no --output");
    if (n_args != 2)
        return bc_options_refuse(command, log, "one INPUT is wanted, not %d", n_args - 1);
    return 0;
}

static int layers(int n_args, char **args, const bc_log *log)
{
    options o = {.cpu = "native"};
    int parsed = bc_options_parse(&bc_inspect_layers, &n_args, args, &o, log);
    if (parsed == 0)
        parsed = check(&o, n_args, log);
    if (parsed != 0)
        return parsed < 0 ? BC_EXIT_USAGE : BC_EXIT_DONE;
    o.input = args[1];
    bc_cpu_parse(o.cpu, &o.params.cpu);
    return inspect(&o, log) < 0 ? BC_EXIT_FAILED : BC_EXIT_DONE;
}

const bc_command bc_inspect_layers = {
    .name = "layers",
    .summary = "write what every layer answers to a picture",
    .arguments = "--autoencoder FILE [--bank FILE] INPUT -o TAPS [OPTION...]",
    .description =
        "Writes what every layer answers to a picture, after normalisation and ReLU, as layer.NAME "
        "F32 [channels, height, width], and the output before clipping as output F32 [height, "
        "width, 3]. INPUT is a picture, or a safetensors file with input U8 [height, width, 3].",
    .options = table,
    .n_options = sizeof(table) / sizeof(table[0]),
    .run = layers,
};
