/*
 * A camera of PipeWire, read by GStreamer: every frame at its rate with the pixels that were
 * painted, several readers at once, whatever the size of what is played; it sleeps when they leave,
 * and so does the program where nothing else is to be seen; when PipeWire ends it goes on. To be
 * run beside a PipeWire of its own (pipewire_session); the argument is the command.
 */
#include "live/command.h"

enum { WIDTH = 160, HEIGHT = 120, FRAME_SIZE = WIDTH * HEIGHT * 3 / 2 };

static const char *program;

/* A reader in the background; its frames lie in FOLDER/name one after the other. */
static pid_t start_reader(const command *c, const char *camera, const char *format, int n_frames,
                          const char *name)
{
    char line[512];
    snprintf(line, sizeof(line),
             "exec gst-launch-1.0 -q pipewiresrc target-object=%s num-buffers=%d "
             "! video/x-raw,format=%s,width=%d,height=%d ! filesink location=%s",
             camera, n_frames, format, WIDTH, HEIGHT, name);
    return command_start_helper(c, line);
}

static void wait_for_reader(pid_t reader)
{
    CHECK_INT(command_wait_for_helper(reader), 0);
}

/* Reads a file of FOLDER; the caller's. */
static uint8_t *read_frames(const command *c, const char *name, long *n_frames)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", c->folder, name);
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = NULL;
    *n_frames = 0;
    if (file && fseek(file, 0, SEEK_END) == 0) {
        const long size = ftell(file);
        bytes = malloc((size_t)size + 1);
        rewind(file);
        *n_frames = (long)fread(bytes, 1, (size_t)size, file) / FRAME_SIZE;
    }
    if (file)
        fclose(file);
    return bytes;
}

static long count_frames(const command *c, const char *name)
{
    long n;
    free(read_frames(c, name, &n));
    return n;
}

static int find_frame(const uint8_t *frame, const uint8_t *frames, long n)
{
    for (long i = 0; i < n; i++) {
        if (memcmp(frame, frames + i * FRAME_SIZE, FRAME_SIZE) == 0)
            return 1;
    }
    return 0;
}

/* Every tenth frame that was read is one that was painted, and another one than the last. */
static void check_pixels(const command *c, const char *name)
{
    long n_read, n_painted;
    uint8_t *read = read_frames(c, name, &n_read), *painted = read_frames(c, "all.yuv", &n_painted);
    CHECK(n_read > 20 && n_painted > 20);
    for (long i = 10; i < n_read; i += 10) {
        const uint8_t *frame = read + i * FRAME_SIZE;
        CHECK(find_frame(frame, painted, n_painted));
        CHECK(memcmp(frame, frame - 10 * FRAME_SIZE, FRAME_SIZE) != 0);
    }
    free(read);
    free(painted);
}

/* Of the camera's state; the caller's. */
static json_t *camera_value(command *c, const char *key)
{
    json_t *state = command_say(c, "get state");
    json_t *value = json_object_get(json_array_get(json_object_get(state, "outputs"), 0), key);
    json_incref(value);
    json_decref(state);
    return value;
}

static int camera_is_open(command *c)
{
    json_t *open = camera_value(c, "open");
    const int is = json_is_true(open);
    json_decref(open);
    return is;
}

static json_int_t frames_sent(command *c)
{
    json_t *frames = camera_value(c, "frames");
    const json_int_t n = json_integer_value(frames);
    json_decref(frames);
    return n;
}

static int camera_becomes(command *c, int is_open)
{
    for (int ms = 0; ms < COMMAND_PATIENCE_MS; ms += 20) {
        if (camera_is_open(c) == is_open)
            return 1;
        nap_ms(20);
    }
    return 0;
}

/* 300 frames of 30 a second take ten seconds, and longer only where they are painted later: what is
 * sent while somebody reads arrives, but for the seconds in which a reader comes and goes. */
static void test_rate(command *c)
{
    CHECK(!camera_is_open(c));
    CHECK_INT(frames_sent(c), 0);
    const int64_t start_ns = bc_clock_ns();
    wait_for_reader(start_reader(c, "Brushcast", "I420", 300, "read.yuv"));
    const double seconds = 1e-9 * (double)(bc_clock_ns() - start_ns);
    CHECK_INT(count_frames(c, "read.yuv"), 300);
    CHECK(seconds > 9.5);
    CHECK_AT_MOST(frames_sent(c), 400);
}

static void test_sleep(command *c)
{
    CHECK(camera_becomes(c, 0));
    const json_int_t n = frames_sent(c);
    CHECK(n >= 300);
    CHECK(command_sees_frames(c, 20));
    CHECK_INT(frames_sent(c), n);
}

