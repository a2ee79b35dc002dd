#include "live/mask_input.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "media/reader.h"

enum { PATIENCE_MS = 100 };

static const int64_t far_us = 2000000, /* ahead: it is sought, not read up to there */
    lead_us = 200000,                  /* what is sought is begun so much before */
    tail_us = 500000;                  /* and there is a frame so long before the end */

struct bc_mask_input {
    char *url;
    bc_log log;
    atomic_int *stop;
    atomic_int must_interrupt; /* the reader */
    pthread_t thread;
    bool is_running;
    bool is_live;      /* the newest counts */
    int64_t last_us;   /* that can be sought */
    bc_reader *reader; /* the thread's; NULL: it could not be opened again */

    pthread_mutex_t lock; /* of all that follows */
    pthread_cond_t changed;
    bool must_end, has_ended; /* has_ended: the reader has no more */
    int64_t wanted_us;        /* the picture's */
    int64_t start_us;         /* where the reader began */
    bool is_first;            /* the current one, of what the reader has given */
    bc_frame *current, *next; /* NULL: none yet; next: of a file alone */
    int64_t current_us, next_us;
};

/* Reading ---------------------------------------------------------------------------------- */

static bc_status open_reader(bc_mask_input *m, int64_t start_us)
{
    const bool is_device = strncmp(m->url, "/dev/video", strlen("/dev/video")) == 0;
    const bc_reader_params params = {.format = is_device ? "v4l2" : NULL,
                                     .n_threads = 1,
                                     .start_us = start_us,
                                     .stop = &m->must_interrupt,
                                     .quit = m->stop,
                                     .log = m->log};
    return bc_reader_open(&m->reader, m->url, &params);
}

static void set_current(bc_mask_input *m, bc_frame *frame, int64_t time_us)
{
    m->is_first = !m->current;
    bc_frame_unref(&m->current);
    m->current = frame;
    m->current_us = time_us;
}

/* A program that makes masks has ended: with a file this is nothing to be told. */
static void tell_end(const bc_mask_input *m, bc_status status)
{
    if (m->is_live && status != BC_OK && status != BC_ERR_INTERRUPTED)
        bc_log_write(&m->log, BC_LOG_ERROR, "%s has ended: its last picture stays the mask",
                     m->url);
}

/* With the lock held, but not while it reads. */
static void read_one(bc_mask_input *m)
{
    bc_frame *frame = NULL;
    bc_packet *packet = NULL;
    pthread_mutex_unlock(&m->lock);
    const bc_status status = m->reader ? bc_reader_read(m->reader, &frame, &packet) : BC_END;
    bc_packet_free(&packet);
    tell_end(m, status);
    pthread_mutex_lock(&m->lock);
    m->has_ended = status != BC_OK;
    if (!frame)
        return;
    const int64_t time_us = bc_frame_time_us(frame);
    m->next = m->is_live ? NULL : frame;
    m->next_us = m->start_us + (time_us == BC_NO_PTS ? 0 : time_us);
    if (m->is_live)
        set_current(m, frame, m->next_us);
}

/* What can be sought of what is wanted: behind the end there is nothing. */
static int64_t sought_us(const bc_mask_input *m)
{
    return m->wanted_us < m->last_us ? m->wanted_us : m->last_us;
}

/* The picture is elsewhere by now, before what was read or far behind it. */
static bool is_away(const bc_mask_input *m)
{
    if (m->is_live || !m->current)
        return false;
    const bool is_before =
        m->wanted_us < m->current_us && (!m->is_first || m->wanted_us < m->start_us);
    return is_before || (m->next && sought_us(m) > m->next_us + far_us);
}

/* With the lock held, but not while it opens. */
static void follow(bc_mask_input *m)
{
    const int64_t sought = sought_us(m), start_us = sought > lead_us ? sought - lead_us : 0;
    bc_frame_unref(&m->next);
    pthread_mutex_unlock(&m->lock);
    bc_reader_close(&m->reader);
    open_reader(m, start_us);
    pthread_mutex_lock(&m->lock);
    m->has_ended = !m->reader;
    m->start_us = m->reader ? start_us : 0;
    m->is_first = true; /* without a reader the last one stays */
    if (m->reader)
        bc_frame_unref(&m->current);
}

