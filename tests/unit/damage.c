/* model/: of a damaged net or style the file, the tensor and the reason are said; nothing crashes.
 */
#include "copies.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

/* One damage to a golden auto-encoder or bank and what must be said about it. */
typedef struct damage {
    const char *reason;
    const char *key, *value;       /* metadata to set, or to remove where value is NULL */
    const char *tensor, *new_name; /* tensor to change: a new name, "" to remove it, */
    float bad_value;               /* a value for its last element, */
    int n_dims;                    /* another number of dimensions, */
    int to_bytes;                  /* or U8 in place of F32 */
} damage;

static void apply(contents *c, const damage *d, float *scratch)
{
    if (d->key && d->value)
        set_metadata(c, d->key, d->value);
    else if (d->key)
        remove_metadata(c, d->key);
    if (!d->tensor)
        return;
    bc_tensor *tensor = tensor_of(c, d->tensor);
    if (d->new_name && !*d->new_name) {
        *tensor = c->tensors[--c->n_tensors];
    } else if (d->new_name) {
        tensor->name = d->new_name;
    } else if (d->n_dims) {
        tensor->n_dims = d->n_dims;
        for (int i = 1; i < BC_TENSOR_MAX_DIMS; i++)
            tensor->shape[i] = 1;
        tensor->shape[0] = (int64_t)(tensor->size_bytes / sizeof(float));
    } else if (d->to_bytes) {
        tensor->dtype = BC_DTYPE_U8;
        tensor->shape[tensor->n_dims - 1] *= 4;
    } else {
        memcpy(scratch, tensor->data, tensor->size_bytes);
        scratch[tensor->size_bytes / sizeof(float) - 1] = d->bad_value;
        tensor->data = scratch;
    }
}

static const damage autoencoder_damages[] = {
    {.reason = "brushcast.kind is 'autoencoder', expected 'network'",
     .key = "brushcast.format",
     .value = "2"},
    {.reason = "brushcast.format is ''", .key = "brushcast.format"},
    {.reason = "brushcast.kind is 'bank'", .key = "brushcast.kind", .value = "bank"},
    {.reason = "brushcast.name is missing", .key = "brushcast.name"},
    {.reason = "'brushcast.name' holds control", .key = "brushcast.name", .value = "a\nb"},
    {.reason = "too long",
     .key = "brushcast.name",
     .value = "0123456789012345678901234567890123456789012345678901234567890123"},
    {.reason = "brushcast.widths is ''", .key = "brushcast.widths"},
    {.reason = "brushcast.widths is '8,16'", .key = "brushcast.widths", .value = "8,16"},
    {.reason = "brushcast.widths", .key = "brushcast.widths", .value = "8,16,32,64"},
    {.reason = "brushcast.widths", .key = "brushcast.widths", .value = "8,16, 32"},
    {.reason = "brushcast.widths", .key = "brushcast.widths", .value = "8,16,-32"},
    {.reason = "brushcast.widths", .key = "brushcast.widths", .value = "8,0,32"},
    {.reason = "brushcast.widths", .key = "brushcast.widths", .value = "8,12,32"},
    {.reason = "brushcast.widths", .key = "brushcast.widths", .value = "8,16,520"},
    {.reason = "brushcast.widths", .key = "brushcast.widths", .value = "8,16,99999999999999999999"},
    {.reason = "tensor 'encoder.0.weight': shape is [8,3,9,9], expected [16,3,9,9]",
     .key = "brushcast.widths",
     .value = "16,16,32"},
    {.reason = "brushcast.upsample is ''", .key = "brushcast.upsample"},
    {.reason = "brushcast.upsample is 'cubic'", .key = "brushcast.upsample", .value = "cubic"},
    {.reason = "tensor 'decoder.1.weight': shape is [8,16,3,3], expected [32,16,3,3]",
     .key = "brushcast.upsample",
     .value = "subpixel"},
    {.reason = "brushcast.id is '00', expected '7366112faffb",
     .key = "brushcast.id",
     .value = "00"},
    {.reason = "tensor 'encoder.1.norm.scale': is missing",
     .tensor = "encoder.1.norm.scale",
     .new_name = ""},
    {.reason = "tensor 'decoder.2.bias': is missing", .tensor = "decoder.2.bias", .new_name = "x"},
    {.reason = "tensor 'decoder.0.weight': shape is [4608], expected [16,32,3,3]",
     .tensor = "decoder.0.weight",
     .n_dims = 1},
    {.reason = "tensor 'decoder.0.bias': shape is [16,1], expected [16]",
     .tensor = "decoder.0.bias",
     .n_dims = 2},
    {.reason = "tensor 'encoder.2.bias': is not F32", .tensor = "encoder.2.bias", .to_bytes = 1},
    {.reason = "tensor 'encoder.0.weight': holds a NaN or an infinity",
     .tensor = "encoder.0.weight",
     .bad_value = NAN},
    {.reason = "tensor 'decoder.1.norm.shift': holds a NaN or an infinity",
     .tensor = "decoder.1.norm.shift",
     .bad_value = -INFINITY},
};

