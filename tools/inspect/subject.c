#include "inspect/subject.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "train/photos.h"

/* Options ---------------------------------------------------------------------------------- */

#define AT(FIELD) offsetof(bc_subject_options, FIELD)

const bc_option bc_subject_table[BC_N_SUBJECT_OPTIONS] = {
    {"output", "FILE", "sheet to write (.png, .jpg, .svg, ...)", BC_OPTION_TEXT,
     .offset = AT(output), .completion = BC_COMPLETE_FILE, .letter = 'o'},
    {"overwrite", NULL, "replace an existing one", BC_OPTION_FLAG, .offset = AT(overwrite),
     .letter = 'y'},
    {"autoencoder", "FILE", "of the net: NET/autoencoder.safetensors", BC_OPTION_TEXT,
     .offset = AT(autoencoder), .completion = BC_COMPLETE_FILE},
    {"bank", "FILE", "of a style: NET/styles/NAME.safetensors", BC_OPTION_TEXT, .offset = AT(bank),
     .completion = BC_COMPLETE_FILE},
    {"size", "N", "short side of the picture as the net sees it, pixels (192)", BC_OPTION_COUNT,
     .offset = AT(size), .low = 16, .high = 1024},
    {"iterations", "N", "of L-BFGS for each reconstruction (150)", BC_OPTION_COUNT,
     .offset = AT(n_iterations), .low = 1, .high = 100000},
    {"seed", "N", "of the noise that reconstructions start from (1)", BC_OPTION_COUNT,
     .offset = AT(seed), .high = INT_MAX},
    {"threads", "N", "processors to use (all); results do not depend on it", BC_OPTION_COUNT,
     .offset = AT(n_threads), .low = 1, .high = BC_MAX_THREADS},
};

int bc_subject_parse(bc_subject_options *options, const bc_command *command, int n_args,
                     char **args, const bc_log *log)
{
    *options = (bc_subject_options){.size = 192, .n_iterations = 150, .seed = 1};
    const int parsed = bc_options_parse(command, &n_args, args, options, log);
    if (parsed == 0 && (n_args != 2 || !options->output || !options->autoencoder))
        return bc_options_refuse(command, log, "needs one PICTURE, --output and --autoencoder");
    options->picture = args[1];
    return parsed;
}

/* Files ------------------------------------------------------------------------------------ */

static bc_status take_values(bc_subject *s, bc_owner owner, const bc_safetensors *file,
                             const char *path, const bc_log *log)
{
    s->values.of[owner] = malloc(s->params.n_values[owner] * sizeof(float));
    if (!s->values.of[owner])
        return bc_fail(log, BC_ERR_MEMORY, "%s: out of memory", path);
    return bc_params_read(s->values.of[owner], &s->params, owner, file, path, log);
}

/* bank: NULL if there is none. */
static bc_status take_net(bc_subject *s, const bc_subject_options *o, const bc_net *net,
                          const bc_style *bank, const bc_log *log)
{
    s->n_bank_layers = net->n_bank_layers;
    bc_params_make(&s->params, &net->table);
    bc_status status = take_values(s, BC_OWNER_NET, net->file, o->autoencoder, log);
    if (status == BC_OK && bank)
        status = take_values(s, BC_OWNER_STYLE, bank->file, o->bank, log);
    return status;
}

static bc_status read_net(bc_subject *s, const bc_subject_options *o, const bc_log *log)
{
    bc_net net;
    bc_style bank = {0};
    bc_status status = bc_net_open(&net, o->autoencoder, log);
    if (status == BC_OK && net.format != 1)
        status = bc_fail(log, BC_ERR_ARGUMENT, "%s: no auto-encoder of format 1", o->autoencoder);
    if (status == BC_OK && o->bank)
        status = bc_style_open(&bank, o->bank, "", &net, log);
    if (status == BC_OK)
        status = take_net(s, o, &net, o->bank ? &bank : NULL, log);
    bc_style_close(&bank);
    bc_net_close(&net);
    return status;
}

/* A length that the net takes whole. */
static int whole(double pixels)
{
    return pixels < 6 ? 4 : 4 * (int)(pixels / 4 + 0.5);
}

static bc_status read_picture(bc_subject *s, const bc_subject_options *o, const bc_log *log)
{
    bc_photo photo = {0};
    bc_status status = bc_photo_read(&photo, o->picture, 0, log);
    if (status == BC_OK) {
        const int shorter = photo.width < photo.height ? photo.width : photo.height;
        const double scale = (double)o->size / shorter;
        s->width = whole(photo.width * scale);
        s->height = whole(photo.height * scale);
        s->picture = malloc(3 * sizeof(float) * (size_t)s->width * (size_t)s->height);
        status = s->picture
                     ? bc_resample(s->picture, s->height, s->width, photo.pixels, photo.height,
                                   photo.width,
                                   (bc_resample_window){0, 0, photo.width, photo.height}, log)
                     : bc_fail(log, BC_ERR_MEMORY, "%s: out of memory", o->picture);
    }
    bc_photo_free(&photo);
    return status;
}

bc_status bc_subject_open(bc_subject *subject, const bc_subject_options *options, const bc_log *log)
{
    *subject = (bc_subject){0};
    if (!options->overwrite && access(options->output, F_OK) == 0)
        return bc_fail(log, BC_ERR_IO, "%s: exists; -y overwrites it", options->output);
    bc_status status = read_net(subject, options, log);
    if (status == BC_OK)
        status = read_picture(subject, options, log);
    if (status == BC_OK)
        status = bc_workspace_open(&subject->workspace, options->n_threads, log);
    return status;
}

void bc_subject_close(bc_subject *subject)
{
    if (subject->workspace.pool)
        bc_workspace_close(&subject->workspace);
    free(subject->values.of[BC_OWNER_NET]);
    free(subject->values.of[BC_OWNER_STYLE]);
    free(subject->picture);
    *subject = (bc_subject){0};
}

bc_status bc_subject_open_net(bc_train_net *net, const bc_subject *subject, const bc_log *log)
{
    return bc_train_net_open(net, subject->height, subject->width, &subject->params,
                             &subject->workspace, log);
}
