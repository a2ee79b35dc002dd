#include "train/session.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "train/fingerprint.h"
#include "train/net_files.h"

/* The short side of photographs in memory: large enough for whole scenes and for details. */
enum { PHOTO_SIDE = 600, SMALLEST_PHOTO = 192 };

/* Paintings -------------------------------------------------------------------------------- */

/* Of the figures: every painting is asked the same. */
static bc_objective objective_of(const bc_train_session *s, int i)
{
    const bc_train_options *o = s->options;
    bc_objective objective = bc_objective_look(o->look);
    if (o->command != BC_TRAIN_MEASURE && i < s->n_paintings)
        bc_objective_override(&objective, &s->paintings[i].objective);
    bc_objective_override(&objective, &o->objective);
    return objective;
}

static bc_status check_painting(const bc_train_session *s, const bc_painting *painting)
{
    for (const bc_painting *other = s->paintings; other < painting; other++)
        if (strcmp(other->info.name, painting->info.name) == 0)
            return bc_fail(s->log, BC_ERR_ARGUMENT, "%s and %s: two styles of the name '%s'",
                           other->photo.path, painting->photo.path, painting->info.name);
    const int width = painting->photo.width, height = painting->photo.height;
    const int brush = objective_of(s, (int)(painting - s->paintings)).brushes[0];
    if (2 * (width < height ? width : height) < brush)
        bc_log_write(s->log, BC_LOG_WARNING,
                     "%s: %dx%d, small for --brush %d: its strokes will be blurred",
                     painting->photo.path, width, height, brush);
    return BC_OK;
}

/* A style of no painting. */
static bc_status open_teacher(bc_train_session *s)
{
    const bc_train_options *o = s->options;
    const char *name = o->styles.texts[0];
    s->n_paintings = 1;
    s->paintings[0].info =
        (bc_style_info){.name = name, .title = "", .artist = "", .year = "", .licence = ""};
    s->paintings[0].objective = bc_objective_none();
    const bc_status status = bc_teacher_open(&s->teacher, o->teacher, name, s->log);
    if (status == BC_OK && o->config.crop % s->teacher.params.table.unit)
        return bc_fail(s->log, BC_ERR_ARGUMENT, "--crop %d: %s needs a multiple of %d",
                       o->config.crop, o->teacher, s->teacher.params.table.unit);
    return status;
}

static bc_status open_paintings(bc_train_session *s)
{
    const bc_train_options *o = s->options;
    bc_status status = BC_OK;
    if (o->teacher)
        return open_teacher(s);
    while (s->n_paintings < o->styles.n && status == BC_OK) {
        bc_painting *painting = &s->paintings[s->n_paintings];
        status =
            bc_painting_open(painting, o->styles.texts[s->n_paintings++], o->paintings, s->log);
        if (status == BC_OK)
            status = check_painting(s, painting);
    }
    return status;
}

static bc_status open_target(bc_train_session *s, bc_style_target **target,
                             const bc_objective *objective, const bc_painting *painting, int brush)
{
    bc_loss_params params;
    float *picture = NULL;
    bc_status status = bc_trainer_loss_params(&params, objective, &s->vgg, &s->workspace, s->log);
    if (status == BC_OK)
        status =
            bc_painting_resize(&picture, &params.height, &params.width, painting, brush, s->log);
    if (status == BC_OK)
        status = bc_style_target_open(target, &params, picture, s->log);
    free(picture);
    return status;
}

static bc_status open_targets(bc_train_session *s, int i)
{
    bc_train_style *style = &s->trainer.styles[i];
    const bc_objective *objective = &style->objective;
    bc_status status = BC_OK;
    style->info = s->paintings[i].info;
    if (s->options->teacher)
        return BC_OK;
    for (; style->n_targets < objective->n_brushes && status == BC_OK; style->n_targets++)
        status = open_target(s, &style->targets[style->n_targets], objective, &s->paintings[i],
                             objective->brushes[style->n_targets]);
    return status;
}

/* What --resume compares ------------------------------------------------------------------- */

static uint64_t fingerprint_photos(const bc_photos *photos)
{
    uint64_t hash = BC_FINGERPRINT_START;
    for (int i = 0; i < photos->n_training; i++)
        hash = bc_photo_fingerprint(hash, &photos->training[i]);
    return hash;
}

