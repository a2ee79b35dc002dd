#include "convert/conversion.h"

#include <string.h>
#include <unistd.h>

#include "base/cpu.h"
#include "base/log.h"
#include "cli/console.h"
#include "cli/interrupt.h"
#include "convert/conversion_private.h"

bc_reader_params bc_conversion_reading(const bc_conversion *c)
{
    const bc_conversion_settings *s = c->settings;
    return (bc_reader_params){.format = s->input_format,
                              .rate = s->rate,
                              .n_threads = s->n_threads,
                              .start_us = s->start_us,
                              .duration_us = s->duration_us,
                              .keep_shape = true,
                              .deinterlace = s->deinterlace,
                              .hdr = s->hdr,
                              .stop = c->stop,
                              .log = c->log};
}

bc_writer_params bc_conversion_writing(const bc_conversion *c)
{
    const bc_conversion_settings *s = c->settings;
    return (bc_writer_params){.format = s->output_format,
                              .format_option = "--output-format",
                              .codec = s->codec,
                              .sound = s->sound,
                              .crf = s->crf,
                              .preset = s->preset,
                              .encoder_options = s->encoder_options,
                              .pixel_format = s->pixel_format,
                              .n_threads = s->n_threads,
                              .overwrite = s->overwrite,
                              .log = c->log};
}

bc_status bc_conversion_open_writer(bc_conversion *c, const bc_writer_params *params)
{
    const bc_status status =
        bc_writer_open(&c->writer, c->output, bc_reader_first(c->reader), c->reader, params);
    if (status == BC_OK)
        bc_interrupt_set_temporary(bc_writer_temporary(c->writer));
    return status;
}

/* The mask runs by the output's clock, from its own start. */
static bc_status open_mask(bc_conversion *c)
{
    const bc_conversion_settings *s = c->settings;
    if (!s->mask)
        return BC_OK;
    return bc_reader_open(&c->mask, s->mask, &(bc_reader_params){.n_threads = 1, .log = c->log});
}

static int count_threads(const bc_conversion_settings *s)
{
    return s->n_threads ? s->n_threads : bc_cpu_count();
}

static void say_what_is_done(const bc_conversion *c)
{
    const char *input = c->input, *output = c->output;
    const bc_reader_info *info = bc_reader_info_of(c->reader);
    bc_log_write(&c->log, BC_LOG_DEBUG, "%s (%s %s %dx%d) to %s (%s)", input, info->codec,
                 info->format, info->width, info->height, output, bc_writer_description(c->writer));
    if (info->is_hdr && c->settings->hdr == BC_HDR_KEEP)
        bc_log_write(&c->log, BC_LOG_INFO,
                     "%s is HDR (%s): a tone-mapped copy is painted and given its light back",
                     input, info->format);
    else if (info->is_hdr)
        bc_log_write(&c->log, BC_LOG_INFO,
                     "%s is HDR (%s): it is tone-mapped to standard range (--hdr keep keeps it)",
                     input, info->format);
    else if (info->bits > 8 && bc_writer_bits(c->writer) < info->bits)
        bc_log_write(&c->log, BC_LOG_INFO, "%s has %d bits a sample: they are converted to %d",
                     input, info->bits, bc_writer_bits(c->writer));
    if (info->unread[0])
        bc_log_write(&c->log, BC_LOG_WARNING, "%s: left out, as FFmpeg here does not read it: %s",
                     input, info->unread);
    if (info->has_alpha && !bc_writer_has_alpha(c->writer))
        bc_log_write(&c->log, BC_LOG_INFO, "%s may be transparent: %s holds no alpha", input,
                     output);
}

/* With a reader and a writer that are open, all that stands between them. */
bc_status bc_conversion_open_rest(bc_conversion *c)
{
    bc_status status = open_mask(c);
    if (status == BC_OK)
        status = bc_mixer_open(&c->mixer, c->writer, count_threads(c->settings), &c->log);
    if (status == BC_OK)
        say_what_is_done(c);
    return status;
}

void bc_conversion_close(bc_conversion *c)
{
    bc_interrupt_set_temporary(NULL);
    bc_mixer_close(&c->mixer);
    bc_writer_close(&c->writer);
    bc_reader_close(&c->mask);
    bc_reader_close(&c->reader);
}

