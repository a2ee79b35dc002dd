/* flicker.c: how steady painted clips are, beside their source. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "inspect/inspect.h"
#include "inspect/steadiness.h"
#include "media/convert.h"
#include "media/reader.h"

typedef struct options {
    int n_frames, window; /* n_frames 0: all */
    bool is_json;
    int n_clips; /* the source first */
    char **clips;
} options;

/* Clips ------------------------------------------------------------------------------------ */

typedef struct clip {
    const char *path;
    bc_reader *reader;
    bc_converter *converter;
    bc_frame *picture; /* BC_RGB24 */
} clip;

static bc_status clip_open(clip *c, const char *path, const clip *first, const bc_log *log)
{
    c->path = path;
    bc_status status = bc_reader_open(&c->reader, path, &(bc_reader_params){.log = *log});
    if (status < 0)
        return status;
    const bc_reader_info *info = bc_reader_info_of(c->reader);
    if (first->picture && (info->width != first->picture->image.width ||
                           info->height != first->picture->image.height))
        return bc_fail(log, BC_ERR_ARGUMENT, "%s: is %dx%d, but %s is %dx%d", path, info->width,
                       info->height, first->path, first->picture->image.width,
                       first->picture->image.height);
    status = bc_frame_alloc(&c->picture, info->width, info->height, BC_RGB24, log);
    return status < 0 ? status : bc_converter_open(&c->converter, 1, log);
}

static void clip_close(clip *c)
{
    bc_reader_close(&c->reader);
    bc_converter_close(&c->converter);
    bc_frame_unref(&c->picture);
}

/* The next picture; BC_END. */
static bc_status clip_read(clip *c)
{
    bc_frame *frame = NULL;
    bc_status status = BC_OK;
    while (status == BC_OK && !frame) {
        bc_packet *packet = NULL;
        status = bc_reader_read(c->reader, &frame, &packet);
        bc_packet_free(&packet);
    }
    if (status == BC_OK)
        status = bc_converter_run(c->converter, frame, &c->picture->image);
    bc_frame_unref(&frame);
    return status;
}

/* Measuring -------------------------------------------------------------------------------- */

static bc_status add_frame(bc_steadiness *steadiness, clip *clips, int n_clips, const bc_log *log)
{
    bc_image images[1 + BC_MAX_PAINTINGS];
    bc_status status = BC_OK;
    for (int i = 0; i < n_clips && status == BC_OK; i++) {
        status = clip_read(&clips[i]);
        images[i] = clips[i].picture->image;
        if (status == BC_END && i > 0)
            status =
                bc_fail(log, BC_ERR_ARGUMENT, "%s: ends before %s", clips[i].path, clips[0].path);
    }
    return status == BC_OK ? bc_steadiness_add(steadiness, &images[0], images + 1) : status;
}

static bc_status measure(bc_steadiness **steadiness, const options *o, clip *clips, int *n_frames,
                         const bc_log *log)
{
    bc_status status = BC_OK;
    for (int i = 0; i < o->n_clips && status == BC_OK; i++)
        status = clip_open(&clips[i], o->clips[i], &clips[0], log);
    if (status == BC_OK)
        status = bc_steadiness_open(steadiness, clips[0].picture->image.width,
                                    clips[0].picture->image.height, o->n_clips - 1, o->window, log);
    while (status == BC_OK && (*n_frames < o->n_frames || o->n_frames == 0)) {
        status = add_frame(*steadiness, clips, o->n_clips, log);
        *n_frames += status == BC_OK;
    }
    return status == BC_END ? BC_OK : status;
}

static void print_table(const bc_steadiness *s, const options *o, int n_frames)
{
    const bc_steadiness_result first = bc_steadiness_of(s, 0);
    printf("%s: %d frames, %.0f %% still, flow trusted for %.0f %%\n", o->clips[0], n_frames,
           100 * bc_steadiness_still_share(s), 100 * bc_steadiness_seen_share(s));
    printf("  still            warping\n");
    for (int i = 0; i < o->n_clips - 1; i++) {
        const bc_steadiness_result r = bc_steadiness_of(s, i);
        printf("%7.3f %+6.1f %%  %7.3f %+6.1f %%  %s\n", r.still_deviation,
               100 * (r.still_deviation / first.still_deviation - 1), r.warping_error,
               100 * (r.warping_error / first.warping_error - 1), o->clips[i + 1]);
    }
}

