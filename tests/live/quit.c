/*
 * The end comes at once, whatever the program is doing: each case would hang for good if something
 * waited for the other side. On a quiet machine each takes well below a second; the bound is for
 * a busy one. The argument is the command.
 */
#include <fcntl.h>

#include "live/command.h"

static const char *program;
static const char source[] = "-f lavfi testsrc2=size=160x120:rate=30 --fade 20";
static const double bound_s = 30;

static void check_time(const char *what, double seconds)
{
    printf("%5.2f s to quit, %s\n", seconds, what);
    if (!CHECK_AT_MOST(seconds, bound_s))
        fprintf(stderr, "    %s\n", what);
}

static double interrupt(command *c, int signal_number, int expected_status)
{
    const int64_t start_ns = bc_clock_ns();
    kill(c->pid, signal_number);
    CHECK_INT(command_wait(c, COMMAND_PATIENCE_MS), expected_status);
    return 1e-9 * (double)(bc_clock_ns() - start_ns);
}

/* Waits until the program handles Ctrl-C, and then a little, so that it waits for its source, as a
 * rule: it is to end at any time. */
static void wait_for_handler(const command *c)
{
    char line[128];
    snprintf(line, sizeof(line),
             "for i in $(seq 300); do grep -q 'SigCgt:.*[2367abef]$' /proc/%d/status && break; "
             "sleep 0.1; done",
             (int)c->pid);
    command_shell(c, line);
    nap_ms(500);
}

static void test_playing(command *c)
{
    command_play(c, program, source);
    check_time("playing", command_quit(c, 0));
    command_play(c, program, source);
    CHECK(command_do(c, "pause on"));
    check_time("paused", command_quit(c, 0));
    command_play(c, program, source);
    CHECK(command_do(c, "style 2") && command_sees_frames(c, 2));
    check_time("in a fade", command_quit(c, 0));
    command_play(c, program, source);
    CHECK(command_do(c, "record film.mp4") && command_sees_frames(c, 10));
    check_time("recording", interrupt(c, SIGTERM, 130));
    CHECK(command_has_frames(c, "film.mp4", 5));
}

/* Pipes: one that nobody ever opens, and one whose reader does not read. */
static void test_deaf_pipes(command *c)
{
    command_shell(c, "mkfifo nobody deaf.mkv");
    command_play(c, program, "-f lavfi testsrc2=size=160x120:rate=30 --to nobody");
    CHECK(command_sees_frames(c, 20));
    check_time("with a pipe that nobody opens", command_quit(c, 1));
    CHECK(command_log_says(c, "nobody"));

    const pid_t sleeper = command_start_helper(c, "exec sleep 1000 < deaf.mkv");
    command_play(c, program, "-f lavfi testsrc2=size=640x480:rate=30 --scale 0.2");
    CHECK(command_do(c, "record deaf.mkv"));
    for (int i = 0; i < 1000; i++) { /* until the pipe is full */
        json_t *state = command_say(c, "get state");
        const json_t *first = json_array_get(json_object_get(state, "outputs"), 0);
        const int is_full = json_integer_value(json_object_get(first, "dropped")) > 0;
        json_decref(state);
        if (is_full)
            break;
        nap_ms(20);
        CHECK(i < 999);
    }
    CHECK(command_sees_frames(c, 5)); /* the picture goes on */
    check_time("recording into a pipe that is full", command_quit(c, 1));
    command_stop_helper(sleeper);
}

/* Sources that stop in the middle, or never begin. */
static void test_silent_sources(command *c)
{
    command_shell(c, "mkfifo source silent");
    pid_t writer =
        command_start_helper(c, "(ffmpeg -v error -f lavfi -i testsrc2=size=160x120:rate=30 "
                                "-frames:v 40 -c:v rawvideo -f nut -; sleep 1000) > source");
    command_play(c, program, "source");
    CHECK(command_reaches(c, "frames", 5));
    for (int i = 0; i < 3000 && command_number(c, "signal") > 0; i++)
        nap_ms(20);
    CHECK_INT(command_number(c, "signal"), 0);
    check_time("with a source that has stalled", command_quit(c, 0));
    command_stop_helper(writer);

    command_start(c, program, "play silent");
    wait_for_handler(c);
    check_time("with a source pipe that nobody opens", interrupt(c, SIGINT, 130));
    char line[64];
    snprintf(line, sizeof(line), "play udp://127.0.0.1:%d", 20000 + getpid() % 20000);
    command_start(c, program, line);
    wait_for_handler(c);
    check_time("with a source that never sends", interrupt(c, SIGINT, 130));
}

/* A client that asks and asks, and never reads an answer. */
static void test_deaf_client(command *c)
{
    static const char line[] = "get state\n";
    command_play(c, program, source);
    command other = *c;
    CHECK(command_connect(&other));
    fcntl(other.fd, F_SETFL, O_NONBLOCK);
    for (int i = 0; i < 2000; i++) {
        if (send(other.fd, line, sizeof(line) - 1, MSG_NOSIGNAL) < 0)
            break;
    }
    CHECK(command_do(c, "style 1"));
    check_time("with a client that never reads", command_quit(c, 0));
    close(other.fd);
}

int main(int n_args, char **args)
{
    command c;
    if (n_args != 2)
        return 2;
    program = args[1];
    command_begin(&c, 3);
    test_playing(&c);
    test_deaf_pipes(&c);
    test_silent_sources(&c);
    test_deaf_client(&c);
    return command_end(&c);
}
