/*
 * Nets, and styles that come while it runs. `light` has style1 to style3, `deep`, of twice
 * the width, has style2 to style4. The argument is the command.
 */
#include "live/command.h"

static const char *program;

static int styles_are(command *c, const char *expected)
{
    char names[256] = "";
    json_t *state = command_say(c, "get state");
    const json_t *styles = json_object_get(state, "styles");
    for (size_t i = 0; i < json_array_size(styles); i++) {
        strcat(names, i ? " " : "");
        strcat(names, json_string_value(json_array_get(styles, i)));
    }
    json_decref(state);
    if (strcmp(names, expected) != 0)
        fprintf(stderr, "    styles are %s\n", names);
    return strcmp(names, expected) == 0;
}

static void test_names(command *c)
{
    CHECK(command_do(c, "rate 1")); /* which any net holds */
    CHECK(styles_are(c, "style2 style3 style4"));
    CHECK(command_text_becomes(c, "painted_net", "deep"));
    CHECK(command_do(c, "net light"));
    CHECK(command_text_becomes(c, "painted_net", "light"));
    CHECK(styles_are(c, "style1 style2 style3"));
    CHECK(command_do(c, "style style3; net deep"));
    CHECK(command_text_is(c, "style", "style3"));
    CHECK(command_text_becomes(c, "painted_net", "deep"));
    CHECK(command_do(c, "net; style style1")); /* which deep has not: its first one */
    CHECK(command_text_becomes(c, "painted_net", "light"));
    CHECK(command_do(c, "net") && command_text_is(c, "style", "style2"));
    CHECK(command_do(c, "net light; blend style1 style2; net deep"));
    CHECK(command_text_is(c, "style", "style2")); /* both, so that it is no blend any more */
    CHECK(command_refuses(c, "share 0.5", "no blend"));
    CHECK(command_refuses(c, "net narrow", "no net 'narrow' is open"));
    CHECK(command_do(c, "net light; style 1"));
    CHECK(command_text_becomes(c, "painted_net", "light"));
}

#ifdef __SANITIZE_THREAD__
enum { HOLDS_A_RATE = 0 };
#else
enum { HOLDS_A_RATE = 1 };
#endif

/* The deep net cannot have 240 frames a second of this size anywhere; one each second it can. */
static void test_governor(command *c)
{
    CHECK(command_do(c, "rate 1; net deep; style style2"));
    CHECK(command_text_becomes(c, "painted_net", "deep"));
    CHECK(command_do(c, "rate 240"));
    CHECK(command_text_becomes(c, "painted_net", "light"));
    CHECK(command_text_is(c, "net", "deep") && command_text_is(c, "style", "style2"));
    CHECK_INT(command_number(c, "cheap_net"), 1);
    CHECK(command_do(c, "style style4")); /* which light has not */
    CHECK(command_text_becomes(c, "painted_net", "deep"));
    CHECK_INT(command_number(c, "cheap_net"), 0);
    CHECK(command_do(c, "style style3"));
    CHECK(command_text_becomes(c, "painted_net", "light"));
    CHECK(command_do(c, "rate 1"));
    CHECK(command_text_becomes(c, "painted_net", "deep"));
    CHECK_INT(command_number(c, "cheap_net"), 0);
}

/* A picture of the present style, painted, with nothing moving. */
static void shoot(command *c, const char *name)
{
    char line[128];
    snprintf(line, sizeof(line), "screenshot %s", name);
    CHECK(command_sees_frames(c, 2));
    CHECK(command_do(c, line));
}

static int painted_width(command *c)
{
    json_t *state = command_say(c, "get state");
    const json_t *size = json_object_get(state, "painted_size");
    const int width = (int)json_integer_value(json_array_get(size, 0));
    json_decref(state);
    return width;
}

static void check_alike(command *c, const char *one, const char *other)
{
    char line[256];
    snprintf(line, sizeof(line),
             "ffmpeg -v info -i %s -i %s -lavfi psnr -f null - 2>&1 | "
             "grep -o 'average:[0-9a-z.]*' | sed 's/average://; s/inf/99/'",
             one, other);
    const double psnr_db = atof(command_shell(c, line));
    if (!CHECK(psnr_db > 20))
        fprintf(stderr, "    PSNR of %s and %s is %g\n", one, other, psnr_db);
}

/* A picture that was painted smaller for the sake of the rate is painted anew in full: 23 dB from
 * what is then painted in full, with its running statistics; enlarged it would be 17 dB. */
static void test_full_screenshot(command *c)
{
    CHECK(command_do(c, "net deep; style style4; rate 240"));
    for (int i = 0; i < 1000 && painted_width(c) >= 480; i++)
        nap_ms(20);
    CHECK(command_do(c, "pause on"));
    CHECK(command_rests(c) && painted_width(c) < 480);
    CHECK(command_do(c, "screenshot small.png; scale 1"));
    for (int i = 0; i < 1000 && painted_width(c) < 480; i++)
        nap_ms(20);
    CHECK(command_do(c, "screenshot full.png; scale auto; rate auto; pause off"));
    check_alike(c, "small.png", "full.png");
}

