/* brushcast-train: from photographs and paintings to the files of a net. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/folder.h"
#include "base/log.h"
#include "cli/console.h"
#include "cli/interrupt.h"
#include "cli/program.h"
#include "media/log.h"
#include "train/blas.h"
#include "train/checkpoint.h"
#include "train/loss_log.h"
#include "train/nearest.h"
#include "train/net_files.h"
#include "train/preview.h"
#include "train/session.h"

/* Of a watched training, all styles together; of measured ones, each. */
enum { LOG_EVERY = 25, N_SHEET_PHOTOS = 4, N_WATCHED_PICTURES = 24, N_PATCHES = 24 };

/* A training under way. */
typedef struct run {
    bc_train_session session;
    const bc_log *log;
    char command[1024];     /* line */
    const atomic_int *stop; /* not 0 once somebody asked to stop */
    FILE *csv;              /* of the first process */
    bc_train_losses sum;    /* of the steps that it lacks yet */
    int n_summed;
    int64_t saved_step; /* of the last checkpoint; 0: none */
    int64_t start_ns;
    double before_s; /* spent before a resumption */
} run;

/* The command line as provenance: the words as they were given. */
static void join_words(char *text, size_t size, int argc, char **argv)
{
    size_t n = (size_t)snprintf(text, size, "brushcast-train");
    for (int i = 1; i < argc && n < size; i++)
        n += (size_t)snprintf(text + n, size - n, " %s", argv[i]);
}

/* A file of this training in the net's folder of checkpoints. */
static const char *work_path(char path[PATH_MAX], const run *r, const char *extension)
{
    const bc_train_options *o = r->session.options;
    const bool is_of_style = o->command == BC_TRAIN_BANK || o->command == BC_TRAIN_DISTIL;
    snprintf(path, PATH_MAX, "%s/checkpoints/%s%s%s.%s", o->net, bc_train_command_names[o->command],
             is_of_style ? "-" : "", is_of_style ? r->session.paintings[0].info.name : "",
             extension);
    return path;
}

static bc_status make_folders(const bc_train_options *o, const bc_log *log)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/checkpoints", o->net);
    return bc_folder_make(path, log);
}

static double seconds(const run *r)
{
    return r->before_s + (double)(bc_clock_ns() - r->start_ns) * 1e-9;
}

/* Measuring -------------------------------------------------------------------------------- */

static void print_figures(const char *name, const bc_train_figures *f)
{
    printf("%-24s %8.3f %8.3f %8.2f %8.2f %8.2f %8.3f\n", name, f->losses.style, f->losses.content,
           f->recognition, f->lattice, f->shift, f->flicker);
    fflush(stdout);
}

static void add_figures(bc_train_figures *sum, const bc_train_figures *f, double share)
{
    bc_train_losses_add(&sum->losses, &f->losses, share);
    sum->recognition += share * f->recognition;
    sum->lattice += share * f->lattice;
    sum->shift += share * f->shift;
    sum->flicker += share * f->flicker;
}

static bc_status measure(run *r)
{
    bc_trainer *t = &r->session.trainer;
    bc_train_figures figures, mean = {.lattice = 0};
    const bool prints = r->session.ranks.rank == 0;
    if (prints)
        printf("%-24s %8s %8s %8s %8s %8s %8s\n", "style", "style", "content", "known", "lattice",
               "shift", "flicker");
    for (int i = 0; i < t->n_styles; i++) {
        const bc_status status =
            bc_trainer_validate(t, &figures, i, r->session.photos.n_validation, N_PATCHES, r->log);
        if (status < 0)
            return status;
        add_figures(&mean, &figures, 1.0 / t->n_styles);
        if (prints)
            print_figures(t->styles[i].info.name, &figures);
    }
    if (prints)
        print_figures("mean", &mean);
    return BC_OK;
}

/* Training --------------------------------------------------------------------------------- */

/* The state is the same in all processes: the first one writes it. */
static bc_status save(run *r)
{
    char path[PATH_MAX];
    const bc_train_session *s = &r->session;
    if (s->ranks.rank > 0)
        return BC_OK;
    r->session.trainer.seconds = seconds(r);
    const bc_status status =
        bc_checkpoint_write(work_path(path, r, "safetensors"), &s->trainer, r->log);
    if (status < 0)
        return status;
    r->saved_step = s->trainer.step;
    return bc_net_files_write(&s->trainer, s->options->net, s->n_paintings, r->command, r->log);
}

