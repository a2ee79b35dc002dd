/*
 * session.h: what a bc_session is inside, and what the tools see of a frame's layers.
 */
#ifndef BC_GENERATOR_SESSION_H
#define BC_GENERATOR_SESSION_H

#include "base/pool.h"
#include "generator/plan.h"
#include "generator/scene.h"
#include "generator/statistics.h"
#include "generator/weights.h"

/* A style bank that is packed and ready: one for each style of the largest blend. */
typedef struct bc_slot {
    int style;    /* in the model, or -1 */
    float weight; /* of the current blend, or 0: not in it */
    bc_weights layers[BC_MAX_BANK_LAYERS];
    bc_affine affines[BC_MAX_BANK_LAYERS]; /* of each layer's output; the last one's: the share */
    bc_affine lanes[BC_MAX_BANK_LAYERS];   /* the same for the lanes of the matrix units */
    bc_statistics running[BC_MAX_BANK_LAYERS];
    uint8_t *memory;
} bc_slot;

typedef struct bc_session_memory_parts {
    size_t maps, weights, threads, statistics, scratch; /* bytes, multiples of 64 */
} bc_session_memory_parts;

struct bc_session {
    const bc_model *model;
    bc_session_params params;
    bc_kernels kernels;
    bc_pool *pool;
    bc_plan plan;

    bc_session_memory_parts parts;
    uint8_t *memory; /* one block, cut into: */
    size_t memory_bytes;
    float *maps;                      /* the plan's arena */
    bc_weights weights[BC_MAX_STEPS]; /* of all but the banks */
    bc_slot slots[BC_MAX_BLEND];
    float *fold_scratch; /* bc_weights_scratch of the largest step */
    uint8_t *threads;    /* for each: rings, loaded rows, scratch, chroma, output rows */
    size_t thread_bytes;
    double *sums;                    /* of all steps: [call][sums, squares][n_out] */
    bc_affine affines[BC_MAX_STEPS]; /* of each step's output; the banks' are with their slots */
    bc_affine lanes[BC_MAX_STEPS];   /* the same for the lanes of the matrix units */

    bc_statistics running[BC_MAX_STEPS]; /* of `stream`; the banks' are with their slots */
    bc_scene scene;
    double interval;      /* seconds between frames */
    bc_statistics recent; /* of the first layer: bc_statistics_rate's */
    double rate;          /* of the frame at hand */

    bool is_deep;                  /* the last frame ran depth first */
    bool times_layers;             /* for bench: depth first too, layer by layer is always timed */
    int64_t time_ns[BC_MAX_STEPS]; /* of it; of a group that is not timed, at its first step */
    _Atomic int64_t busy_ns[BC_MAX_STEPS]; /* of the group at hand: stages on all threads */
};

/* Packs one layer for its step into *memory, which moves on by bc_weights_size. */
void bc_session_pack_layer(bc_session *session, const bc_step *step, const bc_weighted_layer *layer,
                           bc_weights *to, uint8_t **memory);

/* blend.c: running statistics are unknown from here on. */
void bc_session_forget(bc_session *session);

/* The pixels of one frame; `linear` as in bc_observer. The matrices are those of 4:2:0 images. */
typedef struct bc_frame_views {
    const bc_image *source, *painting;
    float *linear;
    bc_colour_matrix to_rgb, from_rgb;
} bc_frame_views;

bc_frame_views bc_frame_views_make(const bc_image *source, const bc_image *painting);

/* Called as soon as a step's map is computed and its normalisation known. */
typedef struct bc_watcher {
    void (*step)(void *cookie, const bc_step *step, const float *data, const bc_map *map,
                 const bc_affine *affine);
    void *cookie;
} bc_watcher;

/* run.c: one frame; `watcher` may be NULL. Allocates nothing and cannot fail. */
void bc_session_run_frame(bc_session *session, const bc_frame_views *frame,
                          const bc_watcher *watcher);

/* What the tools see of a frame's layers. */
typedef struct bc_observer {
    /* data [n_channels][height][width], after normalisation and ReLU, valid during the call */
    void (*layer)(void *cookie, const char *name, const float *data, int n_channels, int height,
                  int width);
    void *cookie;
    float *linear; /* NULL, or [height][width][3]: gets the output before clipping */
} bc_observer;

/*
 * observe.c: as bc_session_run, showing the layers on the way. Allocates, and fails only for lack
 * of memory.
 */
bc_status bc_session_observe(bc_session *session, const bc_image *source, const bc_image *painting,
                             const bc_observer *observer);

#endif
