/*
 * filter.h (private): a chain of libavfilter's filters that gives one frame for each frame, at once
 * (bc_filter_run) or later (send and receive).
 */
#ifndef BC_MEDIA_FILTER_H
#define BC_MEDIA_FILTER_H

#include <stdbool.h>

#include "media/av.h"

enum { BC_FILTER_SIZE = 512, BC_FILTER_KEY_SIZE = BC_FILTER_SIZE + 64 };

/* Keeps the chain of the last frame. {0} is valid; one thread at a time. */
typedef struct bc_filter {
    int n_threads; /* of the filters; 0: one for each processor */
    struct AVFilterGraph *graph;
    struct AVFilterContext *source, *sink;
    char key[BC_FILTER_KEY_SIZE]; /* what the graph was made for */
} bc_filter;

/* Replaces the frame by what the filters ("hflip,vflip", in FFmpeg's syntax) make of it. */
bc_status bc_filter_run(bc_filter *filter, AVFrame *av, const char *filters, const bc_log *log);

/* The chain for frames like `av`, in the place of any other. */
bc_status bc_filter_open(bc_filter *filter, const AVFrame *av, const char *filters,
                         const bc_log *log);
/* Whether it is open for such frames and these filters. */
bool bc_filter_fits(const bc_filter *filter, const AVFrame *av, const char *filters);
/* Takes the frame's pixels, which leaves it empty; NULL: the end. FFmpeg's error or 0. */
int bc_filter_send(bc_filter *filter, AVFrame *av);
/* FFmpeg's error, AVERROR(EAGAIN), AVERROR_EOF or 0. */
int bc_filter_receive(bc_filter *filter, AVFrame *av);

void bc_filter_close(bc_filter *filter);

#endif
