#include "media/mix.h"

#include <libavutil/pixdesc.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "media/adapt.h"
#include "media/canvas.h"
#include "media/letterbox.h"
#include "media/light.h"
#include "media/sidedata.h"

enum { WEIGHT_BITS = 14, WEIGHT_ONE = 1 << WEIGHT_BITS };

struct bc_mixer {
    AVFrame *canvas; /* of our own: the writer's, or RGB where its format has no whole samples */
    bc_light light;
    bc_scaler source_scaler, painting_scaler, mask_scaler;
    AVFrame *masks[2]; /* gray, of the luma's and of the chroma's size; NULL: everywhere */
    uint16_t *weights; /* [canvas width]: of the row being mixed */
    bc_log log;
};

/* Whether every component is whole bytes or whole native words, all of one depth. */
static bool has_plain_samples(enum AVPixelFormat format)
{
    const AVPixFmtDescriptor *description = av_pix_fmt_desc_get(format);
    const uint64_t odd = AV_PIX_FMT_FLAG_BITSTREAM | AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_FLOAT |
                         AV_PIX_FMT_FLAG_BAYER | AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_BE;
    if (description->flags & odd)
        return false;
    for (int c = 0; c < description->nb_components; c++) {
        const AVComponentDescriptor *component = &description->comp[c];
        const bool is_byte = component->depth == 8;
        const bool is_word = component->depth > 8 && component->depth <= 16 &&
                             component->step % 2 == 0 && component->offset % 2 == 0;
        if (component->depth != description->comp[0].depth || (!is_byte && !is_word))
            return false;
    }
    return true;
}

static bc_status set_canvas(bc_mixer *mixer, const AVFrame *canvas)
{
    mixer->canvas = av_frame_alloc();
    if (!mixer->canvas || av_frame_copy_props(mixer->canvas, canvas) < 0)
        return bc_fail(&mixer->log, BC_ERR_MEMORY, "mixer: out of memory");
    mixer->canvas->width = canvas->width;
    mixer->canvas->height = canvas->height;
    mixer->canvas->format = canvas->format;
    const enum AVPixelFormat format = (enum AVPixelFormat)canvas->format;
    if (has_plain_samples(format))
        return BC_OK;
    const bool has_alpha =
        av_pix_fmt_desc_get(format)->flags & (AV_PIX_FMT_FLAG_ALPHA | AV_PIX_FMT_FLAG_PAL);
    mixer->canvas->format = has_alpha ? AV_PIX_FMT_RGBA : AV_PIX_FMT_RGB24;
    bc_av_complete_colour(mixer->canvas);
    return BC_OK;
}

bc_status bc_mixer_open(bc_mixer **mixer_out, const bc_writer *writer, int n_threads,
                        const bc_log *log)
{
    *mixer_out = NULL;
    bc_mixer *mixer = calloc(1, sizeof(*mixer));
    if (!mixer)
        return bc_fail(log, BC_ERR_MEMORY, "mixer: out of memory");
    mixer->log = *log;
    bc_light *light = &mixer->light;
    light->bright.n_threads = light->mapped.n_threads = n_threads;
    light->painted.n_threads = light->coded.n_threads = n_threads;
    mixer->source_scaler.n_threads = mixer->painting_scaler.n_threads = n_threads;
    bc_status status = set_canvas(mixer, bc_writer_canvas(writer));
    if (status == BC_OK) {
        mixer->weights = malloc((size_t)mixer->canvas->width * sizeof(mixer->weights[0]));
        if (!mixer->weights)
            status = bc_fail(log, BC_ERR_MEMORY, "mixer: out of memory");
    }
    if (status < 0)
        bc_mixer_close(&mixer);
    *mixer_out = mixer;
    return status;
}

void bc_mixer_close(bc_mixer **mixer)
{
    if (!mixer || !*mixer)
        return;
    bc_light_close(&(*mixer)->light);
    bc_scaler_close(&(*mixer)->source_scaler);
    bc_scaler_close(&(*mixer)->painting_scaler);
    bc_scaler_close(&(*mixer)->mask_scaler);
    av_frame_free(&(*mixer)->masks[0]);
    av_frame_free(&(*mixer)->masks[1]);
    av_frame_free(&(*mixer)->canvas);
    free((*mixer)->weights);
    free(*mixer);
    *mixer = NULL;
}

