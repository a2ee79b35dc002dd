#include "convert/claim.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#define FAILED "failed"

enum { MAX_GENERATIONS = 1000 };

static const int64_t expiry_ns = 60 * INT64_C(1000000000);

/* What a claim says. */
struct holder {
    char machine[HOST_NAME_MAX + 1], state[16];
    long process;
};

bc_claim bc_claim_on(const char *output)
{
    return (bc_claim){.output = output, .fd = -1};
}

static bool path_of(char path[PATH_MAX], const bc_claim *claim, int generation)
{
    const int length = generation == 1
                           ? snprintf(path, PATH_MAX, "%s.claim", claim->output)
                           : snprintf(path, PATH_MAX, "%s.claim.%d", claim->output, generation);
    return length > 0 && length < PATH_MAX;
}

static bool exists(const bc_claim *claim, int generation)
{
    char path[PATH_MAX];
    return path_of(path, claim, generation) && access(path, F_OK) == 0;
}

static const char *this_machine(char name[HOST_NAME_MAX + 1])
{
    name[HOST_NAME_MAX] = '\0';
    return gethostname(name, HOST_NAME_MAX) == 0 ? name : "localhost";
}

/* False for one that is just being made or released. */
static bool read_holder(const char *path, struct holder *holder)
{
    char text[HOST_NAME_MAX + 64], format[48];
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    const ssize_t length = read(fd, text, sizeof(text) - 1);
    close(fd);
    text[length > 0 ? length : 0] = '\0';
    *holder = (struct holder){0};
    snprintf(format, sizeof(format), "%%%ds %%ld %%15s", HOST_NAME_MAX);
    return sscanf(text, format, holder->machine, &holder->process, holder->state) == 3;
}

static bool is_gone(const struct holder *holder)
{
    char name[HOST_NAME_MAX + 1];
    return strcmp(holder->machine, this_machine(name)) == 0 && holder->process > 0 &&
           kill((pid_t)holder->process, 0) != 0 && errno == ESRCH;
}

/* Whether it has not been renewed for long, as far as this process has seen. */
static bool is_expired(bc_claim *claim, const char *path)
{
    struct stat status;
    const int64_t now_ns = bc_clock_ns();
    if (stat(path, &status) != 0)
        return false;
    if (claim->seen_ns == 0 || status.st_mtim.tv_sec != claim->renewed.tv_sec ||
        status.st_mtim.tv_nsec != claim->renewed.tv_nsec) {
        claim->seen_ns = now_ns;
        claim->renewed = status.st_mtim;
    }
    return now_ns - claim->seen_ns > expiry_ns;
}

bc_claim_state bc_claim_look(bc_claim *claim)
{
    char path[PATH_MAX];
    struct holder holder;
    int last = 0;
    while (last < MAX_GENERATIONS && exists(claim, last + 1))
        last++;
    if (last != claim->generation)
        claim->seen_ns = 0;
    claim->generation = last;
    if (last == 0 || !path_of(path, claim, last))
        return BC_CLAIM_FREE;
    const bool is_known = read_holder(path, &holder);
    if (is_known && strcmp(holder.state, FAILED) == 0)
        return BC_CLAIM_FAILED;
    return is_expired(claim, path) || (is_known && is_gone(&holder)) ? BC_CLAIM_DEAD
                                                                     : BC_CLAIM_HELD;
}

static void write_state(int fd, const char *state)
{
    char name[HOST_NAME_MAX + 1], text[HOST_NAME_MAX + 64];
    const int length =
        snprintf(text, sizeof(text), "%s %ld %s\n", this_machine(name), (long)getpid(), state);
    if (pwrite(fd, text, (size_t)length, 0) != length) /* then it lasts until it expires */
        return;
}

int bc_claim_take(bc_claim *claim, const bc_log *log)
{
    char path[PATH_MAX];
    if (!path_of(path, claim, claim->generation + 1))
        return bc_fail(log, BC_ERR_IO, "%s: its name is too long to claim it", claim->output);
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0 && errno == EEXIST)
        return 0;
    if (fd < 0)
        return bc_fail(log, BC_ERR_IO, "cannot write %s: %s", path, strerror(errno));
    claim->generation++;
    claim->fd = fd;
    write_state(fd, "working");
    return 1;
}

void bc_claim_renew(const bc_claim *claim)
{
    futimens(claim->fd, NULL);
}

static void close_claim(bc_claim *claim)
{
    close(claim->fd);
    claim->fd = -1;
}

static void remove_all(const bc_claim *claim)
{
    char path[PATH_MAX];
    for (int i = claim->generation; i >= 1; i--)
        if (path_of(path, claim, i))
            unlink(path);
}

void bc_claim_release(bc_claim *claim)
{
    remove_all(claim);
    close_claim(claim);
}

void bc_claim_fail(bc_claim *claim)
{
    write_state(claim->fd, FAILED "  ");
    close_claim(claim);
}

/* Of another machine nobody knows: there a failure is of the past when it is not of just now. */
static bool is_past(const char *path)
{
    struct holder holder;
    struct stat status;
    char name[HOST_NAME_MAX + 1];
    if (!read_holder(path, &holder) || stat(path, &status) != 0)
        return false;
    return strcmp(holder.machine, this_machine(name)) == 0
               ? is_gone(&holder)
               : (time(NULL) - status.st_mtim.tv_sec) * INT64_C(1000000000) > expiry_ns;
}

void bc_claim_clear(bc_claim *claim)
{
    char path[PATH_MAX];
    if (bc_claim_look(claim) == BC_CLAIM_FAILED && path_of(path, claim, claim->generation) &&
        is_past(path))
        remove_all(claim);
}
