/* SPDX-License-Identifier: Apache-2.0 */
/* The coroutine library: as Lua's for scripts, transparent for the host's yields. */
#include "script_fixture.h"

static void test_as_lua(void **state)
{
    struct fixture *f = *state;
    assert_returns(f,
                   "local co = coroutine.create(function(a, b) local c = coroutine.yield(a + b) local d, e = "
                   "coroutine.yield(c * 2) return d + e end)\n"
                   "local r = {} for _, x in ipairs {{1, 2}, {10}, {3, 4}, {}} do local ok, v = coroutine.resume(co, "
                   "table.unpack(x))\n"
                   "r[#r + 1] = tostring(ok) .. ' ' .. tostring(v) .. ' ' .. coroutine.status(co) end return "
                   "table.concat(r, '; ')",
                   "true 3 suspended; true 20 suspended; true 7 dead; false cannot resume dead coroutine dead");
    assert_returns(f,
                   "local s = 0 for i in coroutine.wrap(function() for i = 1, 10 do coroutine.yield(i) end end) do s = "
                   "s + i end return s",
                   "55");
    assert_returns(f, "local co co = coroutine.wrap(function() return pcall(co) end) local _, e = co() return e",
                   "cannot resume non-suspended coroutine");
    assert_returns(f, "local co = coroutine.running() local _, e = coroutine.resume(co) return e",
                   "cannot resume non-suspended coroutine");
    assert_returns(f,
                   "local outer = coroutine.running() local s coroutine.wrap(function() s = coroutine.status(outer) .. "
                   "coroutine.status(coroutine.running()) end)() return s",
                   "normalrunning");
    assert_returns(f,
                   "local _, a = coroutine.running() local b = coroutine.wrap(function() local _, m = "
                   "coroutine.running() return m end)() return tostring(a) .. tostring(b)",
                   "truefalse");
    assert_returns(f,
                   "local a = coroutine.isyieldable() local b = coroutine.wrap(coroutine.isyieldable)() return "
                   "tostring(a) .. tostring(b)",
                   "falsetrue");
    assert_returns(f, "local _, e = pcall(coroutine.yield, 1) return e", "attempt to yield from outside a coroutine");
    assert_returns(f,
                   "local co = coroutine.create(function() error({1}) end) local ok, e = coroutine.resume(co) return "
                   "tostring(ok) .. type(e) .. coroutine.status(co)",
                   "falsetabledead");
    assert_returns(f, "local _, e = pcall(coroutine.wrap(function() error('boom') end)) return e", "t.lua:1: boom");
    assert_returns(f,
                   "local f = coroutine.wrap(function() error('boom') end) local function g() f() end local _, e = "
                   "pcall(g) return e",
                   "t.lua:1: t.lua:1: boom");
    assert_returns(f, "local _, e = pcall(coroutine.resume, 1) return e",
                   "bad argument #1 to 'coroutine.resume' (coroutine expected, got number)");
    assert_returns(f,
                   "local co = coroutine.create(function() return pcall(coroutine.yield, 1) end) coroutine.resume(co) "
                   "local _, ok, v = coroutine.resume(co, 'in') return tostring(ok) .. v",
                   "truein");
    assert_returns(f,
                   "local r = {} for k, v in setmetatable({}, {__call = coroutine.wrap(function() coroutine.yield(1, "
                   "2) coroutine.yield() end)}) do r[1] = k + v end return r[1]",
                   "3");
}