/* As many frames as `n` lie in the file, after a while. */
static int frames_reach(const command *c, const char *name, long n)
{
    for (int ms = 0; ms < COMMAND_PATIENCE_MS; ms += 20) {
        if (count_frames(c, name) >= n)
            return 1;
        nap_ms(20);
    }
    return 0;
}

/* The second comes and goes while the first reads, and another input is opened meanwhile. */
static void test_two_readers(command *c)
{
    const pid_t first = start_reader(c, "Brushcast", "NV12", -1, "first.nv12");
    CHECK(frames_reach(c, "first.nv12", 10));
    wait_for_reader(start_reader(c, "Brushcast", "NV12", 30, "second.nv12"));
    CHECK_INT(count_frames(c, "second.nv12"), 30);
    CHECK(command_do(c, "open large.mp4") && command_do(c, "loop on"));
    CHECK(frames_reach(c, "first.nv12", count_frames(c, "first.nv12") + 60));
    command_stop_helper(first);
    CHECK(camera_becomes(c, 0));
}

static void test_end_of_pipewire(command *c)
{
    CHECK_INT(command_number(c, "failed_outputs"), 0);
    const pid_t reader = start_reader(c, "Brushcast", "NV12", 10000, "last.nv12");
    CHECK(camera_becomes(c, 1));
    CHECK_INT(kill(atoi(getenv("PIPEWIRE_PID")), SIGTERM), 0);
    CHECK(command_reaches(c, "failed_outputs", 1));
    CHECK(!camera_is_open(c));
    CHECK(command_sees_frames(c, 20));
    CHECK(command_log_says(c, "PipeWire: connection error"));
    command_stop_helper(reader);
}

/* The reason is said; false: this build has nothing else to test. */
static int test_without_pipewire(command *c)
{
    setenv("PIPEWIRE_REMOTE", "nobody", 1);
    CHECK_INT(command_run(c, program, "play -f lavfi testsrc2 --no-window --to pipewire"), 1);
    unsetenv("PIPEWIRE_REMOTE");
    CHECK(command_log_says(c, BC_TESTS_LIBPIPEWIRE ? "PipeWire: it does not run"
                                                   : "this build has no libpipewire"));
    return BC_TESTS_LIBPIPEWIRE;
}

/* 1 once no frame is shown while twenty are captured: what was under way has come by then. */
static int is_idle(command *c)
{
    for (int i = 0; i < 20; i++) {
        const double n = command_number(c, "frames");
        CHECK(command_reaches(c, "captured", command_number(c, "captured") + 20));
        if (command_number(c, "frames") <= n)
            return 1;
    }
    return 0;
}

/* Without a window nothing is painted for nobody; whoever comes in a pause sees its picture. */
static void test_nobody(command *c)
{
    command_start(c, program,
                  "play --control socket --threads 1 -f lavfi testsrc2=size=160x120:rate=30 "
                  "--no-window --to pipewire:Sleeper");
    command_connect(c);
    CHECK(command_reaches(c, "captured", 30));
    CHECK_INT(command_number(c, "frames"), 0);
    CHECK_INT(command_number(c, "asleep"), 1);
    wait_for_reader(start_reader(c, "Sleeper", "NV12", 30, "woken.nv12"));
    CHECK_INT(count_frames(c, "woken.nv12"), 30);
    CHECK(command_reaches(c, "asleep", 1));
    CHECK(command_number(c, "frames") >= 30);
    CHECK(is_idle(c));
    CHECK(command_do(c, "pause on"));
    wait_for_reader(start_reader(c, "Sleeper", "I420", 1, "paused.yuv"));
    CHECK_INT(count_frames(c, "paused.yuv"), 1);
    CHECK_AT_MOST(command_quit(c, 0), 30);
}

static void test_readers(command *c)
{
    command_shell(c, "ffmpeg -v error -f lavfi -i testsrc2=size=320x180:rate=30 -t 5 large.mp4");
    command_play(c, program,
                 "-f lavfi testsrc2=size=160x120:rate=30 --scale 1 --no-window --to pipewire "
                 "--to all.yuv");
    test_rate(c);
    test_sleep(c);
    test_two_readers(c);
    test_end_of_pipewire(c);
    CHECK_AT_MOST(command_quit(c, 1), 30);
    check_pixels(c, "read.yuv");
    command_shell(c, "ffmpeg -v error -f rawvideo -pixel_format nv12 -video_size 160x120 "
                     "-i second.nv12 -pix_fmt yuv420p second.yuv");
    check_pixels(c, "second.yuv");
}

int main(int n_args, char **args)
{
    command c;
    if (n_args != 2 || !getenv("PIPEWIRE_PID"))
        return 2;
    program = args[1];
    command_begin(&c, 1);
    if (test_without_pipewire(&c)) {
        test_nobody(&c);
        test_readers(&c);
    }
    return command_end(&c);
}
