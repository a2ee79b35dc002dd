/* folder.h: folders that a program's output goes to. */
#ifndef BC_BASE_FOLDER_H
#define BC_BASE_FOLDER_H

#include "brushcast.h"

/* Makes the folder, and those above it that are missing; BC_OK if it is there already. */
bc_status bc_folder_make(const char *path, const bc_log *log);

#endif
