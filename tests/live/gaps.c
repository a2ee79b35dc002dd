/*
 * The gaps between shown frames while something else is being done: pictures taken, recordings
 * begun and ended, other inputs of another size opened, styles faded, the painting's size changed,
 * and a thousand styles chosen. A clip of 30 frames a second is played in a real window, on a
 * screen without a graphics card, and the state is asked for how many frames were shown, every two
 * milliseconds: that is how exact the times are. As a test it checks only that frames are shown.
 * Usage, with options of `play` at the end:
 *     gaps BRUSHCAST [WIDTHxHEIGHT [SECONDS [OPTION...]]]
 */
#include <pthread.h>
#include <stdatomic.h>

#include "live/screen.h"

enum { POLL_MS = 2, MAX_GAPS = 1 << 16, N_STYLES = 1000 };

/* What is said in turn, in pairs, every so often; 0: N_STYLES times in all. */
static const struct action {
    const char *name, *before, *odd, *even, *after;
    int period_ms;
} actions[] = {
    {"nothing", NULL, NULL, NULL, NULL, 1000},
    {"s", NULL, "screenshot", "screenshot", NULL, 1000},
    {"r", NULL, "record", "record off", NULL, 2000},
    {"open", NULL, "open other.mp4", "open clip.mp4", NULL, 2000},
    {"fade", "fade 2", "style next", "style next", "fade 0", 3000},
    {"size", NULL, "scale 0.7", "scale 1", "scale auto", 2000},
    {"styles", NULL, "style next", "style next", NULL, 0},
};

typedef struct watch {
    command *talker;
    atomic_bool must_end;
    atomic_int n_gaps;
    double gaps_ms[MAX_GAPS];
} watch;

static void *run_watch(void *arg)
{
    watch *w = arg;
    command c = *w->talker; /* with a connection of its own */
    command_connect(&c);
    double n_shown = command_number(&c, "frames");
    int64_t shown_ns = 0;
    for (int n_gaps = 0; !atomic_load(&w->must_end) && n_gaps < MAX_GAPS;) {
        nap_ms(POLL_MS);
        const double n = command_number(&c, "frames");
        const int64_t now_ns = bc_clock_ns();
        if (n > n_shown && shown_ns > 0)
            w->gaps_ms[n_gaps++] = 1e-6 * (double)(now_ns - shown_ns);
        atomic_store(&w->n_gaps, n_gaps);
        if (n > n_shown)
            shown_ns = now_ns;
        n_shown = n;
    }
    close(c.fd);
    return NULL;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void report(watch *w, const char *name)
{
    const int n = atomic_load(&w->n_gaps);
    if (!CHECK(n > 0))
        return;
    qsort(w->gaps_ms, (size_t)n, sizeof(w->gaps_ms[0]), compare);
    printf("%-8s median %5.1f ms, 99 %%: %5.1f ms, longest %6.1f ms; %d frames\n", name,
           w->gaps_ms[n / 2], w->gaps_ms[(int)(0.99 * (n - 1))], w->gaps_ms[n - 1], n);
    fflush(stdout);
}

static void act(command *c, const struct action *action, int seconds)
{
    const int64_t end_ns = bc_clock_ns() + seconds * 1000000000LL;
    int period_ms = action->period_ms > 0 ? action->period_ms : 1000 * seconds / N_STYLES;
    if (period_ms > 250 * seconds)
        period_ms = 250 * seconds;
    for (int i = 1; bc_clock_ns() < end_ns || i % 2 == 0; i++) {
        if (action->odd)
            CHECK(command_do(c, i % 2 == 1 ? action->odd : action->even));
        nap_ms(period_ms);
    }
}

static void measure(command *c, const struct action *action, int seconds)
{
    static watch w;
    pthread_t thread;
    w.talker = c;
    atomic_store(&w.n_gaps, 0);
    atomic_store(&w.must_end, false);
    if (action->before)
        CHECK(command_do(c, action->before));
    CHECK_INT(pthread_create(&thread, NULL, run_watch, &w), 0);
    act(c, action, seconds);
    for (int ms = 0; ms < COMMAND_PATIENCE_MS && atomic_load(&w.n_gaps) == 0; ms += POLL_MS)
        nap_ms(POLL_MS); /* a busy machine */
    atomic_store(&w.must_end, true);
    pthread_join(thread, NULL);
    if (action->after)
        CHECK(command_do(c, action->after));
    report(&w, action->name);
}

static void make_clips(const command *c, int width, int height)
{
    static const char clip[] = "ffmpeg -v error -f lavfi -i testsrc2=size=%dx%d:rate=30 -t 30 "
                               "-c:v mpeg4 -q:v 3 %s";
    char line[256];
    snprintf(line, sizeof(line), clip, width, height, "clip.mp4");
    command_shell(c, line);
    snprintf(line, sizeof(line), clip, width / 16 * 12, height / 16 * 12, "other.mp4");
    command_shell(c, line);
}

int main(int n_args, char **args)
{
    command c;
    char line[1024] = "play clip.mp4 --loop --control socket";
    int width = 640, height = 480;
    const int seconds = n_args > 3 ? atoi(args[3]) : 60;
    if (n_args < 2 || (n_args > 2 && sscanf(args[2], "%dx%d", &width, &height) != 2) ||
        width < 32 || width > 2000 || seconds < 1 || seconds > 1000)
        return 2;
    for (int i = 4; i < n_args && strlen(line) + strlen(args[i]) < sizeof(line) - 1; i++)
        strcat(strcat(line, " "), args[i]);
    snprintf(c.folder, sizeof(c.folder), "/tmp/brushcast-gaps-XXXXXX");
    if (!mkdtemp(c.folder))
        return 1;
    setenv("XDG_CONFIG_HOME", c.folder, 1);
    setenv("SDL_VIDEODRIVER", "x11", 1);
    setenv("SDL_RENDER_DRIVER", "software", 1);
    setenv("SDL_AUDIODRIVER", "dummy", 1);
    signal(SIGPIPE, SIG_IGN);
    make_clips(&c, width, height);
    const pid_t screen = screen_open("2400x1400x24");
    command_start(&c, args[1], line);
    command_connect(&c);
    CHECK(command_reaches(&c, "frames", 60));
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
        measure(&c, &actions[i], seconds);
    command_quit(&c, 0);
    screen_close(screen);
    return command_end(&c);
}
