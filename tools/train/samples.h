/*
 * samples.h: pairs of a photograph and its painting made by optimisation (brushcast-gatys on a
 * folder): what the paper trains its banks on.
 */
#ifndef BC_TRAIN_SAMPLES_H
#define BC_TRAIN_SAMPLES_H

#include "train/photos.h"

typedef struct bc_sample {
    const bc_photo *photo; /* of the photographs for training */
    bc_photo painting;     /* of the same size */
} bc_sample;

typedef struct bc_samples {
    int n;
    bc_sample *samples; /* in the order of the photographs */
} bc_samples;

/*
 * Looks in `folder` for a picture (.png or .jpg) with the name of each photograph for training,
 * with its own extension before that (.jpg.png) or without, and makes it as large as the
 * photograph. One that cannot be read is named and skipped; fails if nothing is left. The
 * photographs must outlive the samples. The result is closed by bc_samples_close, also after a
 * failure.
 */
bc_status bc_samples_open(bc_samples *samples, const char *folder, const bc_photos *photos,
                          const bc_log *log);
void bc_samples_close(bc_samples *samples);

/* The same random square of both, as bc_photo_crop: [3, side, side] each. */
bc_status bc_sample_crop(float *picture, float *painting, int side, const bc_sample *sample,
                         bc_random *random, const bc_log *log);

#endif
