/*
 * outputs.h: everywhere that a live picture goes beside the window: the outputs of --to and the
 * recording. It remembers the packets of sound that were read ahead of the picture, so that a
 * recording that starts in the middle has all of its sound. Threads: the owner's lock.
 */
#ifndef BC_LIVE_OUTPUTS_H
#define BC_LIVE_OUTPUTS_H

#include "live/output.h"

enum { BC_MAX_OUTPUTS = 8, BC_MAX_AHEAD = 256 };

typedef struct bc_outputs {
    bc_output *fixed[BC_MAX_OUTPUTS];
    int n_fixed;
    bool is_told[BC_MAX_OUTPUTS]; /* somebody was told that it has failed */
    bc_output *recording;         /* or NULL */
    int n_failed;                 /* recordings that broke off */
    int64_t line_us;              /* the source's line at the last frame */
    const bc_live_input *ahead_source;
    bc_packet *ahead[BC_MAX_AHEAD]; /* later than line_us; a ring */
    int first_ahead, n_ahead;
} bc_outputs;

/* One more, for good; it must be open. */
void bc_outputs_add(bc_outputs *outputs, bc_output *output);
/* There must be no recording. It begins at line_us. */
void bc_outputs_record(bc_outputs *outputs, bc_output *recording);
/* The recording, the caller's to close from here on, or NULL. */
bc_output *bc_outputs_take_recording(bc_outputs *outputs);

/* As bc_output_frame, to all. */
void bc_outputs_frame(bc_outputs *outputs, bc_frame *frame, int64_t time_us);
/* In place of a frame, where they are asleep. */
void bc_outputs_skip(bc_outputs *outputs, int64_t time_us);
void bc_outputs_packet(bc_outputs *outputs, const bc_live_input *source, const bc_packet *packet);

/* From here on packets are those of `source`, which is open and not started; there must be no
 * recording. */
void bc_outputs_follow(bc_outputs *outputs, bc_live_input *source);

/* To how many somebody listens, or writes. */
int bc_outputs_count_open(const bc_outputs *outputs);
/* A frame would go nowhere: all outputs are cameras that nobody reads, and there is no recording.
 * Without outputs: false. */
bool bc_outputs_are_asleep(const bc_outputs *outputs);
/* Nothing is written any more: there are outputs, and all have failed, and there is no recording.
 */
bool bc_outputs_are_lost(const bc_outputs *outputs);

/* Ends all at once. The first that failed says the status, recordings before included. */
bc_status bc_outputs_close(bc_outputs *outputs);

#endif
