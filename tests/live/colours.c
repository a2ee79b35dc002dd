/*
 * Whatever colours a source has, the live picture keeps them, as it is and where it is mixed,
 * mirrored or painted smaller: one orange in every kind, read from screenshots. The argument is the
 * command.
 */
#include "live/command.h"

static const char *program;

/* The arguments of FFmpeg's scale, the pixel format, and how the stream is marked. */
static const struct kind {
    const char *scale, *format, *marks;
} kinds[] = {
    {"out_color_matrix=bt709:out_range=tv", "yuv420p", "-color_range tv -colorspace bt709"},
    {"out_color_matrix=bt709:out_range=pc", "yuv420p", "-color_range pc -colorspace bt709"},
    {"out_color_matrix=bt601:out_range=tv", "yuv420p", "-color_range tv -colorspace smpte170m"},
    {"out_color_matrix=bt601:out_range=pc", "yuv422p", "-color_range pc -colorspace smpte170m"},
    {"out_color_matrix=bt2020:out_range=tv", "yuv420p10", "-color_range tv -colorspace bt2020nc"},
    {"out_range=pc", "bgr0", ""},
};

static void make_clip(const command *c, const struct kind *kind)
{
    char line[512];
    snprintf(line, sizeof(line),
             "ffmpeg -v error -y -f lavfi -i color=0xFA780A:s=161x121:r=10:d=1,format=bgr0 -vf "
             "scale=%s,format=%s %s -c:v ffv1 clip.mkv",
             kind->scale, kind->format, kind->marks);
    command_shell(c, line);
}

/* A screenshot's mean colour. */
static void check_orange(command *c, const char *settings)
{
    static const int orange[3] = {250, 120, 10};
    int rgb[3] = {0};
    CHECK(command_do(c, settings));
    CHECK(command_sees_frames(c, 2));
    CHECK(command_do(c, "screenshot shot.png"));
    sscanf(command_shell(c, "ffmpeg -v error -i shot.png -vf scale=1:1:flags=area,format=rgb24 -f "
                            "rawvideo - | od -An -tu1; rm shot.png"),
           "%d %d %d", &rgb[0], &rgb[1], &rgb[2]);
    for (int i = 0; i < 3; i++) {
        if (!CHECK_AT_MOST(abs(rgb[i] - orange[i]), 3))
            fprintf(stderr, "    '%s': %d %d %d\n", settings, rgb[0], rgb[1], rgb[2]);
    }
}

static void test_kind(command *c, const struct kind *kind)
{
    make_clip(c, kind);
    command_play(c, program, "clip.mkv --loop --no-window");
    check_orange(c, "strength 0");
    check_orange(c, "mirror on");
    check_orange(c, "mirror off; strength 0.004"); /* mixed */
    check_orange(c, "scale 0.5");
    command_quit(c, 0);
}

int main(int n_args, char **args)
{
    command c;
    if (n_args != 2)
        return 2;
    program = args[1];
    command_begin(&c, 1);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        test_kind(&c, &kinds[i]);
    return command_end(&c);
}
