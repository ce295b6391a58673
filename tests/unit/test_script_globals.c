/* SPDX-License-Identifier: Apache-2.0 */
/* Which globals a chunk reads and sets, as Lua's own compiler has written it. */
#include <lauxlib.h>
#include <lua.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "script/scan/globals_scan.h"

static int add(lua_State *L, const void *p, size_t n, void *data)
{
    (void)L;
    buf_add(data, p, n);
    return 0;
}

static void dump(const char *source, int strip, struct buf *out)
{
    lua_State *L = luaL_newstate();
    if (luaL_loadbufferx(L, source, strlen(source), "@a.lua", "t") != LUA_OK)
        fail_msg("%s", lua_tostring(L, -1));
    assert_int_equal(lua_dump(L, add, out, strip), 0);
    lua_close(L);
}

static void found(void *data, const char *name, int line, enum global_use use)
{
    if (use == GLOBAL_MAY_SET)
        buf_printf(data, "?%s ", name);
    else if (use == GLOBAL_ASKED || use == GLOBAL_MEMBER_ASKED)
        buf_printf(data, "~%s:%d ", name, line);
    else
        buf_printf(data, "%s%s:%d ", use == GLOBAL_SET ? "=" : "", name, line);
}

static void finds(const char *source, const char *expected)
{
    struct buf code = BUF_INIT, out = BUF_INIT;
    dump(source, 0, &code);
    bool known = globals_scan(buf_str(&code), found, &out);
    assert_string_equal(known ? out.ptr ? out.ptr : "" : "unknown", expected);
    buf_free(&code);
    buf_free(&out);
}

static void test_constructs(void **state)
{
    (void)state;
    finds("", "");
    finds("polcy { name = 'a' }", "polcy:1 ");
    finds("local a = 1\n\nprint(a, os.time())", "print:3 os:3 os.time:3 ");
    finds("m.x = 1\nlocal y = m\nlocal z = m:f()\nlocal v = m.a.b", "m:1 m:2 m:3 m:4 m.a:4 ");
    finds("if m.x then m.x() end\nlocal y = m.z or 1", "m:1 ~m.x:1 m:1 m.x:1 m:2 ~m.z:2 ");
    finds("x = 1\nlocal y = x", "=x:1 x:2 ");
    finds("function f()\n  return g\nend", "g:2 =f:1 ");
    finds("local t = {}\nfunction t.m()\n return function() u() end\nend\nfunction t:n()\n return self.os, h\nend",
          "u:3 h:6 ");
    finds("local os = {}\nlocal function f() return os.time end", "");
    finds("local t = {}\nt[1] = t[2] + t.io\nt.os = 3", "");
    finds("a[1] = b[2]", "a:1 b:1 ");
    finds("local _ENV = { os = 1 }\nlocal x = os\nfunction y() return io end", "");
    finds("local function f(_ENV) return os end\nreturn f, io", "io:2 ");
    finds("do local x <close> = nil end\nfor i = 1, n do s = s .. i end\ngoto e ::e::", "n:2 s:2 =s:2 ");
    finds("local x = 1.5 + 7 // z\nlocal s = 'a text that is longer than forty bytes, so that it is a long one'",
          "z:1 ");
    finds("local a = N or 'p'\nlocal b = M and M.x\nif os then return end\nif not io then return end",
          "~N:1 ~M:2 M:2 M.x:2 ~os:3 ~io:4 ");
    finds("return a == nil, nil ~= b, c == 'x', d == 1", "~a:1 ~b:1 c:1 d:1 ");
    finds("_ENV = {}\nlocal x = os", "unknown");
    finds("local function f() _ENV = {} end\nlocal x = os", "unknown");
}

static void test_table_in_hands(void **state)
{
    (void)state;
    finds("_G.count = 1\nlocal x = count", "?_G ?count _G:1 count:2 ");
    finds("local g = _ENV\nreturn function() g.a = 1 end, b", "?b ?a b:2 ");
    finds("local function f() rawset(_G, 'n', 1) end\nreturn n", "?rawset ?_G ?n rawset:1 _G:1 n:2 ");
    finds("load 'a = 1'", "?load ?a = 1 load:1 ");
}

/* Lines far from one another, and more instructions than one step of lines is for. */
static void test_lines(void **state)
{
    struct buf source = BUF_INIT;
    char last[40];
    (void)state;
    buf_puts(&source, "local x\n");
    for (int i = 0; i < 700; i++)
        buf_puts(&source, i % 3 ? "x = 1\n" : "x = 1 x = 2\n");
    for (int i = 0; i < 500; i++)
        buf_putc(&source, '\n');
    buf_puts(&source, "x = far\n");
    snprintf(last, sizeof last, "far:%d ", 1 + 700 + 500 + 1);
    finds(source.ptr, last);
    buf_free(&source);
}

/* No instruction can name the 257th constant: the table is then taken as a value. What is said stays right. */
static void test_many_constants(void **state)
{
    struct buf source = BUF_INIT, code = BUF_INIT, out = BUF_INIT;
    (void)state;
    buf_puts(&source, "local t = {\n");
    for (int i = 0; i < 300; i++)
        buf_printf(&source, "'k%d',\n", i);
    buf_puts(&source, "}\nlate = 1\nreturn late");
    dump(source.ptr, 0, &code);
    assert_true(globals_scan(buf_str(&code), found, &out));
    assert_non_null(strstr(out.ptr, "?late "));
    buf_free(&source);
    buf_free(&code);
    buf_free(&out);
}

static void test_other_formats(void **state)
{
    struct buf code = BUF_INIT, out = BUF_INIT;
    (void)state;
    dump("local x = polcy\nfunction f() return os, 1.5, 'text' end", 0, &code);
    assert_true(globals_scan(buf_str(&code), found, &out));
    for (size_t n = 0; n < code.len; n++) { /* cut short; the copy ends where a tool sees what reads further */
        char *cut = malloc(n ? n : 1);
        assert_non_null(cut);
        memcpy(cut, code.ptr, n);
        assert_false(globals_scan(str_n(cut, n), found, &out));
        free(cut);
    }
    for (size_t i = 0; i < code.len; i++) { /* each byte another one: no crash; in the head, nothing is said */
        unsigned char was = (unsigned char)code.ptr[i];
        static const unsigned char others[] = {0, 1, 0x7f, 0x80, 0xff};
        for (size_t k = 0; k < sizeof others; k++) {
            code.ptr[i] = (char)others[k];
            buf_reset(&out);
            bool known = globals_scan(buf_str(&code), found, &out);
            assert_false(known && i < 31 && others[k] != was);
        }
        code.ptr[i] = (char)was;
    }
    buf_reset(&code);
    dump("local x = polcy", 1, &code);
    assert_false(globals_scan(buf_str(&code), found, &out)); /* no lines */
    buf_free(&code);
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_constructs),     cmocka_unit_test(test_table_in_hands), cmocka_unit_test(test_lines),
        cmocka_unit_test(test_many_constants), cmocka_unit_test(test_other_formats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
