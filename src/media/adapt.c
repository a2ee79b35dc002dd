#include "media/adapt.h"

#include <libavutil/display.h>
#include <math.h>
#include <stdio.h>

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

static const char tone_filter[] =
    BC_ADAPTER_TONE ",zscale=t=bt709:m=bt709:r=tv:d=error_diffusion,format=yuv420p";

bc_status bc_adapter_map(bc_filter *filter, AVFrame *av, const bc_log *log)
{
    return bc_filter_run(filter, av, tone_filter, log);
}

bc_status bc_adapter_run(bc_filter *filter, AVFrame *av, const int32_t *matrix, bool keeps_light,
                         const bc_log *log)
{
    char filters[BC_FILTER_SIZE];
    const char *tone = bc_adapter_is_hdr(av) && !keeps_light ? tone_filter : "";
    const char *upright = upright_filter(matrix);
    if (!tone[0] && !upright[0])
        return BC_OK;
    snprintf(filters, sizeof(filters), "%s%s%s", tone, tone[0] && upright[0] ? "," : "", upright);
    return bc_filter_run(filter, av, filters, log);
}
