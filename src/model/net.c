#include "model/net.h"

#include <ctype.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/* Identity --------------------------------------------------------------------------------- */

static void finish_id(struct sha256_ctx *hash, char id[BC_ID_SIZE])
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_digest(hash, sizeof(digest), digest);
    for (int i = 0; i < SHA256_DIGEST_SIZE; i++)
        snprintf(id + 2 * i, 3, "%02x", digest[i]);
}

static void add_tensor(struct sha256_ctx *hash, const bc_tensor *tensor)
{
    sha256_update(hash, strlen(tensor->name), (const uint8_t *)tensor->name);
    sha256_update(hash, tensor->size_bytes, tensor->data);
}

void bc_net_identify(char id[BC_ID_SIZE], const char *layers, const bc_safetensors *file)
{
    struct sha256_ctx hash;
    sha256_init(&hash);
    sha256_update(&hash, strlen(layers), (const uint8_t *)layers);
    for (int i = 0; i < bc_safetensors_count(file); i++)
        add_tensor(&hash, bc_safetensors_at(file, i));
    finish_id(&hash, id);
}

/* The tensor whose name comes next after `name`, or NULL. */
static const bc_tensor *next_tensor(const bc_tensor *tensors, int n_tensors, const char *name)
{
    const bc_tensor *next = NULL;
    for (int i = 0; i < n_tensors; i++) {
        if (strcmp(tensors[i].name, name) > 0 && (!next || strcmp(tensors[i].name, next->name) < 0))
            next = &tensors[i];
    }
    return next;
}

void bc_tensors_identify(char id[BC_ID_SIZE], const char *layers, const bc_tensor *tensors,
                         int n_tensors)
{
    struct sha256_ctx hash;
    sha256_init(&hash);
    sha256_update(&hash, strlen(layers), (const uint8_t *)layers);
    const bc_tensor *tensor = next_tensor(tensors, n_tensors, "");
    for (; tensor; tensor = next_tensor(tensors, n_tensors, tensor->name))
        add_tensor(&hash, tensor);
    finish_id(&hash, id);
}

/* The file's own id, where it states one: a flipped bit anywhere is found. */
static bc_status check_id(const bc_taker *from, const char *layers)
{
    char id[BC_ID_SIZE];
    if (!bc_safetensors_metadata(from->file, "brushcast.id"))
        return BC_OK;
    bc_net_identify(id, layers, from->file);
    return bc_check_text(from, "brushcast.id", id);
}

/* Nets ------------------------------------------------------------------------------------- */

/* "8,16,32": positive multiples of 8, nothing between or after. */
static bool parse_widths(int widths[BC_N_WIDTHS], const char *text)
{
    for (int i = 0; i < BC_N_WIDTHS; i++) {
        char *end;
        if (!isdigit((unsigned char)*text))
            return false;
        const long width = strtol(text, &end, 10);
        if (width < 8 || width > BC_MAX_WIDTH || width % 8 != 0)
            return false;
        if (*end != (i < BC_N_WIDTHS - 1 ? ',' : '\0'))
            return false;
        widths[i] = (int)width;
        text = end + 1;
    }
    return true;
}

static bc_status take_upsample(const bc_taker *from, bc_upsample *upsample)
{
    const char *text;
    const bc_status status = bc_take_text(from, "brushcast.upsample", &text);
    for (int i = 0; i < BC_N_UPSAMPLES && status == BC_OK; i++) {
        *upsample = (bc_upsample)i;
        if (strcmp(text, bc_upsample_name(*upsample)) == 0)
            return BC_OK;
    }
    return status < 0 ? status
                      : bc_fail(from->log, BC_ERR_FORMAT,
                                "%s: brushcast.upsample is '%.60s', expected subpixel, nearest or "
                                "zero",
                                from->path, text);
}

static bc_status take_format_1(bc_net *net, const bc_taker *from)
{
    const char *text;
    bc_status status = bc_check_text(from, "brushcast.kind", "autoencoder");
    if (status == BC_OK)
        status = bc_take_text(from, "brushcast.widths", &text);
    if (status == BC_OK && !parse_widths(net->widths, text))
        status = bc_fail(from->log, BC_ERR_FORMAT,
                         "%s: brushcast.widths is '%.60s', expected three multiples of 8 up to %d",
                         from->path, text, BC_MAX_WIDTH);
    if (status == BC_OK)
        status = take_upsample(from, &net->upsample);
    if (status == BC_OK)
        bc_layers_of_format_1(&net->table, net->widths, net->upsample, 0);
    return status < 0 ? status : check_id(from, "");
}

static bc_status take_format_2(bc_net *net, const bc_taker *from)
{
    const char *layers = bc_safetensors_metadata(from->file, "brushcast.layers");
    bc_status status = bc_check_text(from, "brushcast.format", "2");
    if (status == BC_OK)
        status = bc_check_text(from, "brushcast.kind", "network");
    if (status == BC_OK)
        status = bc_layers_parse(&net->table, layers ? layers : "", from->path, from->log);
    return status < 0 ? status : check_id(from, net->table.text);
}

bc_status bc_net_load(bc_net *net, bc_safetensors *file, const char *path, const bc_log *log)
{
    bc_taker from = {.file = file, .path = path, .log = log};
    const char *format = bc_safetensors_metadata(file, "brushcast.format");
    const bool is_first = format && strcmp(format, "1") == 0;
    *net = (bc_net){.file = file, .format = is_first ? 1 : 2};
    bc_status status = is_first ? take_format_1(net, &from) : take_format_2(net, &from);
    if (status == BC_OK)
        status = bc_take_name(&from, net->name, sizeof(net->name));
    if (status == BC_OK)
        status = bc_take_tensors(&from, net->tensors, &net->table, BC_OWNER_NET);
    if (status == BC_OK)
        status = bc_refuse_rest(&from, &net->table, BC_OWNER_NET);
    bc_net_identify(net->id, is_first ? "" : net->table.text, file);
    return status;
}

