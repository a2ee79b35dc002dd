/* brushcast-train: from photographs and paintings to the files of a net. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/folder.h"
#include "base/log.h"
#include "cli/console.h"
#include "cli/interrupt.h"
#include "cli/program.h"
#include "media/log.h"
#include "train/blas.h"
#include "train/checkpoint.h"
#include "train/fingerprint.h"
#include "train/loss_log.h"
#include "train/net_files.h"
#include "train/painting.h"
#include "train/train_options.h"

enum { LOG_EVERY = 25, N_SHEET_PHOTOS = 4, N_WATCHED_PHOTOS = 8 };

static const char *const command_names[] = {"autoencoder", "bank", "joint", "measure"};

typedef struct session {
    const bc_train_options *options;
    const bc_log *log;
    char command[1024]; /* line */
    bc_ranks ranks;
    bc_workspace workspace;
    bc_photos photos;
    bc_samples samples;
    bc_vgg vgg;
    bc_painting paintings[BC_TRAIN_MAX_STYLES];
    int n_paintings;
    bc_trainer trainer;
    const atomic_int *stop; /* not 0 once somebody asked to stop */
    FILE *csv;              /* of the first process */
    bc_train_losses sum;    /* of the steps that it lacks yet */
    int n_summed;
    int64_t saved_step; /* of the last checkpoint; 0: none */
    int64_t start_ns;
    double before_s; /* spent before a resumption */
} session;

/* The command line as provenance: the words as they were given. */
static void join_words(char *text, size_t size, int argc, char **argv)
{
    size_t n = (size_t)snprintf(text, size, "brushcast-train");
    for (int i = 1; i < argc && n < size; i++)
        n += (size_t)snprintf(text + n, size - n, " %s", argv[i]);
}

/* A file of this training in the net's folder of checkpoints. */
static const char *work_path(char path[PATH_MAX], const session *s, const char *extension)
{
    const bc_train_options *o = s->options;
    snprintf(path, PATH_MAX, "%s/checkpoints/%s%s%s.%s", o->net, command_names[o->command],
             o->command == BC_TRAIN_BANK ? "-" : "",
             o->command == BC_TRAIN_BANK ? s->paintings[0].info.name : "", extension);
    return path;
}

static bc_status make_folders(const bc_train_options *o, const bc_log *log)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/checkpoints", o->net);
    return bc_folder_make(path, log);
}

static bc_status open_target(session *s, bc_style_target **target, const bc_painting *painting,
                             int brush)
{
    bc_loss_params params;
    float *picture = NULL;
    bc_status status =
        bc_trainer_loss_params(&params, &s->trainer.config, &s->vgg, &s->workspace, s->log);
    if (status == BC_OK)
        status =
            bc_painting_resize(&picture, &params.height, &params.width, painting, brush, s->log);
    if (status == BC_OK)
        status = bc_style_target_open(target, &params, picture, s->log);
    free(picture);
    return status;
}

static bc_status open_style(session *s, int i)
{
    const bc_train_options *o = s->options;
    bc_train_style *style = &s->trainer.styles[i];
    bc_status status = BC_OK;
    style->info = s->paintings[i].info;
    for (; style->n_targets < o->n_brushes && status == BC_OK; style->n_targets++)
        status = open_target(s, &style->targets[style->n_targets], &s->paintings[i],
                             o->brushes[style->n_targets]);
    return status;
}

static bc_status check_painting(const session *s, const bc_painting *painting)
{
    for (const bc_painting *other = s->paintings; other < painting; other++)
        if (strcmp(other->info.name, painting->info.name) == 0)
            return bc_fail(s->log, BC_ERR_ARGUMENT, "%s and %s: two styles of the name '%s'",
                           other->photo.path, painting->photo.path, painting->info.name);
    const int width = painting->photo.width, height = painting->photo.height;
    if (2 * (width < height ? width : height) < s->options->brushes[0])
        bc_log_write(s->log, BC_LOG_WARNING,
                     "%s: %dx%d, small for --brush %d: its strokes will be blurred",
                     painting->photo.path, width, height, s->options->brushes[0]);
    return BC_OK;
}

static bc_status open_paintings(session *s)
{
    const bc_train_options *o = s->options;
    bc_status status = BC_OK;
    while (s->n_paintings < o->styles.n && status == BC_OK) {
        bc_painting *painting = &s->paintings[s->n_paintings];
        status =
            bc_painting_open(painting, o->styles.texts[s->n_paintings++], o->paintings, s->log);
        if (status == BC_OK)
            status = check_painting(s, painting);
    }
    return status;
}

