#include "window/speaker.h"

#include <SDL.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

enum {
    DEVICE_SAMPLES = 1024,
    CAPACITY = 4 * BC_SPEAKER_RATE, /* pairs */
    PAIR_BYTES = 2 * sizeof(float)
};

/* SDL's own queue would do, but its thread gets a stack that is smaller than the thread-local
 * memory of the libraries here, and does not start. */
struct bc_speaker {
    SDL_AudioDeviceID device; /* whose lock guards the rest */
    int first, n_queued;      /* of the ring */
    int64_t end_us;           /* where the sound that was queued ends */
    int64_t taken_ns;         /* when the device took its last buffer */
    bool is_paused;
    float gain;
    float pairs[CAPACITY][2];
};

static int64_t to_us(int64_t n_samples)
{
    return n_samples * 1000000 / BC_SPEAKER_RATE;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

static void SDLCALL fill(void *cookie, Uint8 *bytes, int n_bytes)
{
    bc_speaker *speaker = cookie;
    const int n_taken = least(n_bytes / (int)PAIR_BYTES, speaker->n_queued);
    const int n_straight = least(n_taken, CAPACITY - speaker->first);
    const size_t straight_bytes = (size_t)n_straight * PAIR_BYTES;
    const size_t taken_bytes = (size_t)n_taken * PAIR_BYTES;
    memcpy(bytes, speaker->pairs[speaker->first], straight_bytes);
    memcpy(bytes + straight_bytes, speaker->pairs[0], taken_bytes - straight_bytes);
    float *samples = (float *)(void *)bytes;
    for (int i = 0; i < 2 * n_taken; i++)
        samples[i] *= speaker->gain;
    memset(bytes + taken_bytes, 0, (size_t)n_bytes - taken_bytes);
    speaker->first = (speaker->first + n_taken) % CAPACITY;
    speaker->n_queued -= n_taken;
    speaker->taken_ns = bc_clock_ns();
}

static bc_status open_device(bc_speaker *speaker, const bc_log *log)
{
    const SDL_AudioSpec wanted = {.freq = BC_SPEAKER_RATE,
                                  .format = AUDIO_F32SYS,
                                  .channels = 2,
                                  .samples = DEVICE_SAMPLES,
                                  .callback = fill,
                                  .userdata = speaker};
    speaker->device = SDL_OpenAudioDevice(NULL, 0, &wanted, NULL, 0);
    if (speaker->device == 0) {
        bc_log_write(log, BC_LOG_WARNING, "no sound: %s", SDL_GetError());
        return BC_ERR_UNSUPPORTED;
    }
    SDL_PauseAudioDevice(speaker->device, 0);
    return BC_OK;
}

static bc_status open_speaker(bc_speaker **speaker, const bc_log *log)
{
    *speaker = NULL;
    if (SDL_InitSubSystem(SDL_INIT_AUDIO) < 0) {
        bc_log_write(log, BC_LOG_WARNING, "no sound: %s", SDL_GetError());
        return BC_ERR_UNSUPPORTED;
    }
    bc_speaker *s = calloc(1, sizeof(*s));
    if (s)
        s->gain = 1;
    const bc_status status =
        s ? open_device(s, log) : bc_fail(log, BC_ERR_MEMORY, "no memory for sound");
    if (status < 0) {
        free(s);
        SDL_QuitSubSystem(SDL_INIT_AUDIO);
        return status;
    }
    *speaker = s;
    return BC_OK;
}

/* SDL keeps its last error for each thread, and forgets it only with the threads that it made. */
bc_status bc_speaker_open(bc_speaker **speaker, const bc_log *log)
{
    const bc_status status = open_speaker(speaker, log);
    SDL_TLSCleanup();
    return status;
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
    SDL_LockAudioDevice(speaker->device);
    const int room = least(n_samples, CAPACITY - speaker->n_queued);
    for (int i = 0; i < room; i++) {
        float *pair = speaker->pairs[(speaker->first + speaker->n_queued + i) % CAPACITY];
        memcpy(pair, samples + 2 * i, PAIR_BYTES);
    }
    speaker->n_queued += room;
    speaker->end_us = time_us + to_us(room);
    SDL_UnlockAudioDevice(speaker->device);
}

int64_t bc_speaker_queued_us(bc_speaker *speaker)
{
    SDL_LockAudioDevice(speaker->device);
    const int64_t queued_us = to_us(speaker->n_queued);
    SDL_UnlockAudioDevice(speaker->device);
    return queued_us;
}

/* A buffer that the device has taken begins to be heard when it takes the next one. */
bool bc_speaker_time(bc_speaker *speaker, int64_t *time_us)
{
    SDL_LockAudioDevice(speaker->device);
    const int64_t since_us = (bc_clock_ns() - speaker->taken_ns) / 1000;
    const int64_t buffer_us = to_us(DEVICE_SAMPLES);
    *time_us = speaker->end_us - to_us(speaker->n_queued) - 2 * buffer_us +
               (since_us < buffer_us ? since_us : buffer_us);
    const bool is_heard = speaker->n_queued > 0 && speaker->taken_ns > 0 && !speaker->is_paused;
    SDL_UnlockAudioDevice(speaker->device);
    return is_heard;
}

void bc_speaker_pause(bc_speaker *speaker, bool on)
{
    SDL_LockAudioDevice(speaker->device);
    speaker->is_paused = on;
    SDL_UnlockAudioDevice(speaker->device);
    SDL_PauseAudioDevice(speaker->device, on);
}

/* The ear takes the third power of the gain for about even steps, as other players do. */
void bc_speaker_set_volume(bc_speaker *speaker, float volume)
{
    SDL_LockAudioDevice(speaker->device);
    speaker->gain = volume * volume * volume;
    SDL_UnlockAudioDevice(speaker->device);
}

void bc_speaker_clear(bc_speaker *speaker)
{
    SDL_LockAudioDevice(speaker->device);
    speaker->n_queued = 0;
    SDL_UnlockAudioDevice(speaker->device);
}
