#include "live/midi.h"

#include <alsa/asoundlib.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

enum { LOOK_MS = 50, MAX_DESCRIPTORS = 4 };

struct bc_midi {
    bc_midi_map *map;
    bc_midi_fn *take;
    void *cookie;
    snd_seq_t *sequencer;
    pthread_t thread;
    bool is_running;
    atomic_bool must_stop;
};

bool bc_midi_translate(bc_midi_event *event, const snd_seq_event_t *from)
{
    const snd_seq_ev_note_t *note = &from->data.note;
    const snd_seq_ev_ctrl_t *control = &from->data.control;
    switch (from->type) {
    case SND_SEQ_EVENT_NOTEON:
        *event = (bc_midi_event){true, note->channel + 1, note->note, note->velocity};
        return true;
    case SND_SEQ_EVENT_NOTEOFF:
        *event = (bc_midi_event){true, note->channel + 1, note->note, 0};
        return true;
    case SND_SEQ_EVENT_CONTROLLER:
        *event = (bc_midi_event){false, control->channel + 1, (int)control->param, control->value};
        return true;
    default:
        return false;
    }
}

static void *run(void *arg)
{
    bc_midi *midi = arg;
    struct pollfd descriptors[MAX_DESCRIPTORS];
    snd_seq_event_t *from;
    bc_midi_event event;
    char line[BC_MIDI_LINE];
    const int n = snd_seq_poll_descriptors(midi->sequencer, descriptors, MAX_DESCRIPTORS, POLLIN);
    while (!atomic_load(&midi->must_stop)) {
        poll(descriptors, (nfds_t)n, LOOK_MS);
        while (!atomic_load(&midi->must_stop) && snd_seq_event_input(midi->sequencer, &from) >= 0) {
            if (bc_midi_translate(&event, from) && bc_midi_map_find(midi->map, &event, line))
                midi->take(midi->cookie, line);
        }
    }
    return NULL;
}

/* libasound would print what bc_midi_open says. */
static void say_nothing(const char *file, int line, const char *function, int error,
                        const char *format, va_list args)
{
    (void)file;
    (void)line;
    (void)function;
    (void)error;
    (void)format;
    (void)args;
}

static bc_status open_sequencer(bc_midi *midi, int *own, const bc_log *log)
{
    const snd_local_error_handler_t before = snd_lib_error_set_local(say_nothing);
    int error = snd_seq_open(&midi->sequencer, "default", SND_SEQ_OPEN_INPUT, SND_SEQ_NONBLOCK);
    snd_lib_error_set_local(before);
    if (error >= 0)
        error = snd_seq_set_client_name(midi->sequencer, "Brushcast");
    if (error >= 0)
        error = *own = snd_seq_create_simple_port(
            midi->sequencer, "commands", SND_SEQ_PORT_CAP_WRITE | SND_SEQ_PORT_CAP_SUBS_WRITE,
            SND_SEQ_PORT_TYPE_APPLICATION);
    return error >= 0 ? BC_OK
                      : bc_fail(log, BC_ERR_IO, "MIDI: no sequencer: %s", snd_strerror(error));
}

static bc_status connect_port(bc_midi *midi, int own, const char *port, const bc_log *log)
{
    snd_seq_addr_t address;
    if (strcmp(port, "any") == 0)
        return BC_OK;
    int error = snd_seq_parse_address(midi->sequencer, &address, port);
    if (error >= 0)
        error = snd_seq_connect_from(midi->sequencer, own, address.client, address.port);
    return error >= 0 ? BC_OK
                      : bc_fail(log, BC_ERR_IO, "MIDI: no port '%s' (aconnect -i lists them): %s",
                                port, snd_strerror(error));
}

bc_status bc_midi_open(bc_midi **midi, const char *port, bc_midi_map *map, bc_midi_fn *take,
                       void *cookie, const bc_log *log)
{
    int own = 0;
    bc_midi *m = *midi = calloc(1, sizeof(*m));
    if (!m)
        return bc_fail(log, BC_ERR_MEMORY, "MIDI: out of memory");
    *m = (bc_midi){.map = map, .take = take, .cookie = cookie};
    bc_status status = open_sequencer(m, &own, log);
    if (status == BC_OK)
        status = connect_port(m, own, port, log);
    if (status == BC_OK) {
        m->is_running = pthread_create(&m->thread, NULL, run, m) == 0;
        status = m->is_running ? BC_OK : bc_fail(log, BC_ERR_MEMORY, "MIDI: no thread");
    }
    if (status < 0)
        bc_midi_close(midi);
    return status;
}

void bc_midi_close(bc_midi **midi)
{
    bc_midi *m = midi ? *midi : NULL;
    if (!m)
        return;
    *midi = NULL;
    atomic_store(&m->must_stop, true);
    if (m->is_running)
        pthread_join(m->thread, NULL);
    if (m->sequencer)
        snd_seq_close(m->sequencer);
    free(m);
}
