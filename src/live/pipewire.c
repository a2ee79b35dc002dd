#include "live/pipewire.h"

#include <dlfcn.h>
#include <errno.h>
#include <math.h>
#include <pipewire/pipewire.h>
#include <spa/buffer/meta.h>
#include <spa/param/video/format-utils.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "media/convert.h"

enum { MAX_POD = 1024, DEFAULT_FPS = 30 };

/* The library ------------------------------------------------------------------------------ */

#define FUNCTIONS(X)                                                                               \
    X(pw_init)                                                                                     \
    X(pw_deinit)                                                                                   \
    X(pw_properties_new)                                                                           \
    X(pw_stream_connect)                                                                           \
    X(pw_stream_dequeue_buffer)                                                                    \
    X(pw_stream_destroy)                                                                           \
    X(pw_stream_new_simple)                                                                        \
    X(pw_stream_queue_buffer)                                                                      \
    X(pw_stream_trigger_process)                                                                   \
    X(pw_stream_update_params)                                                                     \
    X(pw_thread_loop_destroy)                                                                      \
    X(pw_thread_loop_get_loop)                                                                     \
    X(pw_thread_loop_lock)                                                                         \
    X(pw_thread_loop_new)                                                                          \
    X(pw_thread_loop_start)                                                                        \
    X(pw_thread_loop_stop)                                                                         \
    X(pw_thread_loop_unlock)

/* libpipewire, loaded: its functions by their own names. */
typedef struct library {
    void *handle;
#define DECLARE(name) __typeof__(name) *name;
    FUNCTIONS(DECLARE)
#undef DECLARE
} library;

static const char library_file[] = "libpipewire-0.3.so.0";

static const struct function {
    const char *name;
    size_t offset; /* of its pointer in the library */
} functions[] = {
#define ENTRY(name) {#name, offsetof(library, name)},
    FUNCTIONS(ENTRY)
#undef ENTRY
};

static void close_library(library *pw)
{
    if (pw->pw_deinit)
        pw->pw_deinit();
    if (pw->handle)
        dlclose(pw->handle);
}

static bc_status open_library(library *pw, const bc_log *log)
{
    library loaded = {.handle = dlopen(library_file, RTLD_NOW | RTLD_LOCAL)};
    if (!loaded.handle)
        return bc_fail(log, BC_ERR_UNSUPPORTED, "PipeWire: %s", dlerror());
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        void *address = dlsym(loaded.handle, functions[i].name);
        if (!address) {
            dlclose(loaded.handle);
            return bc_fail(log, BC_ERR_UNSUPPORTED, "PipeWire: %s has no %s", library_file,
                           functions[i].name);
        }
        memcpy((char *)&loaded + functions[i].offset, &address, sizeof(address));
    }
    *pw = loaded;
    pw->pw_init(NULL, NULL);
    return BC_OK;
}

/* The camera ------------------------------------------------------------------------------- */

struct bc_pipewire {
    bc_log log;
    library pw;
    int width, height;
    double fps;
    bc_converter *converter;
    bc_frame *fitted; /* what a frame of another size or colours is converted to */
    atomic_bool is_read;
    atomic_int status;

    struct pw_thread_loop *loop; /* its lock: of all that follows */
    struct pw_stream *stream;
    enum spa_video_format format;
    bc_frame *next; /* that no buffer was there for yet, or NULL */
    uint64_t n_frames;
    bool is_closing;
};

static void fail(bc_pipewire *camera, const char *reason)
{
    int ok = BC_OK;
    if (atomic_compare_exchange_strong(&camera->status, &ok, BC_ERR_IO))
        bc_fail(&camera->log, BC_ERR_IO, "PipeWire: %s", reason);
}

/* Pixels ----------------------------------------------------------------------------------- */

static uint32_t picture_size(const bc_pipewire *camera)
{
    return (uint32_t)(camera->width * camera->height * 3 / 2);
}

