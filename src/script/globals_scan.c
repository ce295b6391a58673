/* SPDX-License-Identifier: Apache-2.0 */
/* Goes through the functions of a compiled chunk, bounded everywhere by the bytes there are. */
#include "script/globals_scan.h"

#include <limits.h>
#include <lua.h>
#include <stdint.h>
#include <string.h>

#define DEPTH_MAX 200 /* functions in one another: Lua's compiler takes no more */
#define UPVALUES_MAX 255
#define INSTRUCTION 4
#define ABSOLUTE (-128) /* a step of lines that does not fit: the line stands in a list of its own */
#define LINE_MOST 100000000

enum {
    OP_GETUPVAL = 9,
    OP_SETUPVAL = 10,
    OP_GETTABUP = 11,
    OP_SETTABUP = 15,
    OP_EQK = 60,
    OP_TEST = 66,
    OP_TESTSET = 67
};
enum { K_NIL = 0x00, K_FALSE = 0x01, K_TRUE = 0x11, K_INTEGER = 0x03, K_FLOAT = 0x13, K_SHORT = 0x04, K_LONG = 0x14 };

struct scan {
    const unsigned char *at, *end;
    bool bad;
    global_found found;
    void *data;
};

/* One function. Lists are kept as places in the dump, each of which was gone through once already. */
struct function {
    bool env[UPVALUES_MAX]; /* which of its upvalues are the chunk's table of globals */
    size_t n_upvalues, n_code, n_constants, n_lines, n_absolute;
    const unsigned char *code, *constants, *lines, *absolute;
    int line;
    bool handed; /* it, or a function around it, has that table in its hands as a value */
};

static const unsigned char *bytes(struct scan *s, size_t n)
{
    const unsigned char *p = s->at;
    if (s->bad || (size_t)(s->end - p) < n) {
        s->bad = true;
        return NULL;
    }
    s->at += n;
    return p;
}

static unsigned byte(struct scan *s)
{
    const unsigned char *p = bytes(s, 1);
    return p ? *p : 0;
}

/* Seven bits a byte, the highest first; the last byte has its top bit set. */
static size_t number(struct scan *s)
{
    size_t n = 0;
    for (;;) {
        unsigned b = byte(s);
        if (s->bad || n > SIZE_MAX >> 7) {
            s->bad = true;
            return 0;
        }
        n = n << 7 | (b & 0x7f);
        if (b & 0x80)
            return n;
    }
}

static int integer(struct scan *s)
{
    size_t n = number(s);
    if (n > INT_MAX)
        s->bad = true;
    return s->bad ? 0 : (int)n;
}

/* The number of entries of a list; each has at least one byte. */
static size_t count(struct scan *s)
{
    size_t n = number(s);
    if (!s->bad && n > (size_t)(s->end - s->at))
        s->bad = true;
    return s->bad ? 0 : n;
}

static struct str text(struct scan *s)
{
    size_t n = number(s);
    if (n == 0)
        return str_n("", 0);
    const unsigned char *p = bytes(s, n - 1);
    return p ? str_n((const char *)p, n - 1) : str_n("", 0);
}

static struct str constant(struct scan *s, bool *is_name)
{
    unsigned type = byte(s);
    *is_name = false;
    if (type == K_SHORT || type == K_LONG) {
        struct str t = text(s);
        *is_name = t.len <= GLOBAL_NAME_MAX && !memchr(t.ptr, '\0', t.len);
        return t;
    }
    if (type == K_INTEGER || type == K_FLOAT)
        bytes(s, 8);
    else if (type != K_NIL && type != K_FALSE && type != K_TRUE)
        s->bad = true;
    return str_n("", 0);
}

static void tell(const struct scan *s, struct str name, int line, enum global_use use)
{
    char text[GLOBAL_NAME_MAX + 1];
    memcpy(text, name.ptr, name.len);
    text[name.len] = '\0';
    s->found(s->data, text, line, use);
}

/* The text that an instruction names; only the first 256 constants can be named so. */
struct names {
    struct str text[256];
    bool is[256], nil[256];
};

static void read_names(const struct scan *outer, const struct function *f, struct names *names)
{
    struct scan s = *outer;
    s.at = f->constants;
    memset(names, 0, sizeof *names);
    for (size_t i = 0; i < f->n_constants && i < 256; i++) {
        names->nil[i] = *s.at == K_NIL;
        names->text[i] = constant(&s, &names->is[i]);
    }
}

static void tell_texts(const struct scan *outer, const struct function *f)
{
    struct scan s = *outer;
    bool is;
    s.at = f->constants;
    for (size_t i = 0; i < f->n_constants; i++) {
        struct str t = constant(&s, &is);
        if (is)
            tell(outer, t, 0, GLOBAL_MAY_SET);
    }
}

static uint32_t instruction(const struct function *f, size_t i)
{
    uint32_t word;
    memcpy(&word, f->code + i * INSTRUCTION, sizeof word);
    return word;
}

static bool is_env(const struct function *f, unsigned upvalue)
{
    return upvalue < f->n_upvalues && f->env[upvalue];
}

/* Does it take the table of globals as a value, or compile more code for it? Lua does the former too where a function
 * has more constants than an instruction can name. */
static void look_for_hands(struct scan *s, struct function *f, const struct names *names)
{
    for (size_t i = 0; i < f->n_code; i++) {
        uint32_t word = instruction(f, i);
        unsigned op = word & 0x7f, b = word >> 16 & 0xff, c = word >> 24;
        if (op == OP_SETUPVAL && is_env(f, b))
            s->bad = true; /* other globals from here on */
        else if (op == OP_GETUPVAL && is_env(f, b))
            f->handed = true;
        else if (op == OP_GETTABUP && is_env(f, b) && names->is[c] &&
                 (str_eq(names->text[c], str_of("_G")) || str_eq(names->text[c], str_of("load"))))
            f->handed = true;
    }
}

