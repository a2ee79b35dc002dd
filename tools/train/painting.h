/*
 * painting.h: a painting to learn from: its picture and what a bank says of it.
 *
 * A list of paintings is a text file of lines with fields separated by tabs,
 *     FILE  NAME  TITLE  ARTIST  YEAR  LICENCE  [OBJECTIVE]
 * FILE the painting's file name without folders, NAME the style's, OBJECTIVE what is different for
 * it (objective.h). Lines that start with # do not count.
 */
#ifndef BC_TRAIN_PAINTING_H
#define BC_TRAIN_PAINTING_H

#include "train/objective.h"
#include "train/photos.h"

typedef struct bc_painting {
    bc_photo photo;
    char line[512]; /* the fields, which `info` points into */
    bc_style_info info;
    bc_objective objective; /* what the list states */
    uint8_t *thumbnail;
} bc_painting;

/*
 * Reads the painting at `path` and its line of the list (NULL: no list). Without a line the name is
 * the file's without its extension, and the rest is empty. The result is closed by
 * bc_painting_close, also after a failure.
 */
bc_status bc_painting_open(bc_painting *painting, const char *path, const char *list,
                           const bc_log *log);
void bc_painting_close(bc_painting *painting);

/* *picture [3, *height, *width], its short side made `side`; to be freed. */
bc_status bc_painting_resize(float **picture, int *height, int *width, const bc_painting *painting,
                             int side, const bc_log *log);

#endif
