/* Tables of layers: what the parser takes, makes of it, and refuses with the line and the reason.
 */
#include <stdlib.h>
#include <string.h>

#include "model/layers.h"
#include "test.h"

static char last_message[1024];
static const bc_log to_message = {.write = test_log_write, .cookie = last_message};

static void test_presets(void)
{
    static const struct {
        const char *name;
        int n, unit;
        double macs;
    } expected[] = {{"stylebank", 9, 4, 3174}, {"johnson", 21, 4, 153792}, {"deep", 23, 8, 8532}};
    bc_layers table;
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        CHECK(bc_layers_open(&table, expected[i].name, &to_message) == BC_OK);
        CHECK(table.n == expected[i].n);
        CHECK(table.unit == expected[i].unit);
        CHECK(bc_layers_macs(&table) > expected[i].macs - 1 &&
              bc_layers_macs(&table) < expected[i].macs + 1);
    }
    CHECK(bc_layers_open(&table, "cin", &to_message) == BC_OK && bc_layers_have_styles(&table));
    CHECK(bc_layers_open(&table, "no such file", &to_message) == BC_ERR_IO);
}

static void test_format_1(void)
{
    bc_layers table, stylebank;
    bc_layers_of_format_1(&table, (const int[]){8, 16, 32}, BC_UPSAMPLE_SUBPIXEL, 2);
    CHECK(bc_layers_open(&stylebank, "stylebank", &to_message) == BC_OK);
    CHECK(strcmp(table.text, stylebank.text) == 0);
    bc_layers_of_format_1(&table, (const int[]){8, 16, 32}, BC_UPSAMPLE_ZERO, 0);
    CHECK(table.n == 6 && !bc_layers_have_styles(&table));
    CHECK(table.layers[5].kernel == 9 && table.layers[5].n_rows == 3);
}

static void test_deep(void)
{
    bc_layers table;
    CHECK(bc_layers_open(&table, "deep", &to_message) == BC_OK);
    const bc_layer *grain = &table.layers[bc_layers_find(&table, "grain")];
    CHECK(grain->inputs[0] == bc_layers_find(&table, "canvas"));
    CHECK(grain->norm && !grain->relu && grain->norm_owner == BC_OWNER_STYLE);
    CHECK(grain->cell == 8 && grain->n_in == 8 && grain->n_out == 64 && !grain->is_each_styles);
    const bc_layer *sum = &table.layers[bc_layers_find(&table, "bank.2")];
    CHECK(bc_layer_inputs(sum) == 2 && sum->is_each_styles);
    CHECK(sum->inputs[0] == bc_layers_find(&table, "shared"));
    const bc_layer *mix = &table.layers[bc_layers_find(&table, "bank")];
    CHECK(mix->kind == BC_LAYER_MIX && !mix->is_each_styles);
    const bc_layer *up = &table.layers[bc_layers_find(&table, "decoder.0")];
    CHECK(up->stride == BC_STRIDE_HALF && up->n_rows == 128 && up->n_out == 32 && up->cell == 4);
}

static void refuse(const char *text, int line, const char *reason)
{
    char place[32];
    bc_layers table;
    last_message[0] = '\0';
    snprintf(place, sizeof(place), "layers, line %d:", line);
    CHECK(bc_layers_parse(&table, text, "net", &to_message) == BC_ERR_FORMAT);
    CHECK(strstr(last_message, place) && strstr(last_message, reason));
}

#define FIRST "a conv 3 8 stride=2 norm relu\n"
#define LAST "z conv 3 3 up=nearest"

static void test_refusals(void)
{
    refuse("a conv 2 8\n" LAST, 1, "kernel");
    refuse("a conv 11 8\n" LAST, 1, "kernel");
    refuse("a conv 3 12\n" LAST, 1, "multiple of 8");
    refuse("a conv 3 99999999999\n" LAST, 1, "multiple of 8");
    refuse("a conv 3 8  relu\n" LAST, 1, "one space");
    refuse("a conv 3 8 relu norm\n" LAST, 1, "'norm' is unknown here");
    refuse("a pool 3 8\n" LAST, 1, "none of conv");
    refuse("a conv 3 8 stride=3\n" LAST, 1, "stride=3");
    refuse("a conv 3 8 up=nearest\n" LAST, 1, "larger than the frame");
    refuse(FIRST "b conv 3 8 up=cubic\n" LAST, 2, "up=cubic");
    refuse(FIRST "b conv 3 8 up=zero pad=reflect\n" LAST, 2, "pad=reflect");
    refuse(FIRST "a conv 3 8\n" LAST, 2, "taken");
    refuse(FIRST "frame conv 3 8\n" LAST, 2, "taken");
    refuse(FIRST "b conv 3 8 from=z\n" LAST, 2, "no layer 'z' before it");
    refuse(FIRST "b conv 3 8 from=b\n" LAST, 2, "no layer 'b' before it");
    refuse(FIRST "b conv 3 16\nc add a b\n" LAST, 3, "cannot be added");
    refuse(FIRST "b conv 3 8 stride=2\nc add a b\n" LAST, 3, "cannot be added");
    refuse(FIRST "b add a a\n" LAST, 2, "two different layers");
    refuse(FIRST "b add a\n" LAST, 2, "two layers");
    refuse(FIRST "b add a frame\n" LAST, 2, "two different layers");
    refuse(FIRST "b mix\n" LAST, 2, "nothing to mix");
    refuse(FIRST "b conv 3 8 weights=style\n" LAST, 3, "neither");
    refuse(FIRST "b conv 3 8 weights=style\nc mix\nd add b c\n" LAST, 4, "a mix is missing");
    refuse(FIRST "b canvas 8 stride=2\nc add a b\n" LAST, 2, "stride=4");
    refuse(FIRST "b conv 3 8\n" LAST " from=a", 2, "no layer reads it");
    refuse(FIRST "b conv 3 3\n" LAST, 2, "only the last layer");
    refuse(FIRST LAST " norm", 2, "neither");
    refuse(FIRST, 2, "one space");
    refuse(FIRST "z conv 3 3", 2, "frame's size");
    refuse("z conv 3 3 norm relu weights=style from=frame again", 1, "unknown here");
    refuse("A conv 3 3", 1, "small letters");
    refuse("a234567890123456789012345678901234567890 conv 3 3", 1, "longer");
}

static void test_lengths(void)
{
    bc_layers table;
    enum { HUGE_SIZE = 10000000 };
    char *text = malloc(HUGE_SIZE);
    CHECK(text != NULL);
    memset(text, 'a', HUGE_SIZE - 1);
    text[HUGE_SIZE - 1] = '\0';
    CHECK(bc_layers_parse(&table, text, "net", &to_message) == BC_ERR_FORMAT);
    CHECK(strstr(last_message, "too long") != NULL);
    CHECK(bc_layers_parse(&table, "", "net", &to_message) == BC_ERR_FORMAT);
    int n = 0;
    for (int i = 0; i < BC_MAX_LAYERS; i++)
        n += sprintf(text + n, "a%d conv 1 8\n", i);
    sprintf(text + n, "z conv 3 3");
    refuse(text, BC_MAX_LAYERS + 1, "at most 40 layers");
    free(text);
}

int main(void)
{
    test_presets();
    test_format_1();
    test_deep();
    test_refusals();
    test_lengths();
    return TEST_END();
}
