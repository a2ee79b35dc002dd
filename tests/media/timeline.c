/*
 * What counts as a new clock: each threshold of timeline.h from both sides, with packets made here,
 * and that picture and sound stay together wherever a clock jumps.
 */
#include "media/timeline.h"

#include <libavcodec/avcodec.h>

#include "test.h"

enum { VIDEO, SOUND, N_STREAMS, FRAME_US = 40000, SOUND_US = 20000 };

typedef struct fixture {
    bc_timeline timeline;
    AVStream streams[N_STREAMS];
    AVCodecParameters parameters[N_STREAMS];
    AVPacket *packet;
} fixture;

static void open_fixture(fixture *f, bool is_loose)
{
    static const enum AVMediaType types[] = {AVMEDIA_TYPE_VIDEO, AVMEDIA_TYPE_AUDIO};
    *f = (fixture){.packet = av_packet_alloc()};
    for (int i = 0; i < N_STREAMS; i++) {
        f->parameters[i].codec_type = types[i];
        f->streams[i] =
            (AVStream){.index = i, .codecpar = &f->parameters[i], .time_base = AV_TIME_BASE_Q};
    }
    bc_timeline_open(&f->timeline, VIDEO, 0, is_loose);
}

static void close_fixture(fixture *f)
{
    bc_timeline_close(&f->timeline);
    av_packet_free(&f->packet);
}

/* Where a packet comes to lie on the line; how far its clock has jumped in `jump_us`. */
static int64_t place(fixture *f, int stream, int64_t pts, int64_t dts, int64_t *jump_us)
{
    f->packet->pts = pts;
    f->packet->dts = dts;
    f->packet->duration = stream == VIDEO ? FRAME_US : SOUND_US;
    CHECK(bc_timeline_place(&f->timeline, &f->streams[stream], f->packet, jump_us) >= 0);
    return f->packet->pts;
}

/* A second of picture, and of sound where there is any; then a frame `step_us` after its time. */
static int64_t jump_after(bool is_loose, bool has_sound, bool has_dts, int64_t step_us)
{
    fixture f;
    int64_t jump_us, time_us = 0;
    open_fixture(&f, is_loose);
    for (; time_us < 1000000; time_us += FRAME_US) {
        place(&f, VIDEO, time_us, has_dts ? time_us : AV_NOPTS_VALUE, &jump_us);
        CHECK_INT(jump_us, 0);
        for (int i = 0; has_sound && i < 2; i++)
            place(&f, SOUND, time_us + i * SOUND_US, time_us + i * SOUND_US, &jump_us);
    }
    const int64_t line_us =
        place(&f, VIDEO, time_us + step_us, has_dts ? time_us + step_us : AV_NOPTS_VALUE, &jump_us);
    CHECK_INT(line_us, jump_us == 0 ? time_us + step_us : time_us);
    close_fixture(&f);
    return jump_us;
}

static void test_ahead(bool is_loose, bool has_sound, int64_t limit_us)
{
    CHECK_INT(jump_after(is_loose, has_sound, true, limit_us), 0);
    CHECK_INT(jump_after(is_loose, has_sound, true, limit_us + 1000), limit_us + 1000);
}

static void test_back(bool has_dts, int64_t limit_us)
{
    /* The last frame began one frame's time before where the next one is due. */
    CHECK_INT(jump_after(true, true, has_dts, -limit_us - FRAME_US), 0);
    CHECK_INT(jump_after(true, true, has_dts, -limit_us - FRAME_US - 1000),
              -limit_us - FRAME_US - 1000);
}

/* Sound comes after a joint as much too late as it began too late; more is another recording. */
static void test_near(int64_t late_us, bool is_near)
{
    fixture f;
    int64_t jump_us;
    open_fixture(&f, true);
    for (int64_t us = 0; us < 4000000; us += FRAME_US)
        place(&f, VIDEO, us, us, &jump_us);
    for (int64_t us = 0; us < 4000000; us += SOUND_US)
        place(&f, SOUND, us, us, &jump_us);
    CHECK_INT(place(&f, VIDEO, 3600000000, 3600000000, &jump_us), 4000000);
    CHECK(jump_us != 0);
    const int64_t sound_us = 3600000000 + FRAME_US + late_us;
    const int64_t line_us = place(&f, SOUND, sound_us, sound_us, &jump_us);
    CHECK_INT(line_us, is_near ? 4000000 + FRAME_US + late_us : 4000000);
    CHECK_INT(jump_us != 0, !is_near);
    close_fixture(&f);
}

