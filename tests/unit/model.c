/* model/: nets and their styles are opened whole, found by their names, and made at random. */
#include "copies.h"

#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Golden models ---------------------------------------------------------------------------- */

static void test_golden(const char *name, int width, bc_upsample upsample)
{
    char autoencoder[256], bank[256];
    bc_model *model;
    snprintf(autoencoder, sizeof(autoencoder), GOLDEN "%s.autoencoder.safetensors", name);
    snprintf(bank, sizeof(bank), GOLDEN "%s.bank.safetensors", name);
    if (!CHECK_INT(bc_model_open_files(&model, autoencoder, (const char *[]){bank}, 1, &messages),
                   BC_OK)) {
        fprintf(stderr, "    %s\n", last);
        return;
    }
    const bc_net *net = &model->net;
    const int decoder = bc_layers_find(&net->table, "decoder.1");
    CHECK(strcmp(bc_model_name(model), name) == 0);
    CHECK_INT(net->format, 1);
    CHECK_INT(net->widths[0], width);
    CHECK_INT(net->upsample, upsample);
    CHECK_INT(net->n_bank_layers, 2);
    CHECK_INT(net->table.layers[decoder].n_rows,
              upsample == BC_UPSAMPLE_SUBPIXEL ? 4 * width : width);
    CHECK(net->tensors[decoder].scale && !net->tensors[decoder + 1].scale);
    CHECK(net->tensors[decoder + 1].bias && !net->tensors[3].weight);
    CHECK(model->styles[0].tensors[3].weight && model->styles[0].tensors[4].shift);
    CHECK_INT(bc_model_style_count(model), 1);
    CHECK(strncmp(bc_model_style(model, 0).title, "Golden ", 7) == 0);
    CHECK(*bc_model_style(model, 0).artist == '\0' && !bc_model_style(model, 0).thumbnail);
    bc_model_close(&model);
    CHECK(!model);
    bc_model_close(&model);
}

static void test_mismatch(void)
{
    bc_model *model;
    const char *bank = GOLDEN "odd.bank.safetensors";
    const bc_status status =
        bc_model_open_files(&model, GOLDEN "tiny.autoencoder.safetensors", &bank, 1, &messages);
    check_refused(bank, status, BC_ERR_MISMATCH, "style 'odd.bank' was trained");
    CHECK(strstr(last, "da01d8bf5cc9") && strstr(last, "not on 'tiny' (7366112faffb"));
}

/* Folders ---------------------------------------------------------------------------------- */

/* A copy of the golden bank with a thumbnail and its own id. */
static void write_style(const char *path)
{
    static const uint8_t pixels[2 * 3 * 3] = {7};
    const bc_tensor thumbnail = {.dtype = BC_DTYPE_U8,
                                 .n_dims = 3,
                                 .shape = {2, 3, 3},
                                 .data = pixels,
                                 .size_bytes = sizeof(pixels)};
    contents c;
    bc_safetensors *file;
    char id[BC_ID_SIZE];
    if (!read_contents(&c, GOLDEN "tiny.bank.safetensors"))
        return;
    add_tensor(&c, &thumbnail, "thumbnail");
    set_metadata(&c, "artist", "Nobody");
    write_contents(&c, path);
    if (!read_contents(&c, path) || !CHECK_INT(bc_safetensors_open(&file, path, NULL), BC_OK))
        return;
    bc_net_identify(id, "", file);
    set_metadata(&c, "brushcast.id", id);
    write_contents(&c, path);
    bc_safetensors_close(&file);
}

static void check_folder(bc_model *model)
{
    CHECK_INT(bc_model_style_count(model), 3);
    CHECK(strcmp(bc_model_style(model, 0).name, "a") == 0);
    CHECK(strcmp(bc_model_style(model, 1).name, "a-b") == 0);
    CHECK(strcmp(bc_model_style(model, 2).name, "c") == 0);
    CHECK_INT(bc_model_find_style(model, "a-b"), 1);
    CHECK_INT(bc_model_find_style(model, "b"), -1);
    const bc_style_info info = bc_model_style(model, 2);
    CHECK(info.thumbnail && info.thumbnail[0] == 7);
    CHECK_INT(info.thumbnail_width, 3);
    CHECK_INT(info.thumbnail_height, 2);
}

