/*
 * claim.h: which of several processes, on one machine or several that see the same folder, works on
 * a file. A claim on OUTPUT is the file OUTPUT.claim, that its holder created exclusively and wrote
 * its machine and process number into.
 *
 * A claim holds until its holder releases it or is dead: a process of this machine that is not
 * there any more, or one of another machine that has not renewed the claim for a minute, by the
 * clock of who watches it. The claim that follows on a dead one is OUTPUT.claim.2 and so on,
 * created exclusively too: so of two that find a claim dead only one gets the next. Who could not
 * do its work leaves the claim marked as failed.
 */
#ifndef BC_CONVERT_CLAIM_H
#define BC_CONVERT_CLAIM_H

#include <stdint.h>
#include <time.h>

#include "brushcast.h"

typedef enum bc_claim_state {
    BC_CLAIM_FREE,   /* nobody works on it */
    BC_CLAIM_HELD,   /* somebody alive does */
    BC_CLAIM_DEAD,   /* somebody did */
    BC_CLAIM_FAILED, /* somebody could not do it */
} bc_claim_state;

/* What one process knows of one output's claims. */
typedef struct bc_claim {
    const char *output; /* the owner's, whose life is longer */
    int generation;     /* of the last one that was seen or made; 0: none */
    int fd;             /* of the one that is held; -1: none */
    int64_t seen_ns;    /* when it was first seen with this time of renewal */
    struct timespec renewed;
} bc_claim;

/* Nothing is known yet. */
bc_claim bc_claim_on(const char *output);

/* Looks again. */
bc_claim_state bc_claim_look(bc_claim *claim);

/* After FREE or DEAD: takes it. 1: it is this process's; 0: another one was faster; or an error. */
int bc_claim_take(bc_claim *claim, const bc_log *log);

/* Of one that is held, at least each 20 s, from any thread. */
void bc_claim_renew(const bc_claim *claim);

/* Ends one that is held. */
void bc_claim_release(bc_claim *claim);
/* Ends one that is held, and leaves the word that the work failed. */
void bc_claim_fail(bc_claim *claim);

/* Forgets the failures that processes of the past left. */
void bc_claim_clear(bc_claim *claim);

#endif
