#include "import/zip.h"

#include <string.h>

enum { LOCAL_TAG = 0x04034b50, ENTRY_TAG = 0x02014b50, END_TAG = 0x06054b50 };
enum { LOCAL_SIZE = 30, ENTRY_SIZE = 46, END_SIZE = 22, MAX_COMMENT = 65535 };

/* n_bytes at `at`, which lie in the archive. */
static uint64_t number(const uint8_t *at, int n_bytes)
{
    bc_wire bytes = {at, at + n_bytes};
    uint64_t value = 0;
    bc_wire_little_endian(&bytes, n_bytes, &value);
    return value;
}

bool bc_zip_is(const uint8_t *bytes, size_t size)
{
    return size >= LOCAL_SIZE && number(bytes, 4) == LOCAL_TAG;
}

/* The record at the end, before a comment of any length, or NULL. */
static const uint8_t *find_end(const uint8_t *bytes, size_t size)
{
    for (size_t back = END_SIZE; back <= size && back <= END_SIZE + MAX_COMMENT; back++)
        if (number(bytes + size - back, 4) == END_TAG)
            return bytes + size - back;
    return NULL;
}

/* The data behind an entry of the directory, whose file is stored. */
static bool find_data(bc_wire *file, const uint8_t *bytes, size_t size, const uint8_t *entry)
{
    enum { FLAG_ENCRYPTED = 1, METHOD_STORED = 0 };
    const uint64_t packed = number(entry + 20, 4), unpacked = number(entry + 24, 4);
    const uint64_t local = number(entry + 42, 4);
    if ((number(entry + 8, 2) & FLAG_ENCRYPTED) || number(entry + 10, 2) != METHOD_STORED ||
        packed != unpacked || size < LOCAL_SIZE || local > size - LOCAL_SIZE ||
        number(bytes + local, 4) != LOCAL_TAG)
        return false;
    const uint64_t start =
        local + LOCAL_SIZE + number(bytes + local + 26, 2) + number(bytes + local + 28, 2);
    if (start > size || packed > size - start)
        return false;
    *file = (bc_wire){bytes + start, bytes + start + packed};
    return true;
}

static bool ends_in(const uint8_t *name, size_t n, const char *ending)
{
    const size_t length = strlen(ending);
    return n >= length && memcmp(name + n - length, ending, length) == 0;
}

bool bc_zip_find(bc_wire *file, const uint8_t *bytes, size_t size, const char *ending)
{
    const uint8_t *end = find_end(bytes, size);
    const uint64_t start = end ? number(end + 16, 4) : size;
    uint64_t left = end ? number(end + 10, 2) : 0;
    if (!end || start > (uint64_t)(end - bytes))
        return false;
    for (const uint8_t *entry = bytes + start; left > 0; left--) {
        const size_t rest = (size_t)(end - entry);
        if (rest < ENTRY_SIZE || number(entry, 4) != ENTRY_TAG)
            return false;
        const size_t n_name = (size_t)number(entry + 28, 2);
        const size_t whole =
            ENTRY_SIZE + n_name + (size_t)(number(entry + 30, 2) + number(entry + 32, 2));
        if (whole > rest)
            return false;
        if (ends_in(entry + ENTRY_SIZE, n_name, ending))
            return find_data(file, bytes, size, entry);
        entry += whole;
    }
    return false;
}
