/* SPDX-License-Identifier: Apache-2.0 */
/* Goes through a function's code once, from its beginning to its end, and keeps in mind what each register holds. Jumps
 * are not followed: what is said of a register is what the code written before it has put there. */
#include "script/scan/function_scan.h"

#include <stdio.h>
#include <stdlib.h>

#include "script/scan/dump.h"

#define REGISTERS 256
#define NAME_SIZE (DUMP_NAME_MAX + 1)
#define GLOBALS "_G"

struct held { /* what a register or an upvalue holds */
    char of[NAME_SIZE], field[NAME_SIZE];
    bool known, is_field, nil; /* known: of and field say what it is; is_field: it is a field of something else */
};

struct scan {
    struct dump in;
    const struct function_seen *seen;
};

struct function {
    struct dump_function in;
    struct dump_names names;
    struct held upvalues[DUMP_UPVALUES_MAX];
    struct held registers[REGISTERS];
};

static void name_of(char out[NAME_SIZE], struct str text)
{
    snprintf(out, NAME_SIZE, "%.*s", (int)text.len, text.ptr);
}

/* "time.now" has two parts. */
static void hold_name(struct held *h, const char *name)
{
    const char *dot = strchr(name, '.');
    *h = (struct held){.known = true};
    name_of(h->of, dot ? str_n(name, (size_t)(dot - name)) : str_of(name));
    if (dot)
        name_of(h->field, str_of(dot + 1));
}

static bool is_globals(const struct function *f, unsigned upvalue)
{
    const struct held *h = &f->upvalues[upvalue < DUMP_UPVALUES_MAX ? upvalue : 0];
    return upvalue < f->in.n_upvalues && h->known && !*h->field && strcmp(h->of, GLOBALS) == 0;
}

static void tell_code(const struct scan *s, const struct dump_function *f, size_t inner)
{
    if (!s->seen->code)
        return;
    const size_t sizes[] = {f->n_code, f->n_constants, f->n_upvalues, inner};
    s->seen->code(s->seen->data, sizes, sizeof sizes);
    s->seen->code(s->seen->data, f->shape, 3);
    s->seen->code(s->seen->data, f->code, f->n_code * DUMP_INSTRUCTION);
    s->seen->code(s->seen->data, f->constants, (size_t)(f->constants_end - f->constants));
    s->seen->code(s->seen->data, f->upvalues, 3 * f->n_upvalues);
}

static void tell_global(const struct scan *s, const char *name)
{
    if (s->seen->global)
        s->seen->global(s->seen->data, name);
}

static void tell_use(const struct scan *s, const struct held *h, int line)
{
    const struct function_use use = {.of = h->known ? h->of : "", .field = h->field, .line = line};
    if (s->seen->use)
        s->seen->use(s->seen->data, &use);
}

static void tell_call(const struct scan *s, const struct function *f, struct dump_op o, int line)
{
    const struct held *h = &f->registers[o.a];
    struct function_use use = {.of = h->of, .field = h->field, .line = line, .called = true};
    if (!s->seen->use || !h->known)
        return;
    use.given = o.b ? 0 : ~0U; /* 0: as many as the call before it has left */
    for (unsigned i = 0; o.b && i + 1 < o.b && i < 32 && o.a + 1 + i < REGISTERS; i++)
        use.given |= f->registers[o.a + 1 + i].nil ? 0 : 1U << i;
    s->seen->use(s->seen->data, &use);
}

/* from: by value, as it may be the register that is written to. */
static void get_field(const struct scan *s, struct function *f, struct held from, struct dump_op o, int line)
{
    struct held *to = &f->registers[o.a];
    *to = (struct held){.is_field = true};
    if (!f->names.is[o.c])
        return;
    if (from.known && !*from.field) {
        *to = from;
        name_of(to->field, f->names.text[o.c]);
        tell_use(s, to, line);
    } else if (!from.known && !from.is_field) {
        struct held job = {0};
        name_of(job.field, f->names.text[o.c]);
        tell_use(s, &job, line);
    }
}

