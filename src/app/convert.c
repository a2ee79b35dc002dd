#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/inputs.h"
#include "app/pipeline.h"
#include "app/share.h"
#include "base/cpu.h"
#include "base/log.h"
#include "cli/console.h"
#include "cli/interrupt.h"
#include "cli/precision.h"
#include "media/log.h"

enum { MAX_CONVERSION_THREADS = 4 };

typedef struct settings {
    const char *output, *input_format, *output_format;
    bool overwrite, never_overwrite;
    const char *style, *net, *models, *stats, *precision;
    double strength, keep_colors, scale, stabilize;
    const char *mask;
    int64_t start_us, duration_us;
    const char *rate;
    bc_deinterlace deinterlace;
    const char *codec, *sound, *crf, *preset, *encoder_options, *pixel_format;
    int n_threads;
    const char *progress;
    const char *share;
} settings;

#define AT(field) offsetof(settings, field)

static const bc_option options[] = {
    {"o", "OUTPUT",
     "the file, URL or device to write, or the folder for several inputs; - is stdout",
     BC_OPTION_TEXT, .offset = AT(output), .completion = BC_COMPLETE_FILE},
    {"y", NULL, "overwrite files that exist", BC_OPTION_FLAG, .offset = AT(overwrite)},
    {"n", NULL, "never overwrite: skip inputs whose output exists", BC_OPTION_FLAG,
     .offset = AT(never_overwrite)},
    {"style", "NAME[:WEIGHT],...",
     "a style, or several to blend (the net's first); 'brushcast styles' lists them",
     BC_OPTION_TEXT, .offset = AT(style), .completion = BC_COMPLETE_STYLE},
    {"strength", "0..1", "how much of the painting is seen (1); 0 gives the source's own pixels",
     BC_OPTION_NUMBER, .offset = AT(strength), .low = 0, .high = 1},
    {"keep-colors", "0..1", "how much of the source's colours stay under the painting's luma (0)",
     BC_OPTION_NUMBER, .offset = AT(keep_colors), .low = 0, .high = 1},
    {"scale", "FACTOR", "paint at FACTOR times the frame's size (1): below 1 the brush is larger",
     BC_OPTION_NUMBER, .offset = AT(scale), .low = 0.05, .high = 4},
    {"mask", "FILE", "a picture or video: paint where it is white", BC_OPTION_TEXT,
     .offset = AT(mask), .completion = BC_COMPLETE_FILE},
    {"net", "NET", "deep, wide, light or a folder (deep, else light)", BC_OPTION_TEXT, .offset = AT(net),
     .completion = BC_COMPLETE_FOLDER},
    {"models", "FOLDER", "where to look for nets first", BC_OPTION_TEXT, .offset = AT(models),
     .completion = BC_COMPLETE_FOLDER},
    {"stats", "KIND",
     "what normalises a frame: stream (running averages, steady) or frame (its own) "
     "(stream)",
     BC_OPTION_CHOICE, .offset = AT(stats), .choices = "stream|frame"},
    {"stabilize", "0..1", "hold still parts still, at 1 averaged over 33 frames (0)",
     BC_OPTION_NUMBER, .offset = AT(stabilize), .low = 0, .high = 1},
    BC_PRECISION_OPTION(AT(precision)),
    {"start", "TIME", "begin at this time of the input", BC_OPTION_TIME, .offset = AT(start_us)},
    {"duration", "TIME", "end after so much time", BC_OPTION_TIME, .offset = AT(duration_us)},
    {"rate", "FPS", "frames a second of a series of pictures, 24 or 30000/1001 (25)",
     BC_OPTION_TEXT, .offset = AT(rate)},
    {"deinterlace", "MODE",
     "make whole frames of fields: auto (where frames say that they are interlaced), on or off "
     "(auto)",
     BC_OPTION_WORD, .offset = AT(deinterlace), .choices = "auto|on|off"},
    {"f", "FORMAT", "the input's format, where its name and content do not say it (lavfi, v4l2)",
     BC_OPTION_TEXT, .offset = AT(input_format)},
    {"output-format", "FORMAT", "the output's container (by its name; matroska to stdout)",
     BC_OPTION_TEXT, .offset = AT(output_format)},
    {"c:v", "ENCODER", "the video encoder (libx264, or what suits the container)", BC_OPTION_TEXT,
     .offset = AT(codec)},
    {"c:a", "CODEC",
     "the sound: copy, none or an encoder (copied where the container holds it, else encoded)",
     BC_OPTION_TEXT, .offset = AT(sound)},
    {"crf", "QUALITY",
     "constant quality as the encoder counts it, lower is better (18 for libx264)", BC_OPTION_TEXT,
     .offset = AT(crf)},
    {"preset", "NAME", "the encoder's preset: its speed", BC_OPTION_TEXT, .offset = AT(preset)},
    {"encoder-options", "KEY=VALUE:...", "more options for the encoder", BC_OPTION_TEXT,
     .offset = AT(encoder_options)},
    {"pix-fmt", "FORMAT", "the pixel format to encode (yuv420p where the encoder takes it)",
     BC_OPTION_TEXT, .offset = AT(pixel_format)},
    {"threads", "N", "processors to use (all)", BC_OPTION_COUNT, .offset = AT(n_threads), .low = 1,
     .high = BC_MAX_THREADS},
    {"share", "I/N",
     "be the I-th of N processes, on any machines, that share the inputs (mpirun, srun and sbatch "
     "--array say it themselves)",
     BC_OPTION_TEXT, .offset = AT(share)},
    {"progress", "MODE",
     "line, json (an object a line on stdout) or none (line on a terminal, else none)",
     BC_OPTION_CHOICE, .offset = AT(progress), .choices = "line|json|none"},
};

