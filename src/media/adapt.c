#include "media/adapt.h"

#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavutil/display.h>
#include <libavutil/pixdesc.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

bool bc_adapter_is_hdr(const AVFrame *av)
{
    return av->color_trc == AVCOL_TRC_SMPTE2084 || av->color_trc == AVCOL_TRC_ARIB_STD_B67;
}

/* Angles that are no multiple of 90 degrees are not applied: no container of video means them. */
static const char *upright_filter(const int32_t *matrix)
{
    if (!matrix)
        return "";
    const double counter_clockwise = av_display_rotation_get(matrix);
    if (isnan(counter_clockwise))
        return "";
    switch ((int)lround(counter_clockwise / 90) & 3) {
    case 3: /* to be turned by 90 degrees clockwise */
        return matrix[3] > 0 ? "transpose=cclock_flip" : "transpose=clock";
    case 1:
        return matrix[3] < 0 ? "transpose=clock_flip" : "transpose=cclock";
    case 2:
        return matrix[0] < 0 ? (matrix[4] < 0 ? "hflip,vflip" : "hflip") : "vflip";
    default:
        return matrix[0] < 0 ? "hflip" : matrix[4] < 0 ? "vflip" : "";
    }
}

static const char *tone_filter(const AVFrame *av)
{
    if (!bc_adapter_is_hdr(av))
        return "";
    return "zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=hable:desat=0,"
           "zscale=t=bt709:m=bt709:r=tv:d=error_diffusion,format=yuv420p";
}

static int add_ends(bc_adapter *adapter, const AVFrame *av)
{
    char args[256];
    const AVRational aspect = av->sample_aspect_ratio;
    snprintf(args, sizeof(args), "width=%d:height=%d:pix_fmt=%d:time_base=1/1:sar=%d/%d", av->width,
             av->height, av->format, aspect.num, aspect.den > 0 ? aspect.den : 1);
    const int error = avfilter_graph_create_filter(&adapter->source, avfilter_get_by_name("buffer"),
                                                   "source", args, NULL, adapter->graph);
    if (error < 0)
        return error;
    return avfilter_graph_create_filter(&adapter->sink, avfilter_get_by_name("buffersink"), "sink",
                                        NULL, NULL, adapter->graph);
}

static int link_filters(bc_adapter *adapter, const char *filters)
{
    AVFilterInOut *outputs = avfilter_inout_alloc(), *inputs = avfilter_inout_alloc();
    int error = AVERROR(ENOMEM);
    if (outputs && inputs) {
        *outputs = (AVFilterInOut){av_strdup("in"), adapter->source, 0, NULL};
        *inputs = (AVFilterInOut){av_strdup("out"), adapter->sink, 0, NULL};
        error = avfilter_graph_parse_ptr(adapter->graph, filters, &inputs, &outputs, NULL);
    }
    avfilter_inout_free(&inputs);
    avfilter_inout_free(&outputs);
    return error < 0 ? error : avfilter_graph_config(adapter->graph, NULL);
}

static bc_status open_graph(bc_adapter *adapter, const AVFrame *av, const char *filters,
                            const bc_log *log)
{
    adapter->graph = avfilter_graph_alloc();
    if (!adapter->graph)
        return bc_fail(log, BC_ERR_MEMORY, "filter: out of memory");
    adapter->graph->scale_sws_opts =
        av_strdup("flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp");
    int error = add_ends(adapter, av);
    if (error >= 0)
        error = link_filters(adapter, filters);
    return error < 0 ? bc_av_fail(log, error, "filter %s", filters) : BC_OK;
}

/* One frame in, one frame out: none of the filters keeps frames. */
static bc_status run_graph(bc_adapter *adapter, AVFrame *av, const bc_log *log)
{
    int error = av_buffersrc_add_frame(adapter->source, av);
    if (error >= 0)
        error = av_buffersink_get_frame(adapter->sink, av);
    return error < 0 ? bc_av_fail(log, error, "filter: cannot turn or tone-map a frame") : BC_OK;
}

bc_status bc_adapter_run(bc_adapter *adapter, AVFrame *av, const int32_t *matrix, const bc_log *log)
{
    const char *tone = tone_filter(av), *upright = upright_filter(matrix);
    if (!tone[0] && !upright[0])
        return BC_OK;
    char filters[200], key[sizeof(adapter->key)];
    snprintf(filters, sizeof(filters), "%s%s%s", tone, tone[0] && upright[0] ? "," : "", upright);
    snprintf(key, sizeof(key), "%dx%d %d %d/%d %s", av->width, av->height, av->format,
             av->sample_aspect_ratio.num, av->sample_aspect_ratio.den, filters);
    if (!adapter->graph || strcmp(key, adapter->key) != 0) {
        bc_adapter_close(adapter);
        snprintf(adapter->key, sizeof(adapter->key), "%s", key);
        const bc_status status = open_graph(adapter, av, filters, log);
        if (status < 0)
            return status;
    }
    return run_graph(adapter, av, log);
}

void bc_adapter_close(bc_adapter *adapter)
{
    avfilter_graph_free(&adapter->graph);
    adapter->source = adapter->sink = NULL;
    adapter->key[0] = '\0';
}
