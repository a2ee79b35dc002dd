/* The element in a harness: each format is what a painter makes of it; properties set and
 * controlled while it plays, late frames, gaps in the data, latency, and a net that is not there.
 */
#include <gst/check/gstharness.h>
#include <gst/controller/gstdirectcontrolbinding.h>
#include <gst/controller/gstinterpolationcontrolsource.h>
#include <gst/video/video.h>

#include "test.h"

/* Rows without padding, which nobody has to paint or copy. */
enum { WIDTH = 88, HEIGHT = 46 };

#define STEP (GST_SECOND / 25)

static char last_message[1024];

static GstHarness *open_harness(const char *format, const char *properties)
{
    char *launch = g_strdup_printf("brushcast %s", properties);
    char *caps = g_strdup_printf("video/x-raw,format=%s,width=%d,height=%d,framerate=25/1", format,
                                 WIDTH, HEIGHT);
    GstHarness *harness = gst_harness_new_parse(launch);
    gst_harness_set_src_caps_str(harness, caps);
    g_free(caps);
    g_free(launch);
    return harness;
}

static void set(GstHarness *harness, const char *name, const char *value)
{
    GstElement *element = gst_harness_find_element(harness, "brushcast");
    gst_util_set_object_arg(G_OBJECT(element), name, value);
    gst_object_unref(element);
}

/* A frame of soft colours that differ with `seed`. */
static GstBuffer *make_frame(GstHarness *harness, int seed, GstClockTime time)
{
    GstVideoInfo info;
    GstCaps *caps = gst_pad_get_current_caps(harness->srcpad);
    gst_video_info_from_caps(&info, caps);
    gst_caps_unref(caps);
    GstBuffer *buffer = gst_buffer_new_allocate(NULL, info.size, NULL);
    GstMapInfo map;
    gst_buffer_map(buffer, &map, GST_MAP_WRITE);
    for (gsize i = 0; i < map.size; i++)
        map.data[i] = (guint8)(128 + ((i / 7 + i / 331 * (gsize)seed) % 97) - 48);
    gst_buffer_unmap(buffer, &map);
    GST_BUFFER_PTS(buffer) = time;
    GST_BUFFER_DURATION(buffer) = STEP;
    return buffer;
}

/* Another painter, which is told the same by the library's own calls. */
static bc_painter *open_painter(const char *style)
{
    bc_painter *painter;
    const bc_painter_params params = {.size = sizeof(params),
                                      .net = "light",
                                      .n_threads = 1,
                                      .stats = BC_STATS_STREAM,
                                      .precision = BC_PRECISION_FAST,
                                      .log = test_log(last_message)};
    if (bc_painter_open(&painter, &params) < 0 || bc_painter_set_style(painter, style) < 0) {
        fprintf(stderr, "%s\n", last_message);
        abort();
    }
    return painter;
}

static bool is_same(GstBuffer *a, GstBuffer *b)
{
    GstMapInfo map;
    if (!a || !b || !gst_buffer_map(a, &map, GST_MAP_READ))
        return false;
    const bool same =
        gst_buffer_get_size(b) == map.size && gst_buffer_memcmp(b, 0, map.data, map.size) == 0;
    gst_buffer_unmap(a, &map);
    return same;
}

static bc_image packed(guint8 *pixels, bc_pixel_format format)
{
    const bool is_rgb24 = format == BC_RGB24;
    return (bc_image){.pixels = pixels,
                      .stride_bytes = is_rgb24 ? GST_ROUND_UP_4(3 * WIDTH) : 4 * WIDTH,
                      .width = WIDTH,
                      .height = HEIGHT,
                      .format = format};
}

static bc_image planar(guint8 *pixels, int step)
{
    const int stride = GST_ROUND_UP_4(WIDTH), rows = GST_ROUND_UP_2(HEIGHT);
    const int chroma_stride = step > 1 ? stride : GST_ROUND_UP_4((WIDTH + 1) / 2);
    bc_image image = packed(pixels, BC_YUV420);
    image.stride_bytes = stride;
    image.chroma[0] = pixels + stride * rows;
    image.chroma[1] = step > 1 ? image.chroma[0] + 1 : image.chroma[0] + chroma_stride * rows / 2;
    image.chroma_stride_bytes[0] = image.chroma_stride_bytes[1] = chroma_stride;
    image.chroma_step_bytes = step;
    image.matrix = BC_BT601; /* GStreamer's guess for small frames */
    image.chroma_position = BC_CHROMA_CENTRE;
    return image;
}

