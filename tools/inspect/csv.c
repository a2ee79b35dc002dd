#include "inspect/csv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/* Cuts the line's end off; false if it has none. */
static bool end_line(char *line)
{
    const size_t length = strcspn(line, "\r\n");
    const bool is_whole = strchr(line + length, '\n') != NULL;
    line[length] = '\0';
    return is_whole;
}

static bc_status read_header(bc_csv *csv, FILE *file, const bc_log *log)
{
    size_t capacity = 0;
    errno = 0;
    if (getline(&csv->header, &capacity, file) < 0 && ferror(file))
        return bc_fail(log, BC_ERR_IO, "%s: cannot be read: %s", csv->path, strerror(errno));
    if (!csv->header || !end_line(csv->header) || !*csv->header)
        return bc_fail(log, BC_ERR_FORMAT, "%s: has no line that names the columns", csv->path);
    csv->n_columns = 1;
    for (const char *c = csv->header; *c; c++)
        csv->n_columns += *c == ',';
    csv->names = malloc((size_t)csv->n_columns * sizeof(*csv->names));
    if (!csv->names)
        return bc_fail(log, BC_ERR_MEMORY, "%s: out of memory", csv->path);
    char *rest = csv->header;
    for (int i = 0; i < csv->n_columns; i++)
        csv->names[i] = strsep(&rest, ",");
    return BC_OK;
}

static bc_status grow(bc_csv *csv, int *capacity, const bc_log *log)
{
    if (csv->n_rows < *capacity)
        return BC_OK;
    *capacity = *capacity ? 2 * *capacity : 256;
    const size_t n = (size_t)*capacity * (size_t)csv->n_columns;
    double *values = realloc(csv->values, n * sizeof(*values));
    if (!values)
        return bc_fail(log, BC_ERR_MEMORY, "%s: out of memory", csv->path);
    csv->values = values;
    return BC_OK;
}

static bc_status read_row(bc_csv *csv, char *line, const bc_log *log)
{
    double *row = csv->values + (size_t)csv->n_rows * (size_t)csv->n_columns;
    const int number = csv->n_rows + 2;
    int n = 0;
    for (char *field; (field = strsep(&line, ",")); n++) {
        char *end;
        const double value = strtod(field, &end);
        if (end == field || *end)
            return bc_fail(log, BC_ERR_FORMAT, "%s: line %d: '%s' is no number", csv->path, number,
                           field);
        if (n < csv->n_columns)
            row[n] = value;
    }
    if (n != csv->n_columns)
        return bc_fail(log, BC_ERR_FORMAT, "%s: line %d: has %d fields of %d", csv->path, number, n,
                       csv->n_columns);
    csv->n_rows++;
    return BC_OK;
}

static bc_status read_rows(bc_csv *csv, FILE *file, const bc_log *log)
{
    char *line = NULL;
    size_t line_capacity = 0;
    int capacity = 0;
    bc_status status = BC_OK;
    while (status == BC_OK && getline(&line, &line_capacity, file) >= 0 && end_line(line)) {
        status = grow(csv, &capacity, log);
        if (status == BC_OK)
            status = read_row(csv, line, log);
    }
    free(line);
    return status;
}

bc_status bc_csv_open(bc_csv *csv, const char *path, const bc_log *log)
{
    *csv = (bc_csv){.path = strdup(path)};
    if (!csv->path)
        return bc_fail(log, BC_ERR_MEMORY, "%s: out of memory", path);
    FILE *file = fopen(path, "r");
    if (!file)
        return bc_fail(log, BC_ERR_IO, "%s: cannot be read: %s", path, strerror(errno));
    bc_status status = read_header(csv, file, log);
    if (status == BC_OK)
        status = read_rows(csv, file, log);
    if (status == BC_OK && ferror(file))
        status = bc_fail(log, BC_ERR_IO, "%s: cannot be read: %s", path, strerror(errno));
    fclose(file);
    return status;
}

void bc_csv_close(bc_csv *csv)
{
    free(csv->path);
    free(csv->names);
    free(csv->header);
    free(csv->values);
    *csv = (bc_csv){0};
}

int bc_csv_find(const bc_csv *csv, const char *name)
{
    for (int i = 0; i < csv->n_columns; i++)
        if (strcmp(csv->names[i], name) == 0)
            return i;
    return -1;
}

void bc_csv_column(double *out, const bc_csv *csv, int column)
{
    for (int i = 0; i < csv->n_rows; i++)
        out[i] = csv->values[(size_t)i * (size_t)csv->n_columns + (size_t)column];
}
