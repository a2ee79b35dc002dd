/*
 * wire.h: Protocol Buffers' wire format, read where it lies. Nothing is copied and nothing is
 * believed: a field that reaches past the end of its message ends the reading.
 * Source: https://protobuf.dev/programming-guides/encoding
 */
#ifndef BC_IMPORT_WIRE_H
#define BC_IMPORT_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A message that is left to read; plain data, which may be copied to read it again. */
typedef struct bc_wire {
    const uint8_t *at, *end;
} bc_wire;

typedef enum bc_wire_kind {
    BC_WIRE_VARINT = 0,
    BC_WIRE_64_BITS = 1,
    BC_WIRE_BYTES = 2,
    BC_WIRE_32_BITS = 5
} bc_wire_kind;

typedef struct bc_wire_field {
    int number;
    bc_wire_kind kind;
    uint64_t value; /* but of bytes */
    bc_wire bytes;  /* of BC_WIRE_BYTES: a text, a message, or packed values */
} bc_wire_field;

/* 1 and the next field, 0 at the end, or -1 where the message is malformed. */
int bc_wire_next(bc_wire *from, bc_wire_field *field);

/* Values without fields around them, as packed ones are; false at the end and where malformed. */
bool bc_wire_varint(bc_wire *from, uint64_t *value);
bool bc_wire_little_endian(bc_wire *from, int n_bytes, uint64_t *value);

static inline size_t bc_wire_size(bc_wire wire)
{
    return (size_t)(wire.end - wire.at);
}

#endif
