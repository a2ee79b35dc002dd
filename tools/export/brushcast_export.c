/* brushcast-export: a net with its style as an ONNX model. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/temporary.h"
#include "cli/program.h"
#include "export/graph.h"

enum { EXIT_DONE, EXIT_FAILED, EXIT_USAGE };

typedef struct settings {
    const char *net, *models, *style, *size, *output;
    bool overwrite;
} settings;

#define AT(FIELD) offsetof(settings, FIELD)

static const bc_option options[] = {
    {"output", "FILE.onnx", "file to write", BC_OPTION_TEXT, .offset = AT(output),
     .completion = BC_COMPLETE_FILE, .letter = 'o'},
    {"net", "NET", "deep, light, paper or a folder (deep, else light)", BC_OPTION_TEXT,
     .offset = AT(net), .completion = BC_COMPLETE_FOLDER},
    {"models", "FOLDER", "where to look for nets first", BC_OPTION_TEXT, .offset = AT(models),
     .completion = BC_COMPLETE_FOLDER},
    {"style", "NAME[:WEIGHT],...", "the style, or a blend of several (the first)", BC_OPTION_TEXT,
     .offset = AT(style), .completion = BC_COMPLETE_STYLE},
    {"size", "WxH", "of all frames; canvases then lie in the model (any size)", BC_OPTION_TEXT,
     .offset = AT(size)},
    {"overwrite", NULL, "replace an existing file", BC_OPTION_FLAG, .offset = AT(overwrite),
     .letter = 'y'},
};

static int run(int n_args, char **args, const bc_log *log);

static const bc_command command = {
    .arguments = "-o FILE.onnx [OPTION...]",
    .description =
        "Writes a net with one of its styles, or a blend, as an ONNX model (opset 13) for ONNX "
        "Runtime and whatever else reads such models. Input \"frame\" and output \"painting\" are "
        "floats "
        "[batch, 3, height, width], RGB from 0 to 1, of any size.\n\n"
        "A net with canvases, as \"deep\" is, takes each of them as one more input; with --size "
        "the model is for frames of that size alone, has its canvases in it, and asks least of "
        "who runs it.",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .examples =
        "brushcast-export --net light --style scream -o scream.onnx\tframes of any size\n"
        "brushcast-export --style scream --size 1280x720 -o scream.onnx\tone size, one input\n",
    .run = run,
};

static const bc_program program = {
    .name = "brushcast-export",
    .summary = "write a net with its style as an ONNX model",
    .commands = (const bc_command *const[]){&command, NULL},
};

static bool parse_size(const char *text, bc_export_params *params)
{
    char end;
    int *width = &params->width, *height = &params->height;
    return !text || (sscanf(text, "%dx%d%c", width, height, &end) == 2 && *width >= 1 &&
                     *width <= BC_MAX_SIZE && *height >= 1 && *height <= BC_MAX_SIZE);
}

static bc_status write_file(const char *path, const bc_proto *file, const bc_log *log)
{
    char *part;
    const int fd = bc_temporary_create(&part, path);
    FILE *stream = fd < 0 ? NULL : fdopen(fd, "wb");
    bool ok = stream && fwrite(file->bytes, 1, file->size, stream) == file->size;
    if (stream)
        ok = fclose(stream) == 0 && ok;
    else if (fd >= 0)
        close(fd);
    ok = ok && rename(part, path) == 0;
    const int reason = errno;
    if (!ok && part)
        unlink(part);
    free(part);
    return ok ? BC_OK
              : bc_fail(log, BC_ERR_IO, "%s: cannot be written: %s", path, strerror(reason));
}

static bc_status export(const settings *s, const bc_model *model, bc_export_params *params,
                        const bc_log *log)
{
    bc_proto file = {0};
    bc_style_weight blend[BC_MAX_BLEND];
    bc_status status = BC_OK;
    params->blend = blend;
    if (s->style || bc_model_style_count(model) > 0)
        status = bc_blend_parse(model, s->style, blend, &params->n_blend, log);
    if (status == BC_OK)
        status = bc_export_write(&file, model, params, log);
    if (status == BC_OK)
        status = write_file(s->output, &file, log);
    if (status == BC_OK)
        bc_log_write(log, BC_LOG_INFO, "%s: %zu bytes", s->output, file.size);
    bc_proto_free(&file);
    return status;
}

static int run(int n_args, char **args, const bc_log *log)
{
    settings s = {0};
    bc_export_params params = {0};
    bc_model *model;
    const int parsed = bc_options_parse(&command, &n_args, args, &s, log);
    if (parsed != 0)
        return parsed < 0 ? EXIT_USAGE : EXIT_DONE;
    if (n_args != 1 || !s.output || !parse_size(s.size, &params)) {
        bc_options_refuse(&command, log, "needs --output FILE.onnx, and a size like 1280x720");
        return EXIT_USAGE;
    }
    if (!s.overwrite && access(s.output, F_OK) == 0) {
        bc_fail(log, BC_ERR_IO, "%s: exists; -y overwrites it", s.output);
        return EXIT_FAILED;
    }
    bc_status status = bc_model_open(
        &model, s.net,
        &(bc_model_params){.size = sizeof(bc_model_params), .models = s.models, .log = *log});
    if (status == BC_OK)
        status = export(&s, model, &params, log);
    bc_model_close(&model);
    return status < 0 ? EXIT_FAILED : EXIT_DONE;
}

int main(int n_args, char **args)
{
    return bc_program_run(&program, n_args, args);
}
