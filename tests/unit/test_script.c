/* SPDX-License-Identifier: Apache-2.0 */
/* Runs: start, load, wait, wake, cancel, timeouts, budgets, and what they leave behind. */
#include "script_fixture.h"

static void test_load_and_call(void **state)
{
    struct fixture *f = *state;
    struct ending e;
    load_text(f, f->script, &e,
              "#!/usr/bin/env mpijobd\nlocal n = 40\nfunction answer() return n + 2, 'more' end\nreturn 'loaded'");
    assert_int_equal(e.code, 0);
    assert_string_equal(e.result, "loaded");
    call_global(f, f->script, &e, "answer");
    assert_string_equal(e.result, "42");
    call_global(f, f->script, &e, "absent");
    assert_int_equal(e.code, ERR_SCRIPT);
    assert_contains(e.message, "there is no function absent");
}

static void test_syntax_error_at_once(void **state)
{
    struct fixture *f = *state;
    struct error err;
    struct ending e = {0};
    assert_int_equal(begin_text(f->script, &e, "\nx = = 1", &err), ERR_SYNTAX);
    assert_contains(err.message, "t.lua:2:");
    assert_int_equal(begin_text(f->script, &e, "\x1bLua", &err), ERR_SYNTAX);
    assert_contains(err.message, "attempt to load a binary chunk");
    assert_int_equal(e.calls, 0);
}

static void test_error_with_traceback(void **state)
{
    struct fixture *f = *state;
    struct ending e;
    load_text(f, f->script, &e,
              "local function inner(x)\n  return x.y.z\nend\nfunction outer()\n  local v = inner({})\n  return v\nend");
    call_global(f, f->script, &e, "outer");
    assert_int_equal(e.code, ERR_SCRIPT);
    assert_true(strncmp(e.message, "t.lua:2: attempt to index a nil value (field 'y')\n", 50) == 0);
    assert_contains(e.message, "\n  t.lua:2: in upvalue 'inner'");
    assert_contains(e.message, "\n  t.lua:5: in the function at line 4");
    assert_null(strstr(e.message, "[C]"));
}

static void test_error_objects(void **state)
{
    struct fixture *f = *state;
    assert_raises(f, "error()", ERR_SCRIPT, "t.lua:1: (the error object is a nil value)");
    assert_raises(f, "error({})", ERR_SCRIPT, "(the error object is a table value)");
    assert_raises(f, "error(setmetatable({}, {__tostring = function() return 'shown' end}))", ERR_SCRIPT, "shown");
    assert_raises(f, "error(setmetatable({}, {__tostring = function() return {} end}))", ERR_SCRIPT, "cannot be shown");
    assert_raises(f, "error(setmetatable({}, {__tostring = function() error('again') end}))", ERR_SCRIPT,
                  "cannot be shown");
    assert_raises(f, "error(setmetatable({}, {__tostring = function() while true do end end}))", ERR_SCRIPT,
                  "cannot be shown");
    assert_raises(f, "error(setmetatable({}, {__name = 'Job'}))", ERR_SCRIPT, "table value");
    assert_raises(f, "error(12.5)", ERR_SCRIPT, "12.5");
    assert_raises(f, "local function f() return 1 + f() end f()", ERR_LIMIT, "more)");
}

static void test_wait_and_wake(void **state)
{
    struct fixture *f = *state;
    struct pendings all;
    struct ending e, first = {0}, second = {0};
    pending_register(f->script, &all);
    load_text(f, f->script, &e, "function main() local a, s = wait(1) local b = wait(20) return a + b .. s end");
    begin_call(f->script, &first, "main");
    begin_call(f->script, &second, "main");
    turn(f);
    assert_int_equal(all.n, 2);
    while (pending_wake(&all)) {
        assert_true(!first.calls || !second.calls);
        turn(f);
    }
    assert_string_equal(first.result, "21second");
    assert_string_equal(second.result, "21second");
    all.at_once = true;
    call_global(f, f->script, &e, "main");
    assert_string_equal(e.result, "21second");
    assert_int_equal(all.n, 6);
    assert_int_equal(pending_free(&all), 0);
}

