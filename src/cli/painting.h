/*
 * painting.h: the options of every command that paints. AT is the command's own macro from the name
 * of a field to its offset, and the fields are called as in bc_painter_params and its settings.
 */
#ifndef BC_CLI_PAINTING_H
#define BC_CLI_PAINTING_H

#include "cli/precision.h"

/* What --cpu may be: "native" and all names of bc_tier_name, which a test holds against it. */
#if defined(__x86_64__)
#define BC_TIER_CHOICES "native|c|avx2|avx512|amx"
#elif defined(__aarch64__)
#define BC_TIER_CHOICES "native|c|neon"
#else
#define BC_TIER_CHOICES "native|c"
#endif

#define BC_TIER_OPTION(AT)                                                                         \
    {                                                                                              \
        "cpu", "TIER", "of instruction sets (native: the best)", BC_OPTION_CHOICE,                 \
            .offset = AT(tier), .choices = BC_TIER_CHOICES                                         \
    }

#define BC_NET_OPTIONS(AT)                                                                         \
    {"net",                                                                                        \
     "NET",                                                                                        \
     "deep, light, paper or a folder (deep, else light; live the one that holds the rate)",        \
     BC_OPTION_TEXT,                                                                               \
     .offset = AT(net),                                                                            \
     .completion = BC_COMPLETE_FOLDER},                                                            \
    {                                                                                              \
        "models", "FOLDER", "where to look for nets first", BC_OPTION_TEXT,                        \
            .offset = AT(models), .completion = BC_COMPLETE_FOLDER                                 \
    }

#define BC_THREADS_OPTION(AT)                                                                      \
    {                                                                                              \
        "threads", "N", "processors to use, by decoder and encoder too (all)", BC_OPTION_COUNT,    \
            .offset = AT(n_threads), .low = 1, .high = BC_MAX_THREADS                              \
    }

#define BC_STABILIZE_OPTION(AT)                                                                    \
    {                                                                                              \
        "stabilize", "0..1", "hold still parts still, at 1 averaged over 33 frames (0)",           \
            BC_OPTION_NUMBER, .offset = AT(stabilize), .low = 0, .high = 1                         \
    }

#define BC_PAINTING_OPTIONS(AT)                                                                    \
    {"style",                                                                                      \
     "NAME[:WEIGHT],...",                                                                          \
     "a style, or several to blend (the net's first); none: the frames as they are; "              \
     "'brushcast styles' lists them",                                                              \
     BC_OPTION_TEXT,                                                                               \
     .offset = AT(style),                                                                          \
     .completion = BC_COMPLETE_STYLE},                                                             \
        {"strength",                                                                               \
         "0..1",                                                                                   \
         "how much of the painting is seen (1); 0 gives the source's own pixels",                  \
         BC_OPTION_NUMBER,                                                                         \
         .offset = AT(strength),                                                                   \
         .low = 0,                                                                                 \
         .high = 1},                                                                               \
        {"keep-colors",                                                                            \
         "0..1",                                                                                   \
         "how much of the source's colours stay under the painting's luma (0)",                    \
         BC_OPTION_NUMBER,                                                                         \
         .offset = AT(keep_colors),                                                                \
         .low = 0,                                                                                 \
         .high = 1},                                                                               \
        BC_STABILIZE_OPTION(AT), BC_NET_OPTIONS(AT), BC_PRECISION_OPTION(AT(precision)),           \
        BC_THREADS_OPTION(AT)

#endif
