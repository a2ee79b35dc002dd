/*
 * command.h: runs the command as a user would, in a folder of its own, and talks to it on its
 * control socket. Every wait has an end.
 */
#ifndef BC_TESTS_LIVE_COMMAND_H
#define BC_TESTS_LIVE_COMMAND_H

#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "live/net.h"

enum { COMMAND_PATIENCE_MS = 60000, COMMAND_MAX_ARGS = 40 };

typedef struct command {
    char folder[64]; /* its working folder: the net, the socket and whatever it writes */
    pid_t pid;
    int fd; /* of the control socket */
} command;

static inline void nap_ms(int ms)
{
    nanosleep(&(struct timespec){ms / 1000, (ms % 1000) * 1000000L}, NULL);
}

/* For the whole of a test: a folder with a net of so many styles, and SDL's dummy drivers. */
static inline void command_begin(command *c, int n_styles)
{
    snprintf(c->folder, sizeof(c->folder), "/tmp/brushcast-live-XXXXXX");
    if (!CHECK(mkdtemp(c->folder) != NULL))
        exit(1);
    net_make(c->folder, n_styles);
    setenv("BRUSHCAST_MODELS", c->folder, 1);
    setenv("XDG_CONFIG_HOME", c->folder, 1);
    setenv("SDL_VIDEODRIVER", "dummy", 1);
    setenv("SDL_AUDIODRIVER", "dummy", 1);
    signal(SIGPIPE, SIG_IGN);
}

/* Starts the command with these words, split at blanks; stderr goes to FOLDER/log. */
static inline void command_start(command *c, const char *program, const char *words)
{
    char copy[2048], *args[COMMAND_MAX_ARGS] = {(char *)program};
    int n = 1;
    snprintf(copy, sizeof(copy), "%s", words);
    char *rest = copy;
    for (char *word; n < COMMAND_MAX_ARGS - 1 && (word = strsep(&rest, " "));)
        args[n++] = word;
    c->fd = -1;
    c->pid = fork();
    if (c->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (chdir(c->folder) < 0 || !freopen("log", "a", stderr))
            _exit(99);
        execv(program, args);
        _exit(99);
    }
    CHECK(c->pid > 0);
}

static inline void command_show_log(const command *c)
{
    char line[128];
    snprintf(line, sizeof(line), "cat '%s/log' >&2", c->folder);
    if (system(line) != 0)
        fprintf(stderr, "    no log\n");
}

/* The exit status of the test; what the command said where something has failed. */
static inline int command_end(const command *c)
{
    char line[128];
    if (test_n_failures > 0)
        command_show_log(c);
    snprintf(line, sizeof(line), "rm -r '%s'", c->folder);
    CHECK_INT(system(line), 0);
    return TEST_END();
}

/* The exit status, -1 if it does not come in time (then it is killed), -2 after a signal. */
static inline int command_wait(command *c, int patience_ms)
{
    int status;
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
    for (int ms = 0; ms < patience_ms; ms += 10) {
        if (waitpid(c->pid, &status, WNOHANG) == c->pid)
            return WIFEXITED(status) ? WEXITSTATUS(status) : -2;
        nap_ms(10);
    }
    kill(c->pid, SIGKILL);
    waitpid(c->pid, &status, 0);
    return -1;
}

/* Runs the command to its end; as command_wait. */
static inline int command_run(command *c, const char *program, const char *words)
{
    command_start(c, program, words);
    return command_wait(c, COMMAND_PATIENCE_MS);
}

/* Connects to FOLDER/socket once it is there. */
static inline int command_connect(command *c)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", c->folder);
    for (int ms = 0; ms < COMMAND_PATIENCE_MS; ms += 20) {
        c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(c->fd, (struct sockaddr *)&address, sizeof(address)) == 0)
            return 1;
        close(c->fd);
        c->fd = -1;
        if (waitpid(c->pid, NULL, WNOHANG) != 0)
            break;
        nap_ms(20);
    }
    CHECK(0 && "the control socket is there");
    command_show_log(c);
    exit(1);
}

/* Sends a line and reads the answer; the caller's. */
static inline json_t *command_say(command *c, const char *format, ...)
{
    char line[1024], answer[16384];
    size_t n = 0;
    va_list args;
    va_start(args, format);
    const int length = vsnprintf(line, sizeof(line) - 1, format, args);
    va_end(args);
    line[length] = '\n';
    CHECK(write(c->fd, line, (size_t)length + 1) == length + 1);
    while (n < sizeof(answer) - 1 && (n == 0 || answer[n - 1] != '\n')) {
        const ssize_t got = read(c->fd, answer + n, sizeof(answer) - 1 - n);
        if (got <= 0)
            break;
        n += (size_t)got;
    }
    answer[n] = '\0';
    json_t *json = json_loads(answer, 0, NULL);
    if (!CHECK(json_is_object(json))) {
        fprintf(stderr, "    '%s' was answered by '%s'\n", line, answer);
        command_show_log(c);
        exit(1);
    }
    return json;
}

/* 1 if the line was answered by ok. */
static inline int command_do(command *c, const char *line)
{
    json_t *answer = command_say(c, "%s", line);
    const int ok = json_is_true(json_object_get(answer, "ok"));
    if (!ok)
        fprintf(stderr, "    %s: %s\n", line, json_string_value(json_object_get(answer, "error")));
    json_decref(answer);
    return ok;
}

/* 1 if it was refused, with words that say `reason`. */
static inline int command_refuses(command *c, const char *line, const char *reason)
{
    json_t *answer = command_say(c, "%s", line);
    const char *error = json_string_value(json_object_get(answer, "error"));
    const int refused =
        json_is_false(json_object_get(answer, "ok")) && error && strstr(error, reason);
    if (!refused)
        fprintf(stderr, "    %s: %s\n", line, error ? error : "was not refused");
    json_decref(answer);
    return refused;
}

