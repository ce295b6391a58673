/* SPDX-License-Identifier: Apache-2.0 */
/* Lua tells the lines of a function only where one has the function in hand, and an inner function that is never made
 * is never in hand. The compiled form of the file has all of them: it is written by lua_dump, and gone through here. */
#include "script/scan/code_lines.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#define FILE_BYTES 1048576
#define DEPTH_MAX 200
/* "\x1bLua", version, format, LUAC_DATA, three sizes, an integer and a number to compare, how many upvalues */
#define HEADER_BYTES (4 + 1 + 1 + 6 + 3 + sizeof(lua_Integer) + sizeof(lua_Number) + 1)
#define LINE_IS_ABSOLUTE (-0x80)

struct dump {
    const unsigned char *at, *end;
    struct code_lines *lines;
    bool broken;
};

static size_t take(struct dump *d, size_t bytes)
{
    if ((size_t)(d->end - d->at) < bytes) {
        d->broken = true;
        d->at = d->end;
        return 0;
    }
    d->at += bytes;
    return bytes;
}

/* Seven bits a byte, the highest first; the last byte has its top bit set. */
static size_t number(struct dump *d)
{
    size_t n = 0;
    while (take(d, 1)) {
        n = n << 7 | (d->at[-1] & 0x7f);
        if (d->at[-1] & 0x80)
            break;
    }
    return n;
}

static void skip_string(struct dump *d)
{
    size_t n = number(d);
    take(d, n ? n - 1 : 0);
}

static void skip_constants(struct dump *d)
{
    for (size_t n = number(d); n && !d->broken; n--) {
        take(d, 1);
        int type = d->broken ? 0 : d->at[-1];
        if (type == LUA_TNUMBER)
            take(d, sizeof(lua_Integer));
        else if (type == (LUA_TNUMBER | 1 << 4))
            take(d, sizeof(lua_Number));
        else if ((type & 0x0f) == LUA_TSTRING)
            skip_string(d);
    }
}

static void note(struct dump *d, size_t line)
{
    if (line >= 1 && line < d->lines->count)
        d->lines->has[line] = true;
}

/* The lines of a function's instructions, but for its last one, the return at its end, and the one that a function of
 * any number of arguments begins with, at which no hook is called. */
static void take_lines(struct dump *d, size_t first, bool vararg)
{
    size_t n = number(d);
    const signed char *steps = (const signed char *)d->at;
    take(d, n);
    size_t absolute = number(d), line = first;
    for (size_t pc = 0; pc < n && !d->broken; pc++) {
        if (steps[pc] == LINE_IS_ABSOLUTE) {
            number(d); /* the instruction */
            line = number(d);
            absolute -= absolute > 0;
        } else {
            line = (size_t)((long)line + steps[pc]);
        }
        if (pc + 1 < n && (pc || !vararg))
            note(d, line);
    }
    for (; absolute && !d->broken; absolute--) {
        number(d);
        number(d);
    }
}

static void take_function(struct dump *d, int depth)
{
    skip_string(d);
    size_t first = number(d);
    number(d);
    take(d, 3); /* parameters, vararg, stack */
    bool vararg = !d->broken && d->at[-2];
    take(d, number(d) * 4);
    skip_constants(d);
    take(d, number(d) * 3); /* upvalues */
    for (size_t n = number(d); n && !d->broken && depth < DEPTH_MAX; n--)
        take_function(d, depth + 1);
    take_lines(d, first, vararg);
    for (size_t n = number(d); n && !d->broken; n--) { /* local variables */
        skip_string(d);
        number(d);
        number(d);
    }
    for (size_t n = number(d); n && !d->broken; n--)
        skip_string(d);
}

static int add_piece(lua_State *L, const void *bytes, size_t n, void *out)
{
    (void)L;
    buf_add(out, bytes, n);
    return ((struct buf *)out)->failed;
}

/* The text's compiled form. */
static int compile(const struct buf *text, const char *path, struct buf *out, struct error *err)
{
    lua_State *L = luaL_newstate();
    const char *source = text->ptr ? text->ptr : "";
    int rc = 0;
    if (!L)
        return error_nomem(err);
    if (luaL_loadbufferx(L, source, text->len, path, "t"))
        rc = error_set(err, ERR_SYNTAX, "%s", lua_tostring(L, -1));
    else if (lua_dump(L, add_piece, out, 0))
        rc = error_nomem(err);
    lua_close(L);
    return rc;
}

static size_t count_lines(const struct buf *text)
{
    size_t n = 2;
    for (size_t i = 0; i < text->len; i++)
        n += text->ptr[i] == '\n';
    return n;
}

int code_lines_read(const char *path, struct code_lines *lines, struct error *err)
{
    struct buf text = BUF_INIT, code = BUF_INIT;
    *lines = (struct code_lines){0};
    int rc = buf_read_file(&text, path, FILE_BYTES, err);
    if (!rc)
        rc = compile(&text, path, &code, err);
    if (!rc) {
        lines->count = count_lines(&text);
        lines->has = calloc(lines->count, sizeof *lines->has);
        rc = lines->has ? 0 : error_nomem(err);
    }
    if (!rc) {
        struct dump d = {.at = (const unsigned char *)code.ptr, .lines = lines};
        d.end = d.at + code.len;
        take(&d, HEADER_BYTES);
        take_function(&d, 0);
        if (d.broken)
            rc = error_set(err, ERR_SYNTAX, "%s: this Lua compiles to a form that is not known", path);
    }
    if (rc)
        code_lines_free(lines);
    buf_free(&text);
    buf_free(&code);
    return rc;
}

void code_lines_free(struct code_lines *lines)
{
    free(lines->has);
    *lines = (struct code_lines){0};
}
