#include <hdf5.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "import/vgg_weights.h"

enum { MAX_CHANNELS = 4096 };

static const char *const INPUT = "BGR 0..255 minus 103.939,116.779,123.68";

typedef struct visit {
    bc_vgg_weights *weights;
    const char *path;
    const bc_log *log;
    bc_status status;
} visit;

/* The last "blockB_convI" of the name: Keras repeats it in groups and datasets. */
static bc_vgg_conv *find_conv(bc_vgg_weights *weights, const char *name)
{
    bc_vgg_conv *found = NULL;
    for (const char *at = name; (at = strstr(at, "block")) != NULL; at++) {
        int block, place;
        if (sscanf(at, "block%d_conv%d", &block, &place) == 2 && block >= 1 && place >= 1 &&
            block <= BC_VGG_BLOCKS && place <= BC_VGG_PER_BLOCK)
            found = &weights->convs[block - 1][place - 1];
    }
    return found;
}

/* kernel [3, 3, n_in, n_out] to [n_out, n_in, 3, 3] */
static void transpose(float *out, const float *in, int n_in, int n_out)
{
    for (int o = 0; o < n_out; o++)
        for (int i = 0; i < n_in; i++)
            for (int k = 0; k < 9; k++)
                *out++ = in[((size_t)k * (size_t)n_in + (size_t)i) * (size_t)n_out + (size_t)o];
}

static float *read_values(hid_t dataset, size_t n)
{
    float *values = malloc(n * sizeof(*values));
    if (values && H5Dread(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0)
        return values;
    free(values);
    return NULL;
}

static bool read_kernel(bc_vgg_conv *conv, hid_t dataset, const hsize_t shape[4])
{
    if (conv->weight || shape[0] != 3 || shape[1] != 3 || shape[2] < 1 || shape[3] < 1 ||
        shape[2] > MAX_CHANNELS || shape[3] > MAX_CHANNELS)
        return false;
    const size_t n = (size_t)(9 * shape[2] * shape[3]);
    float *values = read_values(dataset, n);
    conv->n_in = (int)shape[2];
    conv->n_out = (int)shape[3];
    conv->weight = values ? malloc(n * sizeof(*values)) : NULL;
    if (conv->weight)
        transpose(conv->weight, values, conv->n_in, conv->n_out);
    free(values);
    return conv->weight != NULL;
}

static bool read_dataset(bc_vgg_conv *conv, hid_t dataset)
{
    hsize_t shape[4];
    const hid_t space = H5Dget_space(dataset);
    const int n_dims = H5Sget_simple_extent_ndims(space);
    bool ok = n_dims == 1 || n_dims == 4;
    if (ok)
        H5Sget_simple_extent_dims(space, shape, NULL);
    H5Sclose(space);
    if (!ok || n_dims == 4)
        return ok && read_kernel(conv, dataset, shape);
    ok = !conv->bias && shape[0] >= 1 && shape[0] <= MAX_CHANNELS;
    conv->bias = ok ? read_values(dataset, shape[0]) : conv->bias;
    if (ok && conv->n_out == 0)
        conv->n_out = (int)shape[0];
    return ok && conv->bias && conv->n_out == (int)shape[0];
}

#if H5_VERSION_GE(1, 12, 0)
#define VISIT_OBJECTS H5Ovisit3
#else
#define VISIT_OBJECTS H5Ovisit2
#endif

static herr_t visit_object(hid_t root, const char *name, const H5O_info_t *info, void *cookie)
{
    visit *v = cookie;
    bc_vgg_conv *conv = find_conv(v->weights, name);
    if (info->type != H5O_TYPE_DATASET || !conv)
        return 0;
    const hid_t dataset = H5Dopen2(root, name, H5P_DEFAULT);
    if (dataset < 0 || !read_dataset(conv, dataset))
        v->status = bc_fail(v->log, BC_ERR_FORMAT,
                            "%s: %s is no kernel [3, 3, in, out] and no bias of a convolution",
                            v->path, name);
    if (dataset >= 0)
        H5Dclose(dataset);
    return v->status < 0; /* above 0 ends the visit */
}

bc_status bc_keras_read(bc_vgg_weights *weights, const char *path, const bc_log *log)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL); /* our own messages are enough */
    const hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (file < 0)
        return bc_fail(log, BC_ERR_FORMAT, "%s: cannot be opened as HDF5", path);
    weights->input = INPUT;
    visit v = {weights, path, log, BC_OK};
    if (VISIT_OBJECTS(file, H5_INDEX_NAME, H5_ITER_INC, visit_object, &v, H5O_INFO_BASIC) < 0 &&
        v.status == BC_OK)
        v.status = bc_fail(log, BC_ERR_FORMAT, "%s: damaged HDF5", path);
    H5Fclose(file);
    return v.status;
}
