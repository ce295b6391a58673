/* SPDX-License-Identifier: Apache-2.0 */
/* What a compiled function is made of, and what it uses. */
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
#include "script/scan/function_scan.h"

static int add(lua_State *L, const void *p, size_t n, void *data)
{
    (void)L;
    buf_add(data, p, n);
    return 0;
}

/* The function that the chunk returns. */
static void dump(const char *source, struct buf *out)
{
    lua_State *L = luaL_newstate();
    if (luaL_loadbufferx(L, source, strlen(source), "@a.lua", "t") != LUA_OK || lua_pcall(L, 0, 1, 0) != LUA_OK)
        fail_msg("%s", lua_tostring(L, -1));
    assert_int_equal(lua_dump(L, add, out, 0), 0);
    lua_close(L);
}

static void code(void *data, const void *bytes, size_t n)
{
    buf_add(((struct buf **)data)[0], bytes, n);
}

static void global(void *data, const char *name)
{
    buf_printf(((struct buf **)data)[1], "%s ", *name ? name : "*");
}

static void use(void *data, const struct function_use *u)
{
    if (u->called)
        buf_printf(((struct buf **)data)[2], "%s.%s:%d(%x) ", u->of, u->field, u->line, u->given & 0xff);
    else
        buf_printf(((struct buf **)data)[2], "%s.%s:%d ", u->of, u->field, u->line);
}

/* The function's upvalues, in the order of their first use: one text each, NULL for what is not known. */
static bool scan(const char *source, const char *const *upvalues, size_t count, struct buf *outs[3])
{
    struct buf bytes = BUF_INIT;
    const struct function_seen seen = {code, global, use, outs};
    dump(source, &bytes);
    bool good = function_scan(buf_str(&bytes), upvalues, count, &seen);
    buf_free(&bytes);
    return good;
}

static void finds(const char *source, const char *first, const char *second, const char *globals, const char *uses)
{
    struct buf out[3] = {BUF_INIT, BUF_INIT, BUF_INIT};
    const char *const upvalues[] = {first, second};
    assert_true(scan(source, upvalues, 2, (struct buf *[]){&out[0], &out[1], &out[2]}));
    assert_string_equal(out[1].ptr ? out[1].ptr : "", globals);
    assert_string_equal(out[2].ptr ? out[2].ptr : "", uses);
    for (size_t i = 0; i < 3; i++)
        buf_free(&out[i]);
}

static void test_uses(void **state)
{
    (void)state;
    finds("return function() return 1 end", NULL, NULL, "", "");
    finds("return function()\n return time.now() > 1 end", "_G", NULL, "time ", "time.now:2 time.now:2(0) ");
    finds("return function(j) return time.date(j) end", "_G", NULL, "time ", "time.date:1 time.date:1(1) ");
    finds("return function(j) return time.date(nil, j) end", "_G", NULL, "time ", "time.date:1 time.date:1(2) ");
    finds("return function(j) return time.date(f(j)) end", "_G", NULL, "time f ",
          "time.date:1 f.:1(1) time.date:1(ff) ");
    finds("local t = {} return function() return t.now() end", "time", NULL, "", "time.now:1 time.now:1(0) ");
    finds("local now return function() return now() end", "time.now", NULL, "", "time.now:1(0) ");
    finds("local a, b = {} return function() return b, a.now end", NULL, "time", "", "time.now:1 ");
    finds("return function(j) return j.age, j.labels.age, j:get('age') end", NULL, NULL, "", ".age:1 .labels:1 ");
    finds("local j = {} return function() return function() return j.age end end", NULL, NULL, "", ".age:1 ");
    finds("return function() local t = time return t.now() end", "_G", NULL, "time ", "time.now:1 time.now:1(0) ");
    finds("return function() return function() return x.y end end", "_G", NULL, "x ", "x.y:1 ");
    finds("return function() return _G.x end", "_G", NULL, "* ", "_G.x:1 ");
    finds("return function() return load 'return time' end", "_G", NULL, "* ", "load.:1(1) ");
    finds("return function() local e = _ENV return e end", "_G", NULL, "* ", "");
}

static void test_code(void **state)
{
    (void)state;
    static const char *const same[] = {
        "return function(job) return job.gpus > 8 end",
        "-- a comment\n\nreturn function(j)\n  return j.gpus > 8 -- more\nend",
        "local x = 1 return function(other) return other.gpus > 8 end",
    };
    static const char *const others[] = {
        "return function(job) return job.gpus > 9 end",
        "return function(job) return job.gpus >= 8 end",
        "return function(job) return job.name > 8 end",
        "return function(job, more) return job.gpus > 8 end",
        "return function(job) return function() return job.gpus > 8 end end",
    };
    struct buf first = BUF_INIT;
    for (size_t i = 0; i < 3 + 5; i++) {
        struct buf out[3] = {BUF_INIT, BUF_INIT, BUF_INIT};
        assert_true(scan(i < 3 ? same[i] : others[i - 3], NULL, 0, (struct buf *[]){&out[0], &out[1], &out[2]}));
        if (i == 0)
            buf_add_str(&first, buf_str(&out[0]));
        assert_int_equal(str_eq(buf_str(&first), buf_str(&out[0])), i < 3);
        for (size_t k = 0; k < 3; k++)
            buf_free(&out[k]);
    }
    buf_free(&first);
}

static void test_other_globals(void **state)
{
    (void)state;
    struct buf out[3] = {BUF_INIT, BUF_INIT, BUF_INIT};
    const char *const upvalues[] = {"_G"};
    assert_false(
        scan("return function() _ENV = {} return x end", upvalues, 1, (struct buf *[]){&out[0], &out[1], &out[2]}));
    for (size_t k = 0; k < 3; k++)
        buf_free(&out[k]);
}

/* Whatever bytes come, it ends, and reads nothing beyond them. */
static void test_broken_bytes(void **state)
{
    (void)state;
    struct buf bytes = BUF_INIT;
    dump("return function(j) local t = time return t.now(), j.age, function() return 'abc', 1.5 end end", &bytes);
    const struct function_seen nothing = {0};
    for (size_t n = 0; n <= bytes.len; n++) {
        char *copy = malloc(n + 1);
        memcpy(copy, bytes.ptr, n);
        assert_int_equal(function_scan(str_n(copy, n), NULL, 0, &nothing), n == bytes.len);
        free(copy);
    }
    for (size_t i = 0; i < bytes.len * 8; i++) {
        char *copy = malloc(bytes.len);
        memcpy(copy, bytes.ptr, bytes.len);
        copy[i / 8] ^= (char)(1U << (i % 8));
        function_scan(str_n(copy, bytes.len), NULL, 0, &nothing);
        free(copy);
    }
    buf_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uses),
        cmocka_unit_test(test_code),
        cmocka_unit_test(test_other_globals),
        cmocka_unit_test(test_broken_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
