#include "model/safetensors.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"

enum { LENGTH_BYTES = 8, MAX_HEADER_BYTES = 1 << 20, ALIGNMENT = 16 };

static const char metadata_name[] = "__metadata__";

typedef struct entry {
    bc_tensor tensor;
    uint64_t begin, end; /* of its bytes, from the header's end */
} entry;

struct bc_safetensors {
    atomic_int n_users; /* the last to close it frees it */
    json_t *header;     /* owns the tensors' names and the metadata */
    int n_entries;
    entry *entries; /* in order of name */
    uint8_t *data;
};

/* What is being read, and how to speak of it. */
typedef struct source {
    FILE *stream;
    uint64_t size;
    const char *name;
    const bc_log *log;
} source;

static bc_status fail_file(const source *src, const char *reason)
{
    return bc_fail(src->log, BC_ERR_FORMAT, "%s: %s", src->name, reason);
}

static bc_status fail_tensor(const source *src, const char *tensor, const char *reason)
{
    return bc_fail(src->log, BC_ERR_FORMAT, "%s: tensor '%.100s': %s", src->name, tensor, reason);
}

static bc_status fail_memory(const source *src)
{
    return bc_fail(src->log, BC_ERR_MEMORY, "%s: out of memory", src->name);
}

static bc_status read_bytes(const source *src, void *bytes, size_t size)
{
    if (fread(bytes, 1, size, src->stream) == size)
        return BC_OK;
    if (ferror(src->stream))
        return bc_fail(src->log, BC_ERR_IO, "%s: cannot read: %s", src->name, strerror(errno));
    return fail_file(src, "became shorter while it was read");
}

/* Header ----------------------------------------------------------------------------------- */

/*
 * The JSON reader takes some hundred bytes for each pair of brackets. A tensor needs three pairs
 * in no less than 50 bytes, so a header with more of them than that is an attack on memory.
 */
static bool brackets_are_plausible(const char *text, size_t size)
{
    size_t n_brackets = 0;
    bool in_string = false;
    for (size_t i = 0; i < size; i++) {
        if (in_string && text[i] == '\\')
            i++;
        else if (text[i] == '"')
            in_string = !in_string;
        else if (!in_string && (text[i] == '{' || text[i] == '['))
            n_brackets++;
    }
    return n_brackets <= 2 + size / 16;
}

static bc_status parse_header(bc_safetensors *file, const source *src, const char *text,
                              size_t size)
{
    if (size == 0 || text[0] != '{')
        return fail_file(src, "the header does not begin with '{'");
    if (!brackets_are_plausible(text, size))
        return fail_file(src, "the header has more brackets than its tensors need");
    json_error_t error;
    file->header = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
    if (file->header)
        return BC_OK;
    return bc_fail(src->log, BC_ERR_FORMAT, "%s: the header's JSON: %s (byte %d)", src->name,
                   error.text, error.position);
}

static bc_status read_header(bc_safetensors *file, const source *src, uint64_t *data_size)
{
    uint8_t length[LENGTH_BYTES];
    if (src->size < LENGTH_BYTES)
        return fail_file(src, "shorter than a header's length");
    bc_status status = read_bytes(src, length, LENGTH_BYTES);
    if (status < 0)
        return status;
    uint64_t size = 0;
    for (int i = LENGTH_BYTES - 1; i >= 0; i--)
        size = size << 8 | length[i];
    if (size > src->size - LENGTH_BYTES)
        return fail_file(src, "the header is longer than the file");
    if (size > MAX_HEADER_BYTES)
        return fail_file(src, "the header is longer than 1 MiB");
    char *text = malloc(size + 1);
    if (!text)
        return fail_memory(src);
    status = read_bytes(src, text, size);
    if (status == BC_OK)
        status = parse_header(file, src, text, size);
    free(text);
    *data_size = src->size - LENGTH_BYTES - size;
    return status;
}

/* Entries ---------------------------------------------------------------------------------- */

static bool is_printable(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return false;
    }
    return true;
}

/* Bytes of one element, or 0 for an unknown dtype. */
static size_t dtype_size(const char *name)
{
    static const struct {
        const char *name;
        size_t size;
    } dtypes[] = {{"F32", 4}, {"U8", 1},      {"F64", 8},     {"I64", 8},  {"U64", 8},
                  {"I32", 4}, {"U32", 4},     {"F16", 2},     {"I16", 2},  {"U16", 2},
                  {"I8", 1},  {"F8_E4M3", 1}, {"F8_E5M2", 1}, {"BF16", 2}, {"BOOL", 1}};
    for (size_t i = 0; i < sizeof(dtypes) / sizeof(dtypes[0]); i++) {
        if (strcmp(name, dtypes[i].name) == 0)
            return dtypes[i].size;
    }
    return 0;
}

