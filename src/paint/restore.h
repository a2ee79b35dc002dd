/* restore.h (private to paint): a row of a painting gets some of its source back. Threads: any. */
#ifndef BC_PAINT_RESTORE_H
#define BC_PAINT_RESTORE_H

#include <stdint.h>

enum { BC_RESTORE_ALL = 256 };

/* Of `n` samples each becomes the source's in so many 256ths. */
void bc_row_restore(const uint8_t *source, uint8_t *painting, const uint16_t *shares, int n);

#endif
