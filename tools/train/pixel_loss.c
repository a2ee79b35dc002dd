#include "train/pixel_loss.h"

#include <assert.h>
#include <math.h>

static float sign(float x)
{
    return (float)((x > 0) - (x < 0));
}

double bc_l1_loss(float *dpicture, const float *picture, const float *target, size_t n,
                  double weight)
{
    const float slope = (float)(weight / (double)n);
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        const float difference = picture[i] - target[i];
        sum += fabs((double)difference);
        if (dpicture)
            dpicture[i] += slope * sign(difference);
    }
    return sum / (double)n;
}

static int max(int a, int b)
{
    return a > b ? a : b;
}

double bc_shift_loss(float *da, float *db, const float *a, const float *b, int h, int w, int dy,
                     int dx, int border, double weight)
{
    const int top = max(border, border - dy), bottom = h - max(border, border + dy);
    const int left = max(border, border - dx), right = w - max(border, border + dx);
    assert(top < bottom && left < right);
    const double n = 3.0 * (bottom - top) * (right - left);
    const float slope = (float)(2 * weight / n);
    double sum = 0;
    for (int line = 0; line < 3 * h; line++) {
        const int y = line % h;
        if (y < top || y >= bottom)
            continue;
        for (int x = left; x < right; x++) {
            const int at_a = (line + dy) * w + x + dx, at_b = line * w + x;
            const float difference = a[at_a] - b[at_b];
            sum += (double)(difference * difference);
            if (da)
                da[at_a] += slope * difference;
            if (db)
                db[at_b] -= slope * difference;
        }
    }
    return sum / n;
}
