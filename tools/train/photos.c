#include "train/photos.h"

#include <fts.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "media/picture.h"
#include "train/fingerprint.h"

static int min(int a, int b)
{
    return a < b ? a : b;
}

static int short_side(const bc_photo *photo)
{
    return min(photo->width, photo->height);
}

/* The whole picture, its short side at most max_side. */
static bc_status take_pixels(bc_photo *photo, const bc_image *image, int max_side,
                             const bc_log *log)
{
    const size_t row_bytes = (size_t)image->width * 3;
    uint8_t *whole = malloc(row_bytes * (size_t)image->height);
    if (!whole)
        return bc_fail(log, BC_ERR_MEMORY, "%s: no memory for the picture", photo->path);
    for (int y = 0; y < image->height; y++)
        memcpy(whole + (size_t)y * row_bytes, image->pixels + y * image->stride_bytes, row_bytes);
    photo->pixels = whole;
    photo->width = image->width;
    photo->height = image->height;
    if (max_side == 0 || short_side(photo) <= max_side)
        return BC_OK;

    const double scale = (double)max_side / short_side(photo);
    const int width = (int)(photo->width * scale + 0.5),
              height = (int)(photo->height * scale + 0.5);
    float *picture = malloc((size_t)width * (size_t)height * 3 * sizeof(*picture));
    bc_status status = BC_ERR_MEMORY;
    if (picture)
        status = bc_resample(picture, height, width, whole, photo->height, photo->width,
                             (bc_resample_window){0, 0, photo->width, photo->height}, log);
    if (status == BC_OK) {
        bc_picture_quantise(whole, picture, height * width, (size_t)(height * width));
        photo->width = width;
        photo->height = height;
    }
    free(picture);
    return status;
}

bc_status bc_photo_read(bc_photo *photo, const char *path, int max_side, const bc_log *log)
{
    bc_frame *frame = NULL;
    *photo = (bc_photo){.path = strdup(path)};
    bc_status status = photo->path ? bc_picture_read(&frame, path, BC_ALPHA_OVER_WHITE, log)
                                   : bc_fail(log, BC_ERR_MEMORY, "%s: no memory", path);
    if (status == BC_OK)
        status = take_pixels(photo, &frame->image, max_side, log);
    bc_frame_unref(&frame);
    if (status < 0)
        bc_photo_free(photo);
    return status;
}

void bc_photo_free(bc_photo *photo)
{
    free(photo->path);
    free(photo->pixels);
    *photo = (bc_photo){0};
}

uint64_t bc_photo_fingerprint(uint64_t hash, const bc_photo *photo)
{
    const int size[2] = {photo->width, photo->height};
    hash = bc_fingerprint(hash, size, sizeof(size));
    return bc_fingerprint(hash, photo->pixels, (size_t)photo->width * (size_t)photo->height * 3);
}

typedef struct photo_list {
    int n, capacity;
    bc_photo *photos;
} photo_list;

static bc_status append(photo_list *list, bc_photo photo, const bc_log *log)
{
    if (list->n == list->capacity) {
        const int capacity = list->capacity ? 2 * list->capacity : 64;
        bc_photo *photos = realloc(list->photos, (size_t)capacity * sizeof(*photos));
        if (!photos) {
            bc_photo_free(&photo);
            return bc_fail(log, BC_ERR_MEMORY, "no memory for the list of photographs");
        }
        list->photos = photos;
        list->capacity = capacity;
    }
    list->photos[list->n++] = photo;
    return BC_OK;
}

/* A photograph that cannot be used costs a warning, not the run. */
static bc_status add_file(photo_list *list, const char *path, int min_side, int max_side,
                          const bc_log *log)
{
    bc_photo photo;
    if (bc_photo_read(&photo, path, max_side, log) < 0) {
        bc_log_write(log, BC_LOG_WARNING, "%s: skipped", path);
        return BC_OK;
    }
    if (short_side(&photo) < min_side) {
        bc_log_write(log, BC_LOG_WARNING, "%s: skipped: %dx%d, the short side is below %d", path,
                     photo.width, photo.height, min_side);
        bc_photo_free(&photo);
        return BC_OK;
    }
    return append(list, photo, log);
}

