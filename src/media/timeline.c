#include "media/timeline.h"

#include <stdlib.h>
#include <string.h>

#define MAX_TIME_US (INT64_MAX / 4000)                 /* since 1970, and some years to come */
#define MAX_DURATION_US (24 * 3600 * INT64_C(1000000)) /* of a packet */

/* Life ------------------------------------------------------------------------------------- */

void bc_timeline_open(bc_timeline *timeline, int video, int64_t zero_us, bool is_loose)
{
    *timeline = (bc_timeline){
        .n_runs = 1,
        .video = video,
        .max_pause_us = is_loose ? BC_TIMELINE_LOOSE_PAUSE_US : BC_TIMELINE_PAUSE_US,
        .max_quiet_us = is_loose ? BC_TIMELINE_LOOSE_QUIET_US : BC_TIMELINE_QUIET_US,
        .max_duration_us = is_loose ? BC_TIMELINE_LOOSE_QUIET_US : MAX_DURATION_US,
    };
    timeline->runs[0] = (struct bc_timeline_run){-zero_us, INT64_MAX, INT64_MIN};
}

void bc_timeline_close(bc_timeline *timeline)
{
    free(timeline->tracks);
    *timeline = (bc_timeline){0};
}

/* Streams may turn up in the middle. */
static int make_room(bc_timeline *timeline, int index)
{
    if (index < timeline->n_tracks)
        return 0;
    const size_t n = (size_t)index + 1, n_old = (size_t)timeline->n_tracks;
    struct bc_timeline_track *more = realloc(timeline->tracks, n * sizeof(*more));
    if (!more)
        return AVERROR(ENOMEM);
    memset(more + n_old, 0, (n - n_old) * sizeof(*more));
    timeline->tracks = more;
    timeline->n_tracks = (int)n;
    return 0;
}

/* Runs ------------------------------------------------------------------------------------- */

static struct bc_timeline_run *run_of(bc_timeline *timeline, int number)
{
    return &timeline->runs[number % BC_TIMELINE_RUNS];
}

static int oldest(const bc_timeline *timeline)
{
    return FFMAX(timeline->n_runs - BC_TIMELINE_RUNS, 0);
}

static bool is_empty(const struct bc_timeline_run *run)
{
    return run->first_us > run->end_us;
}

/* How far behind the run's end a time lies; before its begin, negative; within, or if empty, 0. */
static int64_t distance(const struct bc_timeline_run *run, int64_t time_us)
{
    if (is_empty(run))
        return 0;
    return time_us < run->first_us ? time_us - run->first_us : FFMAX(time_us - run->end_us, 0);
}

/* The run whose times are nearest to this one; of equals the newest. */
static int nearest(bc_timeline *timeline, int64_t time_us)
{
    int best = timeline->n_runs - 1;
    int64_t least = INT64_MAX;
    for (int i = timeline->n_runs - 1; i >= oldest(timeline); i--) {
        const struct bc_timeline_run *run = run_of(timeline, i);
        if (!is_empty(run) && llabs(distance(run, time_us)) < least) {
            least = llabs(distance(run, time_us));
            best = i;
        }
    }
    return best;
}

static bool is_alone(const bc_timeline *timeline, const struct bc_timeline_track *track)
{
    for (int i = 0; i < timeline->n_tracks; i++)
        if (&timeline->tracks[i] != track && timeline->tracks[i].has_begun)
            return false;
    return true;
}

/* Whether the stream cannot go on like this; it is no jump if another one has been there. */
static bool is_broken(bc_timeline *timeline, const struct bc_timeline_track *track, int64_t time_us)
{
    const int64_t back_us =
        track->may_step_back ? BC_TIMELINE_MAX_REORDER_US : BC_TIMELINE_MAX_STEP_BACK_US;
    const int64_t pause_us =
        is_alone(timeline, track) ? timeline->max_quiet_us : timeline->max_pause_us;
    const int64_t reached_us = FFMAX(run_of(timeline, track->run)->end_us, track->end_us);
    return time_us < track->last_us - back_us || time_us > reached_us + pause_us;
}

/* A newer run that others have begun, and that fits; or -1. */
static int find_newer(bc_timeline *timeline, const struct bc_timeline_track *track, int64_t time_us)
{
    for (int i = timeline->n_runs - 1; i > track->run && i >= oldest(timeline); i--) {
        const struct bc_timeline_run *run = run_of(timeline, i);
        if (time_us >= run->first_us - BC_TIMELINE_NEAR_US &&
            time_us <= run->end_us + BC_TIMELINE_NEAR_US)
            return i;
    }
    return -1;
}

