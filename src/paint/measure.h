/*
 * measure.h: how long a net's frames and layers take, and what this machine could do at most.
 */
#ifndef BC_PAINT_MEASURE_H
#define BC_PAINT_MEASURE_H

#include "brushcast.h"

enum { BC_MAX_LAYER_TIMES = 40 };

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
    const char *tier;     /* that ran, by its name */
    int n_layers;
    bc_layer_time layers[BC_MAX_LAYER_TIMES];
} bc_measurement;

/* A made picture, RGB24 without padding: slopes of several colours under noise. */
void bc_measure_draw(uint8_t *pixels, int width, int height);

/*
 * Sets the session's first style, if its model has any, or with max_blend above 1 the first
 * max_blend ones in equal shares. BC_ERR_ARGUMENT, with a line, if there are fewer.
 */
bc_status bc_measure_blend(bc_session *session);

/*
 * Opens a session of the params and runs `n_frames` frames of the made picture in `format`, RGB24
 * or YUV420, in the styles of bc_measure_blend: once to time frames and once to time layers.
 * Measures the machine's peak and its memory before and after. Frames run one by one; nothing else
 * should run on the machine.
 */
bc_status bc_measure_model(bc_measurement *measurement, const bc_model *model,
                           const bc_session_params *params, bc_pixel_format format, int n_frames);

/* Multiply-adds that the net needs for a pixel, as ordinary convolutions. */
double bc_measure_macs(const bc_model *model);

/*
 * A net of random weights and two styles: of a table of layers by its name (model/presets.h), or in
 * a file.
 */
bc_status bc_measure_make_model(bc_model **model, const char *table, const bc_log *log);

#endif
