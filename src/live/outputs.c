#include "live/outputs.h"

/* Packets ahead ---------------------------------------------------------------------------- */

static void drop_first(bc_outputs *outputs)
{
    bc_packet_free(&outputs->ahead[outputs->first_ahead]);
    outputs->first_ahead = (outputs->first_ahead + 1) % BC_MAX_AHEAD;
    outputs->n_ahead--;
}

/* What has no time is not waited for. */
static bool is_past(const bc_packet *packet, int64_t line_us)
{
    int64_t time_us;
    return !bc_packet_time_us(packet, &time_us) || time_us < line_us;
}

static void drop_past(bc_outputs *outputs)
{
    while (outputs->n_ahead > 0 && is_past(outputs->ahead[outputs->first_ahead], outputs->line_us))
        drop_first(outputs);
}

static void keep(bc_outputs *outputs, const bc_live_input *source, const bc_packet *packet)
{
    while (outputs->n_ahead == BC_MAX_AHEAD ||
           (outputs->n_ahead > 0 && outputs->ahead_source != source))
        drop_first(outputs);
    bc_packet *copy = bc_packet_copy(packet);
    if (!copy)
        return;
    outputs->ahead_source = source;
    outputs->ahead[(outputs->first_ahead + outputs->n_ahead++) % BC_MAX_AHEAD] = copy;
}

/* Outputs ---------------------------------------------------------------------------------- */

void bc_outputs_add(bc_outputs *outputs, bc_output *output)
{
    outputs->fixed[outputs->n_fixed++] = output;
}

void bc_outputs_record(bc_outputs *outputs, bc_output *recording)
{
    bc_output_start_at(recording, outputs->line_us);
    for (int i = 0; i < outputs->n_ahead; i++)
        bc_output_packet(recording, outputs->ahead_source,
                         outputs->ahead[(outputs->first_ahead + i) % BC_MAX_AHEAD]);
    outputs->recording = recording;
}

bc_output *bc_outputs_take_recording(bc_outputs *outputs)
{
    bc_output *recording = outputs->recording;
    outputs->recording = NULL;
    return recording;
}

void bc_outputs_skip(bc_outputs *outputs, int64_t time_us)
{
    outputs->line_us = time_us;
    drop_past(outputs);
}

void bc_outputs_frame(bc_outputs *outputs, bc_frame *frame, int64_t time_us)
{
    bc_outputs_skip(outputs, time_us);
    for (int i = 0; i < outputs->n_fixed; i++)
        bc_output_frame(outputs->fixed[i], frame, time_us);
    if (outputs->recording)
        bc_output_frame(outputs->recording, frame, time_us);
}

void bc_outputs_packet(bc_outputs *outputs, const bc_live_input *source, const bc_packet *packet)
{
    keep(outputs, source, packet);
    for (int i = 0; i < outputs->n_fixed; i++)
        bc_output_packet(outputs->fixed[i], source, packet);
    if (outputs->recording)
        bc_output_packet(outputs->recording, source, packet);
}

void bc_outputs_follow(bc_outputs *outputs, bc_live_input *source)
{
    while (outputs->n_ahead > 0)
        drop_first(outputs);
    for (int i = 0; i < outputs->n_fixed; i++)
        bc_output_follow(outputs->fixed[i], source, bc_live_input_streams(source));
}

int bc_outputs_count_open(const bc_outputs *outputs)
{
    int n = outputs->recording != NULL;
    for (int i = 0; i < outputs->n_fixed; i++)
        n += bc_output_get_state(outputs->fixed[i]).is_open;
    return n;
}

bool bc_outputs_are_asleep(const bc_outputs *outputs)
{
    bool are_asleep = outputs->n_fixed > 0 && !outputs->recording;
    for (int i = 0; i < outputs->n_fixed; i++)
        are_asleep = are_asleep && bc_output_get_state(outputs->fixed[i]).is_asleep;
    return are_asleep;
}

bool bc_outputs_are_lost(const bc_outputs *outputs)
{
    bool is_any = outputs->recording != NULL;
    for (int i = 0; i < outputs->n_fixed; i++)
        is_any = is_any || !bc_output_get_state(outputs->fixed[i]).has_failed;
    return outputs->n_fixed > 0 && !is_any;
}

bc_status bc_outputs_close(bc_outputs *outputs)
{
    bc_status status = outputs->n_failed > 0 ? BC_ERR_IO : BC_OK;
    for (int i = 0; i < outputs->n_fixed; i++)
        bc_output_finish(outputs->fixed[i]);
    if (outputs->recording)
        bc_output_finish(outputs->recording);
    for (int i = 0; i < outputs->n_fixed; i++) {
        const bc_status closed = bc_output_close(&outputs->fixed[i], NULL);
        status = status < 0 ? status : closed;
    }
    const bc_status closed = bc_output_close(&outputs->recording, NULL);
    while (outputs->n_ahead > 0)
        drop_first(outputs);
    outputs->n_fixed = 0;
    return status < 0 ? status : closed;
}
