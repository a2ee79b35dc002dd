#include "live/control.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"

enum { MAX_CLIENTS = 16, MAX_LINE = 8192, ANSWER_PATIENCE_MS = 500 };

typedef struct client {
    int fd;
    size_t n; /* bytes of the line so far */
    char line[MAX_LINE];
} client;

struct bc_control {
    bc_log log;
    bc_control_fn *answer;
    void *cookie;
    struct sockaddr_un address;
    int listener, wake[2]; /* a pipe: closing it from this side ends the thread */
    pthread_t thread;
    bool is_bound, is_running;
    int n_clients;
    client *clients; /* [MAX_CLIENTS] */
};

/* Clients ---------------------------------------------------------------------------------- */

/* False if the client does not take it in time. */
static bool write_all(int fd, const char *text, size_t size)
{
    while (size > 0) {
        struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
        if (poll(&poll_fd, 1, ANSWER_PATIENCE_MS) != 1)
            return false;
        const ssize_t n = send(fd, text, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return false;
        if (n > 0) {
            text += n;
            size -= (size_t)n;
        }
    }
    return true;
}

static bool answer_line(const bc_control *control, const client *c, const char *line)
{
    char *answer = control->answer(control->cookie, line);
    const bool is_taken =
        answer && write_all(c->fd, answer, strlen(answer)) && write_all(c->fd, "\n", 1);
    free(answer);
    return is_taken;
}

/* Answers the whole lines that the client has sent; false to hang up. */
static bool answer_lines(const bc_control *control, client *c)
{
    char *start = c->line, *end;
    while ((end = memchr(start, '\n', c->n))) {
        *end = '\0';
        if (end > start && end[-1] == '\r')
            end[-1] = '\0';
        if (*start && !answer_line(control, c, start))
            return false;
        c->n -= (size_t)(end + 1 - start);
        start = end + 1;
    }
    memmove(c->line, start, c->n);
    return c->n < MAX_LINE; /* a line that is longer is none of ours */
}

static bool serve(const bc_control *control, client *c)
{
    const ssize_t n = recv(c->fd, c->line + c->n, MAX_LINE - c->n, MSG_DONTWAIT);
    if (n <= 0)
        return n < 0 && (errno == EAGAIN || errno == EINTR);
    c->n += (size_t)n;
    return answer_lines(control, c);
}

static void hang_up(bc_control *control, int index)
{
    close(control->clients[index].fd);
    control->clients[index] = control->clients[--control->n_clients];
}

static void take_client(bc_control *control)
{
    const int fd = accept4(control->listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return;
    if (control->n_clients == MAX_CLIENTS) {
        close(fd);
        return;
    }
    client *c = &control->clients[control->n_clients++];
    c->fd = fd;
    c->n = 0;
}

static void *run(void *arg)
{
    bc_control *control = arg;
    for (;;) {
        struct pollfd fds[MAX_CLIENTS + 2] = {{.fd = control->wake[0], .events = POLLIN},
                                              {.fd = control->listener, .events = POLLIN}};
        const int n_clients = control->n_clients;
        for (int i = 0; i < n_clients; i++)
            fds[i + 2] = (struct pollfd){.fd = control->clients[i].fd, .events = POLLIN};
        if (poll(fds, (nfds_t)n_clients + 2, -1) < 0)
            continue;
        if (fds[0].revents)
            break;
        for (int i = n_clients - 1; i >= 0; i--) {
            if (fds[i + 2].revents && !serve(control, &control->clients[i]))
                hang_up(control, i);
        }
        if (fds[1].revents)
            take_client(control);
    }
    while (control->n_clients > 0)
        hang_up(control, control->n_clients - 1);
    return NULL;
}

/* Life ------------------------------------------------------------------------------------- */

/* A socket whose owner is dead refuses connections. */
static void remove_dead(const struct sockaddr_un *address)
{
    struct stat info;
    if (lstat(address->sun_path, &info) < 0 || !S_ISSOCK(info.st_mode))
        return;
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 &&
        errno == ECONNREFUSED)
        unlink(address->sun_path);
    close(fd);
}

static bc_status listen_at(bc_control *control, const char *path)
{
    if (strlen(path) >= sizeof(control->address.sun_path))
        return bc_fail(&control->log, BC_ERR_ARGUMENT, "%s: longer than a socket's name may be",
                       path);
    control->address.sun_family = AF_UNIX;
    memcpy(control->address.sun_path, path, strlen(path) + 1);
    remove_dead(&control->address);
    control->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (control->listener >= 0) {
        fchmod(control->listener, 0600); /* before it has a name */
        control->is_bound = bind(control->listener, (const struct sockaddr *)&control->address,
                                 sizeof(control->address)) == 0;
    }
    if (!control->is_bound || listen(control->listener, MAX_CLIENTS) < 0 ||
        pipe2(control->wake, O_CLOEXEC) < 0)
        return bc_fail(&control->log, BC_ERR_IO, "cannot listen at %s: %s", path, strerror(errno));
    return BC_OK;
}

bc_status bc_control_open(bc_control **control_out, const char *path, bc_control_fn *answer,
                          void *cookie, const bc_log *log)
{
    bc_control *control = *control_out = calloc(1, sizeof(*control));
    if (!control)
        return bc_fail(log, BC_ERR_MEMORY, "%s: out of memory", path);
    *control = (bc_control){
        .log = *log, .answer = answer, .cookie = cookie, .listener = -1, .wake = {-1, -1}};
    control->clients = calloc(MAX_CLIENTS, sizeof(*control->clients));
    bc_status status = control->clients ? listen_at(control, path)
                                        : bc_fail(log, BC_ERR_MEMORY, "%s: out of memory", path);
    if (status == BC_OK) {
        control->is_running = pthread_create(&control->thread, NULL, run, control) == 0;
        if (!control->is_running)
            status = bc_fail(log, BC_ERR_MEMORY, "%s: no thread", path);
    }
    if (status < 0)
        bc_control_close(control_out);
    return status;
}

void bc_control_close(bc_control **control_in)
{
    if (!control_in || !*control_in)
        return;
    bc_control *control = *control_in;
    if (control->wake[1] >= 0)
        close(control->wake[1]);
    if (control->is_running)
        pthread_join(control->thread, NULL);
    if (control->wake[0] >= 0)
        close(control->wake[0]);
    if (control->listener >= 0)
        close(control->listener);
    if (control->is_bound)
        unlink(control->address.sun_path);
    free(control->clients);
    free(control);
    *control_in = NULL;
}
