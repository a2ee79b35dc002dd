/*
 * A real window under Xvfb, driven by xdotool as by hands: keys, wheel, split line, filmstrip,
 * resizing, closing. What they did is asked on the control socket and seen in screenshots of the
 * screen. The argument is the command.
 */
#include "live/screen.h"

static void start(command *c, const char *program)
{
    command_start(c, program,
                  "play -f lavfi testsrc2=size=320x240:rate=20 --control socket --threads 1 "
                  "--scale 0.5 --no-audio");
    command_connect(c);
    CHECK(command_reaches(c, "frames", 3));
    /* There is no window manager to place it and to give it the keys. */
    command_shell(c, "timeout 30 xdotool search --sync --onlyvisible --name Brushcast");
    command_shell(c, "timeout 30 xdotool search --name Brushcast windowmove 0 0 windowfocus");
}

static void act(command *c, const char *action)
{
    char line[256];
    snprintf(line, sizeof(line), "timeout 30 xdotool %s", action);
    command_shell(c, line);
}

/* The number becomes that, after a while: X, SDL and the main thread take their time. */
static int becomes(command *c, const char *key, double expected)
{
    double number = 0;
    for (int ms = 0; ms < COMMAND_PATIENCE_MS / 4; ms += 20) {
        number = command_number(c, key);
        if (number > expected - 0.011 && number < expected + 0.011)
            return 1;
        nap_ms(20);
    }
    fprintf(stderr, "    %s is %g, expected %g\n", key, number, expected);
    return 0;
}

static int style_becomes(command *c, const char *expected)
{
    for (int ms = 0; ms < COMMAND_PATIENCE_MS / 4; ms += 20) {
        json_t *state = command_say(c, "get state");
        const char *style = json_string_value(json_object_get(state, "style"));
        const int is = style ? strcmp(style, expected) == 0 : strcmp(expected, "") == 0;
        json_decref(state);
        if (is)
            return 1;
        nap_ms(20);
    }
    command_text_is(c, "style", expected);
    return 0;
}

static void press(command *c, const char *key, const char *number, double expected)
{
    char line[64];
    snprintf(line, sizeof(line), "key %s", key);
    act(c, line);
    if (!CHECK(becomes(c, number, expected)))
        fprintf(stderr, "    after the key %s\n", key);
}

static void press_for_style(command *c, const char *key, const char *expected)
{
    char line[64];
    snprintf(line, sizeof(line), "key %s", key);
    act(c, line);
    if (!CHECK(style_becomes(c, expected)))
        fprintf(stderr, "    after the key %s\n", key);
}

static int is_recording(command *c)
{
    json_t *state = command_say(c, "get state");
    const int is = json_is_string(json_object_get(state, "recording"));
    json_decref(state);
    return is;
}

/* 1 if there are two styles, and the second is that. */
static int is_blended_with(command *c, const char *expected)
{
    json_t *state = command_say(c, "get state");
    const json_t *blend = json_object_get(state, "blend");
    const char *style = json_string_value(json_object_get(json_array_get(blend, 1), "style"));
    const int is = json_array_size(blend) == 2 && style && strcmp(style, expected) == 0;
    json_decref(state);
    return is;
}

/* The picture and the recording. */
static int are_written(const command *c)
{
    return strcmp(command_shell(
                      c, "ls | sed -n 's/^brushcast-20.*-style1[.]//p' | sort | tr '\\n' ' '"),
                  "mp4 png ") == 0;
}

static void test_style_keys(command *c)
{
    /* In the order of their names: style1, style10, style11, style12, style2 to style9. */
    press_for_style(c, "2", "style10");
    press_for_style(c, "n", "style11");
    press_for_style(c, "Down", "style12");
    press_for_style(c, "p", "style11");
    press_for_style(c, "--delay 1 1 2", "style9"); /* the second goes on with the first */
    press_for_style(c, "3", "style11");
    press_for_style(c, "0", "");
    press_for_style(c, "0", "style11");
    act(c, "key --delay 1 b 1 2");
    for (int i = 0; i < 1000 && !is_blended_with(c, "style9"); i++)
        nap_ms(20);
    CHECK(is_blended_with(c, "style9"));
    press_for_style(c, "1", "style1"); /* there is no style 121 */
}

static void test_setting_keys(command *c)
{
    press(c, "bracketleft", "strength", 0.9);
    press(c, "bracketright", "strength", 1);
    press(c, "c", "keep_colors", 1);
    press(c, "c", "keep_colors", 0);
    press(c, "t", "stabilize", 1);
    press(c, "t", "stabilize", 0);
    press(c, "M", "mirror", 1);
    press(c, "M", "mirror", 0);
    press(c, "slash", "volume", 0.95);
    press(c, "asterisk", "volume", 1);
    press(c, "m", "muted", 1);
    press(c, "m", "muted", 0);
    press(c, "l", "loop", 1);
    press(c, "l", "loop", 0);
    press(c, "minus", "brush", 0.8);
    press(c, "equal", "brush", 1);
    press(c, "i", "statistics", 1);
    press(c, "i", "statistics", 0);
    press(c, "question", "help", 1);
    press(c, "h", "help", 0);
    press(c, "h", "help", 1);
    press(c, "Escape", "help", 0);
    press(c, "b", "awaits_blend", 1);
    press(c, "Escape", "awaits_blend", 0);
    press(c, "space", "paused", 1);
    press(c, "space", "paused", 0);
}

