/* base/: the pool runs every job once, the queue keeps order and closes from both ends. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/cpu.h"
#include "base/log.h"
#include "base/pages.h"
#include "base/pool.h"
#include "base/queue.h"
#include "test.h"

enum { N_JOBS = 1000, N_ITEMS = 1000 };

static atomic_int hits[N_JOBS];

static void count_job(void *arg, int job, int thread)
{
    const int n_threads = *(int *)arg;
    if (thread >= 0 && thread < n_threads)
        atomic_fetch_add(&hits[job], 1);
}

static void test_pool(int n_threads)
{
    bc_pool *pool;
    CHECK_INT(bc_pool_open(&pool, n_threads, "test", NULL), BC_OK);
    CHECK_INT(bc_pool_threads(pool), n_threads);
    for (int run = 0; run < 100; run++)
        bc_pool_run(pool, count_job, &n_threads, run == 0 ? 0 : N_JOBS);
    for (int i = 0; i < N_JOBS; i++)
        CHECK_INT(atomic_exchange(&hits[i], 0), 99);
    bc_pool_close(&pool);
    CHECK(pool == NULL);
    bc_pool_close(&pool);
}

static void *send_all(void *arg)
{
    bc_queue *queue = arg;
    for (int i = 1; i <= N_ITEMS; i++) {
        int *item = malloc(sizeof(*item));
        if (!item)
            break;
        *item = i;
        if (bc_queue_send(queue, item) != BC_OK) {
            free(item);
            break;
        }
    }
    bc_queue_finish_sending(queue);
    return NULL;
}

static void test_queue(int n_to_receive)
{
    bc_queue *queue;
    pthread_t sender;
    void *item = NULL;
    CHECK_INT(bc_queue_open(&queue, 3, free), BC_OK);
    CHECK_INT(pthread_create(&sender, NULL, send_all, queue), 0);
    for (int i = 1; i <= n_to_receive; i++) {
        if (!CHECK_INT(bc_queue_receive(queue, &item), BC_OK))
            break;
        CHECK_INT(*(int *)item, i);
        free(item);
    }
    if (n_to_receive == N_ITEMS)
        CHECK_INT(bc_queue_receive(queue, &item), BC_END);
    bc_queue_finish_receiving(queue);
    pthread_join(sender, NULL);
    CHECK_INT(bc_queue_receive(queue, &item), BC_END);
    bc_queue_close(&queue);
}

static void test_newest_wins(void)
{
    bc_queue *queue;
    uint64_t n_dropped = 0;
    void *item;
    CHECK_INT(bc_queue_open(&queue, 1, free), BC_OK);
    CHECK_INT(bc_queue_receive_within(queue, &item, 1000000), BC_OK);
    CHECK(item == NULL);
    for (int i = 0; i < 3; i++) {
        char *letter = malloc(1);
        if (!letter)
            continue;
        *letter = (char)('a' + i);
        CHECK_INT(bc_queue_send_newest(queue, letter, &n_dropped), BC_OK);
    }
    CHECK_INT(n_dropped, 2);
    CHECK_INT(bc_queue_receive(queue, &item), BC_OK);
    CHECK_INT(*(char *)item, 'c');
    free(item);
    bc_queue_close(&queue);
}

static void test_cpu(void)
{
    CHECK(bc_cpu_count() >= 1);
}

static void test_log_and_pages(void)
{
    char last[1024];
    const bc_log log = test_log(last);
    CHECK_INT(bc_fail(&log, BC_ERR_IO, "%s: %d", "thing", 7), BC_ERR_IO);
    CHECK(strcmp(last, "thing: 7") == 0);
    CHECK_INT(bc_fail(NULL, BC_ERR_IO, "nobody listens"), BC_ERR_IO);
    CHECK(strcmp(bc_status_text(BC_OK), "done") == 0);

    const size_t size = (5 << 20) + 3;
    unsigned char *pages = bc_pages_alloc(size);
    CHECK(pages && pages[0] == 0 && pages[size - 1] == 0);
    bc_pages_free(pages, size);
    bc_pages_free(NULL, 0);

    const int64_t before = bc_clock_ns();
    CHECK(bc_clock_ns() >= before);
}

int main(void)
{
    test_pool(1);
    test_pool(2);
    test_pool(7);
    test_queue(N_ITEMS);
    test_queue(10);
    test_newest_wins();
    test_cpu();
    test_log_and_pages();
    return TEST_END();
}
