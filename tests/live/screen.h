/* screen.h: an X server without a screen, for real windows. */
#ifndef BC_TESTS_LIVE_SCREEN_H
#define BC_TESTS_LIVE_SCREEN_H

#include "live/command.h"

/* Starts a screen of "WIDTHxHEIGHTxDEPTH" on a free display, and makes it everybody's. */
static inline pid_t screen_open(const char *size)
{
    int ends[2];
    char number[16] = "", display[24];
    CHECK_INT(pipe(ends), 0);
    const pid_t xvfb = fork();
    if (xvfb == 0) {
        char fd[12];
        snprintf(fd, sizeof(fd), "%d", ends[1]);
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
            _exit(99);
        execlp("Xvfb", "Xvfb", "-displayfd", fd, "-screen", "0", size, "-nolisten", "tcp",
               (char *)NULL);
        _exit(99);
    }
    close(ends[1]);
    if (!CHECK(read(ends[0], number, sizeof(number) - 1) > 0)) /* once it is ready */
        exit(1);
    close(ends[0]);
    number[strcspn(number, "\n")] = '\0';
    snprintf(display, sizeof(display), ":%s", number);
    setenv("DISPLAY", display, 1);
    return xvfb;
}

static inline void screen_close(pid_t xvfb)
{
    kill(xvfb, SIGTERM);
    waitpid(xvfb, NULL, 0);
}

#endif
