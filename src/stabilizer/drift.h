/*
 * drift.h: how far the canvas of a net has moved with the scene, so that strokes stick to things:
 * each cell looks back along its motion, where it was in the last frame, and takes over the place
 * of the canvas that lay there. What has no motion that explains it gets the canvas that lies
 * still.
 */
#ifndef BC_STABILIZER_DRIFT_H
#define BC_STABILIZER_DRIFT_H

#include "stabilizer/gate.h"

/* Two fields as bc_session_move_canvas takes them, [2][rows][columns]. */
typedef struct bc_drift {
    int columns, rows; /* cells that the frame touches */
    float *now, *last;
} bc_drift;

/* For frames of width x height pixels. False: no memory. Closed by bc_drift_close, also then. */
bool bc_drift_open(bc_drift *drift, int width, int height);
void bc_drift_close(bc_drift *drift);

/* A scene begins: the canvas lies still. */
void bc_drift_begin(bc_drift *drift);

/* The next frame: vectors [gate->rows][gate->columns], and what the gate made of them. */
void bc_drift_follow(bc_drift *drift, const bc_vector *vectors, const bc_gate *gate);

#endif
