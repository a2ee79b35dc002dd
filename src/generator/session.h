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

/* A layer as a session runs it: of the net, or in one style. */
typedef struct bc_layer_state {
    bc_weights weights;
    const float *scale, *shift; /* the norm's learned ones in force: [n_out] */
    bc_affine affine;           /* of the outputs, for who reads them */
    bc_affine mixed;            /* the same times the style's share, for who reads a mix */
    bc_affine lanes;            /* for the lanes of the matrix units */
    bc_statistics running;
} bc_layer_state;

/* A style that is packed and ready: one for each style of the largest blend. */
typedef struct bc_slot {
    int style;                            /* in the model, or -1 */
    float weight;                         /* of the current blend, or 0: not in it */
    bc_layer_state layers[BC_MAX_LAYERS]; /* of the table: those that run once for each style */
    uint8_t *packed;                      /* the weights that are the style's */
} bc_slot;

struct bc_session {
    bc_model *model; /* of its own to close */
    bc_session_params params;
    bc_kernels kernels;
    bc_pool *pool;
    bool is_observed;
    bc_plan plan;  /* of the whole table */
    bc_plan plain; /* of what is run without a style, if that can be */

    uint8_t *memory; /* one block, cut by bc_session_lay_out into: */
    size_t memory_bytes;
    float *maps;                          /* the arena of either plan */
    bc_layer_state layers[BC_MAX_LAYERS]; /* of the table */
    bc_slot slots[BC_MAX_BLEND];
    float *blended[BC_MAX_LAYERS]; /* [2][n_out]: the mean norm of a blend's styles, by share */
    uint8_t *packed;               /* the weights that are the net's */
    float *fold_scratch;           /* bc_weights_scratch of the largest step */
    uint8_t *threads;              /* for each: rings, loaded rows, scratch, chroma, output rows */
    size_t thread_bytes;
    double *sums; /* of all steps: [call][sums, squares][n_out] */

    bc_scene scene;
    bool is_scene_told, begins_scene; /* of the frame at hand, by bc_session_tell_scene */
    bc_displacement moved;            /* of the canvas */
    double interval;                  /* seconds between frames */
    bc_statistics recent;             /* of the first layer: bc_statistics_rate's */
    double rate;                      /* of the frame at hand */
    bool reads_blend[BC_MAX_LAYERS];  /* what the layers see changes with the styles' shares */
    double unsettled;                 /* of the blend: what their statistics did not follow yet */
    double settling_rate;             /* at which they do, in the frame at hand */

    bool is_deep;                  /* the last frame ran depth first */
    bool times_layers;             /* for bench: depth first too, layer by layer is always timed */
    int64_t time_ns[BC_MAX_STEPS]; /* of it, or of its group where layers are not timed */
    _Atomic int64_t busy_ns[BC_MAX_STEPS]; /* of the group at hand: stages on all threads */
};

/* lay_out.c: gives every part of an opened session its place from `memory` on (NULL: nowhere), and
 * returns the bytes. */
size_t bc_session_lay_out(bc_session *session, uint8_t *memory);

/* blend.c: packs what is the net's; no style is chosen. */
void bc_session_pack_net(bc_session *session);

/* What the next frame shows of its scene, and whether it begins one: the session does not look
 * itself. */
void bc_session_tell_scene(bc_session *session, const bc_scene *scene, bool begins);

/* blend.c: running statistics are unknown from here on. */
void bc_session_forget(bc_session *session);

/* The slots of the current blend, in order of style; returns their number. */
int bc_session_slots(const bc_session *session, int slots[BC_MAX_BLEND]);

/* The plan of the frames to come: the plain one without a style. */
static inline const bc_plan *bc_session_plan(const bc_session *session)
{
    int slots[BC_MAX_BLEND];
    const bool is_plain =
        bc_model_has_plain(session->model) && bc_session_slots(session, slots) == 0;
    return is_plain ? &session->plain : &session->plan;
}

/* What a step is in a slot; of steps that run once for all styles, whichever the slot. */
static inline bc_layer_state *bc_session_layer(bc_session *s, const bc_step *step, int slot)
{
    return bc_is_each_styles(step) ? &s->slots[slot].layers[step->index] : &s->layers[step->index];
}

static inline float *bc_session_map(const bc_session *s, const bc_step *step, int slot)
{
    const bool has_own = bc_is_each_styles(step) && step->map.n_copies > 1;
    return s->maps + step->map.offset + (has_own ? (size_t)slot * step->map.size : 0);
}

/* The slots of a step's sums: [call][sums, squares][n_out]; NULL: it has no norm. */
static inline double *bc_session_sums(const bc_session *s, const bc_step *step, int slot)
{
    if (!step->layer->norm)
        return NULL;
    const size_t before = bc_is_each_styles(step) ? (size_t)slot * bc_plan_slots(step) : 0;
    return s->sums + step->slots_offset + before;
}

/* The pixels of one frame; `linear` as in bc_observer. The matrices are those of 4:2:0 images. */
typedef struct bc_frame_views {
    const bc_image *source, *painting;
    float *linear;
    bc_colour_matrix to_rgb, from_rgb;
} bc_frame_views;

bc_frame_views bc_frame_views_make(const bc_image *source, const bc_image *painting);

/* Called as soon as a step's map is computed and its normalisation known; not of the last. */
typedef struct bc_watcher {
    void (*step)(void *cookie, const bc_step *step, const float *data, const bc_layer_state *state);
    void *cookie;
} bc_watcher;

/* run.c: one frame; `watcher` may be NULL. Allocates nothing and cannot fail. */
void bc_session_run_frame(bc_session *session, const bc_frame_views *frame,
                          const bc_watcher *watcher);

/* What the tools see of a frame's layers. */
typedef struct bc_observer {
    /* data [n_channels][height][width], after norm and ReLU, valid during the call; of what runs
     * once for each style it comes once for each */
    void (*layer)(void *cookie, const char *name, const float *data, int n_channels, int height,
                  int width);
    void *cookie;
    float *linear; /* NULL, or [height][width][3]: gets the output before clipping */
} bc_observer;

/*
 * As bc_session_open, for sessions whose layers are looked at: no sum is folded into its reader. It
 * paints the same bits, in more time and memory.
 */
bc_status bc_session_open_observed(bc_session **session, const bc_model *model,
                                   const bc_session_params *params);

/*
 * observe.c: as bc_session_run, showing the layers on the way, folded sums left out. Allocates, and
 * fails only for lack of memory.
 */
bc_status bc_session_observe(bc_session *session, const bc_image *source, const bc_image *painting,
                             const bc_observer *observer);

#endif
