/*
 * test.h: the few assertions of the test programs. A failed check prints where and what, the test
 * goes on, and TEST_END() makes the exit status.
 */
#ifndef BC_TESTS_TEST_H
#define BC_TESTS_TEST_H

#include <stdio.h>

#include "brushcast.h"

static _Atomic int test_n_checks, test_n_failures; /* threads may check, too */

#define CHECK(condition) test_check((condition) ? 1 : 0, #condition, __FILE__, __LINE__)
#define CHECK_INT(value, expected)                                                                 \
    test_check_int((long long)(value), (long long)(expected), #value, __FILE__, __LINE__)
#define CHECK_AT_MOST(value, bound)                                                                \
    test_check_at_most((double)(value), (double)(bound), #value, __FILE__, __LINE__)
#define TEST_END()                                                                                 \
    (printf("%d checks, %d failed\n", test_n_checks, test_n_failures), test_n_failures != 0)

static inline int test_check(int ok, const char *what, const char *file, int line)
{
    test_n_checks++;
    if (!ok) {
        test_n_failures++;
        fprintf(stderr, "%s:%d: failed: %s\n", file, line, what);
    }
    return ok;
}

static inline int test_check_int(long long value, long long expected, const char *what,
                                 const char *file, int line)
{
    if (test_check(value == expected, what, file, line))
        return 1;
    fprintf(stderr, "    is %lld, expected %lld\n", value, expected);
    return 0;
}

/* NaN fails. */
static inline int test_check_at_most(double value, double bound, const char *what, const char *file,
                                     int line)
{
    if (test_check(value <= bound, what, file, line))
        return 1;
    fprintf(stderr, "    is %g, expected at most %g\n", value, bound);
    return 0;
}

static inline void test_log_write(void *cookie, bc_log_level level, const char *message)
{
    (void)level;
    snprintf(cookie, 1024, "%s", message);
}

/* A log that keeps the last message in `last`, a buffer of 1024 bytes. */
static inline bc_log test_log(char *last)
{
    last[0] = '\0';
    return (bc_log){.write = test_log_write, .cookie = last};
}

#endif
