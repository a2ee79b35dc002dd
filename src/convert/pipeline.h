/*
 * pipeline.h: one conversion, on three threads besides those of the painter and the codecs, or, of
 * one thread in all, in turn:
 *
 *     read, decode  ->  paint  ->  mix, encode, write
 *
 * A fixed number of parcels goes round: each carries a frame, its painting and the packets of other
 * streams that came before it. So memory is bounded, whatever the length of the video, everything
 * stays in order, and nothing is allocated for a frame's pixels unless an encoder keeps them.
 * Frames of 8-bit 4:2:0 are painted as they are and into what the encoder takes; others become RGB
 * after decoding, or are made of RGB before encoding.
 */
#ifndef BC_CONVERT_PIPELINE_H
#define BC_CONVERT_PIPELINE_H

#include "convert/progress.h"
#include "media/mix.h"

typedef struct bc_pipeline_params {
    bc_reader *reader;
    bc_writer *writer;
    bc_mixer *mixer;
    bc_painter *painter; /* NULL where mix.strength is 0 */
    bc_reader *mask;     /* its frames are the mixer's masks, by their times; or NULL */
    bc_mix mix;
    double scale;  /* of the size to paint at, to the frame's */
    int n_threads; /* 1: the stages take turns on the calling thread; of conversions to RGB */
    bc_progress *progress;
    bc_log log;
} bc_pipeline_params;

/* Where the time goes; each belongs to one of the three stages. */
typedef enum bc_pipeline_part {
    BC_PART_DECODE,
    BC_PART_CONVERT, /* to RGB, where the painter does not take the frame's own planes */
    BC_PART_PAINT,
    BC_PART_MIX,
    BC_PART_ENCODE,
    BC_N_PARTS
} bc_pipeline_part;

typedef struct bc_pipeline_result {
    bc_status read;  /* BC_END, or why the input ended: what came before is written all the same */
    bc_status write; /* BC_OK, or a failure of painting or writing: the output is worth nothing */
    int64_t n_frames;
    int64_t end_us;              /* of the last frame */
    int64_t part_ns[BC_N_PARTS]; /* by the clock, waiting for the codecs' own threads included */
} bc_pipeline_result;

/* Runs until the input ends; does not finish the writer. The calling thread writes. */
bc_pipeline_result bc_pipeline_run(const bc_pipeline_params *params);

#endif
