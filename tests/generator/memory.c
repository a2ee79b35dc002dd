/*
 * What a session takes: everything when it is opened, as much as was stated before, nothing while
 * frames run and styles change; and what happens when there is not enough. The linker sends the
 * library's calls for memory and threads through the functions below (-Wl,--wrap).
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "generator/session.h"
#include "net.h"

static atomic_int n_calls;     /* for memory or a thread, to give back or to take */
static atomic_int calls_left;  /* until one fails; negative: none does */
static int64_t bytes, n_taken; /* what is held, of memory and stacks; blocks */
static unsigned detected;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *block);
void *__real_mmap(void *at, size_t size, int protection, int flags, int file, off_t offset);
int __real_munmap(void *at, size_t size);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*function)(void *), void *arg);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *block);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int file, off_t offset);
int __wrap_munmap(void *at, size_t size);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*function)(void *), void *arg);
unsigned __wrap_bc_cpu_features(void);

static bool fails(void)
{
    n_calls++;
    return calls_left >= 0 && calls_left-- == 0;
}

void *__wrap_malloc(size_t size)
{
    void *block = fails() ? NULL : __real_malloc(size);
    n_taken += block != NULL;
    bytes += block ? (int64_t)size : 0;
    return block;
}

void *__wrap_calloc(size_t n, size_t size)
{
    void *block = fails() ? NULL : __real_calloc(n, size);
    n_taken += block != NULL;
    bytes += block ? (int64_t)(n * size) : 0;
    return block;
}

void *__wrap_realloc(void *old, size_t size)
{
    n_calls++;
    n_taken += !old;
    return __real_realloc(old, size);
}

void __wrap_free(void *block)
{
    n_calls++;
    n_taken -= block != NULL;
    __real_free(block);
}

void *__wrap_mmap(void *at, size_t size, int protection, int flags, int file, off_t offset)
{
    void *block = fails() ? MAP_FAILED : __real_mmap(at, size, protection, flags, file, offset);
    bytes += block != MAP_FAILED ? (int64_t)size : 0;
    return block;
}

int __wrap_munmap(void *at, size_t size)
{
    n_calls++;
    bytes -= (int64_t)size;
    return __real_munmap(at, size);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*function)(void *), void *arg)
{
    pthread_attr_t own = *attributes; /* a sanitizer enlarges the stack in place */
    size_t stack = 0;
    if (fails())
        return EAGAIN;
    pthread_attr_getstacksize(&own, &stack);
    bytes += (int64_t)stack;
    return __real_pthread_create(thread, &own, function, arg);
}

unsigned __wrap_bc_cpu_features(void)
{
    return detected;
}

static char last[1024];

static void test_running(const bc_model *model, const char *tier, bc_stats stats)
{
    enum { WIDTH = 131, HEIGHT = 77 };
    bc_session *session = open_session(model, &(bc_session_params){.width = WIDTH,
                                                                   .height = HEIGHT,
                                                                   .n_threads = 3,
                                                                   .max_blend = 3,
                                                                   .tier = tier,
                                                                   .stats = stats});
    uint8_t *frame = make_frame(WIDTH, HEIGHT, 1), *painting = make_frame(WIDTH, HEIGHT, 2);
    const bc_image from = view(frame, WIDTH, HEIGHT), to = view(painting, WIDTH, HEIGHT);
    const bc_style_weight weights[] = {{0, 1}, {2, 2}, {1, 0.5f}};
    n_calls = 0;
    for (int i = 0; i < 8; i++) {
        CHECK_INT(bc_session_set_style(session, weights + i % 3, i % 4 < 3 - i % 3 ? i % 4 : 1),
                  BC_OK);
        bc_session_run(session, &from, &to);
    }
    CHECK_INT(n_calls, 0);
    free(painting);
    free(frame);
    bc_session_close(&session);
}

/* Bytes that a session really holds. */
static int64_t taken_by(const bc_model *model, const bc_session_params *params)
{
    const int64_t before = bytes;
    bc_session *session = open_session(model, params);
    const int64_t taken = bytes - before;
    bc_session_close(&session);
    return taken;
}

static void test_statement(const bc_model *model, const char *tier)
{
    static const int sizes[][2] = {{1, 1}, {96, 64}, {1280, 720}, {4001, 37}};
    for (int i = 0; i < 4 * 4; i++) {
        const bc_session_params params = {.width = sizes[i % 4][0],
                                          .height = sizes[i % 4][1],
                                          .n_threads = i % 3 + 1,
                                          .max_blend = i / 4,
                                          .tier = tier,
                                          .stats = i % 2 ? BC_STATS_STREAM : BC_STATS_FRAME};
        const double stated = (double)bc_session_memory(model, &params);
        const double taken = (double)taken_by(model, &params);
        CHECK_AT_MOST(taken / stated, 1.02);
        CHECK_AT_MOST(stated / taken, 1.02);
    }
}

static uint64_t stated(const bc_model *model, int width, int height, int max_blend)
{
    return bc_session_memory(
        model, &(bc_session_params){
                   .width = width, .height = height, .n_threads = 2, .max_blend = max_blend});
}

