/*
 * gstreamer.c: Brushcast as the GStreamer element "brushcast".
 *
 * A video filter whose properties may all be set, and controlled, while it plays. It keeps no frame
 * back, so it adds no latency but its own time, and drops frames that would be late (QoS).
 * Statistics are running ones, as frames come in order. A net that cannot be opened is a warning on
 * the bus, once, and frames pass through unpainted.
 */
#include <gst/gst.h>
#include <gst/video/gstvideofilter.h>
#include <gst/video/video.h>

#include "effect.h"

enum { PROPERTY_STYLE = BC_PAINTER_N_SETTINGS + 1, PROPERTY_NET }; /* numbers: their setting + 1 */

/* A stream that goes on within this time is the same scene, though data were lost between. */
#define MAX_GAP (GST_SECOND / 2)

typedef struct Brushcast {
    GstVideoFilter parent;
    bc_effect *effect;
    GstClockTime last; /* time of the last frame, or GST_CLOCK_TIME_NONE */
} Brushcast;

typedef GstVideoFilterClass BrushcastClass;

static GType brushcast_get_type(void);
G_DEFINE_TYPE(Brushcast, brushcast, GST_TYPE_VIDEO_FILTER)

static Brushcast *brushcast(gpointer object)
{
    return G_TYPE_CHECK_INSTANCE_CAST(object, brushcast_get_type(), Brushcast);
}

/* Life ------------------------------------------------------------------------------------- */

static void print(void *cookie, bc_log_level level, const char *message)
{
    GstElement *element = cookie;
    if (level <= BC_LOG_WARNING)
        GST_ELEMENT_WARNING(element, LIBRARY, SETTINGS, ("%s", message), (NULL));
    else
        GST_DEBUG_OBJECT(element, "%s", message);
}

static void brushcast_init(Brushcast *self)
{
    self->effect = bc_effect_open(BC_STATS_STREAM, &(bc_log){.write = print, .cookie = self});
    self->last = GST_CLOCK_TIME_NONE;
}

static void finalize(GObject *object)
{
    bc_effect_close(brushcast(object)->effect);
    G_OBJECT_CLASS(brushcast_parent_class)->finalize(object);
}

static gboolean start(GstBaseTransform *transform)
{
    Brushcast *self = brushcast(transform);
    self->last = GST_CLOCK_TIME_NONE;
    if (!self->effect)
        GST_ELEMENT_ERROR(self, RESOURCE, FAILED, ("out of memory"), (NULL));
    return self->effect != NULL;
}

/* Properties --------------------------------------------------------------------------------- */

static void set_property(GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
    bc_effect *effect = brushcast(object)->effect;
    (void)spec;
    if (!effect)
        return;
    GST_OBJECT_LOCK(object);
    if (id == PROPERTY_STYLE)
        bc_effect_set_style(effect, g_value_get_string(value));
    else if (id == PROPERTY_NET)
        bc_effect_set_net(effect, g_value_get_string(value));
    else
        bc_effect_set(effect, (bc_painter_setting)(id - 1), g_value_get_double(value));
    GST_OBJECT_UNLOCK(object);
}

static void get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
    bc_effect *effect = brushcast(object)->effect;
    (void)spec;
    if (!effect)
        return;
    GST_OBJECT_LOCK(object);
    if (id == PROPERTY_STYLE)
        g_value_set_string(value, bc_effect_get_style(effect));
    else if (id == PROPERTY_NET)
        g_value_set_string(value, bc_effect_get_net(effect));
    else
        g_value_set_double(value, bc_effect_get(effect, (bc_painter_setting)(id - 1)));
    GST_OBJECT_UNLOCK(object);
}

static void install_properties(GObjectClass *class)
{
    const GParamFlags flags = (GParamFlags)(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                            GST_PARAM_CONTROLLABLE | GST_PARAM_MUTABLE_PLAYING);
    for (guint i = 0; i < BC_PAINTER_N_SETTINGS; i++) {
        const bc_effect_parameter *p = &bc_effect_numbers[i];
        g_object_class_install_property(class, i + 1,
                                        g_param_spec_double(p->name, p->title, p->explanation,
                                                            p->low, p->high, p->normal, flags));
    }
    const bc_effect_parameter *style = &bc_effect_style, *net = &bc_effect_net;
    g_object_class_install_property(
        class, PROPERTY_STYLE,
        g_param_spec_string(style->name, style->title, style->explanation, "", flags));
    g_object_class_install_property(
        class, PROPERTY_NET,
        g_param_spec_string(net->name, net->title, net->explanation, "", flags));
}

/* Frames ------------------------------------------------------------------------------------- */

