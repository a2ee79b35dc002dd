/* The key table: sequences, changes by a file, bad lines. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test.h"
#include "window/bindings.h"

static const bc_binding defaults[] = {
    {"s", "screenshot", "write a picture"},
    {"b-1", "blend-with 1", ""},
    {"b-2", "blend-with 2", ""},
    {"-", "brush -0.1", ""},
    {"1", "style 1", ""},
    {NULL, NULL, NULL},
};

static int is(const char *text, const char *expected)
{
    return expected ? text && strcmp(text, expected) == 0 : !text;
}

static void test_sequences(bc_bindings *bindings)
{
    CHECK(is(bc_bindings_press(bindings, "s"), "screenshot"));
    CHECK(is(bc_bindings_press(bindings, "-"), "brush -0.1"));
    CHECK(is(bc_bindings_press(bindings, "b"), NULL));
    CHECK(is(bc_bindings_press(bindings, "2"), "blend-with 2"));
    CHECK(is(bc_bindings_press(bindings, "1"), "style 1"));
    /* A sequence that is none: its last key stands for itself. */
    CHECK(is(bc_bindings_press(bindings, "b"), NULL));
    CHECK(is(bc_bindings_press(bindings, "s"), "screenshot"));
    CHECK(is(bc_bindings_press(bindings, "b"), NULL));
    CHECK(is(bc_bindings_press(bindings, "b"), NULL));
    CHECK(is(bc_bindings_press(bindings, "1"), "blend-with 1"));
    CHECK(is(bc_bindings_press(bindings, "F5"), NULL));
    static const char long_key[] =
        "a key whose name is much longer than any key's name may ever be";
    CHECK(is(bc_bindings_press(bindings, long_key), NULL));
}

static bc_status read_text(bc_bindings *bindings, const char *text)
{
    char path[] = "/tmp/brushcast-bindings-XXXXXX";
    const int file = mkstemp(path);
    CHECK(file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text));
    close(file);
    const bc_status status = bc_bindings_read(bindings, path);
    unlink(path);
    return status;
}

static void test_file(bc_bindings *bindings, const char *message)
{
    CHECK_INT(read_text(bindings, "# mine\n\n  s   screenshot \"my file.png\"  \r\n1 ignore\n"
                                  "g-g style next; strength 1\nSHARP quit"),
              BC_OK);
    CHECK(is(bc_bindings_press(bindings, "s"), "screenshot \"my file.png\""));
    CHECK(is(bc_bindings_press(bindings, "1"), NULL));
    CHECK(is(bc_bindings_press(bindings, "g"), NULL));
    CHECK(is(bc_bindings_press(bindings, "g"), "style next; strength 1"));
    CHECK(is(bc_bindings_press(bindings, "SHARP"), "quit"));
    CHECK_INT(bc_bindings_count(bindings), 6);
    CHECK_INT(read_text(bindings, "s quit\nx\n"), BC_ERR_FORMAT);
    CHECK(strstr(message, ":2: 'x' without a command") != NULL);
    CHECK_INT(bc_bindings_read(bindings, "/nowhere/input.conf"), BC_ERR_IO);
}

int main(void)
{
    char message[1024];
    const bc_log log = test_log(message);
    bc_bindings *bindings;
    CHECK_INT(bc_bindings_open(&bindings, defaults, &log), BC_OK);
    test_sequences(bindings);
    test_file(bindings, message);
    bc_bindings_close(&bindings);
    bc_bindings_close(&bindings);
    return TEST_END();
}
