/*
 * What is written is kept, and what fails is told, to the socket, in the log and by the exit
 * status: disks that are full, readers that leave, files that exist, names without a format,
 * folders that cannot be written. Whatever takes long at a recording's end, the picture goes on.
 * The argument is the command.
 */
#include <poll.h>
#include <sys/resource.h>

#include "live/command.h"

static const char *program;
static const char source[] = "-f lavfi testsrc2=size=160x120:rate=30";

/* Starts `play` with files that cannot grow beyond so many bytes: a disk that gets full. */
static void start_on_small_disk(command *c, const char *words, rlim_t most_bytes)
{
    struct rlimit old, small;
    char line[512];
    snprintf(line, sizeof(line), "play --control socket --threads 1 %s%s%s", source,
             *words ? " " : "", words);
    getrlimit(RLIMIT_FSIZE, &old);
    small = (struct rlimit){most_bytes, old.rlim_max};
    signal(SIGXFSZ, SIG_IGN); /* which the command inherits */
    setrlimit(RLIMIT_FSIZE, &small);
    command_start(c, program, line);
    setrlimit(RLIMIT_FSIZE, &old);
    signal(SIGXFSZ, SIG_DFL);
}

/* The recording breaks off and is kept; whoever stops it is told, once, and the status says it. */
static void test_full_disk(command *c, const char *name)
{
    char line[128], reason[128];
    start_on_small_disk(c, "", 60000);
    command_connect(c);
    snprintf(line, sizeof(line), "record %s", name);
    CHECK(command_do(c, line));
    CHECK(command_reaches(c, "failed_outputs", 1));
    CHECK(command_text_is(c, "recording", NULL));
    snprintf(reason, sizeof(reason), "cannot write %s: File too large. It is kept", name);
    CHECK(command_refuses(c, "record off", reason));
    CHECK(command_do(c, "record off"));
    CHECK(command_sees_frames(c, 3)); /* the picture goes on */
    CHECK_AT_MOST(command_quit(c, 1), 30);
    CHECK(command_has_frames(c, name, 10));
}

/* Without a window, and with nothing to write to any more, there is nothing to paint for. */
static void test_lost_outputs(command *c)
{
    start_on_small_disk(c, "--no-window --to fixed.ts", 60000);
    CHECK_INT(command_wait(c, COMMAND_PATIENCE_MS), 1);
    CHECK(command_has_frames(c, "fixed.ts", 10));
    CHECK(command_log_says(c, "nothing is written any more"));
    command_shell(c, "mkfifo leaves");
    const pid_t reader = command_start_helper(c, "exec head -c 3000 leaves > head.mkv");
    char line[256];
    snprintf(line, sizeof(line), "play %s --no-window --threads 1 --to leaves", source);
    CHECK_INT(command_run(c, program, line), 1);
    command_stop_helper(reader);
}

/* Frames that are shown while the other client waits for its answer. */
static double frames_until_answer(command *c, const command *waiting)
{
    struct pollfd answer = {.fd = waiting->fd, .events = POLLIN};
    const double n = command_number(c, "frames");
    double shown = n;
    while (poll(&answer, 1, 0) == 0)
        shown = command_number(c, "frames");
    return shown - n;
}

/* A recording's end waits a while for a reader that does not read; the picture does not. */
static void test_slow_end(command *c)
{
    static const char line[] = "record off\n";
    char text[512];
    command_shell(c, "mkfifo slow.mkv");
    const pid_t sleeper = command_start_helper(c, "exec sleep 1000 < slow.mkv");
    command_play(c, program, "-f lavfi testsrc2=size=640x480:rate=30 --scale 0.2");
    CHECK(command_do(c, "record slow.mkv") && command_sees_frames(c, 60)); /* the pipe is full */
    command other = *c;
    command_connect(&other);
    CHECK(write(other.fd, line, sizeof(line) - 1) == (ssize_t)sizeof(line) - 1);
    CHECK(frames_until_answer(c, &other) >= 3);
    CHECK(read(other.fd, text, sizeof(text)) > 0);
    close(other.fd);
    CHECK_AT_MOST(command_quit(c, 1), 30);
    command_stop_helper(sleeper);
}

/* Nothing is overwritten unasked, and a failure says why. */
static void test_refusals(command *c)
{
    command_play(c, program, source);
    command_shell(c, "echo precious > keep.png; echo precious > keep.mkv");
    CHECK(command_refuses(c, "screenshot keep.png", "keep.png exists"));
    CHECK(command_refuses(c, "screenshot keep.png window", "keep.png exists"));
    CHECK(command_refuses(c, "record keep.mkv", "keep.mkv exists"));
    CHECK(strcmp(command_shell(c, "cat keep.png keep.mkv | uniq"), "precious") == 0);
    CHECK(command_refuses(c, "record film.xyz", "does not say which format to write"));
    CHECK_INT(atoi(command_shell(c, "grep -c output-format log || true")), 0);
    CHECK(command_refuses(c, "record no/film.mkv", "No such file"));
    CHECK(command_refuses(c, "screenshot no/picture.png", "No such file"));
    CHECK_AT_MOST(command_quit(c, 0), 30);
    char words[128];
    snprintf(words, sizeof(words), "%s -y", source);
    command_play(c, program, words);
    CHECK(command_do(c, "screenshot keep.png"));
    CHECK(strcmp(command_shell(c, "head -c 4 keep.png | tail -c 3"), "PNG") == 0);
    CHECK_AT_MOST(command_quit(c, 0), 30);
}

/* The working folder is gone: files go where pictures and videos belong. */
static void test_folders(command *c)
{
    char words[256];
    command_shell(c, "mkdir -p home/films home/Pictures away; "
                     "echo 'XDG_VIDEOS_DIR=\"$HOME/films\"' > user-dirs.dirs");
    snprintf(words, sizeof(words), "%s/home", c->folder);
    setenv("HOME", words, 1);
    snprintf(words, sizeof(words), "play --threads 1 --control %s/socket %s", c->folder, source);
    command away = *c;
    snprintf(away.folder, sizeof(away.folder), "%.40s/away", c->folder);
    command_start(&away, program, words);
    c->pid = away.pid;
    command_connect(c);
    CHECK(command_reaches(c, "frames", 3));
    command_shell(c, "rmdir away 2>/dev/null || rm -r away");
    CHECK(command_do(c, "screenshot; record"));
    CHECK(command_sees_frames(c, 10));
    CHECK(command_do(c, "record off"));
    CHECK_AT_MOST(command_quit(c, 0), 30);
    CHECK_INT(atoi(command_shell(c, "ls home/Pictures/brushcast-20*-style1.png | wc -l")), 1);
    CHECK_INT(atoi(command_shell(c, "ls home/films/brushcast-20*-style1.mp4 | wc -l")), 1);
}

int main(int n_args, char **args)
{
    command c;
    if (n_args != 2)
        return 2;
    program = args[1];
    command_begin(&c, 3);
    test_full_disk(&c, "film.ts");
    test_full_disk(&c, "film.mkv");
    test_full_disk(&c, "film.mp4");
    test_lost_outputs(&c);
    test_slow_end(&c);
    test_refusals(&c);
    test_folders(&c);
    return command_end(&c);
}
