/*
 * live.h: a live picture, all of it: where it comes from, how it is painted, where it goes, and
 * what is being shown. Three threads and a queue between each two of them:
 *
 *     source (reads, keeps time)  ->  painter (live_painter.h, governor)  ->  whoever called
 *     bc_live_run (window, keys)
 *
 * The newest frame wins in both queues and the loser is counted. What is not live is painted before
 * its time, and waits for it behind the second queue, which has room for what is painted in haste
 * after a frame that took long. Outputs get every painted frame. Commands come from keys, the mouse
 * and the control socket, from any thread; each takes the lock, changes what it is about, and the
 * next frame that is painted shows it.
 */
#ifndef BC_LIVE_LIVE_H
#define BC_LIVE_LIVE_H

#include <pthread.h>

#include "live/governor.h"
#include "live/input.h"
#include "live/live_painter.h"
#include "live/mask_input.h"
#include "live/midi_map.h"
#include "live/outputs.h"
#include "live/times.h"
#include "live/work.h"
#include "window/window.h"

enum { BC_LIVE_MAX_READY = 4 }; /* painted frames that wait to be shown */

typedef struct bc_live_params {
    const char *input, *format, *options; /* as bc_live_input_params */
    bool is_camera, is_looped, no_window, is_fullscreen, is_silent;
    int64_t start_us;
    int n_threads;
    bc_precision precision;
    bool overwrite;
    bc_settings settings;       /* at first */
    const char *const *outputs; /* [n_outputs] */
    int n_outputs;
    const char *record, *control; /* paths, or NULL */
    int osc_port;                 /* 0: none */
    const char *mask_input;       /* or NULL */
    const char *midi;             /* a port as bc_midi_open takes it, or NULL */
    bc_midi_map *midi_map;        /* with `midi` */
    bc_bindings *bindings;
    bc_nets *nets;
    atomic_int *stop;
    bc_log log;
} bc_live_params;

/* A number of which more digits may follow. */
typedef struct bc_typed_number {
    int number;
    int64_t typed_ns;
    bool is_blended; /* it was what a blend waited for */
} bc_typed_number;

typedef struct bc_live {
    bc_live_params params;
    bc_nets *nets;
    bc_live_input *source;
    bc_mask_input *mask; /* or NULL */
    bc_live_painter *painter;
    bc_window *window; /* NULL: there is none */
    bc_queue *captured, *painted;
    bc_workers *workers;         /* what commands have begun */
    pthread_mutex_t source_lock; /* held by who changes the source, or uses it without `lock`: it
                                    stays open; taken before `lock` */
    pthread_t paint_thread;
    bool is_painting;       /* the thread runs */
    bool is_mask_late;      /* the thread's: the last picture has not got its own mask */
    bc_status paint_status; /* the thread's; read when it has ended */

    pthread_mutex_t lock; /* of all that follows */
    bc_settings settings;
    uint64_t settings_serial; /* counts changes of the settings */
    bc_governor governor;
    int n_scale_changes;
    bool was_quit; /* by a command */
    float volume;  /* 0 to 1 */
    bool is_muted;
    bool awaits_blend;     /* the next style that is chosen is blended with what is there */
    bc_typed_number typed; /* a style's */
    bool is_paused, shows_statistics, shows_help, wants_fullscreen;
    bc_outputs outputs;
    char message[128], detail[192];
    int64_t message_ns;          /* when it was said */
    bool is_error;               /* the message: it stays until the user does something */
    bc_painted *shown;           /* the last one that was presented, or NULL */
    uint64_t n_shown, n_skipped; /* presented; painted, but a newer one came */
    bc_times latency, interval, convert, paint, mix;
    int64_t shown_ns;
    int n_adds;             /* styles' files that somebody wanted to be added */
    bc_live_input *opening; /* that is to become the source, or NULL */
    char opening_name[128];
    bool is_record_beginning;
    char
        lost_recording[BC_REASON_SIZE]; /* why the last one broke off, until somebody asks; or "" */
    bool is_grab_wanted;                /* the window's picture */
    bc_frame *grab;                     /* the last one */
    int n_grabs;
    bc_status grab_status;
    pthread_cond_t grabbed;
} bc_live;

/* Opens everything and shows it until the user quits or the input ends; BC_ERR_INTERRUPTED if
 * somebody else set *stop. */
bc_status bc_live_run(const bc_live_params *params);

/* The main thread's loop, in show.c: presents what is painted until the end. */
void bc_live_show(bc_live *live);
/* Does what the main thread is to do between two frames. With the lock not held. */
void bc_live_serve(bc_live *live);
/* The next picture to present; the program's from now on. */
void bc_live_adopt(bc_live *live, bc_painted *painted);
/* The adopted picture is on the screen now. */
void bc_live_presented(bc_live *live);

/* For commands, with the lock held ------------------------------------------------------------ */

/* Shows a line for a while; detail may be "". */
void bc_live_say(bc_live *live, const char *detail, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Something went wrong: in red, until the user does something. */
void bc_live_say_error(bc_live *live, const char *detail, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* What went wrong has been seen; true if there was something. */
bool bc_live_forget_error(bc_live *live);

/* Paints in this style of this net from now on, and says so. */
void bc_live_set_style(bc_live *live, int net, int style);

/* Says the style or the blend. */
void bc_live_say_style(bc_live *live);

void bc_live_settings_changed(bc_live *live);
void bc_live_quit(bc_live *live);

/* Frames a second over the last intervals. */
double bc_live_fps(const bc_live *live);

#endif
