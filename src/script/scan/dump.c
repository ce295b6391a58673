/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a dump, one after the other. */
#include "script/scan/dump.h"

#include <limits.h>
#include <lua.h>

#define ABSOLUTE (-128) /* a step of lines that does not fit: the line stands in a list of its own */
#define LINE_MOST 100000000

enum { K_NIL = 0x00, K_FALSE = 0x01, K_TRUE = 0x11, K_INTEGER = 0x03, K_FLOAT = 0x13, K_SHORT = 0x04, K_LONG = 0x14 };

static const unsigned char *bytes(struct dump *d, size_t n)
{
    const unsigned char *p = d->at;
    if (d->bad || (size_t)(d->end - p) < n) {
        d->bad = true;
        return NULL;
    }
    d->at += n;
    return p;
}

static unsigned byte(struct dump *d)
{
    const unsigned char *p = bytes(d, 1);
    return p ? *p : 0;
}

/* Seven bits a byte, the highest first; the last byte has its top bit set. */
static size_t number(struct dump *d)
{
    size_t n = 0;
    for (;;) {
        unsigned b = byte(d);
        if (d->bad || n > SIZE_MAX >> 7) {
            d->bad = true;
            return 0;
        }
        n = n << 7 | (b & 0x7f);
        if (b & 0x80)
            return n;
    }
}

static int integer(struct dump *d)
{
    size_t n = number(d);
    if (n > INT_MAX)
        d->bad = true;
    return d->bad ? 0 : (int)n;
}

/* The number of entries of a list; each has at least one byte. */
static size_t count(struct dump *d)
{
    size_t n = number(d);
    if (!d->bad && n > (size_t)(d->end - d->at))
        d->bad = true;
    return d->bad ? 0 : n;
}

static struct str text(struct dump *d)
{
    size_t n = number(d);
    if (n == 0)
        return str_n("", 0);
    const unsigned char *p = bytes(d, n - 1);
    return p ? str_n((const char *)p, n - 1) : str_n("", 0);
}

static struct str constant(struct dump *d, bool *is_name)
{
    unsigned type = byte(d);
    *is_name = false;
    if (type == K_SHORT || type == K_LONG) {
        struct str t = text(d);
        *is_name = t.len <= DUMP_NAME_MAX && !memchr(t.ptr, '\0', t.len);
        return t;
    }
    if (type == K_INTEGER || type == K_FLOAT)
        bytes(d, 8);
    else if (type != K_NIL && type != K_FALSE && type != K_TRUE)
        d->bad = true;
    return str_n("", 0);
}

/* What the bytes before the first function are for Lua 5.4 with its own sizes on this machine. */
static bool known_format(struct dump *d)
{
    static const unsigned char fixed[] = "\x1bLua\x54\0\x19\x93\r\n\x1a\n\x04\x08\x08";
    const int64_t whole = 0x5678;
    double fraction;
    const unsigned char *p = bytes(d, sizeof fixed - 1 + sizeof whole + sizeof fraction);
    if (!p || LUA_VERSION_NUM != 504 || memcmp(p, fixed, sizeof fixed - 1) != 0 ||
        memcmp(p + sizeof fixed - 1, &whole, sizeof whole) != 0)
        return false;
    memcpy(&fraction, p + sizeof fixed - 1 + sizeof whole, sizeof fraction);
    return fraction >= 370.5 && fraction <= 370.5;
}

bool dump_begin(struct dump *d, struct str dumped)
{
    const unsigned char *p = (const unsigned char *)dumped.ptr;
    *d = (struct dump){.at = p, .end = p + dumped.len};
    if (!known_format(d))
        return false;
    byte(d); /* the number of upvalues, which comes again */
    return !d->bad;
}

size_t dump_head(struct dump *d, struct dump_function *f)
{
    bool is;
    *f = (struct dump_function){0};
    text(d); /* the source's name */
    f->line = integer(d);
    integer(d); /* the last line */
    f->shape = bytes(d, 3);
    f->n_code = count(d);
    f->code = f->n_code <= SIZE_MAX / DUMP_INSTRUCTION ? bytes(d, f->n_code * DUMP_INSTRUCTION) : NULL;
    f->n_constants = count(d);
    f->constants = d->at;
    for (size_t i = 0; i < f->n_constants && !d->bad; i++)
        constant(d, &is);
    f->constants_end = d->at;
    f->n_upvalues = count(d);
    if (f->n_upvalues > DUMP_UPVALUES_MAX)
        d->bad = true;
    f->upvalues = d->bad ? NULL : bytes(d, 3 * f->n_upvalues);
    return count(d);
}

void dump_tail(struct dump *d, struct dump_function *f)
{
    f->n_lines = count(d);
    f->lines = bytes(d, f->n_lines);
    f->n_absolute = count(d);
    f->absolute = d->at;
    for (size_t i = 0; i < f->n_absolute && !d->bad; i++) {
        integer(d);
        integer(d);
    }
    for (size_t i = count(d); i && !d->bad; i--) { /* local variables */
        text(d);
        integer(d);
        integer(d);
    }
    for (size_t i = count(d); i && !d->bad; i--) /* names of upvalues */
        text(d);
    if (f->n_lines != f->n_code)
        d->bad = true;
}

bool dump_over(const struct dump *d)
{
    return !d->bad && d->at == d->end;
}

struct dump_op dump_op(const struct dump_function *f, size_t i)
{
    uint32_t word;
    memcpy(&word, f->code + i * DUMP_INSTRUCTION, sizeof word);
    return (struct dump_op){word & 0x7f, word >> 7 & 0xff, word >> 16 & 0xff, word >> 24, word >> 15 & 1};
}

void dump_names(const struct dump *outer, const struct dump_function *f, struct dump_names *names)
{
    struct dump d = *outer;
    d.at = f->constants;
    memset(names, 0, sizeof *names);
    for (size_t i = 0; i < f->n_constants && i < DUMP_NAMES; i++) {
        names->nil[i] = *d.at == K_NIL;
        names->text[i] = constant(&d, &names->is[i]);
    }
}

void dump_each_name(const struct dump *outer, const struct dump_function *f, void (*each)(void *, struct str),
                    void *data)
{
    struct dump d = *outer;
    bool is;
    d.at = f->constants;
    for (size_t i = 0; i < f->n_constants; i++) {
        struct str t = constant(&d, &is);
        if (is)
            each(data, t);
    }
}

void dump_lines_begin(const struct dump *d, const struct dump_function *f, struct dump_lines *lines)
{
    *lines = (struct dump_lines){.absolute = *d, .line = f->line};
    lines->absolute.at = f->absolute;
}

int dump_line(struct dump *d, const struct dump_function *f, struct dump_lines *lines, size_t i)
{
    int step = f->lines[i] < 128 ? f->lines[i] : f->lines[i] - 256;
    if (step != ABSOLUTE) {
        lines->line += step;
        d->bad = d->bad || lines->line < 0 || lines->line > LINE_MOST;
    } else if (lines->next++ < f->n_absolute) {
        d->bad = d->bad || number(&lines->absolute) != i;
        lines->line = integer(&lines->absolute);
    } else {
        d->bad = true;
    }
    return lines->line;
}
