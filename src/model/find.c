#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "model/model.h"

/* Whether FOLDER/NAME can be read. */
static bool has_file(const char *folder, const char *name)
{
    char *file;
    if (asprintf(&file, "%s/%s", folder, name) < 0)
        return false;
    const bool has = access(file, R_OK) == 0;
    free(file);
    return has;
}

/* BASE[/SUB]/NET if a net of either format is in it, else NULL; what was looked at goes to
 * `places`. */
static char *try_folder(const char *base, const char *sub, const char *net, FILE *places)
{
    char *folder;
    if (!base || !*base || asprintf(&folder, "%s%s/%s", base, sub, net) < 0)
        return NULL;
    if (has_file(folder, "network.safetensors") || has_file(folder, "autoencoder.safetensors"))
        return folder;
    fprintf(places, "%s%s", ftell(places) > 0 ? ", " : "", folder);
    free(folder);
    return NULL;
}

/* The program's own folder; "" where the system does not tell. */
static const char *find_program(char path[PATH_MAX])
{
    const ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
    path[length > 0 ? length : 0] = '\0';
    char *slash = strrchr(path, '/');
    if (slash)
        *slash = '\0';
    return path;
}

static char *search(const char *net, const char *models_folder, FILE *places)
{
    char program[PATH_MAX];
    const char *data_home = getenv("XDG_DATA_HOME");
    const bool has_data_home = data_home && *data_home;
    const struct {
        const char *base, *sub;
    } candidates[] = {
        {models_folder, ""},
        {getenv("BRUSHCAST_MODELS"), ""},
        {has_data_home ? data_home : getenv("HOME"),
         has_data_home ? "/brushcast" : "/.local/share/brushcast"},
        {find_program(program), "/" BC_MODELS_FROM_PROGRAM}, /* an installation that was moved */
        {BC_INSTALLED_MODELS, ""},
        {BC_SOURCE_MODELS, ""},
        {".", ""},
    };
    char *folder = NULL;
    for (size_t i = 0; i < sizeof(candidates) / sizeof(candidates[0]) && !folder; i++)
        folder = try_folder(candidates[i].base, candidates[i].sub, net, places);
    return folder;
}

bc_status bc_model_find_net(char **folder, const char *net, const char *models_folder,
                            const bc_log *log)
{
    char *looked_at = NULL;
    size_t size;
    if (strchr(net, '/')) {
        *folder = strdup(net);
        return *folder ? BC_OK : bc_fail(log, BC_ERR_MEMORY, "%s: out of memory", net);
    }
    *folder = NULL;
    FILE *places = open_memstream(&looked_at, &size);
    if (!places)
        return bc_fail(log, BC_ERR_MEMORY, "%s: out of memory", net);
    *folder = *net ? search(net, models_folder, places) : NULL;
    fclose(places);
    bc_status status = BC_OK;
    if (!*folder)
        status = bc_fail(log, BC_ERR_IO, "no net '%s': looked at %s", net, looked_at);
    free(looked_at);
    return status;
}