/* JSON has no NaN. */
static json_t *json_figure(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

static void print_json(const bc_steadiness *s, const options *o, int n_frames)
{
    json_t *paintings = json_array();
    for (int i = 0; i < o->n_clips - 1; i++) {
        const bc_steadiness_result r = bc_steadiness_of(s, i);
        json_array_append_new(paintings, json_pack("{s:s, s:o, s:o}", "file", o->clips[i + 1],
                                                   "still", json_figure(r.still_deviation),
                                                   "warping", json_figure(r.warping_error)));
    }
    json_t *report = json_pack("{s:s, s:i, s:f, s:f, s:o}", "source", o->clips[0], "frames",
                               n_frames, "still_share", bc_steadiness_still_share(s), "seen_share",
                               bc_steadiness_seen_share(s), "paintings", paintings);
    json_dumpf(report, stdout, JSON_COMPACT | JSON_REAL_PRECISION(7));
    putchar('\n');
    json_decref(report);
}

static bc_status run(const options *o, const bc_log *log)
{
    clip clips[1 + BC_MAX_PAINTINGS] = {0};
    bc_steadiness *steadiness = NULL;
    int n_frames = 0;
    const bc_status status = measure(&steadiness, o, clips, &n_frames, log);
    if (status == BC_OK && o->is_json)
        print_json(steadiness, o, n_frames);
    else if (status == BC_OK)
        print_table(steadiness, o, n_frames);
    bc_steadiness_close(&steadiness);
    for (int i = 0; i < o->n_clips; i++)
        clip_close(&clips[i]);
    return status;
}

/* The command ------------------------------------------------------------------------------ */

#define AT(FIELD) offsetof(options, FIELD)

static const bc_option table[] = {
    {"frames", "N", "stop after so many (all)", BC_OPTION_COUNT, .offset = AT(n_frames), .low = 1,
     .high = 1000000},
    {"window", "N", "frames that still areas are measured over (30)", BC_OPTION_COUNT,
     .offset = AT(window), .low = 2, .high = 1000000},
    {"json", NULL, "one object instead of the table", BC_OPTION_FLAG, .offset = AT(is_json)},
};

static int flicker(int n_args, char **args, const bc_log *log)
{
    options o = {.window = 30};
    int parsed = bc_options_parse(&bc_inspect_flicker, &n_args, args, &o, log);
    if (parsed == 0 && (n_args < 3 || n_args > 2 + BC_MAX_PAINTINGS))
        parsed = bc_options_refuse(&bc_inspect_flicker, log,
                                   "needs a source and 1 to %d paintings of it", BC_MAX_PAINTINGS);
    if (parsed != 0)
        return parsed < 0 ? BC_EXIT_USAGE : BC_EXIT_DONE;
    o.n_clips = n_args - 1;
    o.clips = args + 1;
    return run(&o, log) < 0 ? BC_EXIT_FAILED : BC_EXIT_DONE;
}

const bc_command bc_inspect_flicker = {
    .name = "flicker",
    .summary = "measure how steady painted clips are",
    .arguments = "SOURCE PAINTED... [OPTION...]",
    .description =
        "Measures how much paintings of a clip flicker, in levels of 255 (root mean squares):\n"
        "still\tdeviation over time, in windows, of what does not move in SOURCE\n"
        "warping\tdifference between a frame and the one before, moved by SOURCE's optical flow, "
        "where that can be trusted\n"
        "The percentages are against the first PAINTED. All clips have the same size and frames; "
        "they are compared one by one, whatever their times.",
    .options = table,
    .n_options = sizeof(table) / sizeof(table[0]),
    .run = flicker,
};
