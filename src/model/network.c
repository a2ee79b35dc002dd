#include "model/network.h"

#include <ctype.h>
#include <math.h>
#include <nettle/sha2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

enum {
    LAYER_TENSORS = 4,
    MAX_TENSORS = LAYER_TENSORS * BC_MAX_BANK_LAYERS + 1 /* the thumbnail */
};

/* A file on its way into layers. */
typedef struct loader {
    const bc_safetensors *file;
    const char *path;
    const bc_log *log;
    int n_known;
    const bc_tensor *known[MAX_TENSORS];
} loader;

/* Geometry --------------------------------------------------------------------------------- */

static void describe_layer(bc_weighted_layer *layer, const char *part, int index, int kernel,
                           int n_in, int n_out, bc_stride stride)
{
    *layer = (bc_weighted_layer){
        .stride = stride, .n_in = n_in, .n_out = n_out, .kernel = kernel, .n_rows = n_out};
    snprintf(layer->name, sizeof(layer->name), "%s.%d", part, index);
}

static void store_phases(bc_weighted_layer *layer)
{
    layer->n_rows = 4 * layer->n_out;
    layer->kernel = layer->kernel == 9 ? 5 : 3;
}

void bc_autoencoder_describe(bc_autoencoder *autoencoder, const int widths[BC_N_WIDTHS],
                             bc_upsample upsample)
{
    const int w0 = widths[0], w1 = widths[1], w2 = widths[2];
    bc_weighted_layer *encoder = autoencoder->encoder, *decoder = autoencoder->decoder;
    memcpy(autoencoder->widths, widths, sizeof(autoencoder->widths));
    autoencoder->upsample = upsample;
    describe_layer(&encoder[0], "encoder", 0, 9, 3, w0, BC_STRIDE_2);
    describe_layer(&encoder[1], "encoder", 1, 3, w0, w1, BC_STRIDE_2);
    describe_layer(&encoder[2], "encoder", 2, 3, w1, w2, BC_STRIDE_1);
    describe_layer(&decoder[0], "decoder", 0, 3, w2, w1, BC_STRIDE_1);
    describe_layer(&decoder[1], "decoder", 1, 3, w1, w0, BC_STRIDE_HALF);
    describe_layer(&decoder[2], "decoder", 2, 9, w0, 3, BC_STRIDE_HALF);
    if (upsample == BC_UPSAMPLE_SUBPIXEL) {
        store_phases(&decoder[1]);
        store_phases(&decoder[2]);
    }
}

void bc_bank_describe(bc_bank *bank, int n_layers, int width)
{
    bank->n_layers = n_layers;
    for (int i = 0; i < n_layers; i++)
        describe_layer(&bank->layers[i], "bank", i, 3, width, width, BC_STRIDE_1);
}

/* Tensors ---------------------------------------------------------------------------------- */

static bc_status fail_file(const loader *from, const char *reason)
{
    return bc_fail(from->log, BC_ERR_FORMAT, "%s: %s", from->path, reason);
}

static bc_status fail_tensor(const loader *from, const char *name, const char *reason)
{
    return bc_fail(from->log, BC_ERR_FORMAT, "%s: tensor '%.100s': %s", from->path, name, reason);
}

static void print_shape(char text[96], int n_dims, const int64_t *shape)
{
    int n = snprintf(text, 96, "[");
    for (int i = 0; i < n_dims && n < 80; i++)
        n += snprintf(text + n, 96 - (size_t)n, "%s%lld", i ? "," : "", (long long)shape[i]);
    snprintf(text + (n < 94 ? n : 94), 2, "]");
}

static bc_status check_shape(const loader *from, const bc_tensor *tensor, int n_dims,
                             const int64_t *shape)
{
    if (tensor->n_dims == n_dims &&
        memcmp(tensor->shape, shape, sizeof(*shape) * (size_t)n_dims) == 0)
        return BC_OK;
    char is[96], expected[96], reason[256];
    print_shape(is, tensor->n_dims, tensor->shape);
    print_shape(expected, n_dims, shape);
    snprintf(reason, sizeof(reason), "shape is %s, expected %s", is, expected);
    return fail_tensor(from, tensor->name, reason);
}

