#include "train/painting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

enum { THUMBNAIL_SIDE = 96, N_FIELDS = 7 };

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Cuts the line at its tabs; fields that it lacks are "". */
static bc_status read_line(bc_painting *painting, const bc_log *log)
{
    const char *fields[N_FIELDS] = {"", "", "", "", "", "", ""};
    char *rest = painting->line;
    for (int i = 0; i < N_FIELDS && rest; i++)
        fields[i] = strsep(&rest, "\t");
    painting->info = (bc_style_info){.name = fields[1],
                                     .title = fields[2],
                                     .artist = fields[3],
                                     .year = fields[4],
                                     .licence = fields[5]};
    return bc_objective_parse(&painting->objective, fields[6], painting->photo.path, log);
}

static void set_default_line(bc_painting *painting, const char *file)
{
    const char *dot = strrchr(file, '.');
    const int n = (int)(dot ? dot - file : (ptrdiff_t)strlen(file));
    snprintf(painting->line, sizeof(painting->line), "%s\t%.*s", file, n, file);
}

/* BC_OK with the line of `file`, BC_END if there is none. */
static bc_status find_line(char line[512], const char *list, const char *file, const bc_log *log)
{
    FILE *stream = fopen(list, "r");
    if (!stream)
        return bc_fail(log, BC_ERR_IO, "%s: cannot be opened", list);
    const size_t n = strlen(file);
    bc_status status = BC_END;
    while (status == BC_END && fgets(line, 512, stream))
        if (strncmp(line, file, n) == 0 && line[n] == '\t')
            status = BC_OK;
    line[strcspn(line, "\n")] = '\0';
    fclose(stream);
    return status;
}

/* A file name may not lead out of the net's folder, and names stand in tensors' names. */
static bc_status check_name(const bc_painting *painting, const bc_log *log)
{
    const char *name = painting->info.name;
    if (name[0] == '\0' || name[0] == '.' || strchr(name, '/') || strlen(name) > 40)
        return bc_fail(log, BC_ERR_ARGUMENT, "%s: '%s' cannot be the name of a style",
                       painting->photo.path, name);
    return BC_OK;
}

static bc_status make_thumbnail(bc_painting *painting, const bc_log *log)
{
    float *picture;
    bc_style_info *info = &painting->info;
    bc_status status = bc_painting_resize(&picture, &info->thumbnail_height, &info->thumbnail_width,
                                          painting, THUMBNAIL_SIDE, log);
    if (status < 0)
        return status;
    const int n = info->thumbnail_height * info->thumbnail_width;
    painting->thumbnail = malloc((size_t)n * 3);
    if (painting->thumbnail)
        bc_picture_quantise(painting->thumbnail, picture, n, (size_t)n);
    else
        status = bc_fail(log, BC_ERR_MEMORY, "%s: no memory", painting->photo.path);
    info->thumbnail = painting->thumbnail;
    free(picture);
    return status;
}

bc_status bc_painting_open(bc_painting *painting, const char *path, const char *list,
                           const bc_log *log)
{
    const char *file = base_name(path);
    *painting = (bc_painting){0};
    bc_status status = bc_photo_read(&painting->photo, path, 0, log);
    if (status == BC_OK)
        status = list ? find_line(painting->line, list, file, log) : BC_END;
    if (status < 0)
        return status;
    if (status == BC_END)
        set_default_line(painting, file);
    status = read_line(painting, log);
    if (status == BC_OK)
        status = check_name(painting, log);
    return status < 0 ? status : make_thumbnail(painting, log);
}

void bc_painting_close(bc_painting *painting)
{
    bc_photo_free(&painting->photo);
    free(painting->thumbnail);
    *painting = (bc_painting){0};
}

bc_status bc_painting_resize(float **picture, int *height, int *width, const bc_painting *painting,
                             int side, const bc_log *log)
{
    const bc_photo *photo = &painting->photo;
    const int shorter = photo->width < photo->height ? photo->width : photo->height;
    const double scale = (double)side / shorter;
    *width = (int)(photo->width * scale + 0.5);
    *height = (int)(photo->height * scale + 0.5);
    *picture = malloc((size_t)*width * (size_t)*height * 3 * sizeof(float));
    if (!*picture)
        return bc_fail(log, BC_ERR_MEMORY, "%s: no memory", photo->path);
    const bc_status status =
        bc_resample(*picture, *height, *width, photo->pixels, photo->height, photo->width,
                    (bc_resample_window){0, 0, photo->width, photo->height}, log);
    if (status < 0) {
        free(*picture);
        *picture = NULL;
    }
    return status;
}
