#include "media/series.h"

#include <ctype.h>
#include <dirent.h>
#include <libavutil/avstring.h>
#include <libavutil/bprint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "media/place.h"

enum { MAX_DIGITS = 9, MAX_NAMED_GAPS = 5, MAX_TEXT = 256 };

typedef struct series {
    char folder[MAX_TEXT * 4], before[MAX_TEXT], after[MAX_TEXT]; /* around the number */
    int width;                                                    /* of the number at least */
    int *numbers, n_numbers, capacity;
    int max_digits;
} series;

/* FOLDER/BEFORE%0WIDTHdAFTER; false: another kind of pattern. */
static bool parse(series *s, const char *pattern)
{
    const char *slash = strrchr(pattern, '/'), *base = slash ? slash + 1 : pattern;
    const char *percent = strchr(base, '%');
    char *end;
    if (!percent)
        return false;
    s->width = isdigit((unsigned char)percent[1]) ? (int)strtol(percent + 1, &end, 10) : 1;
    if (!isdigit((unsigned char)percent[1]))
        end = (char *)percent + 1;
    if (*end != 'd' || strchr(end, '%') || s->width > MAX_DIGITS)
        return false;
    return snprintf(s->folder, sizeof(s->folder), "%.*s", (int)(base - pattern), pattern) <
               (int)sizeof(s->folder) &&
           snprintf(s->before, sizeof(s->before), "%.*s", (int)(percent - base), base) <
               (int)sizeof(s->before) &&
           snprintf(s->after, sizeof(s->after), "%s", end + 1) < (int)sizeof(s->after);
}

/* The number in a name; -1: it is none of the series. */
static int number_in(const series *s, const char *name, int *n_digits)
{
    const size_t before = strlen(s->before);
    if (strncmp(name, s->before, before) != 0)
        return -1;
    *n_digits = (int)strspn(name + before, "0123456789");
    const bool is_padded = name[before] == '0' && *n_digits > s->width;
    if (*n_digits < s->width || *n_digits > MAX_DIGITS || is_padded ||
        strcmp(name + before + *n_digits, s->after) != 0)
        return -1;
    return atoi(name + before);
}

static bool add(series *s, int number, int n_digits)
{
    if (s->n_numbers == s->capacity) {
        const int capacity = s->capacity ? 2 * s->capacity : 256;
        int *larger = realloc(s->numbers, (size_t)capacity * sizeof(larger[0]));
        if (!larger)
            return false;
        s->numbers = larger;
        s->capacity = capacity;
    }
    s->numbers[s->n_numbers++] = number;
    if (n_digits > s->max_digits)
        s->max_digits = n_digits;
    return true;
}

static int compare(const void *a, const void *b)
{
    const int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

static void list(series *s)
{
    DIR *folder = opendir(s->folder[0] ? s->folder : ".");
    int n_digits;
    for (const struct dirent *entry; folder && (entry = readdir(folder));) {
        const int number = number_in(s, entry->d_name, &n_digits);
        if (number >= 0 && !add(s, number, n_digits))
            break;
    }
    if (folder)
        closedir(folder);
    if (s->numbers)
        qsort(s->numbers, (size_t)s->n_numbers, sizeof(s->numbers[0]), compare);
}

static int count_missing(const series *s)
{
    return s->numbers[s->n_numbers - 1] - s->numbers[0] + 1 - s->n_numbers;
}

static void name_missing(const series *s, const char *pattern, const bc_log *log)
{
    AVBPrint text;
    int n_gaps = 0;
    av_bprint_init(&text, 0, AV_BPRINT_SIZE_AUTOMATIC);
    for (int i = 1; i < s->n_numbers; i++) {
        const int first = s->numbers[i - 1] + 1, last = s->numbers[i] - 1;
        if (first > last || n_gaps++ >= MAX_NAMED_GAPS)
            continue;
        av_bprintf(&text, first == last ? "%s%d" : "%s%d to %d", n_gaps > 1 ? ", " : "", first,
                   last);
    }
    bc_log_write(log, BC_LOG_WARNING, "%s: %d pictures are missing: number %s%s", pattern,
                 count_missing(s), text.str, n_gaps > MAX_NAMED_GAPS ? " and others" : "");
    av_bprint_finalize(&text, NULL);
}

static void escape(AVBPrint *text, const char *name)
{
    for (; *name; name++)
        av_bprintf(text, strchr("\\*?[]{}~,", *name) ? "\\%c" : "%c", *name);
}

/* FFmpeg ends a numbered series at its first gap; as a list of names, ordered by length, it goes
 * on.
 */
static char *list_of_names(const series *s)
{
    AVBPrint text;
    char *url = NULL;
    av_bprint_init(&text, 0, AV_BPRINT_SIZE_UNLIMITED);
    escape(&text, s->folder);
    escape(&text, s->before);
    for (int n = s->width; n <= s->max_digits; n++) {
        av_bprintf(&text, "%s", n == s->width ? s->width < s->max_digits ? "{" : "" : ",");
        for (int i = 0; i < n; i++)
            av_bprintf(&text, "[0-9]");
    }
    av_bprintf(&text, "%s", s->width < s->max_digits ? "}" : "");
    escape(&text, s->after);
    if (av_bprint_is_complete(&text))
        url = strdup(text.str);
    av_bprint_finalize(&text, NULL);
    return url;
}

char *bc_series_find(const char *pattern, AVDictionary **options, const bc_log *log)
{
    series s = {.width = 0};
    char *url = NULL;
    pattern = bc_place_path(pattern);
    if (!parse(&s, pattern))
        return NULL;
    list(&s);
    if (s.n_numbers > 0 && count_missing(&s) > 0) {
        name_missing(&s, pattern, log);
        av_dict_set(options, "pattern_type", "glob", 0);
        url = list_of_names(&s);
    } else if (s.n_numbers > 0) {
        av_dict_set_int(options, "start_number", s.numbers[0], 0);
        url = strdup(pattern);
    }
    free(s.numbers);
    return url;
}