static void test_writing_keys(command *c)
{
    act(c, "key s");
    act(c, "key r");
    CHECK(command_sees_frames(c, 3));
    for (int i = 0; i < 1000 && !is_recording(c); i++)
        nap_ms(20);
    CHECK(is_recording(c));
    CHECK(command_sees_frames(c, 3));
    act(c, "key r");
    for (int i = 0; i < 1000 && is_recording(c); i++)
        nap_ms(20);
    for (int i = 0; i < 1000 && !are_written(c); i++)
        nap_ms(20);
    CHECK(are_written(c));
}

/* What a key begins to open its next command gives up, though nobody has waited for it. */
static void test_line(command *c)
{
    press(c, "o", "brush", 2);
    CHECK(command_text_is(c, "opening", NULL));
    CHECK(command_do(c, "brush 1") && command_sees_frames(c, 3));
}

/* What the X server shows, as an ImageMagick expression over a part of it: a number. */
static double seen(command *c, const char *crop, const char *expression)
{
    char line[512];
    snprintf(line, sizeof(line),
             "timeout 30 import -window root -crop %s +repage png:- | "
             "convert - -format '%%[fx:%s]' info:",
             crop, expression);
    return atof(command_shell(c, line));
}

/* 1 once the expression is above 0.6: things move over the bars, and messages lie there a while. */
static int sees(command *c, const char *crop, const char *expression)
{
    for (int i = 0; i < 200; i++) {
        if (seen(c, crop, expression) > 0.6)
            return 1;
        nap_ms(100);
    }
    return 0;
}

/* Where the filmstrip stood depends on which styles were drawn before. */
static void wheel_to_first(command *c)
{
    act(c, "mousemove 90 185 click 4 click 4 click 4 click 4");
    CHECK(command_sees_frames(c, 2));
}

static void test_mouse(command *c)
{
    act(c, "mousemove 160 60 click 5");
    CHECK(becomes(c, "strength", 0.95));
    act(c, "click 4");
    CHECK(becomes(c, "strength", 1));
    press(c, "x", "split", 0.5);
    CHECK(command_sees_frames(c, 3)); /* the line is on the screen */
    act(c, "mousemove 160 60 mousedown 1");
    act(c, "mousemove 100 70");
    act(c, "mousemove 80 60 mouseup 1");
    CHECK(becomes(c, "split", 0.25));
    press(c, "x", "split", -1);
    /* The filmstrip has come out: of its cells, 64x48 with gaps of 6, there is room for three. */
    wheel_to_first(c);
    act(c, "mousemove 230 185 click 1");
    CHECK(style_becomes(c, "style10"));
    act(c, "mousemove 282 185 click 1"); /* its end shows the next three */
    CHECK(command_sees_frames(c, 2));
    act(c, "mousemove 160 185 click 1");
    CHECK(style_becomes(c, "style12"));
    wheel_to_first(c);
    act(c, "mousemove 90 185 click 1");
    CHECK(style_becomes(c, ""));
}

/* The original fills the left of the window with its own colours: red is red. */
static void test_picture(command *c)
{
    CHECK(command_do(c, "style 0; help off; statistics off"));
    act(c, "mousemove 700 500");
    CHECK(sees(c, "30x100+10+80", "mean.r-mean.g")); /* testsrc2's red bar */
    CHECK(sees(c, "30x100+65+80", "mean.g-mean.r")); /* its green one */
    CHECK(command_do(c, "mirror on"));
    CHECK(command_sees_frames(c, 3));
    CHECK(sees(c, "30x100+280+80", "mean.r-mean.g"));
    CHECK(command_do(c, "mirror off"));
    act(c, "search --name Brushcast windowsize 640 240"); /* black at both sides */
    CHECK(command_sees_frames(c, 3));
    CHECK(sees(c, "100x200+20+20", "1-40*mean"));
    CHECK(sees(c, "30x100+170+80", "mean.r-mean.g"));
    act(c, "search --name Brushcast windowsize 1 1"); /* to nothing, and back */
    CHECK(command_sees_frames(c, 3));
    act(c, "search --name Brushcast windowsize 320 240");
    CHECK(command_sees_frames(c, 3));
    CHECK(sees(c, "30x100+10+80", "mean.r-mean.g"));
}

int main(int n_args, char **args)
{
    command c;
    if (n_args != 2)
        return 2;
    command_begin(&c, 12);
    setenv("SDL_VIDEODRIVER", "x11", 1);
    setenv("SDL_RENDER_DRIVER", "software", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    command_shell(&c, "mkfifo silent && mkdir brushcast && "
                      "echo 'o open silent; cancel; brush 2' > brushcast/input.conf");
    const pid_t screen = screen_open("800x600x24");
    start(&c, args[1]);
    test_style_keys(&c);
    test_setting_keys(&c);
    test_writing_keys(&c);
    test_line(&c);
    test_mouse(&c);
    test_picture(&c);
    act(&c, "search --name Brushcast windowfocus key q");
    CHECK_INT(command_wait(&c, 20000), 0);
    screen_close(screen);
    return command_end(&c);
}
