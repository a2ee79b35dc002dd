#include "app/commands.h"
#include "base/log.h"
#include "live/live_options.h"

static const bc_option options[] = {
    BC_LIVE_OPTIONS,
    {"f", "FORMAT", "the input's format, where its name and content do not say it (lavfi)",
     BC_OPTION_TEXT, .offset = BC_LIVE_AT(format)},
    {"loop", NULL, "begin anew at the end", BC_OPTION_FLAG, .offset = BC_LIVE_AT(is_looped)},
    {"start", "TIME", "begin at this time of the input", BC_OPTION_TIME,
     .offset = BC_LIVE_AT(start_us)},
    {"no-audio", NULL, "be silent", BC_OPTION_FLAG, .offset = BC_LIVE_AT(is_silent)},
};

static int run(int n_args, char **args, const bc_log *log);

const bc_command bc_command_play = {
    .name = "play",
    .summary = "paint a file or a stream in a live window",
    .arguments = "INPUT [OPTION...]",
    .description =
        "Plays INPUT, anything that FFmpeg opens: a file, a URL, with -f lavfi a graph of filters. "
        "Every frame is painted as it is shown; where the machine cannot keep the rate, the "
        "picture is painted smaller, and frames that come too fast are dropped.\n\n"
        "Keys are listed by h. They are changed in $XDG_CONFIG_HOME/brushcast/input.conf (lines "
        "KEY COMMAND), and options get other defaults in brushcast.conf beside it (lines "
        "OPTION=VALUE).",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .examples = "brushcast play holiday.mp4 --style starry-night\ta video, with its sound\n"
                "brushcast play -f lavfi testsrc2=size=hd720 --control /run/user/1000/brush\t"
                "a test pattern that listens for commands\n",
    .run = run,
};

static int play(int n_args, char **args, bc_live_options *o, const bc_log *log)
{
    const int parsed = bc_live_options_parse(&bc_command_play, &n_args, args, o, log);
    if (parsed != 0)
        return parsed > 0 ? 0 : 2;
    if (n_args != 2) {
        bc_log_write(log, BC_LOG_ERROR, "play: one input is wanted (--help tells more)");
        return 2;
    }
    bc_live_params live = {.input = args[1],
                           .format = o->format,
                           .is_looped = o->is_looped,
                           .is_silent = o->is_silent,
                           .start_us = o->start_us,
                           .log = *log};
    return bc_live_options_run(o, &live);
}

static int run(int n_args, char **args, const bc_log *log)
{
    bc_live_options o = {.strength = 1, .brush = 1};
    const int status = play(n_args, args, &o, log);
    bc_live_options_close(&o);
    return status;
}