/* Mask ------------------------------------------------------------------------------------- */

static bc_status scale_mask(bc_mixer *mixer, const AVFrame *mask, int width, int height,
                            AVFrame **scaled)
{
    AVFrame *gray = av_frame_alloc();
    if (!gray)
        return bc_fail(&mixer->log, BC_ERR_MEMORY, "mask: out of memory");
    gray->width = width;
    gray->height = height;
    gray->format = AV_PIX_FMT_GRAY8;
    gray->color_range = AVCOL_RANGE_JPEG;
    bc_av_complete_colour(gray);
    const int error = av_frame_get_buffer(gray, 0);
    const bc_status status = error < 0
                                 ? bc_av_fail(&mixer->log, error, "mask")
                                 : bc_scaler_run(&mixer->mask_scaler, mask, gray, &mixer->log);
    av_frame_free(scaled);
    if (status == BC_OK)
        *scaled = gray;
    else
        av_frame_free(&gray);
    return status;
}

bc_status bc_mixer_set_mask(bc_mixer *mixer, const bc_frame *mask)
{
    const AVFrame *canvas = mixer->canvas;
    const AVPixFmtDescriptor *format = av_pix_fmt_desc_get((enum AVPixelFormat)canvas->format);
    if (!mask) {
        av_frame_free(&mixer->masks[0]);
        av_frame_free(&mixer->masks[1]);
        return BC_OK;
    }
    AVFrame *av = NULL;
    bc_status status = bc_av_of_frame(&av, mask, &mixer->log);
    if (status == BC_OK)
        status = scale_mask(mixer, av, canvas->width, canvas->height, &mixer->masks[0]);
    if (status == BC_OK)
        status =
            scale_mask(mixer, av, AV_CEIL_RSHIFT(canvas->width, format->log2_chroma_w),
                       AV_CEIL_RSHIFT(canvas->height, format->log2_chroma_h), &mixer->masks[1]);
    av_frame_free(&av);
    return status;
}

/* Mixing ----------------------------------------------------------------------------------- */

/* One component of a row: bytes or words, `step` of them from one sample to the next. */
static inline __attribute__((always_inline)) void
mix_stepped(uint8_t *painted, const uint8_t *source, const uint16_t *weights, int n, int step)
{
    for (int x = 0; x < n; x++) {
        const int s = source[x * step], p = painted[x * step];
        painted[x * step] = (uint8_t)(s + (((p - s) * weights[x] + WEIGHT_ONE / 2) >> WEIGHT_BITS));
    }
}

static void mix_bytes(uint8_t *painted, const uint8_t *source, const uint16_t *weights, int n,
                      int step)
{
    if (step == 1) /* planes: a constant for the compiler's vectors */
        mix_stepped(painted, source, weights, n, 1);
    else
        mix_stepped(painted, source, weights, n, step);
}

static void mix_words(uint16_t *painted, const uint16_t *source, const uint16_t *weights, int n,
                      int step)
{
    for (int x = 0; x < n; x++) {
        const int s = source[x * step], p = painted[x * step];
        painted[x * step] =
            (uint16_t)(s + (((p - s) * weights[x] + WEIGHT_ONE / 2) >> WEIGHT_BITS));
    }
}

static void fill_weights(uint16_t *weights, int n, int weight, const AVFrame *mask, int y)
{
    const uint8_t *row = mask ? mask->data[0] + (ptrdiff_t)y * mask->linesize[0] : NULL;
    for (int x = 0; x < n; x++)
        weights[x] = (uint16_t)(row ? (weight * row[x] + 127) / 255 : weight);
}

typedef struct component {
    int width, height;
    int depth, step; /* step in samples */
    uint8_t *painted, *source;
    ptrdiff_t painted_stride, source_stride; /* bytes */
    bool is_chroma, is_alpha;
} component;

