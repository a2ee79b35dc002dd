/* In place of pipewire.c in a build without libpipewire. */
#include <assert.h>

#include "base/log.h"
#include "live/pipewire.h"

bc_status bc_pipewire_open(bc_pipewire **camera, const bc_pipewire_params *params)
{
    *camera = NULL;
    return bc_fail(&params->log, BC_ERR_UNSUPPORTED, "PipeWire: this build has no libpipewire");
}

void bc_pipewire_close(bc_pipewire **camera)
{
    (void)camera;
}

bc_status bc_pipewire_frame(bc_pipewire *camera, bc_frame *frame, uint64_t *n_dropped)
{
    (void)frame, (void)n_dropped;
    return bc_pipewire_status(camera);
}

bool bc_pipewire_is_read(bc_pipewire *camera)
{
    assert(!camera);
    (void)camera;
    return false;
}

bc_status bc_pipewire_status(bc_pipewire *camera)
{
    assert(!camera);
    (void)camera;
    return BC_ERR_UNSUPPORTED;
}