/*
 * Where the line goes on for a run that begins with `time_us` of `track`: where that stream has
 * ended. If sound begins a recording anew, the picture is to follow without a gap, which it did not
 * reach yet: it will start as much later as it did the first time.
 */
static int64_t find_place(bc_timeline *timeline, const struct bc_timeline_track *track,
                          int64_t time_us)
{
    const int64_t end_us = track->end_us + run_of(timeline, track->run)->offset_us;
    const struct bc_timeline_track *video = &timeline->tracks[timeline->video];
    if (track == video || timeline->video >= timeline->n_tracks || !video->has_begun ||
        llabs(time_us - track->first_us) > BC_TIMELINE_MAX_STEP_BACK_US)
        return end_us;
    const int64_t video_end_us = video->end_us + run_of(timeline, video->run)->offset_us;
    const int64_t place_us = video_end_us - (video->first_us - track->first_us);
    return llabs(place_us - end_us) < BC_TIMELINE_NEAR_US ? place_us : end_us;
}

/* A run of times from `time_us` on, which comes to lie at `place_us`. */
static int begin_run(bc_timeline *timeline, int64_t place_us, int64_t time_us)
{
    const int64_t offset_us = FFMIN(place_us, MAX_TIME_US) - time_us;
    *run_of(timeline, timeline->n_runs) = (struct bc_timeline_run){offset_us, INT64_MAX, INT64_MIN};
    return timeline->n_runs++;
}

/* Packets ---------------------------------------------------------------------------------- */

static bool is_countable(int64_t time, AVRational time_base)
{
    return time != AV_NOPTS_VALUE &&
           llabs(av_rescale_q_rnd(time, time_base, AV_TIME_BASE_Q,
                                  AV_ROUND_NEAR_INF | AV_ROUND_PASS_MINMAX)) < MAX_TIME_US;
}

/* Sound may have begun the run, a little too late or too early for the picture. */
static void align(bc_timeline *timeline, const struct bc_timeline_track *video, int64_t time_us)
{
    struct bc_timeline_run *run = run_of(timeline, video->run);
    const int64_t late_us = time_us + run->offset_us - video->line_end_us;
    if (late_us == 0 || llabs(late_us) > BC_TIMELINE_NEAR_US)
        return;
    run->offset_us -= late_us;
    for (int i = 0; i < timeline->n_tracks; i++)
        timeline->tracks[i].is_joining |= timeline->tracks[i].run == video->run;
}

/* Whether sound at a joint would lie over what came before. */
static bool overlaps(bc_timeline *timeline, struct bc_timeline_track *track, int64_t time_us,
                     int64_t duration_us)
{
    const int64_t line_us = time_us + run_of(timeline, track->run)->offset_us;
    const bool is_video = track == &timeline->tracks[timeline->video];
    const bool does = !is_video && line_us + duration_us / 2 < track->line_end_us;
    track->is_joining &= does;
    return track->is_joining;
}

/* What has no duration lasts as long as it was since the time before. */
static int64_t duration_of(const bc_timeline *timeline, const struct bc_timeline_track *track,
                           int64_t time_us, int64_t duration_us)
{
    const int64_t step_us = track->has_begun ? time_us - track->last_us : 0;
    return duration_us > 0 ? duration_us : av_clip64(step_us, 0, timeline->max_pause_us);
}

static void note(bc_timeline *timeline, struct bc_timeline_track *track, int64_t time_us,
                 int64_t duration_us)
{
    struct bc_timeline_run *run = run_of(timeline, track->run);
    duration_us = duration_of(timeline, track, time_us, duration_us);
    if (!track->has_begun)
        track->first_us = time_us;
    track->has_begun = true;
    track->last_us = time_us;
    track->end_us = time_us + duration_us;
    track->line_end_us = track->end_us + run->offset_us;
    run->first_us = FFMIN(run->first_us, time_us);
    run->end_us = FFMAX(run->end_us, track->end_us);
}

/*
 * For a stream that is in no run yet, or whose run is forgotten: its time is of the nearest run,
 * wherever it lies, unless nothing of one recording can be as far away. Then the stream has a clock
 * of its own, which goes on where that run has ended.
 */
static void choose_nearest(bc_timeline *timeline, struct bc_timeline_track *track, bool can_begin,
                           int64_t time_us, int64_t *jump_us)
{
    track->run = nearest(timeline, time_us);
    track->is_joining = track->has_begun;
    const struct bc_timeline_run *run = run_of(timeline, track->run);
    const int64_t away_us = distance(run, time_us);
    if (!can_begin || llabs(away_us) <= timeline->max_quiet_us)
        return;
    *jump_us = away_us;
    track->run = begin_run(timeline, run->end_us + run->offset_us, time_us);
}

