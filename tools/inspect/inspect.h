/*
 * inspect/: brushcast-inspect, which shows what nets compute. One file for each sub-command; a new
 * one is a line below and one of the table in brushcast_inspect.c.
 */
#ifndef BC_INSPECT_INSPECT_H
#define BC_INSPECT_INSPECT_H

#include "cli/options.h"

enum { BC_EXIT_DONE, BC_EXIT_FAILED, BC_EXIT_USAGE };

extern const bc_command bc_inspect_decode;
extern const bc_command bc_inspect_features;
extern const bc_command bc_inspect_flicker;
extern const bc_command bc_inspect_layers;
extern const bc_command bc_inspect_losses;
extern const bc_command bc_inspect_roofline;
extern const bc_command bc_inspect_style;

#endif
