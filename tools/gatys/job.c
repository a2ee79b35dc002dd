#include "gatys/job.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "cli/console.h"
#include "media/picture.h"

typedef struct job {
    const bc_gatys_run *run;
    const char *output;
    char state[PATH_MAX];
    bool has_state; /* a file to go on from, of this work */
    int64_t start_ns;
    double before_s; /* spent before a resumption */
    bool has_progress;
    char *rows; /* of the CSV, since the last round */
    size_t rows_size;
    FILE *rows_stream;
    bc_status failed; /* of a snapshot */
} job;

static double seconds(const job *j)
{
    return j->before_s + (double)(bc_clock_ns() - j->start_ns) * 1e-9;
}

static bc_status write_planes(const char *path, const float *picture, int height, int width,
                              const bc_log *log)
{
    const int n = height * width;
    uint8_t *pixels = malloc((size_t)n * 3);
    if (!pixels)
        return bc_fail(log, BC_ERR_MEMORY, "no memory for a picture of %dx%d", width, height);
    bc_picture_quantise(pixels, picture, n, (size_t)n);
    const bc_image image = {.pixels = pixels,
                            .stride_bytes = (ptrdiff_t)width * 3,
                            .width = width,
                            .height = height,
                            .format = BC_RGB24};
    const bc_status status = bc_picture_write(path, &image, log);
    free(pixels);
    return status;
}

/* Events ----------------------------------------------------------------------------------- */

/* OUTPUT with the iteration before its extension; the scale too, if there are several. */
static void snapshot_path(char path[PATH_MAX], const job *j, const bc_synthesis_step *step)
{
    const char *slash = strrchr(j->output, '/'), *dot = strrchr(j->output, '.');
    if (!dot || (slash && dot < slash))
        dot = j->output + strlen(j->output);
    char scale[16] = "";
    if (j->run->options->config.n_scales > 1)
        snprintf(scale, sizeof(scale), "-%d", step->scale);
    snprintf(path, PATH_MAX, "%.*s%s-%04d%s", (int)(dot - j->output), j->output, scale,
             step->iteration, dot);
}

static void show_progress(const job *j, const bc_synthesis_step *step)
{
    char line[PATH_MAX + 160];
    snprintf(
        line, sizeof(line), "%s: scale %d/%d, %d/%d, loss %.4g (content %.4g, style %.4g), %.0f s",
        j->output, step->scale + 1, j->run->options->config.n_scales, step->iteration,
        j->run->options->config.n_iterations, step->total, step->content, step->style, seconds(j));
    bc_console_progress(line);
}

static bool on_step(void *cookie, const bc_synthesis_step *step)
{
    job *j = cookie;
    const bc_gatys_options *o = j->run->options;
    if (j->rows_stream)
        fprintf(j->rows_stream, "%d,%d,%.3f,%.9g,%.9g,%.9g,%.9g,%.9g\n", step->scale,
                step->iteration, seconds(j), step->total, step->content, step->style,
                step->variation, step->laplacian);
    if (j->has_progress)
        show_progress(j, step);
    if (o->every && step->iteration % o->every == 0) {
        char path[PATH_MAX];
        snapshot_path(path, j, step);
        j->failed = write_planes(path, step->picture, step->height, step->width, j->run->log);
    }
    return j->failed == BC_OK && atomic_load(j->run->stop) == 0;
}

/* The rows of a round go to the file when it is saved: what is made again is not logged twice. */
static bc_status append_rows(job *j)
{
    const char *path = j->run->options->log;
    FILE *file = fopen(path, "a");
    const bool ok = file && fflush(j->rows_stream) == 0 &&
                    fwrite(j->rows, 1, j->rows_size, file) == j->rows_size;
    if ((file && fclose(file) != 0) || !ok)
        return bc_fail(j->run->log, BC_ERR_IO, "%s: cannot be written: %s", path, strerror(errno));
    rewind(j->rows_stream);
    return BC_OK;
}

static bc_status on_round(void *cookie, const bc_synthesis *synthesis)
{
    job *j = cookie;
    const bc_status status = bc_synthesis_save(synthesis, j->state, seconds(j));
    j->has_state = j->has_state || status == BC_OK;
    return status == BC_OK && j->rows_stream ? append_rows(j) : status;
}

/* ------------------------------------------------------------------------------------------ */

static bc_status start_log(job *j, bool is_new)
{
    static const char header[] =
        "scale,iteration,seconds,total,content,style,variation,laplacian\n";
    if (!j->run->options->log)
        return BC_OK;
    j->rows_stream = open_memstream(&j->rows, &j->rows_size);
    if (!j->rows_stream)
        return bc_fail(j->run->log, BC_ERR_MEMORY, "no memory for the log");
    if (!is_new)
        return BC_OK;
    unlink(j->run->options->log);
    fputs(header, j->rows_stream);
    return append_rows(j);
}

static bc_status write_result(const job *j, const bc_synthesis *synthesis)
{
    int height, width;
    const float *picture = bc_synthesis_picture(synthesis, &height, &width);
    const bc_status status = write_planes(j->output, picture, height, width, j->run->log);
    if (status == BC_OK)
        unlink(j->state);
    return status;
}

static bc_status work(job *j, bc_synthesis *synthesis, bool resume)
{
    const bool goes_on = resume && access(j->state, F_OK) == 0;
    bc_status status = BC_OK;
    if (goes_on)
        status = bc_synthesis_restore(synthesis, j->state, &j->before_s);
    j->has_state = goes_on && status == BC_OK;
    if (status == BC_OK)
        status = start_log(j, !goes_on);
    if (status < 0)
        return status;
    const bc_synthesis_events events = {on_step, on_round, j};
    status = bc_synthesis_run(synthesis, &events);
    if (j->has_progress)
        bc_console_progress(NULL);
    if (j->failed < 0)
        return j->failed;
    if (status == BC_OK && j->rows_stream)
        status = append_rows(j);
    return status == BC_OK ? write_result(j, synthesis) : status;
}

bc_status bc_gatys_paint(const bc_gatys_run *run, const bc_photo *content, const char *output,
                         bool resume)
{
    job j = {.run = run,
             .output = output,
             .start_ns = bc_clock_ns(),
             .has_progress = bc_console_level() >= BC_LOG_INFO && isatty(STDERR_FILENO)};
    if (snprintf(j.state, sizeof(j.state), "%s.state", output) >= (int)sizeof(j.state))
        return bc_fail(run->log, BC_ERR_ARGUMENT, "%s: the name is too long", output);
    bc_synthesis *synthesis;
    bc_status status = bc_synthesis_open(&synthesis, &run->options->config, run->vgg,
                                         run->workspace, content, run->style, run->start, run->log);
    if (status == BC_OK)
        status = work(&j, synthesis, resume);
    bc_synthesis_close(&synthesis);
    if (j.rows_stream)
        fclose(j.rows_stream);
    free(j.rows);
    if (status == BC_OK)
        bc_log_write(run->log, BC_LOG_INFO, "%s: painted in %.1f s", output, seconds(&j));
    else if (j.has_state)
        bc_log_write(run->log, BC_LOG_WARNING, "%s: kept, for --resume to go on from", j.state);
    return status;
}
