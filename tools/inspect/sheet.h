/*
 * sheet.h: pictures side by side, each with a caption above it.
 */
#ifndef BC_INSPECT_SHEET_H
#define BC_INSPECT_SHEET_H

#include "brushcast.h"

typedef struct bc_panel {
    float *picture;    /* [3, height, width], clipped to 0 to 1, or NULL: the cell stays empty */
    int height, width; /* stretched to the cell, pixel by pixel */
    char caption[64];  /* in bold */
    char remark[64];   /* below it */
} bc_panel;

/*
 * Writes panels [n_rows, n_columns], each drawn cell_width x cell_height pixels, to a picture or
 * .svg at `path`, whole or not at all. Overwrites.
 */
bc_status bc_sheet_write(const char *path, const bc_panel *panels, int n_rows, int n_columns,
                         int cell_height, int cell_width, const bc_log *log);

#endif
