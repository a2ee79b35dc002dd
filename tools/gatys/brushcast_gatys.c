/* brushcast-gatys: paints pictures by optimisation, one by one or a folder of them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/interrupt.h"
#include "cli/program.h"
#include "gatys/job.h"
#include "media/log.h"
#include "media/picture.h"
#include "train/blas.h"

enum { EXIT_DONE, EXIT_FAILED, EXIT_USAGE, EXIT_INTERRUPTED = 130 };

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static bc_status check_output(const bc_gatys_options *o, const bc_log *log)
{
    if (o->losses_of)
        return BC_OK;
    if (!o->overwrite && access(o->output, F_OK) == 0)
        return bc_fail(log, BC_ERR_IO, "%s: exists; -y overwrites it", o->output);
    return bc_picture_check_name(o->output, log);
}

static bc_status run_one(const bc_gatys_run *run)
{
    const bc_gatys_options *o = run->options;
    bc_photo content = {0};
    bc_status status = check_output(o, run->log);
    if (status == BC_OK)
        status = bc_photo_read(&content, o->content, 0, run->log);
    if (status == BC_OK)
        status = o->losses_of ? bc_gatys_measure(run, &content)
                              : bc_gatys_paint(run, &content, o->output, o->resume);
    bc_photo_free(&content);
    return status;
}

static bc_status run_with_pictures(bc_gatys_run *run)
{
    const bc_gatys_options *o = run->options;
    bc_photo style = {0}, start = {0};
    bc_status status = bc_photo_read(&style, o->style, 0, run->log);
    if (status == BC_OK && o->start_picture) {
        status = bc_photo_read(&start, o->start_picture, 0, run->log);
        run->start = &start;
    }
    run->style = &style;
    if (status == BC_OK)
        status = !o->losses_of && is_folder(o->content) ? bc_gatys_paint_folder(run) : run_one(run);
    bc_photo_free(&style);
    bc_photo_free(&start);
    return status;
}

static bc_status run_with_network(bc_gatys_options *options, bc_ranks ranks, const atomic_int *stop,
                                  const bc_log *log)
{
    bc_vgg vgg;
    bc_workspace workspace = {0};
    bc_status status = bc_vgg_open(&vgg, options->weights, log);
    if (status == BC_OK)
        status = bc_gatys_options_terms(options, &vgg, log);
    if (status == BC_OK)
        status = bc_workspace_open(&workspace, options->n_threads, log);
    bc_log_write(log, BC_LOG_DEBUG, "OpenBLAS: %s kernels", bc_blas_kernels());
    if (status == BC_OK) {
        bc_gatys_run run = {.options = options,
                            .vgg = &vgg,
                            .workspace = &workspace,
                            .ranks = ranks,
                            .stop = stop,
                            .log = log};
        status = run_with_pictures(&run);
        bc_workspace_close(&workspace);
    }
    bc_vgg_close(&vgg);
    return status;
}

/* One picture is not to be shared: only the first of several processes paints it. */
static bc_status run(bc_gatys_options *options, const atomic_int *stop, const bc_log *log)
{
    bc_ranks ranks;
    bc_status status = bc_ranks_open(&ranks, log);
    if (status == BC_OK &&
        (ranks.rank == 0 || (!options->losses_of && is_folder(options->content))))
        status = run_with_network(options, ranks, stop, log);
    bc_ranks_close(&ranks);
    return status;
}

int bc_gatys_run_command(int n_args, char **args, const bc_log *log)
{
    bc_gatys_options options;
    const int parsed = bc_gatys_options_parse(&options, n_args, args, log);
    if (parsed != 0)
        return parsed < 0 ? EXIT_USAGE : EXIT_DONE;
    bc_media_log(log);
    bc_status status = run(&options, bc_interrupt_install(), log);
    if (fflush(stdout) != 0 && status == BC_OK)
        status = bc_fail(log, BC_ERR_IO, "standard output: %s", strerror(errno));
    return status == BC_ERR_INTERRUPTED ? EXIT_INTERRUPTED : status < 0 ? EXIT_FAILED : EXIT_DONE;
}

static const bc_program program = {
    .name = "brushcast-gatys",
    .summary = "paint a picture in the style of another by optimisation",
    .files = "The loss network is $BRUSHCAST_VGG, a file that brushcast-import made.",
    .commands = (const bc_command *const[]){&bc_gatys_command, NULL},
};

int main(int n_args, char **args)
{
    bc_blas_choose(args);
    return bc_program_run(&program, n_args, args);
}
