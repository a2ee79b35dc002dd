/* report.h: what `get` answers: the state of the live program as JSON. With its lock held. */
#ifndef BC_LIVE_REPORT_H
#define BC_LIVE_REPORT_H

#include <jansson.h>

#include "live/live.h"

enum { BC_REPORT_STYLE = 128 };

/* "styles": the names of the present net's styles, in order. */
void bc_report_styles(json_t *report, const bc_live *live);

/* Everything: settings, times of the last frames in ms, source, view, outputs. */
void bc_report_state(json_t *report, const bc_live *live);

/* The name of the style that is shown, or "original": for names of files. */
void bc_report_style_name(const bc_live *live, char name[BC_REPORT_STYLE]);

#endif
