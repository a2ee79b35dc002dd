/* A writer whose coded frames go into parts: where one ends and the next begins. */
#include <stdlib.h>

#include "base/log.h"
#include "media/writer_private.h"

static bc_status begin_part(bc_writer *writer, int number)
{
    const bc_log *log = &writer->params.log;
    writer->part_number = number;
    writer->part_path = bc_parts_path(writer->params.parts, number);
    return writer->part_path
               ? bc_part_create(&writer->part, writer->part_path, writer->encoder.context, log)
               : bc_fail(log, BC_ERR_MEMORY, "%s: no memory", writer->name);
}

static bc_status end_part(bc_writer *writer, int next)
{
    const bc_status status = bc_part_finish(&writer->part, next);
    free(writer->part_path);
    writer->part_path = NULL;
    return status;
}

bc_status bc_writer_begin_parts(bc_writer *writer)
{
    return begin_part(writer, writer->params.part);
}

bc_status bc_writer_choose_part(bc_writer *writer, const bc_frame *frame)
{
    const int64_t time_us = bc_frame_time_us(frame);
    const int number =
        time_us == BC_NO_PTS ? writer->part_number : bc_parts_at(writer->params.parts, time_us);
    if (number < writer->params.part || number > writer->params.last_part)
        return BC_END;
    if (number <= writer->part_number)
        return BC_OK;
    bc_status status = bc_writer_drain(writer);
    if (status == BC_OK)
        status = end_part(writer, number);
    if (status == BC_OK)
        status =
            bc_encoder_restart(&writer->encoder, writer->destination.container, &writer->params);
    return status == BC_OK ? begin_part(writer, number) : status;
}

bc_status bc_writer_end_parts(bc_writer *writer)
{
    return end_part(writer, bc_parts_after(writer->params.parts, writer->part_number));
}

void bc_writer_drop_part(bc_writer *writer)
{
    bc_part_discard(&writer->part);
    free(writer->part_path);
    writer->part_path = NULL;
}
