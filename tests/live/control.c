/*
 * The live picture without a screen (SDL's dummy driver), through its control socket: every verb
 * and the state that follows, pictures and recordings as other programs read them, a thousand
 * switches of style, faults, and an end within a second. The argument is the command.
 */
#include <math.h>

#include "live/command.h"

static const char *program;

/* A plain source that costs little: 160x120, 30 frames a second. */
static const char source[] = "-f lavfi testsrc2=size=160x120:rate=30";

static void start(command *c, const char *words)
{
    command_play(c, program, words);
}

static void quit(command *c)
{
    CHECK_AT_MOST(command_quit(c, 0), 30); /* it is a second on a machine that does nothing else */
}

/* The blend's style number `index`, and its share. */
static void check_share(command *c, size_t index, const char *style, double share)
{
    json_t *state = command_say(c, "get state");
    const json_t *part = json_array_get(json_object_get(state, "blend"), index);
    const char *name = json_string_value(json_object_get(part, "style"));
    CHECK(name && strcmp(name, style) == 0);
    CHECK_AT_MOST(fabs(json_number_value(json_object_get(part, "share")) - share), 1e-6);
    json_decref(state);
}

static void test_styles(command *c)
{
    CHECK(command_text_is(c, "style", "style1"));
    CHECK(command_do(c, "style style3"));
    CHECK(command_text_is(c, "style", "style3"));
    CHECK(command_do(c, "style next") && command_text_is(c, "style", "style1"));
    CHECK(command_do(c, "style prev") && command_text_is(c, "style", "style3"));
    CHECK(command_do(c, "style 2") && command_text_is(c, "style", "style2"));
    CHECK(command_do(c, "style 0") && command_text_is(c, "style", NULL));
    CHECK(command_do(c, "original") && command_text_is(c, "style", "style2"));
    CHECK(command_refuses(c, "style monet", "no style 'monet'"));
    CHECK(command_refuses(c, "style 4", "the net has 3"));
    CHECK(command_refuses(c, "style style1:0.5abc,style2", "is not NAME:WEIGHT"));
    CHECK(command_refuses(c, "style style1:1,", "no style ''"));
    CHECK(command_do(c, "style style3:3,style1"));
    check_share(c, 0, "style3", 0.75);
    CHECK(command_do(c, "style style1,style2,style3"));
    check_share(c, 2, "style3", 1 / 3.0);
    CHECK(command_refuses(c, "share 0.5", "no blend of two"));
    CHECK(command_do(c, "blend style1 style3 0.25"));
    check_share(c, 1, "style3", 0.25);
    CHECK(command_do(c, "share +0.5; share -0.1; style 1"));
    CHECK(command_refuses(c, "share +0.1", "no blend"));
    CHECK(command_refuses(c, "blend style1 style2 7", "from 0 to 1"));
}

static void expect_number(command *c, const char *line, const char *key, double expected)
{
    CHECK(command_do(c, line));
    const double number = command_number(c, key);
    if (!CHECK(number > expected - 1e-4 && number < expected + 1e-4))
        fprintf(stderr, "    after '%s' %s is %g, expected %g\n", line, key, number, expected);
}

