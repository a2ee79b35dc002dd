/*
 * obs.c: Brushcast as a video filter of OBS Studio.
 *
 * OBS draws on one graphics thread, which a painting of 30 ms would hold. So a frame is rendered
 * and staged, downloaded one frame later, when the graphics card has it ready, painted on a thread
 * of its own, and the newest painting is drawn until the next one is there. What cannot be painted
 * is drawn as it is.
 *
 * libobs is under the GNU General Public License, version 2 or later: so is the binary of this
 * file.
 */
#include <obs-module.h>

#include "worker.h"

OBS_DECLARE_MODULE()
OBS_MODULE_USE_DEFAULT_LOCALE("brushcast-obs", "en-US")
OBS_MODULE_AUTHOR("the Brushcast authors")

/* A source that was hidden for so long shows nothing from before. */
static const int64_t hidden_us = 500000;

/* The sliders, in percent; `name` is the setting's in OBS, `text` its text's in the locale. */
static const struct slider {
    const char *name, *text;
    bc_painter_setting setting;
    int low, high, normal;
} sliders[] = {
    {"strength", "Strength", BC_PAINTER_STRENGTH, 0, 100, 100},
    {"keep-colors", "KeepColors", BC_PAINTER_KEEP_COLORS, 0, 100, 0},
    {"brush-size", "BrushSize", BC_PAINTER_SCALE, 25, 400, 100},
    {"stabilize", "Stabilize", BC_PAINTER_STABILIZE, 0, 100, 0},
};
enum { N_SLIDERS = sizeof(sliders) / sizeof(*sliders) };

typedef struct obs_filter {
    obs_source_t *context;
    bc_effect *effect;
    bc_worker *worker;

    /* The graphics thread's: */
    uint32_t width, height;                 /* of what is filtered */
    bool is_rendered;                       /* since the last tick */
    gs_texrender_t *premultiplied, *target; /* as sources draw themselves; as they are painted */
    gs_stagesurf_t *stages[2];              /* [0] is of the frame before, if it has one */
    bool is_staged;
    int64_t time_us; /* of the last frame */
    gs_texture_t *painting;
    bool is_painted; /* `painting` shows something */
} obs_filter;

static void print(void *cookie, bc_log_level level, const char *message)
{
    static const int levels[] = {[BC_LOG_ERROR] = LOG_WARNING,
                                 [BC_LOG_WARNING] = LOG_WARNING,
                                 [BC_LOG_INFO] = LOG_INFO,
                                 [BC_LOG_DEBUG] = LOG_DEBUG};
    (void)cookie;
    blog(levels[level], "[brushcast] %s", message);
}

/* Settings ----------------------------------------------------------------------------------- */

static void get_defaults(obs_data_t *settings)
{
    obs_data_set_default_string(settings, "net", "deep");
    obs_data_set_default_int(settings, "share", 50);
    for (int i = 0; i < N_SLIDERS; i++)
        obs_data_set_default_int(settings, sliders[i].name, sliders[i].normal);
}

/* Weights are percent: OBS may have set a locale whose numbers have commas. */
static void set_style(obs_filter *filter, obs_data_t *settings)
{
    const char *first = obs_data_get_string(settings, "style");
    const char *second = obs_data_get_string(settings, "second");
    const int share = (int)obs_data_get_int(settings, "share");
    char blend[512];
    if (*first && *second)
        snprintf(blend, sizeof(blend), "%s:%d,%s:%d", first, 100 - share, second, share);
    else
        snprintf(blend, sizeof(blend), "%s", first);
    bc_effect_set_style(filter->effect, blend);
}

static void update(void *data, obs_data_t *settings)
{
    obs_filter *filter = data;
    bc_effect_set_net(filter->effect, obs_data_get_string(settings, "net"));
    set_style(filter, settings);
    for (int i = 0; i < N_SLIDERS; i++) {
        const double share = (double)obs_data_get_int(settings, sliders[i].name) / 100;
        const bool is_size = sliders[i].setting == BC_PAINTER_SCALE;
        bc_effect_set(filter->effect, sliders[i].setting, is_size ? 1 / share : share);
    }
    bc_effect_set(filter->effect, BC_PAINTER_FADE, obs_data_get_double(settings, "fade"));
}