static uint64_t fingerprint_photos(const bc_photos *photos)
{
    uint64_t hash = BC_FINGERPRINT_START;
    for (int i = 0; i < photos->n_training; i++)
        hash = bc_photo_fingerprint(hash, &photos->training[i]);
    return hash;
}

static uint64_t fingerprint_samples(const bc_samples *samples)
{
    uint64_t hash = BC_FINGERPRINT_START;
    for (int i = 0; i < samples->n; i++)
        hash = bc_photo_fingerprint(hash, &samples->samples[i].painting);
    return hash;
}

static uint64_t fingerprint_network(const bc_vgg *vgg)
{
    uint64_t hash = BC_FINGERPRINT_START;
    for (int i = 0; i < vgg->n_layers; i++)
        hash =
            bc_fingerprint(hash, vgg->layers[i].bias, (size_t)vgg->layers[i].n_out * sizeof(float));
    return hash;
}

/* What --resume compares beside the configuration. */
static void describe_inputs(session *s)
{
    const bc_train_options *o = s->options;
    uint64_t paintings = BC_FINGERPRINT_START, brushes;
    for (int i = 0; i < s->n_paintings; i++)
        paintings = bc_photo_fingerprint(paintings, &s->paintings[i].photo);
    brushes = bc_fingerprint(BC_FINGERPRINT_START, o->brushes,
                             (size_t)o->n_brushes * sizeof(o->brushes[0]));
    snprintf(s->trainer.inputs, sizeof(s->trainer.inputs),
             "photographs %016" PRIx64 " paintings %016" PRIx64 " brushes %016" PRIx64
             " samples %016" PRIx64 " loss-network %016" PRIx64 " %s",
             fingerprint_photos(&s->photos), paintings, brushes, fingerprint_samples(&s->samples),
             fingerprint_network(&s->vgg), s->vgg.backward == BC_PRODUCT_BF16 ? "bf16" : "f32");
}

/* A net that is there is gone on from; banks and figures need one. */
static bc_status open_trainer(session *s)
{
    const bc_train_options *o = s->options;
    bc_train_config config = o->config;
    const bc_status probe = bc_net_files_probe(&config, o->net, s->log);
    if (probe < 0)
        return probe;
    if (probe == BC_END && config.is_frozen)
        return bc_fail(s->log, BC_ERR_IO, "%s: has no auto-encoder to train a bank on", o->net);
    bc_status status = bc_trainer_open(&s->trainer, &config, o->styles.n, &s->photos, &s->vgg,
                                       s->ranks, s->workspace.n_threads, s->log);
    for (int i = 0; i < o->styles.n && status == BC_OK; i++)
        status = open_style(s, i);
    s->trainer.samples = o->samples ? &s->samples : NULL;
    describe_inputs(s);
    if (status == BC_OK && probe == BC_OK)
        status = bc_net_files_read(&s->trainer, o->net, o->command == BC_TRAIN_MEASURE, s->log);
    return status;
}

static bc_status open_loss_network(session *s)
{
    const bc_train_options *o = s->options;
    const bool has_bf16 = bc_product_has(BC_PRODUCT_BF16);
    if (o->precision == BC_TRAIN_PRECISION_BF16 && !has_bf16)
        return bc_fail(s->log, BC_ERR_ARGUMENT, "--precision bf16: no AVX512_BF16 here");
    const bc_status status = bc_vgg_open(&s->vgg, o->loss_network, s->log);
    if (status < 0 || !has_bf16 || o->precision == BC_TRAIN_PRECISION_F32)
        return status;
    return bc_vgg_set_backward(&s->vgg, BC_PRODUCT_BF16, s->log);
}

static bc_status session_open(session *s)
{
    const bc_train_options *o = s->options;
    const bc_log *log = s->log;
    s->start_ns = bc_clock_ns();
    if (s->ranks.n > o->config.batch)
        return bc_fail(log, BC_ERR_ARGUMENT, "--batch %d: fewer photographs than the %d processes",
                       o->config.batch, s->ranks.n);
    bc_status status = bc_workspace_open(&s->workspace, o->n_threads, log);
    if (status == BC_OK)
        status = open_paintings(s);
    if (status == BC_OK && o->loss_network)
        status = open_loss_network(s);
    if (status == BC_OK)
        status = bc_photos_open(&s->photos, (const char *const *)o->photos, o->n_photos,
                                o->config.crop, 2 * o->config.crop, o->n_validation, log);
    if (status == BC_OK && o->samples)
        status = bc_samples_open(&s->samples, o->samples, &s->photos, log);
    if (status == BC_OK)
        status = open_trainer(s);
    if (status == BC_OK)
        bc_log_write(log, BC_LOG_INFO, "%d photographs, and %d for validation; ready after %.1f s",
                     s->photos.n_training, s->photos.n_validation,
                     (double)(bc_clock_ns() - s->start_ns) * 1e-9);
    return status;
}

