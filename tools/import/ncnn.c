#include "import/ncnn.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "import/half.h"
#include "import/wire.h"

enum { HALF_TAG = 0x01306B47, N_BLOCKS = 5 };

bool bc_ncnn_is(const uint8_t *bytes, size_t size)
{
    bc_wire start = {bytes, bytes + size};
    uint64_t tag;
    return bc_wire_little_endian(&start, 4, &tag) && tag == HALF_TAG;
}

typedef struct source {
    bc_named_tensors *list;
    bc_wire rest;
} source;

static bool take_halves(source *s, const char *module, int64_t n_out, int64_t n_in, int64_t kernel)
{
    char name[BC_NAMED_SIZE];
    uint64_t bits = 0;
    snprintf(name, sizeof(name), "%s.conv2d.weight", module);
    const int64_t dims[] = {n_out, n_in, kernel, kernel};
    bc_named_tensor *tensor = bc_named_add(s->list, name, 4, dims);
    bool ok = tensor && bc_wire_little_endian(&s->rest, 4, &bits) && bits == HALF_TAG;
    for (size_t i = 0; ok && i < tensor->n; i++) {
        ok = bc_wire_little_endian(&s->rest, 2, &bits);
        tensor->values[i] = bc_half_to_float((uint16_t)bits);
    }
    return ok && (tensor->n % 2 == 0 || bc_wire_little_endian(&s->rest, 2, &bits));
}

static bool take_floats(source *s, const char *module, const char *what, int64_t n)
{
    char name[BC_NAMED_SIZE];
    uint64_t bits = 0;
    snprintf(name, sizeof(name), "%s.%s", module, what);
    bc_named_tensor *tensor = bc_named_add(s->list, name, 1, &n);
    bool ok = tensor != NULL;
    for (int64_t i = 0; ok && i < n; i++) {
        ok = bc_wire_little_endian(&s->rest, 4, &bits);
        const uint32_t low = (uint32_t)bits;
        memcpy(&tensor->values[i], &low, sizeof(low));
    }
    return ok;
}

/* `norm` NULL: none follows. */
static bool take_layer(source *s, const char *module, const char *norm, int n_out, int n_in,
                       int kernel)
{
    return take_halves(s, module, n_out, n_in, kernel) &&
           take_floats(s, module, "conv2d.bias", n_out) &&
           (!norm ||
            (take_floats(s, norm, "weight", n_out) && take_floats(s, norm, "bias", n_out)));
}

static bool take_blocks(source *s)
{
    char module[32], norm[32];
    bool ok = true;
    for (int i = 0; i < 2 * N_BLOCKS && ok; i++) {
        snprintf(module, sizeof(module), "res%d.conv%d", i / 2 + 1, i % 2 + 1);
        snprintf(norm, sizeof(norm), "res%d.in%d", i / 2 + 1, i % 2 + 1);
        ok = take_layer(s, module, norm, 128, 128, 3);
    }
    return ok;
}

bc_status bc_ncnn_read(bc_named_tensors *list, const uint8_t *bytes, size_t size, const char *path,
                       const bc_log *log)
{
    source s = {list, {bytes, bytes + size}};
    const bool ok = take_layer(&s, "conv1", "in1", 32, 3, 9) &&
                    take_layer(&s, "conv2", "in2", 64, 32, 3) &&
                    take_layer(&s, "conv3", "in3", 128, 64, 3) && take_blocks(&s) &&
                    take_layer(&s, "deconv1", "in4", 64, 128, 3) &&
                    take_layer(&s, "deconv2", "in5", 32, 64, 3) &&
                    take_layer(&s, "deconv3", NULL, 3, 32, 9) && bc_wire_size(s.rest) == 0;
    return ok ? BC_OK
              : bc_fail(log, BC_ERR_FORMAT,
                        "%s: is no fast_neural_style net of ncnn in 16 bits, or damaged", path);
}
