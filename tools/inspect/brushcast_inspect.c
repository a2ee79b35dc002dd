#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "inspect/inspect.h"
#include "media/log.h"
#include "train/blas.h"

typedef struct command {
    const char *name, *summary;
    int (*run)(int argc, char **argv, const bc_log *log);
} command;

static const command commands[] = {
    {"layers", "write what every layer answers to a picture", bc_inspect_layers},
    {"features", "draw a picture from what each layer of the encoder keeps", bc_inspect_features},
    {"style", "draw a painting from what the layers of its bank keep", bc_inspect_style},
    {"decode", "draw how a painting comes about, layer by layer", bc_inspect_decode},
    {"losses", "draw the losses that brushcast-gatys and brushcast-train logged",
     bc_inspect_losses},
    {"flicker", "measure how steady painted clips are", bc_inspect_flicker},
    {"roofline", "draw the layers of brushcast bench under the machine's roofs",
     bc_inspect_roofline},
};
enum { N_COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static void write_message(void *cookie, bc_log_level level, const char *message)
{
    (void)cookie;
    if (level <= BC_LOG_WARNING)
        fprintf(stderr, "brushcast-inspect: %s\n", message);
}

int bc_inspect_usage(const char *name, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("brushcast-inspect: ", stderr);
    vfprintf(stderr, format, args);
    fprintf(stderr, "; see brushcast-inspect %s%s--help\n", name, *name ? " " : "");
    va_end(args);
    return BC_EXIT_USAGE;
}

static void print_help(void)
{
    printf("Usage: brushcast-inspect COMMAND ...\n"
           "Shows what nets compute.\n\n");
    for (int i = 0; i < N_COMMANDS; i++)
        printf("  %-10s %s\n", commands[i].name, commands[i].summary);
    printf("\nbrushcast-inspect COMMAND --help says more.\n");
}

static int run(int argc, char **argv, const bc_log *log)
{
    if (argc < 2)
        return bc_inspect_usage("", "no command");
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_help();
        return BC_EXIT_DONE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("brushcast-inspect %s\n", bc_version());
        return BC_EXIT_DONE;
    }
    for (int i = 0; i < N_COMMANDS; i++) {
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1, log);
    }
    return bc_inspect_usage("", "no command '%s'", argv[1]);
}

int main(int argc, char **argv)
{
    bc_blas_choose(argv);
    const bc_log log = {.write = write_message};
    bc_media_log(&log);
    const int status = run(argc, argv, &log);
    if (fflush(stdout) != 0 && status == BC_EXIT_DONE) {
        bc_fail(&log, BC_ERR_IO, "standard output: %s", strerror(errno));
        return BC_EXIT_FAILED;
    }
    return status;
}
