/* Options: every kind of value, every way to give it, and what is said of wrong ones. */
#include "cli/options.h"

#include <string.h>

#include "test.h"

typedef struct values {
    bool flag;
    const char *text, *choice;
    bc_texts list;
    enum { WORD_A, WORD_B, WORD_C } word;
    int count;
    int64_t big, time_us;
    double number;
} values;

#define AT(FIELD) offsetof(values, FIELD)

static const bc_option table[] = {
    {"flag", NULL, "is set", BC_OPTION_FLAG, .offset = AT(flag), .letter = 'f'},
    {"text", "TEXT", "is kept", BC_OPTION_TEXT, .offset = AT(text), .letter = 't'},
    BC_OPTIONS_HEADING("The rest"),
    {"choice", "KIND", "is kept", BC_OPTION_CHOICE, .offset = AT(choice), .choices = "one|other"},
    {"list", "X", "several", BC_OPTION_LIST, .offset = AT(list), .high = 2},
    {"word", "W", "is counted", BC_OPTION_WORD, .offset = AT(word), .choices = "aa|b|aab"},
    {"count", "N", "whole", BC_OPTION_COUNT, .offset = AT(count), .low = -2, .high = 10},
    {"big", "N", "whole", BC_OPTION_LONG, .offset = AT(big), .high = (double)INT64_MAX},
    {"number", "X", "any", BC_OPTION_NUMBER, .offset = AT(number), .high = 1},
    {"time", "T", "hours", BC_OPTION_TIME, .offset = AT(time_us)},
    {"c:v", "X", "one dash", BC_OPTION_FLAG, .offset = AT(flag)},
};

static const bc_command command = {.name = "test",
                                   .arguments = "INPUT [OPTION...]",
                                   .description = "Tests.",
                                   .options = table,
                                   .n_options = sizeof(table) / sizeof(table[0])};

enum { MAX_ARGS = 16 };

static char message[1024];

/* Splits the line at blanks. */
static int parse(values *v, const char *line, char *rest[MAX_ARGS], int *n_rest)
{
    static char words[256];
    const bc_log log = test_log(message);
    *n_rest = 0;
    rest[(*n_rest)++] = "program";
    snprintf(words, sizeof(words), "%s", line);
    for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
        rest[(*n_rest)++] = word;
    *v = (values){0};
    return bc_options_parse(&command, n_rest, rest, v, &log);
}

static values take(const char *line)
{
    values v;
    char *rest[MAX_ARGS];
    int n_rest;
    CHECK_INT(parse(&v, line, rest, &n_rest), 0);
    CHECK_INT(n_rest, 1);
    return v;
}

static void refuse(const char *line, const char *reason)
{
    values v;
    char *rest[MAX_ARGS];
    int n_rest;
    CHECK_INT(parse(&v, line, rest, &n_rest), -1);
    if (!CHECK(strstr(message, reason) && strstr(message, "test: ") == message))
        fprintf(stderr, "    '%s' said: %s\n", line, message);
}

static void test_kinds(void)
{
    CHECK(take("--flag").flag && take("-flag").flag && take("-f").flag && take("-c:v").flag);
    CHECK(strcmp(take("--text=a=b").text, "a=b") == 0);
    CHECK(strcmp(take("-t -").text, "-") == 0);
    CHECK(strcmp(take("--choice other").choice, "other") == 0);
    CHECK_INT(take("--list a -list b").list.n, 2);
    CHECK_INT(take("--word aa").word, WORD_A);
    CHECK_INT(take("--word aab").word, WORD_C);
    CHECK_INT(take("--count -2").count, -2);
    CHECK_INT(take("--big 9007199254740993").big, 9007199254740993); /* no double */
    CHECK(take("--number 1e-1").number == 0.1);
    CHECK_INT(take("--time 1:02:03.5").time_us, 3723500000);
}

static void test_refusals(void)
{
    refuse("--nothing", "no option '--nothing'");
    refuse("-x", "no option '-x'");
    refuse("--flag=1", "--flag takes no value");
    refuse("--text", "--text needs a value: TEXT");
    refuse("--choice on", "--choice is one of one|other, not 'on'");
    refuse("--word a", "--word is one of aa|b|aab, not 'a'");
    refuse("--list 1 --list 2 --list 3", "--list can be given 2 times");
    refuse("--count 11", "--count is a whole number from -2 to 10, not '11'");
    refuse("--count 1.5", "whole number");
    refuse("--big -1", "whole number");
    refuse("--big 99999999999999999999", "whole number");
    refuse("--number nan", "--number is a number from 0 to 1, not 'nan'");
    refuse("--time 1:x", "--time is a time");
}

/* Other arguments stay in their order; after "--" all are. */
static void test_rest(void)
{
    values v;
    char *rest[MAX_ARGS];
    int n_rest;
    CHECK_INT(parse(&v, "one --flag two -- --text three", rest, &n_rest), 0);
    if (CHECK_INT(n_rest, 5))
        CHECK(strcmp(rest[1], "one") == 0 && strcmp(rest[2], "two") == 0 &&
              strcmp(rest[3], "--text") == 0 && strcmp(rest[4], "three") == 0);
    CHECK(v.flag && !v.text);
}

/* What is written is read back; what is not given or not wanted is not written. */
static void test_writing(void)
{
    char text[1024] = "";
    const values v = take("--text a --word aab --count 3 --number 0.1 --time 1:30.5 --choice one");
    FILE *stream = fmemopen(text, sizeof(text), "w");
    bc_options_write(&command, &v, "choice|big", stream);
    fclose(stream);
    CHECK(strstr(text, "--text=a\n") && strstr(text, "--time=90.500000\n"));
    CHECK(!strstr(text, "--choice") && !strstr(text, "--big") && !strstr(text, "--list"));
    for (char *end = text; (end = strchr(end, '\n'));)
        *end = ' ';
    const values again = take(text);
    CHECK(strcmp(again.text, "a") == 0 && again.word == WORD_C && again.count == 3);
    CHECK(again.number == 0.1 && again.time_us == v.time_us && !again.choice);
}

static void test_help(void)
{
    char text[4096] = "";
    FILE *stream = fmemopen(text, sizeof(text), "w");
    bc_options_print_help(&command, stream);
    fclose(stream);
    CHECK(strstr(text, "Usage: brushcast test INPUT [OPTION...]\nTests.\n"));
    CHECK(strstr(text, "\n  -f, --flag                is set\n"));
    CHECK(strstr(text, "\n  -t, --text TEXT           is kept\n\nThe rest:\n  --choice KIND"));
    CHECK(strstr(text, "\n  -c:v X "));
    CHECK(strstr(text, "\n  -h, --help                print this and exit\n"));
}

int main(void)
{
    test_kinds();
    test_refusals();
    test_rest();
    test_writing();
    test_help();
    return TEST_END();
}