static void add_title(obs_property_t *list, const bc_style_info *style)
{
    char title[256];
    snprintf(title, sizeof(title), "%s%s%s%s%s", *style->title ? style->title : style->name,
             *style->artist ? ", " : "", style->artist, *style->year ? ", " : "", style->year);
    obs_property_list_add_string(list, title, style->name);
}

/* The lists of styles are those of the net that is chosen. */
static bool list_styles(obs_properties_t *properties, obs_property_t *net, obs_data_t *settings)
{
    obs_property_t *first = obs_properties_get(properties, "style");
    obs_property_t *second = obs_properties_get(properties, "second");
    bc_model *model;
    (void)net;
    obs_property_list_clear(first);
    obs_property_list_clear(second);
    obs_property_list_add_string(first, obs_module_text("Style.First"), "");
    obs_property_list_add_string(second, obs_module_text("Second.None"), "");
    bc_model_open(&model, obs_data_get_string(settings, "net"),
                  &(bc_model_params){.size = sizeof(bc_model_params)});
    for (int i = 0; model && i < bc_model_style_count(model); i++) {
        const bc_style_info style = bc_model_style(model, i);
        add_title(first, &style);
        add_title(second, &style);
    }
    bc_model_close(&model);
    return true;
}

static void add_nets(obs_properties_t *properties)
{
    obs_property_t *nets =
        obs_properties_add_list(properties, "net", obs_module_text("Net"), OBS_COMBO_TYPE_EDITABLE,
                                OBS_COMBO_FORMAT_STRING);
    obs_property_list_add_string(nets, obs_module_text("Net.Deep"), "deep");
    obs_property_list_add_string(nets, obs_module_text("Net.Light"), "light");
    obs_property_set_modified_callback(nets, list_styles);
}

static obs_properties_t *get_properties(void *data)
{
    const obs_filter *filter = data;
    obs_properties_t *properties = obs_properties_create();
    add_nets(properties);
    obs_properties_add_list(properties, "style", obs_module_text("Style"), OBS_COMBO_TYPE_LIST,
                            OBS_COMBO_FORMAT_STRING);
    obs_properties_add_list(properties, "second", obs_module_text("Second"), OBS_COMBO_TYPE_LIST,
                            OBS_COMBO_FORMAT_STRING);
    obs_property_int_set_suffix(
        obs_properties_add_int_slider(properties, "share", obs_module_text("Share"), 0, 100, 1),
        " %");
    for (int i = 0; i < N_SLIDERS; i++)
        obs_property_int_set_suffix(obs_properties_add_int_slider(properties, sliders[i].name,
                                                                  obs_module_text(sliders[i].text),
                                                                  sliders[i].low, sliders[i].high,
                                                                  1),
                                    " %");
    obs_property_float_set_suffix(
        obs_properties_add_float_slider(properties, "fade", obs_module_text("Fade"), 0, 10, 0.1),
        " s");
    obs_data_t *settings = filter ? obs_source_get_settings(filter->context) : NULL;
    list_styles(properties, NULL, settings);
    obs_data_release(settings);
    return properties;
}

/* Life --------------------------------------------------------------------------------------- */

static const char *get_name(void *type_data)
{
    (void)type_data;
    return obs_module_text("Brushcast");
}

static void destroy(void *data)
{
    obs_filter *filter = data;
    bc_worker_close(filter->worker);
    bc_effect_close(filter->effect);
    obs_enter_graphics();
    gs_texrender_destroy(filter->premultiplied);
    gs_texrender_destroy(filter->target);
    gs_stagesurface_destroy(filter->stages[0]);
    gs_stagesurface_destroy(filter->stages[1]);
    gs_texture_destroy(filter->painting);
    obs_leave_graphics();
    bfree(filter);
}

