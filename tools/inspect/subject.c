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

static bc_status take_values(float **values, const bc_params *params, const bc_safetensors *file,
                             const char *path, const bc_log *log)
{
    *values = malloc(params->n_values * sizeof(**values));
    if (!*values)
        return bc_fail(log, BC_ERR_MEMORY, "%s: out of memory", path);
    return bc_params_read(*values, params, file, path, log);
}

static bc_status read_bank(bc_subject *s, const char *path, const bc_autoencoder *autoencoder,
                           const bc_log *log)
{
    bc_bank bank;
    bc_status status = bc_bank_open(&bank, path, "", autoencoder, log);
    if (status == BC_OK) {
        bc_params_make_bank(&s->bank, autoencoder->widths[BC_N_WIDTHS - 1], bank.n_layers);
        status = take_values(&s->values.bank, &s->bank, bank.file, path, log);
    }
    bc_bank_close(&bank);
    return status;
}

static bc_status read_net(bc_subject *s, const bc_subject_options *o, const bc_log *log)
{
    bc_autoencoder autoencoder;
    bc_status status = bc_autoencoder_open(&autoencoder, o->autoencoder, log);
    if (status == BC_OK) {
        bc_params_make_autoencoder(&s->autoencoder, autoencoder.widths, autoencoder.upsample);
        status = take_values(&s->values.autoencoder, &s->autoencoder, autoencoder.file,
                             o->autoencoder, log);
    }
    if (status == BC_OK && o->bank)
        status = read_bank(s, o->bank, &autoencoder, log);
    bc_autoencoder_close(&autoencoder);
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
    free(subject->values.autoencoder);
    free(subject->values.bank);
    free(subject->picture);
    *subject = (bc_subject){0};
}

bc_status bc_subject_open_net(bc_train_net *net, const bc_subject *subject, const bc_log *log)
{
    return bc_train_net_open(net, subject->height, subject->width, &subject->autoencoder,
                             subject->values.bank ? &subject->bank : NULL, &subject->workspace,
                             log);
}

const char *bc_subject_stage_name(char name[32], const bc_subject *subject, int stage)
{
    const int n_banks = subject->bank.n_stages, bank = stage - BC_N_ENCODER;
    if (stage < BC_N_ENCODER)
        snprintf(name, 32, "encoder.%d", stage);
    else if (bank < n_banks)
        snprintf(name, 32, "bank.%d", bank);
    else
        snprintf(name, 32, "decoder.%d", bank - n_banks);
    return name;
}
