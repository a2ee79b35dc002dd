#include "import/pickle.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "import/pickle_machine.h"

bool bc_pickle_refuse(bc_pickle_machine *m, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(m->reason, sizeof(m->reason), format, args);
    va_end(args);
    return false;
}

/* Stack ------------------------------------------------------------------------------------ */

static bool push_index(bc_pickle_machine *m, int index)
{
    if (m->n_stack == BC_PICKLE_MAX_STACK)
        return bc_pickle_refuse(m, "is too deep");
    m->stack[m->n_stack++] = index;
    return true;
}

bool bc_pickle_push(bc_pickle_machine *m, bc_pickle_object o)
{
    if (m->n_objects == BC_PICKLE_MAX_OBJECTS)
        return bc_pickle_refuse(m, "has too many objects");
    m->objects[m->n_objects] = o;
    return push_index(m, m->n_objects++);
}

static bool push_number(bc_pickle_machine *m, int64_t number)
{
    return bc_pickle_push(m, (bc_pickle_object){.kind = BC_PICKLE_OBJECT_NUMBER, .number = number});
}

/* Those below the last mark stay. */
bc_pickle_object *bc_pickle_pop(bc_pickle_machine *m)
{
    const int floor = m->n_marks > 0 ? m->marks[m->n_marks - 1] : 0;
    if (m->n_stack <= floor) {
        bc_pickle_refuse(m, "takes from an empty stack");
        return NULL;
    }
    return &m->objects[m->stack[--m->n_stack]];
}

bc_pickle_object *bc_pickle_top(bc_pickle_machine *m)
{
    return m->n_stack > 0 ? &m->objects[m->stack[m->n_stack - 1]] : NULL;
}

/* The number of objects above the last mark, which goes, or -1. */
static int pop_mark(bc_pickle_machine *m)
{
    if (m->n_marks == 0) {
        bc_pickle_refuse(m, "lacks a mark");
        return -1;
    }
    return m->n_stack - m->marks[--m->n_marks];
}

static bool mark(bc_pickle_machine *m)
{
    if (m->n_marks == BC_PICKLE_MAX_DEPTH)
        return bc_pickle_refuse(m, "is too deep");
    m->marks[m->n_marks++] = m->n_stack;
    return true;
}

/* The last n objects of the stack become one. */
static bool make_tuple(bc_pickle_machine *m, int n)
{
    bc_pickle_object tuple = {.kind = BC_PICKLE_OBJECT_TUPLE, .n = n, .first = m->n_parts};
    if (n < 0 || n > m->n_stack || m->n_parts + n > BC_PICKLE_MAX_OBJECTS)
        return bc_pickle_refuse(m, "has a tuple without its parts");
    m->n_stack -= n;
    for (int i = 0; i < n; i++)
        m->parts[m->n_parts++] = m->stack[m->n_stack + i];
    return bc_pickle_push(m, tuple);
}

const bc_pickle_object *bc_pickle_part(const bc_pickle_machine *m, const bc_pickle_object *tuple,
                                       int i)
{
    return &m->objects[m->parts[tuple->first + i]];
}

/* Memory of objects ------------------------------------------------------------------------ */

static bool remember(bc_pickle_machine *m, uint64_t place)
{
    if (m->n_stack == 0 || place >= BC_PICKLE_MAX_MEMO)
        return bc_pickle_refuse(m, "remembers nothing, or too much");
    m->memo[place] = m->stack[m->n_stack - 1];
    m->n_memo++;
    return true;
}

static bool recall(bc_pickle_machine *m, uint64_t place)
{
    if (place >= BC_PICKLE_MAX_MEMO || m->memo[place] < 0)
        return bc_pickle_refuse(m, "recalls what it does not know");
    return push_index(m, m->memo[place]);
}

/* Arguments of instructions ---------------------------------------------------------------- */

static bool take(bc_pickle_machine *m, int n_bytes, uint64_t *value)
{
    return bc_wire_little_endian(m->rest, n_bytes, value) || bc_pickle_refuse(m, "ends too early");
}

