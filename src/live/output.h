/*
 * output.h: writes the live picture somewhere, on a thread of its own: a recording, a virtual
 * camera, a stream, a pipe. It never holds up the picture: frames that it cannot take in time are
 * left out and counted, and when it fails it says so once and takes everything from then on without
 * a word. A camera of PipeWire shows its last frame again while none comes, as in a pause, so that
 * whoever begins to read sees it. Threads: any.
 */
#ifndef BC_LIVE_OUTPUT_H
#define BC_LIVE_OUTPUT_H

#include <stdbool.h>

#include "live/input.h"

typedef struct bc_output bc_output;

typedef struct bc_output_params {
    const char *url;
    bc_live_input *source; /* whose size, sound and metadata it takes; needed to open it alone */
    bool outlives_source;  /* goes on with the sound of others: bc_output_follow */
    bool overwrite;
    bc_log log;
} bc_output_params;

typedef struct bc_output_state {
    bool is_open;   /* false while nobody is at the other end: it takes nothing */
    bool is_asleep; /* it is a camera that nobody reads */
    bool has_failed;
    int64_t length_us;
    uint64_t n_frames, n_dropped;
} bc_output_state;

/*
 * Opens the file and the encoder, which may take long. Where it goes and how is found from the
 * name: /dev/video* is a virtual camera, pipewire[:NAME] one of PipeWire, rtmp: is FLV, udp:, tcp:
 * and srt: are MPEG-TS, anything else is what its ending says. Peers and named pipes are connected
 * to on the output's own thread, so that nothing waits for them. `reason` gets why it failed, or
 * "", and may be NULL, here and in bc_output_close.
 */
bc_status bc_output_open(bc_output **output, const bc_output_params *params,
                         char reason[BC_REASON_SIZE]);
/* Before its first frame: what is 0 of a file on the source's line; a peer's is its first frame. */
void bc_output_start_at(bc_output *output, int64_t line_us);
/* Nothing more will come: from here on what is left is written. Several can do so at once. */
void bc_output_finish(bc_output *output);
/*
 * Waits until what is left is written and the file ended: BC_OK if it is whole. A peer
 * that takes nothing is given up within a second, a disk that does within ten. What a file holds is
 * kept in any case.
 */
bc_status bc_output_close(bc_output **output, char reason[BC_REASON_SIZE]);

/* A frame and its time on the source's line. */
void bc_output_frame(bc_output *output, bc_frame *frame, int64_t time_us);
/* A packet with its time on the source's line; of a source that it does not follow: nothing. */
void bc_output_packet(bc_output *output, const bc_live_input *source, const bc_packet *packet);

/*
 * From here on packets are those of `source`, whose streams are the output's to free; NULL: none of
 * them is known.
 */
void bc_output_follow(bc_output *output, const bc_live_input *source, bc_streams *streams);

bc_output_state bc_output_get_state(bc_output *output);
/* The first error, or "". */
void bc_output_reason(bc_output *output, char text[BC_REASON_SIZE]);
const char *bc_output_url(const bc_output *output);

#endif