bc_status bc_net_open(bc_net *net, const char *path, const bc_log *log)
{
    bc_safetensors *file;
    *net = (bc_net){0};
    const bc_status status = bc_safetensors_open(&file, path, log);
    return status < 0 ? status : bc_net_load(net, file, path, log);
}

void bc_net_close(bc_net *net)
{
    bc_safetensors_close(&net->file);
    *net = (bc_net){0};
}

/* Styles ----------------------------------------------------------------------------------- */

/* bank.0 .. n-1 of format 1: as many as have a weight. */
static int count_bank_layers(const bc_safetensors *file)
{
    char name[32];
    for (int n = 0;; n++) {
        snprintf(name, sizeof(name), "bank.%d.weight", n);
        if (!bc_safetensors_find(file, name))
            return n;
    }
}

/* The first style of a net of format 1 says how deep all banks are. */
static bc_status set_depth(bc_net *net, const bc_taker *from)
{
    const int n = count_bank_layers(from->file);
    if (n == 0)
        return bc_fail(from->log, BC_ERR_FORMAT, "%s: tensor 'bank.0.weight': is missing",
                       from->path);
    if (n > BC_MAX_BANK_LAYERS)
        return bc_fail(from->log, BC_ERR_FORMAT, "%s: %d layers 'bank.N', expected 1 to %d",
                       from->path, n, BC_MAX_BANK_LAYERS);
    if (net->n_bank_layers > 0 && net->n_bank_layers != n)
        return bc_fail(from->log, BC_ERR_FORMAT,
                       "%s: %d layers, but other styles of the net have "
                       "%d",
                       from->path, n, net->n_bank_layers);
    if (net->n_bank_layers == n)
        return BC_OK;
    bc_taker again = {.file = net->file, .path = from->path, .log = from->log};
    net->n_bank_layers = n;
    bc_layers_of_format_1(&net->table, net->widths, net->upsample, n);
    memset(net->tensors, 0, sizeof(net->tensors));
    if (!net->file) /* made, not read: then so are its tensors */
        return BC_OK;
    return bc_take_tensors(&again, net->tensors, &net->table, BC_OWNER_NET);
}

static bc_status check_net(const bc_taker *from, const char *style, const bc_net *net)
{
    const char *id, *key = net->format == 1 ? "brushcast.autoencoder" : "brushcast.network";
    const bc_status status = bc_take_text(from, key, &id);
    if (status < 0)
        return status;
    if (strlen(id) != BC_ID_SIZE - 1)
        return bc_fail(from->log, BC_ERR_FORMAT, "%s: %s is missing or no SHA-256", from->path,
                       key);
    if (strcmp(id, net->id) == 0)
        return BC_OK;
    return bc_fail(from->log, BC_ERR_MISMATCH,
                   "%s: style '%s' was trained on the net %.12s..., not on '%s' (%.12s...)",
                   from->path, style, id, net->name, net->id);
}

static bc_status take_info(const bc_taker *from, bc_style_info *info)
{
    char name[64];
    bc_status status = bc_take_name(from, name, sizeof(name));
    if (status == BC_OK)
        status = bc_take_text(from, "title", &info->title);
    if (status == BC_OK)
        status = bc_take_text(from, "artist", &info->artist);
    if (status == BC_OK)
        status = bc_take_text(from, "year", &info->year);
    if (status == BC_OK)
        status = bc_take_text(from, "licence", &info->licence);
    return status;
}

static bc_status check_kind(const bc_taker *from, const bc_net *net)
{
    bc_status status = bc_check_text(from, "brushcast.format", net->format == 1 ? "1" : "2");
    if (status == BC_OK)
        status = bc_check_text(from, "brushcast.kind", net->format == 1 ? "bank" : "style");
    return status < 0 ? status : check_id(from, "");
}

bc_status bc_style_load(bc_style *style, bc_safetensors *file, const char *path, const char *name,
                        bc_net *net, const bc_log *log)
{
    bc_taker from = {.file = file, .path = path, .log = log};
    *style = (bc_style){.file = file, .info.name = name};
    bc_status status = check_kind(&from, net);
    if (status == BC_OK)
        status = take_info(&from, &style->info);
    if (status == BC_OK)
        status = check_net(&from, name, net);
    if (status == BC_OK && net->format == 1)
        status = set_depth(net, &from);
    if (status == BC_OK)
        status = bc_take_tensors(&from, style->tensors, &net->table, BC_OWNER_STYLE);
    if (status == BC_OK)
        status = bc_take_thumbnail(&from, &style->info);
    return status < 0 ? status : bc_refuse_rest(&from, &net->table, BC_OWNER_STYLE);
}

bc_status bc_style_open(bc_style *style, const char *path, const char *name, bc_net *net,
                        const bc_log *log)
{
    bc_safetensors *file;
    *style = (bc_style){0};
    const bc_status status = bc_safetensors_open(&file, path, log);
    return status < 0 ? status : bc_style_load(style, file, path, name, net, log);
}

void bc_style_close(bc_style *style)
{
    bc_safetensors_close(&style->file);
    *style = (bc_style){0};
}
