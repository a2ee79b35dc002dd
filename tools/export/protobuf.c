#include "export/protobuf.h"

#include <stdlib.h>
#include <string.h>

#include "import/wire.h"

enum { MAX_VARINT_BYTES = 10 };

static bool reserve(bc_proto *to, size_t more)
{
    if (to->failed || more > BC_PROTO_MAX_BYTES - to->size) {
        to->failed = true;
        return false;
    }
    size_t capacity = to->capacity ? to->capacity : 4096;
    while (capacity < to->size + more)
        capacity *= 2;
    if (capacity == to->capacity)
        return true;
    uint8_t *bytes = realloc(to->bytes, capacity);
    to->failed = !bytes;
    to->bytes = bytes ? bytes : to->bytes;
    to->capacity = bytes ? capacity : to->capacity;
    return bytes != NULL;
}

static void append(bc_proto *to, const void *bytes, size_t size)
{
    if (size > 0 && reserve(to, size)) {
        memcpy(to->bytes + to->size, bytes, size);
        to->size += size;
    }
}

/* Seven bits a byte, the lowest first; returns how many bytes. */
static size_t encode(uint8_t bytes[MAX_VARINT_BYTES], uint64_t value)
{
    size_t n = 0;
    for (; value >= 0x80; value >>= 7)
        bytes[n++] = (uint8_t)(value | 0x80);
    bytes[n++] = (uint8_t)value;
    return n;
}

static void append_varint(bc_proto *to, uint64_t value)
{
    uint8_t bytes[MAX_VARINT_BYTES];
    append(to, bytes, encode(bytes, value));
}

static void append_tag(bc_proto *to, int field, bc_wire_kind wire)
{
    append_varint(to, (uint64_t)field << 3 | (uint64_t)wire);
}

void bc_proto_int(bc_proto *to, int field, int64_t value)
{
    append_tag(to, field, BC_WIRE_VARINT);
    append_varint(to, (uint64_t)value);
}

void bc_proto_float(bc_proto *to, int field, float value)
{
    append_tag(to, field, BC_WIRE_32_BITS);
    append(to, &value, sizeof(value));
}

void bc_proto_bytes(bc_proto *to, int field, const void *bytes, size_t size)
{
    append_tag(to, field, BC_WIRE_BYTES);
    append_varint(to, size);
    append(to, bytes, size);
}

void bc_proto_text(bc_proto *to, int field, const char *text)
{
    bc_proto_bytes(to, field, text, strlen(text));
}

size_t bc_proto_begin(bc_proto *to, int field)
{
    append_tag(to, field, BC_WIRE_BYTES);
    return to->size;
}

void bc_proto_end(bc_proto *to, size_t mark)
{
    uint8_t length[MAX_VARINT_BYTES];
    const size_t size = to->size - mark, n = encode(length, size);
    if (!reserve(to, n))
        return;
    memmove(to->bytes + mark + n, to->bytes + mark, size);
    memcpy(to->bytes + mark, length, n);
    to->size += n;
}

void bc_proto_free(bc_proto *proto)
{
    free(proto->bytes);
    *proto = (bc_proto){0};
}
