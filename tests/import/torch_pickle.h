/* torch_pickle.h: a dictionary of a net's tensors as PyTorch saves it, in a zip or as it was
 * before. */
#ifndef BC_TESTS_IMPORT_TORCH_PICKLE_H
#define BC_TESTS_IMPORT_TORCH_PICKLE_H

#include <stdio.h>
#include <string.h>

#include "export/protobuf.h"
#include "model/model.h"

enum { TORCH_MAX_TENSORS = 128 };

typedef struct torch_tensor {
    char name[64];
    int n_dims;
    int dims[4];
    const float *values;
    size_t n;
} torch_tensor;

typedef struct torch_tensors {
    int n;
    torch_tensor tensors[TORCH_MAX_TENSORS];
} torch_tensors;

/* Bytes are written as they are; a message's memory serves. */
static inline void torch_bytes(bc_proto *to, const void *bytes, size_t size)
{
    const size_t before = to->size;
    bc_proto_bytes(to, 1, bytes, size); /* a tag and a length in front, which go */
    const size_t extra = to->size - before - size;
    memmove(to->bytes + before, to->bytes + before + extra, size);
    to->size -= extra;
}

#define TORCH_LITERAL(TO, TEXT) torch_bytes(TO, TEXT, sizeof(TEXT) - 1)

static inline void torch_number(bc_proto *to, uint64_t value, int n_bytes)
{
    uint8_t bytes[8];
    for (int i = 0; i < n_bytes; i++)
        bytes[i] = (uint8_t)(value >> 8 * i);
    torch_bytes(to, bytes, (size_t)n_bytes);
}

static inline void torch_text(bc_proto *to, const char *text)
{
    TORCH_LITERAL(to, "X");
    torch_number(to, strlen(text), 4);
    torch_bytes(to, text, strlen(text));
}

static inline void torch_int(bc_proto *to, int value)
{
    TORCH_LITERAL(to, "J");
    torch_number(to, (uint64_t)value, 4);
}

static inline void torch_add(torch_tensors *list, const char *module, const char *what,
                             const float *values, int n_dims, const int *dims)
{
    torch_tensor *tensor = &list->tensors[list->n++];
    *tensor = (torch_tensor){.n_dims = n_dims, .values = values, .n = 1};
    snprintf(tensor->name, sizeof(tensor->name), "%s.%s", module, what);
    for (int i = 0; i < n_dims; i++) {
        tensor->dims[i] = dims[i];
        tensor->n *= (size_t)dims[i];
    }
}

/* Layers "conv1", "res1.1" and "deconv1" are modules of other names. */
static inline void torch_list(torch_tensors *list, const bc_model *model)
{
    const bc_layers *table = &model->net.table;
    for (int i = 0; i < table->n; i++) {
        const bc_layer *layer = &table->layers[i];
        const bc_tensors *tensors = &model->net.tensors[i];
        char module[48], norm[48];
        int block, place;
        if (layer->kind != BC_LAYER_CONV)
            continue;
        if (sscanf(layer->name, "res%d.%d", &block, &place) == 2) {
            snprintf(module, sizeof(module), "res%d.conv%d.conv2d", block, place);
            snprintf(norm, sizeof(norm), "res%d.in%d", block, place);
        } else {
            const bool is_up = sscanf(layer->name, "deconv%d", &place) == 1;
            snprintf(module, sizeof(module), "%s.conv2d", layer->name);
            snprintf(norm, sizeof(norm), "in%d",
                     is_up ? place + 3 : layer->name[strlen("conv")] - '0');
        }
        const int dims[] = {layer->n_out, layer->n_in, layer->kernel, layer->kernel};
        torch_add(list, module, "weight", tensors->weight, 4, dims);
        torch_add(list, module, "bias", tensors->bias, 1, dims);
        if (layer->norm) {
            torch_add(list, norm, "weight", tensors->scale, 1, dims);
            torch_add(list, norm, "bias", tensors->shift, 1, dims);
        }
    }
}

static inline void torch_tuple(bc_proto *to, const int *values, int n)
{
    TORCH_LITERAL(to, "(");
    for (int i = 0; i < n; i++)
        torch_int(to, values[i]);
    TORCH_LITERAL(to, "t");
}

static inline void torch_pickle_tensor(bc_proto *to, const torch_tensor *tensor, int key)
{
    char text[16];
    int strides[4] = {1, 1, 1, 1};
    for (int i = tensor->n_dims - 2; i >= 0; i--)
        strides[i] = strides[i + 1] * tensor->dims[i + 1];
    snprintf(text, sizeof(text), "%d", key);
    torch_text(to, tensor->name);
    TORCH_LITERAL(to, "ctorch._utils\n_rebuild_tensor_v2\n((");
    torch_text(to, "storage");
    TORCH_LITERAL(to, "ctorch\nFloatStorage\n");
    torch_text(to, text);
    torch_text(to, "cpu");
    torch_int(to, (int)tensor->n);
    TORCH_LITERAL(to, "tQ");
    torch_int(to, 0);
    torch_tuple(to, tensor->dims, tensor->n_dims);
    torch_tuple(to, strides, tensor->n_dims);
    TORCH_LITERAL(to, "\x89");
    TORCH_LITERAL(to, "ccollections\nOrderedDict\n)RtR");
}