static const damage bank_damages[] = {
    {.reason = "brushcast.kind is 'autoencoder'", .key = "brushcast.kind", .value = "autoencoder"},
    {.reason = "brushcast.name is missing", .key = "brushcast.name"},
    {.reason = "'title' holds control characters", .key = "title", .value = "\x1b[2J"},
    {.reason = "brushcast.autoencoder is missing or no SHA-256", .key = "brushcast.autoencoder"},
    {.reason = "no SHA-256", .key = "brushcast.autoencoder", .value = "7366"},
    {.reason = "brushcast.id is", .key = "brushcast.id", .value = "00"},
    {.reason = "tensor 'bank.0.weight': is missing", .tensor = "bank.0.weight", .new_name = ""},
    {.reason = "tensor 'bank.1.bias': is unknown here", .tensor = "bank.1.weight", .new_name = ""},
    {.reason = "tensor 'bank.1.bias': is missing", .tensor = "bank.1.bias", .new_name = ""},
    {.reason = "tensor 'bank.1.weight': holds a NaN",
     .tensor = "bank.1.weight",
     .bad_value = INFINITY},
    {.reason = "tensor 'thumbnail': is not U8", .tensor = "bank.1.weight", .new_name = "thumbnail"},
};

static void test_damages(const char *source, const damage *damages, size_t n, int is_bank)
{
    static float scratch[1 << 16];
    const char *intact = GOLDEN "tiny.autoencoder.safetensors";
    for (size_t i = 0; i < n; i++) {
        contents c;
        bc_model *model;
        const char *path = in_folder("damaged.safetensors");
        if (!read_contents(&c, source))
            return;
        apply(&c, &damages[i], scratch);
        write_contents(&c, path);
        last[0] = '\0';
        const bc_status status =
            bc_model_open_files(&model, is_bank ? intact : path, &path, is_bank, &messages);
        check_refused(path, status, BC_ERR_FORMAT, damages[i].reason);
        CHECK(!model);
        bc_model_close(&model);
    }
    unlink(in_folder("damaged.safetensors"));
}

/* What the table cannot say: tensors added to a bank. */
static void check_bank_with(const bc_tensor *added, const char *name, const char *reason)
{
    contents c;
    bc_model *model;
    const char *path = in_folder("bank.safetensors");
    if (!read_contents(&c, GOLDEN "tiny.bank.safetensors"))
        return;
    add_tensor(&c, added, name);
    write_contents(&c, path);
    const bc_status status =
        bc_model_open_files(&model, GOLDEN "tiny.autoencoder.safetensors", &path, 1, &messages);
    check_refused(path, status, BC_ERR_FORMAT, reason);
    unlink(path);
}

static void test_added_tensors(void)
{
    static const uint8_t pixels[64];
    bc_tensor t = {.dtype = BC_DTYPE_U8, .n_dims = 3, .shape = {2, 3, 4}, .data = pixels};
    t.size_bytes = 24;
    check_bank_with(&t, "thumbnail", "tensor 'thumbnail': is no picture");
    t.n_dims = 2;
    t.size_bytes = 6;
    check_bank_with(&t, "thumbnail", "tensor 'thumbnail': is no picture");
    t = (bc_tensor){.dtype = BC_DTYPE_U8, .n_dims = 3, .shape = {0, 2, 3}, .data = pixels};
    check_bank_with(&t, "thumbnail", "tensor 'thumbnail': is empty or too large");
    check_bank_with(&t, "bank.2.bias", "tensor 'bank.2.bias': is unknown here");
    check_bank_with(&t, "bank.2.weight", "tensor 'bank.2.weight': is not F32");
}

