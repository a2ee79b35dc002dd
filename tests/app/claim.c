/* Claims: of several that find a file free, or its holder dead, one gets it. */
#include "convert/claim.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

int main(void)
{
    char folder[] = "/tmp/brushcast-claim-XXXXXX", output[64];
    const bc_log log = {0};
    CHECK(mkdtemp(folder) != NULL);
    snprintf(output, sizeof(output), "%s/a.mp4", folder);
    bc_claim one = bc_claim_on(output), other = bc_claim_on(output);
    CHECK(bc_claim_look(&one) == BC_CLAIM_FREE && bc_claim_look(&other) == BC_CLAIM_FREE);
    CHECK(bc_claim_take(&one, &log) == 1);
    CHECK(bc_claim_take(&other, &log) == 0);
    CHECK(bc_claim_look(&other) == BC_CLAIM_HELD);
    bc_claim_release(&one);
    CHECK(bc_claim_look(&other) == BC_CLAIM_FREE);

    const pid_t child = fork();
    if (child == 0)
        _exit(bc_claim_take(&other, &log) != 1);
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(bc_claim_look(&one) == BC_CLAIM_DEAD && bc_claim_look(&other) == BC_CLAIM_DEAD);
    CHECK(bc_claim_take(&one, &log) == 1);
    CHECK(bc_claim_take(&other, &log) == 0);
    bc_claim_fail(&one);
    CHECK(bc_claim_look(&other) == BC_CLAIM_FAILED);
    bc_claim_clear(&other); /* its holder lives */
    CHECK(bc_claim_look(&other) == BC_CLAIM_FAILED);
    for (int i = 1; i <= 2; i++) {
        char path[96];
        snprintf(path, sizeof(path), "%s.claim%s", output, i == 1 ? "" : ".2");
        CHECK(unlink(path) == 0);
    }
    CHECK(rmdir(folder) == 0);
    return TEST_END();
}