static void test_settings(command *c)
{
    expect_number(c, "strength 0.7", "strength", 0.7);
    expect_number(c, "strength +0.2", "strength", 0.9);
    expect_number(c, "strength +0.2", "strength", 1);
    expect_number(c, "strength -5", "strength", 0);
    expect_number(c, "strength 1", "strength", 1);
    expect_number(c, "keep-colors", "keep_colors", 1);
    expect_number(c, "keep-colors 0.25", "keep_colors", 0.25);
    expect_number(c, "keep-colors off", "keep_colors", 0);
    expect_number(c, "stabilize", "stabilize", 1);
    CHECK(command_sees_frames(c, 3));
    expect_number(c, "stabilize", "stabilize", 0);
    expect_number(c, "mirror on", "mirror", 1);
    expect_number(c, "mirror", "mirror", 0);
    expect_number(c, "brush larger", "brush", 1.25);
    expect_number(c, "brush 1", "brush", 1);
    expect_number(c, "scale 0.5", "scale", 0.5);
    expect_number(c, "split 0.25", "split", 0.25);
    expect_number(c, "split off", "split", -1);
    expect_number(c, "statistics", "statistics", 1);
    expect_number(c, "help on", "help", 1);
    CHECK(command_sees_frames(c, 3));
    expect_number(c, "help off", "help", 0);
    CHECK(command_refuses(c, "strength much", "not a number"));
    CHECK(command_refuses(c, "strength nan", "not a number"));
    CHECK(command_refuses(c, "scale 9", "from 0.1 to 2"));
    CHECK(command_refuses(c, "mirror maybe", "neither on nor off"));
    CHECK(command_refuses(c, "strength", "usage: strength"));
    CHECK(command_refuses(c, "dance", "no command 'dance'"));
    CHECK(command_refuses(c, "get money", "no 'get money'"));
    CHECK(command_refuses(c, "seek 3", "cannot seek"));
    CHECK(command_do(c, "  strength   0.5 ;style 2; ; "));
    CHECK(command_text_is(c, "style", "style2"));
    CHECK(command_do(c, "scale 1; strength 1"));
}

static void await_painted_width(command *c, int width)
{
    for (int i = 0; i < 1000; i++) {
        json_t *state = command_say(c, "get state");
        const int64_t is =
            json_integer_value(json_array_get(json_object_get(state, "painted_size"), 0));
        json_decref(state);
        if (is == width)
            return;
        nap_ms(20);
    }
    CHECK(0 && "it is painted in the size");
}

/* The session of another size is opened aside: the frames that it paints follow. */
static void test_scale(command *c)
{
    CHECK(command_do(c, "scale 0.5"));
    await_painted_width(c, 80);
    CHECK(command_do(c, "scale 1"));
    await_painted_width(c, 160);
}

static bool is_same(command *c, const char *one, const char *other)
{
    char line[200];
    snprintf(line, sizeof(line), "cmp -s %s %s; echo $?", one, other);
    return strcmp(command_shell(c, line), "0") == 0;
}

/* A screenshot in a pause, when no frame of before is on its way any more: unlike `other`, and the
 * next one is the same. */
static void shoot_at_rest(command *c, const char *name, const char *other)
{
    char line[100];
    bool rests = false;
    for (int i = 0; i < 100 && !rests; i++) {
        snprintf(line, sizeof(line), "rm -f %s again.png", name);
        command_shell(c, line);
        snprintf(line, sizeof(line), "screenshot %s", name);
        CHECK(command_do(c, line));
        nap_ms(200);
        CHECK(command_do(c, "screenshot again.png"));
        rests = is_same(c, name, "again.png") && !is_same(c, name, other);
    }
    CHECK(rests);
}

/* Styles differ on the screen, and strength 0 is the source itself. */
static void test_screenshots(command *c)
{
    CHECK(command_do(c, "pause on; style 1"));
    CHECK(command_sees_frames(c, 1));
    shoot_at_rest(c, "one.png", "/dev/null");
    CHECK(command_do(c, "style 2"));
    shoot_at_rest(c, "two.png", "one.png");
    CHECK(command_do(c, "screenshot \"with \\\"quotes\\\".png\""));
    CHECK(is_same(c, "two.png", "'with \"quotes\".png'"));
    CHECK(strcmp(command_shell(c, "ffprobe -v error -show_entries stream=width,height -of csv=p=0 "
                                  "one.png"),
                 "160,120") == 0);
    CHECK(command_do(c, "screenshot; screenshot"));
    CHECK(strcmp(command_shell(c, "ls brushcast-20*-style2*.png | wc -l"), "2") == 0);
    CHECK(command_refuses(c, "screenshot /nowhere/a.png", "/nowhere/a.png: No such file"));
    CHECK(command_refuses(c, "screenshot one.png", "one.png exists"));
    CHECK(command_refuses(c, "screenshot one.txt", "not the name of a picture"));
    CHECK(command_do(c, "screenshot window.png window; pause off"));
    CHECK(strcmp(command_shell(c, "ffprobe -v error -show_entries stream=codec_name -of csv=p=0 "
                                  "window.png"),
                 "png") == 0);
}

