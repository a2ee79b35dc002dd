#include "import/wire.h"

enum { MAX_VARINT_BITS = 64 };

bool bc_wire_varint(bc_wire *from, uint64_t *value)
{
    *value = 0;
    for (int shift = 0; shift < MAX_VARINT_BITS && from->at < from->end; shift += 7) {
        const uint8_t byte = *from->at++;
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return true;
    }
    return false;
}

bool bc_wire_little_endian(bc_wire *from, int n_bytes, uint64_t *value)
{
    if (bc_wire_size(*from) < (size_t)n_bytes)
        return false;
    *value = 0;
    for (int i = 0; i < n_bytes; i++)
        *value |= (uint64_t)*from->at++ << 8 * i;
    return true;
}

static bool take_bytes(bc_wire *from, bc_wire *bytes)
{
    uint64_t length;
    if (!bc_wire_varint(from, &length) || length > bc_wire_size(*from))
        return false;
    *bytes = (bc_wire){from->at, from->at + length};
    from->at += length;
    return true;
}

int bc_wire_next(bc_wire *from, bc_wire_field *field)
{
    uint64_t tag;
    *field = (bc_wire_field){0};
    if (from->at == from->end)
        return 0;
    if (!bc_wire_varint(from, &tag) || tag >> 3 == 0 || tag >> 3 > INT32_MAX)
        return -1;
    field->number = (int)(tag >> 3);
    field->kind = (bc_wire_kind)(tag & 7);
    bool ok = false;
    if (field->kind == BC_WIRE_VARINT)
        ok = bc_wire_varint(from, &field->value);
    else if (field->kind == BC_WIRE_64_BITS)
        ok = bc_wire_little_endian(from, 8, &field->value);
    else if (field->kind == BC_WIRE_BYTES)
        ok = take_bytes(from, &field->bytes);
    else if (field->kind == BC_WIRE_32_BITS)
        ok = bc_wire_little_endian(from, 4, &field->value);
    return ok ? 1 : -1;
}