static void test_no_wait_while_loading(void **state)
{
    struct fixture *f = *state;
    struct pendings all;
    struct ending e;
    pending_register(f->script, &all);
    load_text(f, f->script, &e, "\nwait(1)");
    assert_int_equal(e.code, ERR_SCRIPT);
    assert_contains(e.message, "t.lua:2: this call waits for an answer: while the file is being loaded");
    assert_int_equal(pending_free(&all), 0);
}

static void ring(uv_timer_t *timer)
{
    ++*(int *)timer->data;
}

static void test_spinning_is_ended_and_the_loop_lives(void **state)
{
    struct fixture *f = *state;
    struct script_limits limits = {.cpu_us = 100000};
    struct script *s = fixture_script(f, &limits);
    struct ending e;
    uv_timer_t timer;
    int rung = 0;
    uv_timer_init(&f->loop, &timer);
    timer.data = &rung;
    uv_timer_start(&timer, ring, 1, 1);
    load_text(f, s, &e, "function main()\n  local n = 0\n  while true do\n    n = n + 1\n  end\nend");
    rung = 0;
    call_global(f, s, &e, "main");
    assert_int_equal(e.code, ERR_LIMIT);
    assert_contains(e.message, "the CPU limit of 100ms is used up");
    assert_contains(e.message, "limits = { cpu = \"200ms\" }");
    assert_true(!strncmp(e.message, "t.lua:3:", 8) || !strncmp(e.message, "t.lua:4:", 8));
    assert_true(rung >= 10);
    load_text(f, s, &e, "while true do end");
    assert_int_equal(e.code, ERR_LIMIT);
    assert_contains(e.message, "t.lua:1:");
    load_text(f, s, &e, "return 'still well'");
    assert_string_equal(e.result, "still well");
    script_free(s);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&f->loop, UV_RUN_DEFAULT);
}

/* Where nothing can interrupt, less is allowed than the whole budget: the loop waits meanwhile. */
static void test_stretch_without_interruption(void **state)
{
    struct fixture *f = *state;
    struct script_limits limits = {.cpu_us = 60000000};
    struct script *s = fixture_script(f, &limits);
    struct ending e;
    static const char *const bodies[] = {
        "return (('a'):rep(400):find('.-.-.-b'))",
        "return pcall(tostring, setmetatable({}, {__tostring = function() while true do end end}))",
        "return tostring(setmetatable({}, {__tostring = function() while true do end end}))",
        "table.move({}, 1, 1 << 50, 2)",
        "return tostring(setmetatable({}, {__tostring = function() coroutine.wrap(function() while true do end end)() "
        "end}))",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        load_text(f, s, &e, bodies[i]);
        assert_int_equal(e.code, ERR_LIMIT);
        assert_contains(e.message, "t.lua:1: computed for more than 35ms where it cannot be interrupted");
    }
    /* a sort comparison and a gsub callback can be interrupted */
    load_text(f, s, &e,
              "local n = 0 table.sort({3, 1, 2}, function(a, b) for i = 1, 3e6 do n = n + 1 end return a < b end) "
              "return ('x'):gsub('.', function() for i = 1, 3e7 do n = n + 1 end end)");
    assert_int_equal(e.code, 0);
    load_text(f, s, &e,
              "local t = {} for i = 1, 4e5 do t[i] = (i * 7919) % 400009 end table.sort(t) for i = 2, #t do assert(t[i "
              "- 1] <= t[i]) end return #t");
    assert_string_equal(e.result, "400000");
    script_free(s);
}

/* Another script's run is done long before a spinning one. */
static void test_neighbours_get_their_turn(void **state)
{
    struct fixture *f = *state;
    struct script_limits limits = {.cpu_us = 200000};
    struct script *spinner = fixture_script(f, &limits);
    struct ending spin = {0}, e;
    struct error err;
    assert_int_equal(begin_text(spinner, &spin, "while true do end", &err), 0);
    for (int i = 0; i < 20; i++)
        load_text(f, f->script, &e, "return 1");
    assert_int_equal(spin.calls, 0);
    wait_for(f, &spin);
    assert_int_equal(spin.code, ERR_LIMIT);
    script_free(spinner);
}