static uint64_t fingerprint_samples(const bc_samples *samples)
{
    uint64_t hash = BC_FINGERPRINT_START;
    for (int i = 0; i < samples->n; i++)
        hash = bc_photo_fingerprint(hash, &samples->samples[i].painting);
    return hash;
}

static uint64_t fingerprint_network(const bc_vgg *vgg)
{
    uint64_t hash = BC_FINGERPRINT_START;
    for (int i = 0; i < vgg->n_layers; i++)
        hash =
            bc_fingerprint(hash, vgg->layers[i].bias, (size_t)vgg->layers[i].n_out * sizeof(float));
    return hash;
}

static void describe_inputs(bc_train_session *s)
{
    const bool is_taught = s->options->teacher != NULL;
    uint64_t paintings = is_taught ? s->teacher.fingerprint : BC_FINGERPRINT_START;
    for (int i = 0; i < s->n_paintings && !is_taught; i++)
        paintings = bc_photo_fingerprint(paintings, &s->paintings[i].photo);
    snprintf(s->trainer.inputs, sizeof(s->trainer.inputs),
             "photographs %016" PRIx64 " %s %016" PRIx64 " samples %016" PRIx64
             " loss-network %016" PRIx64 " precision %s",
             fingerprint_photos(&s->photos), is_taught ? "teacher" : "paintings", paintings,
             fingerprint_samples(&s->samples), fingerprint_network(&s->vgg),
             bc_product_rounds(s->vgg.products) ? "bf16" : "f32");
}

/* The trainer ------------------------------------------------------------------------------ */

static bc_status make_new_net(bc_train_config *config, const bc_train_options *o, const bc_log *log)
{
    if (config->is_frozen)
        return bc_fail(log, BC_ERR_IO, "%s: has no net to train a style on", o->net);
    if (o->command != BC_TRAIN_AUTOENCODER)
        return bc_layers_open(&config->layers, o->layers ? o->layers : "deep", log);
    bc_layers_of_format_1(&config->layers, o->widths, o->upsample, o->n_bank_layers);
    bc_layers_of_format_1(&config->identity, o->widths, o->upsample, 0);
    return BC_OK;
}

static bc_status check_net(const bc_train_config *config, const bc_train_options *o,
                           const bc_log *log)
{
    bc_layers stated;
    if ((o->command == BC_TRAIN_AUTOENCODER && config->identity.n == 0) ||
        (o->command == BC_TRAIN_WARMUP && config->identity.n > 0))
        return bc_fail(log, BC_ERR_MISMATCH, "%s: %s is not for nets of its format", o->net,
                       bc_train_command_names[o->command]);
    if (!o->layers)
        return BC_OK;
    const bc_status status = bc_layers_open(&stated, o->layers, log);
    if (status == BC_OK && strcmp(stated.text, config->layers.text) != 0)
        return bc_fail(log, BC_ERR_MISMATCH, "%s: has other layers than --layers %s", o->net,
                       o->layers);
    return status;
}

/* A net that is there is gone on from; styles and figures need one. *is_there says whether. */
static bc_status find_tables(bc_train_config *config, bool *is_there, const bc_train_options *o,
                             const bc_log *log)
{
    bc_status status = bc_net_files_probe(config, o->net, o->n_bank_layers, log);
    *is_there = status != BC_END;
    if (status == BC_END)
        status = make_new_net(config, o, log);
    else if (status == BC_OK)
        status = check_net(config, o, log);
    if (status == BC_OK && config->crop % config->layers.unit)
        status = bc_fail(log, BC_ERR_ARGUMENT, "--crop %d: the net needs a multiple of %d",
                         config->crop, config->layers.unit);
    return status;
}

/* What is not stated depends on whether the net can paint already. */
static void complete_config(bc_train_config *config, const bc_train_options *o, int n_read)
{
    const bool is_new = o->command == BC_TRAIN_JOINT && n_read == 0;
    if (config->n_warmup < 0)
        config->n_warmup = is_new && config->identity.n == 0 ? 400 : 0;
    if (o->command == BC_TRAIN_WARMUP)
        config->n_warmup = config->n_steps;
    if (config->ramp < 0)
        config->ramp = is_new ? 0.45 : 0;
}

/* A style of no painting, which only serves to warm up. */
static int count_styles(const bc_train_options *o)
{
    return o->command == BC_TRAIN_WARMUP ? 1 : o->styles.n;
}

