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
    char name[16];     /* the plan's */
    double gmac;       /* 1e9 multiply-adds a frame, as an ordinary convolution */
    double ms;         /* median over the frames */
    double gflops;     /* 2 * gmac / s */
    double peak_share; /* gflops / peak_gflops; above 1 where an algorithm needs fewer operations */
    double mbytes;     /* 1e6 bytes a frame: its input and its output, each once */
    double bandwidth_share; /* mbytes / s over bandwidth_gbs; above 1 where the cache held them */
} bc_layer_time;

typedef struct bc_measurement {
    double median_ms, p10_ms, p90_ms; /* a frame */
    double peak_gflops;   /* of what frames are computed with, from registers, all threads: */
    bool is_matrix;       /* products of the matrix units, else fused multiply-adds */
    double bandwidth_gbs; /* 1e9 bytes a second from and to memory, all threads */
    int n_layers;
    bc_layer_time layers[BC_MAX_STEPS];
} bc_measurement;

/* A made picture, RGB24 without padding: slopes of several colours under noise. */
void bc_measure_draw(uint8_t *pixels, int width, int height);

/*
 * Runs `n_frames` frames of the made picture in `format`, RGB24 or YUV420, once to time frames and
 * once to time layers, and measures the machine's peak and its memory before and after. Frames run
 * one by one; nothing else should run on the machine.
 */
bc_status bc_measure_session(bc_measurement *measurement, bc_session *session,
                             bc_pixel_format format, int n_frames, const bc_log *log);

#endif