static void test_memory(void **state)
{
    struct fixture *f = *state;
    struct script_limits limits = {.memory = 1024 * 1024, .cpu_us = 60000000};
    struct script *s = fixture_script(f, &limits);
    struct ending e;
    struct error err;
    size_t empty = script_memory(s);
    assert_true(empty > 1000 && empty < 100000);
    load_text(f, s, &e, "\nlocal t = {} for i = 1, 1e7 do t[i] = {} end");
    assert_int_equal(e.code, ERR_LIMIT);
    assert_contains(e.message, "t.lua:2: the memory limit of 1MiB is reached");
    assert_contains(e.message, "while the file is loaded");
    assert_null(strstr(e.message, "limits =")); /* they are of policies, and not known yet */
    assert_contains(e.message, "\n  t.lua:2: in the file's own code");
    /* garbage alone never reaches the limit */
    load_text(f, s, &e,
              "for i = 1, 2e5 do local t = {i, {}} local s = 'x' .. i end local s = '' for i = 1, 2000 do s = s .. "
              "('y'):rep(100) end return #s");
    assert_string_equal(e.result, "200000");
    load_text(f, s, &e, "return tostring(pcall(function() return ('x'):rep(2e6) end))");
    assert_string_equal(e.result, "false");
    load_text(f, s, &e, "local ok, e = pcall(function() local t = {} for i = 1, 1e7 do t[i] = {} end end) error(e, 0)");
    assert_int_equal(e.code, ERR_LIMIT);
    load_text(f, s, &e, "local ok, e = pcall(function() local t = {} for i = 1, 1e7 do t[i] = {} end end) return e");
    assert_string_equal(e.result, "not enough memory");
    load_text(f, f->script, &e, "local s = ('x'):rep(8e6)\nlocal t = s .. s");
    assert_int_equal(e.code, ERR_LIMIT);
    assert_contains(e.message, "t.lua:2: a string of more than 8 MiB");
    /* full to the brim: nothing more starts, and it is freed as any other */
    load_text(f, s, &e, "full = {} for i = 1, 1e7 do full[i] = {i} end");
    assert_int_equal(e.code, ERR_LIMIT);
    assert_true(script_memory(s) <= limits.memory);
    script_free(s);
    s = fixture_script(f, NULL);
    load_text(f, s, &e, "t = {} for i = 1, 1e5 do t[i] = {} end");
    assert_int_equal(e.code, 0);
    script_set_memory(s, 1024 * 1024);
    assert_int_equal(begin_text(s, &e, "return 1", &err), ERR_LIMIT);
    assert_contains(err.message, "the memory limit of 1MiB");
    script_set_memory(s, (size_t)32 * 1024 * 1024);
    load_text(f, s, &e, "for i = 1, 1e5 do t[i] = {} end");
    assert_int_equal(e.code, 0);
    script_free(s);
    limits.memory = 4096;
    assert_int_equal(script_new(&f->loop, "tiny.lua", &limits, NULL, &s, &err), ERR_LIMIT);
    assert_contains(err.message, "tiny.lua: the memory limit of 4KiB is reached");
}

static int protected_body(lua_State *L)
{
    int what = *(int *)lua_touserdata(L, 1);
    if (what == 0)
        return luaL_error(L, "refused %d", 7);
    if (what == 1)
        return luaL_dostring(L, "while true do end") ? lua_error(L) : 0;
    if (what == 2)
        return luaL_dostring(L, "local t = {} for i = 1, 1e9 do t[i] = {i} end") ? lua_error(L) : 0;
    if (what == 3)
        return lua_pushboolean(L, 0), lua_error(L);
    assert_ptr_equal(script_host(L), (void *)script_host(L));
    assert_null(script_run_of(L));
    return 0;
}

static void test_protect(void **state)
{
    struct fixture *f = *state;
    struct error err;
    static const struct {
        int code;
        const char *text;
    } want[] = {
        {ERR_SCRIPT, "refused 7"}, {ERR_LIMIT, "CPU limit"}, {ERR_LIMIT, "memory limit"}, {ERR_SCRIPT, "no text"}};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(script_protect(f->script, protected_body, &i, &err), want[i].code);
        assert_contains(err.message, want[i].text);
    }
    int last = 4;
    assert_int_equal(script_protect(f->script, protected_body, &last, &err), 0);
}

