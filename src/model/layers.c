#include "model/layers.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "model/presets.h"

enum { MAX_FIELDS = 12, REASON_SIZE = 160 };

static const char *const upsample_names[] = {[BC_UPSAMPLE_SUBPIXEL] = "subpixel",
                                             [BC_UPSAMPLE_NEAREST] = "nearest",
                                             [BC_UPSAMPLE_ZERO] = "zero"};
static const char *const kind_names[] = {[BC_LAYER_CONV] = "conv",
                                         [BC_LAYER_ADD] = "add",
                                         [BC_LAYER_MIX] = "mix",
                                         [BC_LAYER_CANVAS] = "canvas"};

const char *bc_upsample_name(bc_upsample upsample)
{
    return upsample_names[upsample];
}

/* A table on its way out of its text. */
typedef struct parser {
    bc_layers *table;
    bool is_in_styles; /* between the first weights=style and its mix */
    int n_fields, next_field;
    char *fields[MAX_FIELDS]; /* of the line at hand */
    char reason[REASON_SIZE]; /* why the line is refused */
} parser;

__attribute__((format(printf, 2, 3))) static bool refuse(parser *p, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(p->reason, sizeof(p->reason), format, args);
    va_end(args);
    return false;
}

/* Fields ----------------------------------------------------------------------------------- */

static bool split_line(parser *p, char *line)
{
    p->n_fields = p->next_field = 0;
    for (char *field = line; field; p->n_fields++) {
        if (p->n_fields == MAX_FIELDS)
            return refuse(p, "has more than %d fields", MAX_FIELDS);
        p->fields[p->n_fields] = strsep(&field, " ");
        if (!*p->fields[p->n_fields])
            return refuse(p, "fields are separated by one space each");
    }
    return true;
}

static const char *take_field(parser *p)
{
    return p->next_field < p->n_fields ? p->fields[p->next_field++] : NULL;
}

/* Takes the next field if it is `word`. */
static bool take_word(parser *p, const char *word)
{
    const bool is_there =
        p->next_field < p->n_fields && strcmp(p->fields[p->next_field], word) == 0;
    p->next_field += is_there;
    return is_there;
}

/* What follows `key` in the next field, or NULL if that does not begin with it. */
static const char *take_value(parser *p, const char *key)
{
    const size_t length = strlen(key);
    if (p->next_field == p->n_fields || strncmp(p->fields[p->next_field], key, length) != 0)
        return NULL;
    return p->fields[p->next_field++] + length;
}

/* A number of at most four digits, or -1. */
static int take_number(parser *p)
{
    const char *text = take_field(p);
    const size_t length = text ? strspn(text, "0123456789") : 0;
    return length > 0 && length <= 4 && !text[length] ? atoi(text) : -1;
}

static bool check_name(parser *p, const char *name)
{
    const size_t length = strlen(name);
    if (length >= BC_LAYER_NAME_SIZE)
        return refuse(p, "the name is longer than %d bytes", BC_LAYER_NAME_SIZE - 1);
    if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") != length)
        return refuse(p, "a name has small letters, digits, '.', '_' and '-' only");
    if (strcmp(name, "frame") == 0 || bc_layers_find(p->table, name) >= 0)
        return refuse(p, "the name '%s' is taken", name);
    return true;
}

/* Inputs ----------------------------------------------------------------------------------- */

static int channels_of(const bc_layers *table, int input)
{
    return input == BC_FRAME ? 3 : table->layers[input].n_out;
}

static int cell_of(const bc_layers *table, int input)
{
    return input == BC_FRAME ? 1 : table->layers[input].cell;
}

static bool find_input(parser *p, int *input, const char *name)
{
    *input = strcmp(name, "frame") == 0 ? BC_FRAME : bc_layers_find(p->table, name);
    if (*input == -1 && strcmp(name, "frame") != 0)
        return refuse(p, "there is no layer '%.40s' before it", name);
    return true;
}

/* Outside of the part that every style of a blend runs, its maps are seen through a mix alone. */
static bool check_input(parser *p, const bc_layer *layer, int input)
{
    if (input == BC_FRAME || layer->is_each_styles || layer->kind == BC_LAYER_MIX ||
        !p->table->layers[input].is_each_styles)
        return true;
    return refuse(p, "'%s' exists once for each style: a mix is missing",
                  p->table->layers[input].name);
}

/* Kinds ------------------------------------------------------------------------------------ */

