/*
 * The canvas of every tier: the same bits as C's, which the fixtures of golden check, for any span,
 * cell and displacement, and no float beside the samples.
 */
#include "test.h"
#include "tiers.h"

enum { N_CHANNELS = 16, MAX_N = 300, ROWS = 9, COLUMNS = 40, N_TRIALS = 200 };

static uint64_t state = 1;
static float x[ROWS * COLUMNS], y[ROWS * COLUMNS];

static int random_int(int end)
{
    return (int)(random_bits(&state) % (uint64_t)end);
}

static bc_canvas_span random_span(void)
{
    const int step = 1 + random_int(2);
    return (bc_canvas_span){.row = random_int(2 * ROWS),
                            .first = random_int(step),
                            .step = step,
                            .n = 1 + random_int(MAX_N)};
}

static void move_canvas(bc_displacement *moved)
{
    *moved = (bc_displacement){.x = x, .y = y, .rows = ROWS, .columns = COLUMNS};
    for (int i = 0; i < ROWS * COLUMNS; i++) {
        x[i] = random_between(&state, -100, 100);
        y[i] = random_between(&state, -100, 100);
    }
}

static void test_row(const bc_kernels tiers[], int n_tiers, const guarded memory[2], bool is_moved)
{
    const bc_canvas_span span = random_span();
    const int n_channels = 8 * (1 + random_int(2)), cell = 4 * (1 + random_int(2));
    const int pitch = span.n + random_int(3);
    const size_t n = (size_t)((n_channels - 1) * pitch + span.n);
    bc_displacement moved = {0};
    if (is_moved)
        move_canvas(&moved);
    float *expected = guarded_floats(&memory[0], n, UNTOUCHED);
    tiers[0].canvas_row(expected, pitch, n_channels, cell, span, &moved);
    for (int i = 1; i < n_tiers; i++) {
        float *made = guarded_floats(&memory[1], n, UNTOUCHED);
        tiers[i].canvas_row(made, pitch, n_channels, cell, span, &moved);
        CHECK(memcmp(made, expected, n * sizeof(*made)) == 0);
        CHECK(front_is_untouched(&memory[1], made));
    }
}

int main(void)
{
    bc_kernels tiers[MAX_TIERS];
    const int n_tiers = kernel_tiers(tiers);
    const size_t size = sizeof(float) * N_CHANNELS * (MAX_N + 4);
    guarded memory[2] = {guarded_open(size), guarded_open(size)};
    for (int i = 0; i < N_TRIALS; i++)
        test_row(tiers, n_tiers, memory, i % 2);
    for (int i = 1; i < n_tiers && !tiers[i].has_matrix; i++)
        CHECK(tiers[i].canvas_row != tiers[i - 1].canvas_row);
    guarded_close(&memory[0]);
    guarded_close(&memory[1]);
    return TEST_END();
}