/* Properties that are controlled have the values of the frame's time. */
static void before_transform(GstBaseTransform *transform, GstBuffer *buffer)
{
    const GstClockTime time =
        gst_segment_to_stream_time(&transform->segment, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
    if (GST_CLOCK_TIME_IS_VALID(time))
        gst_object_sync_values(GST_OBJECT(transform), time);
}

static bc_pixel_format packed_format(GstVideoFormat format)
{
    switch (format) {
    case GST_VIDEO_FORMAT_RGB:
        return BC_RGB24;
    case GST_VIDEO_FORMAT_RGBx:
        return BC_RGBX32;
    case GST_VIDEO_FORMAT_BGRx:
        return BC_BGRX32;
    case GST_VIDEO_FORMAT_BGRA:
        return BC_BGRA32;
    default:
        return BC_RGBA32;
    }
}

static void describe_colours(bc_image *image, const GstVideoInfo *info)
{
    const GstVideoColorimetry *colours = &info->colorimetry;
    const bool is_left = info->chroma_site & GST_VIDEO_CHROMA_SITE_H_COSITED;
    image->matrix = colours->matrix == GST_VIDEO_COLOR_MATRIX_BT709    ? BC_BT709
                    : colours->matrix == GST_VIDEO_COLOR_MATRIX_BT2020 ? BC_BT2020
                                                                       : BC_BT601;
    image->range = colours->range == GST_VIDEO_COLOR_RANGE_0_255 ? BC_FULL : BC_LIMITED;
    image->chroma_position = is_left ? BC_CHROMA_LEFT : BC_CHROMA_CENTRE;
}

static bc_image view(GstVideoFrame *frame)
{
    bc_image image = {.pixels = GST_VIDEO_FRAME_PLANE_DATA(frame, 0),
                      .stride_bytes = GST_VIDEO_FRAME_PLANE_STRIDE(frame, 0),
                      .width = GST_VIDEO_FRAME_WIDTH(frame),
                      .height = GST_VIDEO_FRAME_HEIGHT(frame)};
    if (!GST_VIDEO_INFO_IS_YUV(&frame->info)) {
        image.format = packed_format(GST_VIDEO_FRAME_FORMAT(frame));
        return image;
    }
    image.format = BC_YUV420;
    for (guint i = 0; i < 2; i++) {
        image.chroma[i] = GST_VIDEO_FRAME_COMP_DATA(frame, i + 1);
        image.chroma_stride_bytes[i] = GST_VIDEO_FRAME_COMP_STRIDE(frame, i + 1);
    }
    image.chroma_step_bytes = GST_VIDEO_FRAME_COMP_PSTRIDE(frame, 1);
    describe_colours(&image, &frame->info);
    return image;
}

/* Lost data alone begin no scene: a live pipeline that drops frames marks each one after it. */
static bool begins_scene(const Brushcast *self, const GstBuffer *buffer, GstClockTime time)
{
    const bool is_known = GST_CLOCK_TIME_IS_VALID(time) && GST_CLOCK_TIME_IS_VALID(self->last);
    return GST_BUFFER_IS_DISCONT(buffer) &&
           !(is_known && time >= self->last && time - self->last < MAX_GAP);
}

static GstFlowReturn transform_frame(GstVideoFilter *filter, GstVideoFrame *in, GstVideoFrame *out)
{
    Brushcast *self = brushcast(filter);
    const bc_image source = view(in), painting = view(out);
    const GstClockTime time = GST_BUFFER_PTS(in->buffer);
    const int64_t time_us =
        GST_CLOCK_TIME_IS_VALID(time) ? (int64_t)GST_TIME_AS_USECONDS(time) : BC_NO_TIME;
    const unsigned flags = begins_scene(self, in->buffer, time) ? BC_PAINT_CUT : 0;
    self->last = time;
    if (!bc_effect_paint(self->effect, &source, &painting, time_us, flags))
        gst_video_frame_copy(out, in);
    return GST_FLOW_OK;
}

/* The element -------------------------------------------------------------------------------- */

#define SIZES "width = (int) [ 1, 16384 ], height = (int) [ 1, 16384 ], "
#define CAPS                                                                                       \
    "video/x-raw, format = (string) { I420, NV12, RGBx, BGRx, RGBA, BGRA, RGB }, " SIZES           \
    "framerate = (fraction) [ 0, max ]"

static GstStaticPadTemplate sink =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS(CAPS));
static GstStaticPadTemplate source =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS(CAPS));

static void brushcast_class_init(BrushcastClass *class)
{
    GObjectClass *object = G_OBJECT_CLASS(class);
    GstElementClass *element = GST_ELEMENT_CLASS(class);
    object->set_property = set_property;
    object->get_property = get_property;
    object->finalize = finalize;
    install_properties(object);
    gst_element_class_set_static_metadata(element, "Brushcast", "Filter/Effect/Video",
                                          "Repaints video in the style of a painting",
                                          "the Brushcast authors");
    gst_element_class_add_static_pad_template(element, &sink);
    gst_element_class_add_static_pad_template(element, &source);
    GST_BASE_TRANSFORM_CLASS(class)->start = start;
    GST_BASE_TRANSFORM_CLASS(class)->before_transform = before_transform;
    GST_VIDEO_FILTER_CLASS(class)->transform_frame = transform_frame;
}

static gboolean register_element(GstPlugin *plugin)
{
    return gst_element_register(plugin, "brushcast", GST_RANK_NONE, brushcast_get_type());
}

#define PACKAGE "brushcast"
GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, brushcast,
                  "Repaints video in the style of a painting", register_element, BRUSHCAST_VERSION,
                  "BSD", "Brushcast", "Brushcast")
