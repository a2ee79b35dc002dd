#include "live/feed.h"

#include <stdlib.h>
#include <time.h>

#include "base/log.h"

enum { STILL_US = 40000 }; /* how long a still picture is a frame, again and again */

void bc_feed_init(bc_feed *feed, const bc_feed_params *params)
{
    *feed = (bc_feed){.params = *params};
    pthread_mutex_init(&feed->lock, NULL);
}

void bc_feed_free(bc_feed *feed)
{
    bc_feed_close(feed);
    bc_frame_unref(&feed->first);
    bc_speaker_close(&feed->speaker);
    pthread_mutex_destroy(&feed->lock);
}

/* Opening ---------------------------------------------------------------------------------- */

static void close_reader(bc_feed *feed)
{
    bc_reader_close(&feed->reader);
    bc_sound_close(&feed->sound);
}

void bc_feed_close(bc_feed *feed)
{
    pthread_mutex_lock(&feed->lock);
    close_reader(feed);
    pthread_mutex_unlock(&feed->lock);
}

static void take_reader(bc_feed *feed, int64_t start_us)
{
    const bc_reader_info *info = bc_reader_info_of(feed->reader);
    bc_frame_unref(&feed->first);
    feed->first = bc_frame_ref((bc_frame *)bc_reader_first(feed->reader));
    feed->start_us = start_us;
    feed->base_us = feed->end_us;
    feed->is_still = info->is_picture;
    feed->is_endless = info->duration_us <= 0 && !info->is_picture;
}

bc_status bc_feed_open(bc_feed *feed, int64_t start_us, const bc_log *log)
{
    const bc_feed_params *p = &feed->params;
    const bc_reader_params params = {.format = p->format,
                                     .options = p->options,
                                     .n_threads = p->n_threads,
                                     .start_us = start_us,
                                     .stop = p->stop,
                                     .quit = p->quit,
                                     .log = *log};
    bc_reader *reader = NULL;
    bc_feed_close(feed);
    const bc_status status = bc_reader_open(&reader, p->url, &params);
    if (status < 0)
        return status;
    pthread_mutex_lock(&feed->lock);
    feed->reader = reader;
    take_reader(feed, start_us);
    pthread_mutex_unlock(&feed->lock);
    return BC_OK;
}

/* Without a speaker nothing need be decoded. */
void bc_feed_open_sound(bc_feed *feed, const bc_log *log)
{
    if (!feed->params.plays_sound || !feed->reader)
        return;
    bc_sound_open(&feed->sound, feed->reader, BC_SPEAKER_RATE, log);
    if (feed->sound && !feed->speaker)
        bc_speaker_open(&feed->speaker, log);
    if (!feed->speaker)
        bc_sound_close(&feed->sound);
}

double bc_feed_aspect(const bc_feed *feed)
{
    const bc_reader_info *info = bc_reader_info_of(feed->reader);
    const double pixel = info->pixel_aspect.num > 0 && info->pixel_aspect.den > 0
                             ? (double)info->pixel_aspect.num / info->pixel_aspect.den
                             : 1;
    return pixel * info->width / info->height;
}

/* Reading ---------------------------------------------------------------------------------- */

static int64_t duration_of(const bc_feed *feed, const bc_frame *frame)
{
    if (feed->is_still)
        return STILL_US;
    const int64_t us = frame->duration * 1000000 * frame->time_base.num / frame->time_base.den;
    return us > 0 ? us : 1;
}

/* Takes the frame, on failure too. */
static bc_captured *put_in_line(bc_feed *feed, bc_frame *frame)
{
    bc_captured *captured = calloc(1, sizeof(*captured));
    const int64_t time_us = bc_frame_time_us(frame);
    if (!captured) {
        bc_frame_unref(&frame);
        return NULL;
    }
    *captured = (bc_captured){
        .frame = frame, .aspect = bc_feed_aspect(feed), .time_us = feed->base_us + time_us};
    if (time_us == BC_NO_PTS || captured->time_us < feed->end_us)
        captured->time_us = feed->end_us;
    captured->position_us = feed->start_us + captured->time_us - feed->base_us;
    feed->end_us = captured->time_us + duration_of(feed, frame);
    return captured;
}

static void hear(bc_feed *feed, const bc_packet *packet)
{
    const float *samples;
    int n_samples;
    int64_t time_us;
    bc_sound_decode(feed->sound, packet, &samples, &n_samples, &time_us);
    if (n_samples > 0)
        bc_speaker_queue(feed->speaker, samples, n_samples, feed->base_us + time_us);
}

static void nap(int ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000L}, NULL);
}

bc_status bc_feed_read(bc_feed *feed, bc_captured **captured, bc_packet **packet)
{
    bc_frame *frame = NULL;
    *captured = NULL;
    *packet = NULL;
    while (atomic_load(&feed->n_asking) > 0)
        nap(1);
    pthread_mutex_lock(&feed->lock);
    const bc_status status = bc_reader_read(feed->reader, &frame, packet);
    pthread_mutex_unlock(&feed->lock);
    if (frame)
        *captured = put_in_line(feed, frame);
    if (*packet && feed->sound)
        hear(feed, *packet);
    if (*packet)
        bc_packet_delay(*packet, feed->base_us);
    return status;
}

bc_captured *bc_feed_again(bc_feed *feed)
{
    return put_in_line(feed, bc_frame_ref(feed->first));
}

/* From other threads ----------------------------------------------------------------------- */

/* The reader makes way, and has a second for it. */
static bool lock_reader(bc_feed *feed)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec++;
    atomic_fetch_add(&feed->n_asking, 1);
    const int error = pthread_mutex_timedlock(&feed->lock, &until);
    atomic_fetch_sub(&feed->n_asking, 1);
    return error == 0;
}

bc_status bc_feed_open_writer(bc_feed *feed, bc_writer **writer, const char *url,
                              const bc_writer_params *params)
{
    *writer = NULL;
    if (!lock_reader(feed))
        return bc_fail(&params->log, BC_ERR_IO, "%s: %s gives no frames", url, feed->params.url);
    bc_status status = BC_ERR_IO;
    if (feed->reader) {
        bc_frame like = *feed->first; /* to look at: it is no reference */
        like.time_base = (bc_rational){1, 1000000};
        status = bc_writer_open(writer, url, &like, feed->reader, params);
    } else {
        bc_fail(&params->log, status, "%s: %s is not there now", url, feed->params.url);
    }
    pthread_mutex_unlock(&feed->lock);
    return status;
}

bc_streams *bc_feed_streams(bc_feed *feed, const bc_log *log)
{
    pthread_mutex_lock(&feed->lock);
    bc_streams *streams = feed->reader ? bc_streams_of(feed->reader, log) : NULL;
    pthread_mutex_unlock(&feed->lock);
    return streams;
}
