#include "live/recording.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "live/names.h"
#include "live/report.h"

/* Beginning -------------------------------------------------------------------------------- */

typedef struct request {
    char path[BC_WORK_FILE]; /* "": a name of its own */
    char style[BC_REPORT_STYLE];
} request;

/* Without the lock; the source stays meanwhile. `is_own`: the file is there and empty. */
static bc_status open_output(bc_live *live, bc_output **output, const char *path, bool is_own,
                             const bc_live_input **source, char *reason)
{
    pthread_mutex_lock(&live->source_lock);
    pthread_mutex_lock(&live->lock);
    bc_live_input *now = live->source;
    pthread_mutex_unlock(&live->lock);
    const bc_output_params params = {.url = path,
                                     .source = now,
                                     .overwrite = live->params.overwrite || is_own,
                                     .log = live->params.log};
    const bc_status status = bc_output_open(output, &params, reason);
    pthread_mutex_unlock(&live->source_lock);
    *source = now;
    return status;
}

/* False: the source has changed meanwhile, or the program ends. */
static bool attach(bc_live *live, bc_output *output, const bc_live_input *source)
{
    pthread_mutex_lock(&live->lock);
    const bool is_current = live->source == source && atomic_load(live->params.stop) == 0;
    live->is_record_beginning = false;
    if (is_current) {
        bc_outputs_record(&live->outputs, output);
        live->lost_recording[0] = '\0';
        bc_live_say(live, bc_output_url(output), "Recording");
    }
    pthread_mutex_unlock(&live->lock);
    return is_current;
}

static void say_failure(bc_live *live, const char *what, const char *reason)
{
    pthread_mutex_lock(&live->lock);
    live->is_record_beginning = false;
    bc_live_say_error(live, reason, "%s", what);
    pthread_mutex_unlock(&live->lock);
}

static void begin(void *cookie, void *arg, bc_work_result *result)
{
    bc_live *live = cookie;
    request *r = arg;
    const bool is_own = !r->path[0];
    bc_reason reason;
    bc_reason_init(&reason, &live->params.log);
    const bc_log log = bc_reason_log(&reason);
    bc_output *output = NULL;
    const bc_live_input *source = NULL;
    if (is_own)
        result->status = bc_name_create(r->path, sizeof(r->path), r->style, "mp4", &log);
    if (result->status == BC_OK)
        result->status = open_output(live, &output, r->path, is_own, &source, result->reason);
    if (result->status == BC_OK && !attach(live, output, source)) {
        result->status = bc_fail(&log, BC_ERR_IO, "%s: its input has changed", r->path);
        bc_output_close(&output, NULL);
    }
    if (result->status < 0 && !result->reason[0])
        bc_reason_get(&reason, result->reason);
    if (result->status < 0 && is_own)
        bc_name_drop(r->path);
    if (result->status < 0)
        say_failure(live, "Cannot record", result->reason);
    snprintf(result->file, sizeof(result->file), "%s", r->path);
    bc_reason_free(&reason);
    free(r);
}

bc_work *bc_live_record(bc_live *live, const char *path)
{
    request *r = calloc(1, sizeof(*r));
    if (!r)
        return NULL;
    snprintf(r->path, sizeof(r->path), "%s", path ? path : "");
    bc_report_style_name(live, r->style);
    bc_work *work = bc_work_begin(live->workers, begin, r);
    if (!work)
        free(r);
    live->is_record_beginning = work != NULL;
    return work;
}

/* Finishing -------------------------------------------------------------------------------- */

/* What was written of a file that could not be finished is there. */
static void add_rest(char *reason, const char *path)
{
    const size_t length = strlen(reason);
    if (access(path, F_OK) == 0)
        snprintf(reason + length, BC_REASON_SIZE - length, ". It is kept up to there");
}

static void finish(void *cookie, void *arg, bc_work_result *result)
{
    bc_live *live = cookie;
    bc_output *output = arg;
    snprintf(result->file, sizeof(result->file), "%s", bc_output_url(output));
    result->status = bc_output_close(&output, result->reason);
    if (result->status < 0)
        add_rest(result->reason, result->file);
    pthread_mutex_lock(&live->lock);
    if (result->status == BC_OK) {
        bc_live_say(live, result->file, "Recorded");
    } else {
        live->outputs.n_failed++;
        snprintf(live->lost_recording, sizeof(live->lost_recording), "%s", result->reason);
        bc_live_say_error(live, result->reason, "Recording failed");
    }
    pthread_mutex_unlock(&live->lock);
}

bc_work *bc_live_stop_recording(bc_live *live)
{
    bc_work *work = bc_work_begin(live->workers, finish, live->outputs.recording);
    if (work)
        bc_outputs_take_recording(&live->outputs);
    return work;
}

/* Outputs ---------------------------------------------------------------------------------- */

static bc_status open_fixed(bc_live *live, const char *url, bool outlives_source,
                            bc_output **output)
{
    const bc_output_params params = {.url = url,
                                     .source = live->source,
                                     .outlives_source = outlives_source,
                                     .overwrite = live->params.overwrite,
                                     .log = live->params.log};
    return bc_output_open(output, &params, NULL);
}

bc_status bc_live_open_outputs(bc_live *live)
{
    const bc_live_params *p = &live->params;
    bc_status status = BC_OK;
    bc_output *output;
    for (int i = 0; i < p->n_outputs && status == BC_OK; i++) {
        status = open_fixed(live, p->outputs[i], true, &output);
        if (status == BC_OK)
            bc_outputs_add(&live->outputs, output);
    }
    if (status == BC_OK && p->record) {
        status = open_fixed(live, p->record, false, &output);
        if (status == BC_OK)
            bc_outputs_record(&live->outputs, output);
    }
    return status;
}

static void tell_failures(bc_live *live)
{
    char reason[BC_REASON_SIZE];
    bc_outputs *outputs = &live->outputs;
    for (int i = 0; i < outputs->n_fixed; i++) {
        if (outputs->is_told[i] || !bc_output_get_state(outputs->fixed[i]).has_failed)
            continue;
        outputs->is_told[i] = true;
        bc_output_reason(outputs->fixed[i], reason);
        bc_live_say_error(live, reason, "Output failed");
    }
}

void bc_live_look_at_outputs(bc_live *live)
{
    pthread_mutex_lock(&live->lock);
    bc_output *recording = live->outputs.recording;
    bc_work *work = NULL;
    if (recording && bc_output_get_state(recording).has_failed)
        work = bc_live_stop_recording(live);
    tell_failures(live);
    const bool is_over = !live->window && !live->is_record_beginning && !live->was_quit &&
                         bc_outputs_are_lost(&live->outputs);
    if (is_over) {
        bc_log_write(&live->params.log, BC_LOG_ERROR, "nothing is written any more: the end");
        bc_live_quit(live);
    }
    pthread_mutex_unlock(&live->lock);
    if (work)
        bc_work_forget(work);
}
