/*
 * screenshot.h: pictures of what is shown: of the frame, or of the window. A frame that the
 * governor has painted smaller is painted anew at its full size, beside the picture.
 */
#ifndef BC_LIVE_SCREENSHOT_H
#define BC_LIVE_SCREENSHOT_H

#include "live/live.h"

/*
 * Begins to write the picture to `path`, or where that is NULL to a name of its own. The work's
 * result names the file. NULL: too much is being done. With the lock held.
 */
bc_work *bc_live_screenshot(bc_live *live, const char *path, bool of_window);

/* By the main thread, which alone may touch the window: its picture, if somebody waits for it.
 * With the lock held. */
void bc_live_grab(bc_live *live);

#endif
