#include "media/packet.h"

#include <libavcodec/packet.h>
#include <libavutil/avutil.h>
#include <libavutil/mathematics.h>

void bc_packet_free(bc_packet **packet)
{
    av_packet_free(packet);
}

bc_packet *bc_packet_copy(const bc_packet *packet)
{
    return av_packet_clone(packet);
}

bool bc_packet_time_us(const bc_packet *packet, int64_t *time_us)
{
    const int64_t time = packet->pts != AV_NOPTS_VALUE ? packet->pts : packet->dts;
    if (time == AV_NOPTS_VALUE)
        return false;
    *time_us = av_rescale_q(time, packet->time_base, AV_TIME_BASE_Q);
    return true;
}

void bc_packet_delay(bc_packet *packet, int64_t by_us)
{
    const int64_t by = av_rescale_q(by_us, AV_TIME_BASE_Q, packet->time_base);
    if (packet->pts != AV_NOPTS_VALUE)
        packet->pts += by;
    if (packet->dts != AV_NOPTS_VALUE)
        packet->dts += by;
}
