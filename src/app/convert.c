#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/commands.h"
#include "base/log.h"
#include "cli/interrupt.h"
#include "cli/painting.h"
#include "convert/conversion.h"
#include "convert/share.h"
#include "media/log.h"

#define AT(field) offsetof(bc_conversion_settings, field)

static const bc_option options[] = {
    {"o", "OUTPUT",
     "the file, URL or device to write, or the folder for several inputs; - is stdout",
     BC_OPTION_TEXT, .offset = AT(output), .completion = BC_COMPLETE_FILE},
    {"y", NULL, "overwrite files that exist", BC_OPTION_FLAG, .offset = AT(overwrite)},
    {"n", NULL, "never overwrite: skip inputs whose output exists", BC_OPTION_FLAG,
     .offset = AT(never_overwrite)},
    BC_PAINTING_OPTIONS(AT),
    {"scale", "FACTOR", "paint at FACTOR times the frame's size (1): below 1 the brush is larger",
     BC_OPTION_NUMBER, .offset = AT(scale), .low = 0.05, .high = 4},
    {"mask", "FILE", "a picture or video: paint where it is white", BC_OPTION_TEXT,
     .offset = AT(mask), .completion = BC_COMPLETE_FILE},
    {"stats", "KIND",
     "what normalises a frame: stream (running averages, steady) or frame (its own) "
     "(stream)",
     BC_OPTION_CHOICE, .offset = AT(stats), .choices = "stream|frame"},
    {"start", "TIME", "begin at this time of the input", BC_OPTION_TIME, .offset = AT(start_us)},
    {"duration", "TIME", "end after so much time", BC_OPTION_TIME, .offset = AT(duration_us)},
    {"rate", "FPS", "frames a second of a series of pictures, 24 or 30000/1001 (25)",
     BC_OPTION_TEXT, .offset = AT(rate)},
    {"deinterlace", "MODE",
     "make whole frames of fields: auto (where frames say that they are interlaced), on or off "
     "(auto)",
     BC_OPTION_WORD, .offset = AT(deinterlace), .choices = "auto|on|off"},
    {"hdr", "MODE",
     "HDR sources: map (tone-mapped to standard range), or keep (a tone-mapped copy is painted and "
     "given its light back, pixel by pixel; the encoder has to take YUV of 10 bits) (map)",
     BC_OPTION_WORD, .offset = AT(hdr), .choices = "map|keep"},
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
    {"share", "I/N",
     "be the I-th of N processes, on any machines, that share the inputs (mpirun, srun and sbatch "
     "--array say it themselves)",
     BC_OPTION_TEXT, .offset = AT(share)},
    {"resume", NULL,
     "paint a film in parts that are kept beside the output, and go on after those that an "
     "interrupted conversion left",
     BC_OPTION_FLAG, .offset = AT(resume)},
    {"part", "I/N", "paint the I-th of N parts of a film, for 'brushcast join'", BC_OPTION_TEXT,
     .offset = AT(part)},
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
        "With --resume, given from the start, a film is painted in parts of five seconds, which "
        "stay in the folder OUTPUT.parts until all of it is there; whatever has ended the process, "
        "the same command goes on after the last whole one. With --part I/N, one film is shared "
        "among many machines: each paints a part into that folder, and brushcast join makes the "
        "film of them. Parts begin with key frames and keep the film's times. With --stats frame "
        "and no --stabilize they hold the very pixels that one piece would; else up to 60 seconds "
        "before a part are painted too, and left out, so that what runs over time is as good as "
        "in one piece.\n\n"
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
                "brushcast convert film.mkv -o painted.mkv --part 3/100\t"
                "a part of a film, as one of many machines\n"
                "brushcast convert -f lavfi testsrc2=size=hd720:duration=5 -o test.mkv -c:v ffv1\t"
                "a test pattern, losslessly\n",
    .run = run,
};

/* The files that failed. */
static int convert_alone(const bc_conversion_settings *s, bc_painter *painter, atomic_int *stop,
                         const bc_conversion_list *list, const bc_log *log)
{
    int n_failed = 0;
    for (int i = 0; i < list->n_files && !atomic_load(stop); i++)
        n_failed += bc_conversion_run(s, painter, stop, &list->files[i], log) < 0;
    if (n_failed > 0 && list->n_files > 1 && !atomic_load(stop))
        bc_log_write(log, BC_LOG_ERROR, "%d of %d conversions failed", n_failed, list->n_files);
    return n_failed;
}

/* The files that this process or another one failed to convert. */
static int convert_shared(const bc_conversion_settings *s, bc_rank rank, bc_painter *painter,
                          atomic_int *stop, const bc_conversion_list *list, const bc_log *log)
{
    bc_share *share;
    int i, n_own = 0;
    if (bc_share_open(&share, list, rank, stop, log) < 0)
        return 1;
    while ((i = bc_share_next(share)) >= 0) {
        const bool is_done = bc_conversion_run(s, painter, stop, &list->files[i], log) == BC_OK;
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

static bc_status open_painter(bc_painter **painter, const bc_conversion_settings *s,
                              const bc_log *log)
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

static int convert_list(const bc_conversion_settings *s, bc_rank rank,
                        const bc_conversion_list *list, const bc_log *log)
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
static bc_status find_rank(bc_rank *rank, bc_conversion_settings *s, const bc_conversion_list *list,
                           const bc_log *log)
{
    *rank = (bc_rank){0, 1};
    if (s->part && bc_rank_parse(&s->part_rank, s->part, log) < 0)
        return BC_ERR_ARGUMENT;
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

/* What is wrong with the command line, or NULL. */
static const char *find_fault(const bc_conversion_settings *s, int n_args)
{
    return n_args < 2   ? "no input is given"
           : !s->output ? "no output is given: -o OUTPUT"
           : s->hdr == BC_HDR_KEEP && s->scale != 1
               ? "--hdr keep paints at the frame's own size, without --scale"
           : s->overwrite && s->never_overwrite ? "-y and -n are opposites"
           : s->duration_us == 0                ? "a --duration of 0 leaves nothing to paint"
           : s->part && (s->resume || s->share) ? "--part goes with neither --resume nor --share"
           : s->part && n_args > 2              ? "--part is of one film"
                                                : NULL;
}

static char *describe(const bc_conversion_settings *s)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    if (!stream)
        return NULL;
    bc_options_write(&bc_command_convert, s, "o|models|threads|share|part|progress", stream);
    return fclose(stream) == 0 ? text : NULL;
}

static int run(int n_args, char **args, const bc_log *log)
{
    bc_conversion_settings s = {.stats = "stream", .strength = 1, .scale = 1, .duration_us = -1};
    bc_conversion_list list;
    const int parsed = bc_options_parse(&bc_command_convert, &n_args, args, &s, log);
    if (parsed != 0)
        return parsed < 0 ? 2 : 0;
    const char *fault = find_fault(&s, n_args);
    if (fault)
        return bc_options_refuse(&bc_command_convert, log, "%s", fault), 2;
    s.duration_us = s.duration_us < 0 ? 0 : s.duration_us; /* 0: to the end */
    bc_media_log(log);
    if (bc_conversion_list_make(&list, args + 1, n_args - 1, s.output, s.input_format, log) < 0)
        return 1;
    bc_rank rank;
    char *description = describe(&s);
    s.description = description ? description : "";
    const int exit_status =
        find_rank(&rank, &s, &list, log) < 0 ? 2 : convert_list(&s, rank, &list, log);
    free(description);
    bc_conversion_list_free(&list);
    return exit_status;
}
