#include "app/bench_clip.h"

#include <jansson.h>
#include <stdio.h>

#include "base/clock.h"
#include "convert/pipeline.h"

static const char *const part_names[BC_N_PARTS] = {"decode", "convert", "paint", "mix", "encode"};

/* A conversion and its clock, from the first frame read to the last byte encoded. */
typedef struct bench_clip {
    const bc_bench_clip_params *params;
    bc_reader *reader;
    bc_writer *writer;
    bc_mixer *mixer;
    bc_painter *painter;
    bc_pipeline_result result;
    double seconds;
} bench_clip;

static bc_status open_all(bench_clip *b)
{
    const bc_bench_clip_params *p = b->params;
    const bc_painter_params painter = {.size = sizeof(painter),
                                       .net = p->net,
                                       .models = p->models,
                                       .n_threads = p->n_threads,
                                       .precision = p->precision,
                                       .stats = p->stats,
                                       .log = p->log};
    const bc_writer_params writer = {.format = "matroska",
                                     .codec = "libx264",
                                     .crf = "18",
                                     .preset = p->preset,
                                     .n_threads = p->n_threads,
                                     .overwrite = true,
                                     .log = p->log};
    bc_status status = bc_reader_open(
        &b->reader, p->input, &(bc_reader_params){.n_threads = p->n_threads, .log = p->log});
    if (status == BC_OK)
        status = bc_painter_open(&b->painter, &painter);
    if (status == BC_OK)
        status = bc_painter_set(b->painter, BC_PAINTER_STABILIZE, (double)p->stabilize);
    if (status == BC_OK)
        status = bc_painter_set_style(b->painter, NULL);
    if (status == BC_OK)
        status = bc_writer_open(&b->writer, "/dev/null", bc_reader_first(b->reader), NULL, &writer);
    if (status == BC_OK)
        status = bc_mixer_open(&b->mixer, b->writer, p->n_threads, &p->log);
    return status;
}

static void close_all(bench_clip *b)
{
    bc_mixer_close(&b->mixer);
    bc_writer_close(&b->writer);
    bc_painter_close(&b->painter);
    bc_reader_close(&b->reader);
}

static bc_status run(bench_clip *b)
{
    bc_progress progress = {.mode = BC_PROGRESS_NONE};
    const int64_t start_ns = bc_clock_ns();
    bc_progress_start(&progress);
    b->result = bc_pipeline_run(&(bc_pipeline_params){.reader = b->reader,
                                                      .writer = b->writer,
                                                      .mixer = b->mixer,
                                                      .painter = b->painter,
                                                      .mix = {.strength = 1},
                                                      .scale = 1,
                                                      .n_threads = b->params->n_threads,
                                                      .progress = &progress,
                                                      .log = b->params->log});
    if (b->result.write < 0)
        return b->result.write;
    const int64_t flush_ns = bc_clock_ns();
    const bc_status status = bc_writer_finish(b->writer);
    b->result.part_ns[BC_PART_ENCODE] += bc_clock_ns() - flush_ns;
    b->seconds = 1e-9 * (double)(bc_clock_ns() - start_ns);
    return status < 0 || b->result.read == BC_END ? status : b->result.read;
}

/* Milliseconds a frame. */
static double part_ms(const bench_clip *b, int part)
{
    return 1e-6 * (double)b->result.part_ns[part] / (double)b->result.n_frames;
}

/* Times as fast as the clip plays; 0 where nobody knows how fast that is. */
static double times_real(const bench_clip *b, const bc_reader_info *info)
{
    if (info->frame_rate.num <= 0 || info->frame_rate.den <= 0)
        return 0;
    return (double)b->result.n_frames / b->seconds * info->frame_rate.den / info->frame_rate.num;
}

static void print_table(const bench_clip *b)
{
    const bc_reader_info *info = bc_reader_info_of(b->reader);
    printf("%s: %s %s %dx%d, %lld frames; painted in %s, encoded to H.264, preset %s\n\n"
           "stage      ms a frame\n",
           b->params->input, info->codec, info->format, info->width, info->height,
           (long long)b->result.n_frames, bc_model_style(bc_painter_model(b->painter), 0).name,
           b->params->preset);
    for (int i = 0; i < BC_N_PARTS; i++)
        printf("%-10s %10.2f\n", part_names[i], part_ms(b, i));
    printf("%-10s %10.2f\n\n", "all", 1e3 * b->seconds / (double)b->result.n_frames);
    printf(
        "Stages run side by side: decode and convert, paint, and mix and encode; waiting for the\n"
        "codecs' own threads counts. %.1f frames a second",
        (double)b->result.n_frames / b->seconds);
    if (times_real(b, info) > 0)
        printf(", %.2f times as fast as the clip plays", times_real(b, info));
    putchar('\n');
}

static void print_json(const bench_clip *b)
{
    const bc_reader_info *info = bc_reader_info_of(b->reader);
    json_t *parts = json_object();
    for (int i = 0; i < BC_N_PARTS; i++)
        json_object_set_new(parts, part_names[i], json_real(part_ms(b, i)));
    json_t *report =
        json_pack("{s:s, s:i, s:i, s:I, s:f, s:f, s:f, s:o}", "input", b->params->input, "width",
                  info->width, "height", info->height, "frames", (json_int_t)b->result.n_frames,
                  "seconds", b->seconds, "fps", (double)b->result.n_frames / b->seconds,
                  "times_real", times_real(b, info), "stage_ms", parts);
    json_dumpf(report, stdout, JSON_COMPACT | JSON_REAL_PRECISION(7));
    putchar('\n');
    json_decref(report);
}

bc_status bc_bench_clip(const bc_bench_clip_params *params)
{
    bench_clip b = {.params = params};
    bc_status status = open_all(&b);
    if (status == BC_OK)
        status = run(&b);
    if (status == BC_OK && params->is_json)
        print_json(&b);
    else if (status == BC_OK)
        print_table(&b);
    close_all(&b);
    return status;
}
