/* import.c: both kinds of public weights, written here as their makers do, and damaged ones. */
#include <hdf5.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "import/vgg_weights.h"
#include "test.h"
#include "train/vgg.h"

enum { N_CONVS = 5, MAX_WIDTH = 6 };

/* VGG's first two blocks and one convolution more, in small. */
static const int widths[N_CONVS + 1] = {3, 4, 4, 5, 5, 6};
static const int blocks[N_CONVS] = {1, 1, 2, 2, 3}, places[N_CONVS] = {1, 2, 1, 2, 1};

static const char *const SOURCE = "test_import.source", *const RESULT = "test_import.safetensors";

static float weight_at(int conv, int out, int in, int k)
{
    return (float)(conv * 10000 + out * 1000 + in * 100 + k);
}

static float bias_at(int conv, int out)
{
    return (float)(conv * 100 + out);
}

static void write_dataset(hid_t group, const char *name, int n_dims, const hsize_t *shape,
                          const float *values)
{
    const hid_t space = H5Screate_simple(n_dims, shape, NULL);
    const hid_t dataset =
        H5Dcreate2(group, name, H5T_IEEE_F32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    CHECK(H5Dwrite(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    H5Dclose(dataset);
    H5Sclose(space);
}

/* As Keras' files of 2016: group block1_conv1, datasets block1_conv1_W_1:0 and _b_1:0. */
static void write_keras(int skipped)
{
    const hid_t file = H5Fcreate(SOURCE, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    for (int c = 0; c < N_CONVS; c++) {
        float kernel[9 * MAX_WIDTH * MAX_WIDTH], bias[MAX_WIDTH];
        const int n_in = widths[c], n_out = widths[c + 1];
        char name[64];
        for (int i = 0; i < 9 * n_in * n_out; i++)
            kernel[i] = weight_at(c, i % n_out, i / n_out % n_in, i / n_out / n_in);
        for (int i = 0; i < n_out; i++)
            bias[i] = bias_at(c, i);
        if (c == skipped)
            continue;
        snprintf(name, sizeof(name), "block%d_conv%d", blocks[c], places[c]);
        const hid_t group = H5Gcreate2(file, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        snprintf(name, sizeof(name), "block%d_conv%d_W_1:0", blocks[c], places[c]);
        const hsize_t shape[4] = {3, 3, (hsize_t)n_in, (hsize_t)n_out};
        write_dataset(group, name, 4, shape, kernel);
        snprintf(name, sizeof(name), "block%d_conv%d_b_1:0", blocks[c], places[c]);
        write_dataset(group, name, 1, shape + 3, bias);
        H5Gclose(group);
    }
    H5Fclose(file);
}

/* A pooling, 3 steps on, ends a block. */
static void write_torchvision(int first, int bias_size, const bc_log *log)
{
    static const int features[N_CONVS] = {0, 2, 5, 7, 10};
    static float weights[N_CONVS][9 * MAX_WIDTH * MAX_WIDTH], biases[N_CONVS][MAX_WIDTH];
    static char names[2 * N_CONVS][32];
    bc_tensor tensors[2 * N_CONVS];
    for (int c = 0; c < N_CONVS; c++) {
        const int n_in = widths[c], n_out = widths[c + 1];
        for (int i = 0; i < 9 * n_in * n_out; i++)
            weights[c][i] = weight_at(c, i / 9 / n_in, i / 9 % n_in, i % 9);
        for (int i = 0; i < n_out; i++)
            biases[c][i] = bias_at(c, i);
        snprintf(names[2 * c], 32, "features.%d.weight", features[c] + first);
        snprintf(names[2 * c + 1], 32, "features.%d.bias", features[c] + first);
        tensors[2 * c] = (bc_tensor){.name = names[2 * c],
                                     .dtype = BC_DTYPE_F32,
                                     .n_dims = 4,
                                     .shape = {n_out, n_in, 3, 3},
                                     .data = weights[c],
                                     .size_bytes = (size_t)(9 * n_in * n_out) * sizeof(float)};
        const int n_bias = bias_size ? bias_size : n_out;
        tensors[2 * c + 1] = (bc_tensor){.name = names[2 * c + 1],
                                         .dtype = BC_DTYPE_F32,
                                         .n_dims = 1,
                                         .shape = {n_bias},
                                         .data = biases[c],
                                         .size_bytes = (size_t)n_bias * sizeof(float)};
    }
    CHECK_INT(bc_safetensors_write(SOURCE, tensors, 2 * N_CONVS, NULL, 0, log), BC_OK);
}

typedef bc_status reader(bc_vgg_weights *weights, const char *path, const bc_log *log);

static bc_status import(reader *read, const char *last, const bc_log *log)
{
    bc_vgg_weights weights = {0};
    bc_status status = read(&weights, SOURCE, log);
    if (status == BC_OK)
        status = bc_vgg_weights_write(&weights, RESULT, last, "source", log);
    bc_vgg_weights_close(&weights);
    return status;
}

static void check_result(int n_convs, float scale, const bc_log *log)
{
    bc_vgg vgg;
    CHECK_INT(bc_vgg_open(&vgg, RESULT, log), BC_OK);
    CHECK_INT(vgg.n_layers, n_convs);
    CHECK(vgg.input.scale[0] > scale * 0.99f && vgg.input.scale[0] < scale * 1.01f);
    int n_wrong = 0;
    for (int c = 0; c < vgg.n_layers; c++) {
        const int n_in = widths[c], n_out = widths[c + 1];
        for (int i = 0; i < 9 * n_in * n_out; i++)
            n_wrong += vgg.layers[c].weight[i] != weight_at(c, i / 9 / n_in, i / 9 % n_in, i % 9);
        for (int i = 0; i < n_out; i++)
            n_wrong += vgg.layers[c].bias[i] != bias_at(c, i);
    }
    CHECK_INT(n_wrong, 0);
    bc_vgg_close(&vgg);
}

static void check_refused(bc_status status, const char *reason, const bc_log *log)
{
    CHECK(status < 0);
    if (!CHECK(strstr(log->cookie, reason) != NULL))
        fprintf(stderr, "    no '%s' in: %s\n", reason, (char *)log->cookie);
}

static void test_keras(const bc_log *log)
{
    write_keras(-1);
    CHECK_INT(import(bc_keras_read, NULL, log), BC_OK);
    check_result(N_CONVS, 255, log);
    CHECK_INT(import(bc_keras_read, "relu2_1", log), BC_OK);
    check_result(3, 255, log);
    check_refused(import(bc_keras_read, "relu4_1", log), "convolution 2 of block 3 is missing",
                  log);
    check_refused(import(bc_keras_read, "pool3", log), "'pool3' is no layer", log);
    write_keras(1);
    check_refused(import(bc_keras_read, NULL, log), "convolution 2 of block 1 is missing", log);
    write_keras(0);
    check_refused(import(bc_keras_read, NULL, log), "convolution 1 of block 1 is missing", log);
    CHECK_INT(truncate(SOURCE, 3000), 0);
    CHECK(import(bc_keras_read, NULL, log) < 0);
}

static void test_torchvision(const bc_log *log)
{
    write_torchvision(0, 0, log);
    CHECK_INT(import(bc_torchvision_read, NULL, log), BC_OK);
    check_result(N_CONVS, 1 / 0.229f, log);
    write_torchvision(1, 0, log);
    check_refused(import(bc_torchvision_read, NULL, log), "convolution 1 of block 1 is missing",
                  log);
    write_torchvision(0, 3, log);
    check_refused(import(bc_torchvision_read, NULL, log), "has no bias of its size", log);
}

int main(void)
{
    char message[1024];
    const bc_log log = test_log(message);
    test_keras(&log);
    test_torchvision(&log);
    unlink(SOURCE);
    unlink(RESULT);
    return TEST_END();
}
