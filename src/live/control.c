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
#include "live/client.h"

enum { MAX_CLIENTS = 16, RETRY_MS = 100 };

static const char too_many[] = "{\"ok\":false,\"error\":\"too many clients are at work\"}";

struct bc_control {
    bc_log log;
    struct sockaddr_un address;
    int listener, wake[2]; /* a pipe: closing it from this side ends the thread */
    pthread_t thread;
    bool is_bound, is_running;
    bc_client *clients; /* [MAX_CLIENTS] */
};

/* Clients ---------------------------------------------------------------------------------- */

/* A place for one more; whoever has been silent for the longest gives up his. NULL: there is none.
 */
static bc_client *make_room(bc_control *control)
{
    bc_client *longest = NULL;
    int64_t since_ns = INT64_MAX;
    for (int i = 0; i < MAX_CLIENTS; i++) {
        bc_client *client = &control->clients[i];
        if (client->is_there && bc_client_has_ended(client))
            bc_client_stop(client, true);
        if (!client->is_there)
            return client;
        const int64_t client_ns = bc_client_silent_since(client);
        if (client_ns < since_ns) {
            since_ns = client_ns;
            longest = client;
        }
    }
    return longest && bc_client_stop(longest, false) ? longest : NULL;
}

/* False if there is nobody to take now, whatever the listener says. */
static bool take_client(bc_control *control)
{
    const int fd = accept4(control->listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return false;
    bc_client *client = make_room(control);
    if (client && bc_client_start(client, fd))
        return true;
    bc_client_send(fd, too_many);
    close(fd);
    return true;
}

/* Without a file descriptor for the next client the listener stays ready: it is looked at again
 * after a while. */
static void *run(void *arg)
{
    bc_control *control = arg;
    bool is_listening = true;
    struct pollfd fds[2] = {{.fd = control->wake[0], .events = POLLIN},
                            {.fd = control->listener, .events = POLLIN}};
    for (;;) {
        if (poll(fds, is_listening ? 2 : 1, is_listening ? -1 : RETRY_MS) < 0 && errno != EINTR)
            break;
        if (fds[0].revents)
            break;
        is_listening = !is_listening || !fds[1].revents || take_client(control);
    }
    for (int i = 0; i < MAX_CLIENTS; i++)
        if (control->clients[i].is_there)
            bc_client_stop(&control->clients[i], true);
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
    control->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
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
    *control = (bc_control){.log = *log, .listener = -1, .wake = {-1, -1}};
    control->clients = calloc(MAX_CLIENTS, sizeof(*control->clients));
    for (int i = 0; control->clients && i < MAX_CLIENTS; i++)
        bc_client_init(&control->clients[i], answer, cookie);
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
    for (int i = 0; control->clients && i < MAX_CLIENTS; i++)
        pthread_mutex_destroy(&control->clients[i].lock);
    free(control->clients);
    free(control);
    *control_in = NULL;
}
