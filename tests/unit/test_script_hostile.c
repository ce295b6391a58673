/* SPDX-License-Identifier: Apache-2.0 */
/* Scripts that want to hold on to the machine: each is ended within its limits, and the next run, in this script and in
 * another, is as if nothing had been. Time is CPU time of this thread, so a busy machine changes nothing. */
#include "script_fixture.h"

#include <time.h>

static int64_t cpu_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Bodies of a run that never ends by itself, or wants more memory than there is. */
static const char *const bodies[] = {
    "while true do end",
    "repeat until false",
    "for i = 1, math.huge do end",
    "::top:: goto top",
    "local function f() return f() end f()",
    "local function f() return 1 + f() end f()",
    "local function f() pcall(f) pcall(f) end f()",
    "local function f() pcall(f) return f() end f()",
    "while true do pcall(function() while true do end end) end",
    "while true do pcall(error) end",
    "pcall(pcall, pcall, function() while true do end end) while true do end",
    "while true do xpcall(error, function() while true do end end) end",
    "xpcall(error, function(e) error(e) end) while true do end",
    "xpcall(function() while true do end end, function() while true do end end)",
    "local function h() return xpcall(error, h) end while true do h() end",
    /* metamethods */
    "local t = setmetatable({}, {__index = function(t, k) return t[k + 1] end}) return t[1]",
    "local t = setmetatable({}, {__newindex = function(t, k, v) t[k + 1] = v end}) t[1] = 1",
    "local t = setmetatable({}, {__eq = function() while true do end end}) return t == setmetatable({}, "
    "getmetatable(t))",
    "local t = setmetatable({}, {__lt = function() while true do end end}) table.sort({t, t, t})",
    "local t = setmetatable({}, {__tostring = function() while true do end end}) tostring(t)",
    "local t = setmetatable({}, {__tostring = function() while true do pcall(error) end end}) while true do "
    "pcall(tostring, t) end",
    "local t = setmetatable({}, {__len = function() while true do end end}) table.unpack(t)",
    "local t = setmetatable({}, {__add = function() while true do end end}) return t + t",
    "local t = setmetatable({}, {__call = function(f) return f() end}) t()",
    "local t = setmetatable({}, {__pairs = function() while true do end end}) for _ in pairs(t) do end",
    "local t = setmetatable({}, {__name = ('x'):rep(1e6)}) while true do pcall(tostring, t) end",
    "local t = {} for i = 1, 1900 do t = setmetatable({}, {__index = t}) end while true do local _ = t.x end",
    "error(setmetatable({}, {__tostring = function() while true do end end})) ",
    /* __close */
    "local x <close> = setmetatable({}, {__close = function() while true do end end}) while true do end",
    "local x <close> = setmetatable({}, {__close = function() while true do end end})",
    "local x <close> = setmetatable({}, {__close = function() while true do pcall(error) end end}) error('x')",
    "local function f() local x <close> = setmetatable({}, {__close = f}) end while true do pcall(f) end",
    "while true do local x <close> = setmetatable({}, {__close = function() error('x') end}) end",
    "for i = 1, 1e9 do local ok = pcall(function() local x <close> = setmetatable({}, {__close = function() error() "
    "end}) end) end",
    /* coroutines */
    "while true do coroutine.wrap(function() end)() end",
    "coroutine.wrap(function() while true do end end)()",
    "local function f() coroutine.wrap(f)() end while true do pcall(f) end",
    "local function f() pcall(coroutine.wrap(f)) pcall(coroutine.wrap(f)) end f()",
    "local function f() local c = coroutine.wrap(f) c() c = coroutine.wrap(f) c() end while true do pcall(f) end",
    "local t = {} while true do t[#t + 1] = coroutine.create(function() end) coroutine.resume(t[#t]) end",
    "local co = coroutine.wrap(function() while true do coroutine.yield() end end) while true do co() end",
    "local co = coroutine.create(function() local x <close> = setmetatable({}, {__close = function() while true do end "
    "end}) coroutine.yield() end) "
    "coroutine.resume(co) coroutine.close(co)",
    "local co = coroutine.wrap(function() local x <close> = setmetatable({}, {__close = function() while true do end "
    "end}) error('x') end) pcall(co)",
    "local co = coroutine.create(function() local x <close> = setmetatable({}, {__close = function() while true do end "
    "end})\n"
    "  table.sort({1, 2, 3}, function() while true do end end) end) coroutine.resume(co) coroutine.close(co) while "
    "true do end",
    "local co = coroutine.create(function() local x <close> = setmetatable({}, {__close = function() while true do end "
    "end})\n"
    "  ('x'):gsub('.', function() while true do end end) end) pcall(coroutine.resume, co) pcall(coroutine.close, co) "
    "while true do end",
    "('x'):gsub('.', function() local co = coroutine.create(function() local x <close> = setmetatable({}, {__close = "
    "function() while true do end end})\n"
    "  while true do end end) coroutine.resume(co) coroutine.close(co) end)",
    "('x'):gsub('.', function() while true do pcall(coroutine.wrap(function() while true do end end)) end end)",
    /* sort */
    "table.sort({3, 1, 2}, function() while true do end end)",
    "local t = {} for i = 1, 1e4 do t[i] = i end while true do table.sort(t, function() return true end) end",
    "table.sort(setmetatable({}, {__len = function() return 1 << 30 end}))",
    "table.sort(setmetatable({}, {__len = function() return 1 << 30 end, __index = function() return 1 end}))",
    "local t = {} for i = 1, 1e5 do t[i] = 1e5 - i end while true do table.sort(t) end",
    /* patterns */
    "return (('a'):rep(400):find('.-.-.-b'))",
    "return (('a'):rep(30):match(('a?'):rep(30) .. ('a'):rep(30) .. 'b'))",
    "return (('a'):rep(3000):gsub('.-.-.-b', ''))",
    "for _ in ('a'):rep(3000):gmatch('.-.-.-b') do end",
    "while true do pcall(string.find, ('a'):rep(4000), '.-.-.-b') end",
    "return ('('):rep(1e6):find('%b()')",
    "return ('x'):rep(1e6):find(('[' .. ('a'):rep(1e5) .. ']') .. '-y')",
    "return ('a'):rep(1e6):find(('a'):rep(5e5) .. 'b', 1, true) or ('a'):rep(1e5):find('(.*)%1b')",
    "while true do ('x'):gsub('x', function() while true do end end) end",
    "while true do ('x'):rep(1e6):gsub('x', 'yy') end",
    /* strings */
    "local s = 'x' while true do s = s .. s end",
    "local s = ('x'):rep(8e6) while true do local t = s .. 'y' end",
    "local s = ('x'):rep(8e6) while true do pcall(function() return s .. s .. s .. s end) end",
    "local a, b = ('x'):rep(8e6) .. 'y', ('x'):rep(8e6) .. 'z' while true do local c = a == b local d = a < b end",
    "local a, b = ('\\0'):rep(8e6) .. 'y', ('\\0'):rep(8e6) .. 'z' while true do local d = a < b end",
    "local t = {table.unpack({}, 1, 1)} for i = 1, 5e5 do t[i] = 65 end while true do local s = "
    "utf8.char(table.unpack(t)) end",
    "local s = ('x'):rep(9e5) while true do s:byte(1, -1) end",
    "while true do pcall(string.rep, 'x', 1e9) end",
    "while true do ('x'):rep(8e6) end",
    "while true do (''):rep(1e15) end",
    "local s = ('0'):rep(8e6) while true do local n = tonumber(s) end",
    "local s = ('0'):rep(8e6) while true do local n = s + 1 end",
    "local s = ('%d'):rep(1e5) while true do pcall(string.format, s, 1) end",
    "while true do pcall(string.pack, 'c50000000', 'x') end",
    "local s = ('\\x80'):rep(8e6) while true do pcall(utf8.len, s) end",
    "local s = ('\\x80'):rep(8e6) for _ in utf8.codes('a' .. s) do end while true do utf8.offset(s, -1) end",
    "local s = ('x'):rep(8e6) while true do s:reverse() s:upper() s:lower() s:sub(2) end",
    /* tables */
    "local t = {} for i = 1, math.huge do t[i] = i end",
    "local t = {} while true do t[#t + 1] = {} end",
    "local t = {} for i = 1, math.huge do t['k' .. i] = i end",
    "local t = {} while true do pcall(function() for i = 1, math.huge do t[#t + 1] = {t} end end) end",
    "table.move({}, 1, 1e15, 2)",
    "table.insert(setmetatable({}, {__len = function() return 1e15 // 1 | 0 end}), 1, 'x')",
    "table.remove(setmetatable({}, {__len = function() return 1 << 60 end}), 1)",
    "table.concat(setmetatable({}, {__len = function() return 1 << 60 end, __index = function() return '' end}))",
    "table.unpack({}, 1, 1e7)",
    "while true do pcall(table.unpack, {}, 1, 9e5) end",
    "local function f(...) return f(1, ...) end f()",
    "local function g(...) end local function f(...) while true do g(...) end end f(table.unpack({}, 1, 2e5))",
    "local t = table.pack(table.unpack({}, 1, 5e5)) while true do next(t) t.n = nil end",
    "local t = {} for i = 1, 2e6 do t[i] = i end for i = 1, 2e6 do t[i] = nil end while true do next(t) end",
    "local t = {} for i = 1, 1e5 do t[i] = i end while true do table.insert(t, 1, 0) table.remove(t, 1) end",
    "while true do select('#', table.unpack({}, 1, 5e5)) end",
    /* load */
    "while true do load('return 1')() end",
    "while true do load(('x = 1 '):rep(5e4)) end",
    "local s = 'load(s)()' local e = {load = load} e.s = s load(s, 's', 't', e)() while true do end",
    "local t = {} for i = 1, 3e4 do t[i] = '::a' .. i .. '::' end local s = table.concat(t) while true do load(s) end",
    "load(function() while true do end end)",
    "load(function() return 'x = 1 ' end) while true do end",
    "while true do load(('('):rep(1e6)) end",
    "local n = 0 while true do n = n + 1 _G['f' .. n] = load('return ' .. n) end",
    /* errors */
    "while true do pcall(error, {}) end",
    "local function f(e) error(e) end while true do xpcall(f, f) end",
    "error(('x'):rep(8e6))",
    "local t = {} for i = 1, 1e7 do t[i] = ('x'):rep(i) end",
    /* coroutines that close one another */
    "local last for i = 1, 12000 do local before = last last = coroutine.create(function() local x <close> = "
    "setmetatable({}, {__close = function() if before then coroutine.close(before) end end}) coroutine.yield() end) "
    "coroutine.resume(last) end coroutine.close(last)",
    "local function deep(n) local co = coroutine.create(function() local x <close> = setmetatable({}, {__close = "
    "function() deep(n + 1) end}) coroutine.yield() end) coroutine.resume(co) coroutine.close(co) end deep(1)",
    "local function deep() local co = coroutine.wrap(function() local x <close> = setmetatable({}, {__close = "
    "function() deep() end}) error('x') end) co() end deep()",
    "local function f(n) table.concat(setmetatable({}, {__len = function() return 1 end, __index = function() if n > "
    "150 then local co = coroutine.create(function() local x <close> = setmetatable({}, {__close = function() f(1) "
    "end}) coroutine.yield() end) coroutine.resume(co) coroutine.close(co) else f(n + 1) end return 'x' end})) end "
    "f(1)",
    /* keys that collide: whole numbers, numbers with a fraction, addresses */
    "local t = {} for j = 1, 65537 do t[j * 131071] = true end",
    "local t = {} for j = 1, 131073 do t[j * 262145] = true end",
    "local t = {} for j = 1, 1e6 do t[j * 524287] = true end",
    "local t = {} for j = 1, 4096 do t[j * 8191] = true end while true do t[8192 * 8191] = nil end",
    "local t = {} for j = 1, 8193 do t[j * 16383] = true end for j = 1, 8190 do t[j * 16383] = nil t[-j] = 1 end",
    "local t = {} for j = 1, 1e6 do t[1 + j * 2.0 ^ -52] = true end",
    "local t = {} for j = 1, 4096 do t[1 + j * 2.0 ^ -52] = true end while true do local _ = t[1 + 5000 * 2.0 ^ -52] "
    "end",
    "local t, k = {}, {} for j = 1, 8192 do t[j * 8191] = true end k[1] = next(t) while true do for k in pairs(t) do "
    "end end",
    "local a, b = {}, {} for j = 1, 4097 do a[j * 8191] = 1 b[j * 8191] = 1 end setmetatable(a, {__index = b}) "
    "setmetatable(b, {__index = a}) while true do pcall(function() return a[5000 * 8191] end) end",
    "local a, b = {}, {} for j = 1, 8192 do a[j * 8191] = 1 b[j * 8191] = 1 end setmetatable(a, {__index = b}) "
    "setmetatable(b, {__index = a}) while true do pcall(function() return a[20000 * 16383] end) end",
    "local a, b = {}, {} for j = 1, 4097 do a[j * 8191] = 1 b[j * 8191] = 1 end setmetatable(a, {__newindex = b}) "
    "setmetatable(b, {__newindex = a}) while true do pcall(function() a[5000 * 8191] = 1 end) end",
    "local a, b = {}, {} for j = 1, 4097 do a[-j * 8191] = 1 b[-j * 8191] = 1 end local m = {__index = b, __len = "
    "function() return 1e6 // 1 | 0 end} setmetatable(a, m) setmetatable(b, {__index = a}) while true do "
    "pcall(table.unpack, a, 1, 1e5) pcall(table.concat, a) pcall(table.sort, a) pcall(table.move, a, 1, 1e6, 2) end",
    "local g = {} for i = 1, 4e5 do g[i] = {} end local t = {} for i = 1, 8192 do t['k' .. i] = i end while true do "
    "pcall(function() t.one_more = 1 end) end",
    "local g = {} for i = 1, 4e5 do g[i] = {} end local s = ('x'):rep(8e6) while true do pcall(function() return s .. "
    "s end) end",
    /* ephemerons */
    "local t = {} local m = {} setmetatable(t, m) m.__mode = 'k' local k = {} for i = 1, 60000 do local n = {} t[k] = "
    "n k = n end k = nil while true do local _ = {} end",
    "for _ = 1, 40 do local t = setmetatable({}, {}) getmetatable(t).__mode = 'k' local k = {} for i = 1, 16000 do "
    "local n = {} t[k] = n k = n end end while true do local _ = {} end",
    /* format, pack */
    "local t = {} for i = 1, 1e5 do t[i] = 1e308 end while true do pcall(string.format, ('%99.99f'):rep(1e5), "
    "table.unpack(t)) end",
    "local t = {} for i = 1, 999 do t[i] = 1e308 end local f = ('%99.99f'):rep(999) while true do "
    "pcall(string.format, f, table.unpack(t)) end",
    "local s = ('\1'):rep(8e6) while true do pcall(string.format, '%q', s) end",
    "local s = ('\1'):rep(2e5) while true do pcall(string.format, '%q', s) end",
    "local s = ('x'):rep(8e6) while true do pcall(string.format, ('%s'):rep(900), table.unpack({s, s, s, s, s, s, s})) "
    "end",
    "while true do pcall(string.pack, ('c8000000'):rep(1e5), 'x') end",
};