static bc_status check_finite(const loader *from, const bc_tensor *tensor)
{
    const float *values = tensor->data;
    for (size_t i = 0; i < tensor->size_bytes / sizeof(float); i++) {
        if (!isfinite(values[i]))
            return fail_tensor(from, tensor->name, "holds a NaN or an infinity");
    }
    return BC_OK;
}

/* Takes tensor LAYER.PART, of `n_dims` dimensions. */
static bc_status take(loader *from, const float **values, const bc_weighted_layer *layer,
                      const char *part, int n_dims, const int64_t *shape)
{
    char name[64];
    snprintf(name, sizeof(name), "%s.%s", layer->name, part);
    const bc_tensor *tensor = bc_safetensors_find(from->file, name);
    if (!tensor)
        return fail_tensor(from, name, "is missing");
    if (tensor->dtype != BC_DTYPE_F32)
        return fail_tensor(from, name, "is not F32");
    bc_status status = check_shape(from, tensor, n_dims, shape);
    if (status == BC_OK)
        status = check_finite(from, tensor);
    *values = tensor->data;
    from->known[from->n_known++] = tensor;
    return status;
}

static bc_status take_layer(loader *from, bc_weighted_layer *layer, bool is_linear)
{
    const int64_t kernel = layer->kernel, n_out = layer->n_out;
    const int64_t shape[] = {layer->n_rows, layer->n_in, kernel, kernel};
    bc_status status = take(from, &layer->weight, layer, "weight", 4, shape);
    if (status == BC_OK)
        status = take(from, &layer->bias, layer, "bias", 1, shape);
    if (status == BC_OK && !is_linear)
        status = take(from, &layer->scale, layer, "norm.scale", 1, &n_out);
    if (status == BC_OK && !is_linear)
        status = take(from, &layer->shift, layer, "norm.shift", 1, &n_out);
    return status;
}

static bc_status refuse_unknown(const loader *from)
{
    for (int i = 0; i < bc_safetensors_count(from->file); i++) {
        const bc_tensor *tensor = bc_safetensors_at(from->file, i);
        bool is_known = false;
        for (int j = 0; j < from->n_known && !is_known; j++)
            is_known = from->known[j] == tensor;
        if (!is_known)
            return fail_tensor(from, tensor->name, "is unknown here");
    }
    return BC_OK;
}

void bc_autoencoder_id(const bc_safetensors *file, char id[BC_ID_SIZE])
{
    struct sha256_ctx hash;
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_init(&hash);
    for (int i = 0; i < bc_safetensors_count(file); i++) {
        const bc_tensor *tensor = bc_safetensors_at(file, i);
        sha256_update(&hash, strlen(tensor->name), (const uint8_t *)tensor->name);
        sha256_update(&hash, tensor->size_bytes, tensor->data);
    }
    sha256_digest(&hash, sizeof(digest), digest);
    for (int i = 0; i < SHA256_DIGEST_SIZE; i++)
        snprintf(id + 2 * i, 3, "%02x", digest[i]);
}

/* Metadata --------------------------------------------------------------------------------- */

/* One printable line, "" if it is absent. */
static bc_status take_text(const loader *from, const char *key, const char **text)
{
    const char *value = bc_safetensors_metadata(from->file, key);
    *text = value ? value : "";
    for (const char *c = *text; *c; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            return bc_fail(from->log, BC_ERR_FORMAT, "%s: metadata '%s' holds control characters",
                           from->path, key);
    }
    return BC_OK;
}

static bc_status check_text(const loader *from, const char *key, const char *expected)
{
    const char *value;
    const bc_status status = take_text(from, key, &value);
    if (status < 0 || strcmp(value, expected) == 0)
        return status;
    return bc_fail(from->log, BC_ERR_FORMAT, "%s: %s is '%.60s', expected '%s'", from->path, key,
                   value, expected);
}

/* Format, kind and, where the file states it, its own id: a flipped bit anywhere is found. */
static bc_status check_kind(const loader *from, const char *kind)
{
    char id[BC_ID_SIZE];
    bc_status status = check_text(from, "brushcast.format", "1");
    if (status == BC_OK)
        status = check_text(from, "brushcast.kind", kind);
    if (status < 0 || !bc_safetensors_metadata(from->file, "brushcast.id"))
        return status;
    bc_autoencoder_id(from->file, id);
    return check_text(from, "brushcast.id", id);
}

