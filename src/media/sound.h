/*
 * sound.h: decodes the sound beside a video, for ears: interleaved stereo floats of one rate,
 * whatever the stream has. Threads: one at a time.
 */
#ifndef BC_MEDIA_SOUND_H
#define BC_MEDIA_SOUND_H

#include "media/reader.h"

typedef struct bc_sound bc_sound;

/* The best sound stream of the reader, which need not stay open. BC_OK and NULL: it has none. */
bc_status bc_sound_open(bc_sound **sound, const bc_reader *reader, int rate, const bc_log *log);
void bc_sound_close(bc_sound **sound);

/*
 * Decodes a packet of the reader's (of another stream: nothing). `samples`, n_samples pairs, are
 * the sound's and last until the next call; `time_us` is when the first of them is heard, on the
 * reader's clock. What is damaged is skipped.
 */
void bc_sound_decode(bc_sound *sound, const bc_packet *packet, const float **samples,
                     int *n_samples, int64_t *time_us);

#endif