static void test_source_limit(void **state)
{
    struct fixture *f = *state;
    struct ending e = {0};
    struct error err;
    size_t n = SCRIPT_SOURCE_MAX + 2;
    char *text = malloc(n);
    memset(text, ' ', n);
    text[n - 1] = 0;
    assert_int_equal(begin_text(f->script, &e, text, &err), ERR_LIMIT);
    assert_contains(err.message, "t.lua: the file has 1048577 bytes, at most 1048576 are read");
    text[n - 2] = 0;
    load_text(f, f->script, &e, text);
    assert_int_equal(e.code, 0);
    free(text);
}

static void test_cancel(void **state)
{
    struct fixture *f = *state;
    struct pendings all;
    struct ending e;
    pending_register(f->script, &all);
    load_text(f, f->script, &e,
              "closed = 0\nfunction main() local x <close> = setmetatable({}, {__close = function() closed = closed + "
              "1 end}) wait(1) end\n"
              "function count() return closed end function spin() while true do end end");
    struct ending queued = {0}, waiting = {0}, woken = {0}, spinning = {0};
    begin_call(f->script, &waiting, "main");
    turn(f);
    begin_call(f->script, &woken, "main");
    turn(f);
    pending_wake(&all);
    begin_call(f->script, &queued, "main");
    script_cancel(queued.run, "no longer wanted");
    script_cancel(waiting.run, "no longer wanted");
    script_cancel(woken.run, "no longer wanted");
    assert_int_equal(queued.calls + waiting.calls + woken.calls, 3);
    assert_int_equal(waiting.code, ERR_CANCELLED);
    assert_contains(waiting.message, "no longer wanted");
    assert_int_equal(pending_free(&all), 0);
    begin_call(f->script, &spinning, "spin");
    uv_run(&f->loop, UV_RUN_NOWAIT);
    uv_run(&f->loop, UV_RUN_NOWAIT);
    assert_int_equal(spinning.calls, 0);
    assert_true(script_run_cpu(spinning.run) > 0);
    script_cancel(spinning.run, NULL);
    assert_int_equal(spinning.calls, 1);
    call_global(f, f->script, &e, "count");
    assert_string_equal(e.result, "2");
}

static void test_timeout(void **state)
{
    struct fixture *f = *state;
    struct script_limits limits = {.timeout_us = 20000};
    struct script *s = fixture_script(f, &limits);
    struct pendings all;
    struct ending e;
    pending_register(s, &all);
    load_text(f, s, &e,
              "function main() wait(1) end function quick() return 'quick' end function spin() while true do end end");
    call_global(f, s, &e, "main");
    assert_int_equal(e.code, ERR_TIMEOUT);
    assert_contains(e.message, "timeout of 0.02 s");
    assert_int_equal(pending_free(&all), 0);
    call_global(f, s, &e, "quick");
    assert_string_equal(e.result, "quick");
    call_global(f, s, &e, "spin");
    assert_int_equal(e.code, ERR_TIMEOUT);
    script_free(s);
}

/* ---- freed and cancelled from odd places ---- */

static int l_cancel(lua_State *L)
{
    struct ending *e = lua_touserdata(L, lua_upvalueindex(1));
    script_cancel(e->run, "from within");
    return 0;
}

static int l_free(lua_State *L)
{
    script_free(script_of(L));
    return 0;
}

static int register_cancel(lua_State *L)
{
    lua_pushvalue(L, 1);
    lua_pushcclosure(L, l_cancel, 1);
    lua_setglobal(L, "cancel");
    lua_pushcfunction(L, l_free);
    lua_setglobal(L, "free");
    return 0;
}

static void test_cancel_from_within(void **state)
{
    struct fixture *f = *state;
    struct pendings all;
    struct ending e, own = {0}, other = {0};
    struct error err;
    pending_register(f->script, &all);
    assert_int_equal(script_protect(f->script, register_cancel, &own, &err), 0);
    load_text(
        f, f->script, &e,
        "function main() cancel() reached = true end function caught() pcall(function() cancel() wait(2) end) reached "
        "= true end\n"
        "function sorted() table.sort({2, 1}, function() cancel() wait(1) reached = true end) reached = true end\n"
        "function co() coroutine.wrap(function() cancel() reached = true end)() reached = true end\n"
        "function gs() local _ = ('x'):gsub('x', function() cancel() pcall(cancel) wait(1) end) reached = true end\n"
        "function wait1() wait(1) end function look() return tostring(reached) end");
    const char *const mains[] = {"main", "caught", "sorted", "co", "gs"};
    for (size_t i = 0; i < 5; i++) {
        memset(&own, 0, sizeof own);
        begin_call(f->script, &own, mains[i]);
        wait_for(f, &own);
        assert_int_equal(own.code, ERR_CANCELLED);
        assert_contains(own.message, "from within");
    }
    call_global(f, f->script, &e, "look");
    assert_string_equal(e.result, "nil");
    /* another run's */
    memset(&own, 0, sizeof own);
    begin_call(f->script, &own, "wait1");
    turn(f);
    begin_call(f->script, &other, "main");
    wait_for(f, &other);
    assert_int_equal(own.code, ERR_CANCELLED);
    assert_int_equal(other.code, 0);
    assert_int_equal(pending_free(&all), 0);
}

