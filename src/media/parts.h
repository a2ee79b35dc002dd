/*
 * parts.h: a film that is painted in parts, kept in the folder OUTPUT.parts until they are joined:
 * to go on where an interrupted conversion was, or to paint them on many machines.
 *
 * Part i holds the frames from i/count of the film's duration on to the next part's beginning, or,
 * where their number is not known (count 0), those of BC_PART_US each. Every part is a file of
 * packets from a key frame on that needs no other part (part.h), so that nothing is encoded twice.
 * It gets its name, NUMBER.packets, when it is whole, and says which part follows; parts that would
 * be empty may be left out where count is 0.
 *
 * The folder's file `settings` says what all of them are made of. Whoever goes on with other
 * settings is refused, with the line that differs.
 *
 * Threads: one at a time; any number of processes.
 */
#ifndef BC_MEDIA_PARTS_H
#define BC_MEDIA_PARTS_H

#include <stdbool.h>

#include "brushcast.h"

enum { BC_PART_US = 5000000, BC_MAX_PARTS = 999999 };

typedef struct bc_parts bc_parts;

typedef struct bc_parts_params {
    const char *output;   /* a local file's name */
    const char *settings; /* lines, all that changes the coded pictures; NULL: as in the folder */
    int count;            /* 0: as many as it gets */
    int64_t duration_us;  /* of the film, where count is not 0 */
    bc_log log;
} bc_parts_params;

/* Makes the folder if it is not there; BC_ERR_MISMATCH if it was made with other settings. */
bc_status bc_parts_open(bc_parts **parts, const bc_parts_params *params);
void bc_parts_close(bc_parts **parts);

/* The settings in the folder of `output`, to be freed; NULL, with a line, if there are none. */
char *bc_parts_settings(const char *output, const bc_log *log);

/* Where part `number` begins, and which one a frame belongs to, on the reader's line of time. */
int64_t bc_parts_begin_us(const bc_parts *parts, int number);
int bc_parts_at(const bc_parts *parts, int64_t time_us);

/* The part after this one, or -1: there is none, or where their number is not known, the film ends.
 */
int bc_parts_after(const bc_parts *parts, int number);

/* The file of a part, to be freed; NULL: no memory. */
char *bc_parts_path(const bc_parts *parts, int number);
/* Whether it is there. */
bool bc_parts_has(const bc_parts *parts, int number);
/* Reads it to its end: which one follows, or -1, and in how many places its source is damaged. An
 * error, with a line, if the part itself is. */
bc_status bc_parts_read(const bc_parts *parts, int number, int *next, int64_t *n_damaged);
/*
 * Reads all parts: the first one that is missing or damaged, or -1: the film is complete. Damaged
 * ones are named, and missing ones where `is_named`: all of them if their number is known.
 */
int bc_parts_find_missing(const bc_parts *parts, bool is_named);

/* The folder, the parts' own; and deletes it with all that is of parts in it. */
const char *bc_parts_folder(const bc_parts *parts);
void bc_parts_remove(const bc_parts *parts);

#endif
