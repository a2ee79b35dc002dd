#include "convert/share.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "convert/claim.h"

enum { WAIT_US = 50000, LEAST_WAIT_US = 200000, MOST_WAIT_US = 5000000, RENEWAL_S = 15 };

struct bc_share {
    const bc_conversion_list *list;
    bc_claim *claims; /* [n_files] */
    bool *is_failed;  /* [n_files] */
    bool *is_done;    /* [n_files]: it is there, and need not be looked for again */
    atomic_int *stop;
    bc_log log;
    int wait_us; /* between two looks at what others do: so many processes look at one folder */
    int first;   /* where this process begins */
    int current; /* the file that is this process's, or -1 */
    pthread_t renewer;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t end;
    bool has_renewer, is_ending;
    const bc_claim *held; /* the claim to renew, or NULL */
};

/* Ranks ------------------------------------------------------------------------------------ */

bc_status bc_rank_parse(bc_rank *rank, const char *text, const bc_log *log)
{
    int end = 0;
    const int n_read = sscanf(text, "%d/%d%n", &rank->index, &rank->count, &end);
    if (n_read != 2 || text[end] || rank->index < 1 || rank->index > rank->count)
        return bc_fail(log, BC_ERR_ARGUMENT, "'%s' is not I/N with I from 1 to N", text);
    rank->index--;
    return BC_OK;
}

static bool read_number(const char *name, int *number)
{
    char rest;
    const char *text = name ? getenv(name) : NULL;
    return text && sscanf(text, "%d%c", number, &rest) == 1;
}

bc_rank bc_rank_of_environment(void)
{
    static const struct {
        const char *index, *count, *least;
    } launchers[] = {
        {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", NULL},
        {"PMI_RANK", "PMI_SIZE", NULL},
        {"SLURM_PROCID", "SLURM_NTASKS", NULL},
        {"SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", "SLURM_ARRAY_TASK_MIN"},
    };
    for (size_t i = 0; i < sizeof(launchers) / sizeof(launchers[0]); i++) {
        bc_rank rank;
        int least = 0;
        if (!read_number(launchers[i].index, &rank.index) ||
            !read_number(launchers[i].count, &rank.count) || rank.count < 2)
            continue;
        read_number(launchers[i].least, &least);
        rank.index = abs(rank.index - least) % rank.count; /* of an array with steps too */
        return rank;
    }
    return (bc_rank){0, 1};
}

/* Life ------------------------------------------------------------------------------------- */

static void *renew(void *arg)
{
    bc_share *share = arg;
    pthread_mutex_lock(&share->lock);
    while (!share->is_ending) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += RENEWAL_S;
        pthread_cond_timedwait(&share->end, &share->lock, &until);
        if (share->held)
            bc_claim_renew(share->held);
    }
    pthread_mutex_unlock(&share->lock);
    return NULL;
}

static bc_status open_all(bc_share *share, bc_rank rank)
{
    const int n_files = share->list->n_files;
    share->first = (int)((int64_t)n_files * rank.index / rank.count);
    const int64_t wait_us = (int64_t)rank.count * WAIT_US;
    share->wait_us = (int)(wait_us < LEAST_WAIT_US  ? LEAST_WAIT_US
                           : wait_us > MOST_WAIT_US ? MOST_WAIT_US
                                                    : wait_us);
    share->claims = calloc((size_t)n_files, sizeof(share->claims[0]));
    share->is_failed = calloc((size_t)n_files, sizeof(share->is_failed[0]));
    share->is_done = calloc((size_t)n_files, sizeof(share->is_done[0]));
    if (!share->claims || !share->is_failed || !share->is_done)
        return bc_fail(&share->log, BC_ERR_MEMORY, "out of memory");
    for (int i = 0; i < n_files; i++) {
        share->claims[i] = bc_claim_on(share->list->files[i].output);
        bc_claim_clear(&share->claims[i]);
    }
    share->has_renewer = pthread_create(&share->renewer, NULL, renew, share) == 0;
    return share->has_renewer ? BC_OK
                              : bc_fail(&share->log, BC_ERR_MEMORY, "cannot start a thread");
}

