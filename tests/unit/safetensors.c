/* safetensors: every rule of the format is enforced, and a failed write harms nothing. */
#include "model/safetensors.h"

#include <dirent.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"

static char last[1024]; /* the last message */
static bc_log messages;

/* A file of this header and `n_data` bytes of data, counting up from 0. */
static bc_status parse(bc_safetensors **file, const char *header, size_t n_data)
{
    const size_t n_header = strlen(header);
    uint8_t *bytes = calloc(1, 8 + n_header + n_data);
    if (!bytes)
        return BC_ERR_MEMORY;
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)((uint64_t)n_header >> 8 * i);
    memcpy(bytes + 8, header, n_header);
    for (size_t i = 0; i < n_data; i++)
        bytes[8 + n_header + i] = (uint8_t)i;
    last[0] = '\0';
    const bc_status status =
        bc_safetensors_parse(file, bytes, 8 + n_header + n_data, "FILE", &messages);
    free(bytes);
    return status;
}

static void check_refused(const char *header, size_t n_data, const char *reason)
{
    bc_safetensors *file;
    const int refused = CHECK_INT(parse(&file, header, n_data), BC_ERR_FORMAT) && CHECK(!file) &&
                        CHECK(strstr(last, reason)) && CHECK(strncmp(last, "FILE: ", 6) == 0);
    if (!refused)
        fprintf(stderr, "    header %s\n    message '%s', expected '%s'\n", header, last, reason);
    bc_safetensors_close(&file);
}

#define A "\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}"
#define TENSOR(dtype, shape, offsets)                                                              \
    "{\"a\":{\"dtype\":" dtype ",\"shape\":" shape ",\"data_offsets\":" offsets "}}"

static void test_refused_headers(void)
{
    check_refused("", 0, "does not begin with '{'");
    check_refused(" {}", 0, "does not begin with '{'");
    check_refused("[]", 0, "does not begin with '{'");
    check_refused("{", 0, "the header's JSON");
    check_refused("{}x", 0, "the header's JSON");
    check_refused("{\"a\\u0000\":1}", 0, "the header's JSON");
    check_refused("{\"\xff\":1}", 0, "the header's JSON");
    check_refused("{" A "," A "}", 4, "duplicate");
    check_refused("{\"a\":[[[[[[[[]]]]]]]]}", 0, "more brackets");
    check_refused("{\"a\":[{},{},{},{},{},{},{},{},{}]}", 0, "more brackets");
    check_refused("{\"a\\\"\":[{},{},{},{},{},{},{},{}]}", 0, "more brackets");
    check_refused("{\"__metadata__\":7}", 0, "__metadata__ is no object");
    check_refused("{\"__metadata__\":{\"key\":7}}", 0, "is no string");
}

static void test_refused_tensors(void)
{
    check_refused("{\"a\":7}", 0, "tensor 'a': is not described by");
    check_refused("{\"a\":{}}", 0, "tensor 'a': is not described by");
    check_refused(TENSOR("\"U8\"", "[4]", "[0,4],\"more\":1"), 4, "is not described by");
    check_refused(TENSOR("7", "[4]", "[0,4]"), 4, "tensor 'a': dtype is missing or unknown");
    check_refused(TENSOR("\"F31\"", "[4]", "[0,4]"), 4, "tensor 'a': dtype");
    check_refused(TENSOR("\"U8\"", "4", "[0,4]"), 4, "shape is no array");
    check_refused(TENSOR("\"U8\"", "[-4]", "[0,4]"), 4, "shape holds something that is no count");
    check_refused(TENSOR("\"U8\"", "[4.0]", "[0,4]"), 4, "shape holds something that is no count");
    check_refused(TENSOR("\"U8\"", "[1,1,1,1,1,1,1,1,4]", "[0,4]"), 4, "too many dimensions");
    check_refused(TENSOR("\"U8\"", "[4294967296,4294967296]", "[0,0]"), 0, "shape is too large");
    check_refused(TENSOR("\"F32\"", "[4611686018427387904]", "[0,0]"), 0, "shape is too large");
    check_refused(TENSOR("\"U8\"", "[4]", "4"), 4, "data_offsets are not two counts");
    check_refused(TENSOR("\"U8\"", "[4]", "[0,4,4]"), 4, "data_offsets are not two counts");
    check_refused(TENSOR("\"U8\"", "[4]", "[-1,3]"), 4, "data_offsets are not two counts");
    check_refused(TENSOR("\"U8\"", "[4]", "[0.0,4]"), 4, "data_offsets are not two counts");
    check_refused(TENSOR("\"U8\"", "[4]", "[4,0]"), 4, "data_offsets lie outside");
    check_refused(TENSOR("\"U8\"", "[4]", "[0,4]"), 3, "data_offsets lie outside");
    check_refused(TENSOR("\"U8\"", "[3]", "[0,4]"), 4, "data_offsets disagree with");
    check_refused(TENSOR("\"F32\"", "[4]", "[0,4]"), 4, "data_offsets disagree with");
    check_refused(TENSOR("\"U8\"", "[4]", "[0,4]"), 5, "left over");
    check_refused("{\"a\\n\":{}}", 0, "control characters");
    check_refused("{" A ",\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[3,7]}}", 7,
                  "tensor 'b': overlaps");
    check_refused("{" A ",\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[5,9]}}", 9,
                  "tensor 'b': leaves a gap");
}

