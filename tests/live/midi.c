/*
 * A MIDI device, played by aplaymidi: a knob is the strength, pads are styles. A midi.conf with
 * wrong lines is refused. The argument is the command. Where there is no sequencer that is said,
 * and the rest is skipped; a build without libasound says so.
 */
#include "live/command.h"

enum { SKIPPED = 77 };

static const char source[] = "play -f lavfi testsrc2=size=64x48:rate=10 --control socket "
                             "--threads 1";

static int start(command *c, const char *program, const char *port)
{
    char words[256];
    snprintf(words, sizeof(words), "%s --midi %s", source, port);
    return command_run(c, program, words);
}

static void test_wrong_lines(command *c, const char *program)
{
    command_shell(c, "mkdir -p brushcast && printf 'knob 7 strenth\\npad 36 style 1\\npad x y\\n' "
                     "> brushcast/midi.conf");
    CHECK_INT(start(c, program, "any"), 1);
    CHECK(command_log_says(c, "midi.conf:1: there is no command 'strenth'"));
    CHECK(command_log_says(c, "midi.conf:3: 'x' is no pad"));
    command_shell(c, "rm brushcast/midi.conf");
}

/* Sends these messages, in printf's escapes, one after the other: a file of one track. */
static void play(command *c, const char *messages, int n_bytes)
{
    char line[1024];
    snprintf(line, sizeof(line),
             "printf 'MThd\\0\\0\\0\\6\\0\\0\\0\\1\\0\\140MTrk\\0\\0\\0\\%o%s\\0\\377\\57\\0' "
             "> song.mid && timeout 120 aplaymidi -p Brushcast song.mid",
             n_bytes + 4, messages);
    command_shell(c, line);
}

static void test_song(command *c, const char *program)
{
    char words[256];
    snprintf(words, sizeof(words), "%s --midi any", source);
    command_start(c, program, words);
    command_connect(c);
    CHECK(command_reaches(c, "frames", 3));
    CHECK(command_do(c, "strength 1; style 1"));
    play(c, "\\0\\260\\7\\0\\0\\231\\45\\100", 8); /* control 7 at 0, note 37 of channel 10 */
    CHECK(command_text_becomes(c, "style", "style2"));
    CHECK_AT_MOST(command_number(c, "strength"), 1e-6);
    CHECK_AT_MOST(command_quit(c, 0), 30);
    CHECK_INT(start(c, program, "no-such-device"), 1);
    CHECK(command_log_says(c, "MIDI: no port 'no-such-device'"));
}

int main(int n_args, char **args)
{
    command c;
    if (n_args != 2)
        return 2;
    command_begin(&c, 3);
    test_wrong_lines(&c, args[1]);
    const int has_sequencer = access("/dev/snd/seq", R_OK | W_OK) == 0;
    const int has_player = system("command -v aplaymidi >/dev/null") == 0;
    if (!BC_TESTS_LIBASOUND) {
        CHECK_INT(start(&c, args[1], "any"), 1);
        CHECK(command_log_says(&c, "this build has no libasound"));
    } else if (has_sequencer && has_player) {
        test_song(&c, args[1]);
    } else {
        fprintf(stderr, "skipped: there is no %s\n", has_sequencer ? "aplaymidi" : "/dev/snd/seq");
        if (!has_sequencer) {
            CHECK_INT(start(&c, args[1], "any"), 1);
            CHECK(command_log_says(&c, "MIDI: no sequencer: No such file or directory"));
        }
    }
    const int result = command_end(&c);
    const bool is_skipped = BC_TESTS_LIBASOUND && !(has_sequencer && has_player);
    return result == 0 && is_skipped ? SKIPPED : result;
}
