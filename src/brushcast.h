/*
 * brushcast.h: repaint pictures and video in the style of a painting, on the CPU.
 *
 * Five objects:
 *   bc_model     a net: the auto-encoder shared by all styles, and its styles. Immutable once open;
 *                any number of sessions, painters and threads may use one model at once.
 *   bc_image     a view of 8-bit pixels that the caller owns.
 *   bc_session   one stream of frames of one size: packed weights, memory, statistics.
 *   bc_painter   all that a host program needs: a session whose size, styles and strength may
 *                change while it runs, with the stabiliser.
 *   bc_executor  threads, which several sessions and painters can share.
 *
 * A host's use of a painter, without the error checks:
 *
 *     bc_painter *painter;
 *     bc_painter_open(&painter, &(bc_painter_params){.size = sizeof(bc_painter_params)});
 *     bc_painter_set_style(painter, "scream:2,great-wave:1");
 *     bc_painter_set(painter, BC_PAINTER_STRENGTH, 0.8);
 *     while (next_frame(&source, &painting, &time_us))
 *         bc_painter_run(painter, &source, &painting, time_us, 0);
 *     bc_painter_close(&painter);
 *
 * samples/repaint.c is a complete program, with a session of its own.
 *
 * Conventions:
 *   Every params struct is valid as {0}: zero means the default.
 *   Structs that begin with `size` may grow in later versions: a caller writes their size there; 0
 *   stands for the fields of version 0.1. What a caller's struct lacks has its default.
 *   A function that can fail returns a bc_status, negative on failure, after one line to the log
 *   that names the thing and the reason. Opening functions set the object to NULL on failure.
 *   Closing functions take NULL and pointers to NULL, and set the pointer to NULL.
 *   A violated precondition is a programmer's error: an assertion in debug builds.
 *   The library keeps no process-wide state, prints nothing and never exits.
 */
#ifndef BRUSHCAST_H
#define BRUSHCAST_H

#include <stdbool.h>
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
 * Packed formats name the bytes of one pixel in the order of their addresses; X is a byte without a
 * meaning. BC_YUV420 is video's own: a plane of luma and two of chroma, each (width + 1) / 2 x
 * (height + 1) / 2 samples. BC_RGBX32 and BC_BGRX32 are painters' alone.
 */
typedef enum bc_pixel_format {
    BC_RGB24,
    BC_RGBA32,
    BC_BGRA32,
    BC_YUV420,
    BC_RGBX32,
    BC_BGRX32
} bc_pixel_format;

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
    /* Bytes from one sample of chroma to the next: 0 or 1 in planes of their own; 2 where the two
     * take turns (NV12: chroma[1] is chroma[0] + 1), for painters alone. */
    int chroma_step_bytes;
} bc_image;

/* Model ------------------------------------------------------------------------------------ */

typedef struct bc_model bc_model;

