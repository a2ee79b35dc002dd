#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "convert/conversion_private.h"
#include "convert/share.h"
#include "media/join.h"

/* Before a part, so that what averages over time has come within 60 dB of what it would be in the
 * whole film: the distance falls by a third of a decibel a second. */
enum { LEAD_IN_US = 60000000 };

/* Settings --------------------------------------------------------------------------------- */

/* One line, to be freed; NULL: no memory. */
static char *describe_film(const char *input)
{
    const char *slash = strrchr(input, '/');
    struct stat film;
    char *line;
    const int length =
        stat(input, &film) == 0
            ? asprintf(&line, "film %s, %lld bytes, of %lld\n", slash ? slash + 1 : input,
                       (long long)film.st_size, (long long)film.st_mtim.tv_sec)
            : asprintf(&line, "film %s\n", input);
    return length < 0 ? NULL : line;
}

/* Net and styles, whose files may be trained anew under the same names; without a painter, none. */
static void describe_model(const bc_conversion *c, FILE *lines)
{
    const bc_model *net = bc_painter_model(c->painter);
    bc_style_weight blend[BC_MAX_BLEND];
    int n_styles = 0;
    fprintf(lines, "net %s %s\n", net ? bc_model_name(net) : "none", bc_model_id(net));
    if (net)
        bc_blend_parse(net, c->settings->style, blend, &n_styles, &c->log);
    for (int i = 0; i < n_styles; i++) {
        char id[BC_ID_SIZE];
        bc_model_identify_style(net, blend[i].style, id);
        fprintf(lines, "style %s %s\n", bc_model_style(net, blend[i].style).name, id);
    }
}

/* All that the coded pictures depend on, to be freed; NULL: no memory. */
static char *describe(const bc_conversion *c, int n_parts)
{
    char *film = describe_film(c->input), *text = NULL;
    size_t size;
    FILE *lines = film ? open_memstream(&text, &size) : NULL;
    if (lines) {
        fprintf(lines, "brushcast %s\nparts %d\n%s", bc_version(), n_parts, film);
        describe_model(c, lines);
        fputs(c->settings->description, lines);
    }
    free(film);
    if (lines && fclose(lines) == 0)
        return text;
    free(text);
    return NULL;
}

static bc_status open_parts(bc_conversion *c, int n_parts)
{
    char *settings = describe(c, n_parts);
    if (!settings)
        return bc_fail(&c->log, BC_ERR_MEMORY, "%s: no memory", c->output);
    const bc_status status = bc_parts_open(
        &c->parts, &(bc_parts_params){.output = c->output,
                                      .settings = settings,
                                      .count = n_parts,
                                      .duration_us = bc_reader_info_of(c->reader)->duration_us,
                                      .log = c->log});
    free(settings);
    return status;
}

/* Painting --------------------------------------------------------------------------------- */

static int64_t lead_in_us(const bc_conversion *c)
{
    const bool is_averaged = strcmp(c->settings->stats, "frame") != 0 || c->settings->stabilize > 0;
    return c->painter && is_averaged ? LEAD_IN_US : 0;
}

/* The first reader has the film's first frame, which says how all are encoded. */
static bc_status reopen_reader(bc_conversion *c, int first, int last)
{
    const int64_t from_us = bc_parts_begin_us(c->parts, first) - lead_in_us(c);
    const bool is_to_end = bc_parts_after(c->parts, last) < 0;
    bc_reader_params params = bc_conversion_reading(c);
    if (from_us <= 0 && is_to_end)
        return BC_OK;
    params.from_us = from_us > 0 ? from_us : 0;
    if (!is_to_end)
        params.duration_us = bc_parts_begin_us(c->parts, last + 1);
    params.may_be_empty = true;
    bc_reader_close(&c->reader);
    return bc_reader_open(&c->reader, c->input, &params);
}

/* From the first part to the last one, with the reader open. */
static bc_status paint_parts(bc_conversion *c, int first, int last)
{
    bc_writer_params writing = bc_conversion_writing(c);
    writing.parts = c->parts;
    writing.part = first;
    writing.last_part = last;
    bc_status status = bc_conversion_open_writer(c, &writing);
    if (status == BC_OK)
        status = reopen_reader(c, first, last);
    if (status == BC_END)
        return bc_writer_finish(c->writer);
    if (status == BC_OK)
        status = bc_conversion_open_rest(c);
    if (status == BC_OK)
        status = bc_conversion_paint(c);
    return status;
}