/* `foreign`: what else is in it, between STARTs and STOP. */
static inline void torch_pickle(bc_proto *to, const torch_tensors *list, const char *foreign,
                                size_t foreign_size)
{
    TORCH_LITERAL(to, "\x80\2");
    torch_bytes(to, foreign, foreign_size);
    TORCH_LITERAL(to, "ccollections\nOrderedDict\n)Rq\1(");
    for (int i = 0; i < list->n; i++)
        torch_pickle_tensor(to, &list->tensors[i], i);
    TORCH_LITERAL(to, "u.");
}

/* A stored file: its header and its data; its entry of the directory goes to `directory`. */
static inline void torch_zip_file(bc_proto *to, bc_proto *directory, const char *name,
                                  const void *data, size_t size)
{
    const uint64_t local = to->size;
    bc_proto common = {0}; /* from the version on, in both headers */
    const uint64_t fields[][2] = {{0, 2}, {0, 2}, {0, 2}, {0, 4}, {0, 4}, {size, 4}, {size, 4}};
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        torch_number(&common, fields[i][0], (int)fields[i][1]);
    torch_number(&common, strlen(name), 2);
    torch_number(&common, 0, 2);
    torch_number(to, 0x04034b50, 4);
    torch_bytes(to, common.bytes, common.size);
    torch_bytes(to, name, strlen(name));
    torch_bytes(to, data, size);
    torch_number(directory, 0x02014b50, 4);
    torch_number(directory, 0, 2);
    torch_bytes(directory, common.bytes, common.size);
    torch_number(directory, 0, 2);
    torch_number(directory, 0, 8);
    torch_number(directory, local, 4);
    torch_bytes(directory, name, strlen(name));
    bc_proto_free(&common);
}

static inline void torch_zip(bc_proto *to, const torch_tensors *list, const bc_proto *pickle)
{
    bc_proto directory = {0};
    torch_zip_file(to, &directory, "net/data.pkl", pickle->bytes, pickle->size);
    for (int i = 0; i < list->n; i++) {
        char name[32];
        snprintf(name, sizeof(name), "net/data/%d", i);
        torch_zip_file(to, &directory, name, list->tensors[i].values,
                       list->tensors[i].n * sizeof(float));
    }
    const uint64_t start = to->size, n = (uint64_t)list->n + 1;
    torch_bytes(to, directory.bytes, directory.size);
    torch_number(to, 0x06054b50, 4);
    torch_number(to, 0, 4);
    torch_number(to, n, 2);
    torch_number(to, n, 2);
    torch_number(to, directory.size, 4);
    torch_number(to, start, 4);
    torch_number(to, 0, 2);
    bc_proto_free(&directory);
}

/* Three pickles before, one of the storages' keys behind, and then the storages. */
static inline void torch_old(bc_proto *to, const torch_tensors *list, const bc_proto *pickle)
{
    TORCH_LITERAL(to, "\x80\2\x8a\nl\xfc\x9c\x46\xf9 j\xa8P\x19.");
    TORCH_LITERAL(to, "\x80\2M\xe9\3.");
    TORCH_LITERAL(to, "\x80\2}q\0(X\1\0\0\0aK\1u.");
    torch_bytes(to, pickle->bytes, pickle->size);
    TORCH_LITERAL(to, "\x80\2]q\0(");
    for (int i = 0; i < list->n; i++) {
        char key[16];
        snprintf(key, sizeof(key), "%d", i);
        torch_text(to, key);
    }
    TORCH_LITERAL(to, "e.");
    for (int i = 0; i < list->n; i++) {
        torch_number(to, list->tensors[i].n, 8);
        torch_bytes(to, list->tensors[i].values, list->tensors[i].n * sizeof(float));
    }
}

/* `foreign`, of which NULs are part up to its "R0", may be NULL. */
static inline void torch_write(bc_proto *to, const bc_model *model, int is_zip, const char *foreign)
{
    static torch_tensors list;
    bc_proto pickle = {0};
    list.n = 0;
    torch_list(&list, model);
    size_t n = 0;
    while (foreign && memcmp(foreign + n, "R0", 2) != 0)
        n++;
    torch_pickle(&pickle, &list, foreign, foreign ? n + 2 : 0);
    (is_zip ? torch_zip : torch_old)(to, &list, &pickle);
    bc_proto_free(&pickle);
}

#endif
