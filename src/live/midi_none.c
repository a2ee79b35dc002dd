/* In place of midi.c in a build without libasound. */
#include "base/log.h"
#include "live/midi.h"

bc_status bc_midi_open(bc_midi **midi, const char *port, bc_midi_map *map, bc_midi_fn *take,
                       void *cookie, const bc_log *log)
{
    (void)map;
    (void)take;
    (void)cookie;
    *midi = NULL;
    return bc_fail(log, BC_ERR_UNSUPPORTED, "MIDI from %s: this build has no libasound", port);
}

void bc_midi_close(bc_midi **midi)
{
    (void)midi;
}