static bc_image view(const char *format, guint8 *pixels)
{
    static const struct {
        const char *name;
        bc_pixel_format format;
    } packed_formats[] = {{"RGBx", BC_RGBX32},
                          {"BGRx", BC_BGRX32},
                          {"RGBA", BC_RGBA32},
                          {"BGRA", BC_BGRA32},
                          {"RGB", BC_RGB24}};
    for (size_t i = 0; i < G_N_ELEMENTS(packed_formats); i++)
        if (strcmp(format, packed_formats[i].name) == 0)
            return packed(pixels, packed_formats[i].format);
    return planar(pixels, strcmp(format, "NV12") == 0 ? 2 : 1);
}

/* Paints the frame by the painter, in its place. */
static void paint(bc_painter *painter, const char *format, GstBuffer *frame, unsigned flags)
{
    GstMapInfo map;
    gst_buffer_map(frame, &map, GST_MAP_READWRITE);
    const bc_image image = view(format, map.data);
    CHECK_INT(bc_painter_run(painter, &image, &image,
                             (int64_t)GST_TIME_AS_USECONDS(GST_BUFFER_PTS(frame)), flags),
              BC_OK);
    gst_buffer_unmap(frame, &map);
}

/* Whether the element makes of the frame what the painter does. Takes the frame. */
static bool paints_alike(GstHarness *harness, bc_painter *painter, const char *format,
                         GstBuffer *frame, unsigned flags)
{
    GstBuffer *expected = gst_buffer_copy_deep(frame);
    paint(painter, format, expected, flags);
    GstBuffer *painting = gst_harness_push_and_pull(harness, frame);
    const bool alike = is_same(painting, expected);
    gst_clear_buffer(&painting);
    gst_buffer_unref(expected);
    return alike;
}

static void test_formats(void)
{
    static const char *const formats[] = {"I420", "NV12", "RGBx", "BGRx", "RGBA", "BGRA", "RGB"};
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        GstHarness *harness = open_harness(formats[i], "net=light style=scream");
        bc_painter *painter = open_painter("scream");
        for (int frame = 0; frame < 3; frame++)
            if (!CHECK(paints_alike(harness, painter, formats[i],
                                    make_frame(harness, 1 + frame, STEP * (guint)frame), 0)))
                fprintf(stderr, "    %s, frame %d\n", formats[i], frame);
        CHECK_INT(gst_harness_query_latency(harness), 0);
        bc_painter_close(&painter);
        gst_harness_teardown(harness);
    }
}

static void test_properties(void)
{
    GstHarness *harness = open_harness("I420", "net=light style=scream");
    bc_painter *painter = open_painter("scream");
    CHECK(paints_alike(harness, painter, "I420", make_frame(harness, 1, 0), 0));
    set(harness, "style", "great-wave:2,scream");
    set(harness, "strength", "0.5");
    bc_painter_set_style(painter, "great-wave:2,scream");
    bc_painter_set(painter, BC_PAINTER_STRENGTH, 0.5);
    CHECK(paints_alike(harness, painter, "I420", make_frame(harness, 1, STEP), 0));
    set(harness, "style", "no-such-style"); /* a warning, and the style stays */
    CHECK(paints_alike(harness, painter, "I420", make_frame(harness, 1, 2 * STEP), 0));
    bc_painter_close(&painter);
    gst_harness_teardown(harness);
}