static void tell_figures(const run *r, int style, const bc_train_figures *f)
{
    if (style < 0 || r->session.options->command == BC_TRAIN_WARMUP)
        bc_log_write(r->log, BC_LOG_INFO, "    identity %.4f", f->losses.identity);
    else
        bc_log_write(r->log, BC_LOG_INFO,
                     "    %-20s style %.3f  content %.3f  shift %.1f  flicker %.2f",
                     r->session.trainer.styles[style].info.name, f->losses.style, f->losses.content,
                     f->shift, f->flicker);
}

static bc_status draw_sheet(run *r)
{
    char path[PATH_MAX];
    const bc_train_session *s = &r->session;
    const int n_set_aside = s->photos.n_validation;
    work_path(path, r, "png");
    if (s->n_previews > 0)
        return bc_preview_write(&s->trainer, path, s->previews, s->n_previews, r->log);
    return bc_preview_write(&s->trainer, path, s->photos.validation,
                            n_set_aside < N_SHEET_PHOTOS ? n_set_aside : N_SHEET_PHOTOS, r->log);
}

/* Prints figures, on fewer photographs the more styles there are, and draws the sheet. */
static bc_status watch(run *r)
{
    bc_trainer *t = &r->session.trainer;
    const int n_styles = t->n_styles, n_set_aside = r->session.photos.n_validation;
    const int n_each = n_styles < N_WATCHED_PICTURES ? N_WATCHED_PICTURES / (n_styles + 1) : 1;
    const int n = n_each < 1 ? 1 : n_each < n_set_aside ? n_each : n_set_aside;
    bc_train_figures figures;
    for (int i = n_styles > 0 ? 0 : -1; i < n_styles; i++) {
        const bc_status status = bc_trainer_validate(t, &figures, i, n, 0, r->log);
        if (status < 0)
            return status;
        tell_figures(r, i, &figures);
    }
    return r->session.ranks.rank == 0 ? draw_sheet(r) : BC_OK;
}

/* Now and then a line of the log, of the means since the last one over the steps of both paths. */
static bc_status log_losses(run *r, const bc_train_losses *losses)
{
    const bc_trainer *t = &r->session.trainer;
    bc_train_losses_add(&r->sum, losses, 1);
    r->n_summed++;
    if (t->step % LOG_EVERY != 0 && t->step != t->config.n_steps)
        return BC_OK;
    bc_train_losses mean = {0};
    bc_train_losses_add(&mean, &r->sum, 1.0 / r->n_summed);
    r->sum = (bc_train_losses){0};
    r->n_summed = 0;
    bc_log_write(r->log, BC_LOG_INFO,
                 "step %lld of %lld, %.0f s: loss %.4f (content %.3f, style %.3f)",
                 (long long)t->step, (long long)t->config.n_steps, seconds(r), mean.total,
                 mean.content, mean.style);
    return r->csv ? bc_loss_log_write(r->csv, t->step, seconds(r), &mean, r->log) : BC_OK;
}

static bc_status read_checkpoint(run *r)
{
    char path[PATH_MAX];
    bc_trainer *t = &r->session.trainer;
    const bc_status status = bc_checkpoint_read(t, work_path(path, r, "safetensors"), r->log);
    r->saved_step = t->step;
    r->before_s = t->seconds;
    return status;
}

/* --quick: each new style starts from the one of the net whose pictures are nearest to it. */
static bc_status start_from_nearest(run *r)
{
    bc_train_session *s = &r->session;
    bc_style_name *names;
    int n;
    bc_status status = bc_net_files_list(&names, &n, s->options->net, r->log);
    for (int i = 0; i < s->n_paintings && status == BC_OK; i++)
        status = bc_nearest_style(&s->trainer, i, s->options->net, names, n, r->log);
    free(names);
    return status;
}

