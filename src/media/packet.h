/* packet.h: a piece of sound, subtitles or anything else that goes around the painting untouched.
 */
#ifndef BC_MEDIA_PACKET_H
#define BC_MEDIA_PACKET_H

/* FFmpeg's own packet, opaque outside media/. */
typedef struct AVPacket bc_packet;

/* Frees the packet and sets it to NULL; takes NULL and pointers to NULL. */
void bc_packet_free(bc_packet **packet);

#endif
