/* imported.h: what the tests of foreign nets share: a folder that they are imported into. */
#ifndef BC_TESTS_IMPORT_IMPORTED_H
#define BC_TESTS_IMPORT_IMPORTED_H

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "export/protobuf.h"
#include "import/style_file.h"
#include "model/model.h"
#include "test.h"

static char folder[] = "/tmp/bc-nets-XXXXXX";
static char message[1024];
static bc_log log_;

static inline bool imported_begin(void)
{
    log_ = test_log(message);
    return mkdtemp(folder) != NULL;
}

static inline void imported_end(void)
{
    char command[256];
    snprintf(command, sizeof(command), "rm -r '%s'", folder);
    CHECK_INT(system(command), 0);
}

/* A file's bytes to a net in the folder and back into a model; NULL if they are refused. */
static inline bc_model *import(const void *bytes, size_t size, int range, const char *style)
{
    char path[256], style_path[512];
    bc_model *model = NULL;
    bc_draft *read = calloc(1, sizeof(*read));
    bc_status status =
        read ? bc_style_file_read(read, bytes, size, range, "FILE", &log_) : BC_ERR_MEMORY;
    if (status == BC_OK)
        status = bc_draft_write(read, folder, style, "FILE", &log_);
    if (read)
        bc_draft_close(read);
    free(read);
    snprintf(path, sizeof(path), "%s/network.safetensors", folder);
    snprintf(style_path, sizeof(style_path), "%s/styles/%s.safetensors", folder, style);
    const char *const styles[] = {style_path};
    if (status == BC_OK)
        bc_model_open_files(&model, path, styles, 1, &log_);
    return model;
}

/* A net of the golden fixtures, with a style, or without any: NULL. */
static inline bc_model *open_golden(const char *net, const char *style)
{
    char path[512], style_path[512];
    bc_model *model = NULL;
    snprintf(path, sizeof(path), BC_TESTS_DIR "/golden/%s.safetensors", net);
    snprintf(style_path, sizeof(style_path), BC_TESTS_DIR "/golden/%s.safetensors",
             style ? style : "");
    const char *const styles[] = {style_path};
    CHECK_INT(bc_model_open_files(&model, path, styles, style ? 1 : 0, &log_), BC_OK);
    return model;
}

static inline void check_refused(const bc_proto *file, const char *reason)
{
    bc_model *model = import(file->bytes, file->size, 0, "refused");
    CHECK(model == NULL);
    if (!CHECK(strstr(message, reason) != NULL))
        fprintf(stderr, "    no '%s' in: %s\n", reason, message);
    bc_model_close(&model);
}

#endif