static bc_status start(run *r)
{
    char path[PATH_MAX];
    const bc_train_session *s = &r->session;
    const bc_train_options *o = s->options;
    const bool writes = s->ranks.rank == 0;
    bc_status status = bc_net_files_check(&s->trainer, o->net, r->log);
    if (status == BC_OK && o->resume)
        status = read_checkpoint(r);
    else if (status == BC_OK && o->is_quick)
        status = start_from_nearest(r);
    if (status == BC_OK && writes)
        status = make_folders(o, r->log);
    if (status == BC_OK && writes)
        status = bc_loss_log_open(&r->csv, work_path(path, r, "csv"), s->trainer.step, r->log);
    return status;
}

static bc_status make_step(run *r)
{
    const bc_train_options *o = r->session.options;
    bc_trainer *t = &r->session.trainer;
    bc_train_losses losses;
    bc_status status = bc_trainer_step(t, &losses, r->log);
    if (status == BC_OK)
        status = log_losses(r, &losses);
    if (status == BC_OK && (t->step % o->validate_every == 0 || t->step == t->config.n_steps))
        status = watch(r);
    if (status == BC_OK && t->step % o->checkpoint_every == 0)
        status = save(r);
    return status;
}

static void tell_what_is_kept(const run *r)
{
    char path[PATH_MAX];
    if (r->saved_step > 0)
        bc_log_write(r->log, BC_LOG_ERROR, "%s: the state of step %lld is kept",
                     work_path(path, r, "safetensors"), (long long)r->saved_step);
}

static bc_status train(run *r)
{
    const bc_trainer *t = &r->session.trainer;
    bool interrupted = false;
    bc_status status = start(r);
    while (status == BC_OK && t->step < t->config.n_steps &&
           !(interrupted = bc_ranks_any(&r->session.ranks, atomic_load(r->stop) != 0)))
        status = make_step(r);
    if (status >= 0)
        status = save(r);
    if (status < 0)
        tell_what_is_kept(r);
    return status == BC_OK && interrupted ? BC_ERR_INTERRUPTED : status;
}

static bc_status open_session(run *r, const bc_train_options *options, bc_ranks ranks)
{
    r->start_ns = bc_clock_ns();
    const bc_status status = bc_train_session_open(&r->session, options, ranks, r->log);
    if (status == BC_OK)
        bc_log_write(r->log, BC_LOG_INFO,
                     "%d photographs, and %d for validation; ready after %.1f s",
                     r->session.photos.n_training, r->session.photos.n_validation, seconds(r));
    return status;
}

static int exit_code(bc_status status)
{
    return status >= 0 ? 0 : status == BC_ERR_INTERRUPTED ? 130 : 1;
}

/* A process that fails takes the others with it: they would wait for it for ever. The first one
 * speaks; the others only of what ends them. */
static int run_ranks(run *r, const bc_train_options *options)
{
    bc_ranks ranks;
    bc_status status = bc_ranks_open(&ranks, r->log);
    if (ranks.rank > 0)
        bc_console_set_level(BC_LOG_ERROR);
    if (status == BC_OK)
        status = open_session(r, options, ranks);
    if (status == BC_OK)
        status = options->command == BC_TRAIN_MEASURE ? measure(r) : train(r);
    if (r->csv)
        fclose(r->csv);
    bc_train_session_close(&r->session);
    if (status < 0 && status != BC_ERR_INTERRUPTED)
        bc_ranks_abort(&ranks, exit_code(status));
    bc_ranks_close(&ranks);
    return exit_code(status);
}

int bc_train_run_command(int n_args, char **args, const bc_log *log)
{
    bc_train_options options;
    run r = {.log = log};
    join_words(r.command, sizeof(r.command), n_args, args);
    const int parsed = bc_train_options_parse(&options, n_args, args, log);
    if (parsed != 0)
        return parsed < 0 ? 2 : 0;
    r.stop = bc_interrupt_install();
    bc_media_log(log);
    return run_ranks(&r, &options);
}

static const bc_program program = {
    .name = "brushcast-train",
    .summary = "train nets and styles of Brushcast",
    .files = "A net is a folder: network.safetensors (autoencoder.safetensors in format 1) and a "
             "file for each style in styles; "
             "checkpoints, curves of the losses and preview sheets stand in its folder "
             "checkpoints.",
    .commands = (const bc_command *const[]){&bc_train_command, NULL},
};

int main(int n_args, char **args)
{
    bc_blas_choose(args);
    return bc_program_run(&program, n_args, args);
}