static void get_global(const struct scan *s, struct function *f, struct dump_op o)
{
    struct held *to = &f->registers[o.a];
    *to = (struct held){0};
    if (!f->names.is[o.c])
        return;
    to->known = true;
    name_of(to->of, f->names.text[o.c]);
    bool any = strcmp(to->of, GLOBALS) == 0 || strcmp(to->of, "load") == 0;
    tell_global(s, any ? "" : to->of);
}

static void look_at(struct scan *s, struct function *f, struct dump_op o, int line)
{
    switch (o.op) {
    case OP_SETUPVAL:
        s->in.bad = s->in.bad || is_globals(f, o.b); /* other globals from here on */
        break;
    case OP_GETTABUP:
        if (is_globals(f, o.b))
            get_global(s, f, o);
        else
            get_field(s, f, o.b < f->in.n_upvalues ? f->upvalues[o.b] : (struct held){0}, o, line);
        break;
    case OP_GETUPVAL:
        if (is_globals(f, o.b))
            tell_global(s, "");
        f->registers[o.a] = o.b < f->in.n_upvalues ? f->upvalues[o.b] : (struct held){0};
        break;
    case OP_GETFIELD:
        get_field(s, f, f->registers[o.b], o, line);
        break;
    case OP_MOVE:
        f->registers[o.a] = f->registers[o.b];
        break;
    case OP_LOADNIL:
        for (unsigned i = o.a; i <= o.a + o.b && i < REGISTERS; i++)
            f->registers[i] = (struct held){.nil = true};
        break;
    case OP_CALL:
    case OP_TAILCALL:
        tell_call(s, f, o, line);
        for (unsigned i = o.a; i < REGISTERS; i++)
            f->registers[i] = (struct held){0};
        break;
    default: /* it may have written there */
        f->registers[o.a] = (struct held){0};
    }
}

static void look_at_all(struct scan *s, struct function *f)
{
    struct dump_lines lines;
    dump_lines_begin(&s->in, &f->in, &lines);
    for (size_t i = 0; i < f->in.n_code && !s->in.bad; i++) {
        int line = dump_line(&s->in, &f->in, &lines, i);
        look_at(s, f, dump_op(&f->in, i), line);
    }
}

static void function(struct scan *s, const struct function *around, const char *const *upvalues, size_t count,
                     int depth);

/* Those in it; each begins without anything in its registers. */
static void inner(struct scan *s, const struct function *f, size_t n, int depth) // NOLINT(misc-no-recursion): bounded
{
    for (; n && !s->in.bad; n--)
        function(s, f, NULL, 0, depth + 1);
}

static void hold_upvalues(struct function *f, const struct function *around, const char *const *upvalues, size_t count)
{
    for (size_t i = 0; i < f->in.n_upvalues; i++) {
        const unsigned char *p = f->in.upvalues + 3 * i;
        f->upvalues[i] = (struct held){0};
        if (around && !p[0] && p[1] < around->in.n_upvalues)
            f->upvalues[i] = around->upvalues[p[1]];
        else if (!around && i < count && upvalues[i])
            hold_name(&f->upvalues[i], upvalues[i]);
    }
}

static void function(struct scan *s, const struct function *around, const char *const *upvalues, size_t count,
                     int depth) // NOLINT(misc-no-recursion): bounded
{
    struct function *f = depth > DUMP_DEPTH_MAX ? NULL : calloc(1, sizeof *f);
    if (!f) {
        s->in.bad = true;
        return;
    }
    size_t n = dump_head(&s->in, &f->in);
    if (!s->in.bad) {
        hold_upvalues(f, around, upvalues, count);
        dump_names(&s->in, &f->in, &f->names);
        tell_code(s, &f->in, n);
        inner(s, f, n, depth);
        dump_tail(&s->in, &f->in);
    }
    if (!s->in.bad)
        look_at_all(s, f);
    free(f);
}

bool function_scan(struct str dump, const char *const *upvalues, size_t count, const struct function_seen *seen)
{
    struct scan s = {.seen = seen};
    if (!dump_begin(&s.in, dump))
        return false;
    function(&s, NULL, upvalues, count, 0);
    return dump_over(&s.in);
}