/* Linear in the area and in the styles of a blend; the bound for 4K. */
static void test_growth(const bc_model *model)
{
    const double hd = (double)stated(model, 1920, 1080, 1);
    const double uhd = (double)stated(model, 3840, 2160, 1);
    const double largest = (double)stated(model, BC_MAX_SIZE, BC_MAX_SIZE, 1);
    CHECK_AT_MOST(uhd, 700e6);
    CHECK_AT_MOST(uhd, 4 * hd);
    CHECK_AT_MOST(largest, 1.05 * uhd * BC_MAX_SIZE * BC_MAX_SIZE / (3840 * 2160));
    const double one = (double)(stated(model, 1920, 1080, 3) - stated(model, 1920, 1080, 2));
    const double eight = (double)(stated(model, 1920, 1080, 10) - stated(model, 1920, 1080, 2));
    CHECK_AT_MOST(eight, 8.02 * one);
    CHECK_AT_MOST(8 * one, 1.02 * eight);
    printf("light, 2 threads: 1920x1080 %.1f MB, 3840x2160 %.1f MB, a style of a blend more %.1f "
           "MB at 1920x1080\n",
           hd / 1e6, uhd / 1e6, one / 1e6);
}

/* Whatever of what it takes cannot be had, nothing is kept. */
static void test_shortage(const bc_model *model)
{
    const bc_session_params params = {
        .width = 64, .height = 48, .n_threads = 4, .log = test_log(last)};
    bc_session *session = NULL;
    int n_failures = 0;
    for (bc_status status = BC_ERR_MEMORY; status < 0; n_failures++) {
        const int64_t taken_before = n_taken;
        session = (bc_session *)&session; /* anything but NULL */
        last[0] = '\0';
        calls_left = n_failures;
        status = bc_session_open(&session, model, &params);
        calls_left = -1;
        if (status == BC_OK)
            break;
        CHECK_INT(status, BC_ERR_MEMORY);
        CHECK(!session);
        CHECK(last[0]);
        CHECK_INT(n_taken, taken_before);
    }
    CHECK(n_failures >= 5); /* the session, its pages, three threads */
    bc_session_close(&session);
    CHECK(!session);
    bc_session_close(&session);
    bc_session_close(NULL);
}

static void refuse(const bc_model *model, bc_session_params params, bc_status expected,
                   const char *reason)
{
    bc_session *session = (bc_session *)&session; /* anything but NULL */
    if (!params.log.write)
        params.log = test_log(last);
    last[0] = '\0';
    CHECK_INT(bc_session_open(&session, model, &params), expected);
    CHECK(!session);
    if (!CHECK(strstr(last, reason)))
        fprintf(stderr, "    it said: %s\n", last);
    if (expected == BC_ERR_ARGUMENT)
        CHECK_INT(bc_session_memory(model, &params), 0);
}

#define PARAMS(...) ((bc_session_params){.width = 8, .height = 8, __VA_ARGS__})

static void test_params(const bc_model *model)
{
    const bc_status bad = BC_ERR_ARGUMENT;
    refuse(model, (bc_session_params){.height = 8}, bad, "0x8");
    refuse(model, (bc_session_params){.width = 8, .height = -1}, bad, "8x-1");
    refuse(model, (bc_session_params){.width = BC_MAX_SIZE + 1, .height = 8}, bad, "16385x8");
    refuse(model, (bc_session_params){.width = 8, .height = BC_MAX_SIZE + 1}, bad, "8x16385");
    refuse(model, PARAMS(.n_threads = -1), bad, "-1 threads");
    refuse(model, PARAMS(.n_threads = BC_MAX_THREADS + 1), bad, "257 threads");
    refuse(model, PARAMS(.max_blend = -1), bad, "blends of -1");
    refuse(model, PARAMS(.max_blend = BC_MAX_BLEND + 1), bad, "blends of 17");
    refuse(model, PARAMS(.tier = "mmx"), bad, "out of range");
    refuse(model, PARAMS(.precision = (bc_precision)7), bad, "out of range");
    refuse(model, PARAMS(.stats = (bc_stats)7), bad, "out of range");
}

/* A tier that the machine lacks is refused, and never the best that it has. */
static void test_tiers(const bc_model *model)
{
    const unsigned real = detected;
    const bc_tier *best = bc_tier_find(NULL);
    detected = 0;
    if (best->needs)
        refuse(model, PARAMS(.tier = best->name), BC_ERR_UNSUPPORTED, best->name);
    bc_session *session = open_session(model, &PARAMS(.tier = "native"));
    CHECK(strcmp(session->kernels.tier->name, "c") == 0);
    bc_session_close(&session);
    detected = real;
}

unsigned __real_bc_cpu_features(void);

int main(void)
{
    net n;
    calls_left = -1;
    detected = __real_bc_cpu_features();
    net_open(&n, light, BC_UPSAMPLE_SUBPIXEL, 3);
    for (const bc_tier *tier = bc_tier_next(NULL); tier; tier = bc_tier_next(tier)) {
        test_running(n.model, tier->name, BC_STATS_FRAME);
        test_running(n.model, tier->name, BC_STATS_STREAM);
        test_statement(n.model, tier->name);
    }
    test_growth(n.model);
    test_shortage(n.model);
    test_params(n.model);
    test_tiers(n.model);
    net_close(&n);
    return TEST_END();
}
