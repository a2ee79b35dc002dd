#include "live/client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

enum { PATIENCE_MS = 2000 }; /* with a client that does not read */

static const char too_long[] = "{\"ok\":false,\"error\":\"the line is longer than 8191 bytes\"}";

/* Answers ---------------------------------------------------------------------------------- */

static bool send_bytes(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
        if (poll(&poll_fd, 1, PATIENCE_MS) != 1)
            return false;
        const ssize_t n = send(fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return false;
        if (n > 0) {
            bytes += n;
            size -= (size_t)n;
        }
    }
    return true;
}

bool bc_client_send(int fd, const char *text)
{
    return send_bytes(fd, text, strlen(text)) && send_bytes(fd, "\n", 1);
}

/* False if it was hung up on meanwhile. */
static bool begin_answer(bc_client *client)
{
    pthread_mutex_lock(&client->lock);
    client->is_answering = !client->has_ended;
    pthread_mutex_unlock(&client->lock);
    return client->is_answering;
}

static void end_answer(bc_client *client, int64_t answered_ns)
{
    pthread_mutex_lock(&client->lock);
    client->is_answering = false;
    client->answered_ns = answered_ns;
    pthread_mutex_unlock(&client->lock);
}

static bool answer_line(bc_client *client, char *line, size_t length)
{
    line[length] = '\0';
    if (length > 0 && line[length - 1] == '\r')
        line[length - 1] = '\0';
    if (!begin_answer(client))
        return false;
    char *answer = client->is_skipping ? NULL : client->answer(client->cookie, line);
    const int64_t answered_ns = bc_clock_ns(); /* before others can do something upon it */
    const bool is_taken =
        (answer || client->is_skipping) && bc_client_send(client->fd, answer ? answer : too_long);
    client->is_skipping = false;
    free(answer);
    end_answer(client, answered_ns);
    return is_taken;
}

/* Answers the whole lines that have come; false to hang up. */
static bool answer_lines(bc_client *client)
{
    char *start = client->line, *end;
    while ((end = memchr(start, '\n', client->n_bytes))) {
        if (!answer_line(client, start, (size_t)(end - start)))
            return false;
        client->n_bytes -= (size_t)(end + 1 - start);
        start = end + 1;
    }
    memmove(client->line, start, client->n_bytes);
    if (client->n_bytes == sizeof(client->line)) {
        client->is_skipping = true;
        client->n_bytes = 0;
    }
    return true;
}

/* The thread ------------------------------------------------------------------------------- */

/* As recv, behind what is there of a line. */
static ssize_t receive(bc_client *client)
{
    ssize_t n;
    do
        n = recv(client->fd, client->line + client->n_bytes, sizeof(client->line) - client->n_bytes,
                 0);
    while (n < 0 && errno == EINTR);
    client->n_bytes += n > 0 ? (size_t)n : 0;
    return n;
}

static void *run(void *arg)
{
    bc_client *client = arg;
    ssize_t n;
    while ((n = receive(client)) > 0 && answer_lines(client))
        ;
    if (n == 0 && (client->n_bytes > 0 || client->is_skipping)) /* a last line without its end */
        answer_line(client, client->line, client->n_bytes);
    pthread_mutex_lock(&client->lock);
    client->has_ended = true;
    close(client->fd);
    client->fd = -1;
    pthread_mutex_unlock(&client->lock);
    return NULL;
}

void bc_client_init(bc_client *client, bc_control_fn *answer, void *cookie)
{
    *client = (bc_client){.answer = answer, .cookie = cookie, .fd = -1};
    pthread_mutex_init(&client->lock, NULL);
}

bool bc_client_start(bc_client *client, int fd)
{
    client->fd = fd;
    client->is_answering = client->has_ended = client->is_skipping = false;
    client->n_bytes = 0;
    client->answered_ns = bc_clock_ns();
    client->is_there = pthread_create(&client->thread, NULL, run, client) == 0;
    return client->is_there;
}

int64_t bc_client_silent_since(bc_client *client)
{
    pthread_mutex_lock(&client->lock);
    const int64_t since_ns = client->is_answering ? INT64_MAX : client->answered_ns;
    pthread_mutex_unlock(&client->lock);
    return since_ns;
}

bool bc_client_has_ended(bc_client *client)
{
    pthread_mutex_lock(&client->lock);
    const bool has_ended = client->has_ended;
    pthread_mutex_unlock(&client->lock);
    return has_ended;
}

bool bc_client_stop(bc_client *client, bool is_forced)
{
    pthread_mutex_lock(&client->lock);
    const bool is_stopped = is_forced || !client->is_answering;
    if (is_stopped && client->fd >= 0) /* an answer that is being given still goes out */
        shutdown(client->fd, client->is_answering ? SHUT_RD : SHUT_RDWR);
    client->has_ended = client->has_ended || is_stopped;
    pthread_mutex_unlock(&client->lock);
    if (!is_stopped)
        return false;
    pthread_join(client->thread, NULL);
    client->is_there = false;
    return true;
}