/* A text behind its length of n_bytes. */
static bool take_text(bc_pickle_machine *m, int n_bytes, bc_span *text)
{
    uint64_t n;
    if (!take(m, n_bytes, &n))
        return false;
    if (n > bc_wire_size(*m->rest))
        return bc_pickle_refuse(m, "ends too early");
    *text = (bc_span){(const char *)m->rest->at, (size_t)n};
    m->rest->at += n;
    return true;
}

/* A text up to the end of its line. */
static bool take_line(bc_pickle_machine *m, bc_span *text)
{
    const size_t most = bc_wire_size(*m->rest);
    const uint8_t *end = most > 0 ? memchr(m->rest->at, '\n', most) : NULL;
    if (!end)
        return bc_pickle_refuse(m, "ends too early");
    *text = (bc_span){(const char *)m->rest->at, (size_t)(end - m->rest->at)};
    m->rest->at = end + 1;
    return true;
}

/* An integer of so many bytes as the first one says; larger ones than 64 bits are cut. */
static bool push_long(bc_pickle_machine *m)
{
    bc_span bytes = {NULL, 0};
    uint64_t value = 0;
    if (!take_text(m, 1, &bytes))
        return false;
    for (size_t i = 0; i < bytes.n && i < 8; i++)
        value |= (uint64_t)(uint8_t)bytes.at[i] << 8 * i;
    if (bytes.n > 0 && bytes.n < 8 && (bytes.at[bytes.n - 1] & 0x80))
        value |= UINT64_MAX << 8 * bytes.n;
    return push_number(m, (int64_t)value);
}

static bool push_global(bc_pickle_machine *m)
{
    bc_span module = {NULL, 0}, name = module;
    return take_line(m, &module) && take_line(m, &name) && bc_pickle_push_name(m, module, name);
}

static bool push_stack_global(bc_pickle_machine *m)
{
    const bc_pickle_object *name = bc_pickle_pop(m), *module = name ? bc_pickle_pop(m) : NULL;
    if (!module)
        return false;
    if (name->kind != BC_PICKLE_OBJECT_TEXT || module->kind != BC_PICKLE_OBJECT_TEXT)
        return bc_pickle_refuse(m, "has a name that is no text");
    return bc_pickle_push_name(m, module->text, name->text);
}

/* Instructions ----------------------------------------------------------------------------- */

static bool run_number(bc_pickle_machine *m, int code)
{
    uint64_t value = 0;
    switch (code) {
    case 'J': /* BININT */
        return take(m, 4, &value) && push_number(m, (int32_t)(uint32_t)value);
    case 'K': /* BININT1 */
        return take(m, 1, &value) && push_number(m, (int64_t)value);
    case 'M': /* BININT2 */
        return take(m, 2, &value) && push_number(m, (int64_t)value);
    case 0x8a: /* LONG1 */
        return push_long(m);
    case 'G': /* BINFLOAT */
        return take(m, 8, &value) &&
               bc_pickle_push(m, (bc_pickle_object){.kind = BC_PICKLE_OBJECT_OTHER});
    case 'N': /* NONE */
        return bc_pickle_push(m, (bc_pickle_object){.kind = BC_PICKLE_OBJECT_OTHER});
    case 0x88: /* NEWTRUE */
        return push_number(m, 1);
    default: /* NEWFALSE */
        return push_number(m, 0);
    }
}

static bool run_text(bc_pickle_machine *m, int code)
{
    bc_pickle_object text = {.kind = BC_PICKLE_OBJECT_TEXT};
    const bool is_short = code == 'U' || code == 0x8c; /* SHORT_BINSTRING, SHORT_BINUNICODE */
    return take_text(m, is_short ? 1 : 4, &text.text) && bc_pickle_push(m, text);
}

