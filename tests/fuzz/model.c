/*
 * A model file is untrusted: as a container, as an auto-encoder and as a bank of width 8 it may be
 * refused, but it never reads outside itself, takes memory it does not justify or crashes.
 */
#include <string.h>

#include "model/network.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void lose(void *cookie, bc_log_level level, const char *message)
{
    (void)cookie;
    (void)level;
    (void)message;
}

static const bc_log messages = {.write = lose};

static void read_autoencoder(const uint8_t *data, size_t size)
{
    bc_autoencoder autoencoder;
    bc_safetensors *file;
    if (bc_safetensors_parse(&file, data, size, "FILE", &messages) < 0)
        return;
    bc_autoencoder_load(&autoencoder, file, "FILE", &messages);
    bc_autoencoder_close(&autoencoder);
}

/* The bank of whatever auto-encoder it names: the hash is no wall to climb. */
static void read_bank(const uint8_t *data, size_t size)
{
    bc_bank bank;
    bc_autoencoder autoencoder = {.name = "fuzz", .widths = {8, 8, 8}};
    bc_safetensors *file;
    if (bc_safetensors_parse(&file, data, size, "FILE", &messages) < 0)
        return;
    const char *id = bc_safetensors_metadata(file, "brushcast.autoencoder");
    if (id && strlen(id) == BC_ID_SIZE - 1)
        memcpy(autoencoder.id, id, BC_ID_SIZE);
    bc_bank_load(&bank, file, "FILE", "fuzz", &autoencoder, &messages);
    bc_bank_close(&bank);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_autoencoder(data, size);
    read_bank(data, size);
    return 0;
}