static int compare_entries(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static bc_status add_folder(photo_list *list, const char *folder, int min_side, int max_side,
                            const bc_log *log)
{
    char *const roots[] = {(char *)folder, NULL};
    FTS *walk = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, compare_entries);
    if (!walk)
        return bc_fail(log, BC_ERR_IO, "%s: cannot be opened", folder);
    bc_status status = BC_OK;
    const FTSENT *entry;
    while (status == BC_OK && (entry = fts_read(walk)))
        if (entry->fts_info == FTS_F)
            status = add_file(list, entry->fts_path, min_side, max_side, log);
        else if (entry->fts_info == FTS_NS || entry->fts_info == FTS_DNR)
            status = bc_fail(log, BC_ERR_IO, "%s: cannot be read", entry->fts_path);
    fts_close(walk);
    return status;
}

/* Photo i of n is for validation: n_validation of them, evenly spread. */
static int is_validation(int i, int n, int n_validation)
{
    return (int64_t)(i + 1) * n_validation / n > (int64_t)i * n_validation / n;
}

static bc_status split(bc_photos *photos, const photo_list *list, int n_validation,
                       const bc_log *log)
{
    if (list->n <= n_validation)
        return bc_fail(log, BC_ERR_ARGUMENT, "%d usable photographs: at least %d are needed",
                       list->n, n_validation + 1);
    photos->training = calloc((size_t)list->n, sizeof(bc_photo));
    photos->validation = calloc((size_t)list->n, sizeof(bc_photo));
    if (!photos->training || !photos->validation)
        return bc_fail(log, BC_ERR_MEMORY, "no memory for the list of photographs");
    for (int i = 0; i < list->n; i++)
        if (is_validation(i, list->n, n_validation))
            photos->validation[photos->n_validation++] = list->photos[i];
        else
            photos->training[photos->n_training++] = list->photos[i];
    return BC_OK;
}

bc_status bc_photos_open(bc_photos *photos, const char *const *folders, int n_folders, int min_side,
                         int max_side, int n_validation, const bc_log *log)
{
    photo_list list = {0};
    bc_status status = BC_OK;
    *photos = (bc_photos){0};
    for (int i = 0; i < n_folders && status == BC_OK; i++)
        status = add_folder(&list, folders[i], min_side, max_side, log);
    if (status == BC_OK)
        status = split(photos, &list, n_validation, log);
    if (status < 0) {
        for (int i = 0; i < list.n; i++)
            bc_photo_free(&list.photos[i]);
        photos->n_training = photos->n_validation = 0;
        bc_photos_close(photos);
    }
    free(list.photos);
    return status;
}

void bc_photos_close(bc_photos *photos)
{
    for (int i = 0; i < photos->n_training; i++)
        bc_photo_free(&photos->training[i]);
    for (int i = 0; i < photos->n_validation; i++)
        bc_photo_free(&photos->validation[i]);
    free(photos->training);
    free(photos->validation);
    *photos = (bc_photos){0};
}

static void mirror(float *picture, int side)
{
    for (int line = 0; line < 3 * side; line++)
        for (int x = 0; x < side / 2; x++) {
            float *left = &picture[line * side + x], *right = &picture[(line + 1) * side - 1 - x];
            const float swapped = *left;
            *left = *right;
            *right = swapped;
        }
}

bc_status bc_photo_crop(float *picture, int side, const bc_photo *photo, bc_random *random,
                        const bc_log *log)
{
    const int largest = short_side(photo), smallest = min(side, largest);
    const double size = smallest + (largest - smallest) * bc_random_uniform(random);
    const bc_resample_window window = {.x = (photo->width - size) * bc_random_uniform(random),
                                       .y = (photo->height - size) * bc_random_uniform(random),
                                       .width = size,
                                       .height = size};
    const bc_status status =
        bc_resample(picture, side, side, photo->pixels, photo->height, photo->width, window, log);
    if (status == BC_OK && bc_random_below(random, 2))
        mirror(picture, side);
    return status;
}

bc_status bc_photo_centre(float *picture, int side, const bc_photo *photo, const bc_log *log)
{
    const int size = short_side(photo);
    const bc_resample_window window = {.x = (photo->width - size) / 2.0,
                                       .y = (photo->height - size) / 2.0,
                                       .width = size,
                                       .height = size};
    return bc_resample(picture, side, side, photo->pixels, photo->height, photo->width, window,
                       log);
}