static void test_recording(command *c)
{
    CHECK(command_do(c, "record film.mkv"));
    CHECK(command_text_is(c, "recording", "film.mkv"));
    CHECK(command_refuses(c, "record other.mkv", "film.mkv is being recorded"));
    CHECK(command_sees_frames(c, 20));
    CHECK(command_do(c, "record off"));
    CHECK(command_text_is(c, "recording", NULL));
    const char *size =
        command_shell(c, "ffprobe -v error -show_entries stream=width,height -of csv=p=0 film.mkv");
    CHECK(strcmp(size, "160,120") == 0);
    const int n = atoi(command_shell(
        c, "ffprobe -v error -count_frames -show_entries stream=nb_read_frames -of csv=p=0 "
           "film.mkv"));
    CHECK(n >= 15 && n < 400);
    CHECK(atof(command_shell(
              c, "ffprobe -v error -show_entries format=start_time -of csv=p=0 film.mkv")) < 5);
    CHECK(command_refuses(c, "record film.mkv", "film.mkv exists"));
    CHECK(command_refuses(c, "record /nowhere/film.mkv", "No such file"));
    CHECK(command_refuses(c, "record film.xyz", "does not say which format"));
    CHECK(command_do(c, "record off"));
}

static void test_thousand_switches(command *c)
{
    uint32_t random = 1;
    const double before = command_number(c, "frames");
    for (int i = 0; i < 1000; i++) {
        random = random * 1664525u + 1013904223u;
        json_t *answer = command_say(c, "style %d", 1 + (int)(random >> 16) % 3);
        CHECK(json_is_true(json_object_get(answer, "ok")));
        json_decref(answer);
        if (i % 10 == 0)
            nap_ms(5);
    }
    CHECK(command_number(c, "frames") > before);
    CHECK(command_sees_frames(c, 3));
}

/* What is no UTF-8 is answered all the same, and so is an empty line. */
static void test_strange_words(command *c)
{
    CHECK(command_refuses(c, "style \xff\xc3", "no style '?"));
    CHECK(command_do(c, ""));
    json_t *answer = command_say(c, "screenshot a\xff.png");
    CHECK(strcmp(json_string_value(json_object_get(answer, "file")), "a?.png") == 0);
    json_decref(answer);
}

static void test_verbs(command *c)
{
    start(c, source);
    test_styles(c);
    test_settings(c);
    test_scale(c);
    test_screenshots(c);
    test_recording(c);
    test_strange_words(c);
    test_thousand_switches(c);
    quit(c);
}

/* No frame comes any more, once those under way have come. */
static int stands_still(command *c)
{
    for (int i = 0; i < 100; i++) {
        const double frames = command_number(c, "frames");
        nap_ms(300);
        if (command_number(c, "frames") <= frames)
            return 1;
    }
    return 0;
}

static int position_becomes(command *c, double least, double most)
{
    double position = -1;
    for (int ms = 0; ms < COMMAND_PATIENCE_MS; ms += 10) {
        position = command_number(c, "position");
        if (position >= least && position <= most)
            return 1;
        nap_ms(10);
    }
    fprintf(stderr, "    position is %g, expected %g to %g\n", position, least, most);
    return 0;
}

/* A file with sound: seek, pause, loop, a recording with its sound, and the end by itself. */
static void test_file(command *c)
{
    command_shell(c, "ffmpeg -v error -f lavfi -i testsrc2=size=160x120:rate=25 -f lavfi -i "
                     "sine=frequency=440 -t 4 -c:v mpeg4 -c:a aac clip.mp4");
    start(c, "clip.mp4 --loop --record whole.mkv");
    CHECK(command_number(c, "duration") > 3.5);
    CHECK(command_do(c, "pause on"));
    CHECK(stands_still(c));
    CHECK(command_do(c, "seek 2"));
    CHECK(position_becomes(c, 1.9, 2.3)); /* in a pause too */
    for (int i = 0; i < 40; i++) {        /* each interrupts the one before */
        char line[32];
        snprintf(line, sizeof(line), "seek %.1f", 0.1 * (i % 37));
        CHECK(command_do(c, line));
        nap_ms(i % 4);
    }
    CHECK(position_becomes(c, 0.2, 0.4));
    CHECK(command_do(c, "pause off; seek 3.5"));
    CHECK(position_becomes(c, 3.4, 4));
    CHECK(position_becomes(c, 0, 1)); /* it begins anew */
    CHECK(command_do(c, "record off"));
    CHECK(strcmp(command_shell(c, "ffprobe -v error -show_entries stream=codec_type -of csv=p=0 "
                                  "whole.mkv | sort | tr '\\n' ' '"),
                 "audio video ") == 0);
    CHECK(command_do(c, "loop off; seek 3.8"));
    CHECK_INT(command_wait(c, 20000), 0);
}

