#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/commands.h"
#include "base/log.h"
#include "cli/painting.h"
#include "frame/frame.h"
#include "media/convert.h"
#include "media/log.h"
#include "media/picture.h"

enum { CELL_SIZE = 480, GAP = 8 };

typedef struct settings {
    const char *net, *models, *sheet;
    bool is_json, is_names, overwrite;
    int n_threads;
} settings;

#define AT(field) offsetof(settings, field)

static const bc_option options[] = {
    {"json", NULL, "an array of objects instead of the table", BC_OPTION_FLAG,
     .offset = AT(is_json)},
    {"names", NULL, "the names only, one a line", BC_OPTION_FLAG, .offset = AT(is_names)},
    {"sheet", "OUT.png", "draw PICTURE, or their own thumbnails, in all styles on one sheet",
     BC_OPTION_TEXT, .offset = AT(sheet), .completion = BC_COMPLETE_FILE},
    {"y", NULL, "overwrite the sheet if it exists", BC_OPTION_FLAG, .offset = AT(overwrite)},
    BC_NET_OPTIONS(AT),
    BC_THREADS_OPTION(AT),
};

static int run(int n_args, char **args, const bc_log *log);

const bc_command bc_command_styles = {
    .name = "styles",
    .summary = "list the styles, or draw them on a picture",
    .arguments = "[OPTION...] [--sheet OUT.png [PICTURE]]",
    .description = "Lists the styles of a net: number in the live window, name, title, artist, "
                   "year, licence. With --sheet, "
                   "draws a contact sheet of them all.",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .examples = "brushcast styles --sheet sheet.png me.jpg\twhat each style makes of a picture\n",
    .run = run,
};

/* Lists ------------------------------------------------------------------------------------ */

static void print_table(const bc_model *model)
{
    const int n_styles = bc_model_style_count(model);
    int width = 4;
    for (int i = 0; i < n_styles; i++) {
        const int length = (int)strlen(bc_model_style(model, i).name);
        width = length > width ? length : width;
    }
    for (int i = 0; i < n_styles; i++) {
        const bc_style_info style = bc_model_style(model, i);
        printf("%2d  %-*s  %s%s%s%s%s%s%s%s\n", i + 1, width, style.name, style.title,
               *style.artist ? ", " : "", style.artist, *style.year ? ", " : "", style.year,
               *style.licence ? " (" : "", style.licence, *style.licence ? ")" : "");
    }
}

static void print_names(const bc_model *model)
{
    for (int i = 0; i < bc_model_style_count(model); i++)
        puts(bc_model_style(model, i).name);
}

static void print_json(const bc_model *model)
{
    json_t *list = json_array();
    for (int i = 0; i < bc_model_style_count(model); i++) {
        const bc_style_info style = bc_model_style(model, i);
        json_array_append_new(list,
                              json_pack("{s:i, s:s, s:s, s:s, s:s, s:s}", "number", i + 1, "name",
                                        style.name, "title", style.title, "artist", style.artist,
                                        "year", style.year, "licence", style.licence));
    }
    json_dumpf(list, stdout, JSON_INDENT(1));
    putchar('\n');
    json_decref(list);
}

/* Sheet ------------------------------------------------------------------------------------ */

struct sheet {
    bc_frame *frame;
    bc_converter *converter;
    int n_columns, cell_width, cell_height;
};

static bc_image cell_at(const struct sheet *sheet, int index)
{
    bc_image cell = sheet->frame->image;
    cell.width = sheet->cell_width;
    cell.height = sheet->cell_height;
    cell.pixels += index / sheet->n_columns * (sheet->cell_height + GAP) * cell.stride_bytes +
                   index % sheet->n_columns * (sheet->cell_width + GAP) * 3;
    return cell;
}

static bc_status open_sheet(struct sheet *sheet, int n_cells, int width, int height,
                            const bc_log *log)
{
    const int longest = width > height ? width : height;
    int n_columns = 1;
    while (n_columns * n_columns < n_cells)
        n_columns++;
    const int n_rows = (n_cells + n_columns - 1) / n_columns;
    sheet->n_columns = n_columns;
    sheet->cell_width = longest > CELL_SIZE ? width * CELL_SIZE / longest + 1 : width;
    sheet->cell_height = longest > CELL_SIZE ? height * CELL_SIZE / longest + 1 : height;
    bc_status status = bc_frame_alloc(&sheet->frame, n_columns * (sheet->cell_width + GAP) - GAP,
                                      n_rows * (sheet->cell_height + GAP) - GAP, BC_RGB24, log);
    if (status < 0)
        return status;
    memset(sheet->frame->image.pixels, 255,
           (size_t)sheet->frame->image.stride_bytes * (size_t)sheet->frame->image.height);
    return bc_converter_open(&sheet->converter, 1, log);
}

static void close_sheet(struct sheet *sheet)
{
    bc_converter_close(&sheet->converter);
    bc_frame_unref(&sheet->frame);
}

/* Where no font is installed the cells stay without names. */
static void label(const bc_image *cell, const char *name)
{
    bc_picture_label(cell, name, NULL);
}

