#include "cli/interrupt.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

static const int64_t same_ns = 200000000; /* within it a signal says the first one again */

static atomic_int stop;
static _Atomic int64_t first_ns; /* 0: there was none */
static _Atomic(const char *) temporary;

/* Two signals may be handled by two threads at once: one of them is the first. */
static void handle(int signal)
{
    (void)signal;
    const int64_t now_ns = bc_clock_ns();
    int64_t before_ns = 0;
    atomic_store(&stop, 1);
    if (atomic_compare_exchange_strong(&first_ns, &before_ns, now_ns) ||
        now_ns - before_ns < same_ns)
        return;
    const char *path = atomic_load(&temporary);
    if (path)
        unlink(path);
    _exit(130);
}

atomic_int *bc_interrupt_install(void)
{
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    struct sigaction hangup;
    if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN) /* nohup */
        sigaction(SIGHUP, &action, NULL);
    signal(SIGPIPE, SIG_IGN); /* writing fails instead, and says why */
    signal(SIGXFSZ, SIG_IGN);
    return &stop;
}

void bc_interrupt_set_temporary(const char *path)
{
    atomic_store(&temporary, path);
}
