/*
 * zip.h: files in a zip archive that are stored as they are, as PyTorch writes them.
 * Source: PKWARE, APPNOTE.TXT, 4.3.
 */
#ifndef BC_IMPORT_ZIP_H
#define BC_IMPORT_ZIP_H

#include <stdbool.h>

#include "import/wire.h"

/* Whether bytes are an archive's, by its first four. */
bool bc_zip_is(const uint8_t *bytes, size_t size);

/*
 * The file whose path ends in `ending` ("/data.pkl"), in an archive of stored files; false if there
 * is none, if it is compressed or encrypted, or the archive is damaged or of more than 4 GB.
 */
bool bc_zip_find(bc_wire *file, const uint8_t *bytes, size_t size, const char *ending);

#endif