static bool parse_stride(parser *p, bc_layer *layer)
{
    if (take_word(p, "stride=2")) {
        layer->stride = BC_STRIDE_2;
        return true;
    }
    const char *up = take_value(p, "up=");
    if (!up)
        return true;
    layer->stride = BC_STRIDE_HALF;
    for (int i = 0; i < BC_N_UPSAMPLES; i++) {
        if (strcmp(up, upsample_names[i]) == 0) {
            layer->upsample = (bc_upsample)i;
            return true;
        }
    }
    return refuse(p, "up=%.40s is none of subpixel, nearest and zero", up);
}

static bool parse_pad(parser *p, bc_layer *layer)
{
    const char *pad = take_value(p, "pad=");
    if (!pad || strcmp(pad, "edge") == 0)
        return true;
    layer->pad = BC_PAD_REFLECT;
    if (strcmp(pad, "reflect") != 0)
        return refuse(p, "pad=%.40s is none of edge and reflect", pad);
    return layer->stride != BC_STRIDE_HALF || refuse(p, "pad=reflect does not go with up");
}

static bool parse_owners(parser *p, bc_layer *layer)
{
    if (take_word(p, "norm=style")) {
        layer->norm = true;
        layer->norm_owner = BC_OWNER_STYLE;
    } else {
        layer->norm = take_word(p, "norm");
    }
    layer->relu = take_word(p, "relu");
    if (take_word(p, "weights=style")) {
        layer->weights = BC_OWNER_STYLE;
        p->is_in_styles = true;
    }
    const char *from = take_value(p, "from=");
    return !from || find_input(p, &layer->inputs[0], from);
}

static bool set_conv_shape(parser *p, bc_layer *layer)
{
    const int cell = cell_of(p->table, layer->inputs[0]);
    layer->n_in = channels_of(p->table, layer->inputs[0]);
    layer->n_rows = layer->stride == BC_STRIDE_HALF && layer->upsample == BC_UPSAMPLE_SUBPIXEL
                        ? 4 * layer->n_out
                        : layer->n_out;
    layer->cell = layer->stride == BC_STRIDE_2      ? 2 * cell
                  : layer->stride == BC_STRIDE_HALF ? cell / 2
                                                    : cell;
    if (layer->cell == 0)
        return refuse(p, "its output would be larger than the frame");
    return layer->cell <= BC_MAX_UNIT ||
           refuse(p, "its output would be smaller than 1/%d of the frame", BC_MAX_UNIT);
}

static bool parse_conv(parser *p, bc_layer *layer)
{
    layer->kernel = take_number(p);
    if (layer->kernel < 1 || layer->kernel > 9 || layer->kernel % 2 == 0)
        return refuse(p, "the kernel is none of 1, 3, 5, 7 and 9");
    layer->n_out = take_number(p);
    if (layer->n_out != 3 &&
        (layer->n_out < 8 || layer->n_out > BC_MAX_WIDTH || layer->n_out % 8 != 0))
        return refuse(p, "the width is no multiple of 8 up to %d", BC_MAX_WIDTH);
    if (!parse_stride(p, layer) || !parse_pad(p, layer) || !parse_owners(p, layer))
        return false;
    return set_conv_shape(p, layer);
}

static bool parse_add(parser *p, bc_layer *layer)
{
    const bc_layers *table = p->table;
    int *inputs = layer->inputs;
    for (int i = 0; i < 2; i++) {
        const char *name = take_field(p);
        if (!name)
            return refuse(p, "a sum needs two layers");
        if (!find_input(p, &inputs[i], name))
            return false;
    }
    if (inputs[0] == BC_FRAME || inputs[1] == BC_FRAME || inputs[0] == inputs[1])
        return refuse(p, "a sum needs two different layers");
    const bc_layer *first = &table->layers[inputs[0]], *second = &table->layers[inputs[1]];
    layer->n_in = layer->n_out = first->n_out;
    layer->cell = first->cell;
    return (first->n_out == second->n_out && first->cell == second->cell) ||
           refuse(p, "%d channels at 1/%d of the frame and %d at 1/%d cannot be added",
                  first->n_out, first->cell, second->n_out, second->cell);
}