/* A picture stays until somebody quits; and beyond the end there is the end. */
static void test_still(command *c)
{
    command_shell(c, "ffmpeg -v error -f lavfi -i testsrc2=size=160x120 -frames:v 1 still.png");
    start(c, "still.png");
    CHECK(command_sees_frames(c, 10));
    CHECK(command_refuses(c, "seek 1", "cannot seek"));
    CHECK(command_do(c, "style 2; pause on; style 1; pause off"));
    CHECK(command_sees_frames(c, 10));
    quit(c);
    start(c, "clip.mp4");
    CHECK(command_do(c, "pause on; seek 100"));
    CHECK(position_becomes(c, 3.7, 4));
    CHECK(command_do(c, "pause off"));
    CHECK_INT(command_wait(c, 20000), 0);
}

static void test_faults(command *c)
{
    CHECK_INT(command_run(c, program, "play /nowhere.mp4"), 1);
    CHECK(command_log_says(c, "cannot open /nowhere.mp4"));
    CHECK_INT(command_run(c, program, "play"), 2);
    CHECK_INT(command_run(c, program, "play -f lavfi testsrc2 --style monet"), 1);
    CHECK(command_log_says(c, "no style 'monet'"));
    CHECK_INT(command_run(c, program, "play -f lavfi testsrc2 --to /nowhere/a.mkv"), 1);
    CHECK_INT(command_run(c, program, "play -f lavfi testsrc2 --control /nowhere/socket"), 1);
    CHECK(command_log_says(c, "cannot listen at /nowhere/socket"));
    setenv("SDL_VIDEODRIVER", "nothing", 1);
    CHECK_INT(command_run(c, program, "play -f lavfi testsrc2"), 1);
    CHECK(command_log_says(c, "--no-window"));
    setenv("SDL_VIDEODRIVER", "dummy", 1);
}

/* As a filter: no window, two outputs, an end by Ctrl-C that leaves whole files. */
static void test_no_window(command *c)
{
    start(c, "-f lavfi testsrc2=size=160x120:rate=30 --no-window --to one.mkv --to two.ts");
    CHECK(command_sees_frames(c, 20));
    kill(c->pid, SIGINT);
    CHECK_INT(command_wait(c, 20000), 130);
    CHECK(command_has_frames(c, "one.mkv", 15) && command_has_frames(c, "two.ts", 15));
}

/* Keys and defaults from files. */
static void test_configuration(command *c)
{
    command_shell(c, "mkdir -p brushcast && printf 'strength=0.4\\n# mine\\nmirror\\n' > "
                     "brushcast/brushcast.conf && printf 'k style next\\n' > brushcast/input.conf");
    start(c, "-f lavfi testsrc2=size=160x120:rate=30 --strength 0.6");
    CHECK_AT_MOST(command_number(c, "strength"), 0.61);
    CHECK(command_number(c, "strength") > 0.59);
    CHECK_INT(command_number(c, "mirror"), 1);
    quit(c);
    command_shell(c, "printf 'strenth=1\\n' > brushcast/brushcast.conf");
    CHECK_INT(command_run(c, program, "play -f lavfi testsrc2"), 2);
    CHECK(command_log_says(c, "brushcast.conf is not understood"));
    command_shell(c, "rm -r brushcast");
}

int main(int n_args, char **args)
{
    command c;
    if (n_args != 2)
        return 2;
    program = args[1];
    command_begin(&c, 3);
    test_verbs(&c);
    test_file(&c);
    test_still(&c);
    test_faults(&c);
    test_no_window(&c);
    test_configuration(&c);
    return command_end(&c);
}
