#include "base/pages.h"

#include <stdint.h>
#include <sys/mman.h>

enum { HUGE_PAGE = 2 << 20 };

/* Maps a little more and gives the ends back, so that the block starts on a huge page. */
static void *map_aligned(size_t size)
{
    uint8_t *base =
        mmap(NULL, size + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED)
        return NULL;
    const size_t head = (HUGE_PAGE - (uintptr_t)base % HUGE_PAGE) % HUGE_PAGE;
    if (head)
        munmap(base, head);
    munmap(base + head + size, HUGE_PAGE - head);
    return base + head;
}

static size_t whole_pages(size_t size)
{
    return (size + 4095) & ~(size_t)4095;
}

void *bc_pages_alloc(size_t size)
{
    if (size == 0 || size > SIZE_MAX / 2)
        return NULL;
    size = whole_pages(size);
    uint8_t *pages = map_aligned(size);
    if (!pages)
        return NULL;
    madvise(pages, size, MADV_HUGEPAGE); /* a wish: without it everything works, slower */
    for (size_t i = 0; i < size; i += 4096)
        ((volatile uint8_t *)pages)[i] = 0;
    return pages;
}

void bc_pages_free(void *pages, size_t size)
{
    if (pages)
        munmap(pages, whole_pages(size));
}
