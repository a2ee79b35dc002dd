/*
 * app/: the command, one file for each sub-command. The one place where generator, media and live
 * meet.
 *
 * measure.h: how long a session's frames and layers take, and what this machine could do at most.
 */
#ifndef BC_APP_MEASURE_H
#define BC_APP_MEASURE_H

#include "generator/session.h"

typedef struct bc_layer_time {
    char name[40];     /* the plan's, of a group its first and its last layer's */
    int end;           /* the plan's step behind it */
    double gmac;       /* 1e9 multiply-adds a frame, as an ordinary convolution */
    double ms;         /* median over the frames */
    double gflops;     /* 2 * gmac / s */
    double peak_share; /* gflops / peak_gflops; above 1 where an algorithm needs fewer operations */
    double mbytes;     /* 1e6 bytes a frame: its input and its output, each once */
    double bandwidth_share; /* mbytes / s over bandwidth_gbs; above 1 where the cache held them */
} bc_layer_time;

typedef struct bc_measurement {
    double median_ms, p10_ms, p90_ms; /* a frame */
    double peak_gflops; /* fused multiply-adds of the session's tier, from registers, all threads */
    double bandwidth_gbs; /* 1e9 bytes a second from and to memory, all threads */
    int n_layers;
    bc_layer_time layers[BC_MAX_STEPS];
} bc_measurement;

/* A made picture, RGB24 without padding: slopes of several colours under noise. */
void bc_measure_draw(uint8_t *pixels, int width, int height);

/*
 * Runs `n_frames` frames of the made picture, and measures the machine's peak and its memory before
 * and after. Frames run one by one; nothing else should run on the machine.
 */
bc_status bc_measure_session(bc_measurement *measurement, bc_session *session, int n_frames,
                             const bc_log *log);

#endif