/* Strength runs from 0 to 1 in a second. */
static void test_control(void)
{
    GstHarness *harness = open_harness("RGBA", "net=light style=scream");
    GstElement *element = gst_harness_find_element(harness, "brushcast");
    GstControlSource *values = gst_interpolation_control_source_new();
    g_object_set(values, "mode", GST_INTERPOLATION_MODE_LINEAR, NULL);
    gst_timed_value_control_source_set(GST_TIMED_VALUE_CONTROL_SOURCE(values), 0, 0);
    gst_timed_value_control_source_set(GST_TIMED_VALUE_CONTROL_SOURCE(values), GST_SECOND, 1);
    gst_object_add_control_binding(
        GST_OBJECT(element),
        gst_direct_control_binding_new(GST_OBJECT(element), "strength", values));
    bc_painter *painter = open_painter("scream");
    for (int i = 0; i <= 2; i++) {
        bc_painter_set(painter, BC_PAINTER_STRENGTH, 0.5 * i);
        CHECK(paints_alike(harness, painter, "RGBA",
                           make_frame(harness, 1, GST_SECOND / 2 * (guint)i), 0));
    }
    bc_painter_close(&painter);
    gst_object_unref(values);
    gst_object_unref(element);
    gst_harness_teardown(harness);
}

/* The sink says that it is a second late: what would be too late is not painted. */
static void test_late_frames(void)
{
    GstHarness *harness = open_harness("RGBA", "net=light");
    gst_buffer_unref(gst_harness_push_and_pull(harness, make_frame(harness, 1, 0)));
    gst_harness_push_upstream_event(
        harness, gst_event_new_qos(GST_QOS_TYPE_UNDERFLOW, 2.0, GST_SECOND, STEP));
    gst_harness_push(harness, make_frame(harness, 1, STEP));
    CHECK_INT(gst_harness_buffers_in_queue(harness), 0);
    gst_harness_push(harness, make_frame(harness, 1, 3 * GST_SECOND));
    CHECK_INT(gst_harness_buffers_in_queue(harness), 1);
    gst_harness_teardown(harness);
}

/* A frame after lost data goes on with the scene if it follows soon, and else begins one. */
static void test_gaps(void)
{
    GstHarness *harness = open_harness("RGBA", "net=light style=scream");
    bc_painter *painter = open_painter("scream");
    const GstClockTime soon = 4 * STEP, late = soon + GST_SECOND;
    CHECK(paints_alike(harness, painter, "RGBA", make_frame(harness, 1, 0), 0));
    GstBuffer *frame = make_frame(harness, 2, soon);
    GST_BUFFER_FLAG_SET(frame, GST_BUFFER_FLAG_DISCONT);
    CHECK(paints_alike(harness, painter, "RGBA", frame, 0));
    frame = make_frame(harness, 3, late);
    GST_BUFFER_FLAG_SET(frame, GST_BUFFER_FLAG_DISCONT);
    CHECK(paints_alike(harness, painter, "RGBA", frame, BC_PAINT_CUT));
    bc_painter_close(&painter);
    gst_harness_teardown(harness);
}

static int count_warnings(GstBus *bus)
{
    int n = 0;
    for (GstMessage *m; (m = gst_bus_pop_filtered(bus, GST_MESSAGE_WARNING)); gst_message_unref(m))
        n++;
    return n;
}

static void test_missing_net(void)
{
    GstHarness *harness = open_harness("NV12", "net=no-such-net");
    GstElement *element = gst_harness_find_element(harness, "brushcast");
    GstBus *bus = gst_bus_new();
    gst_element_set_bus(element, bus);
    for (int i = 0; i < 2; i++) {
        GstBuffer *frame = make_frame(harness, 1, STEP * (guint)i);
        GstBuffer *same = gst_harness_push_and_pull(harness, gst_buffer_ref(frame));
        CHECK(is_same(frame, same));
        gst_buffer_unref(same);
        gst_buffer_unref(frame);
    }
    CHECK_INT(count_warnings(bus), 1);
    set(harness, "net", "light"); /* and then it paints */
    bc_painter *painter = open_painter(NULL);
    CHECK(paints_alike(harness, painter, "NV12", make_frame(harness, 1, 2 * STEP), 0));
    bc_painter_close(&painter);
    gst_element_set_bus(element, NULL);
    gst_object_unref(bus);
    gst_object_unref(element);
    gst_harness_teardown(harness);
}

int main(int n_args, char **args)
{
    gst_init(&n_args, &args);
    test_formats();
    test_properties();
    test_control();
    test_late_frames();
    test_gaps();
    test_missing_net();
    gst_deinit();
    return TEST_END();
}
