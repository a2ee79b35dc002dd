/* packet.h: a piece of sound, subtitles or anything else that goes around the painting untouched.
 */
#ifndef BC_MEDIA_PACKET_H
#define BC_MEDIA_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include "brushcast.h"

/* FFmpeg's own packet, opaque outside media/. */
typedef struct AVPacket bc_packet;

/* Frees the packet and sets it to NULL; takes NULL and pointers to NULL. */
void bc_packet_free(bc_packet **packet);

/* Another packet with the same bytes, or NULL without memory. */
bc_packet *bc_packet_copy(const bc_packet *packet);

/* Whether it is known when a packet that a reader gave is due, and if so when, on the reader's line
 * of time. */
bool bc_packet_time_us(const bc_packet *packet, int64_t *time_us);

/* Makes it due so much later. */
void bc_packet_delay(bc_packet *packet, int64_t by_us);

#endif
