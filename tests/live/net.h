/*
 * net.h: a net with several styles for the tests: the golden auto-encoder, and its golden bank
 * under several names with the channels in another order each, so that every style paints
 * otherwise.
 */
#ifndef BC_TESTS_LIVE_NET_H
#define BC_TESTS_LIVE_NET_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/safetensors.h"
#include "test.h"

enum { NET_MAX_TENSORS = 16, NET_THUMBNAIL = 24 };

static inline void net_copy_file(const char *from, const char *to)
{
    char command[5000];
    snprintf(command, sizeof(command), "cp '%s' '%s'", from, to);
    CHECK_INT(system(command), 0);
}

/* The last layer's output channels, turned by `turn`: all its tensors have them outermost. */
static inline void net_turn(bc_tensor *tensor, int turn, uint8_t *to)
{
    const size_t row = tensor->size_bytes / (size_t)tensor->shape[0];
    for (int64_t i = 0; i < tensor->shape[0]; i++)
        memcpy(to + (size_t)((i + turn) % tensor->shape[0]) * row,
               (const uint8_t *)tensor->data + (size_t)i * row, row);
    tensor->data = to;
}

static inline void net_write_style(const bc_safetensors *bank, const char *path, int style,
                                   const bc_log *log)
{
    static uint8_t turned[NET_MAX_TENSORS][1 << 18];
    static uint8_t thumbnail[NET_THUMBNAIL * NET_THUMBNAIL * 3];
    const int n = bc_safetensors_count(bank);
    bc_tensor tensors[NET_MAX_TENSORS];
    for (int i = 0; i < n; i++) {
        tensors[i] = *bc_safetensors_at(bank, i);
        if (strncmp(tensors[i].name, "bank.1.", 7) == 0)
            net_turn(&tensors[i], 5 * style, turned[i]);
    }
    for (size_t i = 0; i < sizeof(thumbnail); i++)
        thumbnail[i] = (uint8_t)(i % 3 == (size_t)style % 3 ? 220 : 40);
    tensors[n] = (bc_tensor){.name = "thumbnail",
                             .dtype = BC_DTYPE_U8,
                             .n_dims = 3,
                             .shape = {NET_THUMBNAIL, NET_THUMBNAIL, 3},
                             .data = thumbnail,
                             .size_bytes = sizeof(thumbnail)};
    const bc_metadata metadata[] = {
        {"brushcast.format", "1"},
        {"brushcast.kind", "bank"},
        {"brushcast.name", "style"},
        {"brushcast.autoencoder", bc_safetensors_metadata(bank, "brushcast.autoencoder")},
        {"artist", "nobody"},
    };
    CHECK_INT(bc_safetensors_write(path, tensors, n + 1, metadata, 5, log), BC_OK);
}

/* Writes the golden bank of that name as a style of its own look to FOLDER/FILE. */
static inline void net_make_style(const char *folder, const char *file, const char *golden,
                                  int style)
{
    char path[1024], message[1024];
    const bc_log log = test_log(message);
    bc_safetensors *bank;
    snprintf(path, sizeof(path), BC_TESTS_DIR "/golden/%s.bank.safetensors", golden);
    if (!CHECK_INT(bc_safetensors_open(&bank, path, &log), BC_OK))
        exit(1);
    snprintf(path, sizeof(path), "%s/%s", folder, file);
    net_write_style(bank, path, style, &log);
    bc_safetensors_close(&bank);
}

/* Makes FOLDER/NET of a golden auto-encoder, with the styles styleFIRST to styleLAST. */
static inline void net_make_as(const char *folder, const char *net, const char *golden, int first,
                               int last)
{
    char path[1024], from[1024], file[512];
    snprintf(path, sizeof(path), "%s/%s", folder, net);
    mkdir(path, 0700);
    snprintf(path, sizeof(path), "%s/%s/styles", folder, net);
    mkdir(path, 0700);
    snprintf(path, sizeof(path), "%s/%s/autoencoder.safetensors", folder, net);
    snprintf(from, sizeof(from), BC_TESTS_DIR "/golden/%s.autoencoder.safetensors", golden);
    net_copy_file(from, path);
    for (int i = first; i <= last; i++) {
        snprintf(file, sizeof(file), "%s/styles/style%d.safetensors", net, i);
        net_make_style(folder, file, golden, i - 1);
    }
}

/* Makes FOLDER/light with the styles style1 to styleN, and the same as the net of the default. */
static inline void net_make(const char *folder, int n_styles)
{
    char path[1024];
    net_make_as(folder, "light", "tiny-subpixel", 1, n_styles);
    snprintf(path, sizeof(path), "%s/deep", folder);
    CHECK_INT(symlink("light", path), 0);
}

#endif