bc_status bc_share_open(bc_share **share_out, const bc_conversion_list *list, bc_rank rank,
                        atomic_int *stop, const bc_log *log)
{
    bc_share *share = *share_out = calloc(1, sizeof(*share));
    if (!share)
        return bc_fail(log, BC_ERR_MEMORY, "out of memory");
    share->list = list;
    share->stop = stop;
    share->log = *log;
    share->current = -1;
    pthread_mutex_init(&share->lock, NULL);
    pthread_cond_init(&share->end, NULL);
    const bc_status status = open_all(share, rank);
    if (status < 0)
        bc_share_close(share_out);
    return status;
}

static void set_held(bc_share *share, const bc_claim *claim)
{
    pthread_mutex_lock(&share->lock);
    share->held = claim;
    pthread_mutex_unlock(&share->lock);
}

void bc_share_close(bc_share **share_in)
{
    bc_share *share = *share_in;
    if (!share)
        return;
    if (share->has_renewer) {
        pthread_mutex_lock(&share->lock);
        share->is_ending = true;
        pthread_cond_signal(&share->end);
        pthread_mutex_unlock(&share->lock);
        pthread_join(share->renewer, NULL);
    }
    pthread_cond_destroy(&share->end);
    pthread_mutex_destroy(&share->lock);
    free(share->claims);
    free(share->is_failed);
    free(share->is_done);
    free(share);
    *share_in = NULL;
}

/* Sharing ---------------------------------------------------------------------------------- */

static bool is_there(const bc_share *share, int i)
{
    return access(share->list->files[i].output, F_OK) == 0;
}

/* How a file stands: done or failed, this process's from now on, or somebody else's. */
enum standing { IS_OVER, IS_OURS, IS_HELD };

static enum standing try_file(bc_share *share, int i)
{
    bc_claim *claim = &share->claims[i];
    if (share->is_failed[i] || share->is_done[i])
        return IS_OVER;
    const bc_claim_state state = bc_claim_look(claim);
    if (state == BC_CLAIM_HELD)
        return IS_HELD;
    share->is_failed[i] = state == BC_CLAIM_FAILED;
    share->is_done[i] = state == BC_CLAIM_FREE && is_there(share, i);
    if (share->is_failed[i] || share->is_done[i])
        return IS_OVER;
    const int taken = bc_claim_take(claim, &share->log);
    if (taken <= 0) {
        share->is_failed[i] = taken < 0;
        return taken < 0 ? IS_OVER : IS_HELD;
    }
    if (!is_there(share, i))
        return IS_OURS;
    bc_claim_release(claim); /* done between the look and the claim */
    return IS_OVER;
}

int bc_share_next(bc_share *share)
{
    const int n_files = share->list->n_files;
    for (bool is_waiting = true; is_waiting && !atomic_load(share->stop);) {
        is_waiting = false;
        for (int n = 0; n < n_files; n++) {
            const int i = (share->first + n) % n_files;
            const enum standing state = try_file(share, i);
            is_waiting |= state == IS_HELD;
            if (state != IS_OURS)
                continue;
            share->current = i;
            set_held(share, &share->claims[i]);
            return i;
        }
        if (is_waiting)
            usleep((useconds_t)share->wait_us);
    }
    return -1;
}

void bc_share_finish(bc_share *share, bool is_done)
{
    bc_claim *claim = &share->claims[share->current];
    set_held(share, NULL);
    share->is_failed[share->current] = !is_done && !atomic_load(share->stop);
    if (share->is_failed[share->current])
        bc_claim_fail(claim);
    else
        bc_claim_release(claim);
    share->current = -1;
}

int bc_share_n_failed(const bc_share *share)
{
    int n_failed = 0;
    for (int i = 0; i < share->list->n_files; i++)
        n_failed += share->is_failed[i];
    return n_failed;
}