struct world {
    struct fixture *f;
    uv_check_t check;     /* called in each turn of the loop */
    int64_t turn, gap_us; /* the last turn, and the longest time between two */
    struct script *neighbour;
    int64_t budget_us;
    int64_t slack_us; /* a last stretch that cannot be interrupted, a full collection at the memory cap, the error's
                         text: by how fast this build is */
};

static void on_turn(uv_check_t *check)
{
    struct world *w = check->data;
    int64_t now = cpu_now();
    if (w->turn && now - w->turn > w->gap_us)
        w->gap_us = now - w->turn;
    w->turn = now;
}

static bool ends_by_itself(const struct ending *e)
{
    return e->code == 0 || e->code == ERR_SCRIPT;
}

static void attack(struct world *w, const char *body, bool at_load)
{
    struct script_limits limits = {.cpu_us = w->budget_us, .memory = (size_t)64 << 20};
    struct script *s = fixture_script(w->f, &limits);
    struct ending e = {0}, next;
    char *text = malloc(strlen(body) + 128);
    sprintf(text,
            at_load ? "function well() return 'well' end %s"
                    : "function well() return 'well' end function main() %s\nend",
            body);
    int64_t began = cpu_now();
    load_text(w->f, s, &e, text);
    if (!at_load) {
        assert_int_equal(e.code, 0);
        began = cpu_now();
        w->turn = cpu_now();
        w->gap_us = 0;
        call_global(w->f, s, &e, "main");
    }
    int64_t spent = cpu_now() - began;
    if (getenv("MPIJOBD_SCRIPT_TIMES"))
        print_message("%7.1f ms, %6.1f at a time %3d %.60s | %.90s\n", (double)spent / 1e3, (double)w->gap_us / 1e3,
                      e.code, body, e.code ? e.message : e.result);
    if (spent > w->budget_us * 3 / 2 + w->slack_us)
        fail_msg("%s\n  took %lld us of CPU", body, (long long)spent);
    if (w->gap_us > 100000 + w->slack_us)
        fail_msg("%s\n  held the loop for %lld us", body, (long long)w->gap_us);
    if (e.code != ERR_LIMIT && !ends_by_itself(&e))
        fail_msg("%s\n  ended with %d: %s", body, e.code, e.message);
    if (e.code == ERR_LIMIT)
        assert_contains(e.message, "t.lua:");
    call_global(w->f, w->neighbour, &next, "well");
    assert_string_equal(next.result, "well");
    load_text(w->f, s, &next, "collected = {} return 'well'"); /* also where the state is full: garbage goes first */
    if (next.code != 0 || strcmp(next.result, "well") != 0) {
        if (next.code != ERR_LIMIT || !strstr(body, "_G["))
            fail_msg("%s\n  leaves a script that ends with %s", body, next.message);
    }
    free(text);
    script_free(s);
    uv_run(&w->f->loop, UV_RUN_NOWAIT);
}