static component component_at(const AVFrame *painted, const AVFrame *source, int index)
{
    const AVPixFmtDescriptor *format = av_pix_fmt_desc_get((enum AVPixelFormat)painted->format);
    const AVComponentDescriptor *described = &format->comp[index];
    const bool is_alpha =
        format->flags & AV_PIX_FMT_FLAG_ALPHA && index == format->nb_components - 1;
    const bool is_chroma =
        !(format->flags & AV_PIX_FMT_FLAG_RGB) && !is_alpha && (index == 1 || index == 2);
    return (component){
        .width = is_chroma ? AV_CEIL_RSHIFT(painted->width, format->log2_chroma_w) : painted->width,
        .height =
            is_chroma ? AV_CEIL_RSHIFT(painted->height, format->log2_chroma_h) : painted->height,
        .depth = described->depth,
        .step = described->depth > 8 ? described->step / 2 : described->step,
        .painted = painted->data[described->plane] + described->offset,
        .source = source->data[described->plane] + described->offset,
        .painted_stride = painted->linesize[described->plane],
        .source_stride = source->linesize[described->plane],
        .is_chroma = is_chroma,
        .is_alpha = is_alpha,
    };
}

static void copy_plane(const component *c)
{
    for (int y = 0; y < c->height; y++)
        memcpy(c->painted + y * c->painted_stride, c->source + y * c->source_stride,
               (size_t)c->width * (c->depth > 8 ? 2 : 1));
}

static void mix_component(bc_mixer *mixer, const component *c, int weight)
{
    const AVFrame *mask = mixer->masks[c->is_chroma];
    if (weight == WEIGHT_ONE && !mask)
        return;
    if (weight == 0 && c->step == 1) {
        copy_plane(c);
        return;
    }
    fill_weights(mixer->weights, c->width, weight, mask, 0);
    for (int y = 0; y < c->height; y++) {
        uint8_t *painted = c->painted + y * c->painted_stride;
        const uint8_t *source = c->source + y * c->source_stride;
        if (mask && weight)
            fill_weights(mixer->weights, c->width, weight, mask, y);
        if (c->depth == 8)
            mix_bytes(painted, source, mixer->weights, c->width, c->step);
        else
            mix_words((uint16_t *)painted, (const uint16_t *)source, mixer->weights, c->width,
                      c->step);
    }
}

static int sample_at(const component *c, const uint8_t *row, int x)
{
    return c->depth == 8 ? row[x * c->step] : ((const uint16_t *)row)[x * c->step];
}

/* RGB: the source's colour moved to the painting's luma (BT.709). */
static void recolour_row(const component rgb[3], int y, float keep)
{
    static const float luma[3] = {0.2126f, 0.7152f, 0.0722f};
    const float top = (float)((1 << rgb[0].depth) - 1);
    for (int x = 0; x < rgb[0].width; x++) {
        float difference = 0;
        int painted[3], source[3];
        for (int c = 0; c < 3; c++) {
            painted[c] = sample_at(&rgb[c], rgb[c].painted + y * rgb[c].painted_stride, x);
            source[c] = sample_at(&rgb[c], rgb[c].source + y * rgb[c].source_stride, x);
            difference += luma[c] * (float)(painted[c] - source[c]);
        }
        for (int c = 0; c < 3; c++) {
            const float kept = fminf(fmaxf((float)source[c] + difference, 0), top);
            const int value = (int)lrintf((float)painted[c] + keep * (kept - (float)painted[c]));
            uint8_t *row = rgb[c].painted + y * rgb[c].painted_stride;
            if (rgb[c].depth == 8)
                row[x * rgb[c].step] = (uint8_t)value;
            else
                ((uint16_t *)row)[x * rgb[c].step] = (uint16_t)value;
        }
    }
}

static void recolour(const AVFrame *painted, const AVFrame *source, float keep)
{
    component rgb[3];
    for (int c = 0; c < 3; c++)
        rgb[c] = component_at(painted, source, c);
    for (int y = 0; y < painted->height; y++)
        recolour_row(rgb, y, keep);
}

static void mix_frames(bc_mixer *mixer, AVFrame *painted, const AVFrame *source, const bc_mix *mix)
{
    const AVPixFmtDescriptor *format = av_pix_fmt_desc_get((enum AVPixelFormat)painted->format);
    const bool is_rgb = format->flags & AV_PIX_FMT_FLAG_RGB;
    if (is_rgb && mix->keep_colors > 0)
        recolour(painted, source, mix->keep_colors);
    for (int i = 0; i < format->nb_components; i++) {
        const component c = component_at(painted, source, i);
        const float share = c.is_alpha ? 0 : c.is_chroma ? 1 - mix->keep_colors : 1;
        mix_component(mixer, &c, (int)lrintf(mix->strength * share * WEIGHT_ONE));
    }
}