static bc_status open_trainer(bc_train_session *s)
{
    const bc_train_options *o = s->options;
    bc_objective objectives[BC_TRAIN_MAX_STYLES];
    bc_train_config config = o->config;
    config.teacher = o->teacher ? &s->teacher : NULL;
    bool is_there;
    int n_read = 0;
    bc_status status = find_tables(&config, &is_there, o, s->log);
    for (int i = 0; i < count_styles(o); i++)
        objectives[i] = objective_of(s, i);
    if (status == BC_OK)
        status = bc_trainer_open(&s->trainer, &config, count_styles(o), objectives, &s->photos,
                                 o->loss_network ? &s->vgg : NULL, s->ranks, s->workspace.n_threads,
                                 s->log);
    for (int i = 0; i < s->n_paintings && status == BC_OK; i++)
        status = open_targets(s, i);
    if (status < 0)
        return status;
    if (o->command == BC_TRAIN_WARMUP)
        s->trainer.styles[0].info.name = "warm-up";
    s->trainer.samples = o->samples ? &s->samples : NULL;
    describe_inputs(s);
    if (is_there)
        status =
            bc_net_files_read(&s->trainer, o->net, o->command == BC_TRAIN_MEASURE, &n_read, s->log);
    complete_config(&s->trainer.config, o, n_read);
    return status;
}

/* ------------------------------------------------------------------------------------------ */

static bc_status open_loss_network(bc_train_session *s)
{
    const bc_train_options *o = s->options;
    const bc_product_kind fast = bc_product_fast();
    if (o->precision == BC_TRAIN_PRECISION_BF16 && !bc_product_rounds(fast))
        return bc_fail(s->log, BC_ERR_ARGUMENT, "--precision bf16: no AVX512_BF16 here");
    const bc_status status = bc_vgg_open(&s->vgg, o->loss_network, s->log);
    if (status < 0 || o->precision == BC_TRAIN_PRECISION_F32)
        return status;
    return bc_vgg_set_products(&s->vgg, fast, s->log);
}

static bc_status open_photos(bc_train_session *s)
{
    const bc_train_options *o = s->options;
    const int crop = o->config.crop;
    const int smallest = crop < SMALLEST_PHOTO ? crop : SMALLEST_PHOTO;
    return bc_photos_open(&s->photos, (const char *const *)o->photos, o->n_photos, smallest,
                          crop > PHOTO_SIDE ? crop : PHOTO_SIDE, o->n_validation, s->log);
}

static bc_status open_previews(bc_train_session *s)
{
    const bc_texts *previews = &s->options->previews;
    bc_status status = BC_OK;
    while (s->n_previews < previews->n && status == BC_OK) {
        status = bc_photo_read(&s->previews[s->n_previews], previews->texts[s->n_previews],
                               PHOTO_SIDE, s->log);
        s->n_previews += status == BC_OK;
    }
    return status;
}

bc_status bc_train_session_open(bc_train_session *session, const bc_train_options *options,
                                bc_ranks ranks, const bc_log *log)
{
    bc_train_session *s = session;
    *s = (bc_train_session){.options = options, .log = log, .ranks = ranks};
    if (ranks.n > options->config.batch)
        return bc_fail(log, BC_ERR_ARGUMENT, "--batch %d: fewer photographs than the %d processes",
                       options->config.batch, ranks.n);
    bc_status status = bc_workspace_open(&s->workspace, options->n_threads, log);
    if (status == BC_OK)
        status = open_paintings(s);
    if (status == BC_OK && options->loss_network)
        status = open_loss_network(s);
    if (status == BC_OK)
        status = open_photos(s);
    if (status == BC_OK)
        status = open_previews(s);
    if (status == BC_OK && options->samples)
        status = bc_samples_open(&s->samples, options->samples, &s->photos, log);
    return status < 0 ? status : open_trainer(s);
}

void bc_train_session_close(bc_train_session *session)
{
    bc_trainer_close(&session->trainer);
    for (int i = 0; i < session->n_paintings; i++)
        bc_painting_close(&session->paintings[i]);
    for (int i = 0; i < session->n_previews; i++)
        bc_photo_free(&session->previews[i]);
    bc_samples_close(&session->samples);
    bc_photos_close(&session->photos);
    bc_vgg_close(&session->vgg);
    bc_teacher_close(&session->teacher);
    if (session->workspace.pool)
        bc_workspace_close(&session->workspace);
}
