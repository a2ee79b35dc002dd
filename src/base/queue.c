#include "base/queue.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"

struct bc_queue {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bc_queue_free_fn *free_item;
    bool sender_done, receiver_done;
    int depth, first, n_items;
    void *items[]; /* [depth], a ring */
};

bc_status bc_queue_open(bc_queue **queue_out, int depth, bc_queue_free_fn *free_item)
{
    assert(depth > 0);
    *queue_out = NULL;
    bc_queue *queue = calloc(1, sizeof(*queue) + (size_t)depth * sizeof(queue->items[0]));
    if (!queue)
        return BC_ERR_MEMORY;
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&queue->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&queue->lock, NULL);
    queue->depth = depth;
    queue->free_item = free_item;
    *queue_out = queue;
    return BC_OK;
}

static void *pop(bc_queue *queue)
{
    void *item = queue->items[queue->first];
    queue->first = (queue->first + 1) % queue->depth;
    queue->n_items--;
    return item;
}

static void push(bc_queue *queue, void *item)
{
    queue->items[(queue->first + queue->n_items) % queue->depth] = item;
    queue->n_items++;
}

static void drop_all(bc_queue *queue)
{
    while (queue->n_items > 0)
        queue->free_item(pop(queue));
}

void bc_queue_close(bc_queue **queue)
{
    if (!queue || !*queue)
        return;
    drop_all(*queue);
    pthread_cond_destroy(&(*queue)->changed);
    pthread_mutex_destroy(&(*queue)->lock);
    free(*queue);
    *queue = NULL;
}

/* Ends every call that changed the queue. */
static void announce(bc_queue *queue)
{
    pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->lock);
}

bc_status bc_queue_send(bc_queue *queue, void *item)
{
    pthread_mutex_lock(&queue->lock);
    while (queue->n_items == queue->depth && !queue->receiver_done)
        pthread_cond_wait(&queue->changed, &queue->lock);
    const bool done = queue->receiver_done;
    if (!done)
        push(queue, item);
    announce(queue);
    return done ? BC_END : BC_OK;
}

bc_status bc_queue_send_newest(bc_queue *queue, void *item, uint64_t *n_dropped)
{
    void *dropped = NULL;
    pthread_mutex_lock(&queue->lock);
    const bool done = queue->receiver_done;
    if (!done) {
        if (queue->n_items == queue->depth)
            dropped = pop(queue);
        push(queue, item);
    }
    announce(queue);
    if (dropped) {
        queue->free_item(dropped);
        ++*n_dropped;
    }
    return done ? BC_END : BC_OK;
}

bool bc_queue_is_full(bc_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    const bool is_full = queue->n_items == queue->depth;
    pthread_mutex_unlock(&queue->lock);
    return is_full;
}

void bc_queue_finish_sending(bc_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->sender_done = true;
    announce(queue);
}

static struct timespec to_timespec(int64_t ns)
{
    return (struct timespec){.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
}

static bool must_wait(const bc_queue *queue)
{
    return queue->n_items == 0 && !queue->sender_done && !queue->receiver_done;
}

bc_status bc_queue_receive_within(bc_queue *queue, void **item, int64_t timeout_ns)
{
    const struct timespec until = to_timespec(bc_clock_ns() + timeout_ns);
    *item = NULL;
    pthread_mutex_lock(&queue->lock);
    int timed_out = 0;
    while (must_wait(queue) && !timed_out) {
        if (timeout_ns < 0)
            pthread_cond_wait(&queue->changed, &queue->lock);
        else
            timed_out = pthread_cond_timedwait(&queue->changed, &queue->lock, &until);
    }
    const bool done = queue->n_items == 0 && !must_wait(queue);
    if (queue->n_items > 0)
        *item = pop(queue);
    announce(queue);
    return done ? BC_END : BC_OK;
}

bc_status bc_queue_receive(bc_queue *queue, void **item)
{
    return bc_queue_receive_within(queue, item, -1);
}

void bc_queue_finish_receiving(bc_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->receiver_done = true;
    drop_all(queue);
    announce(queue);
}
