/*
 * Commands from the network, sent by liblo's own oscsend: faders, buttons, words with quotes, and
 * what the network may not do. The argument is the command. Without oscsend it is skipped; a build
 * without liblo says so.
 */
#include <netinet/in.h>

#include "live/command.h"

enum { SKIPPED = 77 };

/* A port that was free a moment ago. */
static int find_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK_INT(bind(fd, (struct sockaddr *)&address, size), 0);
    CHECK_INT(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    close(fd);
    return ntohs(address.sin_port);
}

static void send_osc(command *c, int port, const char *message)
{
    char line[512];
    snprintf(line, sizeof(line), "timeout 20 oscsend localhost %d %s", port, message);
    command_shell(c, line);
}

static int number_becomes(command *c, const char *key, double expected)
{
    double number = 0;
    for (int ms = 0; ms < COMMAND_PATIENCE_MS / 4; ms += 20) {
        number = command_number(c, key);
        if (number > expected - 1e-4 && number < expected + 1e-4)
            return 1;
        nap_ms(20);
    }
    fprintf(stderr, "    %s is %g, expected %g\n", key, number, expected);
    return 0;
}

static void test_messages(command *c, int port)
{
    send_osc(c, port, "/strength f 0.25");
    CHECK(number_becomes(c, "strength", 0.25));
    send_osc(c, port, "/brushcast/strength s +0.5");
    CHECK(number_becomes(c, "strength", 0.75));
    send_osc(c, port, "/style i 2");
    CHECK(command_text_becomes(c, "style", "style2"));
    send_osc(c, port, "/style s style3");
    CHECK(command_text_becomes(c, "style", "style3"));
    send_osc(c, port, "/mirror T");
    CHECK(number_becomes(c, "mirror", 1));
    send_osc(c, port, "/style/1 f 1"); /* a button, pressed and let go */
    CHECK(command_text_becomes(c, "style", "style1"));
    send_osc(c, port, "/style/2 f 0");
    send_osc(c, port, "/keep-colors f 0.5"); /* messages are taken in turn */
    CHECK(number_becomes(c, "keep_colors", 0.5));
    CHECK(command_text_is(c, "style", "style1"));
}

/* Each is refused with a line in the log, and the program goes on. */
static void test_refusals(command *c, int port)
{
    send_osc(c, port, "/quit");
    send_osc(c, port, "/record s stolen.mkv");
    send_osc(c, port, "/screenshot s stolen.png");
    send_osc(c, port, "/style s 'style1\"; record \"stolen.mkv'");
    send_osc(c, port, "/no-such-verb");
    send_osc(c, port, "/strength f 0.5");
    CHECK(number_becomes(c, "strength", 0.5));
    CHECK(command_log_says(c, "OSC /quit: 'quit' is not for the network"));
    CHECK(command_log_says(c, "OSC /record: 'record' is not for the network"));
    CHECK(command_log_says(c, "OSC /screenshot: 'screenshot' is not for the network"));
    CHECK(command_log_says(c, "OSC /no-such-verb: no command 'no-such-verb'"));
    CHECK(command_log_says(c, "no style 'style1"));
    CHECK(strcmp(command_shell(c, "ls | grep -c stolen; true"), "0") == 0);
}

int main(int n_args, char **args)
{
    command c;
    char words[200];
    if (n_args != 2)
        return 2;
    setenv("LC_ALL", "C.UTF-8", 1);
    if (system("command -v oscsend >/dev/null") != 0) {
        fprintf(stderr, "skipped: there is no oscsend\n");
        return SKIPPED;
    }
    command_begin(&c, 3);
    const int port = find_port();
    snprintf(words, sizeof(words),
             "play -f lavfi testsrc2=size=160x120:rate=30 --control socket --threads 1 --osc %d",
             port);
    command_start(&c, args[1], words);
    if (BC_TESTS_LIBLO) {
        command_connect(&c);
        CHECK(command_reaches(&c, "frames", 3));
        test_messages(&c, port);
        test_refusals(&c, port);
        command_quit(&c, 0);
    } else {
        CHECK_INT(command_wait(&c, COMMAND_PATIENCE_MS), 1);
        CHECK(command_log_says(&c, "this build has no liblo"));
    }
    return command_end(&c);
}
