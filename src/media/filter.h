/*
 * filter.h (private): a chain of libavfilter's filters that gives one frame for each frame.
 */
#ifndef BC_MEDIA_FILTER_H
#define BC_MEDIA_FILTER_H

#include "media/av.h"

enum { BC_FILTER_SIZE = 512 };

/* Keeps the chain of the last frame. {0} is valid; one thread at a time. */
typedef struct bc_filter {
    struct AVFilterGraph *graph;
    struct AVFilterContext *source, *sink;
    char key[BC_FILTER_SIZE + 64]; /* what the graph was made for */
} bc_filter;

/* Replaces the frame by what the filters ("hflip,vflip", in FFmpeg's syntax) make of it. */
bc_status bc_filter_run(bc_filter *filter, AVFrame *av, const char *filters, const bc_log *log);
void bc_filter_close(bc_filter *filter);

#endif