static bool has_alpha(const AVFrame *canvas)
{
    return av_pix_fmt_desc_get((enum AVPixelFormat)canvas->format)->flags & AV_PIX_FMT_FLAG_ALPHA;
}

static bool needs_source(const bc_mixer *mixer, const bc_mix *mix)
{
    return mix->strength < 1 || mix->keep_colors > 0 || mixer->masks[0] || has_alpha(mixer->canvas);
}

/* The painting as the canvas wants it: its own pixels where they are the canvas's. */
static bc_status fit_painting(bc_mixer *mixer, const bc_frame *source, const bc_frame *painting,
                              AVFrame **painted)
{
    AVFrame *view = NULL;
    *painted = NULL;
    bc_status status = bc_av_of_frame(&view, painting, &mixer->log);
    if (status < 0)
        return status;
    if (painting->native) {
        *painted = view;
        return BC_OK;
    }
    if (source->native && bc_adapter_is_hdr(mixer->canvas)) {
        status = bc_light_restore(&mixer->light, source->native, mixer->canvas, view, &mixer->log);
        *painted = view;
        if (status < 0)
            av_frame_free(painted);
        return status;
    }
    status = bc_canvas_alloc(painted, mixer->canvas, &mixer->log);
    if (status == BC_OK)
        status = bc_scaler_run(&mixer->painting_scaler, view, *painted, &mixer->log);
    if (status < 0)
        av_frame_free(painted);
    av_frame_free(&view);
    return status;
}

static bc_status fit_source(bc_mixer *mixer, const bc_frame *source, AVFrame **av)
{
    return bc_canvas_fit(av, mixer->canvas, source, &mixer->source_scaler, &mixer->log);
}

static bc_status paint_over(bc_mixer *mixer, const bc_frame *source, const bc_frame *painting,
                            const bc_mix *mix, AVFrame **painted)
{
    AVFrame *under = NULL;
    bc_status status = fit_painting(mixer, source, painting, painted);
    if (status < 0 || !needs_source(mixer, mix))
        return status;
    status = fit_source(mixer, source, &under);
    if (status == BC_OK)
        mix_frames(mixer, *painted, under, mix);
    else
        av_frame_free(painted);
    av_frame_free(&under);
    return status;
}

static bool can_be_painted(const bc_frame *painting)
{
    return !painting->native || av_frame_is_writable(painting->native);
}

bc_status bc_mixer_prepare(const bc_mixer *mixer, int width, int height, bc_frame **painting)
{
    const AVFrame *canvas = mixer->canvas;
    AVFrame *av = NULL;
    if (*painting && can_be_painted(*painting))
        return BC_OK;
    bc_frame_unref(painting);
    if (canvas->width == width && canvas->height == height) {
        bc_status status = bc_canvas_alloc(&av, canvas, &mixer->log);
        if (status == BC_OK)
            status = bc_av_to_frame(painting, av, &mixer->log);
        if (status < 0 || (*painting)->image.pixels)
            return status;
        bc_frame_unref(painting);
    }
    return bc_frame_alloc(painting, width, height, BC_RGB24, &mixer->log);
}

bc_status bc_mixer_run(bc_mixer *mixer, const bc_frame *source, const bc_frame *painting,
                       const bc_mix *mix, bc_frame **result)
{
    AVFrame *av = NULL;
    *result = NULL;
    bc_status status = mix->strength > 0 ? paint_over(mixer, source, painting, mix, &av)
                                         : fit_source(mixer, source, &av);
    if (status == BC_OK && mix->strength > 0 && source->native)
        bc_letterbox_blacken(av, source->native);
    if (status == BC_OK && source->native && bc_sidedata_copy_frame(av, source->native) < 0) {
        av_frame_free(&av);
        status = bc_fail(&mixer->log, BC_ERR_MEMORY, "mixer: out of memory");
    }
    if (status == BC_OK)
        status = bc_av_to_frame(result, av, &mixer->log);
    if (status < 0)
        return status;
    (*result)->pts = source->pts;
    (*result)->duration = source->duration;
    (*result)->time_base = source->time_base;
    (*result)->n_damaged = source->n_damaged;
    return BC_OK;
}