static void test_folder(void)
{
    const bc_model_params params = {.log = messages};
    bc_model *model;
    contents c;
    check_refused(folder, bc_model_open(&model, folder, &params), BC_ERR_IO, "cannot open");
    if (!read_contents(&c, GOLDEN "tiny.autoencoder.safetensors"))
        return;
    write_contents(&c, in_folder("autoencoder.safetensors"));
    CHECK_INT(bc_model_open(&model, folder, &params), BC_OK);
    CHECK_INT(bc_model_style_count(model), 0);
    bc_model_close(&model);

    CHECK_INT(mkdir(in_folder("styles"), 0777), 0);
    write_style(in_folder("styles/c.safetensors"));
    write_style(in_folder("styles/a-b.safetensors"));
    write_style(in_folder("styles/a.safetensors"));
    write_style(in_folder("styles/.hidden.safetensors"));
    write_style(in_folder("styles/other"));
    if (CHECK_INT(bc_model_open(&model, folder, &params), BC_OK))
        check_folder(model);
    bc_model_close(&model);

    if (!read_contents(&c, in_folder("styles/c.safetensors")))
        return;
    for (int i = 0; i < c.n_tensors; i++) {
        if (strncmp(c.tensors[i].name, "bank.1", 6) == 0)
            c.tensors[i--] = c.tensors[--c.n_tensors];
    }
    remove_metadata(&c, "brushcast.id");
    write_contents(&c, in_folder("styles/c.safetensors"));
    check_refused("styles/c.safetensors", bc_model_open(&model, folder, &params), BC_ERR_FORMAT,
                  "1 layers, but other styles of the net have 2");

    CHECK_INT(truncate(in_folder("styles/a.safetensors"), 1000), 0);
    check_refused("styles/a.safetensors", bc_model_open(&model, folder, &params), BC_ERR_FORMAT,
                  "tensor 'bank.0.");
    CHECK(!model);
}

static void test_find_net(void)
{
    char *found = NULL;
    char *slash = strrchr(folder, '/');
    char models[sizeof(folder)];
    snprintf(models, sizeof(models), "%.*s", (int)(slash - folder), folder);
    CHECK_INT(bc_model_find_net(&found, folder, NULL, &messages), BC_OK);
    CHECK(found && strcmp(found, folder) == 0);
    free(found);
    CHECK_INT(bc_model_find_net(&found, slash + 1, models, &messages), BC_OK);
    CHECK(found && strcmp(found, folder) == 0);
    free(found);
    setenv("BRUSHCAST_MODELS", models, 1);
    CHECK_INT(bc_model_find_net(&found, slash + 1, "/nowhere", &messages), BC_OK);
    CHECK(found && strcmp(found, folder) == 0);
    free(found);
    setenv("XDG_DATA_HOME", "/data-home", 1);
    CHECK_INT(bc_model_find_net(&found, "none", "/nowhere", &messages), BC_ERR_IO);
    CHECK(!found && strstr(last, "no net 'none'") && strstr(last, "/nowhere/none, "));
    CHECK(strstr(last, models) && strstr(last, "/data-home/brushcast/none"));
    CHECK_INT(bc_model_find_net(&found, "", NULL, &messages), BC_ERR_IO);
    CHECK(!found);
}

