/* report.h: what `get` answers: the state of a stage as JSON. With the stage's lock held. */
#ifndef BC_APP_REPORT_H
#define BC_APP_REPORT_H

#include <jansson.h>

#include "app/stage.h"

/* "styles": the names of the present net's styles, in order. */
void bc_report_styles(json_t *report, const bc_stage *stage);

/* Everything: settings, times of the last frames in ms, source, view, outputs. */
void bc_report_state(json_t *report, const bc_stage *stage);

#endif
