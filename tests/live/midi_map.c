/*
 * midi.conf: what each kind of line makes of a device's events, and each wrong line refused with
 * its number and reason. Bytes as a device sends them go through the real library's parser, where
 * it is there.
 */
#include "live/midi_map.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test.h"

#if BC_TESTS_LIBASOUND
#include <alsa/asoundlib.h>

#include "live/midi.h"
#endif

static char path[] = "/tmp/brushcast-midi-XXXXXX";
static char messages[8192];

static void add_message(void *cookie, bc_log_level level, const char *message)
{
    (void)cookie;
    (void)level;
    const size_t length = strlen(messages);
    snprintf(messages + length, sizeof(messages) - length, "%s\n", message);
}

/* NULL: it was refused. */
static bc_midi_map *read_map(const char *text)
{
    const bc_log log = {.write = add_message};
    bc_midi_map *map;
    messages[0] = '\0';
    FILE *file = fopen(path, "w");
    if (!CHECK(file && fputs(text, file) >= 0))
        exit(1);
    fclose(file);
    const bc_status status = bc_midi_map_open(&map, path, &log);
    CHECK(status == BC_OK ? map != NULL : !map);
    return map;
}

/* The event says that; NULL: nothing. */
static void check(bc_midi_map *map, bc_midi_event event, const char *expected)
{
    char line[BC_MIDI_LINE];
    const bool is_found = bc_midi_map_find(map, &event, line);
    if (!CHECK(expected ? is_found && strcmp(line, expected) == 0 : !is_found))
        fprintf(stderr, "    '%s', expected '%s'\n", line, expected ? expected : "");
}

static bc_midi_event control(int channel, int number, int value)
{
    return (bc_midi_event){.channel = channel, .number = number, .value = value};
}

static bc_midi_event note(int channel, int number, int value)
{
    return (bc_midi_event){.is_note = true, .channel = channel, .number = number, .value = value};
}

static void test_knobs(void)
{
    bc_midi_map *map = read_map("# a desk\n\nknob 7 strength\n  knob\t2/74  brush 0.5 4 \r\n"
                                "knob 8 fade 10 0\nknob 7 keep-colors");
    check(map, control(1, 7, 0), "strength 0; keep-colors 0");
    check(map, control(16, 7, 127), "strength 1; keep-colors 1");
    check(map, control(1, 7, 64), "strength 0.5039; keep-colors 0.5039");
    check(map, control(2, 74, 127), "brush 4");
    check(map, control(2, 74, 0), "brush 0.5");
    check(map, control(3, 74, 0), NULL);
    check(map, control(1, 8, 127), "fade 0");
    check(map, note(1, 7, 127), NULL);
    check(map, control(1, 9, 127), NULL);
    bc_midi_map_close(&map);
}

static void test_pads(void)
{
    bc_midi_map *map = read_map("pad 36-38 style\npad 10/40 style \"great wave\"; strength 1\n"
                                "button 64 record\n");
    check(map, note(1, 36, 1), "style 1");
    check(map, note(5, 38, 127), "style 3");
    check(map, note(1, 38, 0), NULL); /* let go */
    check(map, note(1, 39, 127), NULL);
    check(map, note(10, 40, 90), "style \"great wave\"; strength 1");
    check(map, note(1, 40, 90), NULL);
    check(map, control(1, 64, 63), NULL);
    check(map, control(1, 64, 64), "record");
    check(map, control(1, 64, 127), NULL); /* it is still down */
    check(map, control(1, 64, 0), NULL);
    check(map, control(1, 64, 127), "record");
    bc_midi_map_close(&map);
}

static void test_usual(void)
{
    bc_midi_map *map;
    CHECK_INT(bc_midi_map_open(&map, NULL, &(bc_log){0}), BC_OK);
    check(map, control(1, 1, 127), "strength 1");
    check(map, control(1, 7, 127), "strength 1");
    check(map, note(10, 36, 100), "style 1");
    check(map, note(10, 127, 100), "style 92");
    bc_midi_map_close(&map);
}