static void test_too_many_layers(void)
{
    contents c;
    bc_model *model;
    char names[BC_MAX_BANK_LAYERS][32];
    const char *path = in_folder("bank.safetensors");
    if (!read_contents(&c, GOLDEN "tiny.bank.safetensors"))
        return;
    for (int i = 2; i <= BC_MAX_BANK_LAYERS; i++) {
        snprintf(names[i - 2], sizeof(names[0]), "bank.%d.weight", i);
        add_tensor(&c, tensor_of(&c, "bank.0.weight"), names[i - 2]);
    }
    write_contents(&c, path);
    const bc_status status =
        bc_model_open_files(&model, GOLDEN "tiny.autoencoder.safetensors", &path, 1, &messages);
    check_refused(path, status, BC_ERR_FORMAT, "9 layers 'bank.N', expected 1 to 8");
    unlink(path);
}

/* Bytes damaged at random ------------------------------------------------------------------ */

static uint8_t *read_bytes(const char *path, size_t *size)
{
    FILE *stream = fopen(path, "rb");
    if (!CHECK(stream))
        return NULL;
    fseek(stream, 0, SEEK_END);
    *size = (size_t)ftell(stream);
    rewind(stream);
    uint8_t *bytes = malloc(*size);
    CHECK(bytes && fread(bytes, 1, *size, stream) == *size);
    fclose(stream);
    return bytes;
}

static bc_status load(const uint8_t *bytes, size_t size, bc_net *net)
{
    bc_safetensors *file;
    bc_status status = bc_safetensors_parse(&file, bytes, size, "FILE", &messages);
    if (status < 0)
        return status;
    status = bc_net_load(net, file, "FILE", &messages);
    return status;
}

/* A flipped bit is refused or makes another net, which refuses the intact one's styles. */
static void test_flips(const uint8_t *intact, size_t size)
{
    static const char id[] = "7366112faffbb30bac5d9ebc9a7cd293897e7bf578c35038dca8e8fc96bc0702";
    const size_t n_head = 8 + 2104;
    uint8_t *bytes = malloc(size);
    uint32_t state = 1;
    if (!CHECK(bytes))
        return;
    memcpy(bytes, intact, size);
    for (int i = 0; i < 4000; i++) {
        bc_net net = {0};
        state = state * 1664525u + 1013904223u;
        const size_t place = (state >> 3) % (i % 4 ? n_head : size);
        const uint8_t bit = (uint8_t)(1u << (state >> 29));
        bytes[place] ^= bit;
        last[0] = '\0';
        const bc_status status = load(bytes, size, &net);
        if (status < 0)
            CHECK(last[0]);
        else if (place >= n_head)
            CHECK(strcmp(net.id, id) != 0);
        bc_net_close(&net);
        bytes[place] ^= bit;
    }
    free(bytes);
}

static void test_damaged_bytes(void)
{
    size_t size = 0;
    bc_net net = {0};
    uint8_t *bytes = read_bytes(GOLDEN "tiny.autoencoder.safetensors", &size);
    if (!bytes)
        return;
    CHECK_INT(load(bytes, size, &net), BC_OK);
    bc_net_close(&net);
    for (size_t n = 0; n < size; n += n < 2200 ? 1 : 997)
        CHECK_INT(load(bytes, n, &net), BC_ERR_FORMAT);
    test_flips(bytes, size);
    free(bytes);
}

int main(void)
{
    messages = test_log(last);
    if (!CHECK(mkdtemp(folder)))
        return TEST_END();
    test_damages(GOLDEN "tiny.autoencoder.safetensors", autoencoder_damages,
                 sizeof(autoencoder_damages) / sizeof(autoencoder_damages[0]), 0);
    test_damages(GOLDEN "tiny.bank.safetensors", bank_damages,
                 sizeof(bank_damages) / sizeof(bank_damages[0]), 1);
    test_added_tensors();
    test_too_many_layers();
    test_damaged_bytes();
    CHECK_INT(rmdir(folder), 0);
    return TEST_END();
}
