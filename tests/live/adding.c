/*
 * Styles that are added while a picture plays: the lock that every frame takes is free while their
 * files are read, models whose place others have taken are let go of, and of several that are read
 * at once all are there and the last that was asked for plays.
 */
#include "live/adding.h"

#include <time.h>

#include "live/net.h"
#include "live/verbs.h"
#include "model/model.h"

enum { N_TURNS = 20 };

static char folder[] = "/tmp/brushcast-adding-XXXXXX";
static bc_nets nets;
static bc_live live;
static int n_free; /* times that a message came while the lock was free */

/* Whoever has asked has the lock for a moment yet. */
static void look_at_lock(void *cookie, bc_log_level level, const char *message)
{
    struct timespec until;
    (void)cookie;
    (void)level;
    (void)message;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 10;
    if (pthread_mutex_timedlock(&live.lock, &until) != 0)
        return;
    n_free++;
    pthread_mutex_unlock(&live.lock);
}

static const char *path_of(const char *file)
{
    static char path[2][1024];
    static int turn;
    turn = !turn;
    snprintf(path[turn], sizeof(path[turn]), "%s/%s", folder, file);
    return path[turn];
}

/* The answer, the caller's. */
static char *add(const char *file)
{
    char line[1100];
    snprintf(line, sizeof(line), "add %s", path_of(file));
    return bc_verbs_answer(&live, line);
}

static void test_lock(void)
{
    FILE *file = fopen(path_of("text.safetensors"), "w");
    if (!CHECK(file && fputs("no style of any net", file) >= 0))
        return;
    fclose(file);
    char *answer = add("text.safetensors");
    CHECK(strstr(answer, "\"ok\":false") && strstr(answer, "text.safetensors"));
    CHECK_INT(n_free, 1);
    free(answer);
}

static void test_release(void)
{
    bc_model *before = bc_model_ref(bc_nets_model(&nets, 0));
    char *answer = add("one.safetensors");
    CHECK(strstr(answer, "\"style\":\"one\"") != NULL);
    CHECK_INT(before->n_users, 1); /* this test alone has it */
    CHECK_INT(live.settings.styles[0].style, 2);
    CHECK_INT(bc_model_style_count(before), 2);
    bc_model_close(&before);
    free(answer);
}

static void test_two_at_once(void)
{
    const char *first = path_of("one.safetensors"), *second = path_of("two.safetensors");
    for (int i = 0; i < N_TURNS; i++) {
        pthread_mutex_lock(&live.lock);
        bc_work *works[] = {bc_live_add_style(&live, i % 2 ? first : second),
                            bc_live_add_style(&live, i % 2 ? second : first)};
        pthread_mutex_unlock(&live.lock);
        for (int w = 0; w < 2; w++)
            CHECK_INT(bc_work_wait(works[w]).status, BC_OK);
        const bc_model *model = bc_nets_model(&nets, 0);
        CHECK_INT(bc_model_style_count(model), 4);
        CHECK_INT(model->n_users, 1);
        CHECK_INT(live.settings.styles[0].style, bc_model_find_style(model, i % 2 ? "two" : "one"));
    }
}

int main(void)
{
    char line[128];
    if (!CHECK(mkdtemp(folder) != NULL))
        return TEST_END();
    net_make(folder, 2);
    net_make_style(folder, "one.safetensors", "tiny-subpixel", 3);
    net_make_style(folder, "two.safetensors", "tiny-subpixel", 4);
    live = (bc_live){.nets = &nets, .settings = {.rate = 30}};
    live.params.log = (bc_log){.write = look_at_lock};
    pthread_mutex_init(&live.lock, NULL);
    if (CHECK_INT(bc_nets_open(&nets, "light", folder, &(bc_log){0}), BC_OK) &&
        CHECK_INT(bc_workers_open(&live.workers, &live, &(bc_log){0}), BC_OK)) {
        test_lock();
        test_release();
        test_two_at_once();
    }
    bc_workers_close(&live.workers);
    bc_nets_close(&nets);
    pthread_mutex_destroy(&live.lock);
    snprintf(line, sizeof(line), "rm -r '%s'", folder);
    CHECK_INT(system(line), 0);
    return TEST_END();
}