static void remove_folder(void)
{
    static const char *const names[] = {"styles/c.safetensors",       "styles/a-b.safetensors",
                                        "styles/a.safetensors",       "styles/other",
                                        "styles/.hidden.safetensors", "autoencoder.safetensors"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unlink(in_folder(names[i]));
    rmdir(in_folder("styles"));
    CHECK_INT(rmdir(folder), 0);
}

/* Random models ---------------------------------------------------------------------------- */

static void test_random(void)
{
    static const int widths[BC_N_WIDTHS] = {8, 24, 40};
    bc_layers table;
    bc_model *a, *b;
    bc_layers_of_format_1(&table, widths, BC_UPSAMPLE_SUBPIXEL, 3);
    CHECK_INT(bc_model_make_random(&a, &table, 2, 7, &messages), BC_OK);
    CHECK_INT(bc_model_make_random(&b, &table, 2, 8, &messages), BC_OK);
    const int layer = bc_layers_find(&table, "bank.2");
    const float *weight = a->styles[0].tensors[layer].weight;
    CHECK(weight[0] != b->styles[0].tensors[layer].weight[0]);
    CHECK(weight[0] != a->styles[1].tensors[layer].weight[0]);
    /* The same on every machine: the first number of seed 7, He's bound for 3 x 9 x 9 inputs. */
    CHECK(a->net.tensors[0].weight[0] == -0x1.1ba218p-5f);
    double sum = 0, squares = 0;
    const int n = 40 * 40 * 9;
    for (int i = 0; i < n; i++) {
        sum += (double)weight[i];
        squares += (double)weight[i] * (double)weight[i];
    }
    CHECK_AT_MOST(fabs(sum / n), 3 * sqrt(2.0 / (40 * 9) / n));
    CHECK_AT_MOST(fabs(squares / n * (40 * 9) / 2 - 1), 0.05);
    CHECK_INT(bc_model_find_style(a, "random-1"), 1);
    bc_model_close(&a);
    bc_model_close(&b);
}

/* Another model with one style more, which outlives the one that it was made of. */
static void test_added_styles(void)
{
    const bc_model_params params = {.log = messages};
    const char *bank = GOLDEN "tiny.bank.safetensors", *path = in_folder("extra.safetensors");
    bc_model *base, *more, *same, *none;
    write_style(path);
    if (!CHECK_INT(
            bc_model_open_files(&base, GOLDEN "tiny.autoencoder.safetensors", &bank, 1, &messages),
            BC_OK) ||
        !CHECK_INT(bc_model_add_style(&more, base, path, &params), BC_OK))
        return;
    CHECK_INT(bc_model_add_style(&none, base, GOLDEN "odd.bank.safetensors", &params),
              BC_ERR_MISMATCH);
    CHECK(!none);
    CHECK_INT(bc_model_add_style(&none, base, "/nowhere.safetensors", &params), BC_ERR_IO);
    CHECK_INT(bc_model_style_count(base), 1);
    bc_model_close(&base);
    CHECK_INT(bc_model_style_count(more), 2);
    CHECK_INT(bc_model_find_style(more, "tiny.bank"), 0);
    CHECK_INT(bc_model_find_style(more, "extra"), 1);
    CHECK_INT(bc_model_add_style(&same, more, path, &params), BC_OK);
    CHECK_INT(bc_model_style_count(same), 2);
    CHECK(same->styles[1].file != more->styles[1].file &&
          same->styles[0].file == more->styles[0].file);
    bc_model_close(&more);
    CHECK(bc_model_style(same, 1).thumbnail && bc_model_style(same, 0).name[0] == 't');
    bc_model_close(&same);
    unlink(path);
}

int main(void)
{
    messages = test_log(last);
    if (!CHECK(mkdtemp(folder)))
        return TEST_END();
    test_golden("tiny", 8, BC_UPSAMPLE_NEAREST);
    test_golden("one", 8, BC_UPSAMPLE_NEAREST);
    test_golden("small-zero", 8, BC_UPSAMPLE_ZERO);
    test_golden("odd-subpixel", 8, BC_UPSAMPLE_SUBPIXEL);
    test_golden("wide-subpixel", 16, BC_UPSAMPLE_SUBPIXEL);
    test_mismatch();
    test_folder();
    test_added_styles();
    test_find_net();
    remove_folder();
    test_random();
    return TEST_END();
}
