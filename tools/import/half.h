/* half.h: numbers of 16 bits, IEEE 754's binary16. */
#ifndef BC_IMPORT_HALF_H
#define BC_IMPORT_HALF_H

#include <math.h>
#include <stdint.h>

static inline float bc_half_to_float(uint16_t half)
{
    const int exponent = half >> 10 & 31, fraction = half & 1023;
    float value;
    if (exponent == 31)
        value = fraction ? NAN : INFINITY;
    else if (exponent == 0)
        value = ldexpf((float)fraction, -24);
    else
        value = ldexpf((float)(fraction + 1024), exponent - 25);
    return half & 0x8000 ? -value : value;
}

#endif