static bool parse_mix(parser *p, bc_layer *layer)
{
    const char *name = take_field(p);
    if (name && !find_input(p, &layer->inputs[0], name))
        return false;
    if (!p->is_in_styles || layer->inputs[0] == BC_FRAME ||
        !p->table->layers[layer->inputs[0]].is_each_styles)
        return refuse(p, "there is nothing to mix: no layer with weights=style before it");
    layer->n_in = layer->n_out = channels_of(p->table, layer->inputs[0]);
    layer->cell = cell_of(p->table, layer->inputs[0]);
    p->is_in_styles = false;
    return true;
}

static bool parse_canvas(parser *p, bc_layer *layer)
{
    layer->n_out = take_number(p);
    if (layer->n_out < 8 || layer->n_out > BC_MAX_WIDTH || layer->n_out % 8 != 0)
        return refuse(p, "the width is no multiple of 8 up to %d", BC_MAX_WIDTH);
    layer->cell = take_word(p, "stride=4") ? 4 : take_word(p, "stride=8") ? 8 : 0;
    return layer->cell > 0 || refuse(p, "a canvas has stride=4 or stride=8");
}

/* The table ------------------------------------------------------------------------------- */

static bool parse_kind(parser *p, bc_layer *layer)
{
    static bool (*const parsers[])(parser *, bc_layer *) = {[BC_LAYER_CONV] = parse_conv,
                                                            [BC_LAYER_ADD] = parse_add,
                                                            [BC_LAYER_MIX] = parse_mix,
                                                            [BC_LAYER_CANVAS] = parse_canvas};
    const char *kind = take_field(p);
    for (int i = 0; kind && i < BC_N_LAYER_KINDS; i++) {
        if (strcmp(kind, kind_names[i]) == 0) {
            layer->kind = (bc_layer_kind)i;
            return parsers[i](p, layer);
        }
    }
    return refuse(p, "'%.40s' is none of conv, add, mix and canvas", kind ? kind : "");
}

static bool parse_line(parser *p, char *line)
{
    bc_layers *table = p->table;
    if (table->n == BC_MAX_LAYERS)
        return refuse(p, "a table has at most %d layers", BC_MAX_LAYERS);
    bc_layer *layer = &table->layers[table->n];
    *layer = (bc_layer){.inputs = {table->n - 1, table->n - 1}};
    if (!split_line(p, line) || !check_name(p, p->fields[0]))
        return false;
    memcpy(layer->name, p->fields[0], strlen(p->fields[0]) + 1);
    p->next_field = 1;
    if (!parse_kind(p, layer))
        return false;
    if (p->next_field < p->n_fields)
        return refuse(p, "'%.40s' is unknown here", p->fields[p->next_field]);
    layer->is_each_styles = p->is_in_styles;
    for (int i = 0; i < bc_layer_inputs(layer); i++) {
        if (!check_input(p, layer, layer->inputs[i]))
            return false;
    }
    table->unit = layer->cell > table->unit ? layer->cell : table->unit;
    table->n++;
    return true;
}

/* Every layer but the last is read, and only the last one makes a picture. */
static bool check_ends(parser *p, int *line)
{
    const bc_layers *table = p->table;
    bool is_read[BC_MAX_LAYERS] = {false};
    for (int i = 0; i < table->n; i++) {
        for (int k = 0; k < bc_layer_inputs(&table->layers[i]); k++) {
            if (table->layers[i].inputs[k] != BC_FRAME)
                is_read[table->layers[i].inputs[k]] = true;
        }
    }
    for (*line = 1; *line < table->n; ++*line) {
        if (table->layers[*line - 1].n_out == 3)
            return refuse(p, "only the last layer has 3 channels");
        if (!is_read[*line - 1])
            return refuse(p, "no layer reads it");
    }
    const bc_layer *last = &table->layers[table->n - 1];
    return (last->kind == BC_LAYER_CONV && last->n_out == 3 && last->cell == 1 && !last->norm &&
            !last->relu && !last->is_each_styles) ||
           refuse(p, "the last layer is a conv of 3 channels and the frame's size, with neither "
                     "norm, relu nor weights=style");
}

static bc_status fail_line(const parser *p, const char *path, int line, const bc_log *log)
{
    return bc_fail(log, BC_ERR_FORMAT, "%s: layers, line %d: %s", path, line, p->reason);
}

