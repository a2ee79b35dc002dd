/*
 * csv.h: numbers from a table of comma-separated values whose first line names the columns: the
 * logs of brushcast-gatys and brushcast-train.
 */
#ifndef BC_INSPECT_CSV_H
#define BC_INSPECT_CSV_H

#include <stdbool.h>

#include "brushcast.h"

typedef struct bc_csv {
    char *path;
    int n_columns, n_rows;
    char **names;   /* [n_columns] */
    double *values; /* [n_rows, n_columns] */
    char *header;   /* what `names` points into */
} bc_csv;

/*
 * Reads a file. BC_ERR_FORMAT, naming the line, for a field that is no number (nan and inf are) or
 * a row of another number of fields; a last line that has no end yet, because somebody is writing
 * it, does not count. The result is closed by bc_csv_close, also after a failure.
 */
bc_status bc_csv_open(bc_csv *csv, const char *path, const bc_log *log);
void bc_csv_close(bc_csv *csv);

/* The column of that name, or -1. */
int bc_csv_find(const bc_csv *csv, const char *name);

/* out [n_rows] */
void bc_csv_column(double *out, const bc_csv *csv, int column);

#endif