/* Is the value in that register only asked for, as in `NAME or "p"`, `if os then` and `x == nil`? i: the next one. */
static bool is_asked(const struct function *f, size_t i, unsigned reg, const struct names *names)
{
    if (i >= f->n_code)
        return false;
    uint32_t word = instruction(f, i);
    unsigned op = word & 0x7f, a = word >> 7 & 0xff, b = word >> 16 & 0xff;
    return (op == OP_TEST && a == reg) || (op == OP_TESTSET && b == reg) || (op == OP_EQK && a == reg && names->nil[b]);
}

static void tell_uses(struct scan *s, const struct function *f, const struct names *names)
{
    struct scan absolute = *s;
    int line = f->line;
    absolute.at = f->absolute;
    for (size_t i = 0, next = 0; i < f->n_code && !s->bad; i++) {
        int step = f->lines[i] < 128 ? f->lines[i] : f->lines[i] - 256;
        if (step != ABSOLUTE) {
            line += step;
            s->bad = line < 0 || line > LINE_MOST;
        } else if (next++ < f->n_absolute) {
            s->bad = number(&absolute) != i;
            line = integer(&absolute);
        } else {
            s->bad = true;
        }
        uint32_t word = instruction(f, i);
        unsigned op = word & 0x7f, a = word >> 7 & 0xff, b = word >> 16 & 0xff, c = word >> 24;
        if (op == OP_GETTABUP && is_env(f, b) && names->is[c])
            tell(s, names->text[c], line, is_asked(f, i + 1, a, names) ? GLOBAL_ASKED : GLOBAL_READ);
        else if (op == OP_SETTABUP && is_env(f, a) && names->is[b])
            tell(s, names->text[b], line, GLOBAL_SET);
    }
}

static void head(struct scan *s, struct function *f)
{
    bool is;
    text(s); /* the source's name */
    f->line = integer(s);
    integer(s);  /* the last line */
    bytes(s, 3); /* parameters, "...", registers */
    f->n_code = count(s);
    f->code = f->n_code <= SIZE_MAX / INSTRUCTION ? bytes(s, f->n_code * INSTRUCTION) : NULL;
    f->n_constants = count(s);
    f->constants = s->at;
    for (size_t i = 0; i < f->n_constants && !s->bad; i++)
        constant(s, &is);
}

/* around NULL: the chunk itself, whose first upvalue is the table of globals. */
static void upvalues(struct scan *s, struct function *f, const struct function *around)
{
    f->n_upvalues = count(s);
    if (f->n_upvalues > UPVALUES_MAX)
        s->bad = true;
    for (size_t i = 0; i < f->n_upvalues && !s->bad; i++) {
        const unsigned char *p = bytes(s, 3); /* is it a local variable of the function around? which? its kind */
        if (p)
            f->env[i] = around ? !p[0] && is_env(around, p[1]) : i == 0;
    }
}

static void debug(struct scan *s, struct function *f)
{
    f->n_lines = count(s);
    f->lines = bytes(s, f->n_lines);
    f->n_absolute = count(s);
    f->absolute = s->at;
    for (size_t i = 0; i < f->n_absolute && !s->bad; i++) {
        integer(s);
        integer(s);
    }
    for (size_t i = count(s); i && !s->bad; i--) { /* local variables */
        text(s);
        integer(s);
        integer(s);
    }
    for (size_t i = count(s); i && !s->bad; i--) /* names of upvalues */
        text(s);
    if (f->n_lines != f->n_code)
        s->bad = true;
}

static void function(struct scan *s, const struct function *around, int depth) // NOLINT(misc-no-recursion): bounded
{
    struct function f = {.handed = around && around->handed};
    struct names names;
    if (depth > DEPTH_MAX)
        s->bad = true;
    head(s, &f);
    upvalues(s, &f, around);
    if (s->bad)
        return;
    read_names(s, &f, &names);
    look_for_hands(s, &f, &names);
    if (f.handed)
        tell_texts(s, &f);
    for (size_t i = count(s); i && !s->bad; i--)
        function(s, &f, depth + 1);
    debug(s, &f);
    if (!s->bad)
        tell_uses(s, &f, &names);
}

/* What the bytes before the first function are for Lua 5.4 with its own sizes on this machine. */
static bool known_format(struct scan *s)
{
    static const unsigned char fixed[] = "\x1bLua\x54\0\x19\x93\r\n\x1a\n\x04\x08\x08";
    const int64_t whole = 0x5678;
    double fraction;
    const unsigned char *p = bytes(s, sizeof fixed - 1 + sizeof whole + sizeof fraction);
    if (!p || LUA_VERSION_NUM != 504 || memcmp(p, fixed, sizeof fixed - 1) != 0 ||
        memcmp(p + sizeof fixed - 1, &whole, sizeof whole) != 0)
        return false;
    memcpy(&fraction, p + sizeof fixed - 1 + sizeof whole, sizeof fraction);
    return fraction >= 370.5 && fraction <= 370.5;
}

bool globals_scan(struct str dump, global_found found, void *data)
{
    const unsigned char *p = (const unsigned char *)dump.ptr;
    struct scan s = {.at = p, .end = p + dump.len, .found = found, .data = data};
    if (!known_format(&s))
        return false;
    byte(&s); /* the number of upvalues, which comes again */
    function(&s, NULL, 0);
    return !s.bad && s.at == s.end;
}