static bool fits(const bc_image *image, const bc_image *wanted)
{
    return image->pixels && image->format == wanted->format && image->width == wanted->width &&
           image->height == wanted->height && image->matrix == wanted->matrix &&
           image->range == wanted->range;
}

static uint8_t *write_plane(uint8_t *to, const uint8_t *from, ptrdiff_t stride_bytes, int width,
                            int height)
{
    for (int y = 0; y < height; y++)
        memcpy(to + (ptrdiff_t)y * width, from + y * stride_bytes, (size_t)width);
    return to + (ptrdiff_t)width * height;
}

/* The two chroma planes as one, whose samples take turns. */
static void write_pairs(uint8_t *to, const bc_image *image)
{
    for (int y = 0; y < image->height / 2; y++) {
        const uint8_t *u = image->chroma[0] + y * image->chroma_stride_bytes[0];
        const uint8_t *v = image->chroma[1] + y * image->chroma_stride_bytes[1];
        for (int x = 0; x < image->width / 2; x++) {
            *to++ = u[x];
            *to++ = v[x];
        }
    }
}

static void write_picture(const bc_pipewire *camera, uint8_t *to, const bc_image *image)
{
    to = write_plane(to, image->pixels, image->stride_bytes, image->width, image->height);
    if (camera->format == SPA_VIDEO_FORMAT_NV12) {
        write_pairs(to, image);
        return;
    }
    for (int i = 0; i < 2; i++)
        to = write_plane(to, image->chroma[i], image->chroma_stride_bytes[i], image->width / 2,
                         image->height / 2);
}

/* False: there was no memory for it, which was said. */
static bool write_frame(bc_pipewire *camera, uint8_t *to, const bc_frame *frame)
{
    const bc_image *image = &frame->image, *fitted = &camera->fitted->image;
    if (!fits(image, fitted)) {
        if (bc_converter_run(camera->converter, frame, fitted) < 0)
            return false;
        image = fitted;
    }
    write_picture(camera, to, image);
    return true;
}

/* Events, with the loop's lock held -------------------------------------------------------- */

static void on_state(void *cookie, enum pw_stream_state old, enum pw_stream_state state,
                     const char *error)
{
    bc_pipewire *camera = cookie;
    (void)old;
    atomic_store(&camera->is_read, state == PW_STREAM_STATE_STREAMING);
    bc_frame_unref(&camera->next);
    if ((state == PW_STREAM_STATE_ERROR || state == PW_STREAM_STATE_UNCONNECTED) &&
        !camera->is_closing)
        fail(camera, error ? error : "it has gone");
}

static const struct spa_pod *describe_buffers(const bc_pipewire *camera, struct spa_pod_builder *b)
{
    struct spa_pod_frame f;
    spa_pod_builder_push_object(b, &f, SPA_TYPE_OBJECT_ParamBuffers, SPA_PARAM_Buffers);
    spa_pod_builder_add(b, SPA_PARAM_BUFFERS_buffers, SPA_POD_CHOICE_RANGE_Int(8, 2, 16),
                        SPA_PARAM_BUFFERS_blocks, SPA_POD_Int(1), SPA_PARAM_BUFFERS_size,
                        SPA_POD_Int((int)picture_size(camera)), SPA_PARAM_BUFFERS_stride,
                        SPA_POD_Int(camera->width), SPA_PARAM_BUFFERS_dataType,
                        SPA_POD_CHOICE_FLAGS_Int(1 << SPA_DATA_MemFd | 1 << SPA_DATA_MemPtr), 0);
    return spa_pod_builder_pop(b, &f);
}

static const struct spa_pod *describe_header(struct spa_pod_builder *b)
{
    struct spa_pod_frame f;
    spa_pod_builder_push_object(b, &f, SPA_TYPE_OBJECT_ParamMeta, SPA_PARAM_Meta);
    spa_pod_builder_add(b, SPA_PARAM_META_type, SPA_POD_Id(SPA_META_Header), SPA_PARAM_META_size,
                        SPA_POD_Int((int)sizeof(struct spa_meta_header)), 0);
    return spa_pod_builder_pop(b, &f);
}