/* A number of the state; booleans are 0 and 1, null is -1. */
static inline double command_number(command *c, const char *key)
{
    json_t *state = command_say(c, "get state");
    const json_t *value = json_object_get(state, key);
    const double number = json_is_number(value)    ? json_number_value(value)
                          : json_is_boolean(value) ? json_is_true(value)
                                                   : -1;
    json_decref(state);
    return number;
}

/* 1 if the state's text is that; NULL: null. */
static inline int command_text_is(command *c, const char *key, const char *expected)
{
    json_t *state = command_say(c, "get state");
    const char *text = json_string_value(json_object_get(state, key));
    const int is = expected ? text && strcmp(text, expected) == 0 : !text;
    if (!is)
        fprintf(stderr, "    %s is %s\n", key, text ? text : "null");
    json_decref(state);
    return is;
}

/* Waits until the state's text is that. */
static inline int command_text_becomes(command *c, const char *key, const char *expected)
{
    for (int ms = 0; ms < COMMAND_PATIENCE_MS; ms += 20) {
        json_t *state = command_say(c, "get state");
        const char *text = json_string_value(json_object_get(state, key));
        const int is = text && strcmp(text, expected) == 0;
        json_decref(state);
        if (is)
            return 1;
        nap_ms(20);
    }
    return command_text_is(c, key, expected);
}

/* Waits until a number of the state is at least that. */
static inline int command_reaches(command *c, const char *key, double least)
{
    double number = 0;
    for (int ms = 0; ms < COMMAND_PATIENCE_MS; ms += 20) {
        number = command_number(c, key);
        if (number >= least)
            return 1;
        nap_ms(20);
    }
    fprintf(stderr, "    %s is %g, expected at least %g\n", key, number, least);
    return 0;
}

/* Frames that were captured from now on have been shown. */
static inline int command_sees_frames(command *c, int n)
{
    return command_reaches(c, "frames", command_number(c, "frames") + n);
}

/* Waits, after the first `pause on`, until all that was captured is shown or dropped. */
static inline int command_rests(command *c)
{
    double captured = 0, done = -1;
    for (int ms = 0; ms < COMMAND_PATIENCE_MS && done < captured; ms += 20) {
        json_t *state = command_say(c, "get state");
        captured = json_number_value(json_object_get(state, "captured"));
        done = json_number_value(json_object_get(state, "frames")) +
               json_number_value(json_object_get(state, "dropped"));
        json_decref(state);
        nap_ms(20);
    }
    return done >= captured;
}

/* Starts `play` with these words and a control socket, and waits for the first frames. */
static inline void command_play(command *c, const char *program, const char *words)
{
    char line[1024];
    snprintf(line, sizeof(line), "play --control socket --threads 1 %s", words);
    command_start(c, program, line);
    command_connect(c);
    CHECK(command_reaches(c, "frames", 3));
}

/* Says quit; the seconds until it has ended. */
static inline double command_quit(command *c, int expected_status)
{
    const int64_t start_ns = bc_clock_ns();
    CHECK(command_do(c, "quit"));
    CHECK_INT(command_wait(c, COMMAND_PATIENCE_MS), expected_status);
    return 1e-9 * (double)(bc_clock_ns() - start_ns);
}

/* The last line of a shell command's output, run in the folder. */
static inline const char *command_shell(const command *c, const char *line)
{
    static char output[4096];
    char whole[2048];
    output[0] = '\0';
    snprintf(whole, sizeof(whole), "cd '%s' && %s", c->folder, line);
    FILE *pipe = popen(whole, "r");
    while (pipe && fgets(output, sizeof(output), pipe))
        ;
    if (!pipe || pclose(pipe) != 0)
        fprintf(stderr, "    failed: %s\n", line);
    output[strcspn(output, "\n")] = '\0';
    return output;
}

static inline int command_log_says(const command *c, const char *words)
{
    char line[512];
    snprintf(line, sizeof(line), "grep -cF -e \"%s\" log", words);
    const int says = atoi(command_shell(c, line)) > 0;
    if (!says)
        command_show_log(c);
    return says;
}

/* 1 if `name` holds at least so many frames of video. */
static inline int command_has_frames(const command *c, const char *name, int least)
{
    char line[512];
    snprintf(line, sizeof(line),
             "ffprobe -v error -select_streams v -count_frames -show_entries "
             "stream=nb_read_frames -of csv=p=0 '%s'",
             name);
    const int n = atoi(command_shell(c, line));
    if (n < least)
        fprintf(stderr, "    %s has %d frames, expected at least %d\n", name, n, least);
    return n >= least;
}

/* Runs a shell command in the folder until the test ends it with command_stop_helper. */
static inline pid_t command_start_helper(const command *c, const char *line)
{
    const pid_t pid = fork();
    if (pid == 0) {
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (chdir(c->folder) == 0)
            execl("/bin/sh", "sh", "-c", line, (char *)NULL);
        _exit(99);
    }
    setpgid(pid, pid);
    return pid;
}

static inline void command_stop_helper(pid_t pid)
{
    kill(-pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

/* Waits until a helper has ended by itself; what waitpid says of it. */
static inline int command_wait_for_helper(pid_t pid)
{
    int status = -1;
    for (int ms = 0; ms < 2 * COMMAND_PATIENCE_MS; ms += 20) {
        if (waitpid(pid, &status, WNOHANG) == pid)
            return status;
        nap_ms(20);
    }
    CHECK(0 && "the helper has ended");
    command_stop_helper(pid);
    return -1;
}

#endif
