#include "base/folder.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"

static bc_status make(const char *path, const bc_log *log)
{
    struct stat status;
    if (mkdir(path, 0777) == 0 || (stat(path, &status) == 0 && S_ISDIR(status.st_mode)))
        return BC_OK;
    return bc_fail(log, BC_ERR_IO, "%s: cannot be made a folder: %s", path, strerror(errno));
}

bc_status bc_folder_make(const char *path, const bc_log *log)
{
    char part[PATH_MAX];
    if ((size_t)snprintf(part, sizeof(part), "%s", path) >= sizeof(part))
        return bc_fail(log, BC_ERR_IO, "%s: too long a path", path);
    bc_status status = BC_OK;
    for (char *slash = strchr(part + (part[0] == '/'), '/'); slash && status == BC_OK;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        status = make(part, log);
        *slash = '/';
    }
    return status < 0 ? status : make(part, log);
}
