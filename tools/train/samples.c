#include "train/samples.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

/*
 * The sample's path, or 0: there is none. brushcast-gatys keeps the photograph's own extension
 * where two names differ in that alone.
 */
static int find(char path[PATH_MAX], const char *folder, const bc_photo *photo)
{
    static const char *const extensions[] = {"png", "jpg"};
    const char *slash = strrchr(photo->path, '/');
    const char *name = slash ? slash + 1 : photo->path;
    const char *dot = strrchr(name, '.');
    snprintf(path, PATH_MAX, "%s/%s.png", folder, name);
    int is_there = access(path, F_OK) == 0;
    for (int i = 0; i < 2 && !is_there; i++) {
        snprintf(path, PATH_MAX, "%s/%.*s.%s", folder, dot ? (int)(dot - name) : (int)strlen(name),
                 name, extensions[i]);
        is_there = access(path, F_OK) == 0;
    }
    return is_there;
}

static bc_status make_same_size(bc_photo *painting, const bc_photo *photo, const bc_log *log)
{
    const int n = photo->width * photo->height;
    float *picture = malloc((size_t)n * 3 * sizeof(*picture));
    uint8_t *pixels = malloc((size_t)n * 3);
    bc_status status = BC_ERR_MEMORY;
    if (picture && pixels)
        status = bc_resample(picture, photo->height, photo->width, painting->pixels,
                             painting->height, painting->width,
                             (bc_resample_window){0, 0, painting->width, painting->height}, log);
    if (status == BC_OK) {
        bc_picture_quantise(pixels, picture, n, (size_t)n);
        uint8_t *old = painting->pixels;
        painting->pixels = pixels;
        painting->width = photo->width;
        painting->height = photo->height;
        pixels = old;
    }
    free(picture);
    free(pixels);
    return status;
}

bc_status bc_samples_open(bc_samples *samples, const char *folder, const bc_photos *photos,
                          const bc_log *log)
{
    char path[PATH_MAX];
    *samples = (bc_samples){.samples = calloc((size_t)photos->n_training, sizeof(bc_sample))};
    if (!samples->samples)
        return bc_fail(log, BC_ERR_MEMORY, "%s: no memory for the list of samples", folder);
    for (int i = 0; i < photos->n_training; i++) {
        const bc_photo *photo = &photos->training[i];
        bc_sample *sample = &samples->samples[samples->n];
        if (!find(path, folder, photo))
            continue;
        if (bc_photo_read(&sample->painting, path, 0, log) < 0) {
            bc_log_write(log, BC_LOG_WARNING, "%s: skipped", path);
            continue;
        }
        sample->photo = photo;
        samples->n++;
        const bc_status status = make_same_size(&sample->painting, photo, log);
        if (status < 0)
            return status;
    }
    if (samples->n == 0)
        return bc_fail(log, BC_ERR_ARGUMENT, "%s: holds no sample of any of the photographs",
                       folder);
    return BC_OK;
}

void bc_samples_close(bc_samples *samples)
{
    for (int i = 0; i < samples->n; i++)
        bc_photo_free(&samples->samples[i].painting);
    free(samples->samples);
    *samples = (bc_samples){0};
}

bc_status bc_sample_crop(float *picture, float *painting, int side, const bc_sample *sample,
                         bc_random *random, const bc_log *log)
{
    bc_random again = *random; /* the same numbers cut the same square */
    const bc_status status = bc_photo_crop(picture, side, sample->photo, random, log);
    return status < 0 ? status : bc_photo_crop(painting, side, &sample->painting, &again, log);
}