static void attack_all(void **state, bool at_load)
{
    struct world w = {.f = *state};
    struct ending e;
    const char *only = getenv("MPIJOBD_SCRIPT_ONLY");
    uv_check_init(&w.f->loop, &w.check);
    w.check.data = &w;
    uv_check_start(&w.check, on_turn);
    w.neighbour = fixture_script(w.f, NULL);
    int64_t began = cpu_now();
    load_text(w.f, w.neighbour, &e, "function well() return 'well' end for i = 1, 1e6 do local _ = i end");
    w.slack_us = 50000 + 100 * (cpu_now() - began);
    w.budget_us = getenv("MPIJOBD_SCRIPT_BUDGET_MS") ? atol(getenv("MPIJOBD_SCRIPT_BUDGET_MS")) * 1000 : 20000;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i += at_load && !only ? 4 : 1)
        if (!only || strstr(bodies[i], only))
            attack(&w, bodies[i], at_load);
    script_free(w.neighbour);
    uv_close((uv_handle_t *)&w.check, NULL);
    uv_run(&w.f->loop, UV_RUN_DEFAULT);
}

static void test_in_a_run(void **state)
{
    attack_all(state, false);
}

static void test_at_load(void **state)
{
    attack_all(state, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
        T(test_in_a_run),
        T(test_at_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
