/* nets.c: nets out to ONNX and back, the same bit for bit. */
#include "export/graph.h"
#include "generator/random_table.h"
#include "import/imported.h"

static int count_different(const float *a, const float *b, int64_t n)
{
    if (!a || !b)
        return a != b;
    return memcmp(a, b, (size_t)n * sizeof(*a)) != 0;
}

static int compare_tensors(const bc_layer *layer, const bc_tensors *a, const bc_tensors *b)
{
    const int64_t n_taps = (int64_t)layer->n_in * layer->kernel * layer->kernel;
    return count_different(a->weight, b->weight, layer->n_rows * n_taps) +
           count_different(a->bias, b->bias, layer->n_rows) +
           count_different(a->scale, b->scale, layer->n_out) +
           count_different(a->shift, b->shift, layer->n_out);
}

/* The style's own name is in the file. */
static void check_return(const bc_model *model, const char *style, int width, int height)
{
    const bc_style_weight blend = {.style = 0, .weight = 3};
    const bc_export_params params = {
        .blend = &blend, .n_blend = 1, .width = width, .height = height};
    bc_proto file = {0};
    CHECK_INT(bc_export_write(&file, model, &params, &log_), BC_OK);
    bc_model *back = import(file.bytes, file.size, 0, style);
    bc_proto_free(&file);
    if (!CHECK(back != NULL)) {
        fprintf(stderr, "    %s\n%s\n", message, model->net.table.text);
        return;
    }
    const bc_layers *table = &model->net.table;
    CHECK(strcmp(back->net.table.text, table->text) == 0);
    int n_different = 0;
    for (int i = 0; i < table->n; i++)
        n_different +=
            compare_tensors(&table->layers[i], &model->net.tensors[i], &back->net.tensors[i]) +
            compare_tensors(&table->layers[i], &model->styles[0].tensors[i],
                            &back->styles[0].tensors[i]);
    CHECK_INT(n_different, 0);
    bc_model_close(&back);
}

static void test_random_tables(void)
{
    enum { N_TABLES = 40 };
    for (int seed = 1; seed <= N_TABLES; seed++) {
        char text[BC_LAYERS_TEXT_SIZE];
        bc_layers table;
        bc_model *model;
        make_random_table(text, (uint64_t)seed);
        CHECK_INT(bc_layers_parse(&table, text, "TABLE", &log_), BC_OK);
        CHECK_INT(bc_model_make_random(&model, &table, 1, (uint64_t)seed, &log_), BC_OK);
        check_return(model, bc_model_style(model, 0).name, 0, 0);
        check_return(model, bc_model_style(model, 0).name, 13 + seed, 29);
        bc_model_close(&model);
    }
}

/* The net's identity, too, comes back. */
static void test_golden(void)
{
    static const char *const nets[][2] = {
        {"tables/deep-tiny.network", "tables/deep-tiny.style-a"},
        {"tables/cin-odd.network", "tables/cin-odd.style-b"},
        {"tiny-zero.autoencoder", "tiny-zero.bank"},
        {"tiny-subpixel.autoencoder", "tiny-subpixel.bank"},
    };
    for (size_t i = 0; i < sizeof(nets) / sizeof(nets[0]); i++) {
        bc_model *model = open_golden(nets[i][0], nets[i][1]);
        check_return(model, bc_model_style(model, 0).name, 0, 0);
        bc_model_close(&model);
    }
}

/* A stated table that is another net's is not believed. */
static void test_stated_table(void)
{
    bc_model *model = open_golden("tables/cin-odd.network", "tables/cin-odd.style-a");
    const bc_style_weight blend = {.style = 0, .weight = 1};
    bc_proto file = {0};
    CHECK_INT(
        bc_export_write(&file, model, &(bc_export_params){.blend = &blend, .n_blend = 1}, &log_),
        BC_OK);
    char *line = memmem(file.bytes, file.size, "body.1 conv 1 16 norm=style\n", 28);
    if (CHECK(line != NULL))
        line[12] = '3'; /* the kernel */
    check_refused(&file, "its graph is not what its brushcast.layers says");
    bc_proto_free(&file);
    bc_model_close(&model);
}

/* A blend is no net, but its model names the paintings of all its styles. */
static void test_blend(void)
{
    static const bc_style_weight blend[] = {{0, 1}, {1, 2}};
    static const char text[] = "in conv 3 8 stride=2 norm relu\n"
                               "bank conv 3 8 norm=style relu weights=style\n"
                               "bank.mix mix\n"
                               "out conv 3 3 up=subpixel";
    bc_layers table;
    bc_model *model;
    bc_proto file = {0};
    CHECK_INT(bc_layers_parse(&table, text, "TABLE", &log_), BC_OK);
    CHECK_INT(bc_model_make_random(&model, &table, 2, 1, &log_), BC_OK);
    model->styles[0].info.licence = "public domain";
    model->styles[1].info.licence = "CC BY 4.0";
    CHECK_INT(
        bc_export_write(&file, model, &(bc_export_params){.blend = blend, .n_blend = 2}, &log_),
        BC_OK);
    CHECK(memmem(file.bytes, file.size, "public domain; CC BY 4.0", 24) != NULL);
    check_refused(&file, "is a style's share of a blend, which is no net");
    bc_proto_free(&file);
    bc_model_close(&model);
}

/* A canvas is an input of its own name, which no tensor and no output may have. */
static void test_canvas_names(void)
{
    static const char *const names[] = {"painting", "out.bias", "out.norm.bias"};
    for (int i = 0; i < 3; i++) {
        char text[128];
        bc_layers table;
        bc_model *model;
        bc_proto file = {0};
        snprintf(text, sizeof(text),
                 "%s canvas 8 stride=4\nin conv 3 8 up=zero\nout conv 3 3 up=zero", names[i]);
        CHECK_INT(bc_layers_parse(&table, text, "TABLE", &log_), BC_OK);
        CHECK_INT(bc_model_make_random(&model, &table, 0, 1, &log_), BC_OK);
        CHECK_INT(bc_export_write(&file, model, &(bc_export_params){.n_blend = 0}, &log_),
                  i < 2 ? BC_ERR_ARGUMENT : BC_OK);
        CHECK(i == 2 || strstr(message, names[i]) != NULL);
        bc_proto_free(&file);
        bc_model_close(&model);
    }
}

int main(void)
{
    if (!imported_begin())
        return 1;
    test_random_tables();
    test_golden();
    test_stated_table();
    test_blend();
    test_canvas_names();
    imported_end();
    return TEST_END();
}
