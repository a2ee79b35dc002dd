/* Which of a camera's modes is chosen. There need be no camera. */
#include <string.h>

#include "media/camera.h"
#include "test.h"

/* What an ordinary webcam offers: raw is slow where it is large, JPEG is not. */
static const bc_camera webcam = {
    .n_modes = 7,
    .modes = {{"yuyv422", false, 640, 480, 30},
              {"yuyv422", false, 1280, 720, 10},
              {"yuyv422", false, 1920, 1080, 5},
              {"mjpeg", true, 640, 480, 30},
              {"mjpeg", true, 1280, 720, 30},
              {"mjpeg", true, 1920, 1080, 30},
              {"mjpeg", true, 640, 360, 60}},
};

static int chooses(bc_camera_wish wish, const char *expected)
{
    char options[128] = "nothing";
    const bc_camera_mode *mode = bc_camera_choose(&webcam, &wish);
    if (mode)
        bc_camera_options(mode, options, sizeof(options));
    if (strcmp(options, expected) == 0)
        return 1;
    fprintf(stderr, "    is %s, expected %s\n", options, expected);
    return 0;
}

int main(void)
{
    char message[1024];
    const bc_log log = test_log(message);
    bc_camera camera;
    CHECK(chooses((bc_camera_wish){0}, "input_format=mjpeg:video_size=1280x720:framerate=30"));
    CHECK(chooses((bc_camera_wish){.width = 640, .height = 480},
                  "input_format=yuyv422:video_size=640x480:framerate=30"));
    CHECK(
        chooses((bc_camera_wish){.fps = 60}, "input_format=mjpeg:video_size=640x360:framerate=60"));
    CHECK(chooses((bc_camera_wish){.fps = 10},
                  "input_format=yuyv422:video_size=1280x720:framerate=10"));
    CHECK(chooses((bc_camera_wish){.width = 1900, .height = 1000},
                  "input_format=mjpeg:video_size=1920x1080:framerate=30"));
    CHECK(chooses((bc_camera_wish){.format = "yuyv422"},
                  "input_format=yuyv422:video_size=640x480:framerate=30"));
    CHECK(chooses((bc_camera_wish){.format = "nv12"}, "nothing"));
    CHECK_INT(bc_camera_probe(&camera, "/nowhere/video0", &log), BC_ERR_IO);
    CHECK(strstr(message, "cannot open the camera /nowhere/video0") != NULL);
    CHECK_INT(bc_camera_probe(&camera, "/dev/null", &log), BC_ERR_IO);
    CHECK(strstr(message, "/dev/null is no camera") != NULL);
    return TEST_END();
}
