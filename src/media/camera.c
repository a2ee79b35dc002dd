#include "media/camera.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/log.h"

static const struct {
    uint32_t fourcc;
    const char *name;
    bool is_compressed;
} formats[] = {
    {V4L2_PIX_FMT_YUYV, "yuyv422", false},    {V4L2_PIX_FMT_UYVY, "uyvy422", false},
    {V4L2_PIX_FMT_YUV420, "yuv420p", false},  {V4L2_PIX_FMT_NV12, "nv12", false},
    {V4L2_PIX_FMT_YUV422P, "yuv422p", false}, {V4L2_PIX_FMT_RGB24, "rgb24", false},
    {V4L2_PIX_FMT_BGR24, "bgr24", false},     {V4L2_PIX_FMT_GREY, "gray", false},
    {V4L2_PIX_FMT_MJPEG, "mjpeg", true},      {V4L2_PIX_FMT_JPEG, "mjpeg", true},
};

/* Usual sizes, for drivers that only say from what to what. */
static const int usual[][2] = {{320, 240}, {640, 360},  {640, 480},  {800, 600},
                               {960, 540}, {1280, 720}, {1920, 1080}};

/* Interrupted by a signal, an ioctl is asked again. */
static int ask(int fd, unsigned long request, void *argument)
{
    int result;
    do
        result = ioctl(fd, request, argument);
    while (result < 0 && errno == EINTR);
    return result;
}

static double rate_of(struct v4l2_fract interval)
{
    return interval.numerator > 0 ? (double)interval.denominator / interval.numerator : 0;
}

static double most_fps(int fd, uint32_t fourcc, int width, int height)
{
    double most = 0;
    struct v4l2_frmivalenum interval = {
        .pixel_format = fourcc, .width = (uint32_t)width, .height = (uint32_t)height};
    for (; ask(fd, VIDIOC_ENUM_FRAMEINTERVALS, &interval) == 0; interval.index++) {
        if (interval.type != V4L2_FRMIVAL_TYPE_DISCRETE)
            return fmax(most, rate_of(interval.stepwise.min));
        most = fmax(most, rate_of(interval.discrete));
    }
    return most;
}

static void add_mode(bc_camera *camera, int fd, int format, uint32_t width, uint32_t height)
{
    if (camera->n_modes == BC_MAX_CAMERA_MODES || width < 1 || height < 1 || width > BC_MAX_SIZE ||
        height > BC_MAX_SIZE)
        return;
    bc_camera_mode *mode = &camera->modes[camera->n_modes++];
    *mode = (bc_camera_mode){.is_compressed = formats[format].is_compressed,
                             .width = (int)width,
                             .height = (int)height,
                             .fps = most_fps(fd, formats[format].fourcc, (int)width, (int)height)};
    snprintf(mode->format, sizeof(mode->format), "%s", formats[format].name);
}

static void add_usual_sizes(bc_camera *camera, int fd, int format,
                            const struct v4l2_frmsize_stepwise *range)
{
    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
        const uint32_t width = (uint32_t)usual[i][0], height = (uint32_t)usual[i][1];
        if (width >= range->min_width && width <= range->max_width && height >= range->min_height &&
            height <= range->max_height)
            add_mode(camera, fd, format, width, height);
    }
}

static void add_sizes(bc_camera *camera, int fd, int format)
{
    struct v4l2_frmsizeenum size = {.pixel_format = formats[format].fourcc};
    for (; ask(fd, VIDIOC_ENUM_FRAMESIZES, &size) == 0; size.index++) {
        if (size.type == V4L2_FRMSIZE_TYPE_DISCRETE) {
            add_mode(camera, fd, format, size.discrete.width, size.discrete.height);
            continue;
        }
        add_usual_sizes(camera, fd, format, &size.stepwise);
        return;
    }
}

static void add_formats(bc_camera *camera, int fd)
{
    struct v4l2_fmtdesc offered = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE};
    for (; ask(fd, VIDIOC_ENUM_FMT, &offered) == 0; offered.index++) {
        for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
            if (formats[i].fourcc == offered.pixelformat)
                add_sizes(camera, fd, (int)i);
        }
    }
}

