/*
 * copies.h: what the tests of model/ share: a folder of the test's own, copies of safetensors files
 * that are changed and written there, and refusals.
 */
#ifndef BC_TESTS_UNIT_COPIES_H
#define BC_TESTS_UNIT_COPIES_H

#include <string.h>

#include "model/model.h"
#include "test.h"

#define GOLDEN BC_TESTS_DIR "/golden/"

enum { MAX_TENSORS = 64, MAX_METADATA = 16 };

static char last[1024]; /* the last message */
static bc_log messages;
static char folder[] = "/tmp/brushcast-test-XXXXXX";

/* "FOLDER/NAME" of this test's own folder, in one of two buffers. */
static inline const char *in_folder(const char *name)
{
    static char paths[2][128];
    static int next;
    next = !next;
    snprintf(paths[next], sizeof(paths[next]), "%s/%s", folder, name);
    return paths[next];
}

/* The contents of a file, to be changed and written elsewhere. */
typedef struct contents {
    bc_safetensors *file;
    int n_tensors, n_metadata;
    bc_tensor tensors[MAX_TENSORS];
    bc_metadata metadata[MAX_METADATA];
} contents;

static inline int read_contents(contents *c, const char *path)
{
    static const char *const keys[] = {
        "brushcast.format",   "brushcast.kind",        "brushcast.name", "brushcast.widths",
        "brushcast.upsample", "brushcast.autoencoder", "brushcast.id",   "title"};
    *c = (contents){0};
    if (!CHECK_INT(bc_safetensors_open(&c->file, path, &messages), BC_OK))
        return 0;
    c->n_tensors = bc_safetensors_count(c->file);
    for (int i = 0; i < c->n_tensors; i++)
        c->tensors[i] = *bc_safetensors_at(c->file, i);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const char *value = bc_safetensors_metadata(c->file, keys[i]);
        if (value)
            c->metadata[c->n_metadata++] = (bc_metadata){keys[i], value};
    }
    return 1;
}

static inline bc_tensor *tensor_of(contents *c, const char *name)
{
    int i = 0;
    while (strcmp(c->tensors[i].name, name) != 0)
        i++;
    return &c->tensors[i];
}

static inline void add_tensor(contents *c, const bc_tensor *tensor, const char *name)
{
    c->tensors[c->n_tensors] = *tensor;
    c->tensors[c->n_tensors++].name = name;
}

static inline void set_metadata(contents *c, const char *key, const char *value)
{
    int i = 0;
    while (i < c->n_metadata && strcmp(c->metadata[i].key, key) != 0)
        i++;
    c->metadata[i] = (bc_metadata){key, value};
    if (i == c->n_metadata)
        c->n_metadata++;
}

static inline void remove_metadata(contents *c, const char *key)
{
    int i = 0;
    while (strcmp(c->metadata[i].key, key) != 0)
        i++;
    c->metadata[i] = c->metadata[--c->n_metadata];
}

static inline void write_contents(contents *c, const char *path)
{
    CHECK_INT(
        bc_safetensors_write(path, c->tensors, c->n_tensors, c->metadata, c->n_metadata, &messages),
        BC_OK);
    bc_safetensors_close(&c->file);
}

static inline void check_refused(const char *path, bc_status status, bc_status expected,
                                 const char *reason)
{
    if (!CHECK_INT(status, expected) || !CHECK(strstr(last, path)) || !CHECK(strstr(last, reason)))
        fprintf(stderr, "    message '%s', expected '%s'\n", last, reason);
}

#endif