/* A pause of the picture is none where sound goes on. */
static void test_pause_with_sound(void)
{
    fixture f;
    int64_t jump_us;
    open_fixture(&f, true);
    place(&f, VIDEO, 0, 0, &jump_us);
    for (int64_t us = 0; us < 8000000; us += SOUND_US)
        place(&f, SOUND, us, us, &jump_us);
    CHECK_INT(place(&f, VIDEO, 8000000, 8000000, &jump_us), 8000000);
    CHECK_INT(jump_us, 0);
    close_fixture(&f);
}

/* A second of picture; then sound whose clock is `away_us` off what was read, both ways. */
static void test_first(int64_t away_us, bool is_own_clock)
{
    fixture f;
    int64_t jump_us;
    open_fixture(&f, false);
    for (int64_t us = 0; us < 1000000; us += FRAME_US)
        place(&f, VIDEO, us, us, &jump_us);
    const int64_t first_us = away_us > 0 ? 1000000 + away_us : away_us;
    const int64_t line_us = is_own_clock ? 1000000 : first_us;
    CHECK_INT(place(&f, SOUND, first_us, first_us, &jump_us), line_us);
    CHECK_INT(jump_us, is_own_clock ? away_us : 0);
    const int64_t next_us = first_us + SOUND_US;
    CHECK_INT(place(&f, SOUND, next_us, next_us, &jump_us), line_us + SOUND_US);
    CHECK_INT(jump_us, 0);
    CHECK_INT(place(&f, VIDEO, 1000000, 1000000, &jump_us), 1000000);
    CHECK_INT(jump_us, 0);
    close_fixture(&f);
}

/* Sound that pauses while the picture's clock begins anew more often than runs are remembered. */
static void test_forgotten(void)
{
    fixture f;
    int64_t jump_us;
    open_fixture(&f, false);
    place(&f, SOUND, 0, 0, &jump_us);
    for (int run = 0; run <= BC_TIMELINE_RUNS; run++)
        for (int64_t us = 0; us < 1000000; us += FRAME_US)
            place(&f, VIDEO, run * INT64_C(1000000000) + us, run * INT64_C(1000000000) + us,
                  &jump_us);
    CHECK_INT(place(&f, SOUND, SOUND_US, SOUND_US, &jump_us), 2000000);
    CHECK_INT(jump_us, SOUND_US - 1000000000);
    close_fixture(&f);
}

/* A packet without any time does not hide that the clock begins anew. */
static void test_untold(void)
{
    fixture f;
    int64_t jump_us;
    open_fixture(&f, true);
    for (int64_t us = 0; us < 1000000; us += FRAME_US)
        place(&f, VIDEO, us, us, &jump_us);
    place(&f, VIDEO, AV_NOPTS_VALUE, AV_NOPTS_VALUE, &jump_us);
    CHECK_INT(place(&f, VIDEO, 0, 0, &jump_us), 1000000);
    CHECK_INT(jump_us, -1000000);
    close_fixture(&f);
}

/* Sound that is to be heard long after it is decoded has a time that is none. */
static void test_presentation(int64_t wait_us, bool is_believed)
{
    fixture f;
    int64_t jump_us;
    open_fixture(&f, false);
    place(&f, VIDEO, 0, 0, &jump_us);
    CHECK_INT(place(&f, SOUND, wait_us, 0, &jump_us), is_believed ? wait_us : AV_NOPTS_VALUE);
    CHECK_INT(jump_us, 0);
    close_fixture(&f);
}

int main(void)
{
    test_ahead(true, true, BC_TIMELINE_LOOSE_PAUSE_US);
    test_ahead(true, false, BC_TIMELINE_LOOSE_QUIET_US);
    test_ahead(false, true, BC_TIMELINE_PAUSE_US);
    test_ahead(false, false, BC_TIMELINE_QUIET_US);
    test_back(true, BC_TIMELINE_MAX_STEP_BACK_US);
    test_back(false, BC_TIMELINE_MAX_REORDER_US);
    test_near(BC_TIMELINE_NEAR_US, true);
    test_near(BC_TIMELINE_NEAR_US + 1000, false);
    test_pause_with_sound();
    test_first(BC_TIMELINE_QUIET_US, false);
    test_first(BC_TIMELINE_QUIET_US + 1000, true);
    test_first(-BC_TIMELINE_QUIET_US, false);
    test_first(-BC_TIMELINE_QUIET_US - 1000, true);
    test_forgotten();
    test_untold();
    test_presentation(BC_TIMELINE_PAUSE_US, true);
    test_presentation(BC_TIMELINE_PAUSE_US + 1000, false);
    return TEST_END();
}
