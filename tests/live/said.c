/*
 * What goes wrong is said, and shows in the exit status: no display, a blend that is none, painting
 * that fails, a key for a command that is none, output that cannot be written, a conversion that
 * was interrupted. The argument is the command.
 */
#include <sys/resource.h>

#include "live/command.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { CAN_LIMIT_MEMORY = 0 };
#else
enum { CAN_LIMIT_MEMORY = 1 };
#endif

static const char *program;

/* SDL would choose a driver that shows nothing. */
static void test_no_display(command *c)
{
    unsetenv("SDL_VIDEODRIVER");
    unsetenv("DISPLAY");
    unsetenv("WAYLAND_DISPLAY");
    CHECK_INT(command_run(c, program, "play -f lavfi testsrc2"), 1);
    CHECK(command_log_says(c, "there is no display"));
    CHECK(command_log_says(c, "--no-window"));
    setenv("SDL_VIDEODRIVER", "dummy", 1);
}

static void test_blends(command *c)
{
    CHECK_INT(command_run(c, program, "play -f lavfi testsrc2 --style style1:inf,style2:1"), 1);
    CHECK_INT(command_run(c, program, "play -f lavfi testsrc2 --style style1:1x"), 1);
    CHECK_INT(command_run(c, program, "play -f lavfi testsrc2 --style style1:0"), 1);
    CHECK_INT(atoi(command_shell(c, "grep -c nan log || true")), 0);
}

/* Starts it with memory for all but a session of twice the size. A sanitizer's would be none. */
static void start_with_little_memory(command *c, const char *words)
{
    char line[256];
    struct rlimit old, small;
    snprintf(line, sizeof(line), "play -f lavfi testsrc2=size=2560x1440:rate=5 --threads 1 %s",
             words);
    getrlimit(RLIMIT_AS, &old);
    small = (struct rlimit){850 << 20, old.rlim_max};
    setrlimit(RLIMIT_AS, &small);
    command_start(c, program, line);
    setrlimit(RLIMIT_AS, &old);
}

/* The first session's failure is the end; that of another one is told, and the one before goes on.
 */
static void test_failed_painting(command *c)
{
    start_with_little_memory(c, "--scale 2 --no-window --to large.ts");
    CHECK_INT(command_wait(c, COMMAND_PATIENCE_MS), 1);
    CHECK(command_log_says(c, "no memory for a session of 5120x2880"));
    start_with_little_memory(c, "--scale 0.2 --control socket");
    command_connect(c);
    CHECK(command_reaches(c, "frames", 3));
    CHECK(command_text_is(c, "error", NULL));
    CHECK(command_do(c, "scale 2"));
    json_t *error = NULL;
    for (int ms = 0; ms < COMMAND_PATIENCE_MS && !json_is_string(error); ms += 20) {
        json_t *state = command_say(c, "get state");
        json_decref(error);
        error = json_incref(json_object_get(state, "error"));
        json_decref(state);
        nap_ms(20);
    }
    CHECK(json_is_string(error) &&
          strstr(json_string_value(error), "painted so: no memory for a session of 5120x2880"));
    json_decref(error);
    CHECK(command_sees_frames(c, 3));
    CHECK_AT_MOST(command_quit(c, 0), 30);
}

static void test_keys(command *c)
{
    command_shell(c, "mkdir -p brushcast && printf 'k style next; stile 2\\nj ignore\\n' > "
                     "brushcast/input.conf");
    command_play(c, program, "-f lavfi testsrc2=size=160x120:rate=30");
    CHECK(command_log_says(c, "input.conf: key 'k': there is no command 'stile'"));
    CHECK_INT(atoi(command_shell(c, "grep -c \"no command 'ignore'\" log || true")), 0);
    CHECK_AT_MOST(command_quit(c, 0), 30);
    command_shell(c, "rm -r brushcast");
}

static void test_printing(command *c)
{
    char line[512];
    static const char *const words[] = {"styles", "styles --json", "--help", "play --help"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        snprintf(line, sizeof(line), "%s %s > /dev/full 2>> log; echo $?", program, words[i]);
        CHECK_INT(atoi(command_shell(c, line)), 1);
    }
    CHECK(command_log_says(c, "cannot write what is printed: No space left on device"));
    snprintf(line, sizeof(line), "%s play --help | grep -c -e --stats", program);
    CHECK_INT(atoi(command_shell(c, line)), 0);
}

static void test_interruption(command *c)
{
    command_start(
        c, program,
        "convert -f lavfi testsrc2=size=320x240:rate=30:duration=600 --threads 1 -o cut.mkv");
    for (int ms = 0; ms < COMMAND_PATIENCE_MS; ms += 20) { /* until there are frames */
        if (atoi(command_shell(c, "cat cut.mkv*part 2>/dev/null | wc -c")) > 50000)
            break;
        nap_ms(20);
    }
    kill(c->pid, SIGINT);
    CHECK_INT(command_wait(c, COMMAND_PATIENCE_MS), 130);
    CHECK(command_log_says(c, "cut.mkv: interrupted: it ends after"));
    CHECK(command_has_frames(c, "cut.mkv", 1));
}

int main(int n_args, char **args)
{
    command c;
    if (n_args != 2)
        return 2;
    program = args[1];
    command_begin(&c, 3);
    test_no_display(&c);
    test_blends(&c);
    if (CAN_LIMIT_MEMORY)
        test_failed_painting(&c);
    test_keys(&c);
    test_printing(&c);
    test_interruption(&c);
    return command_end(&c);
}
