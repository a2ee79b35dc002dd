/*
 * midi_map.h: what the knobs, pads and buttons of a MIDI device stand for. midi.conf says it, a
 * line each:
 *
 *     knob 7 strength          control 7 is the strength, 0 to 127 its 0 to 1
 *     knob 2/74 brush 0.5 4    control 74 of channel 2 alone; 0 to 127 are 0.5 to 4
 *     pad 36-51 style          note 36 says "style 1", note 37 "style 2"
 *     pad 52 record            a note says a whole line of commands when it begins
 *     button 64 split on       and so does a control, a pedal, when it rises to 64 or more
 *
 * Threads: one at a time.
 */
#ifndef BC_LIVE_MIDI_MAP_H
#define BC_LIVE_MIDI_MAP_H

#include <stdbool.h>

#include "brushcast.h"

enum { BC_MIDI_LINE = 2048 };

typedef struct bc_midi_event {
    bool is_note; /* or a control */
    int channel;  /* 1 to 16 */
    int number;   /* of the note or the control, 0 to 127 */
    int value;    /* 0 to 127; of a note how hard, 0: it is let go */
} bc_midi_event;

typedef struct bc_midi_map bc_midi_map;

/*
 * Reads the file; NULL: controls 1 and 7, the wheel and the volume, are the strength, and notes
 * from 36, where pads begin, are styles. Empty lines and lines from '#' are skipped. Each line that
 * is wrong is an error in the log with its number and reason, and the call fails.
 */
bc_status bc_midi_map_open(bc_midi_map **map, const char *path, const bc_log *log);
void bc_midi_map_close(bc_midi_map **map);

/* The commands that the event stands for, as one line; false: none. */
bool bc_midi_map_find(bc_midi_map *map, const bc_midi_event *event, char line[BC_MIDI_LINE]);

#endif
