#include "cli/interrupt.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

static const int64_t same_ns = 200000000; /* within it a signal says the first one again */

static atomic_int n_signals;
static _Atomic int64_t first_ns;
static _Atomic(const char *) temporary;

static void handle(int signal)
{
    (void)signal;
    const int64_t now_ns = bc_clock_ns();
    if (atomic_fetch_add(&n_signals, 1) == 0)
        atomic_store(&first_ns, now_ns);
    if (now_ns - atomic_load(&first_ns) < same_ns)
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
    return &n_signals;
}

void bc_interrupt_set_temporary(const char *path)
{
    atomic_store(&temporary, path);
}