static bc_dtype dtype_of(const char *name)
{
    if (strcmp(name, "F32") == 0)
        return BC_DTYPE_F32;
    return strcmp(name, "U8") == 0 ? BC_DTYPE_U8 : BC_DTYPE_OTHER;
}

static bool get_count(const json_t *value, uint64_t *count)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return false;
    *count = (uint64_t)json_integer_value(value);
    return true;
}

/* Fills in n_dims and shape; NULL, or what is wrong. `size` becomes the bytes of all elements. */
static const char *parse_shape(bc_tensor *tensor, const json_t *shape, uint64_t *size)
{
    if (!json_is_array(shape))
        return "shape is no array";
    if (json_array_size(shape) > BC_TENSOR_MAX_DIMS)
        return "shape has too many dimensions";
    tensor->n_dims = (int)json_array_size(shape);
    for (int i = 0; i < tensor->n_dims; i++) {
        uint64_t extent;
        if (!get_count(json_array_get(shape, (size_t)i), &extent))
            return "shape holds something that is no count";
        tensor->shape[i] = (int64_t)extent;
        if (__builtin_mul_overflow(*size, extent, size))
            return "shape is too large";
    }
    return NULL;
}

static const char *parse_entry(entry *e, const json_t *value, uint64_t data_size)
{
    if (!json_is_object(value) || json_object_size(value) != 3)
        return "is not described by dtype, shape and data_offsets";
    const char *dtype = json_string_value(json_object_get(value, "dtype"));
    if (!dtype || dtype_size(dtype) == 0)
        return "dtype is missing or unknown";
    uint64_t size = dtype_size(dtype);
    const char *wrong = parse_shape(&e->tensor, json_object_get(value, "shape"), &size);
    if (wrong)
        return wrong;
    const json_t *offsets = json_object_get(value, "data_offsets");
    if (json_array_size(offsets) != 2 || !get_count(json_array_get(offsets, 0), &e->begin) ||
        !get_count(json_array_get(offsets, 1), &e->end))
        return "data_offsets are not two counts";
    if (e->begin > e->end || e->end > data_size)
        return "data_offsets lie outside the file";
    if (e->end - e->begin != size)
        return "data_offsets disagree with dtype and shape";
    e->tensor.dtype = dtype_of(dtype);
    e->tensor.size_bytes = (size_t)size;
    return NULL;
}

static bc_status check_metadata(const bc_safetensors *file, const source *src)
{
    json_t *metadata = json_object_get(file->header, metadata_name);
    if (metadata && !json_is_object(metadata))
        return fail_file(src, "__metadata__ is no object");
    const char *key;
    json_t *value;
    json_object_foreach(metadata, key, value)
    {
        if (!json_is_string(value))
            return fail_file(src, "__metadata__ holds something that is no string");
    }
    return BC_OK;
}

static bc_status parse_entries(bc_safetensors *file, const source *src, uint64_t data_size)
{
    file->entries = calloc(json_object_size(file->header) + 1, sizeof(*file->entries));
    if (!file->entries)
        return fail_memory(src);
    const char *name;
    json_t *value;
    json_object_foreach(file->header, name, value)
    {
        if (strcmp(name, metadata_name) == 0)
            continue;
        if (!is_printable(name))
            return fail_file(src, "a tensor's name holds control characters");
        entry *e = &file->entries[file->n_entries++];
        e->tensor.name = name;
        const char *wrong = parse_entry(e, value, data_size);
        if (wrong)
            return fail_tensor(src, name, wrong);
    }
    return check_metadata(file, src);
}

/* Data ------------------------------------------------------------------------------------- */

static int compare_places(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return (x->end > y->end) - (x->end < y->end);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const entry *)a)->tensor.name, ((const entry *)b)->tensor.name);
}

/* Of entries in order of place: every byte of the file belongs to one tensor. */
static bc_status check_places(const bc_safetensors *file, const source *src, uint64_t data_size)
{
    uint64_t place = 0;
    for (int i = 0; i < file->n_entries; i++) {
        const entry *e = &file->entries[i];
        if (e->begin < place)
            return fail_tensor(src, e->tensor.name, "overlaps the tensor before it");
        if (e->begin > place)
            return fail_tensor(src, e->tensor.name, "leaves a gap before it");
        place = e->end;
    }
    return place == data_size ? BC_OK : fail_file(src, "bytes are left over after the last tensor");
}

