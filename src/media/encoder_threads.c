#include "media/encoder_threads.h"

#include <libavutil/avstring.h>
#include <libavutil/opt.h>
#include <string.h>

enum { MAX_THREADS = 64 }; /* of FFmpeg's own encoders, which refuse more */

/* Of an encoder that takes more than the context's number, in an option that holds several. */
struct parameter {
    const char *encoder, *option, *name;
    int max, max_threads;
};

static const struct parameter parameters[] = {
    {"libx265", "x265-params", "pools", 256, 16},         /* the context's are frames at once */
    {"libsvtav1", "svtav1-params", "lp", 6, MAX_THREADS}, /* in newer versions a level from 1 */
};

/* Before the others, as of two of one name the later counts. */
static void add_parameter(AVDictionary **options, const struct parameter *parameter, int value)
{
    const AVDictionaryEntry *others = av_dict_get(*options, parameter->option, NULL, 0);
    char *all = av_asprintf("%s=%d%s%s", parameter->name, value, others ? ":" : "",
                            others ? others->value : "");
    if (all)
        av_dict_set(options, parameter->option, all, AV_DICT_DONT_STRDUP_VAL);
}

void bc_encoder_threads_set(AVCodecContext *context, AVDictionary **options, int n_threads)
{
    context->thread_count = FFMIN(n_threads, MAX_THREADS);
    if (n_threads == 0 || av_dict_get(*options, "threads", NULL, 0))
        return;
    for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++) {
        const struct parameter *parameter = &parameters[i];
        if (strcmp(context->codec->name, parameter->encoder) != 0 ||
            !av_opt_find(context->priv_data, parameter->option, NULL, 0, 0))
            continue;
        context->thread_count = FFMIN(n_threads, parameter->max_threads);
        add_parameter(options, parameter, FFMIN(n_threads, parameter->max));
    }
}
