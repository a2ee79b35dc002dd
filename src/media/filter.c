#include "media/filter.h"

#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

static int add_ends(bc_filter *filter, const AVFrame *av)
{
    char args[256];
    const AVRational aspect = av->sample_aspect_ratio;
    snprintf(args, sizeof(args), "width=%d:height=%d:pix_fmt=%d:time_base=1/1:sar=%d/%d", av->width,
             av->height, av->format, aspect.num, aspect.den > 0 ? aspect.den : 1);
    const int error = avfilter_graph_create_filter(&filter->source, avfilter_get_by_name("buffer"),
                                                   "source", args, NULL, filter->graph);
    if (error < 0)
        return error;
    return avfilter_graph_create_filter(&filter->sink, avfilter_get_by_name("buffersink"), "sink",
                                        NULL, NULL, filter->graph);
}

static int link_filters(bc_filter *filter, const char *filters)
{
    AVFilterInOut *outputs = avfilter_inout_alloc(), *inputs = avfilter_inout_alloc();
    int error = AVERROR(ENOMEM);
    if (outputs && inputs) {
        *outputs = (AVFilterInOut){av_strdup("in"), filter->source, 0, NULL};
        *inputs = (AVFilterInOut){av_strdup("out"), filter->sink, 0, NULL};
        error = avfilter_graph_parse_ptr(filter->graph, filters, &inputs, &outputs, NULL);
    }
    avfilter_inout_free(&inputs);
    avfilter_inout_free(&outputs);
    return error < 0 ? error : avfilter_graph_config(filter->graph, NULL);
}

static void make_key(char key[BC_FILTER_KEY_SIZE], const AVFrame *av, const char *filters)
{
    snprintf(key, BC_FILTER_KEY_SIZE, "%dx%d %d %d/%d %s", av->width, av->height, av->format,
             av->sample_aspect_ratio.num, av->sample_aspect_ratio.den, filters);
}

bc_status bc_filter_open(bc_filter *filter, const AVFrame *av, const char *filters,
                         const bc_log *log)
{
    bc_filter_close(filter);
    make_key(filter->key, av, filters);
    filter->graph = avfilter_graph_alloc();
    if (!filter->graph)
        return bc_fail(log, BC_ERR_MEMORY, "filter: out of memory");
    filter->graph->nb_threads = filter->n_threads;
    filter->graph->scale_sws_opts =
        av_strdup("flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp");
    int error = add_ends(filter, av);
    if (error >= 0)
        error = link_filters(filter, filters);
    return error < 0 ? bc_av_fail(log, error, "filter %s", filters) : BC_OK;
}

bool bc_filter_fits(const bc_filter *filter, const AVFrame *av, const char *filters)
{
    char key[BC_FILTER_KEY_SIZE];
    make_key(key, av, filters);
    return filter->graph && strcmp(key, filter->key) == 0;
}

int bc_filter_send(bc_filter *filter, AVFrame *av)
{
    return av_buffersrc_add_frame(filter->source, av);
}

int bc_filter_receive(bc_filter *filter, AVFrame *av)
{
    return av_buffersink_get_frame(filter->sink, av);
}

bc_status bc_filter_run(bc_filter *filter, AVFrame *av, const char *filters, const bc_log *log)
{
    bc_status status = BC_OK;
    if (!bc_filter_fits(filter, av, filters))
        status = bc_filter_open(filter, av, filters, log);
    if (status < 0)
        return status;
    int error = bc_filter_send(filter, av);
    if (error >= 0)
        error = bc_filter_receive(filter, av);
    return error < 0 ? bc_av_fail(log, error, "filter %s", filters) : BC_OK;
}

void bc_filter_close(bc_filter *filter)
{
    avfilter_graph_free(&filter->graph);
    filter->source = filter->sink = NULL;
    filter->key[0] = '\0';
}
