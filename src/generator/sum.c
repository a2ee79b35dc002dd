/* The sum of two maps, row by row. */
#include "generator/task.h"

typedef struct sum {
    const bc_task *task;
    float *out;
    int n_jobs;
} sum;

static void sum_row(const bc_task *t, float *out, int y)
{
    const bc_map *map = &t->step->map;
    for (int channel = 0; channel < t->step->n_out; channel++) {
        float *to = out + channel * map->channel_stride + y * map->row_stride;
        for (int i = 0; i < t->n_inputs; i++)
            bc_load_channel(t, &t->inputs[i], channel, y, to, i > 0);
    }
}

static void run_rows(void *arg, int job, int thread)
{
    const sum *s = arg;
    const int64_t height = s->task->step->height;
    const int end = (int)(height * (job + 1) / s->n_jobs);
    (void)thread;
    for (int y = (int)(height * job / s->n_jobs); y < end; y++)
        sum_row(s->task, s->out, y);
}

void bc_sum_run(const bc_task *task, float *out)
{
    bc_pool *pool = task->session->pool;
    sum s = {.task = task,
             .out = out,
             .n_jobs = bc_clamp(4 * bc_pool_threads(pool), 1, task->step->height)};
    bc_pool_run(pool, run_rows, &s, s.n_jobs);
}
