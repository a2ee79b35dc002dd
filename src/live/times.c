#include "live/times.h"

#include <stdlib.h>
#include <string.h>

enum { N_RECENT = 60 };

void bc_times_add(bc_times *times, float ms)
{
    times->ms[times->next] = ms;
    times->next = (times->next + 1) % BC_N_TIMES;
    if (times->n < BC_N_TIMES)
        times->n++;
}

static int compare(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

double bc_times_percentile(const bc_times *times, double share)
{
    float sorted[BC_N_TIMES];
    if (times->n == 0)
        return 0;
    memcpy(sorted, times->ms, (size_t)times->n * sizeof(sorted[0]));
    qsort(sorted, (size_t)times->n, sizeof(sorted[0]), compare);
    return (double)sorted[(int)(share * (times->n - 1) + 0.5)];
}

double bc_times_mean(const bc_times *times)
{
    double sum = 0;
    const int n = times->n < N_RECENT ? times->n : N_RECENT;
    for (int i = 1; i <= n; i++)
        sum += (double)times->ms[(times->next - i + BC_N_TIMES) % BC_N_TIMES];
    return n > 0 ? sum / n : 0;
}
