/*
 * pages.h: large blocks of memory that live as long as their owner, on huge pages where the
 * system gives them: a pass over maps of many megabytes is bound by page walks otherwise.
 * Threads: any.
 */
#ifndef BC_BASE_PAGES_H
#define BC_BASE_PAGES_H

#include <stddef.h>

/* `size` bytes of zeros, aligned to a page at least, already backed; NULL if there are none. */
void *bc_pages_alloc(size_t size);

/* Takes NULL. `size` as it was asked for. */
void bc_pages_free(void *pages, size_t size);

#endif
