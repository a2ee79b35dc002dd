#include "import/torch_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "import/pickle.h"
#include "import/zip.h"

/* The first pickle of a file without a zip: this number, of ten bytes. */
static const uint8_t old_start[] = {0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c,
                                    0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19};

enum { N_PICKLES_BEFORE = 3 /* magic number, protocol, machine */ };

static bool is_old(const uint8_t *bytes, size_t size)
{
    return size >= sizeof(old_start) && memcmp(bytes, old_start, sizeof(old_start)) == 0;
}

bool bc_torch_file_is(const uint8_t *bytes, size_t size)
{
    return bc_zip_is(bytes, size) || is_old(bytes, size);
}

/* Tensors ---------------------------------------------------------------------------------- */

/* False if the storage is too small, or the list takes no more. */
static bool add_tensor(bc_named_tensors *list, const bc_pickle_tensor *tensor, bc_wire storage)
{
    char name[BC_NAMED_SIZE];
    uint64_t n = 1, bits = 0;
    const uint64_t size = (uint64_t)bc_element_size(tensor->element),
                   most = bc_wire_size(storage) / size;
    for (int i = 0; i < tensor->rank; i++)
        n *= (uint64_t)tensor->dims[i]; /* of 15 bits each */
    if ((uint64_t)tensor->offset > most || n > most - (uint64_t)tensor->offset)
        return false;
    storage.at += (uint64_t)tensor->offset * size;
    bc_span_copy(name, sizeof(name), tensor->name);
    bc_named_tensor *added = bc_named_add(list, name, tensor->rank, tensor->dims);
    for (uint64_t i = 0; added && i < n; i++) {
        bc_wire_little_endian(&storage, (int)size, &bits);
        added->values[i] = (float)bc_element_decode(tensor->element, bits);
    }
    return added != NULL;
}

static bc_status fail_storage(const bc_pickle_tensor *tensor, const char *path, const bc_log *log)
{
    char name[BC_NAMED_SIZE];
    bc_span_copy(name, sizeof(name), tensor->name);
    return bc_fail(log, BC_ERR_FORMAT, "%s: the numbers of '%s' are not there, or too many", path,
                   name);
}

/* A zip ------------------------------------------------------------------------------------ */

static bc_status read_zip(bc_named_tensors *list, bc_pickle *pickle, const uint8_t *bytes,
                          size_t size, const char *path, const bc_log *log)
{
    bc_wire file;
    if (!bc_zip_find(&file, bytes, size, "/data.pkl"))
        return bc_fail(log, BC_ERR_FORMAT, "%s: has no data.pkl of PyTorch's, or is damaged", path);
    bc_status status = bc_pickle_read(pickle, &file, path, log);
    for (int i = 0; i < pickle->n_tensors && status == BC_OK; i++) {
        char key[32], ending[48];
        const bc_pickle_tensor *tensor = &pickle->tensors[i];
        bc_span_copy(key, sizeof(key), tensor->storage);
        snprintf(ending, sizeof(ending), "/data/%s", key);
        if (!bc_zip_find(&file, bytes, size, ending) || !add_tensor(list, tensor, file))
            status = fail_storage(tensor, path, log);
    }
    return status;
}

/* Before the zip --------------------------------------------------------------------------- */

/* Its elements are those of the tensors in it. NULL: no tensor is. */
static const bc_pickle_tensor *find_user(const bc_pickle *pickle, bc_span storage)
{
    for (int i = 0; i < pickle->n_tensors; i++)
        if (bc_span_same(pickle->tensors[i].storage, storage))
            return &pickle->tensors[i];
    return NULL;
}

static bc_status read_storage(bc_named_tensors *list, const bc_pickle *pickle, bc_span key,
                              bc_wire *rest, const char *path, const bc_log *log)
{
    uint64_t n = 0;
    const bc_pickle_tensor *user = find_user(pickle, key);
    const uint64_t size = user ? (uint64_t)bc_element_size(user->element) : 1;
    if (!user || !bc_wire_little_endian(rest, 8, &n) || n > bc_wire_size(*rest) / size)
        return bc_fail(log, BC_ERR_FORMAT, "%s: has a storage that no tensor is in, or is cut",
                       path);
    const bc_wire storage = {rest->at, rest->at + n * size};
    rest->at = storage.end;
    for (int i = 0; i < pickle->n_tensors; i++) {
        const bc_pickle_tensor *tensor = &pickle->tensors[i];
        if (bc_span_same(tensor->storage, key) &&
            (tensor->element != user->element || !add_tensor(list, tensor, storage)))
            return fail_storage(tensor, path, log);
    }
    return BC_OK;
}

static bc_status read_old(bc_named_tensors *list, bc_pickle *pickle, bc_pickle *keys, bc_wire rest,
                          const char *path, const bc_log *log)
{
    bc_status status = BC_OK;
    for (int i = 0; i < N_PICKLES_BEFORE && status == BC_OK; i++)
        status = bc_pickle_read(pickle, &rest, path, log);
    if (status == BC_OK)
        status = bc_pickle_read(pickle, &rest, path, log);
    if (status == BC_OK)
        status = bc_pickle_read(keys, &rest, path, log);
    for (int i = 0; status == BC_OK && i < keys->n_keys; i++)
        status = read_storage(list, pickle, keys->keys[i], &rest, path, log);
    return status;
}

bc_status bc_torch_file_read(bc_named_tensors *list, const uint8_t *bytes, size_t size,
                             const char *path, const bc_log *log)
{
    bc_pickle *pickles = calloc(2, sizeof(*pickles));
    bc_status status = BC_ERR_MEMORY;
    if (!pickles)
        bc_fail(log, status, "no memory for %s", path);
    else if (bc_zip_is(bytes, size))
        status = read_zip(list, &pickles[0], bytes, size, path, log);
    else
        status =
            read_old(list, &pickles[0], &pickles[1], (bc_wire){bytes, bytes + size}, path, log);
    free(pickles);
    return status;
}
