/* clock.h: monotonic time, for durations and pacing. Threads: any. */
#ifndef BC_BASE_CLOCK_H
#define BC_BASE_CLOCK_H

#include <stdint.h>

int64_t bc_clock_ns(void);

#endif
