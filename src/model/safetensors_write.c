#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "model/safetensors.h"

/* NULL if the tensor's size and shape disagree, or without memory. */
static json_t *describe_tensor(const bc_tensor *tensor, size_t begin)
{
    const char *dtype = tensor->dtype == BC_DTYPE_F32 ? "F32" : "U8";
    size_t size = tensor->dtype == BC_DTYPE_F32 ? sizeof(float) : 1;
    json_t *shape = json_array();
    for (int i = 0; i < tensor->n_dims; i++) {
        json_array_append_new(shape, json_integer(tensor->shape[i]));
        size *= (size_t)tensor->shape[i];
    }
    json_t *entry = json_pack("{s:s, s:o, s:[I,I]}", "dtype", dtype, "shape", shape, "data_offsets",
                              (json_int_t)begin, (json_int_t)(begin + tensor->size_bytes));
    if (tensor->dtype != BC_DTYPE_OTHER && size == tensor->size_bytes)
        return entry;
    json_decref(entry);
    return NULL;
}

/* NULL if a text is no UTF-8, a name there twice or a size wrong, or without memory. */
static json_t *describe(const bc_tensor *tensors, int n_tensors, const bc_metadata *metadata,
                        int n_metadata)
{
    json_t *header = json_object(), *strings = json_object();
    int n_failed = json_object_set_new(header, "__metadata__", strings) != 0;
    for (int i = 0; i < n_metadata; i++)
        n_failed += json_object_set_new(strings, metadata[i].key, json_string(metadata[i].value));
    size_t begin = 0;
    for (int i = 0; i < n_tensors; i++) {
        n_failed += json_object_get(header, tensors[i].name) != NULL;
        n_failed +=
            json_object_set_new(header, tensors[i].name, describe_tensor(&tensors[i], begin)) != 0;
        begin += tensors[i].size_bytes;
    }
    if (n_failed == 0)
        return header;
    json_decref(header);
    return NULL;
}

/* The header's text, padded with spaces so that the data begin at a multiple of 8; NULL on failure.
 */
static char *make_header(const bc_tensor *tensors, int n_tensors, const bc_metadata *metadata,
                         int n_metadata)
{
    json_t *header = describe(tensors, n_tensors, metadata, n_metadata);
    char *text = header ? json_dumps(header, JSON_COMPACT) : NULL;
    json_decref(header);
    char *padded = NULL;
    if (text && asprintf(&padded, "%*s", -(int)((strlen(text) + 7) / 8 * 8), text) < 0)
        padded = NULL;
    free(text);
    return padded;
}

/* 0, or -1 with errno set. */
static int write_stream(FILE *stream, const char *header, const bc_tensor *tensors, int n_tensors)
{
    uint8_t length[8];
    for (int i = 0; i < 8; i++)
        length[i] = (uint8_t)((uint64_t)strlen(header) >> 8 * i);
    if (fwrite(length, 1, 8, stream) != 8 || fputs(header, stream) == EOF)
        return -1;
    for (int i = 0; i < n_tensors; i++) {
        if (fwrite(tensors[i].data, 1, tensors[i].size_bytes, stream) != tensors[i].size_bytes)
            return -1;
    }
    return fflush(stream) == 0 && fsync(fileno(stream)) == 0 ? 0 : -1;
}

static int write_new_file(const char *path, const char *header, const bc_tensor *tensors,
                          int n_tensors)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return -1;
    FILE *stream = fdopen(fd, "wb");
    int result = stream ? write_stream(stream, header, tensors, n_tensors) : -1;
    int reason = errno;
    if ((stream ? fclose(stream) : close(fd)) != 0 && result == 0) {
        result = -1;
        reason = errno;
    }
    errno = reason;
    return result;
}

bc_status bc_safetensors_write(const char *path, const bc_tensor *tensors, int n_tensors,
                               const bc_metadata *metadata, int n_metadata, const bc_log *log)
{
    char *header = make_header(tensors, n_tensors, metadata, n_metadata);
    char *part = NULL;
    if (!header)
        return bc_fail(log, BC_ERR_ARGUMENT,
                       "%s: a text is no UTF-8, a name there twice or a size wrong", path);
    bc_status status = BC_OK;
    if (asprintf(&part, "%s.%" PRIx64 ".part", path, (uint64_t)bc_clock_ns()) < 0) {
        free(header);
        return bc_fail(log, BC_ERR_MEMORY, "%s: out of memory", path);
    }
    if (write_new_file(part, header, tensors, n_tensors) < 0 || rename(part, path) < 0) {
        status = bc_fail(log, BC_ERR_IO, "%s: cannot write: %s", path, strerror(errno));
        unlink(part);
    }
    free(part);
    free(header);
    return status;
}
