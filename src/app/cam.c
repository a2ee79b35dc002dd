#include <stdio.h>
#include <stdlib.h>

#include "app/commands.h"
#include "base/log.h"
#include "live/live_options.h"
#include "media/camera.h"

static const bc_option options[] = {
    BC_LIVE_OPTIONS,
    {"list", NULL, "list the cameras and what they offer, and exit", BC_OPTION_FLAG,
     .offset = BC_LIVE_AT(lists)},
    {"size", "WxH", "of the camera's frames (the largest up to 1280x720 at the rate)",
     BC_OPTION_TEXT, .offset = BC_LIVE_AT(size)},
    {"input-format", "FORMAT",
     "of the camera's frames: yuyv422, mjpeg... (raw if it is fast "
     "enough)",
     BC_OPTION_TEXT, .offset = BC_LIVE_AT(pixel_format)},
};

static int run(int n_args, char **args, const bc_log *log);

const bc_command bc_command_cam = {
    .name = "cam",
    .summary = "paint yourself in a live window",
    .arguments = "[DEVICE] [OPTION...]",
    .description =
        "Shows the camera DEVICE (the first one) in a window, painted. Keys 1 to 9 switch styles, "
        "h lists the others. A camera that is unplugged is waited for.\n\n"
        "Keys are changed in $XDG_CONFIG_HOME/brushcast/input.conf (lines KEY COMMAND), and "
        "options get other defaults in brushcast.conf beside it (lines OPTION=VALUE).",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .examples = "brushcast cam --list\twhat there is\n"
                "brushcast cam --fade 1 --mirror\ta mirror, whose styles melt into each other\n"
                "brushcast cam --to pipewire\ta camera for browsers, OBS and meetings\n",
    .run = run,
};

static void print_camera(const char *device, const bc_log *log)
{
    bc_camera *camera = malloc(sizeof(*camera));
    if (!camera || bc_camera_probe(camera, device, log) < 0) {
        free(camera);
        return;
    }
    printf("%s  %s\n", camera->device, camera->name);
    for (int i = 0; i < camera->n_modes; i++) {
        const bc_camera_mode *mode = &camera->modes[i];
        printf("    %4dx%-4d  %5.4g fps  %s\n", mode->width, mode->height, mode->fps, mode->format);
    }
    free(camera);
}

static void say_no_camera(const bc_log *log)
{
    bc_log_write(
        log, BC_LOG_ERROR,
        "there is no camera (no /dev/video* that captures); a test pattern in its place is "
        "'brushcast play -f lavfi testsrc2', and 'brushcast play FILE --loop' a video");
}

static int list(const bc_log *log)
{
    char devices[BC_MAX_CAMERAS][32];
    const int n = bc_camera_list(devices);
    for (int i = 0; i < n; i++)
        print_camera(devices[i], log);
    if (n == 0)
        say_no_camera(log);
    return n > 0 ? 0 : 1;
}

static bool parse_size(const char *text, bc_camera_wish *wish)
{
    char end;
    return sscanf(text, "%dx%d%c", &wish->width, &wish->height, &end) == 2 && wish->width > 0 &&
           wish->height > 0;
}

/* The device's best mode as the reader's options. */
static bc_status choose_mode(const char *device, const bc_camera_wish *wish, char *text,
                             size_t size, const bc_log *log)
{
    bc_camera *camera = malloc(sizeof(*camera));
    bc_status status = camera ? bc_camera_probe(camera, device, log)
                              : bc_fail(log, BC_ERR_MEMORY, "camera: out of memory");
    const bc_camera_mode *mode = status == BC_OK ? bc_camera_choose(camera, wish) : NULL;
    if (mode)
        bc_camera_options(mode, text, size);
    else if (status == BC_OK && wish->format)
        status = bc_fail(log, BC_ERR_ARGUMENT, "%s gives no %s (--list tells what it gives)",
                         device, wish->format);
    free(camera);
    return status;
}

static int show(int n_args, char **args, bc_live_options *o, const bc_log *log)
{
    char devices[BC_MAX_CAMERAS][32], text[128] = "";
    const int parsed = bc_live_options_parse(&bc_command_cam, &n_args, args, o, log);
    if (parsed != 0)
        return parsed > 0 ? 0 : 2;
    bc_camera_wish wish = {.fps = o->rate, .format = o->pixel_format};
    if (n_args > 2 || (o->size && !parse_size(o->size, &wish))) {
        bc_log_write(log, BC_LOG_ERROR,
                     n_args > 2 ? "cam: one camera is wanted" : "cam: a size is WIDTHxHEIGHT");
        return 2;
    }
    if (o->lists)
        return list(log);
    if (n_args == 1 && bc_camera_list(devices) == 0) {
        say_no_camera(log);
        return 1;
    }
    const char *device = n_args == 2 ? args[1] : devices[0];
    if (choose_mode(device, &wish, text, sizeof(text), log) < 0)
        return 1;
    bc_live_params live = {.input = device,
                           .format = "v4l2",
                           .options = text[0] ? text : NULL,
                           .is_camera = true,
                           .log = *log};
    return bc_live_options_run(o, &live);
}

static int run(int n_args, char **args, const bc_log *log)
{
    bc_live_options o = {.strength = 1, .brush = 1};
    const int status = show(n_args, args, &o, log);
    bc_live_options_close(&o);
    return status;
}
