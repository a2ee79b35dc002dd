#include "brushcast.h"

#define STRING(x) #x
#define VERSION(major, minor, patch) STRING(major) "." STRING(minor) "." STRING(patch)

const char *bc_status_text(bc_status status)
{
    switch (status) {
    case BC_OK:
        return "done";
    case BC_END:
        return "end of stream";
    case BC_ERR_ARGUMENT:
        return "argument out of range";
    case BC_ERR_MEMORY:
        return "out of memory";
    case BC_ERR_IO:
        return "input/output error";
    case BC_ERR_FORMAT:
        return "malformed file";
    case BC_ERR_MISMATCH:
        return "style bank of another auto-encoder";
    case BC_ERR_UNSUPPORTED:
        return "not supported here";
    case BC_ERR_INTERRUPTED:
        return "interrupted";
    }
    return "unknown status";
}

const char *bc_version(void)
{
    return VERSION(BC_VERSION_MAJOR, BC_VERSION_MINOR, BC_VERSION_PATCH);
}
