/*
 * guard.h: memory that shows every byte touched outside a block, and numbers to fill it with.
 */
#ifndef BC_TESTS_GUARD_H
#define BC_TESTS_GUARD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGE = 4096 };

/* Fillings: as floats, POISON is NaN; UNTOUCHED is a number that no kernel makes. */
enum { POISON = 0xFF, UNTOUCHED = 0xA5 };

/* Blocks end where it ends, before a page that nobody may touch. */
typedef struct guarded {
    uint8_t *start;
    size_t size;
} guarded;

static inline guarded guarded_open(size_t size)
{
    guarded g = {.size = (size + PAGE - 1) / PAGE * PAGE};
    g.start = mmap(NULL, g.size + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (g.start == MAP_FAILED || mprotect(g.start + g.size, PAGE, PROT_NONE) != 0)
        abort();
    return g;
}

static inline void guarded_close(guarded *g)
{
    munmap(g->start, g->size + PAGE);
}

/* The last `size` bytes; they and what lies in front of them hold `filling`. */
static inline void *guarded_take(const guarded *g, size_t size, int filling)
{
    const size_t front = 256;
    if (size > g->size)
        abort();
    uint8_t *block = g->start + g->size - size;
    uint8_t *first = (size_t)(block - g->start) < front ? g->start : block - front;
    memset(first, filling, (size_t)(g->start + g->size - first));
    return block;
}

static inline bool is_untouched(const void *from, size_t size)
{
    const uint8_t *bytes = from;
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != UNTOUCHED)
            return false;
    }
    return true;
}

/* Nothing was written in front of a block of `g`. */
static inline bool front_is_untouched(const guarded *g, const void *block)
{
    const size_t front = (size_t)((const uint8_t *)block - g->start);
    const size_t size = front < 256 ? front : 256;
    return is_untouched((const uint8_t *)block - size, size);
}

/* splitmix64 */
static inline uint64_t random_bits(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static inline float random_between(uint64_t *state, float low, float high)
{
    return low + (high - low) * ((float)(random_bits(state) >> 40) * 0x1p-24f);
}

#endif
