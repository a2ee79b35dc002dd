/*
 * export/: brushcast-export, which writes a net with its style as an ONNX model.
 *
 * protobuf.h: Protocol Buffers' wire format, written into memory. A message within a message is
 * begun and ended; its length is put in when it is known. What finds no memory sets `failed`, after
 * which all writing does nothing, so that one look at the end is enough.
 * Source: https://protobuf.dev/programming-guides/encoding
 */
#ifndef BC_EXPORT_PROTOBUF_H
#define BC_EXPORT_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Readers refuse messages that are larger. */
enum { BC_PROTO_MAX_BYTES = INT32_MAX };

/* {0} is an empty message. */
typedef struct bc_proto {
    uint8_t *bytes; /* the writer's, until bc_proto_free */
    size_t size, capacity;
    bool failed;
} bc_proto;

void bc_proto_int(bc_proto *to, int field, int64_t value);
void bc_proto_float(bc_proto *to, int field, float value);
void bc_proto_bytes(bc_proto *to, int field, const void *bytes, size_t size);
void bc_proto_text(bc_proto *to, int field, const char *text);

/* What is written up to the end with the same `mark` is a message in `field`. */
size_t bc_proto_begin(bc_proto *to, int field);
void bc_proto_end(bc_proto *to, size_t mark);

void bc_proto_free(bc_proto *proto);

#endif
