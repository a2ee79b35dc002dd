/*
 * inspect/: brushcast-inspect, which shows what nets compute. One file for each sub-command; a new
 * one is a function below and a line of the table in brushcast_inspect.c.
 */
#ifndef BC_INSPECT_INSPECT_H
#define BC_INSPECT_INSPECT_H

#include "brushcast.h"

enum { BC_EXIT_DONE, BC_EXIT_FAILED, BC_EXIT_USAGE };

/* Says what is wrong with the command line and where to look; returns BC_EXIT_USAGE. */
int bc_inspect_usage(const char *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A sub-command: argv[0] is its name; returns the program's exit status. */
int bc_inspect_decode(int argc, char **argv, const bc_log *log);
int bc_inspect_features(int argc, char **argv, const bc_log *log);
int bc_inspect_flicker(int argc, char **argv, const bc_log *log);
int bc_inspect_layers(int argc, char **argv, const bc_log *log);
int bc_inspect_losses(int argc, char **argv, const bc_log *log);
int bc_inspect_roofline(int argc, char **argv, const bc_log *log);
int bc_inspect_style(int argc, char **argv, const bc_log *log);

#endif
