/*
 * brushcast.h: repaint pictures and video in the style of a painting, on the CPU.
 *
 * Three objects:
 *   bc_model    a net: the auto-encoder shared by all styles, and its styles. Immutable once open;
 *               any number of sessions and threads may use one model at once.
 *   bc_session  one stream of frames of one size: packed weights, memory, threads, statistics.
 *   bc_image    a view of 8-bit pixels that the caller owns.
 *
 * The whole use, without the error checks (samples/repaint.c is the complete program):
 *
 *     bc_model *model;
 *     bc_session *session;
 *     bc_model_open(&model, "models/light", &(bc_model_params){0});
 *     bc_session_open(&session, model, &(bc_session_params){.width = 1280, .height = 720});
 *     bc_session_set_style(session, &(bc_style_weight){.style = 0, .weight = 1}, 1);
 *     while (next_frame(&source, &painting))
 *         bc_session_run(session, &source, &painting);
 *     bc_session_close(&session);
 *     bc_model_close(&model);
 *
 * Conventions:
 *   Every params struct is valid as {0}: zero means the default.
 *   A function that can fail returns a bc_status, negative on failure, after one line to the log
 *   that names the thing and the reason. Opening functions set the object to NULL on failure.
 *   Closing functions take NULL and pointers to NULL, and set the pointer to NULL.
 *   A violated precondition is a programmer's error: an assertion in debug builds.
 *   The library keeps no process-wide state, prints nothing and never exits.
 */
#ifndef BRUSHCAST_H
#define BRUSHCAST_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BC_VERSION_MAJOR 0
#define BC_VERSION_MINOR 1
#define BC_VERSION_PATCH 0

#if defined(__GNUC__)
#define BC_API __attribute__((visibility("default")))
#else
#define BC_API
#endif

typedef enum bc_status {
    BC_OK = 0,
    BC_END = 1,              /* end of the stream: not an error */
    BC_ERR_ARGUMENT = -1,    /* an argument outside its domain */
    BC_ERR_MEMORY = -2,      /* out of memory */
    BC_ERR_IO = -3,          /* the operating system could not open, read or write */
    BC_ERR_FORMAT = -4,      /* a file is not what it should be */
    BC_ERR_MISMATCH = -5,    /* a style bank that was trained on another auto-encoder */
    BC_ERR_UNSUPPORTED = -6, /* this machine or this build cannot do it */
    BC_ERR_INTERRUPTED = -7  /* the user asked to stop */
} bc_status;

/* One line for people, without a newline; a static string, never NULL. */
BC_API const char *bc_status_text(bc_status status);

/* The version of the library at run time, as "major.minor.patch"; a static string. */
BC_API const char *bc_version(void);

/* Log -------------------------------------------------------------------------------------- */

typedef enum bc_log_level { BC_LOG_ERROR, BC_LOG_WARNING, BC_LOG_INFO, BC_LOG_DEBUG } bc_log_level;

/*
 * Where messages go. `write` gets one line without a newline, valid during the call only; it may
 * be called from any thread that calls the library, and from two at once. NULL: messages are lost.
 */
typedef struct bc_log {
    void (*write)(void *cookie, bc_log_level level, const char *message);
    void *cookie;
} bc_log;

/* Image ------------------------------------------------------------------------------------ */

/*
 * Packed formats name the bytes of one pixel in the order of their addresses. BC_YUV420 is video's
 * own: a plane of luma and two of chroma, each (width + 1) / 2 x (height + 1) / 2 samples.
 */
typedef enum bc_pixel_format { BC_RGB24, BC_RGBA32, BC_BGRA32, BC_YUV420 } bc_pixel_format;

typedef enum bc_yuv_matrix { BC_BT709, BC_BT601, BC_BT2020 } bc_yuv_matrix;
/* Luma is 16 to 235 and chroma 16 to 240, or both are 0 to 255. */
typedef enum bc_yuv_range { BC_LIMITED, BC_FULL } bc_yuv_range;
/* Chroma stands between two rows of luma, and in x at every second pixel, or between two. */
typedef enum bc_chroma_position { BC_CHROMA_LEFT, BC_CHROMA_CENTRE } bc_chroma_position;