typedef struct bc_model_params {
    size_t size;
    const char *models; /* the folder in which nets are looked for first, or NULL */
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
 * Opens the net in the folder `net`, if that has a slash in it, or the net of that name, which is
 * looked for in `models`, $BRUSHCAST_MODELS, $XDG_DATA_HOME/brushcast (~/.local/share/brushcast),
 * the installed data folder, the source tree and the working folder, in this order;
 * NULL: "deep", or "light" where that is missing. Reads its
 * network.safetensors (format 2) or autoencoder.safetensors (format 1) and all styles in styles/,
 * in order of name. Every file is validated whole; one that is malformed, a bank trained on another
 * auto-encoder, or banks of different depths fail the call. Threads: any. Reads files, allocates
 * what they hold.
 */
BC_API bc_status bc_model_open(bc_model **model, const char *net, const bc_model_params *params);
/* What has been opened with the model keeps it: it is freed with the last of them. Threads: any. */
BC_API void bc_model_close(bc_model **model);
/* The same model for one more, who closes it too; of NULL NULL. Threads: any. */
BC_API bc_model *bc_model_ref(const bc_model *model);

/*
 * Another model: all of `model`, and the style in the bank file `path`. If `model` has a style of
 * that name, the new one takes its place, else it comes last; all others keep their numbers.
 * `model` stays as it is: whoever uses it goes on. Fails as bc_model_open does, and then there is
 * no other model. Threads: any. Reads the one file; all others are shared.
 */
BC_API bc_status bc_model_add_style(bc_model **extended, bc_model *model, const char *path,
                                    const bc_model_params *params);

BC_API const char *bc_model_name(const bc_model *model);
/* In hexadecimal; another one for another table of layers or other weights. Styles do not count. */
BC_API const char *bc_model_id(const bc_model *model);
/* 64 hexadecimal digits and a NUL. */
enum { BC_ID_SIZE = 65 };
/* The same of a style, written to `id`: another one for other weights, whatever it is called; ""
 * where there is no such style, or none with a file. Reads all its weights each time. */
BC_API void bc_model_identify_style(const bc_model *model, int style, char id[BC_ID_SIZE]);
BC_API int bc_model_style_count(const bc_model *model);
/* `style` counts from 0; of one that is not below the count all is empty. */
BC_API bc_style_info bc_model_style(const bc_model *model, int style);
/* The style of that name, or -1. */
BC_API int bc_model_find_style(const bc_model *model, const char *name);

/* Executor --------------------------------------------------------------------------------- */

/* Threads that do the work of any number of sessions and painters, one piece after the other. */
typedef struct bc_executor bc_executor;

/* `thread` counts from 0 and is below n_threads; no two jobs that run at once have the same. */
typedef void bc_job_fn(void *arg, int job, int thread);

typedef struct bc_executor_params {
    size_t size;
    int n_threads; /* the caller's included, up to BC_MAX_THREADS; 0: one for each processor */
    /*
     * A host's own threads, or NULL: Brushcast starts n_threads - 1. To be called from one thread
     * at a time: calls job(arg, i, thread) once for each i below n_jobs, in any order and on any
     * threads, and returns when the last has returned.
     */
    void (*run)(void *cookie, bc_job_fn *job, void *arg, int n_jobs);
    void *cookie;
    bc_log log;
} bc_executor_params;

BC_API bc_status bc_executor_open(bc_executor **executor, const bc_executor_params *params);
/* Nothing that was opened with it may be open any more. */
BC_API void bc_executor_close(bc_executor **executor);

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
 * start exactly, and again at a scene cut and where the style changes; where only a blend's shares
 * do, by less than a quarter in a tenth of a second, as in a fade, they follow.
 */
typedef enum bc_stats { BC_STATS_FRAME, BC_STATS_STREAM } bc_stats;

enum { BC_MAX_SIZE = 16384, BC_MAX_THREADS = 256, BC_MAX_BLEND = 16 };

typedef struct bc_session_params {
    size_t size;
    int width, height; /* of every frame, 1 to BC_MAX_SIZE */
    int n_threads;     /* the caller's included, up to BC_MAX_THREADS; 0: one for each processor */
    int max_blend;     /* most styles in one blend, up to BC_MAX_BLEND; 0: 1 */
    bc_precision precision;
    bc_stats stats;
    const char *tier; /* to use, by its name; NULL or "native": the best that this machine has */
    bc_log log;       /* the session keeps a copy */
    bc_executor *executor; /* whose threads it runs on, instead of n_threads of its own, or NULL */
} bc_session_params;

/*
 * Bytes that bc_session_open would take for these params, threads' stacks and the packed weights
 * included, or 0 if they are outside their domains. Grows linearly with the frame's area and with
 * max_blend.
 */
BC_API uint64_t bc_session_memory(const bc_model *model, const bc_session_params *params);

/*
 * Opens a session on `model`, which it keeps. Takes all memory and starts all threads; without a
 * style set, frames of a net of format 1 go through the auto-encoder alone. Fails with
 * BC_ERR_UNSUPPORTED if the machine cannot run `tier`.
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

/* Painter ---------------------------------------------------------------------------------- */

typedef struct bc_painter bc_painter;

typedef struct bc_painter_params {
    size_t size;
    const char *net;       /* as bc_model_open */
    const char *models;    /* as bc_model_params */
    const bc_model *model; /* an open one instead of `net`, which the painter keeps, or NULL */
    bc_executor *executor; /* as bc_session_params */
    int n_threads;         /* as bc_session_params */
    int max_blend;         /* for how many styles there is room at once; 0: as many as are wanted */
    bc_precision precision;
    bc_stats stats;
    const char *tier; /* as bc_session_params */
    /*
     * Where another size, net or more styles want another session, it is opened on a thread of its
     * own while frames go on being painted with the one before; the first one is waited for.
     * Otherwise bc_painter_run opens it, and its pixels depend on frames and settings alone.
     */
    bool in_background;
    bc_log log; /* the painter keeps a copy; with in_background it may be called at any time */
} bc_painter_params;

/*
 * Opens a net, or takes an open one, and chooses its first style. Reads the net's files; sessions
 * are opened when the first frame comes.
 */
BC_API bc_status bc_painter_open(bc_painter **painter, const bc_painter_params *params);
BC_API void bc_painter_close(bc_painter **painter);

/* The net that the next frame is to be painted with: there until another is set. Threads: any. */
BC_API const bc_model *bc_painter_model(bc_painter *painter);

/* The settings: the next frame is painted with them. Threads: any, while frames are painted too. */

/*
 * Paints in a blend: NAME[:WEIGHT] of one to BC_MAX_BLEND styles, separated by ',' or '+', weights
 * 1 until told; NULL: the net's first style; "none": none, the frames stay as they are. On an
 * error, logged, the style stays as it was.
 */
BC_API bc_status bc_painter_set_style(bc_painter *painter, const char *blend);
/* The same in numbers, as bc_session_set_style; n_weights 0: none. */
BC_API bc_status bc_painter_set_blend(bc_painter *painter, const bc_style_weight *weights,
                                      int n_weights);
/*
 * Another net, an open one, and at once the blend of its styles. The painter keeps it, and lets go
 * of the one before when no session is of that any more. With `in_background` the net before goes
 * on painting, in its styles of the same names, until a session of the new one is open. A fade goes
 * on from one net to the other.
 */
BC_API bc_status bc_painter_set_model(bc_painter *painter, const bc_model *model,
                                      const bc_style_weight *weights, int n_weights);

typedef enum bc_painter_setting {
    BC_PAINTER_STRENGTH,    /* 0 to 1: how much of the painting is seen over the source; 1 */
    BC_PAINTER_KEEP_COLORS, /* 0 to 1: how much of the source's colours stay; 0 */
    BC_PAINTER_STABILIZE,   /* 0 to 1: holds still what stands still in the source; 0 */
    BC_PAINTER_SCALE,       /* 1/16 to 4: paints at so many times the frame's size; 1 */
    BC_PAINTER_FADE,        /* 0 to 60: seconds that one blend takes to become the next; 0 */
    BC_PAINTER_N_SETTINGS
} bc_painter_setting;

/* BC_ERR_ARGUMENT, and nothing changes, if `value` is outside the setting's domain. */
BC_API bc_status bc_painter_set(bc_painter *painter, bc_painter_setting setting, double value);
BC_API double bc_painter_get(bc_painter *painter, bc_painter_setting setting);

#define BC_NO_TIME INT64_MIN

enum {
    BC_PAINT_CUT = 1 /* the frame has nothing to do with those before it: a seek, another file */
};

/*
 * Paints `source` into `painting`, images whose sizes may change from frame to frame, each of any
 * format; they may be the same image. A painting of another size than the one at which it was
 * painted (BC_PAINTER_SCALE) is resized. `time_us` is the frame's time in any zero, or
 * BC_NO_TIME; where it runs backwards or jumps by more than two seconds, all that is known of the
 * frames before is forgotten, as with BC_PAINT_CUT in `flags`, and as where the painter itself sees
 * a cut. Alpha is passed through untouched; where the source has none the painting's is opaque.
 * With strength below 1, kept colours or without a style both images must have the same format and
 * size. Fails with BC_ERR_ARGUMENT if an image is none or they do not fit, and as bc_session_open
 * where another session is wanted; then `painting` is undefined. One call at a time for each
 * painter.
 */
BC_API bc_status bc_painter_run(bc_painter *painter, const bc_image *source,
                                const bc_image *painting, int64_t time_us, unsigned flags);

/* What a painter knows of the last frame; sizes are 0 before the first. */
typedef struct bc_painter_state {
    size_t size;       /* of this struct, to be set by the caller */
    int width, height; /* at which it was painted: before it was resized to the painting's */
    int n_styles;      /* of the blend that it shows, in the middle of a fade too */
    bc_style_weight styles[BC_MAX_BLEND];
    bool was_cut;          /* it began a scene: told so, seen, or by its time */
    bool is_pending;       /* it was painted with the session before the one that is wanted */
    const bc_model *model; /* whose styles they are: the net that painted it, or NULL */
    int64_t session_ns;    /* of bc_painter_run's time what its session took */
} bc_painter_state;

/* Not to be called while bc_painter_run runs on the same painter. */
BC_API void bc_painter_get_state(bc_painter *painter, bc_painter_state *state);

/*
 * What bc_painter_set_style takes, in numbers: writes up to BC_MAX_BLEND weights and their number,
 * which is 0 for "none". On failure nothing is written. Threads: any.
 */
BC_API bc_status bc_blend_parse(const bc_model *model, const char *blend, bc_style_weight weights[],
                                int *n_weights, const bc_log *log);

#ifdef __cplusplus
}
#endif

#endif /* BRUSHCAST_H */
