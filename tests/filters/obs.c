/*
 * obs PLUGIN DATA WIDTH HEIGHT SOURCE SETTINGS EXPECTED...: a small OBS without windows. Shows the
 * picture SOURCE (raw BGRA) through the filter, and sets each SETTINGS (JSON) in turn while it
 * plays: the picture in the file EXPECTED must come out within a few seconds. Nothing may leak.
 */
#include <X11/Xlib.h>
#include <obs-nix-platform.h>
#include <obs.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <util/platform.h>

#include "test.h"

enum { WAIT_MS = 20000 };

static uint32_t width, height;
static size_t row;
static uint8_t *picture, *expected;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of `expected` */
static atomic_int n_frames, n_matches;

static uint8_t *read_pixels(const char *path)
{
    const size_t size = row * height;
    uint8_t *pixels = malloc(size);
    FILE *file = fopen(path, "rb");
    if (!pixels || !file || fread(pixels, 1, size, file) != size) {
        fprintf(stderr, "%s: cannot be read\n", path);
        exit(1);
    }
    fclose(file);
    return pixels;
}

/* The source --------------------------------------------------------------------------------- */

static const char *get_name(void *type_data)
{
    (void)type_data;
    return "picture";
}

static void *create(obs_data_t *settings, obs_source_t *source)
{
    (void)settings;
    (void)source;
    obs_enter_graphics();
    const uint8_t *pixels = picture;
    gs_texture_t *texture = gs_texture_create(width, height, GS_BGRA, 1, &pixels, 0);
    obs_leave_graphics();
    return texture;
}

static void destroy(void *data)
{
    obs_enter_graphics();
    gs_texture_destroy(data);
    obs_leave_graphics();
}

static uint32_t get_width(void *data)
{
    (void)data;
    return width;
}

static uint32_t get_height(void *data)
{
    (void)data;
    return height;
}

static void video_render(void *data, gs_effect_t *effect)
{
    gs_effect_set_texture(gs_effect_get_param_by_name(effect, "image"), data);
    gs_draw_sprite(data, 0, width, height);
}

static struct obs_source_info picture_source = {.id = "picture",
                                                .type = OBS_SOURCE_TYPE_INPUT,
                                                .output_flags = OBS_SOURCE_VIDEO,
                                                .get_name = get_name,
                                                .create = create,
                                                .destroy = destroy,
                                                .get_width = get_width,
                                                .get_height = get_height,
                                                .video_render = video_render};

/* The host ----------------------------------------------------------------------------------- */

static void look_at(void *unused, struct video_data *frame)
{
    (void)unused;
    n_frames++;
    pthread_mutex_lock(&lock);
    bool is_same = expected != NULL;
    for (uint32_t y = 0; is_same && y < height; y++)
        is_same =
            memcmp(frame->data[0] + y * (size_t)frame->linesize[0], expected + y * row, row) == 0;
    n_matches += is_same;
    pthread_mutex_unlock(&lock);
}

static bool start(Display *display, const char *plugin, const char *data)
{
    /* OBS rounds the sizes of its output: the picture lies in a corner of it. */
    const uint32_t around_width = (width + 3) / 4 * 4, around_height = (height + 1) / 2 * 2;
    struct obs_video_info video = {.graphics_module = "libobs-opengl",
                                   .fps_num = 30,
                                   .fps_den = 1,
                                   .base_width = around_width,
                                   .base_height = around_height,
                                   .output_width = around_width,
                                   .output_height = around_height,
                                   .output_format = VIDEO_FORMAT_BGRA,
                                   .colorspace = VIDEO_CS_709,
                                   .range = VIDEO_RANGE_FULL,
                                   .scale_type = OBS_SCALE_BILINEAR};
    const struct obs_audio_info audio = {.samples_per_sec = 48000, .speakers = SPEAKERS_STEREO};
    obs_module_t *module;
    obs_set_nix_platform(OBS_NIX_PLATFORM_X11_EGL);
    obs_set_nix_platform_display(display);
    if (!CHECK(obs_startup("en-US", ".", NULL)) ||
        !CHECK_INT(obs_reset_video(&video), OBS_VIDEO_SUCCESS) || !CHECK(obs_reset_audio(&audio)) ||
        !CHECK_INT(obs_open_module(&module, plugin, data), MODULE_SUCCESS) ||
        !CHECK(obs_init_module(module)))
        return false;
    obs_register_source(&picture_source);
    return true;
}

/* What a user sees: all texts are there, and styles by their titles. */
static void check_properties(obs_source_t *filter)
{
    obs_properties_t *properties = obs_source_properties(filter);
    obs_property_t *styles = obs_properties_get(properties, "style");
    CHECK(strcmp(obs_property_description(styles), "Style") == 0);
    CHECK(obs_property_list_item_count(styles) > 1);
    bool is_found = false;
    for (size_t i = 0; i < obs_property_list_item_count(styles); i++)
        is_found |= strcmp(obs_property_list_item_string(styles, i), "scream") == 0 &&
                    strstr(obs_property_list_item_name(styles, i), "Munch") != NULL;
    CHECK(is_found);
    CHECK(strcmp(obs_property_description(obs_properties_get(properties, "brush-size")),
                 "Brush size") == 0);
    obs_properties_destroy(properties);
}

static void check_step(obs_source_t *filter, const char *json, const char *path)
{
    uint8_t *next = read_pixels(path);
    obs_data_t *settings = obs_data_create_from_json(json);
    obs_source_update(filter, settings);
    obs_data_release(settings);
    pthread_mutex_lock(&lock);
    free(expected);
    expected = next;
    n_matches = 0;
    pthread_mutex_unlock(&lock);
    for (int ms = 0; ms < WAIT_MS && n_matches == 0; ms += 10)
        os_sleep_ms(10);
    if (!CHECK(n_matches > 0))
        fprintf(stderr, "    %s: not %s in %d frames\n", json, path, n_frames);
}

static void play(char **steps)
{
    obs_source_t *source = obs_source_create("picture", "picture", NULL, NULL);
    obs_source_t *filter = obs_source_create("brushcast", "painting", NULL, NULL);
    if (CHECK(filter != NULL)) {
        check_properties(filter);
        obs_source_filter_add(source, filter);
    }
    obs_set_output_source(0, source);
    obs_add_raw_video_callback(NULL, look_at, NULL);
    for (; filter && steps[0] && steps[1]; steps += 2)
        check_step(filter, steps[0], steps[1]);
    obs_remove_raw_video_callback(look_at, NULL);
    obs_set_output_source(0, NULL);
    if (filter)
        obs_source_filter_remove(source, filter);
    obs_source_release(filter);
    obs_source_release(source);
}

int main(int n_args, char **args)
{
    Display *display = XOpenDisplay(NULL);
    if (n_args < 8 || !CHECK(display != NULL))
        return 2;
    width = (uint32_t)atoi(args[3]);
    height = (uint32_t)atoi(args[4]);
    row = 4 * (size_t)width;
    picture = read_pixels(args[5]);
    if (start(display, args[1], args[2]))
        play(args + 6);
    obs_shutdown();
    CHECK_INT(bnum_allocs(), 0);
    XCloseDisplay(display);
    free(expected);
    free(picture);
    return TEST_END();
}
