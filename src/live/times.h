/*
 * times.h: the times of the last frames, for statistics. Plain data; threads: as its owner's.
 */
#ifndef BC_LIVE_TIMES_H
#define BC_LIVE_TIMES_H

enum { BC_N_TIMES = 256 };

typedef struct bc_times {
    int n, next; /* a ring */
    float ms[BC_N_TIMES];
} bc_times;

void bc_times_add(bc_times *times, float ms);
/* The time below which `share` of them lie; 0 if there are none. */
double bc_times_percentile(const bc_times *times, double share);
/* Of the last sixty; 0 if there are none. */
double bc_times_mean(const bc_times *times);

#endif