static void cancel_again(struct ending *e)
{
    script_cancel(e->data, "again");
}

/* What the end of a run calls may cancel it once more, and start others. */
static void test_cancel_at_the_end(void **state)
{
    struct fixture *f = *state;
    struct ending e, a = {.then = cancel_again}, b = {.then = cancel_again};
    load_text(f, f->script, &e, "function quick() end");
    begin_call(f->script, &a, "quick");
    a.data = a.run;
    begin_call(f->script, &b, "quick");
    b.data = b.run;
    script_cancel(b.run, "first");
    assert_int_equal(b.calls, 1);
    assert_contains(b.message, "first");
    wait_for(f, &a);
    assert_int_equal(a.code, 0);
}

static void free_script(struct ending *e)
{
    script_free(e->data);
}

static void test_freeing(void **state)
{
    struct fixture *f = *state;
    struct pendings all;
    struct ending e, a = {0}, b = {0}, c = {0};
    struct error err;
    struct script *s = fixture_script(f, NULL);
    const char *text = "function main() wait(1) end function spin() while true do end end function quick() end "
                       "function last() free() x = 1 end";
    pending_register(s, &all);
    load_text(f, s, &e, text);
    begin_call(s, &a, "main");
    begin_call(s, &b, "spin");
    uv_run(&f->loop, UV_RUN_NOWAIT);
    uv_run(&f->loop, UV_RUN_NOWAIT);
    begin_call(s, &c, "main");
    script_free(s);
    assert_int_equal(a.calls + b.calls + c.calls, 3);
    assert_int_equal(a.code, ERR_CANCELLED);
    assert_int_equal(pending_free(&all), 0);

    /* in a done */
    s = fixture_script(f, NULL);
    pending_register(s, &all);
    load_text(f, s, &e, text);
    memset(&a, 0, sizeof a), memset(&b, 0, sizeof b), memset(&c, 0, sizeof c);
    a.then = free_script;
    a.data = s;
    begin_call(s, &b, "main");
    begin_call(s, &a, "quick");
    begin_call(s, &c, "spin");
    wait_for(f, &a);
    assert_int_equal(a.code, 0);
    assert_int_equal(b.code, ERR_CANCELLED);
    assert_int_equal(c.code, ERR_CANCELLED);
    assert_int_equal(pending_free(&all), 0);

    /* from within */
    s = fixture_script(f, NULL);
    pending_register(s, &all);
    assert_int_equal(script_protect(s, register_cancel, &a, &err), 0);
    load_text(f, s, &e, text);
    memset(&a, 0, sizeof a), memset(&b, 0, sizeof b), memset(&c, 0, sizeof c);
    begin_call(s, &b, "main");
    begin_call(s, &a, "last");
    begin_call(s, &c, "spin");
    wait_for(f, &a);
    assert_int_equal(a.code, ERR_CANCELLED);
    assert_int_equal(b.calls, 1);
    assert_int_equal(c.calls, 1);
    assert_int_equal(pending_free(&all), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
        T(test_load_and_call),
        T(test_syntax_error_at_once),
        T(test_error_with_traceback),
        T(test_error_objects),
        T(test_wait_and_wake),
        T(test_no_wait_while_loading),
        T(test_spinning_is_ended_and_the_loop_lives),
        T(test_stretch_without_interruption),
        T(test_neighbours_get_their_turn),
        T(test_memory),
        T(test_protect),
        T(test_source_limit),
        T(test_cancel),
        T(test_cancel_at_the_end),
        T(test_timeout),
        T(test_cancel_from_within),
        T(test_freeing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
