/*
 * complaint.h (private): counts what FFmpeg's demuxers and decoders complain of. Most decoders
 * conceal damage, return frames that look like all others, and tell of it in FFmpeg's log alone.
 *
 * A context of a format or codec whose `opaque` points to an atomic_int has its complaints counted
 * there, from whichever thread they come. It takes bc_media_log (log.h) to hear them.
 */
#ifndef BC_MEDIA_COMPLAINT_H
#define BC_MEDIA_COMPLAINT_H

/* An error in FFmpeg's log: the first and the third argument of its callback. */
void bc_complaint_count(void *context, const char *format);

#endif
