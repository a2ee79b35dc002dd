/*
 * Another input is opened beside the picture: a server that does not answer holds up nothing, is
 * given up when asked to, and at the end; what cannot be opened is told with its reason; the
 * newest of several wins. The argument is the command.
 */
#include <netinet/in.h>
#include <poll.h>

#include "live/command.h"

static const char *program;

/* A server that takes connections and is silent; its port. */
static int listen_in_silence(int *fd)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(address);
    *fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK_INT(bind(*fd, (struct sockaddr *)&address, size), 0);
    CHECK_INT(listen(*fd, 8), 0);
    CHECK_INT(getsockname(*fd, (struct sockaddr *)&address, &size), 0);
    return ntohs(address.sin_port);
}

static void say(command *c, const char *line)
{
    CHECK(write(c->fd, line, strlen(line)) == (ssize_t)strlen(line));
}

/* The answer that comes to a line that was said; 1 if it has those words. */
static int is_answered(command *c, const char *words)
{
    char answer[1024];
    size_t n = 0;
    struct pollfd poll_fd = {.fd = c->fd, .events = POLLIN};
    while (n < sizeof(answer) - 1 && poll(&poll_fd, 1, COMMAND_PATIENCE_MS) == 1 &&
           read(c->fd, answer + n, 1) == 1 && answer[n] != '\n')
        n++;
    answer[n] = '\0';
    if (!strstr(answer, words))
        fprintf(stderr, "    answered: %s\n", answer);
    return strstr(answer, words) != NULL;
}

static void test_silent_server(command *c, int port)
{
    char line[128];
    command asking = *c;
    CHECK(command_connect(&asking));
    snprintf(line, sizeof(line), "open http://127.0.0.1:%d/clip.mp4\n", port);
    say(&asking, line);
    CHECK(command_text_becomes(c, "opening", "clip.mp4"));
    CHECK(command_sees_frames(c, 30)); /* the window goes on */
    CHECK(command_text_is(c, "opening", "clip.mp4"));
    CHECK(command_do(c, "cancel"));
    CHECK(is_answered(&asking, "given up"));
    CHECK(command_text_is(c, "opening", NULL));
    CHECK(command_refuses(c, "cancel", "nothing is being opened"));
    say(&asking, line);
    CHECK(command_text_becomes(c, "opening", "clip.mp4"));
    CHECK(command_do(c, "back")); /* what Esc says */
    CHECK(is_answered(&asking, "given up"));
    say(&asking, line);
    CHECK(command_text_becomes(c, "opening", "clip.mp4"));
    CHECK(command_do(c, "open other.mp4")); /* the newest wins */
    CHECK(is_answered(&asking, "given up"));
    CHECK(command_text_is(c, "opening", NULL));
    CHECK(command_number(c, "duration") > 0);
    CHECK(command_sees_frames(c, 5));
    say(&asking, line);
    CHECK(command_text_becomes(c, "opening", "clip.mp4"));
    close(asking.fd);
}

/* While the input before is still being closed, which sleeps up to a second for each frame, the one
 * that has taken its place is replaced itself, which it must not be before it is started. */
static void test_slow_close(command *c)
{
    command one = *c, other = *c;
    command_play(c, program, "-f lavfi testsrc2=size=64x48:rate=1,realtime");
    one.pid = other.pid = c->pid;
    CHECK(command_connect(&one) && command_connect(&other));
    say(&one, "open short.mp4\n");
    CHECK(command_reaches(c, "duration", 1));
    say(&other, "open other.mp4\n");
    CHECK(is_answered(&one, "\"ok\":true"));
    CHECK(is_answered(&other, "\"ok\":true"));
    CHECK(command_sees_frames(c, 5));
    close(one.fd);
    close(other.fd);
    CHECK_AT_MOST(command_quit(c, 0), 30);
}

int main(int n_args, char **args)
{
    command c;
    int server;
    if (n_args != 2)
        return 2;
    program = args[1];
    command_begin(&c, 3);
    command_shell(&c, "ffmpeg -v error -f lavfi -i testsrc2=size=160x120:rate=25 -t 3 -c:v mpeg4 "
                      "other.mp4 && cp other.mp4 short.mp4 && echo no video > text.mp4");
    command_play(&c, program, "-f lavfi testsrc2=size=160x120:rate=30 --loop");
    const int port = listen_in_silence(&server);
    CHECK(command_refuses(&c, "open nowhere.mp4", "nowhere.mp4: No such file"));
    CHECK(command_refuses(&c, "open text.mp4", "text.mp4"));
    test_silent_server(&c, port);
    CHECK_AT_MOST(command_quit(&c, 0), 30); /* while a server is waited for */
    close(server);
    test_slow_close(&c);
    return command_end(&c);
}
