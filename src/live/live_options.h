/*
 * live_options.h: what cam and play have in common: their options, the files brushcast.conf,
 * input.conf and midi.conf, and the way from there to the live program.
 */
#ifndef BC_LIVE_LIVE_OPTIONS_H
#define BC_LIVE_LIVE_OPTIONS_H

#include "cli/painting.h"
#include "live/live.h"

typedef struct bc_live_options {
    const char *style, *net, *models, *scale, *key, *mask_input, *record, *control, *midi,
        *precision;
    bc_texts to;
    double strength, keep_colors, stabilize, brush, fade_s, rate;
    bool mirror, paints_outside, no_window, is_fullscreen, overwrite;
    int n_threads, osc_port;
    /* cam */
    bool lists;
    const char *size, *pixel_format;
    /* play */
    const char *format;
    bool is_looped, is_silent;
    int64_t start_us;
    char *conf; /* what brushcast.conf says; texts may point into it */
} bc_live_options;

#define BC_LIVE_AT(field) offsetof(bc_live_options, field)

/* The options of both, for the beginning of a command's table. */
#define BC_LIVE_OPTIONS                                                                            \
    BC_PAINTING_OPTIONS(BC_LIVE_AT),                                                               \
        {"brush",                                                                                  \
         "SIZE",                                                                                   \
         "size of the strokes, 1 as trained (1)",                                                  \
         BC_OPTION_NUMBER,                                                                         \
         .offset = BC_LIVE_AT(brush),                                                              \
         .low = 0.5,                                                                               \
         .high = 4},                                                                               \
        {"fade",                                                                                   \
         "SECONDS",                                                                                \
         "how long one style takes to become the next (0)",                                        \
         BC_OPTION_NUMBER,                                                                         \
         .offset = BC_LIVE_AT(fade_s),                                                             \
         .low = 0,                                                                                 \
         .high = 60},                                                                              \
        {"scale", "auto|SCALE",                                                                    \
         "paint at SCALE times the frame's size; auto: as the rate allows "                        \
         "(auto)",                                                                                 \
         BC_OPTION_TEXT, .offset = BC_LIVE_AT(scale)},                                             \
        {"rate",                                                                                   \
         "FPS",                                                                                    \
         "the rate that is held (the source's, at most 30)",                                       \
         BC_OPTION_NUMBER,                                                                         \
         .offset = BC_LIVE_AT(rate),                                                               \
         .low = 1,                                                                                 \
         .high = 240},                                                                             \
        {"mirror", NULL, "swap left and right", BC_OPTION_FLAG, .offset = BC_LIVE_AT(mirror)},     \
        {"key", "COLOUR[:inside]",                                                                 \
         "leave a screen of this colour as it is: green, blue or RRGGBB; inside: paint it alone",  \
         BC_OPTION_TEXT, .offset = BC_LIVE_AT(key)},                                               \
        {"mask-input",                                                                             \
         "FILE|DEVICE",                                                                            \
         "a second video: paint where it is white; of a file the frame of the same time",          \
         BC_OPTION_TEXT,                                                                           \
         .offset = BC_LIVE_AT(mask_input),                                                         \
         .completion = BC_COMPLETE_FILE},                                                          \
        {"mask-outside", NULL, "paint where it is black", BC_OPTION_FLAG,                          \
         .offset = BC_LIVE_AT(paints_outside)},                                                    \
        {"fullscreen", NULL, "begin on the full screen", BC_OPTION_FLAG,                           \
         .offset = BC_LIVE_AT(is_fullscreen)},                                                     \
        {"no-window", NULL, "show nothing: for --to, --record and --control", BC_OPTION_FLAG,      \
         .offset = BC_LIVE_AT(no_window)},                                                         \
        {"to",                                                                                     \
         "pipewire|DEVICE|URL|FILE",                                                               \
         "send the painting there too: pipewire[:NAME], a camera for other programs, a "           \
         "v4l2loopback device, rtmp:, udp:, a pipe; may be given several times",                   \
         BC_OPTION_LIST,                                                                           \
         .offset = BC_LIVE_AT(to),                                                                 \
         .high = BC_MAX_OUTPUTS,                                                                   \
         .completion = BC_COMPLETE_FILE},                                                          \
        {"record",                                                                                 \
         "FILE",                                                                                   \
         "record from the start",                                                                  \
         BC_OPTION_TEXT,                                                                           \
         .offset = BC_LIVE_AT(record),                                                             \
         .completion = BC_COMPLETE_FILE},                                                          \
        {"y", NULL, "overwrite files that exist", BC_OPTION_FLAG,                                  \
         .offset = BC_LIVE_AT(overwrite)},                                                         \
        {"control",                                                                                \
         "PATH",                                                                                   \
         "listen for commands on a Unix socket",                                                   \
         BC_OPTION_TEXT,                                                                           \
         .offset = BC_LIVE_AT(control),                                                            \
         .completion = BC_COMPLETE_FILE},                                                          \
        {"osc",                                                                                    \
         "PORT",                                                                                   \
         "listen for commands from the network in OSC (/strength 0.7)",                            \
         BC_OPTION_COUNT,                                                                          \
         .offset = BC_LIVE_AT(osc_port),                                                           \
         .low = 1,                                                                                 \
         .high = 65535},                                                                           \
    {                                                                                              \
        "midi", "PORT|any",                                                                        \
            "take commands from a MIDI device, by its name or number, or from any that connects; " \
            "midi.conf says what its knobs and pads do",                                           \
            BC_OPTION_TEXT, .offset = BC_LIVE_AT(midi)                                             \
    }

/* Takes brushcast.conf, then the arguments; the result is bc_options_parse's. To be closed,
 * whatever the result. */
int bc_live_options_parse(const bc_command *command, int *n_args, char **args,
                          bc_live_options *options, const bc_log *log);

void bc_live_options_close(bc_live_options *options);

/* Fills in the rest of `live` from the options, runs it, and returns the exit status. */
int bc_live_options_run(const bc_live_options *options, bc_live_params *live);

#endif