static void test_close(void **state)
{
    struct fixture *f = *state;
    const char *prelude = "local log = {} local function guard(n) return setmetatable({}, {__close = function(_, e) "
                          "log[#log + 1] = n .. tostring(e) end}) end\n";
    char text[2048];
#define CLOSES(body, result)                                                                                           \
    snprintf(text, sizeof text, "%s%s", prelude, body);                                                                \
    assert_returns(f, text, result)
    CLOSES("local co = coroutine.create(function() local x <close> = guard('x') coroutine.yield() end) "
           "coroutine.resume(co)\n"
           "local ok = coroutine.close(co) return tostring(ok) .. table.concat(log) .. coroutine.status(co)",
           "truexnildead");
    CLOSES(
        "local co = coroutine.create(function() local x <close> = guard('x') error('e', 0) end) coroutine.resume(co)\n"
        "local ok, e = coroutine.close(co) return tostring(ok) .. tostring(e) .. table.concat(log) .. "
        "tostring(coroutine.close(co))",
        "falseexetrue");
    CLOSES("local ok, e = pcall(coroutine.wrap(function() local x <close> = guard('x') error('e', 0) end)) return e .. "
           "table.concat(log)",
           "exe");
    CLOSES("local co = coroutine.create(function() local x <close> = setmetatable({}, {__close = function() "
           "error('late', 0) end}) coroutine.yield() end)\n"
           "coroutine.resume(co) local ok, e = coroutine.close(co) return tostring(ok) .. e .. coroutine.status(co)",
           "falselatedead");
    CLOSES("local co = coroutine.create(print) return tostring(coroutine.close(co)) .. coroutine.status(co)",
           "truedead");
    CLOSES("local _, e = pcall(coroutine.close, coroutine.running()) return e", "cannot close a running coroutine");
    CLOSES("local out = coroutine.running() local e coroutine.wrap(function() _, e = pcall(coroutine.close, out) "
           "end)() return e",
           "cannot close a normal coroutine");
}

