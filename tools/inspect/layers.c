/* Every layer's response to a picture, as tensors. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cli/painting.h"
#include "generator/session.h"
#include "inspect/inspect.h"
#include "media/picture.h"

typedef struct options {
    const char *autoencoder, *bank, *network, *input, *output;
    bc_texts styles; /* of --network: FILE[:SHARE] each */
    bool is_moved;
    bc_session_params params;
} options;

/* What the layers look at. */
typedef struct subject {
    bc_frame *picture;
    float *moved; /* NULL, or how far the canvas has moved: see bc_session_move_canvas */
} subject;

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

static bc_status read_picture(bc_frame **picture, const bc_safetensors *file, const char *path,
                              const bc_log *log)
{
    const bc_tensor *input = bc_safetensors_find(file, "input");
    bc_status status = check_input(input, path, log);
    if (status == BC_OK)
        status = bc_frame_alloc(picture, (int)input->shape[1], (int)input->shape[0], BC_RGB24, log);
    for (ptrdiff_t y = 0; status == BC_OK && y < input->shape[0]; y++)
        memcpy((*picture)->image.pixels + y * (*picture)->image.stride_bytes,
               (const uint8_t *)input->data + y * 3 * input->shape[1],
               (size_t)(3 * input->shape[1]));
    return status;
}

static bc_status read_moved(subject *s, const bc_safetensors *file, const char *path,
                            const bc_log *log)
{
    const bc_tensor *moved = bc_safetensors_find(file, "moved");
    const int rows = (s->picture->image.height + 7) / 8,
              columns = (s->picture->image.width + 7) / 8;
    if (!moved || moved->dtype != BC_DTYPE_F32 || moved->n_dims != 3 || moved->shape[0] != 2 ||
        moved->shape[1] != rows || moved->shape[2] != columns)
        return bc_fail(log, BC_ERR_FORMAT, "%s: there is no 'moved' F32 [2,%d,%d]", path, rows,
                       columns);
    s->moved = malloc(moved->size_bytes);
    if (!s->moved)
        return bc_fail(log, BC_ERR_MEMORY, "out of memory");
    memcpy(s->moved, moved->data, moved->size_bytes);
    return BC_OK;
}

static bc_status read_subject(subject *s, const options *o, const bc_log *log)
{
    bc_safetensors *file;
    *s = (subject){0};
    if (!is_safetensors(o->input) && o->is_moved)
        return bc_fail(log, BC_ERR_ARGUMENT, "%s: a picture has no 'moved'", o->input);
    if (!is_safetensors(o->input))
        return bc_picture_read(&s->picture, o->input, BC_ALPHA_OVER_WHITE, log);
    bc_status status = bc_safetensors_open(&file, o->input, log);
    if (status < 0)
        return status;
    status = read_picture(&s->picture, file, o->input, log);
    if (status == BC_OK && o->is_moved)
        status = read_moved(s, file, o->input, log);
    bc_safetensors_close(&file);
    return status;
}

static void close_subject(subject *s)
{
    free(s->moved);
    bc_frame_unref(&s->picture);
}

/* Styles ----------------------------------------------------------------------------------- */

/* The files of a blend and their shares. */
typedef struct blend {
    int n;
    char *paths[BC_MAX_BLEND];
    bc_style_weight weights[BC_MAX_BLEND];
} blend;

/* FILE[:SHARE]: what stands behind the last colon is a share if it is a number. */
static bc_status add_style(blend *b, const char *text, const bc_log *log)
{
    char *path = strdup(text), *colon = path ? strrchr(path, ':') : NULL, *end = NULL;
    float share = 1;
    if (!path)
        return bc_fail(log, BC_ERR_MEMORY, "out of memory");
    if (colon) {
        share = strtof(colon + 1, &end);
        if (end > colon + 1 && !*end)
            *colon = '\0';
        else
            share = 1;
    }
    b->paths[b->n] = path;
    b->weights[b->n] = (bc_style_weight){.style = b->n, .weight = share};
    b->n++;
    return BC_OK;
}

static bc_status make_blend(blend *b, const options *o, const bc_log *log)
{
    bc_status status = BC_OK;
    *b = (blend){0};
    if (o->bank)
        return add_style(b, o->bank, log);
    for (int i = 0; i < o->styles.n && status == BC_OK; i++)
        status = add_style(b, o->styles.texts[i], log);
    return status;
}

static void close_blend(blend *b)
{
    for (int i = 0; i < b->n; i++)
        free(b->paths[i]);
}

/* Output ----------------------------------------------------------------------------------- */

enum { MAX_TAPS = BC_MAX_STEPS * BC_MAX_BLEND + 1 };

/* What is to be written: all layers, then the output. */
typedef struct taps {
    int n;
    bc_tensor tensors[MAX_TAPS];
    char names[MAX_TAPS][BC_LAYER_NAME_SIZE + 16];
    float *values[MAX_TAPS];
    bool is_complete;
} taps;

static bool has_tap(const taps *t, const char *name)
{
    for (int i = 0; i < t->n; i++) {
        if (strcmp(t->names[i], name) == 0)
            return true;
    }
    return false;
}

