/* In place of osc.c in a build without liblo. */
#include "base/log.h"
#include "live/osc.h"

bc_status bc_osc_open(bc_osc **osc, int port, bc_osc_fn *take, void *cookie, const bc_log *log)
{
    (void)take;
    (void)cookie;
    *osc = NULL;
    return bc_fail(log, BC_ERR_UNSUPPORTED, "OSC on port %d: this build has no liblo", port);
}

void bc_osc_close(bc_osc **osc)
{
    (void)osc;
}