static bool is_due(const bc_mask_input *m)
{
    return m->next && (!m->current || m->next_us <= m->wanted_us);
}

static void *run(void *arg)
{
    bc_mask_input *m = arg;
    pthread_mutex_lock(&m->lock);
    while (!m->must_end) {
        if (is_away(m)) {
            follow(m);
        } else if (is_due(m)) {
            set_current(m, m->next, m->next_us);
            m->next = NULL;
        } else if (!m->next && !m->has_ended) {
            read_one(m);
        } else {
            pthread_cond_wait(&m->changed, &m->lock);
            continue;
        }
        pthread_cond_broadcast(&m->changed);
    }
    pthread_mutex_unlock(&m->lock);
    return NULL;
}

/* Life ------------------------------------------------------------------------------------- */

static void init(bc_mask_input *m, const char *url, atomic_int *stop, const bc_log *log)
{
    pthread_condattr_t attributes;
    m->url = strdup(url);
    m->stop = stop;
    m->log = *log;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&m->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&m->lock, NULL);
}

/* What has no length and is no file comes as it is made. */
static void note_length(bc_mask_input *m)
{
    const bc_reader_info *info = bc_reader_info_of(m->reader);
    struct stat about;
    const bool is_file = stat(m->url, &about) == 0 && S_ISREG(about.st_mode);
    m->is_live = info->duration_us <= 0 && !info->is_picture && !is_file;
    m->last_us = info->duration_us > tail_us ? info->duration_us - tail_us : 0;
    if (info->duration_us <= 0)
        m->last_us = INT64_MAX;
}

bc_status bc_mask_input_open(bc_mask_input **mask, const char *url, atomic_int *stop,
                             const bc_log *log)
{
    bc_mask_input *m = *mask = calloc(1, sizeof(*m));
    if (!m)
        return bc_fail(log, BC_ERR_MEMORY, "%s: out of memory", url);
    init(m, url, stop, log);
    bc_status status =
        m->url ? open_reader(m, 0) : bc_fail(log, BC_ERR_MEMORY, "%s: out of memory", url);
    if (status == BC_OK) {
        note_length(m);
        m->is_running = pthread_create(&m->thread, NULL, run, m) == 0;
        status = m->is_running ? BC_OK : bc_fail(log, BC_ERR_MEMORY, "%s: no thread", url);
    }
    if (status < 0)
        bc_mask_input_close(mask);
    return status;
}

void bc_mask_input_close(bc_mask_input **mask)
{
    bc_mask_input *m = mask ? *mask : NULL;
    if (!m)
        return;
    *mask = NULL;
    atomic_store(&m->must_interrupt, 1);
    pthread_mutex_lock(&m->lock);
    m->must_end = true;
    pthread_cond_broadcast(&m->changed);
    pthread_mutex_unlock(&m->lock);
    if (m->is_running)
        pthread_join(m->thread, NULL);
    bc_reader_close(&m->reader);
    bc_frame_unref(&m->current);
    bc_frame_unref(&m->next);
    pthread_cond_destroy(&m->changed);
    pthread_mutex_destroy(&m->lock);
    free(m->url);
    free(m);
}

/* Taking ----------------------------------------------------------------------------------- */

/* The current one is the picture's. */
static bool is_there(const bc_mask_input *m)
{
    return m->is_live || (m->current && !is_away(m) && !is_due(m) && (m->next || m->has_ended));
}

bc_frame *bc_mask_input_take(bc_mask_input *m, int64_t position_us, bool *is_late)
{
    const int64_t until_ns = bc_clock_ns() + PATIENCE_MS * 1000000LL;
    const struct timespec until = {until_ns / 1000000000, until_ns % 1000000000};
    int error = 0;
    pthread_mutex_lock(&m->lock);
    m->wanted_us = position_us;
    pthread_cond_broadcast(&m->changed);
    while (error == 0 && !is_there(m))
        error = pthread_cond_timedwait(&m->changed, &m->lock, &until);
    *is_late = !is_there(m);
    bc_frame *frame = m->current ? bc_frame_ref(m->current) : NULL;
    pthread_mutex_unlock(&m->lock);
    return frame;
}
