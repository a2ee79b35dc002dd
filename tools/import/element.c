#include "import/element.h"

#include <string.h>

#include "import/half.h"

int bc_element_size(bc_element element)
{
    static const int sizes[] = {[BC_ELEMENT_FLOAT] = 4,
                                [BC_ELEMENT_HALF] = 2,
                                [BC_ELEMENT_DOUBLE] = 8,
                                [BC_ELEMENT_INT] = 4,
                                [BC_ELEMENT_LONG] = 8};
    return sizes[element];
}

double bc_element_decode(bc_element element, uint64_t bits)
{
    const uint32_t low = (uint32_t)bits;
    float single;
    double real;
    memcpy(&single, &low, sizeof(single));
    memcpy(&real, &bits, sizeof(real));
    switch (element) {
    case BC_ELEMENT_FLOAT:
        return (double)single;
    case BC_ELEMENT_HALF:
        return (double)bc_half_to_float((uint16_t)bits);
    case BC_ELEMENT_DOUBLE:
        return real;
    case BC_ELEMENT_INT:
        return (double)(int32_t)low;
    default:
        return (double)(int64_t)bits;
    }
}