/*
 * A view of width x height pixels, row after row from the top, `stride_bytes` from one row to the
 * next (negative for a picture stored bottom up). The caller owns the pixels; no alignment and no
 * padding is needed, and nothing outside the rows' pixels is read or written.
 */
typedef struct bc_image {
    uint8_t *pixels; /* BC_YUV420: luma */
    ptrdiff_t stride_bytes;
    int width, height;
    bc_pixel_format format;

    /* BC_YUV420 alone: */
    uint8_t *chroma[2]; /* Cb, Cr */
    ptrdiff_t chroma_stride_bytes[2];
    bc_yuv_matrix matrix;
    bc_yuv_range range;
    bc_chroma_position chroma_position;
} bc_image;

/* Model ------------------------------------------------------------------------------------ */

typedef struct bc_model bc_model;

typedef struct bc_model_params {
    bc_log log;
} bc_model_params;

/* What a style bank says of itself. Strings belong to the model; absent ones are "". */
typedef struct bc_style_info {
    const char *name;  /* the file's name without its extension: what a user types */
    const char *title; /* of the painting */
    const char *artist;
    const char *year;
    const char *licence;
    const uint8_t *thumbnail; /* RGB24, thumbnail_width x thumbnail_height, no padding, or NULL */
    int thumbnail_width, thumbnail_height;
} bc_style_info;

/*
 * All calls of this header refuse missing pointers and numbers outside their domains, with
 * BC_ERR_ARGUMENT where they return a status, and else do nothing or answer with nothing.
 */

/*
 * Opens the net in `folder`: its network.safetensors (format 2) or autoencoder.safetensors (format
 * 1) and all styles in styles/, in order of name. Every file is validated whole; one that is
 * malformed, a bank trained on another auto-encoder, or banks of different depths fail the call.
 * Threads: any. Reads files, allocates what they hold.
 */
BC_API bc_status bc_model_open(bc_model **model, const char *folder, const bc_model_params *params);
/* No session of the model may be open any more, but models that were made of it may. */
BC_API void bc_model_close(bc_model **model);

/*
 * Another model: all of `model`, and the style in the bank file `path`. If `model` has a style of
 * that name, the new one takes its place, else it comes last; all others keep their numbers.
 * `model` stays as it is: whoever uses it goes on. Fails as bc_model_open does, and then there is
 * no other model. Threads: any. Reads the one file; everything else is shared.
 */
BC_API bc_status bc_model_add_style(bc_model **extended, bc_model *model, const char *path,
                                    const bc_model_params *params);

BC_API const char *bc_model_name(const bc_model *model);
BC_API int bc_model_style_count(const bc_model *model);
/* `style` counts from 0; of one that is not below the count all is empty. */
BC_API bc_style_info bc_model_style(const bc_model *model, int style);
/* The style of that name, or -1. */
BC_API int bc_model_find_style(const bc_model *model, const char *name);

/* Session ---------------------------------------------------------------------------------- */

typedef struct bc_session bc_session;

/*
 * The tiers of instruction sets that this library has code for and this machine can run: "c", which
 * every machine can, then faster ones ("neon" on ARM; "avx2", "avx512", "amx" on x86). The name of
 * number i, counted from 0, or NULL behind the last.
 */
BC_API const char *bc_tier_name(int i);

/*
 * How frames are computed. `exact`: in 32-bit floating point, layer by layer. The others run depth
 * first through groups of layers, where `stream` statistics are known from the frames before, and
 * with matrix units (tier "amx") on shorter numbers: `fine` on sums of two bf16, as good as 32 bits
 * for eyes and most instruments, and `fast` on single bf16, which shows in no picture of a trained
 * net. Without matrix units both compute in 32 bits, and the pixels are those of `exact`, bit for
 * bit; so are frames whose statistics are not known.
 */
typedef enum bc_precision { BC_PRECISION_EXACT, BC_PRECISION_FINE, BC_PRECISION_FAST } bc_precision;

/*
 * Instance normalisation's statistics. `frame` takes each frame's own, exactly. `stream` is for
 * video: running averages, so that the painting does not breathe with what moves in the scene: over
 * eight seconds while something does, over half a second when it has come to rest. They
 * start exactly, and again at a scene cut and where the style changes.
 */
