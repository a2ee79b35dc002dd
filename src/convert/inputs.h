/*
 * inputs.h: which file is converted to which.
 */
#ifndef BC_CONVERT_INPUTS_H
#define BC_CONVERT_INPUTS_H

#include "brushcast.h"

typedef struct bc_conversion_files {
    char *input, *output;
} bc_conversion_files;

typedef struct bc_conversion_list {
    bc_conversion_files *files;
    int n_files;
} bc_conversion_list;

/*
 * One input that is no folder goes to `output`, or into it if that is a folder. Of several inputs,
 * or of a folder's files in order of name, each goes into the folder `output`, which is made, under
 * its own name; one whose ending is not of what the file holds, or cannot be written, gets another:
 * after its own for pictures, in its place for video. What a folder holds beside pictures and video
 * is passed over, with a line. Two inputs of one name are an error, and so is a file's name for
 * several. `input_format` not NULL: the inputs are no paths.
 */
bc_status bc_conversion_list_make(bc_conversion_list *list, char *const *inputs, int n_inputs,
                                  const char *output, const char *input_format, const bc_log *log);
void bc_conversion_list_free(bc_conversion_list *list);

#endif
