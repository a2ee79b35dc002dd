/*
 * convert/: conversions: one of a film or a picture, lists of them, and lists that processes share.
 *
 * conversion.h: one conversion: everything of an input that can be painted, painted into an output
 * that keeps everything else.
 */
#ifndef BC_CONVERT_CONVERSION_H
#define BC_CONVERT_CONVERSION_H

#include "convert/share.h"
#include "media/reader.h"

/* What the command line says; {0} is not valid: the options' table of `convert` tells more. */
typedef struct bc_conversion_settings {
    const char *output, *input_format, *output_format;
    bool overwrite, never_overwrite;
    const char *style, *net, *models, *stats, *precision;
    double strength, keep_colors, scale, stabilize;
    const char *mask;
    int64_t start_us, duration_us;
    const char *rate;
    bc_deinterlace deinterlace;
    bc_hdr hdr;
    const char *codec, *sound, *crf, *preset, *encoder_options, *pixel_format;
    int n_threads;
    const char *progress;
    const char *share;
    bool resume;
    const char *part;        /* "I/N", which is */
    bc_rank part_rank;       /* in numbers */
    const char *description; /* of all that changes the coded pictures: lines, --NAME=VALUE */
} bc_conversion_settings;

/*
 * Converts one file, or a part of it, and says in the log what is lost on the way. `painter` is set
 * up as `settings` say, or NULL where strength is 0. `stop` not 0: what is there is finished
 * properly, and the result is BC_ERR_INTERRUPTED. An input that is damaged or ends too early is an
 * error, but what could be read of it is written; so is damage that who painted a part has met.
 */
bc_status bc_conversion_run(const bc_conversion_settings *settings, bc_painter *painter,
                            atomic_int *stop, const bc_conversion_files *files, const bc_log *log);

/*
 * Joins the parts of a film that other processes have painted. `description` is what stands in the
 * parts' folder (bc_parts_settings), and `settings` are what its options say. BC_ERR_MISMATCH if
 * the parts are of another film; every missing or damaged part is named. Damage in the film itself
 * is an error too, but the output is there.
 */
bc_status bc_conversion_join(const bc_conversion_settings *settings, const char *description,
                             const char *film, const char *output, atomic_int *stop,
                             const bc_log *log);

#endif
