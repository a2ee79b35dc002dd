/*
 * speaker.h: plays stereo sound and says what is heard now. Threads: any.
 */
#ifndef BC_WINDOW_SPEAKER_H
#define BC_WINDOW_SPEAKER_H

#include <stdbool.h>

#include "brushcast.h"

enum { BC_SPEAKER_RATE = 48000 }; /* samples a second of each of the two channels */

typedef struct bc_speaker bc_speaker;

/* BC_ERR_UNSUPPORTED and a warning if there is nothing to hear with. */
bc_status bc_speaker_open(bc_speaker **speaker, const bc_log *log);
void bc_speaker_close(bc_speaker **speaker);

/*
 * Appends `n_samples` pairs, left and right, -1 to 1; the first is to be heard at time_us. Holds 4
 * seconds; what is more is lost.
 */
void bc_speaker_queue(bc_speaker *speaker, const float *samples, int n_samples, int64_t time_us);

/* How much sound is waiting. */
int64_t bc_speaker_queued_us(bc_speaker *speaker);

/* The time of what is heard now; false while there is silence. */
bool bc_speaker_time(bc_speaker *speaker, int64_t *time_us);

/* Paused, it keeps what is waiting. */
void bc_speaker_pause(bc_speaker *speaker, bool on);
/* 0 to 1, evenly for the ear; 1 at first. */
void bc_speaker_set_volume(bc_speaker *speaker, float volume);
/* Drops what is waiting. */
void bc_speaker_clear(bc_speaker *speaker);

#endif
