/*
 * frei0r PLUGIN: what a host can do to the plug-in and no test of a real host does for certain:
 * three instances on three threads, two slices of one instance at once, parameters, a net that is
 * not there, and a plug-in that is closed while an instance lives.
 */
#include <dlfcn.h>
#include <frei0r.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "test.h"

enum { WIDTH = 75, HEIGHT = 42, N_PIXELS = WIDTH * HEIGHT, N_FRAMES = 3, N_THREADS = 3 };
enum { STYLE, STRENGTH, KEEP_COLORS, STABILIZE, SCALE, NET, N_PARAMS };

static f0r_instance_t (*construct)(unsigned int width, unsigned int height);
static void (*destruct)(f0r_instance_t instance);
static void (*get_info)(f0r_param_info_t *info, int index);
static void (*set_value)(f0r_instance_t instance, f0r_param_t value, int index);
static void (*get_value)(f0r_instance_t instance, f0r_param_t value, int index);
static void (*update)(f0r_instance_t instance, double time, const uint32_t *in, uint32_t *out);

/* POSIX has functions in data pointers; ISO C does not. */
static void find(void *plugin, const char *name, void *function)
{
    void *symbol = dlsym(plugin, name);
    if (!CHECK(symbol != NULL))
        exit(1);
    memcpy(function, &symbol, sizeof(symbol));
}

static void *open_plugin(const char *path)
{
    int (*init)(void);
    void *plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!CHECK(plugin != NULL)) {
        fprintf(stderr, "%s\n", dlerror());
        exit(1);
    }
    find(plugin, "f0r_init", &init);
    find(plugin, "f0r_construct", &construct);
    find(plugin, "f0r_destruct", &destruct);
    find(plugin, "f0r_get_param_info", &get_info);
    find(plugin, "f0r_set_param_value", &set_value);
    find(plugin, "f0r_get_param_value", &get_value);
    find(plugin, "f0r_update", &update);
    CHECK(init() != 0);
    return plugin;
}

static void set_text(f0r_instance_t instance, int index, char *text)
{
    set_value(instance, &text, index);
}

static f0r_instance_t open_instance(char *style)
{
    f0r_instance_t instance = construct(WIDTH, HEIGHT);
    if (!instance)
        abort();
    set_text(instance, NET, (char[]){"light"});
    set_text(instance, STYLE, style);
    return instance;
}

static void make_frame(uint32_t *pixels, unsigned seed)
{
    for (unsigned i = 0; i < N_PIXELS; i++)
        pixels[i] = 0xff000000u | (i * (seed * 2 + 1) / 5 % 0xf0f0f0u) * 37u % 0x1000000u;
}

/* One thread ----------------------------------------------------------------------------------- */

static void test_parameters(void)
{
    f0r_instance_t instance = open_instance((char[]){"scream"});
    f0r_param_info_t info;
    for (int i = 0; i < N_PARAMS; i++) {
        get_info(&info, i);
        CHECK(info.name && info.explanation);
        CHECK_INT(info.type, i == STYLE || i == NET ? F0R_PARAM_STRING : F0R_PARAM_DOUBLE);
    }
    char *text = NULL;
    double value = 0;
    get_value(instance, &text, STYLE);
    CHECK(text && strcmp(text, "scream") == 0);
    get_value(instance, &value, STRENGTH);
    CHECK(value == 1);
    value = 7;
    set_value(instance, &value, STRENGTH);
    get_value(instance, &value, STRENGTH);
    CHECK(value == 1);
    destruct(instance);
}

static void test_missing_net(void)
{
    static uint32_t frame[N_PIXELS], painting[N_PIXELS];
    f0r_instance_t instance = open_instance((char[]){"scream"});
    make_frame(frame, 1);
    set_text(instance, NET, (char[]){"no-such-net"});
    update(instance, 0, frame, painting);
    CHECK(memcmp(painting, frame, sizeof(frame)) == 0);
    set_text(instance, NET, (char[]){"light"});
    update(instance, 0.04, frame, painting);
    CHECK(memcmp(painting, frame, sizeof(frame)) != 0);
    destruct(instance);
}