/* Of a layer that every style of a blend runs for itself come NAME, NAME@2 and so on. */
static void name_tap(taps *t, const char *prefix, const char *name)
{
    char *to = t->names[t->n];
    const size_t size = sizeof(t->names[0]);
    snprintf(to, size, "%s%s", prefix, name);
    for (int i = 2; has_tap(t, to); i++)
        snprintf(to, size, "%s%s@%d", prefix, name, i);
}

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
    name_tap(t, prefix, name);
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

static bc_status inspect_subject(options *o, const bc_model *model, const subject *s,
                                 const blend *b, const bc_log *log)
{
    bc_session *session;
    o->params.width = s->picture->image.width;
    o->params.height = s->picture->image.height;
    o->params.max_blend = b->n;
    o->params.log = *log;
    bc_status status = bc_session_open_observed(&session, model, &o->params);
    if (status < 0)
        return status;
    status = bc_session_set_style(session, b->weights, b->n);
    bc_session_move_canvas(session, s->moved);
    if (status == BC_OK)
        status = write_taps(o, session, &s->picture->image, log);
    bc_session_close(&session);
    return status;
}

static bc_status inspect(options *o, const bc_log *log)
{
    bc_model *model = NULL;
    subject s = {0};
    blend b;
    bc_status status = make_blend(&b, o, log);
    if (status == BC_OK)
        status = bc_model_open_files(&model, o->network ? o->network : o->autoencoder,
                                     (const char *const *)b.paths, b.n, log);
    if (status == BC_OK)
        status = read_subject(&s, o, log);
    if (status == BC_OK)
        status = inspect_subject(o, model, &s, &b, log);
    close_subject(&s);
    bc_model_close(&model);
    close_blend(&b);
    return status;
}

/* The command ------------------------------------------------------------------------------ */

#define AT(FIELD) offsetof(options, FIELD)

static const bc_option table[] = {
    {"network", "FILE", "a net: NET/network.safetensors, or NET/autoencoder.safetensors",
     BC_OPTION_TEXT, .offset = AT(network), .completion = BC_COMPLETE_FILE},
    {"style", "FILE[:SHARE]", "a style of it; of several their blend, by share", BC_OPTION_LIST,
     .offset = AT(styles), .high = BC_MAX_BLEND, .completion = BC_COMPLETE_FILE},
    {"moved", NULL, "the canvas has moved by INPUT's tensor 'moved'", BC_OPTION_FLAG,
     .offset = AT(is_moved)},
    {"autoencoder", "FILE", "instead of --network, with --bank: NET/autoencoder.safetensors",
     BC_OPTION_TEXT, .offset = AT(autoencoder), .completion = BC_COMPLETE_FILE},
    {"bank", "FILE", "a style; without one the auto-encoder runs alone", BC_OPTION_TEXT,
     .offset = AT(bank), .completion = BC_COMPLETE_FILE},
    {"output", "FILE", "safetensors file to write; an old one is replaced", BC_OPTION_TEXT,
     .offset = AT(output), .completion = BC_COMPLETE_FILE, .letter = 'o'},
    {"cpu", "TIER", "of instruction sets (native: the best)", BC_OPTION_CHOICE,
     .offset = AT(params.tier), .choices = BC_TIER_CHOICES},
    {"threads", "N", "processors to use (all); results do not depend on it", BC_OPTION_COUNT,
     .offset = AT(params.n_threads), .low = 1, .high = BC_MAX_THREADS},
};

static int check(const options *o, int n_args, const bc_log *log)
{
    const bc_command *command = &bc_inspect_layers;
    if (!o->autoencoder == !o->network)
        return bc_options_refuse(command, log, "one of --network and --autoencoder is wanted");
    if ((o->network && o->bank) || (!o->network && o->styles.n > 0))
        return bc_options_refuse(command, log,
                                 "--style goes with --network, --bank with "
                                 "--autoencoder");
    if (!o->output)
        return bc_options_refuse(command, log, "no --output");
    if (n_args != 2)
        return bc_options_refuse(command, log, "one INPUT is wanted, not %d", n_args - 1);
    return 0;
}

static int layers(int n_args, char **args, const bc_log *log)
{
    options o = {0};
    int parsed = bc_options_parse(&bc_inspect_layers, &n_args, args, &o, log);
    if (parsed == 0)
        parsed = check(&o, n_args, log);
    if (parsed != 0)
        return parsed < 0 ? BC_EXIT_USAGE : BC_EXIT_DONE;
    o.input = args[1];
    return inspect(&o, log) < 0 ? BC_EXIT_FAILED : BC_EXIT_DONE;
}

const bc_command bc_inspect_layers = {
    .name = "layers",
    .summary = "write what every layer answers to a picture",
    .arguments = "--network FILE [--style FILE[:SHARE]]... INPUT -o TAPS [OPTION...]",
    .description =
        "Writes what every layer answers to a picture, after normalisation and ReLU, as layer.NAME "
        "F32 [channels, height, width], and the output before clipping as output F32 [height, "
        "width, 3]. A layer that every style of a blend runs for itself is there for each, as "
        "layer.NAME, layer.NAME@2 and so on. INPUT is a picture, or a safetensors file with input "
        "U8 [height, width, 3] and, for --moved, how far the canvas has moved in each cell of 8x8 "
        "pixels: moved F32 [2, rows, columns].",
    .options = table,
    .n_options = sizeof(table) / sizeof(table[0]),
    .run = layers,
};
