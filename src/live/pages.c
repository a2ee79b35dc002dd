#include "live/pages.h"

#include <string.h>

#include "live/verbs.h"

static void write_keys(FILE *text)
{
    fputs("The keys of brushcast cam and brushcast play. What mpv has too is as there: seeking, "
          "pause, sound, full screen, ESC and q; up and down go through the styles.\n\n"
          "A digit waits half a second for another one: 1 2 is the twelfth style. Digits are found "
          "by their place on the keyboard, and so are keys whose character stands for nothing: "
          "keyboards of all countries do.\n\n"
          "# KEYS\n",
          text);
    for (const bc_binding *b = bc_default_bindings; b->keys; b++) {
        if (*b->help && strchr(b->help, '\t'))
            fprintf(text, "%s\n", b->help);
        else if (*b->help)
            fprintf(text, "%s\t%s\n", b->keys, b->help);
    }
    fputs(
        "# MOUSE\n"
        "On the filmstrip\ta click paints with the style, the wheel moves the strip, its ends turn "
        "it\n"
        "On the bar\ta click or a drag seeks\n"
        "On the split line\ta drag moves it\n"
        "Elsewhere\tthe wheel is the strength, a double click the full screen; a file that is "
        "dropped is played, a style's file added\n"
        "# CHANGES\n"
        "Lines KEY COMMAND in $XDG_CONFIG_HOME/brushcast/input.conf bind keys anew; COMMAND is as "
        "on the control socket (brushcast-control(7)), or ignore. Keys are characters as they are "
        "typed, or SHARP, SPACE, ESC, LEFT, RIGHT, UP, DOWN, PGUP, PGDWN, HOME, END, TAB, BS, DEL, "
        "ENTER, F1 to F12, MBTN_LEFT_DBL, MBTN_RIGHT, WHEEL_UP, WHEEL_DOWN; several that are "
        "pressed one after another are joined by a minus (g-g).\n\n"
        "Without changes keys stand for these commands:\n",
        text);
    for (const bc_binding *b = bc_default_bindings; b->keys; b++)
        fprintf(text, "%s\t%s\n", b->keys, b->command);
}

static void write_control(FILE *text)
{
    fputs("brushcast cam and brushcast play take commands on the Unix socket of --control PATH, in "
          "input.conf, midi.conf and from keys: a line each, a verb and its words, separated by "
          "blanks. Words with blanks stand in double quotes, in which a backslash takes the next "
          "character as it is; several commands in a line are separated by a semicolon.\n\n"
          "On the socket each line is answered by one of JSON: {\"ok\":true, ...}, or "
          "{\"ok\":false,\"error\":\"...\"}. What takes long is answered when it is done; other "
          "clients go on meanwhile.\n\n"
          "# COMMANDS\n",
          text);
    for (const bc_verb *v = bc_verbs; v->name; v++)
        fprintf(text, "%s%s%s\t%s\n", v->name, *v->words ? " " : "", v->words, v->help);
    fputs("# MIDI\n"
          "With --midi the lines of $XDG_CONFIG_HOME/brushcast/midi.conf say what a device's "
          "controls and notes, 0 to 127, stand for; [N/] is a channel, from 1 to 16, without it "
          "all. A line that is wrong is named, and nothing plays.\n\n"
          "knob [N/]CONTROL VERB [LOW HIGH]\ta verb whose number follows the control, 0 to 1 "
          "without LOW and HIGH\n"
          "button [N/]CONTROL COMMANDS\ta line of commands, when the control rises to 64 or more\n"
          "pad [N/]NOTE COMMANDS\ta line of commands, when the note begins\n"
          "pad [N/]NOTE-LAST VERB\ta verb with the number of the note among these, from 1\n"
          "# EXAMPLES\n"
          "printf 'style starry-night\\nget state\\n' | nc -NU /run/user/1000/brushcast\t"
          "another style, and how it goes\n"
          "k style next; strength 0.7\tin input.conf: the key k\n"
          "knob 7 strength\tin midi.conf: control 7, the volume, is the strength\n"
          "pad 36-50 style\tin midi.conf: note 36 is style 1, note 37 style 2\n",
          text);
}

const bc_page bc_page_keys = {"keys", "keys of the live window", write_keys};
const bc_page bc_page_control = {"control", "commands of the control socket", write_control};
