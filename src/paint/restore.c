#include "paint/restore.h"

#include "base/simd.h"

BC_SIMD static void restore(const uint8_t *source, uint8_t *painting, const uint16_t *shares, int n)
{
    for (int x = 0; x < n; x++)
        painting[x] = (uint8_t)((source[x] * shares[x] +
                                 painting[x] * (BC_RESTORE_ALL - shares[x]) + BC_RESTORE_ALL / 2) >>
                                8);
}

void bc_row_restore(const uint8_t *source, uint8_t *painting, const uint16_t *shares, int n)
{
    restore(source, painting, shares, n);
}