/* A picture of the style's own, or white. */
static bc_status draw_thumbnails(struct sheet *sheet, const bc_model *model, const bc_log *log)
{
    const int n_styles = bc_model_style_count(model);
    bc_status status = open_sheet(sheet, n_styles, CELL_SIZE, CELL_SIZE, log);
    for (int i = 0; i < n_styles && status == BC_OK; i++) {
        const bc_style_info style = bc_model_style(model, i);
        const bc_image cell = cell_at(sheet, i);
        bc_image shown = cell; /* the thumbnail's own shape, as large as fits */
        if (style.thumbnail) {
            bc_frame thumbnail = {.image = {.pixels = (uint8_t *)style.thumbnail,
                                            .stride_bytes = 3 * (ptrdiff_t)style.thumbnail_width,
                                            .width = style.thumbnail_width,
                                            .height = style.thumbnail_height,
                                            .format = BC_RGB24}};
            if (style.thumbnail_width > style.thumbnail_height)
                shown.height = CELL_SIZE * style.thumbnail_height / style.thumbnail_width;
            else
                shown.width = CELL_SIZE * style.thumbnail_width / style.thumbnail_height;
            if (shown.width > 0 && shown.height > 0)
                status = bc_converter_run(sheet->converter, &thumbnail, &shown);
        }
        label(&cell, style.name);
    }
    return status;
}

static bc_status paint_cells(struct sheet *sheet, const bc_model *model, const bc_frame *small,
                             const settings *s, const bc_log *log)
{
    bc_session *session;
    bc_status status = bc_session_open(&session, model,
                                       &(bc_session_params){.width = small->image.width,
                                                            .height = small->image.height,
                                                            .n_threads = s->n_threads,
                                                            .log = *log});
    for (int i = 0; i < bc_model_style_count(model) && status == BC_OK; i++) {
        const bc_image cell = cell_at(sheet, i + 1);
        status = bc_session_set_style(session, &(bc_style_weight){.style = i, .weight = 1}, 1);
        if (status == BC_OK)
            status = bc_session_run(session, &small->image, &cell);
        if (status == BC_OK)
            label(&cell, bc_model_style(model, i).name);
    }
    bc_session_close(&session);
    return status;
}

/* The picture itself, then each style's painting of it. */
static bc_status draw_paintings(struct sheet *sheet, const bc_model *model, const char *path,
                                const settings *s, const bc_log *log)
{
    bc_frame *picture, *small = NULL;
    bc_status status = bc_picture_read(&picture, path, BC_ALPHA_OVER_WHITE, log);
    if (status == BC_OK)
        status = open_sheet(sheet, bc_model_style_count(model) + 1, picture->image.width,
                            picture->image.height, log);
    if (status == BC_OK)
        status = bc_frame_alloc(&small, sheet->cell_width, sheet->cell_height, BC_RGB24, log);
    if (status == BC_OK)
        status = bc_converter_run(sheet->converter, picture, &small->image);
    if (status == BC_OK) {
        const bc_image first = cell_at(sheet, 0);
        status = bc_converter_run(sheet->converter, small, &first);
    }
    if (status == BC_OK)
        status = paint_cells(sheet, model, small, s, log);
    bc_frame_unref(&small);
    bc_frame_unref(&picture);
    return status;
}

static bc_status draw_sheet(const bc_model *model, const char *picture, const settings *s,
                            const bc_log *log)
{
    struct sheet sheet = {0};
    if (bc_model_style_count(model) == 0)
        return bc_fail(log, BC_ERR_ARGUMENT, "the net %s has no styles", bc_model_name(model));
    if (!s->overwrite && access(s->sheet, F_OK) == 0)
        return bc_fail(log, BC_ERR_IO, "%s exists (-y overwrites it)", s->sheet);
    bc_status status = picture ? draw_paintings(&sheet, model, picture, s, log)
                               : draw_thumbnails(&sheet, model, log);
    if (status == BC_OK)
        status = bc_picture_write(s->sheet, &sheet.frame->image, log);
    close_sheet(&sheet);
    return status;
}

static bc_status show(const settings *s, const char *picture, const bc_log *log)
{
    bc_model *model;
    bc_status status =
        bc_model_open(&model, s->net, &(bc_model_params){.models = s->models, .log = *log});
    if (status == BC_OK && s->sheet)
        status = draw_sheet(model, picture, s, log);
    else if (status == BC_OK)
        (s->is_json ? print_json : s->is_names ? print_names : print_table)(model);
    bc_model_close(&model);
    return status;
}

static int run(int n_args, char **args, const bc_log *log)
{
    settings s = {0};
    const int parsed = bc_options_parse(&bc_command_styles, &n_args, args, &s, log);
    if (parsed != 0)
        return parsed < 0 ? 2 : 0;
    if (n_args > (s.sheet ? 2 : 1)) {
        bc_log_write(log, BC_LOG_ERROR, "styles: unexpected argument '%s'", args[n_args - 1]);
        return 2;
    }
    bc_media_log(log);
    return show(&s, n_args > 1 ? args[1] : NULL, log) < 0;
}
