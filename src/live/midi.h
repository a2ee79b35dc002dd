/*
 * midi.h: a MIDI device, whose knobs, pads and buttons say commands (midi_map.h), by way of ALSA's
 * sequencer: Brushcast is a client there, called so, with one port to which devices and programs
 * are connected.
 */
#ifndef BC_LIVE_MIDI_H
#define BC_LIVE_MIDI_H

#include "live/midi_map.h"

typedef struct bc_midi bc_midi;

/* Takes a line of commands. Called from one thread. */
typedef void bc_midi_fn(void *cookie, const char *line);

/*
 * `port` is connected to it: a device by its name or number ("nanoKONTROL2", "20:0"), or "any":
 * whoever connects by himself. The map, which is found by, must outlive it. BC_ERR_UNSUPPORTED in a
 * build without libasound.
 */
bc_status bc_midi_open(bc_midi **midi, const char *port, bc_midi_map *map, bc_midi_fn *take,
                       void *cookie, const bc_log *log);
/* Waits for the command that is being taken. */
void bc_midi_close(bc_midi **midi);

struct snd_seq_event;

/* What an event of the sequencer is here; false: nothing. Of a build with libasound alone. */
bool bc_midi_translate(bc_midi_event *event, const struct snd_seq_event *from);

#endif