static void *create(obs_data_t *settings, obs_source_t *context)
{
    obs_filter *filter = bzalloc(sizeof(*filter));
    filter->context = context;
    filter->effect = bc_effect_open(BC_STATS_STREAM, &(bc_log){.write = print});
    filter->worker = filter->effect ? bc_worker_open(filter->effect) : NULL;
    if (!filter->worker) {
        destroy(filter);
        return NULL;
    }
    update(filter, settings);
    return filter;
}

/* Frames ------------------------------------------------------------------------------------- */

static void tick(void *data, float seconds)
{
    obs_filter *filter = data;
    (void)seconds;
    filter->is_rendered = false;
}

static void forget(obs_filter *filter)
{
    filter->is_staged = filter->is_painted = false;
    bc_worker_take(filter->worker);
}

/* Surfaces for what is filtered, in its size of this frame. */
static void fit(obs_filter *filter, uint32_t width, uint32_t height)
{
    if (!filter->target) {
        filter->premultiplied = gs_texrender_create(GS_BGRA, GS_ZS_NONE);
        filter->target = gs_texrender_create(GS_BGRA, GS_ZS_NONE);
    }
    if (filter->width == width && filter->height == height)
        return;
    filter->width = width;
    filter->height = height;
    for (int i = 0; i < 2; i++) {
        gs_stagesurface_destroy(filter->stages[i]);
        filter->stages[i] = gs_stagesurface_create(width, height, GS_BGRA);
    }
    forget(filter);
}

static bool begin(const obs_filter *filter, gs_texrender_t *target)
{
    struct vec4 nothing;
    vec4_zero(&nothing);
    gs_texrender_reset(target);
    if (!gs_texrender_begin(target, filter->width, filter->height))
        return false;
    gs_clear(GS_CLEAR_COLOR, &nothing, 0, 0);
    gs_ortho(0, (float)filter->width, 0, (float)filter->height, -100, 100);
    gs_blend_state_push();
    return true;
}

static void end(gs_texrender_t *target)
{
    gs_blend_state_pop();
    gs_texrender_end(target);
}

/* Draws a texture of ours as OBS's own sources draw theirs: sRGB, or linear where OBS blends so. */
static void draw(const obs_filter *filter, gs_texture_t *texture, const char *technique)
{
    gs_effect_t *effect = obs_get_base_effect(OBS_EFFECT_DEFAULT);
    gs_eparam_t *image = gs_effect_get_param_by_name(effect, "image");
    const bool is_linear = gs_get_linear_srgb(), was_srgb = gs_framebuffer_srgb_enabled();
    gs_enable_framebuffer_srgb(is_linear);
    if (is_linear)
        gs_effect_set_texture_srgb(image, texture);
    else
        gs_effect_set_texture(image, texture);
    while (gs_effect_loop(effect, technique))
        gs_draw_sprite(texture, 0, filter->width, filter->height);
    gs_enable_framebuffer_srgb(was_srgb);
}

static void blend_over(void)
{
    gs_blend_function_separate(GS_BLEND_SRCALPHA, GS_BLEND_INVSRCALPHA, GS_BLEND_ONE,
                               GS_BLEND_INVSRCALPHA);
}

/* Whatever a source draws, straight or premultiplied by its alpha, comes out premultiplied. */
static bool render_source(const obs_filter *filter)
{
    obs_source_t *source = obs_filter_get_target(filter->context);
    const uint32_t draws_itself = OBS_SOURCE_CUSTOM_DRAW | OBS_SOURCE_ASYNC;
    if (!begin(filter, filter->premultiplied))
        return false;
    blend_over();
    if (source == obs_filter_get_parent(filter->context) &&
        !(obs_source_get_output_flags(source) & draws_itself))
        obs_source_default_render(source);
    else
        obs_source_video_render(source);
    end(filter->premultiplied);
    return true;
}

