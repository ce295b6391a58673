/* SPDX-License-Identifier: Apache-2.0 */
/* Goes through the functions of a compiled chunk, bounded everywhere by the bytes there are. */
#include "script/scan/globals_scan.h"

#include "script/scan/dump.h"

struct scan {
    struct dump in;
    global_found found;
    void *data;
};

struct function {
    struct dump_function in;
    bool env[DUMP_UPVALUES_MAX]; /* which of its upvalues are the chunk's table of globals */
    bool handed;                 /* it, or a function around it, has that table in its hands as a value */
};

static void tell(const struct scan *s, struct str name, int line, enum global_use use)
{
    char text[GLOBAL_NAME_MAX + 1];
    memcpy(text, name.ptr, name.len);
    text[name.len] = '\0';
    s->found(s->data, text, line, use);
}

static void tell_text(void *data, struct str name)
{
    tell(data, name, 0, GLOBAL_MAY_SET);
}

static bool is_env(const struct function *f, unsigned upvalue)
{
    return upvalue < f->in.n_upvalues && f->env[upvalue];
}

/* Does it take the table of globals as a value, or compile more code for it? Lua does the former too where a function
 * has more constants than an instruction can name. */
static void look_for_hands(struct scan *s, struct function *f, const struct dump_names *names)
{
    for (size_t i = 0; i < f->in.n_code; i++) {
        struct dump_op o = dump_op(&f->in, i);
        if (o.op == OP_SETUPVAL && is_env(f, o.b))
            s->in.bad = true; /* other globals from here on */
        else if (o.op == OP_GETUPVAL && is_env(f, o.b))
            f->handed = true;
        else if (o.op == OP_GETTABUP && is_env(f, o.b) && names->is[o.c] &&
                 (str_is(names->text[o.c], "_G") || str_is(names->text[o.c], "load")))
            f->handed = true;
    }
}

/* Is the value in that register only asked for, as in `NAME or "p"`, `if os then` and `x == nil`? i: the next one. */
static bool is_asked(const struct function *f, size_t i, unsigned reg, const struct dump_names *names)
{
    if (i >= f->in.n_code)
        return false;
    struct dump_op o = dump_op(&f->in, i);
    return (o.op == OP_TEST && o.a == reg) || (o.op == OP_TESTSET && o.b == reg) ||
           (o.op == OP_EQK && o.a == reg && names->nil[o.b]);
}

/* "mpijob.list", where the value that was read into the register is asked for that member. i: the next instruction. */
static void tell_member(const struct scan *s, const struct function *f, size_t i, struct dump_op read,
                        const struct dump_names *names, int line)
{
    char text[GLOBAL_NAME_MAX + 1];
    if (i >= f->in.n_code)
        return;
    struct dump_op o = dump_op(&f->in, i);
    if (o.op != OP_GETFIELD || o.b != read.a || !names->is[o.c])
        return;
    struct str base = names->text[read.c], member = names->text[o.c];
    if (base.len + 1 + member.len > GLOBAL_NAME_MAX)
        return;
    memcpy(text, base.ptr, base.len);
    text[base.len] = '.';
    memcpy(text + base.len + 1, member.ptr, member.len);
    tell(s, str_n(text, base.len + 1 + member.len), line,
         is_asked(f, i + 1, o.a, names) ? GLOBAL_MEMBER_ASKED : GLOBAL_MEMBER);
}

static void tell_uses(struct scan *s, const struct function *f, const struct dump_names *names)
{
    struct dump_lines lines;
    dump_lines_begin(&s->in, &f->in, &lines);
    for (size_t i = 0; i < f->in.n_code && !s->in.bad; i++) {
        int line = dump_line(&s->in, &f->in, &lines, i);
        struct dump_op o = dump_op(&f->in, i);
        if (o.op == OP_GETTABUP && is_env(f, o.b) && names->is[o.c]) {
            tell(s, names->text[o.c], line, is_asked(f, i + 1, o.a, names) ? GLOBAL_ASKED : GLOBAL_READ);
            tell_member(s, f, i + 1, o, names, line);
        } else if (o.op == OP_SETTABUP && is_env(f, o.a) && names->is[o.b]) {
            tell(s, names->text[o.b], line, GLOBAL_SET);
        }
    }
}

/* around NULL: the chunk itself, whose first upvalue is the table of globals. */
static void find_env(struct function *f, const struct function *around)
{
    for (size_t i = 0; i < f->in.n_upvalues; i++) {
        const unsigned char *p = f->in.upvalues + 3 * i;
        f->env[i] = around ? !p[0] && is_env(around, p[1]) : i == 0;
    }
}

static void function(struct scan *s, const struct function *around, int depth) // NOLINT(misc-no-recursion): bounded
{
    struct function f = {.handed = around && around->handed};
    struct dump_names names;
    if (depth > DUMP_DEPTH_MAX)
        s->in.bad = true;
    size_t n = dump_head(&s->in, &f.in);
    if (s->in.bad)
        return;
    find_env(&f, around);
    dump_names(&s->in, &f.in, &names);
    look_for_hands(s, &f, &names);
    if (f.handed)
        dump_each_name(&s->in, &f.in, tell_text, s);
    for (; n && !s->in.bad; n--)
        function(s, &f, depth + 1);
    dump_tail(&s->in, &f.in);
    if (!s->in.bad)
        tell_uses(s, &f, &names);
}

bool globals_scan(struct str dump, global_found found, void *data)
{
    struct scan s = {.found = found, .data = data};
    if (!dump_begin(&s.in, dump))
        return false;
    function(&s, NULL, 0);
    return dump_over(&s.in);
}