static void session_close(session *s)
{
    if (s->csv)
        fclose(s->csv);
    bc_trainer_close(&s->trainer);
    for (int i = 0; i < s->n_paintings; i++)
        bc_painting_close(&s->paintings[i]);
    bc_samples_close(&s->samples);
    bc_photos_close(&s->photos);
    bc_vgg_close(&s->vgg);
    bc_workspace_close(&s->workspace);
}

static double seconds(const session *s)
{
    return s->before_s + (double)(bc_clock_ns() - s->start_ns) * 1e-9;
}

/* Measuring ---------------------------------------------------------------------------------- */

static bc_status measure(session *s)
{
    bc_train_figures figures;
    FILE *out = s->ranks.rank == 0 ? stdout : NULL;
    if (out)
        fprintf(out, "%-24s %8s %8s %8s %8s\n", "style", "style", "content", "shift", "flicker");
    for (int i = 0; i < s->trainer.n_styles; i++) {
        const bc_status status =
            bc_trainer_validate(&s->trainer, &figures, i, s->photos.n_validation, s->log);
        if (status < 0)
            return status;
        if (!out)
            continue;
        fprintf(out, "%-24s %8.3f %8.3f %8.2f %8.3f\n", s->trainer.styles[i].info.name,
                figures.style_ratio, figures.losses.content, figures.shift, figures.flicker);
        fflush(out);
    }
    return BC_OK;
}

/* Training ----------------------------------------------------------------------------------- */

/* The state is the same in all processes: the first one writes it. */
static bc_status save(session *s)
{
    char path[PATH_MAX];
    if (s->ranks.rank > 0)
        return BC_OK;
    s->trainer.seconds = seconds(s);
    const bc_status status =
        bc_checkpoint_write(work_path(path, s, "safetensors"), &s->trainer, s->log);
    if (status < 0)
        return status;
    s->saved_step = s->trainer.step;
    return bc_net_files_write(&s->trainer, s->options->net, s->command, s->log);
}

/* Prints the figures, draws the sheet; BC_END when the figures have stopped getting better. */
static bc_status watch(session *s)
{
    char path[PATH_MAX];
    bc_trainer *t = &s->trainer;
    const int n =
        s->photos.n_validation < N_WATCHED_PHOTOS ? s->photos.n_validation : N_WATCHED_PHOTOS;
    double total = 0;
    bc_train_figures f;
    for (int i = t->n_styles > 0 ? 0 : -1; i < t->n_styles; i++) {
        const bc_status status = bc_trainer_validate(t, &f, i, n, s->log);
        if (status < 0)
            return status;
        total += f.losses.total;
        if (i < 0)
            bc_log_write(s->log, BC_LOG_INFO, "    identity %.4f", f.losses.identity);
        else
            bc_log_write(
                s->log, BC_LOG_INFO, "    %-20s style %.3f  content %.3f  shift %.1f  flicker %.2f",
                t->styles[i].info.name, f.style_ratio, f.losses.content, f.shift, f.flicker);
    }
    t->n_worse = total < t->best_total * 0.998 ? 0 : t->n_worse + 1;
    t->best_total = fmin(t->best_total, total);
    if (s->ranks.rank == 0) {
        const bc_status status = bc_trainer_sheet(t, work_path(path, s, "png"),
                                                  n < N_SHEET_PHOTOS ? n : N_SHEET_PHOTOS, s->log);
        if (status < 0)
            return status;
    }
    return s->options->patience && t->n_worse >= s->options->patience ? BC_END : BC_OK;
}

/* Now and then a line of the log, of the means since the last one over the steps of both paths. */
static bc_status log_losses(session *s, const bc_train_losses *losses)
{
    const bc_trainer *t = &s->trainer;
    bc_train_losses_add(&s->sum, losses, 1);
    s->n_summed++;
    if (t->step % LOG_EVERY != 0 && t->step != t->config.n_steps)
        return BC_OK;
    bc_train_losses mean = {0};
    bc_train_losses_add(&mean, &s->sum, 1.0 / s->n_summed);
    s->sum = (bc_train_losses){0};
    s->n_summed = 0;
    bc_log_write(s->log, BC_LOG_INFO, "step %lld of %lld, %.0f s: loss %.4f", (long long)t->step,
                 (long long)t->config.n_steps, seconds(s), mean.total);
    return s->csv ? bc_loss_log_write(s->csv, t->step, seconds(s), &mean, s->log) : BC_OK;
}