static int run(int n_args, char **args, const bc_log *log);

const bc_command bc_command_convert = {
    .name = "convert",
    .summary = "repaint video and pictures, and keep everything else",
    .arguments = "INPUT... -o OUTPUT [OPTION...]",
    .description =
        "Paints every frame of INPUT and writes the result to OUTPUT. Sound, subtitles, "
        "attachments, cover pictures, data, chapters and metadata are copied bit for bit where "
        "OUTPUT's container takes them, and time stamps stay as they are.\n\n"
        "INPUT is anything that FFmpeg opens: a file, a picture, a URL, a device, - for stdin; or "
        "a folder, whose files are converted one by one. OUTPUT's name says the format; for "
        "several inputs it is a folder. Files are written under a temporary name and get their own "
        "when they are whole. Ctrl-C finishes the file properly; a second one stops at once.\n\n"
        "Processes that mpirun, srun or sbatch --array start, or that are given --share, share a "
        "folder of inputs, on one machine or on several that see the same files: each file is done "
        "once, one that a dead process left is taken over, and what exists is done already. While "
        "a file is worked on OUTPUT.claim lies beside it, and after a failure until the next run. "
        "All end together, with one summary by the first of them.\n\n"
        "The exit status is 0 when all is done, 1 when something failed, 2 for wrong usage, 130 "
        "when interrupted.",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .examples = "brushcast convert holiday.mp4 -o painted.mp4 --style starry-night\t"
                "a video, with its sound\n"
                "brushcast convert photos/ -o painted/ --style great-wave:2,scream:1\t"
                "a folder of pictures, in a blend of two styles\n"
                "mpirun -n 4 brushcast convert films/ -o painted/ --threads 1\t"
                "a folder, shared by four processes\n"
                "brushcast convert -f lavfi testsrc2=size=hd720:duration=5 -o test.mkv -c:v ffv1\t"
                "a test pattern, losslessly\n",
    .run = run,
};

/* One conversion --------------------------------------------------------------------------- */

typedef struct conversion {
    const settings *settings;
    bc_painter *painter; /* NULL: strength 0 */
    atomic_int *stop;
    bc_log log;
    bc_reader *reader, *mask;
    bc_writer *writer;
    bc_mixer *mixer;
    bc_progress progress;
} conversion;