/* So is one of a style that was chosen a moment ago, and that the net which has painted has not. No
 * net has 240 frames a second of this size. */
static void test_early_screenshot(command *c)
{
    command_play(c, program, "-f lavfi testsrc2=size=1280x720:rate=30");
    CHECK(command_do(c, "rate 1; net deep; style style2"));
    CHECK(command_text_becomes(c, "painted_net", "deep"));
    CHECK(command_do(c, "rate 240"));
    CHECK(command_text_becomes(c, "painted_net", "light"));
    for (int i = 0; i < 1000 && painted_width(c) >= 1280; i++)
        nap_ms(20);
    CHECK(command_do(c, "pause on"));
    CHECK(command_rests(c) && painted_width(c) < 1280);
    CHECK(command_do(c, "style style4; screenshot early.png; scale 1"));
    CHECK(command_text_becomes(c, "painted_net", "deep"));
    for (int i = 0; i < 1000 && painted_width(c) < 1280; i++)
        nap_ms(20);
    CHECK(command_do(c, "screenshot late.png"));
    check_alike(c, "early.png", "late.png");
    CHECK_AT_MOST(command_quit(c, 0), 30);
}

static void test_adding(command *c)
{
    CHECK(command_do(c, "rate auto; scale 0.25; net light"));
    CHECK(command_do(c, "pause on; style style1"));
    CHECK(command_text_becomes(c, "painted_net", "light"));
    CHECK(command_do(c, "screenshot before.png"));
    const double frames = command_number(c, "frames");
    CHECK(command_do(c, "drop extra.safetensors"));
    CHECK(styles_are(c, "style1 style2 style3 extra"));
    CHECK(command_text_is(c, "style", "extra"));
    CHECK(command_reaches(c, "frames", frames + 1)); /* another session paints, in a pause too */
    CHECK(command_do(c, "pause off"));
    CHECK(command_sees_frames(c, 5) && command_do(c, "pause on"));
    CHECK(command_do(c, "screenshot after.png; pause off"));
    CHECK(strcmp(command_shell(c, "cmp -s before.png after.png; echo $?"), "1") == 0);
    CHECK(command_do(c, "add extra.safetensors")); /* anew in its own place */
    CHECK(styles_are(c, "style1 style2 style3 extra"));
    CHECK(command_do(c, "style 1; style next; style prev; style prev"));
    CHECK(command_text_is(c, "style", "extra"));
    CHECK(command_do(c, "add other.safetensors")); /* which is one of deep's */
    CHECK(command_text_is(c, "net", "deep") && command_text_is(c, "style", "other"));
    CHECK(styles_are(c, "style2 style3 style4 other"));
    CHECK(command_text_becomes(c, "painted_net", "deep"));
    shoot(c, "other.png");
    json_t *answer = command_say(c, "add \xe9t\xe9.safetensors"); /* a name that is no UTF-8 */
    const char *style = json_string_value(json_object_get(answer, "style"));
    CHECK(style && strcmp(style, "?t?") == 0);
    json_decref(answer);
}

static void test_refusals(command *c)
{
    command_shell(c, "head -c 5000 extra.safetensors > cut.safetensors && mkfifo pipe.safetensors");
    CHECK(command_refuses(c, "add foreign.safetensors", "style 'foreign' was trained on"));
    CHECK(command_refuses(c, "drop cut.safetensors", "cut.safetensors"));
    CHECK(command_refuses(c, "add pipe.safetensors", "not a regular file"));
    CHECK(command_refuses(c, "add nowhere.safetensors", "No such file"));
    CHECK(command_refuses(c, "add light/autoencoder.safetensors", "autoencoder"));
    CHECK(command_refuses(c, "add", "usage: add FILE"));
    CHECK(styles_are(c, "style2 style3 style4 other ?t?"));
    CHECK(command_sees_frames(c, 3));
}

int main(int n_args, char **args)
{
    command c;
    if (n_args != 2)
        return 2;
    program = args[1];
    command_begin(&c, 3);
    command_shell(&c, "rm -r deep");
    net_make_as(c.folder, "deep", "wide-subpixel", 2, 4);
    net_make_style(c.folder, "extra.safetensors", "tiny-subpixel", 4);
    net_make_style(c.folder, "other.safetensors", "wide-subpixel", 5);
    net_make_style(c.folder, "\xe9t\xe9.safetensors", "wide-subpixel", 6);
    net_make_style(c.folder, "foreign.safetensors", "odd-subpixel", 1);
    command_play(&c, program, "-f lavfi testsrc2=size=480x360:rate=30");
    test_names(&c);
    if (HOLDS_A_RATE) {
        test_governor(&c);
        test_full_screenshot(&c);
    }
    test_adding(&c);
    test_refusals(&c);
    CHECK_AT_MOST(command_quit(&c, 0), 30);
    if (HOLDS_A_RATE)
        test_early_screenshot(&c);
    return command_end(&c);
}