/* The parameters hold for every net that is chosen. */
static void test_other_net(void)
{
    static uint32_t frame[N_PIXELS], before[N_PIXELS], other[N_PIXELS], after[N_PIXELS];
    f0r_instance_t instance = open_instance((char[]){"kiss"});
    make_frame(frame, 1);
    update(instance, 0, frame, before);
    set_text(instance, NET, (char[]){"deep"});
    update(instance, 0.04, frame, other);
    CHECK(memcmp(other, before, sizeof(other)) != 0);
    set_text(instance, NET, (char[]){"light"});
    update(instance, 0.08, frame, after);
    CHECK(memcmp(after, before, sizeof(after)) == 0);
    destruct(instance);
}

/* Several -------------------------------------------------------------------------------------- */

typedef struct player {
    char *style;
    uint32_t paintings[N_FRAMES][N_PIXELS];
} player;

/* Opens an instance of its own, plays and closes it, and changes strength at each frame. */
static void *play(void *arg)
{
    player *p = arg;
    uint32_t frame[N_PIXELS];
    f0r_instance_t instance = open_instance(p->style);
    for (int i = 0; i < N_FRAMES; i++) {
        double strength = 1 - 0.25 * i;
        make_frame(frame, (unsigned)i);
        set_value(instance, &strength, STRENGTH);
        update(instance, 0.04 * i, frame, p->paintings[i]);
    }
    destruct(instance);
    return NULL;
}

/* One after the other, and then all at once: the same paintings. */
static void test_threads(void)
{
    static char scream[] = "scream", wave[] = "great-wave", blend[] = "scream:1+kiss:2";
    static player alone[N_THREADS] = {{.style = scream}, {.style = wave}, {.style = blend}};
    static player together[N_THREADS] = {{.style = scream}, {.style = wave}, {.style = blend}};
    pthread_t threads[N_THREADS];
    for (int i = 0; i < N_THREADS; i++)
        play(&alone[i]);
    for (int i = 0; i < N_THREADS; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, play, &together[i]), 0);
    for (int i = 0; i < N_THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < N_THREADS; i++)
        CHECK(memcmp(alone[i].paintings, together[i].paintings, sizeof(alone[i].paintings)) == 0);
}

typedef struct slice {
    f0r_instance_t instance;
    uint32_t frame[N_PIXELS], painting[N_PIXELS];
} slice;

static void *update_slice(void *arg)
{
    slice *s = arg;
    update(s->instance, 0, s->frame, s->painting);
    return NULL;
}

/* MLT gives parts of a frame to one instance at once: each is painted as if it were alone. */
static void test_slices(void)
{
    static slice slices[2], alone;
    pthread_t threads[2];
    f0r_instance_t instance = open_instance((char[]){"scream"});
    for (int i = 0; i < 2; i++) {
        slices[i].instance = instance;
        make_frame(slices[i].frame, (unsigned)i);
        CHECK_INT(pthread_create(&threads[i], NULL, update_slice, &slices[i]), 0);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        alone = slices[i];
        update_slice(&alone);
        CHECK(memcmp(alone.painting, slices[i].painting, sizeof(alone.painting)) == 0);
    }
    destruct(instance);
}

/* Its threads go on when the host has closed the plug-in: their code must stay. */
static void test_leak(void *plugin)
{
    static f0r_instance_t leaked;
    static uint32_t frame[N_PIXELS], painting[N_PIXELS];
    leaked = open_instance((char[]){"scream"});
    make_frame(frame, 1);
    update(leaked, 0, frame, painting);
    CHECK_INT(dlclose(plugin), 0);
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
}

int main(int n_args, char **args)
{
    if (n_args != 2)
        return 2;
    void *plugin = open_plugin(args[1]);
    test_parameters();
    test_missing_net();
    test_other_net();
    test_threads();
    test_slices();
    test_leak(plugin);
    return TEST_END();
}
