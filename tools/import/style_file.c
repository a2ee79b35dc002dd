#include "import/style_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "import/ncnn.h"
#include "import/onnx_net.h"
#include "import/torch_file.h"

/* Nets of millions of weights take tens of them. */
enum { MAX_BYTES = 1 << 30 };

static bc_status read_onnx(bc_draft *draft, float *range, const void *bytes, size_t size,
                           const char *path, const bc_log *log)
{
    bc_onnx_model *model = malloc(sizeof(*model));
    if (!model)
        return bc_fail(log, BC_ERR_MEMORY, "no memory for %s", path);
    bc_status status = bc_onnx_model_read(model, bytes, size, path, log);
    if (status == BC_OK)
        status = bc_onnx_net_read(draft, range, model, path, log);
    free(model);
    return status;
}

static bc_status read_tensors(bc_draft *draft, const void *bytes, size_t size, const char *path,
                              const bc_log *log)
{
    bc_named_tensors *list = calloc(1, sizeof(*list));
    if (!list)
        return bc_fail(log, BC_ERR_MEMORY, "no memory for %s", path);
    bc_status status =
        (bc_ncnn_is(bytes, size) ? bc_ncnn_read : bc_torch_file_read)(list, bytes, size, path, log);
    if (status == BC_OK)
        status = bc_named_read_net(draft, list, path, log);
    bc_named_close(list);
    free(list);
    return status;
}

bc_status bc_style_file_read(bc_draft *draft, const void *bytes, size_t size, int range,
                             const char *path, const bc_log *log)
{
    float stated = 0;
    *draft = (bc_draft){.n = 0};
    const bc_status status = bc_torch_file_is(bytes, size) || bc_ncnn_is(bytes, size)
                                 ? read_tensors(draft, bytes, size, path, log)
                                 : read_onnx(draft, &stated, bytes, size, path, log);
    if (status == BC_OK)
        bc_draft_set_range(draft, range > 0 ? (float)range : stated > 0 ? stated : 255);
    return status;
}

static bc_status read_whole(uint8_t **bytes, size_t *size, FILE *file, const char *path,
                            const bc_log *log)
{
    const long end = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    if (end < 0 || fseek(file, 0, SEEK_SET) != 0)
        return bc_fail(log, BC_ERR_IO, "%s: cannot be read: %s", path, strerror(errno));
    if (end > MAX_BYTES)
        return bc_fail(log, BC_ERR_FORMAT, "%s: is a folder, or too large for a net", path);
    *size = (size_t)end;
    *bytes = malloc(*size + 1);
    if (!*bytes)
        return bc_fail(log, BC_ERR_MEMORY, "no memory for %s", path);
    if (fread(*bytes, 1, *size, file) != *size)
        return bc_fail(log, BC_ERR_IO, "%s: cannot be read", path);
    return BC_OK;
}

bc_status bc_style_file_open(bc_draft *draft, const char *path, int range, const bc_log *log)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    FILE *file = fopen(path, "rb");
    *draft = (bc_draft){.n = 0};
    if (!file)
        return bc_fail(log, BC_ERR_IO, "%s: cannot be opened: %s", path, strerror(errno));
    bc_status status = read_whole(&bytes, &size, file, path, log);
    fclose(file);
    if (status == BC_OK)
        status = bc_style_file_read(draft, bytes, size, range, path, log);
    free(bytes);
    return status;
}
