/*
 * window.h: one window with a picture in its right aspect, overlays over it, and the user's hands
 * in front of it. What the user does becomes commands: those bound to keys and wheel, and
 *     style N         a cell of the filmstrip was clicked (0: the original)
 *     split X         the split line was dragged to X, 0 to 1
 *     drop "PATH"     a file was dropped; " and \ are escaped by \
 *     quit            the window was closed
 *
 * Threads: the one that opened it, but for bc_window_wake.
 */
#ifndef BC_WINDOW_WINDOW_H
#define BC_WINDOW_WINDOW_H

#include "window/bindings.h"
#include "window/view.h"

typedef struct bc_window bc_window;

typedef struct bc_window_params {
    const char *title;
    int width, height; /* of the picture as displayed; made smaller to fit on the screen */
    bool fullscreen;
    bc_bindings *bindings; /* must outlive the window */
    bc_log log;
} bc_window_params;

/* BC_ERR_UNSUPPORTED if there is no display. */
bc_status bc_window_open(bc_window **window, const bc_window_params *params);
void bc_window_close(bc_window **window);

/*
 * The next command, valid until the next call, or NULL: nothing within timeout_ms, or woken, or
 * something happened that is no command.
 */
const char *bc_window_wait(bc_window *window, int timeout_ms);
/* Ends bc_window_wait from any thread; remembered if nobody waits. */
void bc_window_wake(bc_window *window);

/* Something has changed on the screen but the view: the window must be shown again. */
bool bc_window_is_stale(const bc_window *window);
/* Minimised or of no size: showing is a waste. */
bool bc_window_is_hidden(const bc_window *window);

/* Draws the view and waits for the display to take it. */
void bc_window_show(bc_window *window, const bc_view *view);

void bc_window_set_title(bc_window *window, const char *title);
void bc_window_set_fullscreen(bc_window *window, bool on);
bool bc_window_is_fullscreen(const bc_window *window);
/* The picture's size on the screen, in pixels. */
void bc_window_picture_size(const bc_window *window, int *width, int *height);
/* What is on the screen, overlays included; the caller's frame. */
bc_status bc_window_grab(bc_window *window, bc_frame **frame);

#endif