static bc_status open_reader(conversion *c, const char *input)
{
    const settings *s = c->settings;
    return bc_reader_open(&c->reader, input,
                          &(bc_reader_params){.format = s->input_format,
                                              .rate = s->rate,
                                              .n_threads = s->n_threads,
                                              .start_us = s->start_us,
                                              .duration_us = s->duration_us,
                                              .keep_shape = true,
                                              .deinterlace = s->deinterlace,
                                              .stop = c->stop,
                                              .log = c->log});
}

static bc_status open_writer(conversion *c, const char *output)
{
    const settings *s = c->settings;
    const bc_status status =
        bc_writer_open(&c->writer, output, bc_reader_first(c->reader), c->reader,
                       &(bc_writer_params){.format = s->output_format,
                                           .codec = s->codec,
                                           .sound = s->sound,
                                           .crf = s->crf,
                                           .preset = s->preset,
                                           .encoder_options = s->encoder_options,
                                           .pixel_format = s->pixel_format,
                                           .n_threads = s->n_threads,
                                           .overwrite = s->overwrite,
                                           .log = c->log});
    if (status == BC_OK)
        bc_interrupt_set_temporary(bc_writer_temporary(c->writer));
    return status;
}

/* The mask runs by the output's clock, from its own start. */
static bc_status open_mask(conversion *c)
{
    const settings *s = c->settings;
    if (!s->mask)
        return BC_OK;
    return bc_reader_open(&c->mask, s->mask, &(bc_reader_params){.n_threads = 1, .log = c->log});
}

static int conversion_threads(const settings *s)
{
    const int n_threads = s->n_threads ? s->n_threads : bc_cpu_count();
    return n_threads < MAX_CONVERSION_THREADS ? n_threads : MAX_CONVERSION_THREADS;
}

static void say_what_is_done(const conversion *c, const char *input, const char *output)
{
    const bc_reader_info *info = bc_reader_info_of(c->reader);
    bc_log_write(&c->log, BC_LOG_DEBUG, "%s (%s %s %dx%d) to %s (%s)", input, info->codec,
                 info->format, info->width, info->height, output, bc_writer_description(c->writer));
    if (info->is_hdr)
        bc_log_write(
            &c->log, BC_LOG_INFO,
            "%s is HDR (%s): it is tone-mapped to standard range, as nothing here paints HDR",
            input, info->format);
    else if (info->bits > 8 && bc_writer_bits(c->writer) < info->bits)
        bc_log_write(&c->log, BC_LOG_INFO, "%s has %d bits a sample: they are converted to %d",
                     input, info->bits, bc_writer_bits(c->writer));
    if (info->has_alpha && !bc_writer_has_alpha(c->writer))
        bc_log_write(&c->log, BC_LOG_INFO, "%s may be transparent: %s holds no alpha", input,
                     output);
}

static bc_status open_all(conversion *c, const char *input, const char *output)
{
    bc_status status = open_reader(c, input);
    if (status == BC_OK)
        status = open_mask(c);
    if (status == BC_OK)
        status = open_writer(c, output);
    if (status == BC_OK)
        status = bc_mixer_open(&c->mixer, c->writer, conversion_threads(c->settings), &c->log);
    if (status == BC_OK)
        say_what_is_done(c, input, output);
    return status;
}

static void close_all(conversion *c)
{
    bc_interrupt_set_temporary(NULL);
    bc_mixer_close(&c->mixer);
    bc_writer_close(&c->writer);
    bc_reader_close(&c->mask);
    bc_reader_close(&c->reader);
}

static bc_progress_mode progress_mode(const settings *s)
{
    if (s->progress)
        return *s->progress == 'l'   ? BC_PROGRESS_LINE
               : *s->progress == 'j' ? BC_PROGRESS_JSON
                                     : BC_PROGRESS_NONE;
    return isatty(STDERR_FILENO) && bc_console_level() >= BC_LOG_INFO ? BC_PROGRESS_LINE
                                                                      : BC_PROGRESS_NONE;
}