/* A reader has agreed on a format: says what its buffers are to be like. */
static void on_param(void *cookie, uint32_t id, const struct spa_pod *param)
{
    bc_pipewire *camera = cookie;
    struct spa_video_info_raw info = {0};
    uint8_t pod[MAX_POD];
    struct spa_pod_builder b;
    if (!param || id != SPA_PARAM_Format || spa_format_video_raw_parse(param, &info) < 0)
        return;
    camera->format = info.format;
    spa_pod_builder_init(&b, pod, sizeof(pod));
    const struct spa_pod *params[] = {describe_buffers(camera, &b), describe_header(&b)};
    camera->pw.pw_stream_update_params(camera->stream, params, 2);
}

static void stamp(bc_pipewire *camera, struct spa_buffer *buffer)
{
    struct spa_meta_header *header =
        spa_buffer_find_meta_data(buffer, SPA_META_Header, sizeof(*header));
    if (header)
        *header = (struct spa_meta_header){.pts = bc_clock_ns(), .seq = camera->n_frames};
    camera->n_frames++;
}

/* It is time for a frame: on the thread that gives one, or where another node drives the readers
 * when that one wants it. */
static void on_process(void *cookie)
{
    bc_pipewire *camera = cookie;
    struct pw_buffer *b = camera->next ? camera->pw.pw_stream_dequeue_buffer(camera->stream) : NULL;
    if (!b)
        return;
    struct spa_data *data = &b->buffer->datas[0];
    const uint32_t size = picture_size(camera);
    const bool is_whole =
        data->data && data->maxsize >= size && write_frame(camera, data->data, camera->next);
    *data->chunk = (struct spa_chunk){.size = is_whole ? size : 0, .stride = camera->width};
    stamp(camera, b->buffer);
    camera->pw.pw_stream_queue_buffer(camera->stream, b);
    bc_frame_unref(&camera->next);
}

/* Life ------------------------------------------------------------------------------------- */

static const struct spa_pod *offer(const bc_pipewire *camera, enum spa_video_format format,
                                   struct spa_pod_builder *b)
{
    const bool is_large = camera->fitted->image.matrix == BC_BT709;
    struct spa_video_info_raw info = {
        .format = format,
        .size = SPA_RECTANGLE((uint32_t)camera->width, (uint32_t)camera->height),
        .framerate = SPA_FRACTION((uint32_t)lround(1000 * camera->fps), 1000),
        .color_range = SPA_VIDEO_COLOR_RANGE_16_235,
        .color_matrix = is_large ? SPA_VIDEO_COLOR_MATRIX_BT709 : SPA_VIDEO_COLOR_MATRIX_BT601};
    return spa_format_video_raw_build(b, SPA_PARAM_EnumFormat, &info);
}

/* With the loop's lock held. */
static bc_status connect_stream(bc_pipewire *camera, const char *name)
{
    static const struct pw_stream_events events = {
        PW_VERSION_STREAM_EVENTS, .state_changed = on_state, .param_changed = on_param,
        .process = on_process};
    const library *pw = &camera->pw;
    uint8_t pod[MAX_POD];
    struct spa_pod_builder b;
    spa_pod_builder_init(&b, pod, sizeof(pod));
    const struct spa_pod *offers[] = {offer(camera, SPA_VIDEO_FORMAT_NV12, &b),
                                      offer(camera, SPA_VIDEO_FORMAT_I420, &b)};
    camera->stream = pw->pw_stream_new_simple(
        pw->pw_thread_loop_get_loop(camera->loop), name,
        pw->pw_properties_new(PW_KEY_MEDIA_CLASS, "Video/Source", PW_KEY_MEDIA_ROLE, "Camera",
                              PW_KEY_NODE_NAME, name, PW_KEY_NODE_DESCRIPTION, name, NULL),
        &events, camera);
    const int error =
        camera->stream
            ? pw->pw_stream_connect(camera->stream, PW_DIRECTION_OUTPUT, PW_ID_ANY,
                                    PW_STREAM_FLAG_DRIVER | PW_STREAM_FLAG_MAP_BUFFERS, offers, 2)
            : -errno;
    if (error < 0)
        fail(camera, error == -EHOSTDOWN ? "it does not run" : strerror(-error));
    return (bc_status)atomic_load(&camera->status);
}

