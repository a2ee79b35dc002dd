/*
 * Latency from the making of a frame to its presentation, all of it: frames that carry their number
 * as a row of black and white blocks go into a pipe at 30 a second, the command plays the pipe in a
 * real window, and the screen is watched for the numbers. Frames whose number never shows were
 * dropped. With `paint` the left half of the window shows the original of the very frame that is
 * painted, with its number; without, nothing is painted. Usage:
 *     latency BRUSHCAST [WIDTHxHEIGHT [SECONDS [paint]]]
 */
#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>

#include "live/screen.h"

enum {
    N_BITS = 16,
    BLOCK = 16, /* pixels; one black and one white block come first */
    N_BLOCKS = N_BITS + 2,
    FPS = 30,
    WARM_UP = 5 * FPS,   /* frames: until nothing else is written over the picture */
    PATIENCE = 60 * FPS, /* frames, with a busy machine that shows none */
    MAX_FRAMES = 1 << N_BITS
};

typedef struct feed {
    const char *path;
    int width, height, n_frames, fd;
    int64_t sent_ns[MAX_FRAMES], seen_ns[MAX_FRAMES];
    atomic_int n_sent, first_seen; /* the first that counts, or 0 */
    atomic_bool has_ended;
} feed;

/* The maker -------------------------------------------------------------------------------- */

static void draw_number(uint8_t *luma, int width, int number)
{
    for (int x = 0; x < N_BLOCKS * BLOCK; x++) {
        const int block = x / BLOCK;
        const int is_white = block < 2 ? block : number >> (block - 2) & 1;
        for (int y = 0; y < BLOCK; y++)
            luma[y * width + x] = is_white ? 235 : 16;
    }
}

static void draw_background(uint8_t *luma, int width, int height)
{
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++)
            luma[y * width + x] = (uint8_t)(40 + (x * 7 ^ y * 5) % 150);
    }
}

static int write_all(int fd, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        const ssize_t n = write(fd, bytes, size);
        if (n <= 0)
            return 0;
        bytes += n;
        size -= (size_t)n;
    }
    return 1;
}

