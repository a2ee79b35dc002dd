#include "live/speaker.h"

#include <SDL.h>
#include <stdlib.h>

#include "base/log.h"

enum { DEVICE_SAMPLES = 1024, PAIR_BYTES = 2 * sizeof(float) };

struct bc_speaker {
    SDL_AudioDeviceID device;
    int device_samples;
    int64_t end_us; /* where the sound that was queued ends */
    bool is_paused;
};

static int64_t to_us(int64_t n_samples)
{
    return n_samples * 1000000 / BC_SPEAKER_RATE;
}

bc_status bc_speaker_open(bc_speaker **speaker, const bc_log *log)
{
    *speaker = NULL;
    if (SDL_InitSubSystem(SDL_INIT_AUDIO) < 0)
        return bc_fail(log, BC_ERR_UNSUPPORTED, "no sound: %s", SDL_GetError());
    const SDL_AudioSpec wanted = {
        .freq = BC_SPEAKER_RATE, .format = AUDIO_F32SYS, .channels = 2, .samples = DEVICE_SAMPLES};
    SDL_AudioSpec got;
    bc_speaker *s = calloc(1, sizeof(*s));
    if (s)
        s->device = SDL_OpenAudioDevice(NULL, 0, &wanted, &got, 0);
    if (!s || s->device == 0) {
        free(s);
        const bc_status status = bc_fail(log, BC_ERR_UNSUPPORTED, "no sound: %s", SDL_GetError());
        SDL_QuitSubSystem(SDL_INIT_AUDIO);
        return status;
    }
    s->device_samples = got.samples;
    SDL_PauseAudioDevice(s->device, 0);
    *speaker = s;
    return BC_OK;
}

void bc_speaker_close(bc_speaker **speaker)
{
    if (!speaker || !*speaker)
        return;
    SDL_CloseAudioDevice((*speaker)->device);
    SDL_QuitSubSystem(SDL_INIT_AUDIO);
    free(*speaker);
    *speaker = NULL;
}

void bc_speaker_queue(bc_speaker *speaker, const float *samples, int n_samples, int64_t time_us)
{
    if (SDL_QueueAudio(speaker->device, samples, (uint32_t)n_samples * PAIR_BYTES) == 0)
        speaker->end_us = time_us + to_us(n_samples);
}

int64_t bc_speaker_queued_us(const bc_speaker *speaker)
{
    return to_us(SDL_GetQueuedAudioSize(speaker->device) / PAIR_BYTES);
}

/* What the device has taken is heard one of its buffers later. */
bool bc_speaker_time(const bc_speaker *speaker, int64_t *time_us)
{
    const int64_t queued_us = bc_speaker_queued_us(speaker);
    *time_us = speaker->end_us - queued_us - to_us(speaker->device_samples);
    return queued_us > 0 && !speaker->is_paused;
}

void bc_speaker_pause(bc_speaker *speaker, bool on)
{
    speaker->is_paused = on;
    SDL_PauseAudioDevice(speaker->device, on);
}

void bc_speaker_clear(bc_speaker *speaker)
{
    SDL_ClearQueuedAudio(speaker->device);
}
