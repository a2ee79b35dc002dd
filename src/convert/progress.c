#include "convert/progress.h"

#include <jansson.h>
#include <math.h>

#include "base/clock.h"
#include "cli/console.h"

enum { LINE_INTERVAL_NS = 200000000, JSON_INTERVAL_NS = 500000000 };

/* Where the conversion is, or -1 for what is not known. */
typedef struct position {
    double percent, fps, speed, eta_s;
} position;

static position locate(const bc_progress *progress, int64_t now_ns, int64_t time_us)
{
    const double elapsed_s = 1e-9 * (double)(now_ns - progress->start_ns);
    position at = {.percent = -1, .eta_s = -1};
    if (elapsed_s > 0) {
        at.fps = (double)progress->n_frames / elapsed_s;
        at.speed = 1e-6 * (double)time_us / elapsed_s;
    }
    double share = 0;
    if (progress->n_expected > 0)
        share = (double)progress->n_frames / (double)progress->n_expected;
    else if (progress->duration_us > 0)
        share = (double)time_us / (double)progress->duration_us;
    if (share > 0) {
        share = fmin(share, 1);
        at.percent = 100 * share;
        at.eta_s = elapsed_s * (1 - share) / share;
    }
    return at;
}

static void print_line(const bc_progress *progress, const position *at)
{
    char line[256];
    int n = snprintf(line, sizeof(line), "frame %lld", (long long)progress->n_frames);
    if (progress->n_expected > 0)
        n += snprintf(line + n, sizeof(line) - (size_t)n, "/%lld", (long long)progress->n_expected);
    if (at->percent >= 0)
        n += snprintf(line + n, sizeof(line) - (size_t)n, "  %3.0f%%", floor(at->percent));
    n += snprintf(line + n, sizeof(line) - (size_t)n, "  %.1f fps  %.2fx", at->fps, at->speed);
    if (at->eta_s >= 0) {
        const int eta_s = (int)(at->eta_s + 0.5);
        n += snprintf(line + n, sizeof(line) - (size_t)n, "  ETA %d:%02d", eta_s / 60, eta_s % 60);
    }
    snprintf(line + n, sizeof(line) - (size_t)n, "  %s", progress->style);
    bc_console_progress(line);
}

static void set_known(json_t *object, const char *key, double value)
{
    if (value >= 0)
        json_object_set_new(object, key, json_real(value));
}

static void print_json(const bc_progress *progress, const position *at, int64_t time_us,
                       const char *state)
{
    json_t *object =
        json_pack("{s:s, s:s, s:I, s:f, s:f, s:f, s:s}", "state", state, "file", progress->file,
                  "frame", (json_int_t)progress->n_frames, "time_s", 1e-6 * (double)time_us, "fps",
                  at->fps, "speed", at->speed, "style", progress->style);
    if (!object)
        return; /* a file name that is not UTF-8 */
    if (progress->n_expected > 0)
        json_object_set_new(object, "frames", json_integer(progress->n_expected));
    set_known(object, "percent", at->percent);
    set_known(object, "eta_s", at->eta_s);
    json_dumpf(object, progress->stream, JSON_COMPACT | JSON_REAL_PRECISION(6));
    fputc('\n', progress->stream);
    fflush(progress->stream);
    json_decref(object);
}

static void print(bc_progress *progress, int64_t now_ns, int64_t time_us, const char *state)
{
    const position at = locate(progress, now_ns, time_us);
    progress->last_ns = now_ns;
    if (progress->mode == BC_PROGRESS_LINE)
        print_line(progress, &at);
    else if (progress->mode == BC_PROGRESS_JSON)
        print_json(progress, &at, time_us, state);
}

void bc_progress_start(bc_progress *progress)
{
    progress->start_ns = progress->last_ns = bc_clock_ns();
    progress->n_frames = 0;
}

void bc_progress_add(bc_progress *progress, int64_t time_us)
{
    const int64_t now_ns = bc_clock_ns();
    const int64_t interval_ns =
        progress->mode == BC_PROGRESS_LINE ? LINE_INTERVAL_NS : JSON_INTERVAL_NS;
    progress->n_frames++;
    if (now_ns - progress->last_ns >= interval_ns)
        print(progress, now_ns, time_us, "running");
}

void bc_progress_end(bc_progress *progress, int64_t time_us, const char *state)
{
    print(progress, bc_clock_ns(), time_us, state);
    if (progress->mode == BC_PROGRESS_LINE)
        bc_console_progress(NULL);
}