static bc_status run_part(bc_conversion *c, bc_rank rank)
{
    if (bc_reader_info_of(c->reader)->duration_us <= 0)
        return bc_fail(&c->log, BC_ERR_ARGUMENT,
                       "%s: nobody knows how long it is: it has no %d parts", c->input, rank.count);
    const bc_status status = open_parts(c, rank.count);
    if (status < 0)
        return status;
    int next;
    int64_t n_damaged;
    if (!c->settings->overwrite && bc_parts_has(c->parts, rank.index) &&
        bc_parts_read(c->parts, rank.index, &next, &n_damaged) == BC_OK) {
        bc_log_write(&c->log, BC_LOG_INFO, "%s: part %d of %d is there: it is skipped", c->output,
                     rank.index + 1, rank.count);
        return bc_conversion_name_damage(c, n_damaged);
    }
    return paint_parts(c, rank.index, rank.index);
}

/* Joining ---------------------------------------------------------------------------------- */

static bc_status join(bc_conversion *c, int64_t *n_damaged)
{
    bc_reader_params reading = bc_conversion_reading(c);
    bc_writer_params writing = bc_conversion_writing(c);
    bc_status read = BC_END;
    *n_damaged = 0;
    reading.leaves_frames_out = true;
    writing.is_deferred = true;
    writing.temporary_folder = bc_parts_folder(c->parts);
    bc_status status = bc_reader_open(&c->reader, c->input, &reading);
    if (status == BC_OK)
        status = bc_conversion_open_writer(c, &writing);
    if (status == BC_OK)
        status = bc_join(c->writer, c->reader, c->parts, &read, n_damaged);
    if (status == BC_OK && read != BC_ERR_INTERRUPTED)
        status = bc_writer_finish(c->writer);
    bc_conversion_close(c);
    if (status == BC_OK && read != BC_ERR_INTERRUPTED)
        bc_parts_remove(c->parts);
    return status == BC_OK && read < 0 ? read : status;
}

static bc_status resume(bc_conversion *c)
{
    bc_status status = open_parts(c, 0);
    if (status < 0)
        return status;
    const int first = bc_parts_find_missing(c->parts, false);
    if (first > 0)
        bc_log_write(&c->log, BC_LOG_INFO, "%s goes on at %.0f s", c->output,
                     1e-6 * (double)bc_parts_begin_us(c->parts, first));
    if (first >= 0)
        status = paint_parts(c, first, BC_MAX_PARTS);
    bc_conversion_close(c);
    if (status == BC_ERR_INTERRUPTED)
        bc_log_write(&c->log, BC_LOG_INFO, "%s is not finished: --resume goes on", c->output);
    /* Of a damaged film there is all that could be read. */
    if (status < 0 && (status == BC_ERR_INTERRUPTED || bc_parts_find_missing(c->parts, false) >= 0))
        return status;
    int64_t n_damaged;
    const bc_status joined = join(c, &n_damaged);
    if (status == BC_OK && joined == BC_OK) /* of what was painted before, nobody has heard yet */
        status = bc_conversion_name_damage(c, n_damaged);
    return joined < 0 ? joined : status;
}

bc_status bc_conversion_join(const bc_conversion_settings *settings, const char *description,
                             const char *film, const char *output, atomic_int *stop,
                             const bc_log *log)
{
    bc_conversion c = {
        .settings = settings, .stop = stop, .log = *log, .input = film, .output = output};
    bc_parts_params params = {.output = output, .log = *log};
    char *named = describe_film(film);
    const char *count = strstr(description, "\nparts ");
    const bool is_of_film = named && strstr(description, named);
    free(named);
    if (!is_of_film || !count || sscanf(count, "\nparts %d", &params.count) != 1)
        return bc_fail(log, BC_ERR_MISMATCH, "%s.parts are not of %s as it is now", output, film);
    int64_t n_damaged;
    bc_status status = bc_parts_open(&c.parts, &params);
    if (status == BC_OK && bc_parts_find_missing(c.parts, true) >= 0)
        status = BC_ERR_IO;
    if (status == BC_OK)
        status = join(&c, &n_damaged);
    if (status == BC_OK)
        status = bc_conversion_name_damage(&c, n_damaged);
    bc_parts_close(&c.parts);
    return status;
}

/* Both ------------------------------------------------------------------------------------- */

/* Parts are read apart from sound, and again by who goes on. */
static bc_status check_film(const bc_conversion *c)
{
    struct stat film;
    const bool is_stream =
        strcmp(c->input, "-") == 0 || (!c->settings->input_format && stat(c->input, &film) == 0 &&
                                       !S_ISREG(film.st_mode) && !S_ISDIR(film.st_mode));
    return is_stream ? bc_fail(&c->log, BC_ERR_ARGUMENT,
                               "%s can be read once only: it cannot be painted in parts", c->input)
                     : BC_OK;
}

bc_status bc_conversion_run_parts(bc_conversion *c)
{
    const bc_reader_params reading = bc_conversion_reading(c);
    bc_status status = check_film(c);
    if (status == BC_OK)
        status = bc_reader_open(&c->reader, c->input, &reading);
    if (status == BC_OK)
        status = c->settings->part ? run_part(c, c->settings->part_rank) : resume(c);
    bc_conversion_close(c);
    bc_parts_close(&c->parts);
    return status;
}