bc_status bc_layers_parse(bc_layers *table, const char *text, const char *path, const bc_log *log)
{
    parser p = {.table = table};
    char lines[BC_LAYERS_TEXT_SIZE], *rest = lines;
    const size_t length = strnlen(text, BC_LAYERS_TEXT_SIZE);
    *table = (bc_layers){.unit = 1};
    if (length == 0 || length == BC_LAYERS_TEXT_SIZE)
        return bc_fail(log, BC_ERR_FORMAT, "%s: layers: the text is %s", path,
                       length == 0 ? "empty" : "too long");
    memcpy(table->text, text, length + 1);
    memcpy(lines, text, length + 1);
    int line = 1;
    for (char *next; (next = strsep(&rest, "\n")); line++) {
        if (!parse_line(&p, next))
            return fail_line(&p, path, line, log);
    }
    return check_ends(&p, &line) ? BC_OK : fail_line(&p, path, line, log);
}

static bc_status read_text(char text[BC_LAYERS_TEXT_SIZE], const char *path, const bc_log *log)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return bc_fail(log, BC_ERR_IO, "%s: neither a preset nor a file: %s", path,
                       strerror(errno));
    size_t n = fread(text, 1, BC_LAYERS_TEXT_SIZE - 1, file);
    const bool is_whole = !ferror(file) && fgetc(file) == EOF;
    fclose(file);
    if (!is_whole || memchr(text, '\0', n))
        return bc_fail(log, BC_ERR_FORMAT, "%s: no table of layers: too long, or no text", path);
    while (n > 0 && text[n - 1] == '\n')
        n--;
    text[n] = '\0';
    return BC_OK;
}

bc_status bc_layers_open(bc_layers *table, const char *name, const bc_log *log)
{
    char text[BC_LAYERS_TEXT_SIZE];
    const char *preset = bc_preset_text(name);
    const bc_status status = preset ? BC_OK : read_text(text, name, log);
    return status < 0 ? status : bc_layers_parse(table, preset ? preset : text, name, log);
}

void bc_layers_of_format_1(bc_layers *table, const int widths[3], bc_upsample upsample,
                           int n_bank_layers)
{
    char text[BC_LAYERS_TEXT_SIZE];
    const char *up = bc_upsample_name(upsample);
    int n = snprintf(text, sizeof(text),
                     "encoder.0 conv 9 %d stride=2 norm relu\n"
                     "encoder.1 conv 3 %d stride=2 norm relu\n"
                     "encoder.2 conv 3 %d norm relu\n",
                     widths[0], widths[1], widths[2]);
    for (int i = 0; i < n_bank_layers; i++)
        n += snprintf(text + n, sizeof(text) - (size_t)n,
                      "bank.%d conv 3 %d norm=style relu weights=style\n", i, widths[2]);
    if (n_bank_layers > 0)
        n += snprintf(text + n, sizeof(text) - (size_t)n, "bank mix\n");
    snprintf(text + n, sizeof(text) - (size_t)n,
             "decoder.0 conv 3 %d norm relu\n"
             "decoder.1 conv 3 %d up=%s norm relu\n"
             "decoder.2 conv %d 3 up=%s",
             widths[1], widths[0], up, upsample == BC_UPSAMPLE_SUBPIXEL ? 5 : 9, up);
    bc_layers_parse(table, text, "format 1", &(bc_log){0});
}

/* Questions ------------------------------------------------------------------------------- */

int bc_layers_find(const bc_layers *table, const char *name)
{
    for (int i = 0; i < table->n; i++) {
        if (strcmp(table->layers[i].name, name) == 0)
            return i;
    }
    return -1;
}

bool bc_layers_have_styles(const bc_layers *table)
{
    for (int i = 0; i < table->n; i++) {
        const bc_layer *layer = &table->layers[i];
        if (layer->weights == BC_OWNER_STYLE || layer->norm_owner == BC_OWNER_STYLE)
            return true;
    }
    return false;
}

double bc_layer_macs(const bc_layer *layer)
{
    if (layer->kind != BC_LAYER_CONV)
        return 0;
    const bool is_up = layer->stride == BC_STRIDE_HALF;
    const int kernel = is_up && layer->upsample != BC_UPSAMPLE_SUBPIXEL
                           ? bc_folded_kernel(layer->kernel)
                           : layer->kernel;
    return (double)layer->n_in * layer->n_out * kernel * kernel / (layer->cell * layer->cell);
}

double bc_layers_macs(const bc_layers *table)
{
    double macs = 0;
    for (int i = 0; i < table->n; i++)
        macs += bc_layer_macs(&table->layers[i]);
    return macs;
}