/* What is filtered, in straight alpha and in the bytes that the painter knows. */
static bool render(const obs_filter *filter)
{
    const bool was_linear = gs_set_linear_srgb(false);
    const bool is_rendered = render_source(filter) && begin(filter, filter->target);
    if (is_rendered) {
        gs_blend_function(GS_BLEND_ONE, GS_BLEND_ZERO);
        draw(filter, gs_texrender_get_texture(filter->premultiplied), "DrawAlphaDivide");
        end(filter->target);
    }
    gs_set_linear_srgb(was_linear);
    return is_rendered;
}

/* Hands the frame before to the worker, and stages this one. */
static void download(obs_filter *filter)
{
    uint8_t *pixels;
    uint32_t stride;
    if (filter->is_staged && gs_stagesurface_map(filter->stages[0], &pixels, &stride)) {
        const bc_image frame = {.pixels = pixels,
                                .stride_bytes = (ptrdiff_t)stride,
                                .width = (int)filter->width,
                                .height = (int)filter->height,
                                .format = BC_BGRA32};
        bc_worker_put(filter->worker, &frame, filter->time_us);
        gs_stagesurface_unmap(filter->stages[0]);
    }
    gs_stagesurf_t *next = filter->stages[1];
    filter->stages[1] = filter->stages[0];
    filter->stages[0] = next;
    gs_stage_texture(next, gs_texrender_get_texture(filter->target));
    filter->is_staged = true;
}

/* Takes the newest painting, if there is one. */
static void upload(obs_filter *filter)
{
    const bc_image *image = bc_worker_take(filter->worker);
    if (!image)
        return;
    const uint32_t width = (uint32_t)image->width, height = (uint32_t)image->height;
    if (!filter->painting || gs_texture_get_width(filter->painting) != width ||
        gs_texture_get_height(filter->painting) != height) {
        gs_texture_destroy(filter->painting);
        filter->painting = gs_texture_create(width, height, GS_BGRA, 1, NULL, GS_DYNAMIC);
    }
    if (filter->painting)
        gs_texture_set_image(filter->painting, image->pixels, (uint32_t)image->stride_bytes, false);
    filter->is_painted = filter->painting != NULL;
}

/* One new frame a tick, however often OBS draws it. false: it cannot be rendered. */
static bool follow(obs_filter *filter, uint32_t width, uint32_t height)
{
    const int64_t now_us = (int64_t)(obs_get_video_frame_time() / 1000);
    if (filter->is_rendered)
        return true;
    if (now_us - filter->time_us > hidden_us)
        forget(filter);
    fit(filter, width, height);
    if (!render(filter))
        return false;
    download(filter);
    upload(filter);
    filter->time_us = now_us;
    filter->is_rendered = true;
    return true;
}

static void video_render(void *data, gs_effect_t *unused)
{
    obs_filter *filter = data;
    obs_source_t *source = obs_filter_get_target(filter->context);
    const uint32_t width = obs_source_get_base_width(source);
    const uint32_t height = obs_source_get_base_height(source);
    (void)unused;
    if (width == 0 || height == 0 || !follow(filter, width, height)) {
        obs_source_skip_video_filter(filter->context);
        return;
    }
    gs_blend_state_push();
    blend_over();
    draw(filter, filter->is_painted ? filter->painting : gs_texrender_get_texture(filter->target),
         "Draw");
    gs_blend_state_pop();
}

/* The module --------------------------------------------------------------------------------- */

static struct obs_source_info info = {
    .id = "brushcast",
    .type = OBS_SOURCE_TYPE_FILTER,
    .output_flags = OBS_SOURCE_VIDEO,
    .get_name = get_name,
    .create = create,
    .destroy = destroy,
    .get_defaults = get_defaults,
    .get_properties = get_properties,
    .update = update,
    .video_tick = tick,
    .video_render = video_render,
};

const char *obs_module_name(void)
{
    return "Brushcast";
}

const char *obs_module_description(void)
{
    return "Repaints video in the style of a painting";
}

bool obs_module_load(void)
{
    obs_register_source(&info);
    return true;
}