static bc_progress_mode progress_mode(const bc_conversion_settings *s)
{
    if (s->progress)
        return *s->progress == 'l'   ? BC_PROGRESS_LINE
               : *s->progress == 'j' ? BC_PROGRESS_JSON
                                     : BC_PROGRESS_NONE;
    return isatty(STDERR_FILENO) && bc_console_level() >= BC_LOG_INFO ? BC_PROGRESS_LINE
                                                                      : BC_PROGRESS_NONE;
}

static const char *style_name(const bc_conversion *c)
{
    return c->settings->style ? c->settings->style
                              : bc_model_style(bc_painter_model(c->painter), 0).name;
}

static void set_progress(bc_conversion *c)
{
    const char *output = c->output;
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

/* The painting of what a decoder made up is there, but it is not the whole truth. */
bc_status bc_conversion_name_damage(const bc_conversion *c, int64_t n_damaged)
{
    return n_damaged > 0
               ? bc_fail(&c->log, BC_ERR_FORMAT, "%s: the picture is damaged in %lld place%s",
                         c->input, (long long)n_damaged, n_damaged == 1 ? "" : "s")
               : BC_OK;
}

/* Its name alone would not tell a short file from a whole one. */
static void name_interruption(const bc_conversion *c, int64_t end_us)
{
    if (!c->parts)
        bc_log_write(&c->log, BC_LOG_WARNING, "%s: interrupted: it ends after %.2f s", c->output,
                     1e-6 * (double)end_us);
}

bc_status bc_conversion_paint(bc_conversion *c)
{
    const bc_conversion_settings *s = c->settings;
    set_progress(c);
    const bc_pipeline_result result = bc_pipeline_run(&(bc_pipeline_params){
        .reader = c->reader,
        .writer = c->writer,
        .mixer = c->mixer,
        .painter = c->painter,
        .mask = c->mask,
        .mix = {.strength = (float)s->strength, .keep_colors = (float)s->keep_colors},
        .scale = s->scale,
        .n_threads = count_threads(s),
        .progress = &c->progress,
        .log = c->log,
    });
    bc_writer_add_damage(c->writer, bc_reader_damaged_behind(c->reader));
    const bool is_left = c->parts && result.read == BC_ERR_INTERRUPTED; /* for another time */
    bc_status status =
        result.write == BC_OK && !is_left ? bc_writer_finish(c->writer) : result.write;
    if (status == BC_OK && result.read < 0)
        status = result.read;
    const bc_status damage = bc_conversion_name_damage(c, bc_reader_damaged(c->reader));
    if (status == BC_OK)
        status = damage;
    bc_progress_end(&c->progress, result.end_us,
                    status == BC_ERR_INTERRUPTED ? "interrupted"
                    : status < 0                 ? "failed"
                                                 : "done");
    if (status == BC_ERR_INTERRUPTED)
        name_interruption(c, result.end_us);
    return status;
}

static bc_status run_whole(bc_conversion *c)
{
    const bc_reader_params reading = bc_conversion_reading(c);
    const bc_writer_params writing = bc_conversion_writing(c);
    bc_status status = bc_reader_open(&c->reader, c->input, &reading);
    if (status == BC_OK)
        status = bc_conversion_open_writer(c, &writing);
    if (status == BC_OK)
        status = bc_conversion_open_rest(c);
    if (status == BC_OK)
        status = bc_conversion_paint(c);
    bc_conversion_close(c);
    return status;
}

bc_status bc_conversion_run(const bc_conversion_settings *s, bc_painter *painter, atomic_int *stop,
                            const bc_conversion_files *files, const bc_log *log)
{
    bc_conversion c = {.settings = s,
                       .painter = painter,
                       .stop = stop,
                       .log = *log,
                       .input = files->input,
                       .output = files->output};
    const bool has_parts = s->part || (s->resume && !bc_writer_is_picture(c.output));
    const bool is_kept = s->never_overwrite || (has_parts && !s->overwrite);
    if (is_kept && access(c.output, F_OK) == 0) {
        bc_log_write(log, BC_LOG_INFO, "%s exists: %s is skipped", c.output, c.input);
        return BC_OK;
    }
    return has_parts ? bc_conversion_run_parts(&c) : run_whole(&c);
}
