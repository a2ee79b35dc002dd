/* report.h: what `get` answers: the state of the live program as JSON. With its lock held. */
#ifndef BC_LIVE_REPORT_H
#define BC_LIVE_REPORT_H

#include <jansson.h>

#include "live/live.h"

/* "styles": the names of the present net's styles, in order. */
void bc_report_styles(json_t *report, const bc_live *live);

/* Everything: settings, times of the last frames in ms, source, view, outputs. */
void bc_report_state(json_t *report, const bc_live *live);

#endif
