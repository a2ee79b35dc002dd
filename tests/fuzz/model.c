/*
 * A model file is untrusted: as a container, as a net and as a style of nets of both formats it may
 * be refused, but it never reads outside itself, takes memory it does not justify or crashes.
 */
#include <string.h>

#include "model/net.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void lose(void *cookie, bc_log_level level, const char *message)
{
    (void)cookie;
    (void)level;
    (void)message;
}

static const bc_log messages = {.write = lose};

/* Of the net that styles of format 2 are read for: norms and weights are theirs. */
static const char table[] = "in conv 1 8 stride=2 norm=style relu\n"
                            "bank.0 conv 1 8 norm relu weights=style\n"
                            "bank mix\n"
                            "out conv 1 3 up=subpixel";

static void read_net(const uint8_t *data, size_t size)
{
    bc_net net;
    bc_safetensors *file;
    if (bc_safetensors_parse(&file, data, size, "FILE", &messages) < 0)
        return;
    bc_net_load(&net, file, "FILE", &messages);
    bc_net_close(&net);
}

/* The style of whatever net it names: the hash is no wall to climb. */
static void read_style(const uint8_t *data, size_t size, bc_net *net, const char *key)
{
    bc_style style;
    bc_safetensors *file;
    if (bc_safetensors_parse(&file, data, size, "FILE", &messages) < 0)
        return;
    const char *id = bc_safetensors_metadata(file, key);
    if (id && strlen(id) == BC_ID_SIZE - 1)
        memcpy(net->id, id, BC_ID_SIZE);
    bc_style_load(&style, file, "FILE", "fuzz", net, &messages);
    bc_style_close(&style);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bc_net first = {.format = 1, .name = "fuzz", .widths = {8, 8, 8}};
    bc_net second = {.format = 2, .name = "fuzz"};
    bc_layers_parse(&second.table, table, "TABLE", &messages);
    read_net(data, size);
    read_style(data, size, &first, "brushcast.autoencoder");
    read_style(data, size, &second, "brushcast.network");
    return 0;
}