static bc_status take_name(const loader *from, char *name, size_t size)
{
    const char *text;
    const bc_status status = take_text(from, "brushcast.name", &text);
    if (status < 0)
        return status;
    if (!*text || strlen(text) >= size)
        return fail_file(from, "brushcast.name is missing or too long");
    memcpy(name, text, strlen(text) + 1);
    return BC_OK;
}

/* "8,16,32": positive multiples of 8, nothing between or after. */
static bool parse_widths(int widths[BC_N_WIDTHS], const char *text)
{
    for (int i = 0; i < BC_N_WIDTHS; i++) {
        char *end;
        if (!isdigit((unsigned char)*text))
            return false;
        const long width = strtol(text, &end, 10);
        if (width < 8 || width > BC_MAX_WIDTH || width % 8 != 0)
            return false;
        if (*end != (i < BC_N_WIDTHS - 1 ? ',' : '\0'))
            return false;
        widths[i] = (int)width;
        text = end + 1;
    }
    return true;
}

static bc_status take_geometry(const loader *from, bc_autoencoder *autoencoder)
{
    const char *text;
    int widths[BC_N_WIDTHS], upsample = 0;
    bc_status status = take_text(from, "brushcast.widths", &text);
    if (status < 0)
        return status;
    if (!parse_widths(widths, text))
        return bc_fail(from->log, BC_ERR_FORMAT,
                       "%s: brushcast.widths is '%.60s', expected three multiples of 8 up to %d",
                       from->path, text, BC_MAX_WIDTH);
    status = take_text(from, "brushcast.upsample", &text);
    if (status < 0)
        return status;
    while (upsample < BC_N_UPSAMPLES && strcmp(text, bc_upsample_name((bc_upsample)upsample)) != 0)
        upsample++;
    if (upsample == BC_N_UPSAMPLES)
        return bc_fail(from->log, BC_ERR_FORMAT,
                       "%s: brushcast.upsample is '%.60s', expected subpixel, nearest or zero",
                       from->path, text);
    bc_autoencoder_describe(autoencoder, widths, (bc_upsample)upsample);
    return BC_OK;
}

/* Auto-encoder ----------------------------------------------------------------------------- */

bc_status bc_autoencoder_load(bc_autoencoder *autoencoder, bc_safetensors *file, const char *path,
                              const bc_log *log)
{
    loader from = {.file = file, .path = path, .log = log};
    *autoencoder = (bc_autoencoder){.file = file};
    bc_status status = check_kind(&from, "autoencoder");
    if (status == BC_OK)
        status = take_name(&from, autoencoder->name, sizeof(autoencoder->name));
    if (status == BC_OK)
        status = take_geometry(&from, autoencoder);
    for (int i = 0; i < BC_N_ENCODER && status == BC_OK; i++)
        status = take_layer(&from, &autoencoder->encoder[i], false);
    for (int i = 0; i < BC_N_DECODER && status == BC_OK; i++)
        status = take_layer(&from, &autoencoder->decoder[i], i == BC_N_DECODER - 1);
    if (status == BC_OK)
        status = refuse_unknown(&from);
    bc_autoencoder_id(file, autoencoder->id);
    return status;
}

bc_status bc_autoencoder_open(bc_autoencoder *autoencoder, const char *path, const bc_log *log)
{
    bc_safetensors *file;
    *autoencoder = (bc_autoencoder){0};
    const bc_status status = bc_safetensors_open(&file, path, log);
    return status < 0 ? status : bc_autoencoder_load(autoencoder, file, path, log);
}

void bc_autoencoder_close(bc_autoencoder *autoencoder)
{
    bc_safetensors_close(&autoencoder->file);
    *autoencoder = (bc_autoencoder){0};
}

/* Bank ------------------------------------------------------------------------------------- */

