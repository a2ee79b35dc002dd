/*
 * Random verbs for a while, seeks and other inputs among them: nothing ends, every line gets its
 * answer, and memory does not grow: what the program holds after the first minute, with the same
 * settings, is what it holds at the end. A test only of what takes seconds; for a night:
 *     test_live_soak BRUSHCAST SECONDS [SEED]
 */
#include "live/command.h"

enum { BEAT_MS = 100, SETTLE_MS = 3000, MINUTE_S = 60 };

/* The thread sanitizer keeps what it notes of memory that was ever touched. */
#if defined(__SANITIZE_THREAD__)
enum { KNOWS_MEMORY = 0 };
#else
enum { KNOWS_MEMORY = 1 };
#endif

static const char *const verbs[] = {
    "style 1",
    "style 2",
    "style next",
    "style prev",
    "style 0",
    "style style3",
    "style nowhere",
    "blend 1 2 0.3",
    "blend 3",
    "share +0.1",
    "share -0.2",
    "strength 0.4",
    "strength 1",
    "keep-colors",
    "keep-colors 0.5",
    "stabilize",
    "brush larger",
    "brush smaller",
    "brush 1",
    "net",
    "scale 0.3",
    "scale 1.5",
    "scale auto",
    "rate 10",
    "rate auto",
    "fade 0.5",
    "fade 0",
    "mirror",
    "mask inside",
    "mask outside",
    "mask off",
    "split 0.3",
    "split off",
    "pause",
    "pause off",
    "loop on",
    "seek 0",
    "seek 0",
    "seek 0.3",
    "seek +0.2",
    "seek -0.5",
    "seek 0.9",
    "seek 100",
    "open short.mp4",
    "open sound.mkv",
    "open still.png",
    "open no.mp4",
    "statistics",
    "help",
    "get state",
    "get styles",
    "reset",
    "fullscreen",
    "screenshot",
    "screenshot",
    "screenshot w.png window",
    "record",
    "record off",
    "record",
    "record off",
    "original",
    "",
    "nonsense",
    "cancel",
    "add extra.safetensors",
    "style extra",
};

typedef struct counts {
    int n_ok, n_refused;
    double longest_ms;
    const char *longest; /* its line */
} counts;

static uint32_t random_below(uint32_t *state, uint32_t limit)
{
    *state = *state * 1664525u + 1013904223u;
    return (*state >> 8) % limit;
}

static void say(command *c, const char *line, counts *n)
{
    const int64_t start_ns = bc_clock_ns();
    json_t *answer = command_say(c, "%s", line); /* exits where there is none */
    const double ms = 1e-6 * (double)(bc_clock_ns() - start_ns);
    if (json_is_true(json_object_get(answer, "ok")))
        n->n_ok++;
    else
        n->n_refused++;
    if (json_is_false(json_object_get(answer, "ok")))
        CHECK(json_is_string(json_object_get(answer, "error")));
    if (ms > n->longest_ms) {
        n->longest_ms = ms;
        n->longest = line;
    }
    json_decref(answer);
}

static double resident_mb(const command *c)
{
    char line[128];
    snprintf(line, sizeof(line), "awk '/VmRSS/ {print $2}' /proc/%d/status", (int)c->pid);
    return atof(command_shell(c, line)) / 1024;
}

/* Memory with the same settings always: it follows scale, net and brush. */
static double settled_mb(command *c)
{
    counts n = {.longest = ""};
    say(c, "record off", &n);
    say(c, "loop on; open sound.mkv", &n);
    say(c,
        "fade 0; pause off; style 1; scale 1; brush 1; strength 1; keep-colors off; "
        "stabilize off; mirror off; split off; mask off; net light",
        &n);
    nap_ms(SETTLE_MS);
    return resident_mb(c);
}

static void make_inputs(command *c)
{
    command_shell(c, "ffmpeg -v error -f lavfi -i testsrc2=size=320x240:rate=25 -t 0.5 -c:v mpeg4 "
                     "short.mp4");
    command_shell(c, "ffmpeg -v error -f lavfi -i testsrc2=size=320x240:rate=25 -f lavfi -i "
                     "sine=frequency=440 -t 1.2 -c:v mpeg4 -c:a aac sound.mkv");
    command_shell(c, "ffmpeg -v error -f lavfi -i testsrc2=size=160x120 -frames:v 1 still.png");
    net_make_style(c->folder, "extra.safetensors", "tiny-subpixel", 4);
}

static void soak(command *c, int seconds, uint32_t seed)
{
    counts n = {.longest = ""};
    double first_mb = 0;
    const int64_t start_ns = bc_clock_ns();
    for (int64_t now_ns = start_ns; now_ns < start_ns + seconds * 1000000000LL;
         now_ns = bc_clock_ns()) {
        say(c, verbs[random_below(&seed, sizeof(verbs) / sizeof(verbs[0]))], &n);
        nap_ms((int)random_below(&seed, 2 * BEAT_MS));
        if (first_mb == 0 && now_ns > start_ns + MINUTE_S * 1000000000LL)
            first_mb = settled_mb(c);
    }
    const double last_mb = settled_mb(c);
    printf("%d ok, %d refused, longest answer %.0f ms (%s); %.0f MB after a minute, %.0f MB at "
           "the end\n",
           n.n_ok, n.n_refused, n.longest_ms, n.longest, first_mb, last_mb);
    if (first_mb > 0 && KNOWS_MEMORY)
        CHECK_AT_MOST(last_mb, 1.15 * first_mb);
}

int main(int n_args, char **args)
{
    command c;
    if (n_args < 3)
        return 2;
    command_begin(&c, 3);
    make_inputs(&c);
    command_play(&c, args[1], "sound.mkv --loop --mask-input short.mp4 --to all.mkv");
    soak(&c, atoi(args[2]), n_args > 3 ? (uint32_t)atoi(args[3]) : 1);
    CHECK_INT(command_number(&c, "failed_outputs"), 0);
    CHECK_AT_MOST(command_quit(&c, 0), 30);
    CHECK_INT(atoi(command_shell(&c, "ls | grep -c part$ || true")), 0); /* all is whole */
    CHECK(command_has_frames(&c, "all.mkv", 10));
    return command_end(&c);
}