static void choose_run(bc_timeline *timeline, struct bc_timeline_track *track, int64_t time_us,
                       int64_t *jump_us)
{
    if (!is_broken(timeline, track, time_us))
        return;
    const int newer = find_newer(timeline, track, time_us);
    if (newer < 0)
        *jump_us = time_us - track->end_us;
    track->run =
        newer >= 0 ? newer : begin_run(timeline, find_place(timeline, track, time_us), time_us);
    track->is_joining = true;
    if (track == &timeline->tracks[timeline->video])
        align(timeline, track, time_us);
}

/* True: it is to be left out. */
static bool take_time(bc_timeline *timeline, struct bc_timeline_track *track, bool can_begin,
                      int64_t time_us, int64_t duration_us, int64_t *jump_us)
{
    if (can_begin && track->has_begun && track->run >= oldest(timeline))
        choose_run(timeline, track, time_us, jump_us);
    else
        choose_nearest(timeline, track, can_begin, time_us, jump_us);
    if (!can_begin)
        return false;
    const bool is_over = overlaps(timeline, track, time_us, duration_us);
    const int64_t line_end_us = track->line_end_us;
    note(timeline, track, time_us, duration_us);
    if (is_over)
        track->line_end_us = line_end_us;
    return is_over;
}

int64_t bc_timeline_believed(const bc_timeline *timeline, int64_t duration, AVRational time_base)
{
    const int64_t duration_us = av_rescale_q_rnd(duration, time_base, AV_TIME_BASE_Q,
                                                 AV_ROUND_NEAR_INF | AV_ROUND_PASS_MINMAX);
    const bool is_open = timeline->n_runs > 0;
    return is_open && (duration_us < 0 || duration_us > timeline->max_duration_us) ? 0 : duration;
}

/* Sound is presented in the order in which it is decoded; pictures wait for some others at most. */
static bool is_presentable(const bc_timeline *timeline, const AVPacket *packet, bool is_sound,
                           AVRational time_base)
{
    if (packet->pts == AV_NOPTS_VALUE || packet->dts == AV_NOPTS_VALUE)
        return true;
    const int64_t most_us = is_sound ? timeline->max_pause_us : timeline->max_duration_us;
    const int64_t wait_us = av_rescale_q(packet->pts - packet->dts, time_base, AV_TIME_BASE_Q);
    return llabs(wait_us) <= most_us;
}

int bc_timeline_place(bc_timeline *timeline, const AVStream *stream, AVPacket *packet,
                      int64_t *jump_us)
{
    const enum AVMediaType type = stream->codecpar->codec_type;
    const bool can_begin = stream->index == timeline->video || type == AVMEDIA_TYPE_AUDIO;
    const AVRational base = stream->time_base;
    *jump_us = 0;
    if (make_room(timeline, stream->index) < 0)
        return AVERROR(ENOMEM);
    if (!is_countable(packet->pts, base))
        packet->pts = AV_NOPTS_VALUE;
    if (!is_countable(packet->dts, base))
        packet->dts = AV_NOPTS_VALUE;
    if (!is_presentable(timeline, packet, type == AVMEDIA_TYPE_AUDIO, base))
        packet->pts = AV_NOPTS_VALUE;
    if (can_begin)
        packet->duration = bc_timeline_believed(timeline, packet->duration, base);
    struct bc_timeline_track *track = &timeline->tracks[stream->index];
    bool is_over = false;
    const bool is_presented = packet->dts == AV_NOPTS_VALUE && packet->pts != AV_NOPTS_VALUE;
    const int64_t time = is_presented ? packet->pts : packet->dts;
    track->may_step_back |= is_presented;
    if (time != AV_NOPTS_VALUE) {
        const int64_t duration_us = av_rescale_q(packet->duration, base, AV_TIME_BASE_Q);
        is_over = take_time(timeline, track, can_begin, av_rescale_q(time, base, AV_TIME_BASE_Q),
                            duration_us, jump_us);
        track->may_step_back = is_presented;
    }
    const int64_t offset =
        av_rescale_q(run_of(timeline, track->run)->offset_us, AV_TIME_BASE_Q, base);
    if (packet->pts != AV_NOPTS_VALUE)
        packet->pts = av_sat_add64(packet->pts, offset);
    if (packet->dts != AV_NOPTS_VALUE)
        packet->dts = av_sat_add64(packet->dts, offset);
    return is_over;
}
