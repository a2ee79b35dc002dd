/*
 * join.h: parts of a film become the film, packet by packet: nothing is decoded or encoded again.
 *
 * Pictures have the times that their frames had in the source. Decoding times are the same in
 * order, later by as many frames as the encoder holds back; before the first one they go on as far
 * back as an encoder would have begun: so they are those of a film that was encoded in one piece.
 * All that is no picture comes from the source, as in any conversion.
 */
#ifndef BC_MEDIA_JOIN_H
#define BC_MEDIA_JOIN_H

#include "media/parts.h"
#include "media/writer.h"

/*
 * Writes the parts and the other streams of `source` (leaves_frames_out). `writer` was opened with
 * `source` and the parts' own params, deferred; it is not finished yet. What is wrong with a part
 * is an error, with a line that names it. `read` becomes BC_END, or why the source ended too early:
 * what came before is written all the same. `n_damaged`: in so many places the source of the
 * pictures was.
 */
bc_status bc_join(bc_writer *writer, bc_reader *source, const bc_parts *parts, bc_status *read,
                  int64_t *n_damaged);

#endif