static bc_status read_checkpoint(session *s)
{
    char path[PATH_MAX];
    const bc_status status =
        bc_checkpoint_read(&s->trainer, work_path(path, s, "safetensors"), s->log);
    s->saved_step = s->trainer.step;
    s->before_s = s->trainer.seconds;
    return status;
}

static bc_status start(session *s)
{
    char path[PATH_MAX];
    const bool writes = s->ranks.rank == 0;
    bc_status status = bc_net_files_check(&s->trainer, s->options->net, s->log);
    if (status == BC_OK && s->options->resume)
        status = read_checkpoint(s);
    if (status == BC_OK && writes)
        status = make_folders(s->options, s->log);
    if (status == BC_OK && writes)
        status = bc_loss_log_open(&s->csv, work_path(path, s, "csv"), s->trainer.step, s->log);
    return status;
}

static bc_status make_step(session *s)
{
    const bc_train_options *o = s->options;
    bc_trainer *t = &s->trainer;
    bc_train_losses losses;
    bc_status status = bc_trainer_step(t, &losses, s->log);
    if (status == BC_OK)
        status = log_losses(s, &losses);
    if (status == BC_OK && (t->step % o->validate_every == 0 || t->step == t->config.n_steps))
        status = watch(s);
    if (status == BC_OK && t->step % o->checkpoint_every == 0)
        status = save(s);
    return status;
}

static void tell_what_is_kept(const session *s)
{
    char path[PATH_MAX];
    if (s->saved_step > 0)
        bc_log_write(s->log, BC_LOG_ERROR, "%s: the state of step %lld is kept",
                     work_path(path, s, "safetensors"), (long long)s->saved_step);
}

static bc_status train(session *s)
{
    const bc_trainer *t = &s->trainer;
    bool interrupted = false;
    bc_status status = start(s);
    while (status == BC_OK && t->step < t->config.n_steps &&
           !(interrupted = bc_ranks_any(&s->ranks, atomic_load(s->stop) != 0)))
        status = make_step(s);
    if (status == BC_END)
        bc_log_write(s->log, BC_LOG_INFO, "step %lld: no gain any more, stopped",
                     (long long)t->step);
    if (status >= 0)
        status = save(s);
    if (status < 0)
        tell_what_is_kept(s);
    return status == BC_OK && interrupted ? BC_ERR_INTERRUPTED : status;
}

static int exit_code(bc_status status)
{
    return status >= 0 ? 0 : status == BC_ERR_INTERRUPTED ? 130 : 1;
}

/* A process that fails takes the others with it: they would wait for it for ever. The first one
 * speaks; the others only of what ends them. */
static int run(session *s)
{
    bc_status status = bc_ranks_open(&s->ranks, s->log);
    if (s->ranks.rank > 0)
        bc_console_set_level(BC_LOG_ERROR);
    if (status == BC_OK)
        status = session_open(s);
    if (status == BC_OK)
        status = s->options->command == BC_TRAIN_MEASURE ? measure(s) : train(s);
    session_close(s);
    if (status < 0 && status != BC_ERR_INTERRUPTED)
        bc_ranks_abort(&s->ranks, exit_code(status));
    bc_ranks_close(&s->ranks);
    return exit_code(status);
}

int bc_train_run_command(int n_args, char **args, const bc_log *log)
{
    bc_train_options options;
    session s = {.options = &options, .log = log};
    join_words(s.command, sizeof(s.command), n_args, args);
    const int parsed = bc_train_options_parse(&options, n_args, args, log);
    if (parsed != 0)
        return parsed < 0 ? 2 : 0;
    s.stop = bc_interrupt_install();
    bc_media_log(log);
    return run(&s);
}

static const bc_program program = {
    .name = "brushcast-train",
    .summary = "train nets and styles of Brushcast",
    .files = "A net is a folder: autoencoder.safetensors and a file for each style in styles; "
             "checkpoints, curves of the losses and preview sheets stand in its folder "
             "checkpoints.",
    .commands = (const bc_command *const[]){&bc_train_command, NULL},
};

int main(int n_args, char **args)
{
    bc_blas_choose(args);
    return bc_program_run(&program, n_args, args);
}
