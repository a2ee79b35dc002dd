#include "worker.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef struct frame {
    bc_image image; /* rows without padding */
    size_t capacity;
    int64_t time_us;
} frame;

struct bc_worker {
    bc_effect *effect;
    pthread_t thread;
    pthread_mutex_t lock; /* of what stands between the threads */
    pthread_cond_t has_news;
    bool is_closing, is_waiting, is_finished; /* `waiting` and `finished` hold one */

    frame incoming, outgoing; /* the host's */
    frame waiting, finished;  /* between */
    frame source, painting;   /* the worker's */
};

/* Frames change places; no pixels are copied. */
static void swap(frame *a, frame *b)
{
    const frame first = *a;
    *a = *b;
    *b = first;
}

/* Makes the frame one like `like`; false: no memory, and it is as it was. */
static bool fit(frame *f, const bc_image *like)
{
    const size_t row = 4 * (size_t)like->width, bytes = row * (size_t)like->height;
    if (bytes > f->capacity) {
        uint8_t *pixels = realloc(f->image.pixels, bytes);
        if (!pixels)
            return false;
        f->image.pixels = pixels;
        f->capacity = bytes;
    }
    f->image = (bc_image){.pixels = f->image.pixels,
                          .stride_bytes = (ptrdiff_t)row,
                          .width = like->width,
                          .height = like->height,
                          .format = like->format};
    return true;
}

static void copy_rows(const bc_image *to, const bc_image *from)
{
    for (int y = 0; y < to->height; y++)
        memcpy(to->pixels + y * to->stride_bytes, from->pixels + y * from->stride_bytes,
               4 * (size_t)to->width);
}

/* `painting` becomes the source's, painted or as it is. */
static void paint(bc_worker *w)
{
    if (!fit(&w->painting, &w->source.image) ||
        !bc_effect_paint(w->effect, &w->source.image, &w->painting.image, w->source.time_us, 0))
        swap(&w->painting, &w->source);
}

/* false: there is nothing left to do. */
static bool wait_for_frame(bc_worker *w)
{
    pthread_mutex_lock(&w->lock);
    while (!w->is_waiting && !w->is_closing)
        pthread_cond_wait(&w->has_news, &w->lock);
    const bool goes_on = !w->is_closing;
    swap(&w->source, &w->waiting);
    w->is_waiting = false;
    pthread_mutex_unlock(&w->lock);
    return goes_on;
}

static void *run(void *arg)
{
    bc_worker *w = arg;
    while (wait_for_frame(w)) {
        paint(w);
        pthread_mutex_lock(&w->lock);
        swap(&w->painting, &w->finished);
        w->is_finished = true;
        pthread_mutex_unlock(&w->lock);
    }
    return NULL;
}

bc_worker *bc_worker_open(bc_effect *effect)
{
    bc_worker *w = calloc(1, sizeof(*w));
    if (!w)
        return NULL;
    w->effect = effect;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->has_news, NULL);
    if (pthread_create(&w->thread, NULL, run, w) != 0) {
        pthread_cond_destroy(&w->has_news);
        pthread_mutex_destroy(&w->lock);
        free(w);
        return NULL;
    }
    return w;
}

void bc_worker_close(bc_worker *worker)
{
    if (!worker)
        return;
    pthread_mutex_lock(&worker->lock);
    worker->is_closing = true;
    pthread_cond_signal(&worker->has_news);
    pthread_mutex_unlock(&worker->lock);
    pthread_join(worker->thread, NULL);
    pthread_cond_destroy(&worker->has_news);
    pthread_mutex_destroy(&worker->lock);
    frame *const frames[] = {&worker->incoming, &worker->outgoing, &worker->waiting,
                             &worker->finished, &worker->source,   &worker->painting};
    for (size_t i = 0; i < sizeof(frames) / sizeof(*frames); i++)
        free(frames[i]->image.pixels);
    free(worker);
}

void bc_worker_put(bc_worker *worker, const bc_image *image, int64_t time_us)
{
    if (!fit(&worker->incoming, image))
        return;
    copy_rows(&worker->incoming.image, image);
    worker->incoming.time_us = time_us;
    pthread_mutex_lock(&worker->lock);
    swap(&worker->incoming, &worker->waiting);
    worker->is_waiting = true;
    pthread_cond_signal(&worker->has_news);
    pthread_mutex_unlock(&worker->lock);
}

const bc_image *bc_worker_take(bc_worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    const bool is_finished = worker->is_finished;
    if (is_finished)
        swap(&worker->outgoing, &worker->finished);
    worker->is_finished = false;
    pthread_mutex_unlock(&worker->lock);
    return is_finished ? &worker->outgoing.image : NULL;
}