static void test_refused_lengths(void)
{
    bc_safetensors *file;
    uint8_t bytes[10] = {3, 0, 0, 0, 0, 0, 0, 0, '{', '}'};
    for (size_t size = 0; size < 8; size++)
        CHECK_INT(bc_safetensors_parse(&file, bytes, size, "FILE", &messages), BC_ERR_FORMAT);
    CHECK_INT(bc_safetensors_parse(&file, bytes, 10, "FILE", &messages), BC_ERR_FORMAT);
    CHECK(strstr(last, "longer than the file"));
    bytes[0] = 2;
    CHECK_INT(bc_safetensors_parse(&file, bytes, 10, "FILE", &messages), BC_OK);
    CHECK_INT(bc_safetensors_count(file), 0);
    bc_safetensors_close(&file);
    memset(bytes, 0xff, 8);
    CHECK_INT(bc_safetensors_parse(&file, bytes, 10, "FILE", &messages), BC_ERR_FORMAT);

    const size_t size = (1 << 20) + 1;
    char *header = malloc(size + 1);
    if (!CHECK(header))
        return;
    snprintf(header, size + 1, "{}%*s", (int)size - 2, "");
    check_refused(header, 0, "longer than 1 MiB");
    header[size - 1] = '\0';
    CHECK_INT(parse(&file, header, 0), BC_OK);
    bc_safetensors_close(&file);
    free(header);
}

static void test_accepted(void)
{
    bc_safetensors *file;
    const char *header =
        "{\"b\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[3,7]},"
        "\"__metadata__\":{\"key\":\"value {{{{[[[[\"},"
        "\"c\":{\"shape\":[2,0],\"data_offsets\":[3,3],\"dtype\":\"BF16\"},"
        "\"a\":{\"dtype\":\"U8\",\"shape\":[1,1,1,1,1,1,1,3],\"data_offsets\":[0,3]}}   ";
    if (!CHECK_INT(parse(&file, header, 7), BC_OK)) {
        fprintf(stderr, "    %s\n", last);
        return;
    }
    CHECK_INT(bc_safetensors_count(file), 3);
    const bc_tensor *a = bc_safetensors_at(file, 0), *b = bc_safetensors_find(file, "b");
    CHECK(strcmp(a->name, "a") == 0 && a->dtype == BC_DTYPE_U8 && a->n_dims == 8);
    CHECK_INT(a->shape[7], 3);
    CHECK(memcmp(a->data, "\0\1\2", 3) == 0);
    CHECK(b == bc_safetensors_at(file, 1) && b->dtype == BC_DTYPE_F32 && b->n_dims == 0);
    CHECK(memcmp(b->data, "\3\4\5\6", 4) == 0);
    CHECK((uintptr_t)b->data % 16 == 0);
    CHECK_INT(bc_safetensors_at(file, 2)->dtype, BC_DTYPE_OTHER);
    CHECK(!bc_safetensors_find(file, "d") && !bc_safetensors_metadata(file, "none"));
    CHECK(strcmp(bc_safetensors_metadata(file, "key"), "value {{{{[[[[") == 0);
    bc_safetensors_close(&file);
    bc_safetensors_close(&file);
}

/* The dearest header to hold: as many short strings as it has room for. */
static void test_memory(void)
{
    enum { N_KEYS = 50000, SIZE = N_KEYS * 12 + 32 };
    char *header = malloc(SIZE);
    bc_safetensors *file;
    if (!CHECK(header))
        return;
    int n = snprintf(header, SIZE, "{\"__metadata__\":{\"\":\"\"");
    for (int i = 0; i < N_KEYS; i++)
        n += snprintf(header + n, (size_t)(SIZE - n), ",\"%x\":\"\"", (unsigned)i);
    snprintf(header + n, (size_t)(SIZE - n), "}}");
    const size_t before = mallinfo2().uordblks;
    CHECK_INT(parse(&file, header, 0), BC_OK);
    CHECK_AT_MOST(mallinfo2().uordblks - before, 32.0 * n);
    bc_safetensors_close(&file);
    free(header);
}