static bc_status check_autoencoder(const loader *from, const char *style,
                                   const bc_autoencoder *autoencoder)
{
    const char *id;
    const bc_status status = take_text(from, "brushcast.autoencoder", &id);
    if (status < 0)
        return status;
    if (strlen(id) != BC_ID_SIZE - 1)
        return fail_file(from, "brushcast.autoencoder is missing or no SHA-256");
    if (strcmp(id, autoencoder->id) == 0)
        return BC_OK;
    return bc_fail(
        from->log, BC_ERR_MISMATCH,
        "%s: style '%s' was trained on the auto-encoder %.12s..., not on '%s' (%.12s...)",
        from->path, style, id, autoencoder->name, autoencoder->id);
}

static bc_status take_info(const loader *from, bc_style_info *info)
{
    char name[64];
    bc_status status = take_name(from, name, sizeof(name));
    if (status == BC_OK)
        status = take_text(from, "title", &info->title);
    if (status == BC_OK)
        status = take_text(from, "artist", &info->artist);
    if (status == BC_OK)
        status = take_text(from, "year", &info->year);
    if (status == BC_OK)
        status = take_text(from, "licence", &info->licence);
    return status;
}

static bc_status take_thumbnail(loader *from, bc_style_info *info)
{
    const bc_tensor *tensor = bc_safetensors_find(from->file, "thumbnail");
    if (!tensor)
        return BC_OK;
    const int64_t *shape = tensor->shape; /* [h,w,3] */
    if (tensor->dtype != BC_DTYPE_U8)
        return fail_tensor(from, tensor->name, "is not U8");
    if (tensor->n_dims != 3 || shape[2] != 3)
        return fail_tensor(from, tensor->name, "is no picture [height,width,3]");
    if (shape[0] < 1 || shape[0] > BC_MAX_SIZE || shape[1] < 1 || shape[1] > BC_MAX_SIZE)
        return fail_tensor(from, tensor->name, "is empty or too large");
    info->thumbnail = tensor->data;
    info->thumbnail_height = (int)shape[0];
    info->thumbnail_width = (int)shape[1];
    from->known[from->n_known++] = tensor;
    return BC_OK;
}

/* bank.0 .. n-1: as many as have a weight. */
static int count_layers(const bc_safetensors *file)
{
    char name[32];
    for (int n = 0;; n++) {
        snprintf(name, sizeof(name), "bank.%d.weight", n);
        if (!bc_safetensors_find(file, name))
            return n;
    }
}

static bc_status take_layers(loader *from, bc_bank *bank, int width)
{
    const int n_layers = count_layers(from->file);
    if (n_layers < 1)
        return fail_tensor(from, "bank.0.weight", "is missing");
    if (n_layers > BC_MAX_BANK_LAYERS)
        return fail_file(from, "holds too many layers");
    bc_bank_describe(bank, n_layers, width);
    bc_status status = BC_OK;
    for (int i = 0; i < n_layers && status == BC_OK; i++)
        status = take_layer(from, &bank->layers[i], false);
    return status;
}

bc_status bc_bank_load(bc_bank *bank, bc_safetensors *file, const char *path, const char *name,
                       const bc_autoencoder *autoencoder, const bc_log *log)
{
    loader from = {.file = file, .path = path, .log = log};
    *bank = (bc_bank){.file = file, .info.name = name};
    bc_status status = check_kind(&from, "bank");
    if (status == BC_OK)
        status = take_info(&from, &bank->info);
    if (status == BC_OK)
        status = check_autoencoder(&from, name, autoencoder);
    if (status == BC_OK)
        status = take_layers(&from, bank, autoencoder->widths[2]);
    if (status == BC_OK)
        status = take_thumbnail(&from, &bank->info);
    return status < 0 ? status : refuse_unknown(&from);
}

bc_status bc_bank_open(bc_bank *bank, const char *path, const char *name,
                       const bc_autoencoder *autoencoder, const bc_log *log)
{
    bc_safetensors *file;
    *bank = (bc_bank){0};
    const bc_status status = bc_safetensors_open(&file, path, log);
    return status < 0 ? status : bc_bank_load(bank, file, path, name, autoencoder, log);
}

void bc_bank_close(bc_bank *bank)
{
    bc_safetensors_close(&bank->file);
    *bank = (bc_bank){0};
}
