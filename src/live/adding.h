/*
 * adding.h: a style's file is read beside the picture, and the net that it was trained on gets it.
 */
#ifndef BC_LIVE_ADDING_H
#define BC_LIVE_ADDING_H

#include "live/live.h"

/*
 * Begins to read the style in `path`. When it is there it plays, unless another one was asked for
 * after it. The work's result names the style. NULL: too much is being done. With the lock held.
 */
bc_work *bc_live_add_style(bc_live *live, const char *path);

#endif