/* Writing ---------------------------------------------------------------------------------- */

static const float floats[6] = {1, 2, 3, 4, 5, 6};
static const bc_tensor tensors[] = {
    {.name = "odd",
     .dtype = BC_DTYPE_U8,
     .n_dims = 1,
     .shape = {3},
     .data = "abc",
     .size_bytes = 3},
    {.name = "floats \"\xc3\xa4\"",
     .dtype = BC_DTYPE_F32,
     .n_dims = 2,
     .shape = {2, 3},
     .data = floats,
     .size_bytes = sizeof(floats)},
};
static const bc_metadata metadata[] = {{"title", "a \"painting\"\n"}, {"year", "1889"}};

static int n_files(const char *folder)
{
    DIR *dir = opendir(folder);
    int n = -2; /* . and .. */
    while (dir && readdir(dir))
        n++;
    closedir(dir);
    return n;
}

static void check_written(const char *path)
{
    bc_safetensors *file;
    struct stat info;
    if (!CHECK_INT(bc_safetensors_open(&file, path, &messages), BC_OK))
        return;
    CHECK_INT(bc_safetensors_count(file), 2);
    const bc_tensor *read = bc_safetensors_find(file, tensors[1].name);
    if (CHECK(read && read->n_dims == 2 && read->size_bytes == sizeof(floats)))
        CHECK(memcmp(read->data, floats, sizeof(floats)) == 0 && read->shape[1] == 3);
    CHECK(strcmp(bc_safetensors_metadata(file, "title"), metadata[0].value) == 0);
    CHECK(strcmp(bc_safetensors_metadata(file, "year"), "1889") == 0);
    bc_safetensors_close(&file);
    CHECK(stat(path, &info) == 0 && (info.st_mode & 0444) == 0444);
}

/* A file system that is full looks like this limit: writing stops in the middle. */
static void test_full(const char *folder, const char *path)
{
    struct rlimit limit, small;
    getrlimit(RLIMIT_FSIZE, &limit);
    small = limit;
    small.rlim_cur = 100;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    const bc_status status = bc_safetensors_write(path, tensors, 2, metadata, 2, &messages);
    setrlimit(RLIMIT_FSIZE, &limit);
    CHECK_INT(status, BC_ERR_IO);
    CHECK(strstr(last, "cannot write: File too large"));
    CHECK_INT(n_files(folder), 1);
    check_written(path);
}

static void test_write(void)
{
    char folder[] = "/tmp/brushcast-test-XXXXXX", path[64], missing[64];
    if (!CHECK(mkdtemp(folder)))
        return;
    snprintf(path, sizeof(path), "%s/x.safetensors", folder);
    snprintf(missing, sizeof(missing), "%s/none/x.safetensors", folder);
    CHECK_INT(bc_safetensors_write(path, tensors, 1, NULL, 0, &messages), BC_OK);
    CHECK_INT(bc_safetensors_write(path, tensors, 2, metadata, 2, &messages), BC_OK);
    CHECK_INT(n_files(folder), 1);
    check_written(path);

    CHECK_INT(bc_safetensors_write(missing, tensors, 2, NULL, 0, &messages), BC_ERR_IO);
    CHECK(strstr(last, missing) && strstr(last, "No such file"));
    const bc_tensor twice[] = {tensors[0], tensors[0]};
    CHECK_INT(bc_safetensors_write(path, twice, 2, NULL, 0, &messages), BC_ERR_ARGUMENT);
    bc_tensor unnamed = tensors[0];
    unnamed.name = "\xff";
    CHECK_INT(bc_safetensors_write(path, &unnamed, 1, NULL, 0, &messages), BC_ERR_ARGUMENT);
    bc_tensor wrong_size = tensors[1];
    wrong_size.size_bytes--;
    CHECK_INT(bc_safetensors_write(path, &wrong_size, 1, NULL, 0, &messages), BC_ERR_ARGUMENT);
    const bc_metadata bad = {"key", "\xff"};
    CHECK_INT(bc_safetensors_write(path, tensors, 2, &bad, 1, &messages), BC_ERR_ARGUMENT);
    CHECK_INT(n_files(folder), 1);
    check_written(path);
    test_full(folder, path);

    bc_safetensors *file;
    CHECK_INT(bc_safetensors_open(&file, missing, &messages), BC_ERR_IO);
    CHECK_INT(bc_safetensors_open(&file, folder, &messages), BC_ERR_IO);
    CHECK(strstr(last, "not a regular file") && !file);
    unlink(path);
    rmdir(folder);
}

int main(void)
{
    messages = test_log(last);
    test_refused_headers();
    test_refused_tensors();
    test_refused_lengths();
    test_accepted();
    test_memory();
    test_write();
    return TEST_END();
}
