/*
 * The control socket, answered by an echo: every line gets its answer, whole or in pieces, empty,
 * too long, or without an end, and is taken once, also where nobody reads the answer; slow commands
 * and clients that do not read keep nobody waiting; silent clients make room; and without a file
 * descriptor for the next one nothing spins.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "live/control.h"
#include "test.h"

enum { PATIENCE_MS = 20000, N_CLIENTS = 16, BLOCK = 1 << 16 };

static char path[64];
static atomic_int n_waiting, may_go;

static void nap_ms(int ms)
{
    nanosleep(&(struct timespec){ms / 1000, (ms % 1000) * 1000000L}, NULL);
}

/* "wait" is answered when the test says so, "much" by more than a socket holds. */
static char *answer(void *cookie, const char *line)
{
    (void)cookie;
    char *text = calloc(1, 1 << 20);
    if (strcmp(line, "wait") == 0) {
        atomic_fetch_add(&n_waiting, 1);
        while (!atomic_load(&may_go))
            nap_ms(5);
    }
    if (strcmp(line, "much") == 0)
        memset(text, 'm', (1 << 20) - 1);
    else
        snprintf(text, 1 << 20, "<%s>", line);
    return text;
}

static int connect_client(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK_INT(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

/* The next line, without its newline; "" if the other end has hung up, or says nothing. */
static const char *read_line(int fd)
{
    static char line[256];
    size_t n = 0;
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    while (n < sizeof(line) - 1 && poll(&poll_fd, 1, PATIENCE_MS) == 1 &&
           read(fd, line + n, 1) == 1 && line[n] != '\n')
        n++;
    line[n] = '\0';
    return line;
}

static int is_hung_up_on(int fd)
{
    char byte;
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    return poll(&poll_fd, 1, PATIENCE_MS) == 1 && read(fd, &byte, 1) <= 0;
}

static int answers(int fd, const char *text, const char *expected)
{
    const ssize_t size = (ssize_t)strlen(text);
    const char *line = send(fd, text, (size_t)size, MSG_NOSIGNAL) == size ? read_line(fd) : "";
    if (strcmp(line, expected) != 0)
        fprintf(stderr, "    '%.40s' was answered by '%.80s'\n", text, line);
    return strcmp(line, expected) == 0;
}

static void test_lines(void)
{
    static char much[10 << 20];
    const int fd = connect_client();
    CHECK(answers(fd, "one\n", "<one>"));
    CHECK(answers(fd, "\r\n", "<>"));
    CHECK_INT(send(fd, "pie", 3, MSG_NOSIGNAL), 3);
    nap_ms(20);
    CHECK(answers(fd, "ces\ntwo\n", "<pieces>"));
    CHECK(strcmp(read_line(fd), "<two>") == 0);
    memset(much, 'x', sizeof(much) - 1);
    memcpy(much + sizeof(much) - 2, "\n", 2);
    CHECK(answers(fd, much, "{\"ok\":false,\"error\":\"the line is longer than 8191 bytes\"}"));
    memcpy(much + 8191, "\n", 2);
    CHECK(answers(fd, much + 8192 - 100,
                  "<xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx>"));
    memset(much, 'x', 8192);
    memcpy(much + 8192, "\n", 2);
    CHECK(answers(fd, much, "{\"ok\":false,\"error\":\"the line is longer than 8191 bytes\"}"));
    CHECK_INT(send(fd, "last", 4, MSG_NOSIGNAL), 4);
    CHECK_INT(shutdown(fd, SHUT_WR), 0);
    CHECK(strcmp(read_line(fd), "<last>") == 0);
    CHECK(is_hung_up_on(fd));
    close(fd);
}

/* One waits for a slow command, one does not read: others are answered meanwhile. */
static void test_slow_clients(void)
{
    const int slow = connect_client(), deaf = connect_client(), quick = connect_client();
    CHECK_INT(send(slow, "wait\n", 5, MSG_NOSIGNAL), 5);
    CHECK_INT(send(deaf, "much\nmuch\n", 10, MSG_NOSIGNAL), 10);
    CHECK(answers(quick, "one\n", "<one>"));
    CHECK_INT(atomic_load(&may_go), 0);
    atomic_store(&may_go, 1);
    CHECK(strcmp(read_line(slow), "<wait>") == 0);
    atomic_store(&may_go, 0);
    close(slow), close(deaf), close(quick);
}

/* A thread that has sent its answer is at work for a moment still, which nobody can see but the
 * kernel. */
static bool is_asleep(const char *thread)
{
    char name[64], stat[256] = "";
    snprintf(name, sizeof(name), "/proc/self/task/%.16s/stat", thread);
    FILE *file = fopen(name, "r");
    if (!file) /* it has ended */
        return true;
    const char *state = fgets(stat, sizeof(stat), file) ? strrchr(stat, ')') : NULL;
    fclose(file);
    return state && state[1] == ' ' && state[2] == 'S';
}

/* Waits until all clients have their answers and every thread but this one sleeps. */
static void wait_for_rest(void)
{
    DIR *folder = opendir("/proc/self/task");
    for (const struct dirent *entry; folder && (entry = readdir(folder));) {
        const int thread = atoi(entry->d_name);
        for (int ms = 0; thread > 0 && thread != getpid() && !is_asleep(entry->d_name); ms += 5) {
            if (!CHECK(ms < PATIENCE_MS))
                break;
            nap_ms(5);
        }
    }
    if (CHECK(folder != NULL))
        closedir(folder);
}

/* The seventeenth gets the place of the first; where all are at work he is told. */
static void test_many_clients(void)
{
    int fds[N_CLIENTS];
    for (int i = 0; i < N_CLIENTS; i++) {
        fds[i] = connect_client();
        CHECK(answers(fds[i], "one\n", "<one>"));
    }
    wait_for_rest();
    int next = connect_client();
    CHECK(answers(next, "one\n", "<one>"));
    CHECK(is_hung_up_on(fds[0]));
    close(fds[0]);
    fds[0] = next;
    atomic_store(&n_waiting, 0);
    for (int i = 0; i < N_CLIENTS; i++)
        CHECK_INT(send(fds[i], "wait\n", 5, MSG_NOSIGNAL), 5);
    for (int ms = 0; ms < PATIENCE_MS && atomic_load(&n_waiting) < N_CLIENTS; ms += 5)
        nap_ms(5);
    next = connect_client();
    CHECK(strstr(read_line(next), "too many clients") != NULL);
    close(next);
    atomic_store(&may_go, 1);
    for (int i = 0; i < N_CLIENTS; i++) {
        CHECK(strcmp(read_line(fds[i]), "<wait>") == 0);
        close(fds[i]);
    }
    atomic_store(&may_go, 0);
    wait_for_rest(); /* their places are free */
}

/* Gone before its answer comes: what it said is not taken for a second line. */
static void test_client_that_leaves(void)
{
    const int fd = connect_client();
    atomic_store(&n_waiting, 0);
    CHECK_INT(send(fd, "wait\n", 5, MSG_NOSIGNAL), 5);
    for (int ms = 0; ms < PATIENCE_MS && atomic_load(&n_waiting) == 0; ms += 5)
        nap_ms(5);
    close(fd);
    atomic_store(&may_go, 1);
    for (int ms = 0; ms < 300 && atomic_load(&n_waiting) == 1; ms += 5)
        nap_ms(5);
    CHECK_INT(atomic_load(&n_waiting), 1);
}

static double processor_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void test_no_descriptors(void)
{
    struct rlimit old, none;
    const int fd = connect_client();
    CHECK(answers(fd, "one\n", "<one>"));
    const int waiting = connect_client();
    CHECK(answers(waiting, "one\n", "<one>"));
    getrlimit(RLIMIT_NOFILE, &old);
    const int next = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    none = (struct rlimit){(rlim_t)next + 1, old.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    CHECK_INT(connect(next, (struct sockaddr *)&address, sizeof(address)), 0);
    const double before_s = processor_seconds();
    nap_ms(1000);
    CHECK_AT_MOST(processor_seconds() - before_s, 0.2);
    CHECK(answers(fd, "two\n", "<two>"));
    setrlimit(RLIMIT_NOFILE, &old);
    CHECK(answers(next, "three\n", "<three>"));
    close(fd), close(waiting), close(next);
}

int main(void)
{
    char message[1024], folder[] = "/tmp/brushcast-socket-XXXXXX";
    const bc_log log = test_log(message);
    bc_control *control;
    CHECK(mkdtemp(folder) != NULL);
    snprintf(path, sizeof(path), "%s/socket", folder);
    if (!CHECK_INT(bc_control_open(&control, path, answer, NULL, &log), BC_OK))
        return TEST_END();
    test_many_clients(); /* first: the others have not all left at their ends */
    test_lines();
    test_slow_clients();
    test_no_descriptors();
    test_client_that_leaves();
    bc_control_close(&control);
    CHECK(access(path, F_OK) != 0);
    CHECK_INT(rmdir(folder), 0);
    return TEST_END();
}