static void test_waits_pass_through(void **state)
{
    struct fixture *f = *state;
    struct pendings all;
    struct ending e = {0};
    pending_register(f->script, &all);
    load_text(
        f, f->script, &e,
        "local function deep(n) if n == 0 then local v = wait(1) coroutine.yield('y' .. v) return 'r' .. wait(2) end\n"
        "  local co = coroutine.create(deep) local ok, v = coroutine.resume(co, n - 1) wait(5) coroutine.yield(v) ok, "
        "v = coroutine.resume(co) return v end\n"
        "function main() local co = coroutine.wrap(deep) local a = co(4) local b = co() return a .. b end\n"
        "function caught() local ok, v = pcall(function() return coroutine.wrap(function() return wait(7) end)() end) "
        "return tostring(ok) .. v end\n"
        "function xcaught() local h = function(e) return e end local ok, v = xpcall(function(a) local r = wait(8) if a "
        "then error(r, 0) end return r end, h)\n"
        "  local no, w = xpcall(function(a) error(a + wait(1), 0) end, h, 1) return tostring(ok) .. v .. tostring(no) "
        ".. w end\n"
        "function sorted() local t = {3, 1, 2} table.sort(t, function(a, b) return a + wait(0) < b end) return "
        "table.concat(t) end\n"
        "function iterated() local s = 0 for v in function(_, c) c = wait(3) if s < 9 then return c end end do s = s + "
        "v end return s end\n"
        "function meta() return setmetatable({}, {__index = function() return wait(4) end}).x end\n"
        "function closed() local r do local x <close> = setmetatable({}, {__close = function() r = wait(6) end}) end "
        "return r end\n"
        "function gsubbed() return (('a-b'):gsub('%a', function(c) return c .. wait(1) .. coroutine.wrap(function() "
        "return wait(2) end)() end)) end\n"
        "function shown() return tostring(setmetatable({}, {__tostring = function() return wait(1) end})) end\n"
        "function insort() table.sort(setmetatable({}, {__len = function() return wait(2) end})) end\n"
        "function inside() tostring(setmetatable({}, {__tostring = function() return coroutine.wrap(function() return "
        "wait(1) end)() end})) end");
    static const struct {
        const char *call, *result;
    } cases[] = {{"main", "y1r2"},  {"caught", "true7"},   {"xcaught", "true8false2"},
                 {"sorted", "123"}, {"iterated", "9"},     {"meta", "4"},
                 {"closed", "6"},   {"gsubbed", "a12-b12"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        memset(&e, 0, sizeof e);
        begin_call(f->script, &e, cases[i].call);
        do
            turn(f);
        while (pending_wake(&all));
        assert_int_equal(e.calls, 1);
        if (e.code)
            fail_msg("%s: %s", cases[i].call, e.message);
        assert_string_equal(e.result, cases[i].result);
    }
    static const char *const refused[] = {"shown", "insort", "inside"};
    for (size_t i = 0; i < 3; i++) {
        call_global(f, f->script, &e, refused[i]);
        assert_int_equal(e.code, ERR_SCRIPT);
        assert_contains(e.message, "waits for an answer, which is not possible here");
    }
    assert_int_equal(pending_free(&all), 0);
}

/* A coroutine that a run was in when the run was given up is dead for everybody; one that another run is in is not to
 * be touched. */
static void test_between_runs(void **state)
{
    struct fixture *f = *state;
    struct pendings all;
    struct ending e = {0}, waiting = {0};
    pending_register(f->script, &all);
    load_text(f, f->script, &e,
              "gen = coroutine.wrap(function() for i = 1, 10 do coroutine.yield(i) end end)\n"
              "function nextone() return gen() end\n"
              "function main() me = coroutine.running() co = coroutine.create(function() local x <close> = "
              "setmetatable({}, {__close = function() closed = true end})\n"
              "  wait(1) end) coroutine.resume(co) end\n"
              "function look() local a, b = coroutine.resume(co) local c, d = coroutine.resume(me)\n"
              "  return b .. '/' .. d .. '/' .. coroutine.status(co) .. '/' .. coroutine.status(me) .. '/' .. "
              "tostring(pcall(coroutine.close, co)) .. tostring(closed) end");
    call_global(f, f->script, &e, "nextone");
    assert_string_equal(e.result, "1");
    call_global(f, f->script, &e, "nextone");
    assert_string_equal(e.result, "2");
    begin_call(f->script, &waiting, "main");
    turn(f);
    call_global(f, f->script, &e, "look");
    assert_string_equal(
        e.result, "cannot resume non-suspended coroutine/cannot resume non-suspended coroutine/normal/normal/falsenil");
    script_cancel(waiting.run, "test");
    assert_int_equal(waiting.code, ERR_CANCELLED);
    call_global(f, f->script, &e, "look");
    assert_string_equal(e.result, "cannot resume dead coroutine/cannot resume dead coroutine/dead/dead/truetrue");
    assert_int_equal(all.cancelled + pending_free(&all), 0);
}

/* Slices end within nested coroutines as anywhere. */
static void test_slices_pass_through(void **state)
{
    struct fixture *f = *state;
    struct script_limits limits = {.cpu_us = 20000000};
    struct script *s = fixture_script(f, &limits);
    struct ending e, other;
    load_text(
        f, s, &e,
        "local function count(n, depth) local c = 0 for i = 1, n do c = c + 1 if depth > 0 and i % 1000 == 0 then\n"
        "  c = c + coroutine.wrap(count)(10, depth - 1) end if coroutine.isyieldable() and i % 5000 == 0 then "
        "coroutine.yield() end end return c end\n"
        "function main() local co, r = coroutine.create(count) local n = 0\n"
        "  repeat local ok, v = coroutine.resume(co, 300000, 3) n = n + 1 assert(ok, v) r = v until "
        "coroutine.status(co) == 'dead' return r .. ' ' .. n end\n"
        "function quick() return 1 end");
    memset(&e, 0, sizeof e), memset(&other, 0, sizeof other);
    begin_call(s, &e, "main");
    begin_call(s, &other, "quick");
    wait_for(f, &other);
    wait_for(f, &e);
    assert_int_equal(e.code, 0);
    assert_string_equal(e.result, "303000 61");
    script_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
        T(test_as_lua), T(test_close), T(test_waits_pass_through), T(test_between_runs), T(test_slices_pass_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
