#include "train/preview.h"

#include <stdlib.h>

#include "base/log.h"
#include "media/picture.h"

enum { PIXELS = BC_PREVIEW_WIDTH * BC_PREVIEW_HEIGHT };

typedef struct sheet {
    const bc_trainer *trainer;
    const bc_log *log;
    int n_rows, n_columns;
    float *photos;   /* [n_columns, 3, BC_PREVIEW_HEIGHT, BC_PREVIEW_WIDTH] */
    uint8_t *pixels; /* [n_rows * BC_PREVIEW_HEIGHT, n_columns * BC_PREVIEW_WIDTH, 3] */
} sheet;

static float *photo_of(const sheet *s, int column)
{
    return s->photos + (size_t)column * 3 * PIXELS;
}

static void put(sheet *s, int row, int column, const float *picture)
{
    const size_t stride = (size_t)s->n_columns * BC_PREVIEW_WIDTH * 3;
    uint8_t *corner = s->pixels + (size_t)row * BC_PREVIEW_HEIGHT * stride +
                      (size_t)column * BC_PREVIEW_WIDTH * 3;
    for (int y = 0; y < BC_PREVIEW_HEIGHT; y++)
        bc_picture_quantise(corner + (size_t)y * stride, picture + y * BC_PREVIEW_WIDTH,
                            BC_PREVIEW_WIDTH, PIXELS);
}

/* The largest window of the sheet's shape in the middle of a photograph. */
static bc_status take_photo(sheet *s, int column, const bc_photo *photo)
{
    const double across = (double)photo->width / BC_PREVIEW_WIDTH;
    const double down = (double)photo->height / BC_PREVIEW_HEIGHT;
    const double scale = across < down ? across : down;
    const double width = scale * BC_PREVIEW_WIDTH, height = scale * BC_PREVIEW_HEIGHT;
    const bc_resample_window window = {(photo->width - width) / 2, (photo->height - height) / 2,
                                       width, height};
    const bc_status status =
        bc_resample(photo_of(s, column), BC_PREVIEW_HEIGHT, BC_PREVIEW_WIDTH, photo->pixels,
                    photo->height, photo->width, window, s->log);
    put(s, 0, column, photo_of(s, column));
    return status;
}

static void paint_row(sheet *s, int row, bc_train_net *net, const bc_train_style *style)
{
    const bc_train_net_values values = bc_trainer_values(s->trainer, style);
    for (int column = 0; column < s->n_columns; column++)
        put(s, row, column, bc_train_net_forward(net, values, photo_of(s, column), NULL));
}

/* The rows from `row` on that a path paints: of all styles, or of none. */
static bc_status paint_path(sheet *s, int row, const bc_params *path, int n_styles)
{
    bc_train_net net;
    const bc_trainer *t = s->trainer;
    const bc_status status = bc_train_net_open(&net, BC_PREVIEW_HEIGHT, BC_PREVIEW_WIDTH, path,
                                               &t->lanes[0].workspace, s->log);
    if (status == BC_OK && n_styles == 0)
        paint_row(s, row, &net, NULL);
    for (int i = 0; i < n_styles && status == BC_OK; i++)
        paint_row(s, row + i, &net, &t->styles[i]);
    bc_train_net_close(&net);
    return status;
}

static bc_status fill(sheet *s, const bc_photo *photos)
{
    const bc_trainer *t = s->trainer;
    bc_status status = BC_OK;
    for (int i = 0; i < s->n_columns && status == BC_OK; i++)
        status = take_photo(s, i, &photos[i]);
    if (status == BC_OK && t->identity_path.table.n > 0)
        status = paint_path(s, 1, &t->identity_path, 0);
    if (status == BC_OK && t->n_styles > 0)
        status = paint_path(s, s->n_rows - t->n_styles, &t->style_path, t->n_styles);
    return status;
}

static bc_status write_sheet(const sheet *s, const char *path)
{
    return bc_picture_write(path,
                            &(bc_image){.pixels = s->pixels,
                                        .stride_bytes = 3 * s->n_columns * BC_PREVIEW_WIDTH,
                                        .width = s->n_columns * BC_PREVIEW_WIDTH,
                                        .height = s->n_rows * BC_PREVIEW_HEIGHT,
                                        .format = BC_RGB24},
                            s->log);
}

bc_status bc_preview_write(const bc_trainer *trainer, const char *path, const bc_photo *photos,
                           int n_photos, const bc_log *log)
{
    sheet s = {.trainer = trainer,
               .log = log,
               .n_rows = 1 + (trainer->identity_path.table.n > 0) + trainer->n_styles,
               .n_columns = n_photos};
    s.photos = malloc((size_t)n_photos * 3 * PIXELS * sizeof(float));
    s.pixels = malloc((size_t)n_photos * (size_t)s.n_rows * 3 * PIXELS);
    bc_status status = s.photos && s.pixels
                           ? fill(&s, photos)
                           : bc_fail(log, BC_ERR_MEMORY, "%s: no memory for the preview", path);
    if (status == BC_OK)
        status = write_sheet(&s, path);
    free(s.photos);
    free(s.pixels);
    return status;
}