typedef enum bc_stats { BC_STATS_FRAME, BC_STATS_STREAM } bc_stats;

enum { BC_MAX_SIZE = 16384, BC_MAX_THREADS = 256, BC_MAX_BLEND = 16 };

typedef struct bc_session_params {
    int width, height; /* of every frame, 1 to BC_MAX_SIZE */
    int n_threads;     /* the caller's included, up to BC_MAX_THREADS; 0: one for each processor */
    int max_blend;     /* most styles in one blend, up to BC_MAX_BLEND; 0: 1 */
    bc_precision precision;
    bc_stats stats;
    const char *tier; /* to use, by its name; NULL or "native": the best that this machine has */
    bc_log log;       /* the session keeps a copy */
} bc_session_params;

/*
 * Bytes that bc_session_open would take for these params, threads' stacks and the packed weights
 * included, or 0 if they are outside their domains. Grows linearly with the frame's area and with
 * max_blend.
 */
BC_API uint64_t bc_session_memory(const bc_model *model, const bc_session_params *params);

/*
 * Opens a session on `model`, which must stay open until the session is closed. Takes all memory
 * and starts all threads; without a style set, frames of a net of format 1 go
 * through the auto-encoder alone.
 * Fails with BC_ERR_UNSUPPORTED if the machine cannot run `tier`.
 */
BC_API bc_status bc_session_open(bc_session **session, const bc_model *model,
                                 const bc_session_params *params);
BC_API void bc_session_close(bc_session **session);

typedef struct bc_style_weight {
    int style;    /* index in the model */
    float weight; /* >= 0, finite; only the ratios count: the sum is scaled to 1 */
} bc_style_weight;

/*
 * From the next frame on, paints in a blend of `n_weights` styles: the weighted sum of the style
 * banks' responses, and the mean of their norms elsewhere. One weight is a single style; none is a
 * net of format 1 without its banks. Allocates
 * nothing. On an error (an unknown style, a bad weight, more than max_blend with a weight above 0)
 * the style stays as it was. Not to be called while bc_session_run runs on the same session.
 */
BC_API bc_status bc_session_set_style(bc_session *session, const bc_style_weight *weights,
                                      int n_weights);

/*
 * For `stream` statistics: the time from each frame to the next, 1/30 s until told; finite,
 * negative is 0. Not to be called while bc_session_run runs on the same session.
 */
BC_API void bc_session_set_interval(bc_session *session, double seconds);

/*
 * For nets with a canvas, the noise that they paint on: how far the canvas has moved in each cell
 * of 8x8 pixels of the frame, [2][(height + 7) / 8][(width + 7) / 8] pixels, all x and then all y:
 * where the scene has moved by m, the canvas is sampled at the place minus m. Finite, below 2^24.
 * The numbers stay the caller's, and are read by each run until the next call; NULL, the default,
 * is a canvas that lies still. Not to be called while bc_session_run runs on the same session.
 */
BC_API void bc_session_move_canvas(bc_session *session, const float *moved);

/*
 * The next frame has nothing to do with those before it (a seek, another file): `stream`
 * statistics start again. Not to be called while bc_session_run runs on the same session.
 */
BC_API void bc_session_restart(bc_session *session);

/*
 * Paints `source` into `painting`, both of the session's size, in any formats. Alpha is passed
 * through untouched; where the source has none the painting's is opaque. Chroma is interpolated
 * linearly, and averaged for its position by [1 2 1] / 4 (left) or [1 1] / 2. The views must not
 * overlap. Allocates nothing. Fails with BC_ERR_ARGUMENT, and paints nothing, if a view is missing,
 * of another size or of no known format, if a net of format 2 with styles has none chosen, or if
 * the canvas has moved by what is not finite. One
 * call at a time for each session; different sessions run at once. The pixels are the same, bit for
 * bit, for every number of threads; with `stream` statistics they depend on the frames before, and
 * with `frame` on nothing else.
 */
BC_API bc_status bc_session_run(bc_session *session, const bc_image *source,
                                const bc_image *painting);

#ifdef __cplusplus
}
#endif

#endif /* BRUSHCAST_H */
