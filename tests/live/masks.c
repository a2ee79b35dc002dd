/*
 * A second video as the mask: of a file the frame of the same time, after a seek too, mirrored with
 * the picture, painted inside and outside; of a pipe the newest. In frame N of the mask what lies
 * left of column N of its 80 is white. The argument is the command.
 */
#include "live/command.h"

enum { RATE = 30, WIDTH = 160, MARGIN = 8 /* columns: of frames on their way, and scaled edges */ };

static const char *program;

/* How much alike two pictures are from column `from` to `to`, in dB; 99: the same. */
static double likeness(command *c, const char *one, const char *other, int from, int to)
{
    char line[512];
    snprintf(line, sizeof(line),
             "ffmpeg -v info -i %s -i %s -lavfi '[0]crop=%d:120:%d:0[a];[1]crop=%d:120:%d:0[b];"
             "[a][b]psnr' -f null - 2>&1 | grep -o 'average:[0-9a-z.]*' | "
             "sed 's/average://; s/inf/99/'",
             one, other, to - from, from, to - from, from);
    return atof(command_shell(c, line));
}

/* 1 if what stands is the painting from `from` to `to`, and else the source. */
static int is_painted(command *c, int from, int to)
{
    CHECK(command_do(c, "screenshot masked.png"));
    return likeness(c, "masked.png", "source.png", from + MARGIN, to - MARGIN) < 25 &&
           (from == 0 || likeness(c, "masked.png", "source.png", 0, from - MARGIN) > 60) &&
           (to == WIDTH || likeness(c, "masked.png", "source.png", to + MARGIN, WIDTH) > 60);
}

/* In a pause: waits until what stands was painted anew. */
static void change(command *c, const char *line)
{
    const double n = command_number(c, "frames");
    CHECK(command_do(c, line));
    CHECK(command_reaches(c, "frames", n + 1));
}

static void stop(command *c)
{
    CHECK(command_do(c, "pause on"));
    CHECK(command_rests(c));
}

static void shoot_source(command *c)
{
    change(c, "original on");
    CHECK(command_do(c, "screenshot source.png"));
    change(c, "original off");
}

static int column(command *c)
{
    return (int)(2 * RATE * command_number(c, "position") + 0.5);
}

typedef enum side { LEFT, RIGHT, ALL } side;

/* Waits until what is left or right of the mask's edge is painted, or all of it: what is changed or
 * sought comes with another frame. */
static void check_painted(command *c, side painted, bool is_mirrored)
{
    int is = 0, edge = 0;
    for (int i = 0; i < 40 && !is; i++) {
        shoot_source(c);
        edge = is_mirrored ? WIDTH - column(c) : column(c);
        is = is_painted(c, painted == RIGHT ? edge : 0, painted == LEFT ? edge : WIDTH);
    }
    if (!CHECK(is))
        fprintf(stderr, "    other than asked is painted beside column %d\n", edge);
}

static void test_file(command *c)
{
    command_play(c, program, "source.mkv --mask-input mask.mkv --scale 1 -y");
    CHECK(command_reaches(c, "position", 0.5));
    stop(c);
    check_painted(c, LEFT, false);
    change(c, "mask outside");
    check_painted(c, RIGHT, false);
    CHECK(command_text_is(c, "mask", "outside"));
    change(c, "mask inside; seek 0.4"); /* back */
    check_painted(c, LEFT, false);
    CHECK_AT_MOST(column(c), 30);
    change(c, "mirror on; seek 2.1");
    check_painted(c, RIGHT, true);
    change(c, "mask off");
    check_painted(c, ALL, true);
    CHECK(command_refuses(c, "mask white", "not 'white'"));
    CHECK_AT_MOST(command_quit(c, 0), 30);
}

/* A mask of which the second half is held back, and so is late wherever that is wanted. It comes
 * through a pipe, but has a length, and is no stream of which the newest counts. */
static void test_late_file(command *c)
{
    int is = 0;
    command_shell(c, "mkfifo late.mkv release && ffmpeg -v error -f lavfi "
                     "-i testsrc2=size=160x120:rate=30 -t 60 -c:v mpeg4 -g 1 long.mkv");
    const pid_t giver = command_start_helper(
        c, "half=$(($(stat -c %s mask.mkv) / 2)); "
           "{ head -c $half mask.mkv; read -r _ < release; tail -c +$((half + 1)) mask.mkv; } "
           "> late.mkv");
    command_play(c, program, "long.mkv --mask-input late.mkv --scale 1 -y");
    stop(c);
    change(c, "seek 2");
    shoot_source(c);
    CHECK_INT(column(c), 120);
    CHECK(command_do(c, "screenshot masked.png"));
    CHECK(likeness(c, "masked.png", "source.png", 100, 120 - MARGIN) > 60);
    command_shell(c, "echo > release");
    for (int i = 0; i < 100 && !is; i++) {
        CHECK(command_do(c, "screenshot masked.png"));
        is = likeness(c, "masked.png", "source.png", 100, 120 - MARGIN) < 25;
    }
    CHECK(is);
    CHECK_AT_MOST(command_quit(c, 0), 30);
    CHECK_INT(command_wait_for_helper(giver), 0);
}

/* Its first second is white, then it is black; of no length, it comes as it is made. */
static void test_pipe(command *c)
{
    command_shell(c, "mkfifo live.nut");
    const pid_t maker = command_start_helper(
        c, "ffmpeg -v quiet -re -f lavfi -i "
           "'color=white:size=80x60:rate=30,geq=lum=255*lt(T\\,1):cb=128:cr=128' "
           "-c:v rawvideo -f nut -y live.nut");
    command_play(c, program,
                 "-f lavfi testsrc2=size=160x120:rate=30 --mask-input live.nut --scale 1 -y");
    CHECK(command_sees_frames(c, 60));
    stop(c);
    shoot_source(c);
    CHECK(command_do(c, "screenshot masked.png"));
    CHECK(likeness(c, "masked.png", "source.png", 0, WIDTH) > 60);
    command_stop_helper(maker);
    CHECK(command_text_becomes(c, "error",
                               "Mask lost: live.nut has ended: its last picture stays the mask"));
    CHECK_AT_MOST(command_quit(c, 0), 30);
}

static void test_refusals(command *c)
{
    CHECK_INT(command_run(c, program, "play source.mkv --no-window --to o.mkv --mask-input no.mkv"),
              1);
    CHECK(command_log_says(c, "cannot open no.mkv"));
    command_play(c, program, "-f lavfi testsrc2=size=160x120:rate=30");
    CHECK(command_refuses(c, "mask inside", "there is no mask input"));
    CHECK_AT_MOST(command_quit(c, 0), 30);
}

int main(int n_args, char **args)
{
    command c;
    if (n_args != 2)
        return 2;
    program = args[1];
    command_begin(&c, 1);
    command_shell(&c, "ffmpeg -v error -f lavfi -i testsrc2=size=160x120:rate=30 -t 2.6 -c:v ffv1 "
                      "-g 1 source.mkv && "
                      "ffmpeg -v error -f lavfi -i color=black:size=80x60:rate=30 -t 2.6 -vf "
                      "'geq=lum=255*lt(X\\,N):cb=128:cr=128' -c:v ffv1 -g 1 mask.mkv");
    test_file(&c);
    test_late_file(&c);
    test_pipe(&c);
    test_refusals(&c);
    return command_end(&c);
}