static const char *style_name(const conversion *c)
{
    return c->settings->style ? c->settings->style
                              : bc_model_style(bc_painter_model(c->painter), 0).name;
}

static void set_progress(conversion *c, const char *output)
{
    const bc_reader_info *info = bc_reader_info_of(c->reader);
    const bool is_stdout_taken = strcmp(output, "-") == 0 || strcmp(output, "pipe:1") == 0;
    c->progress = (bc_progress){
        .mode = progress_mode(c->settings),
        .stream = is_stdout_taken ? stderr : stdout,
        .file = output,
        .style = c->painter ? style_name(c) : "",
        .n_expected = info->n_frames,
        .duration_us = info->duration_us,
    };
    bc_progress_start(&c->progress);
}

static bc_status run_pipeline(conversion *c, const char *input)
{
    const settings *s = c->settings;
    const bc_pipeline_result result = bc_pipeline_run(&(bc_pipeline_params){
        .reader = c->reader,
        .writer = c->writer,
        .mixer = c->mixer,
        .painter = c->painter,
        .mask = c->mask,
        .mix = {.strength = (float)s->strength, .keep_colors = (float)s->keep_colors},
        .scale = s->scale,
        .n_threads = conversion_threads(s),
        .progress = &c->progress,
        .log = c->log,
    });
    const int64_t n_damaged = bc_reader_damaged(c->reader);
    bc_status status = result.write == BC_OK ? bc_writer_finish(c->writer) : result.write;
    bc_progress_end(&c->progress, result.end_us,
                    status < 0                          ? "failed"
                    : result.read == BC_ERR_INTERRUPTED ? "interrupted"
                    : result.read < 0                   ? "failed"
                                                        : "done");
    if (n_damaged > 0)
        bc_log_write(&c->log, BC_LOG_WARNING, "%s: %lld damaged packets or frames", input,
                     (long long)n_damaged);
    if (status == BC_OK && result.read < 0)
        status = result.read;
    return status;
}

static bc_status convert(const settings *s, bc_painter *painter, atomic_int *stop,
                         const bc_conversion_files *files, const bc_log *log)
{
    conversion c = {.settings = s, .painter = painter, .stop = stop, .log = *log};
    if (s->never_overwrite && access(files->output, F_OK) == 0) {
        bc_log_write(log, BC_LOG_INFO, "%s exists: %s is skipped", files->output, files->input);
        return BC_OK;
    }
    bc_status status = open_all(&c, files->input, files->output);
    if (status == BC_OK) {
        set_progress(&c, files->output);
        status = run_pipeline(&c, files->input);
    }
    close_all(&c);
    return status;
}

/* All of them ------------------------------------------------------------------------------ */

/* The files that failed. */
static int convert_alone(const settings *s, bc_painter *painter, atomic_int *stop,
                         const bc_conversion_list *list, const bc_log *log)
{
    int n_failed = 0;
    for (int i = 0; i < list->n_files && !atomic_load(stop); i++)
        n_failed += convert(s, painter, stop, &list->files[i], log) < 0;
    if (n_failed > 0 && list->n_files > 1 && !atomic_load(stop))
        bc_log_write(log, BC_LOG_ERROR, "%d of %d conversions failed", n_failed, list->n_files);
    return n_failed;
}

/* The files that this process or another one failed to convert. */
static int convert_shared(const settings *s, bc_rank rank, bc_painter *painter, atomic_int *stop,
                          const bc_conversion_list *list, const bc_log *log)
{
    bc_share *share;
    int i, n_own = 0;
    if (bc_share_open(&share, list, rank, stop, log) < 0)
        return 1;
    while ((i = bc_share_next(share)) >= 0) {
        const bool is_done = convert(s, painter, stop, &list->files[i], log) == BC_OK;
        bc_share_finish(share, is_done);
        n_own += is_done;
    }
    const int n_failed = bc_share_n_failed(share);
    bc_log_write(log, BC_LOG_DEBUG, "process %d of %d converted %d files", rank.index + 1,
                 rank.count, n_own);
    if (rank.index == 0 && !atomic_load(stop))
        bc_log_write(log, n_failed > 0 ? BC_LOG_ERROR : BC_LOG_INFO,
                     "%d of %d files are converted, %d failed", list->n_files - n_failed,
                     list->n_files, n_failed);
    bc_share_close(&share);
    return n_failed;
}

