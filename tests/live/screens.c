/*
 * A green screen with a box before it, recorded with the key and without: what is green stays as
 * it came, or alone is painted. The argument is the command.
 */
#include "live/command.h"

typedef struct means {
    double screen, box; /* of green, 0 to 255 */
} means;

static double mean_green(command *c, const char *crop)
{
    char line[512];
    snprintf(line, sizeof(line),
             "ffmpeg -v error -sseof -0.5 -i key.mkv -frames:v 1 -vf crop=%s,scale=1:1 -f rawvideo "
             "-pix_fmt rgb24 - | od -An -tu1 | awk '{print $2}'",
             crop);
    return atof(command_shell(c, line));
}

/* What is recorded once the key has been set. */
static means record(command *c, const char *key)
{
    char line[64];
    snprintf(line, sizeof(line), "key %s", key);
    CHECK(command_do(c, line));
    CHECK(command_sees_frames(c, 3));
    CHECK(command_do(c, "record key.mkv"));
    CHECK(command_sees_frames(c, 25));
    CHECK(command_do(c, "record off"));
    const means m = {mean_green(c, "30:30:10:10"), mean_green(c, "40:30:60:45")};
    command_shell(c, "rm key.mkv");
    return m;
}

static int is_about(double number, double expected)
{
    return number > expected - 6 && number < expected + 6;
}

int main(int n_args, char **args)
{
    command c;
    if (n_args != 2)
        return 2;
    command_begin(&c, 1);
    command_play(&c, args[1],
                 "-f lavfi color=0x00b140:size=160x120:rate=30,drawbox=50:35:60:50:0xd0a080:fill");
    CHECK(command_do(&c, "scale 1")); /* a governor's smaller size is another painting */
    const means original = (command_do(&c, "original on"), record(&c, "off"));
    CHECK(is_about(original.screen, 177) && is_about(original.box, 160));
    CHECK(command_do(&c, "original off"));
    const means painted = record(&c, "off"), outside = record(&c, "green");
    const means inside = record(&c, "green:inside");
    CHECK(!is_about(painted.screen, original.screen) && !is_about(painted.box, original.box));
    CHECK(is_about(outside.screen, original.screen) && is_about(outside.box, painted.box));
    CHECK(is_about(inside.screen, painted.screen) && is_about(inside.box, original.box));
    CHECK(command_text_is(&c, "key", "00b140:inside"));
    CHECK(command_refuses(&c, "key grey", "a key is green"));
    command_quit(&c, 0);
    return command_end(&c);
}