static bc_status open_stream(bc_pipewire *camera, const char *name)
{
    const library *pw = &camera->pw;
    camera->loop = pw->pw_thread_loop_new("pipewire", NULL);
    if (!camera->loop || pw->pw_thread_loop_start(camera->loop) < 0)
        return bc_fail(&camera->log, BC_ERR_MEMORY, "PipeWire: no thread");
    pw->pw_thread_loop_lock(camera->loop);
    const bc_status status = connect_stream(camera, name);
    pw->pw_thread_loop_unlock(camera->loop);
    return status;
}

static int round_down(int n, int step)
{
    return n < step ? step : n / step * step;
}

static bc_status open_pixels(bc_pipewire *camera)
{
    bc_status status =
        bc_frame_alloc(&camera->fitted, camera->width, camera->height, BC_YUV420, &camera->log);
    if (status == BC_OK && camera->height < 720)
        camera->fitted->image.matrix = BC_BT601;
    return status == BC_OK ? bc_converter_open(&camera->converter, 1, &camera->log) : status;
}

bc_status bc_pipewire_open(bc_pipewire **camera_out, const bc_pipewire_params *params)
{
    bc_pipewire *camera = *camera_out = calloc(1, sizeof(*camera));
    if (!camera)
        return bc_fail(&params->log, BC_ERR_MEMORY, "PipeWire: out of memory");
    camera->log = params->log;
    camera->width = round_down(params->width, 8);
    camera->height = round_down(params->height, 2);
    camera->fps = params->fps > 0 ? params->fps : DEFAULT_FPS;
    bc_status status = open_library(&camera->pw, &camera->log);
    if (status == BC_OK)
        status = open_pixels(camera);
    if (status == BC_OK)
        status = open_stream(camera, params->name);
    if (status < 0)
        bc_pipewire_close(camera_out);
    return status;
}

void bc_pipewire_close(bc_pipewire **camera_in)
{
    bc_pipewire *camera = camera_in ? *camera_in : NULL;
    if (!camera)
        return;
    *camera_in = NULL;
    const library *pw = &camera->pw;
    if (camera->loop)
        pw->pw_thread_loop_stop(camera->loop);
    camera->is_closing = true;
    if (camera->stream)
        pw->pw_stream_destroy(camera->stream);
    if (camera->loop)
        pw->pw_thread_loop_destroy(camera->loop);
    close_library(&camera->pw);
    bc_converter_close(&camera->converter);
    bc_frame_unref(&camera->fitted);
    bc_frame_unref(&camera->next);
    free(camera);
}

bc_status bc_pipewire_frame(bc_pipewire *camera, bc_frame *frame, uint64_t *n_dropped)
{
    if (!bc_pipewire_is_read(camera))
        return bc_pipewire_status(camera);
    camera->pw.pw_thread_loop_lock(camera->loop);
    *n_dropped += camera->next != NULL;
    bc_frame_unref(&camera->next);
    camera->next = bc_frame_ref(frame);
    camera->pw.pw_stream_trigger_process(camera->stream);
    camera->pw.pw_thread_loop_unlock(camera->loop);
    return bc_pipewire_status(camera);
}

bool bc_pipewire_is_read(bc_pipewire *camera)
{
    return atomic_load(&camera->is_read);
}

bc_status bc_pipewire_status(bc_pipewire *camera)
{
    return (bc_status)atomic_load(&camera->status);
}