static size_t aligned(size_t size)
{
    return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* Tensors lie anywhere in a file; in memory each begins aligned. */
static bc_status read_data(bc_safetensors *file, const source *src)
{
    size_t size = ALIGNMENT;
    for (int i = 0; i < file->n_entries; i++)
        size += aligned(file->entries[i].tensor.size_bytes);
    file->data = aligned_alloc(ALIGNMENT, size);
    if (!file->data)
        return fail_memory(src);
    uint8_t *place = file->data;
    for (int i = 0; i < file->n_entries; i++) {
        bc_tensor *tensor = &file->entries[i].tensor;
        const bc_status status = read_bytes(src, place, tensor->size_bytes);
        if (status < 0)
            return status;
        tensor->data = place;
        place += aligned(tensor->size_bytes);
    }
    return BC_OK;
}

static bc_status read_file(bc_safetensors *file, const source *src)
{
    uint64_t data_size = 0;
    bc_status status = read_header(file, src, &data_size);
    if (status == BC_OK)
        status = parse_entries(file, src, data_size);
    if (status < 0)
        return status;
    qsort(file->entries, (size_t)file->n_entries, sizeof(entry), compare_places);
    status = check_places(file, src, data_size);
    if (status == BC_OK)
        status = read_data(file, src);
    qsort(file->entries, (size_t)file->n_entries, sizeof(entry), compare_names);
    return status;
}

/* Interface -------------------------------------------------------------------------------- */

static bc_status open_source(bc_safetensors **file, const source *src)
{
    *file = calloc(1, sizeof(**file));
    if (*file)
        atomic_init(&(*file)->n_users, 1);
    const bc_status status = *file ? read_file(*file, src) : fail_memory(src);
    if (status < 0)
        bc_safetensors_close(file);
    return status;
}

bc_status bc_safetensors_open(bc_safetensors **file, const char *path, const bc_log *log)
{
    *file = NULL;
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a pipe would block */
    source src = {.stream = fd >= 0 ? fdopen(fd, "rb") : NULL, .name = path, .log = log};
    if (!src.stream)
        return bc_fail(log, BC_ERR_IO, "%s: cannot open: %s", path, strerror(errno));
    struct stat info;
    bc_status status;
    if (fstat(fileno(src.stream), &info) == 0 && S_ISREG(info.st_mode)) {
        src.size = (uint64_t)info.st_size;
        status = open_source(file, &src);
    } else {
        status = bc_fail(log, BC_ERR_IO, "%s: not a regular file", path);
    }
    fclose(src.stream);
    return status;
}

bc_status bc_safetensors_parse(bc_safetensors **file, const void *bytes, size_t size,
                               const char *name, const bc_log *log)
{
    *file = NULL;
    source src = {.size = size, .name = name, .log = log};
    if (size < LENGTH_BYTES)
        return fail_file(&src, "shorter than a header's length");
    src.stream = fmemopen((void *)(uintptr_t)bytes, size, "rb");
    if (!src.stream)
        return fail_memory(&src);
    const bc_status status = open_source(file, &src);
    fclose(src.stream);
    return status;
}

bc_safetensors *bc_safetensors_ref(bc_safetensors *file)
{
    atomic_fetch_add(&file->n_users, 1);
    return file;
}

void bc_safetensors_close(bc_safetensors **file_in)
{
    bc_safetensors *file = *file_in;
    *file_in = NULL;
    if (!file || atomic_fetch_sub(&file->n_users, 1) > 1)
        return;
    json_decref(file->header);
    free(file->entries);
    free(file->data);
    free(file);
}

int bc_safetensors_count(const bc_safetensors *file)
{
    return file->n_entries;
}

const bc_tensor *bc_safetensors_at(const bc_safetensors *file, int index)
{
    assert(index >= 0 && index < file->n_entries);
    return &file->entries[index].tensor;
}

const bc_tensor *bc_safetensors_find(const bc_safetensors *file, const char *name)
{
    const entry key = {.tensor.name = name};
    const entry *e =
        bsearch(&key, file->entries, (size_t)file->n_entries, sizeof(entry), compare_names);
    return e ? &e->tensor : NULL;
}

const char *bc_safetensors_metadata(const bc_safetensors *file, const char *key)
{
    return json_string_value(json_object_get(json_object_get(file->header, metadata_name), key));
}