static void test_wrong_lines(void)
{
    static const struct {
        const char *line, *reason;
    } wrong[] = {
        {"dial 7 strength", "'dial' is neither knob, button nor pad"},
        {"knob", "'knob' without a number"},
        {"knob 7", "'knob 7' without a command"},
        {"pad 36-51   ", "'pad 36-51' without a command"},
        {"knob 128 strength", "'128' is no knob: that is a number from 0 to 127"},
        {"knob -1 strength", "'-1' is no knob"},
        {"knob seven strength", "'seven' is no knob"},
        {"knob 7-9 strength", "'7-9' is no knob"},
        {"button 7x record", "'7x' is no button"},
        {"pad 51-36 style", "'51-36' is no pad: that is a number from 0 to 127, or two that rise"},
        {"pad 0/36 style", "'0/36': a channel is from 1 to 16"},
        {"pad 17/36 style", "'17/36': a channel is from 1 to 16"},
        {"knob 7 strenth", "there is no command 'strenth'"},
        {"knob 7 quit", "quit takes no number"},
        {"knob 7 brush 0.5", "'brush 0.5': a knob has a command, and may have two numbers"},
        {"knob 7 brush 0.5 inf", "'brush 0.5 inf': a knob has a command, and may have two numbers"},
        {"knob 7 brush -1 4", "'brush -1 4': a knob has a command, and may have two numbers"},
        {"knob 7 brush 0.5 4 5", "'brush 0.5 4 5': a knob has a command, and may have two numbers"},
        {"pad 36 style 1; stile 2", "there is no command 'stile'"},
        {"pad 36-51 quit", "quit takes no number"},
        {"pad 36-51 style next", "there is no command 'style next'"},
    };
    char text[256], reason[256];
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        snprintf(text, sizeof(text), "knob 1 strength\n\n%s\n", wrong[i].line);
        snprintf(reason, sizeof(reason), "%s:3: %s", path, wrong[i].reason);
        CHECK(!read_map(text));
        if (!CHECK(strstr(messages, reason) != NULL))
            fprintf(stderr, "    '%s': %s", wrong[i].line, messages);
    }
}

/* Each of them, however many there are; long ones and too many too. */
static void test_all_wrong_lines(void)
{
    static char text[8192];
    CHECK(!read_map("dial 7 strength\nknob 7 strength\nknob 7\n"));
    CHECK(strstr(messages, ":1: 'dial'") && strstr(messages, ":3: 'knob 7' without"));
    CHECK(!strstr(messages, ":2:"));
    memset(text, 'x', 3000);
    memcpy(text, "pad 36 ", 7);
    memcpy(text + 2990, "\nknob 7\n", 9);
    CHECK(!read_map(text));
    CHECK(strstr(messages, ":1: it is longer than") && strstr(messages, ":2: 'knob 7' without"));
    text[0] = '\0';
    for (int i = 0; i < 300; i++)
        strcat(text, "knob 7 strength\n");
    CHECK(!read_map(text));
    CHECK(strstr(messages, ":257: there are more than 256") != NULL);
}

#if BC_TESTS_LIBASOUND
/* What the bytes say; NULL: nothing. */
static void check_bytes(bc_midi_map *map, snd_midi_event_t *parser, const uint8_t *bytes, int n,
                        const char *expected)
{
    snd_seq_event_t from;
    bc_midi_event event;
    snd_seq_ev_clear(&from);
    CHECK_INT(snd_midi_event_encode(parser, bytes, n, &from), n);
    if (bc_midi_translate(&event, &from))
        check(map, event, expected);
    else
        CHECK(!expected);
}

static void test_bytes(void)
{
    snd_midi_event_t *parser;
    bc_midi_map *map = read_map("knob 3/7 strength\npad 10/36-51 style\nbutton 64 mirror on\n");
    if (!CHECK_INT(snd_midi_event_new(64, &parser), 0))
        return;
    check_bytes(map, parser, (uint8_t[]){0xb2, 7, 127}, 3, "strength 1");
    check_bytes(map, parser, (uint8_t[]){0xb3, 7, 127}, 3, NULL);
    check_bytes(map, parser, (uint8_t[]){0x99, 37, 80}, 3, "style 2");
    check_bytes(map, parser, (uint8_t[]){0x99, 37, 0}, 3, NULL);
    check_bytes(map, parser, (uint8_t[]){0x89, 37, 64}, 3, NULL);
    check_bytes(map, parser, (uint8_t[]){0xb0, 64, 100}, 3, "mirror on");
    check_bytes(map, parser, (uint8_t[]){0xe2, 0, 64}, 3, NULL); /* a wheel that bends the pitch */
    check_bytes(map, parser, (uint8_t[]){0xc2, 5}, 2, NULL);
    snd_midi_event_free(parser);
    bc_midi_map_close(&map);
}
#endif

int main(void)
{
    const int fd = mkstemp(path);
    if (!CHECK(fd >= 0))
        return TEST_END();
    close(fd);
    test_knobs();
    test_pads();
    test_usual();
    test_wrong_lines();
    test_all_wrong_lines();
#if BC_TESTS_LIBASOUND
    test_bytes();
#endif
    unlink(path);
    return TEST_END();
}
