/*
 * transport.h (private): where to read on in an MPEG transport stream for a time of its clock.
 *
 * A seek by time is right only where the clock runs evenly up to there, and nothing in the file
 * says that it does: it may begin anew wherever recordings were joined. So all packets before the
 * place are looked at, but for no more than the times in their heads (ISO 13818-1, 2.4.3). Getting
 * to the end of 290 MB in the page cache takes 0.13 s so, and 0.41 s where all is demuxed, with the
 * start of the program in both.
 */
#ifndef BC_MEDIA_TRANSPORT_H
#define BC_MEDIA_TRANSPORT_H

#include <libavformat/avformat.h>
#include <stdbool.h>

enum { BC_TRANSPORT_PLACES = 4 };

typedef struct bc_transport_scan {
    /* In. */
    int64_t zero_us;   /* the input's time where its line begins */
    int64_t target_us; /* what is looked for, on the same clock */
    bool (*tells_time)(const void *cookie, const AVStream *stream); /* picture and its sound */
    const void *cookie;
    int64_t max_bytes; /* no more are looked at */
    /* Out: offsets in the file, from where on something of the last 2, 12, 60 and 300 s before the
     * target comes; -1: the beginning is nearer. */
    int64_t places[BC_TRANSPORT_PLACES];
} bc_transport_scan;

bool bc_transport_is(const AVFormatContext *input);

/*
 * 1: the clock runs evenly up to the target; 0: it does not, or cannot be followed;
 * AVERROR(EFBIG): it does for all that may be looked at; or another of FFmpeg's errors. The
 * position in the file stays.
 */
int bc_transport_run(bc_transport_scan *scan, const AVFormatContext *input);

#endif
