/* pages.h: the pages of the manual that are made of the tables of keys and of verbs. */
#ifndef BC_LIVE_PAGES_H
#define BC_LIVE_PAGES_H

#include "cli/program.h"

extern const bc_page bc_page_keys, bc_page_control;

#endif