static bool run_collection(bc_pickle_machine *m, int code)
{
    switch (code) {
    case ')': /* EMPTY_TUPLE */
        return make_tuple(m, 0);
    case 0x85: /* TUPLE1 to TUPLE3 */
    case 0x86:
    case 0x87:
        return make_tuple(m, code - 0x84);
    case 't': /* TUPLE */
        return make_tuple(m, pop_mark(m));
    case '}': /* EMPTY_DICT */
        return bc_pickle_push(m, (bc_pickle_object){.kind = BC_PICKLE_OBJECT_DICTIONARY});
    case ']': /* EMPTY_LIST */
        return bc_pickle_push(m, (bc_pickle_object){.kind = BC_PICKLE_OBJECT_LIST});
    case 's': /* SETITEM */
        return bc_pickle_set_items(m, 2);
    case 'u': /* SETITEMS */
        return bc_pickle_set_items(m, pop_mark(m));
    case 'a': /* APPEND */
        return bc_pickle_append_items(m, 1);
    default: /* APPENDS */
        return bc_pickle_append_items(m, pop_mark(m));
    }
}

static bool run_memory(bc_pickle_machine *m, int code)
{
    uint64_t value = 0;
    switch (code) {
    case 'q': /* BINPUT */
        return take(m, 1, &value) && remember(m, value);
    case 'r': /* LONG_BINPUT */
        return take(m, 4, &value) && remember(m, value);
    case 'h': /* BINGET */
        return take(m, 1, &value) && recall(m, value);
    case 'j': /* LONG_BINGET */
        return take(m, 4, &value) && recall(m, value);
    default: /* MEMOIZE */
        return remember(m, (uint64_t)m->n_memo);
    }
}

static bool run_object(bc_pickle_machine *m, int code)
{
    uint64_t value = 0;
    switch (code) {
    case 0x80: /* PROTO */
        return take(m, 1, &value);
    case 0x95: /* FRAME */
        return take(m, 8, &value);
    case '(': /* MARK */
        return mark(m);
    case 'c': /* GLOBAL */
        return push_global(m);
    case 0x93: /* STACK_GLOBAL */
        return push_stack_global(m);
    case 'R': /* REDUCE */
        return bc_pickle_call(m);
    case 'Q': /* BINPERSID */
        return bc_pickle_push_storage(m);
    case 'b': /* BUILD: what a dictionary says of itself */
        return bc_pickle_pop(m) && bc_pickle_top(m) &&
               (bc_pickle_top(m)->kind == BC_PICKLE_OBJECT_DICTIONARY ||
                bc_pickle_refuse(m, "builds what is no dictionary"));
    default:
        return bc_pickle_refuse(m, "has an instruction %#x that tensors do not need",
                                (unsigned)code);
    }
}

/* strchr finds the NUL at the end, too: it is no instruction. */
static bool is_one_of(int code, const char *codes)
{
    return code && strchr(codes, code);
}

static bool run_instruction(bc_pickle_machine *m, int code)
{
    if (is_one_of(code, "JKMGN\x8a\x88\x89"))
        return run_number(m, code);
    if (is_one_of(code, "XUT\x8c"))
        return run_text(m, code);
    if (is_one_of(code, ")t}]suae\x85\x86\x87"))
        return run_collection(m, code);
    if (is_one_of(code, "qrhj\x94"))
        return run_memory(m, code);
    return run_object(m, code);
}

static bool run(bc_pickle_machine *m)
{
    uint64_t code;
    while (take(m, 1, &code)) {
        if (code == '.') /* STOP */
            return true;
        if (!run_instruction(m, (int)code))
            return false;
    }
    return false;
}

bc_status bc_pickle_read(bc_pickle *pickle, bc_wire *bytes, const char *path, const bc_log *log)
{
    bc_pickle_machine *m = calloc(1, sizeof(*m));
    pickle->n_tensors = pickle->n_keys = 0;
    if (!m)
        return bc_fail(log, BC_ERR_MEMORY, "no memory for %s", path);
    m->pickle = pickle;
    bc_pickle_refuse(m, "is malformed");
    m->rest = bytes;
    for (int i = 0; i < BC_PICKLE_MAX_MEMO; i++)
        m->memo[i] = -1;
    const bc_status status =
        run(m) ? BC_OK : bc_fail(log, BC_ERR_FORMAT, "%s: its pickle %s", path, m->reason);
    free(m);
    return status;
}