static bc_status open_painter(bc_painter **painter, const settings *s, const bc_log *log)
{
    const bc_painter_params params = {.size = sizeof(params),
                                      .net = s->net,
                                      .models = s->models,
                                      .n_threads = s->n_threads,
                                      .precision = bc_precision_named(s->precision),
                                      .stats = strcmp(s->stats, "frame") == 0 ? BC_STATS_FRAME
                                                                              : BC_STATS_STREAM,
                                      .log = *log};
    bc_status status = bc_painter_open(painter, &params);
    if (status == BC_OK)
        status = bc_painter_set_style(*painter, s->style);
    if (status == BC_OK)
        status = bc_painter_set(*painter, BC_PAINTER_STABILIZE, s->stabilize);
    if (status < 0)
        bc_painter_close(painter);
    return status;
}

static int convert_list(const settings *s, bc_rank rank, const bc_conversion_list *list,
                        const bc_log *log)
{
    atomic_int *stop = bc_interrupt_install();
    bc_painter *painter = NULL;
    if (s->strength > 0) {
        if (open_painter(&painter, s, log) < 0)
            return 1;
    }
    const int n_failed = rank.count > 1 ? convert_shared(s, rank, painter, stop, list, log)
                                        : convert_alone(s, painter, stop, list, log);
    bc_painter_close(&painter);
    return atomic_load(stop) ? 130 : n_failed > 0;
}

/* A launcher's processes share what is more than one file; --share says so of one file too. */
static bc_status find_rank(bc_rank *rank, const settings *s, const bc_conversion_list *list,
                           const bc_log *log)
{
    *rank = (bc_rank){0, 1};
    if (s->share && bc_rank_parse(rank, s->share, log) < 0)
        return BC_ERR_ARGUMENT;
    if (!s->share && list->n_files > 1)
        *rank = bc_rank_of_environment();
    if (rank->count > 1 && s->overwrite)
        return bc_fail(log, BC_ERR_ARGUMENT,
                       "-y does not go with shared inputs: an output that exists is one that "
                       "another process has finished");
    return BC_OK;
}

static int run(int n_args, char **args, const bc_log *log)
{
    settings s = {.stats = "stream", .strength = 1, .scale = 1, .duration_us = -1};
    bc_conversion_list list;
    const int parsed = bc_options_parse(&bc_command_convert, &n_args, args, &s, log);
    if (parsed != 0)
        return parsed < 0 ? 2 : 0;
    if (n_args < 2 || !s.output || (s.overwrite && s.never_overwrite)) {
        bc_log_write(log, BC_LOG_ERROR, "convert: %s (--help tells more)",
                     n_args < 2  ? "no input is given"
                     : !s.output ? "no output is given: -o OUTPUT"
                                 : "-y and -n are opposites");
        return 2;
    }
    if (s.duration_us == 0) {
        bc_log_write(log, BC_LOG_ERROR, "convert: a --duration of 0 leaves nothing to paint");
        return 2;
    }
    s.duration_us = s.duration_us < 0 ? 0 : s.duration_us; /* 0: to the end */
    bc_media_log(log);
    if (bc_conversion_list_make(&list, args + 1, n_args - 1, s.output, s.input_format, log) < 0)
        return 1;
    bc_rank rank;
    const int exit_status =
        find_rank(&rank, &s, &list, log) < 0 ? 2 : convert_list(&s, rank, &list, log);
    bc_conversion_list_free(&list);
    return exit_status;
}
