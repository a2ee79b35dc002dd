#include "train/nearest.h"

#include <math.h>
#include <string.h>

#include "base/log.h"

enum { N_PHOTOS = 2 };

bc_status bc_nearest_style(bc_trainer *trainer, int style, const char *folder,
                           const bc_style_name *names, int n_names, const bc_log *log)
{
    bc_train_style *s = &trainer->styles[style];
    const int n_set_aside = trainer->photos->n_validation;
    const char *nearest = NULL;
    double least = INFINITY;
    bc_status status = BC_OK;
    for (int i = 0; i < n_names && status == BC_OK; i++) {
        bc_train_figures figures = {.losses.style = INFINITY};
        status = bc_net_files_read_style(trainer, s, folder, names[i].text, log);
        if (status == BC_OK)
            status = bc_trainer_validate(trainer, &figures, style,
                                         n_set_aside < N_PHOTOS ? n_set_aside : N_PHOTOS, 0, log);
        if (figures.losses.style < least) {
            least = figures.losses.style;
            nearest = names[i].text;
        }
    }
    if (status < 0 || !nearest)
        return status;
    bc_log_write(log, BC_LOG_INFO, "%s: starts from '%s'", s->info.name, nearest);
    return bc_net_files_read_style(trainer, s, folder, nearest, log);
}
