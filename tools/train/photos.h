/*
 * photos.h: the training photographs: found in folders and below, decoded once, kept in memory as
 * 8-bit RGB. Some are set aside for validation: evenly spread over the order of paths, so that the
 * same folders give the same ones on every run.
 */
#ifndef BC_TRAIN_PHOTOS_H
#define BC_TRAIN_PHOTOS_H

#include "train/random.h"
#include "train/resample.h"

typedef struct bc_photo {
    char *path;
    int width, height;
    uint8_t *pixels; /* [height, width, 3] */
} bc_photo;

typedef struct bc_photos {
    int n_training, n_validation;
    bc_photo *training, *validation; /* in order of path */
} bc_photos;

/*
 * Reads every picture of `folders` whose short side is at least min_side; a larger one than
 * max_side is made smaller. What cannot be read is named in a warning and skipped; fails if fewer
 * than n_validation + 1 are left.
 */
bc_status bc_photos_open(bc_photos *photos, const char *const *folders, int n_folders, int min_side,
                         int max_side, int n_validation, const bc_log *log);
void bc_photos_close(bc_photos *photos);

/* Reads one picture; a short side above max_side (0: any) is made smaller. */
bc_status bc_photo_read(bc_photo *photo, const char *path, int max_side, const bc_log *log);
void bc_photo_free(bc_photo *photo);
/* Of its size and pixels, continuing `hash` (fingerprint.h). */
uint64_t bc_photo_fingerprint(uint64_t hash, const bc_photo *photo);

/*
 * picture [3, side, side], a random square of a photo: at a random scale between the whole short
 * side and one pixel for one, mirrored every other time.
 */
bc_status bc_photo_crop(float *picture, int side, const bc_photo *photo, bc_random *random,
                        const bc_log *log);

/* picture [3, side, side], the square in the middle, its short side made `side`. */
bc_status bc_photo_centre(float *picture, int side, const bc_photo *photo, const bc_log *log);

#endif
