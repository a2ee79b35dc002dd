#include "window/bindings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

enum { MAX_BINDINGS = 256, MAX_KEYS = 64, MAX_LINE = 4096 };

typedef struct entry {
    char *keys, *command, *help;
} entry;

struct bc_bindings {
    bc_log log;
    int n;
    entry entries[MAX_BINDINGS];
    char pending[MAX_KEYS]; /* the beginning of a sequence, or "" */
};

static void clear(entry *e)
{
    free(e->keys);
    free(e->command);
    free(e->help);
    *e = (entry){0};
}

static int find(const bc_bindings *bindings, const char *keys)
{
    for (int i = 0; i < bindings->n; i++) {
        if (strcmp(bindings->entries[i].keys, keys) == 0)
            return i;
    }
    return -1;
}

static void unbind(bc_bindings *bindings, int index)
{
    clear(&bindings->entries[index]);
    bindings->n--;
    memmove(&bindings->entries[index], &bindings->entries[index + 1],
            (size_t)(bindings->n - index) * sizeof(entry));
}

static bc_status bind(bc_bindings *bindings, const bc_binding *binding)
{
    int index = find(bindings, binding->keys);
    if (index < 0)
        index = bindings->n;
    if (index == MAX_BINDINGS || strlen(binding->keys) >= MAX_KEYS)
        return bc_fail(&bindings->log, BC_ERR_ARGUMENT, "key %s: more than %d bindings or %d bytes",
                       binding->keys, MAX_BINDINGS, MAX_KEYS - 1);
    entry e = {strdup(binding->keys), strdup(binding->command), strdup(binding->help)};
    if (!e.keys || !e.command || !e.help) {
        clear(&e);
        return bc_fail(&bindings->log, BC_ERR_MEMORY, "key %s: out of memory", binding->keys);
    }
    if (index == bindings->n)
        bindings->n++;
    else
        clear(&bindings->entries[index]);
    bindings->entries[index] = e;
    return BC_OK;
}

bc_status bc_bindings_open(bc_bindings **bindings, const bc_binding *defaults, const bc_log *log)
{
    *bindings = calloc(1, sizeof(**bindings));
    if (!*bindings)
        return bc_fail(log, BC_ERR_MEMORY, "key bindings: out of memory");
    (*bindings)->log = *log;
    bc_status status = BC_OK;
    for (; defaults->keys && status == BC_OK; defaults++)
        status = bind(*bindings, defaults);
    if (status < 0)
        bc_bindings_close(bindings);
    return status;
}

void bc_bindings_close(bc_bindings **bindings)
{
    if (!bindings || !*bindings)
        return;
    while ((*bindings)->n > 0)
        unbind(*bindings, (*bindings)->n - 1);
    free(*bindings);
    *bindings = NULL;
}

bc_status bc_bindings_set(bc_bindings *bindings, const char *keys, const char *command)
{
    const int index = find(bindings, keys);
    if (strcmp(command, "ignore") != 0)
        return bind(bindings, &(bc_binding){keys, command, command});
    if (index >= 0)
        unbind(bindings, index);
    return BC_OK;
}

/* Cuts blanks at both ends, in place. */
static char *trim(char *text)
{
    text += strspn(text, " \t");
    size_t length = strlen(text);
    while (length > 0 && strchr(" \t\r\n", text[length - 1]))
        length--;
    text[length] = '\0';
    return text;
}

static bc_status read_line(bc_bindings *bindings, char *line, const char *path, int number)
{
    char *keys = trim(line);
    if (keys[0] == '\0' || keys[0] == '#')
        return BC_OK;
    const size_t length = strcspn(keys, " \t");
    if (keys[length] == '\0')
        return bc_fail(&bindings->log, BC_ERR_FORMAT, "%s:%d: '%s' without a command", path, number,
                       keys);
    keys[length] = '\0';
    return bc_bindings_set(bindings, keys, trim(keys + length + 1));
}

bc_status bc_bindings_read(bc_bindings *bindings, const char *path)
{
    FILE *file = fopen(path, "r");
    if (!file)
        return bc_fail(&bindings->log, BC_ERR_IO, "cannot read %s: %s", path, strerror(errno));
    char line[MAX_LINE];
    bc_status status = BC_OK;
    for (int number = 1; status == BC_OK && fgets(line, sizeof(line), file); number++)
        status = read_line(bindings, line, path, number);
    fclose(file);
    return status;
}

static int begins_longer(const bc_bindings *bindings, const char *keys)
{
    const size_t length = strlen(keys);
    for (int i = 0; i < bindings->n; i++) {
        const char *other = bindings->entries[i].keys;
        if (strncmp(other, keys, length) == 0 && other[length] == '-' && other[length + 1])
            return 1;
    }
    return 0;
}

/* What was pressed until now, and the key. */
static void continue_keys(const bc_bindings *bindings, const char *key, char keys[2 * MAX_KEYS])
{
    snprintf(keys, 2 * MAX_KEYS, "%s%s%.*s", bindings->pending, bindings->pending[0] ? "-" : "",
             MAX_KEYS - 1, key);
}

bool bc_bindings_knows(const bc_bindings *bindings, const char *key)
{
    char keys[2 * MAX_KEYS];
    continue_keys(bindings, key, keys);
    return find(bindings, keys) >= 0 || begins_longer(bindings, keys) || find(bindings, key) >= 0 ||
           begins_longer(bindings, key);
}

const char *bc_bindings_press(bc_bindings *bindings, const char *key)
{
    char keys[2 * MAX_KEYS];
    const int follows = bindings->pending[0] != '\0';
    continue_keys(bindings, key, keys);
    bindings->pending[0] = '\0';
    if (strlen(keys) < MAX_KEYS && begins_longer(bindings, keys)) {
        memcpy(bindings->pending, keys, strlen(keys) + 1);
        return NULL;
    }
    const int index = find(bindings, keys);
    if (index >= 0)
        return bindings->entries[index].command;
    return follows ? bc_bindings_press(bindings, key) : NULL;
}

int bc_bindings_count(const bc_bindings *bindings)
{
    return bindings->n;
}

bc_binding bc_bindings_at(const bc_bindings *bindings, int index)
{
    const entry *e = &bindings->entries[index];
    return (bc_binding){e->keys, e->command, e->help};
}