static bool can_capture(const struct v4l2_capability *capability)
{
    const uint32_t caps = capability->capabilities & V4L2_CAP_DEVICE_CAPS
                              ? capability->device_caps
                              : capability->capabilities;
    return (caps & V4L2_CAP_VIDEO_CAPTURE) && (caps & V4L2_CAP_STREAMING);
}

bc_status bc_camera_probe(bc_camera *camera, const char *device, const bc_log *log)
{
    struct v4l2_capability capability = {0};
    *camera = (bc_camera){0};
    snprintf(camera->device, sizeof(camera->device), "%s", device);
    const int fd = open(device, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return bc_fail(log, BC_ERR_IO, "cannot open the camera %s: %s", device, strerror(errno));
    bc_status status = BC_OK;
    if (ask(fd, VIDIOC_QUERYCAP, &capability) < 0 || !can_capture(&capability))
        status = bc_fail(log, BC_ERR_IO, "%s is no camera", device);
    else
        add_formats(camera, fd);
    snprintf(camera->name, sizeof(camera->name), "%.32s", (const char *)capability.card);
    close(fd);
    return status;
}

static int is_video(const struct dirent *entry)
{
    return strncmp(entry->d_name, "video", 5) == 0 && entry->d_name[5] >= '0' &&
           entry->d_name[5] <= '9';
}

static int is_camera(const char *device)
{
    struct v4l2_capability capability = {0};
    const int fd = open(device, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return 0;
    const int is = ask(fd, VIDIOC_QUERYCAP, &capability) == 0 && can_capture(&capability);
    close(fd);
    return is;
}

int bc_camera_list(char devices[][32])
{
    struct dirent **entries;
    int n_cameras = 0;
    const int n = scandir("/dev", &entries, is_video, versionsort);
    for (int i = 0; i < n; i++) {
        char device[32];
        if ((size_t)snprintf(device, sizeof(device), "/dev/%s", entries[i]->d_name) <
                sizeof(device) &&
            n_cameras < BC_MAX_CAMERAS && is_camera(device))
            memcpy(devices[n_cameras++], device, sizeof(device));
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
    return n_cameras;
}

/* The choice ------------------------------------------------------------------------------- */

enum { USUAL_FPS = 30, USUAL_WIDTH = 1280, USUAL_HEIGHT = 720 };

/* How far the size is from what is wanted, 0 for exactly that. Larger than usual is worst. */
static double size_distance(const bc_camera_mode *mode, const bc_camera_wish *wish)
{
    const double area = (double)mode->width * mode->height;
    if (wish->width > 0)
        return abs(mode->width - wish->width) + abs(mode->height - wish->height);
    const double most = USUAL_WIDTH * USUAL_HEIGHT;
    return area <= most ? most - area : 16 * (area - most);
}

/* Negative if `a` is the better one. */
static double compare(const bc_camera_mode *a, const bc_camera_mode *b, const bc_camera_wish *wish)
{
    const double fps = 0.99 * (wish->fps > 0 ? wish->fps : USUAL_FPS);
    const double a_size = size_distance(a, wish), b_size = size_distance(b, wish);
    const double a_short = fmax(fps - a->fps, 0), b_short = fmax(fps - b->fps, 0);
    if (wish->width > 0 && a_size != b_size) /* a size that was asked for goes before the rate */
        return a_size - b_size;
    if (a_short != b_short)
        return a_short - b_short;
    if (a_size != b_size)
        return a_size - b_size;
    return a->is_compressed - b->is_compressed;
}

const bc_camera_mode *bc_camera_choose(const bc_camera *camera, const bc_camera_wish *wish)
{
    const bc_camera_mode *best = NULL;
    for (int i = 0; i < camera->n_modes; i++) {
        const bc_camera_mode *mode = &camera->modes[i];
        if (wish->format && strcmp(mode->format, wish->format) != 0)
            continue;
        if (!best || compare(mode, best, wish) < 0)
            best = mode;
    }
    return best;
}

void bc_camera_options(const bc_camera_mode *mode, char *options, size_t size)
{
    const int n = snprintf(options, size, "input_format=%s:video_size=%dx%d", mode->format,
                           mode->width, mode->height);
    if (mode->fps > 0 && n > 0 && (size_t)n < size)
        snprintf(options + n, size - (size_t)n, ":framerate=%g", mode->fps);
}