static void sleep_until(int64_t until_ns)
{
    const struct timespec until = {until_ns / 1000000000, until_ns % 1000000000};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

/* All frames that were asked for are made, and one that counts was seen. */
static bool is_enough(feed *f, int n)
{
    const int first_seen = atomic_load(&f->first_seen);
    return n >= f->n_frames + PATIENCE ||
           (n >= f->n_frames && first_seen > 0 && n > first_seen + FPS);
}

/* A camera that nobody can hold up: it makes each frame at its time. */
static void *run_feed(void *arg)
{
    feed *f = arg;
    char header[96];
    const size_t luma = (size_t)f->width * (size_t)f->height, size = 6 + luma + luma / 2;
    uint8_t *frame = malloc(size);
    f->fd = open(f->path, O_WRONLY);
    fcntl(f->fd, F_SETPIPE_SZ, 1 << 20);
    const int n = snprintf(header, sizeof(header), "YUV4MPEG2 W%d H%d F%d:1 Ip A1:1 C420jpeg\n",
                           f->width, f->height, FPS);
    memcpy(frame, "FRAME\n", 6);
    memset(frame + 6 + luma, 128, luma / 2);
    draw_background(frame + 6, f->width, f->height);
    int goes_on = write_all(f->fd, (uint8_t *)header, (size_t)n);
    const int64_t start_ns = bc_clock_ns();
    for (int i = 0; goes_on && !is_enough(f, i); i++) {
        draw_number(frame + 6, f->width, i);
        sleep_until(start_ns + i * (1000000000LL / FPS));
        f->sent_ns[i] = bc_clock_ns();
        atomic_store(&f->n_sent, i + 1);
        goes_on = write_all(f->fd, frame, size);
    }
    free(frame);
    atomic_store(&f->has_ended, true);
    return NULL;
}

/* The watcher ------------------------------------------------------------------------------ */

/* The number in a row of the screen's pixels, or -1. */
static int read_number(XImage *row)
{
    int number = 0;
    for (int block = 0; block < N_BLOCKS; block++) {
        const int green = (int)(XGetPixel(row, block * BLOCK + BLOCK / 2, 0) >> 8 & 255);
        const int is_white = green > 180;
        if ((green > 70 && !is_white) || (block < 2 && is_white != block))
            return -1;
        if (block >= 2)
            number |= is_white << (block - 2);
    }
    return number;
}

static void watch(Display *display, feed *f, XPoint corner)
{
    while (!atomic_load(&f->has_ended)) {
        XImage *row = XGetImage(display, DefaultRootWindow(display), corner.x, corner.y + BLOCK / 2,
                                N_BLOCKS * BLOCK, 1, AllPlanes, ZPixmap);
        const int64_t now_ns = bc_clock_ns();
        const int number = row ? read_number(row) : -1;
        if (row)
            XDestroyImage(row);
        if (number >= 0 && number < atomic_load(&f->n_sent) && f->seen_ns[number] == 0) {
            f->seen_ns[number] = now_ns;
            if (number >= WARM_UP && atomic_load(&f->first_seen) == 0)
                atomic_store(&f->first_seen, number);
        }
        nanosleep(&(struct timespec){.tv_nsec = 700000}, NULL);
    }
}

/* ------------------------------------------------------------------------------------------ */

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void report(feed *f)
{
    static double ms[MAX_FRAMES];
    int n = 0, n_missing = 0;
    for (int i = WARM_UP; i < atomic_load(&f->n_sent) - FPS; i++) {
        n_missing += f->seen_ns[i] == 0;
        if (f->seen_ns[i] > 0)
            ms[n++] = 1e-6 * (double)(f->seen_ns[i] - f->sent_ns[i]);
    }
    if (!CHECK(n > 0))
        return;
    qsort(ms, (size_t)n, sizeof(ms[0]), compare);
    CHECK(ms[0] > 0);
    printf("%dx%d: median %.1f ms, 99 %%: %.1f ms, longest %.1f ms; %d frames, %d dropped\n",
           f->width, f->height, ms[n / 2], ms[(int)(0.99 * (n - 1))], ms[n - 1], n + n_missing,
           n_missing);
}

static void measure(command *c, const char *program, feed *f, int is_painted)
{
    char line[256];
    pthread_t thread;
    pthread_create(&thread, NULL, run_feed, f);
    snprintf(line, sizeof(line), "play source.y4m --control socket --strength %d", is_painted);
    command_start(c, program, line);
    command_connect(c);
    if (is_painted)
        CHECK(command_do(c, "split 0.5"));
    Display *display = XOpenDisplay(NULL);
    if (CHECK(display != NULL)) {
        const XPoint corner = {(short)((DisplayWidth(display, 0) - f->width) / 2),
                               (short)((DisplayHeight(display, 0) - f->height) / 2)};
        watch(display, f, corner);
        XCloseDisplay(display);
    }
    json_t *state = command_say(c, "get state");
    printf("scale %.2f, %d changes, paint %.1f ms\n",
           json_number_value(json_object_get(state, "scale")),
           (int)json_integer_value(json_object_get(state, "scale_changes")),
           json_number_value(json_object_get(state, "paint_ms")));
    json_decref(state);
    command_quit(c, 0);
    pthread_join(thread, NULL);
    close(f->fd); /* not before: the command ends with its source */
}

int main(int n_args, char **args)
{
    static feed f = {.width = 640, .height = 480};
    command c;
    char path[96];
    const int seconds = n_args > 3 ? atoi(args[3]) : 60;
    if (n_args < 2 || (n_args > 2 && sscanf(args[2], "%dx%d", &f.width, &f.height) != 2) ||
        f.width < N_BLOCKS * BLOCK || f.width > 2000 || seconds < 1 || seconds > 1000)
        return 2;
    f.n_frames = WARM_UP + (seconds + 1) * FPS;
    setenv("SDL_VIDEODRIVER", "x11", 1);
    setenv("SDL_RENDER_DRIVER", "software", 1);
    signal(SIGPIPE, SIG_IGN);
    snprintf(c.folder, sizeof(c.folder), "/tmp/brushcast-latency-XXXXXX");
    if (!mkdtemp(c.folder))
        return 1;
    setenv("XDG_CONFIG_HOME", c.folder, 1);
    snprintf(path, sizeof(path), "%s/source.y4m", c.folder);
    CHECK_INT(mkfifo(path, 0600), 0);
    f.path = path;
    const pid_t screen = screen_open("2400x1400x24");
    measure(&c, args[1], &f, n_args > 4);
    screen_close(screen);
    report(&f);
    return command_end(&c);
}
