/* SPDX-License-Identifier: Apache-2.0 */
/* Thousands of random steps on a few scripts: runs that wait in all kinds of places, compute, fail and are cancelled,
 * time out or lose their script. However it goes: each `done` comes once, each wait is either continued or cancelled,
 * once, and the loop closes. */
#include "script_fixture.h"

#define SCRIPTS 4
#define RUNS 12

static const char library[] =
    "local function guard() return setmetatable({}, {__close = function() for i = 1, 50 do local _ = {} end end}) end\n"
    "function plain() return wait(1) end\n"
    "function deep() local function f(n) local x <close> = guard() if n == 0 then return wait(2) end return "
    "coroutine.wrap(f)(n - 1) + wait(3) end return f(4) end\n"
    "function caught() for i = 1, 3 do pcall(function() wait(i) error('x') end) end return 'caught' end\n"
    "function sorted() local t = {4, 2, 3, 1} table.sort(t, function(a, b) return a < b + wait(0) end) return "
    "table.concat(t) end\n"
    "function gsubbed() return (('abcd'):gsub('.', function(c) return c .. wait(5) end)) end\n"
    "function failing() coroutine.wrap(function() wait(1) error('failed') end)() end\n"
    "function busy() local n = 0 for i = 1, 30000 do n = n + i end wait(1) for i = 1, 30000 do n = n + i end return n "
    "end\n"
    "function spinning() while true do pcall(function() while true do end end) end end\n"
    "function nested() coroutine.wrap(function() while true do end end)() end\n"
    "function hungry() local t = {} for i = 1, 1e7 do t[i] = {} end end\n"
    "function closing() local x <close> = setmetatable({}, {__close = function() wait(6) end}) wait(7) end\n"
    "shared = coroutine.wrap(function() for i = 1, 1e6 do if i % 7 == 0 then wait(i) end coroutine.yield(i) end end)\n"
    "function sharing() for i = 1, 3 do pcall(shared) end end\n"
    "function stopping() wait(1) stop() wait(2) end\n"
    "function quick() return 1 end\n";

static const char *const functions[] = {"plain",    "deep",     "caught", "sorted", "gsubbed", "failing",
                                        "busy",     "spinning", "nested", "hungry", "closing", "sharing",
                                        "stopping", "quick",    "plain",  "deep"};

struct slot {
    struct ending ending;
    struct script *script;
    bool used;
};

struct chaos {
    struct fixture *f;
    struct script *scripts[SCRIPTS];
    struct pendings pendings;
    struct slot slots[RUNS];
    uint64_t random;
    unsigned ends[20]; /* by -code */
};

static uint64_t pick(struct chaos *c, uint64_t below)
{
    c->random = c->random * 6364136223846793005u + 1442695040888963407u;
    return (c->random >> 33) % below;
}

/* Cancels some run, its own perhaps: that of the slot whose turn it is by chance. */
static int l_stop(lua_State *L)
{
    struct chaos *c = lua_touserdata(L, lua_upvalueindex(1));
    struct slot *slot = &c->slots[pick(c, RUNS)];
    if (slot->used && !slot->ending.calls)
        script_cancel(slot->ending.run, "stopped by another");
    return 0;
}

static int register_stop(lua_State *L)
{
    lua_pushvalue(L, 1);
    lua_pushcclosure(L, l_stop, 1);
    lua_setglobal(L, "stop");
    return 0;
}

static void create(struct chaos *c, int i)
{
    struct script_limits limits = {
        .cpu_us = 10000000, .memory = (size_t)1 << 20, .timeout_us = 1000 * (int64_t)(1 + pick(c, 30))};
    struct ending e;
    struct error err;
    c->scripts[i] = fixture_script(c->f, &limits);
    assert_int_equal(script_protect(c->scripts[i], register_wait, &c->pendings, &err), 0);
    assert_int_equal(script_protect(c->scripts[i], register_stop, c, &err), 0);
    memset(&e, 0, sizeof e);
    do /* the timeout may be shorter than the machine's mood */
        load_text(c->f, c->scripts[i], &e, library);
    while (e.code == ERR_TIMEOUT);
    assert_int_equal(e.code, 0);
}

static void start(struct chaos *c)
{
    struct slot *slot = &c->slots[pick(c, RUNS)];
    struct error err;
    if (slot->used) {
        if (!slot->ending.calls)
            return;
        assert_int_equal(slot->ending.calls, 1);
        c->ends[-slot->ending.code]++;
    }
    slot->used = true;
    slot->script = c->scripts[pick(c, SCRIPTS)];
    memset(&slot->ending, 0, sizeof slot->ending);
    slot->ending.call = functions[pick(c, sizeof functions / sizeof *functions)];
    struct script_call call = {
        .entry = ending_entry, .done = ending_done, .data = &slot->ending, .limits = {.cpu_us = 3000}};
    if (script_start(slot->script, &call, &slot->ending.run, &err) != 0) {
        assert_int_equal(err.code, ERR_LIMIT);
        slot->used = false;
    }
}

static void wake_some(struct chaos *c)
{
    for (struct pending *p = c->pendings.first; p; p = p->next)
        if (!p->cancelled && !p->resumed && !p->wait.woken && pick(c, 2))
            script_wake(&p->wait);
}

static void cancel_some(struct chaos *c)
{
    struct slot *slot = &c->slots[pick(c, RUNS)];
    if (slot->used && !slot->ending.calls) {
        script_cancel(slot->ending.run, "by chance");
        assert_int_equal(slot->ending.calls, 1);
    }
}

static void replace_script(struct chaos *c)
{
    int i = (int)pick(c, SCRIPTS);
    script_free(c->scripts[i]);
    for (int k = 0; k < RUNS; k++)
        if (c->slots[k].used && c->slots[k].script == c->scripts[i])
            assert_int_equal(c->slots[k].ending.calls, 1);
    create(c, i);
}

/* Drops what is over: of the waits only those that are. */
static void sweep(struct chaos *c)
{
    struct pending **at = &c->pendings.first;
    while (*at) {
        struct pending *p = *at;
        if (p->cancelled || p->resumed) {
            *at = p->next;
            free(p);
        } else {
            at = &p->next;
        }
    }
}

static void step(struct chaos *c)
{
    c->pendings.at_once = pick(c, 8) == 0;
    switch (pick(c, 40)) {
    case 0:
        replace_script(c);
        break;
    case 1:
    case 2:
        cancel_some(c);
        break;
    case 3:
        sweep(c);
        break;
    case 4:
    case 5:
    case 6:
    case 7:
    case 8:
    case 9:
    case 10:
    case 11:
        wake_some(c);
        break;
    case 12:
    case 13:
    case 14:
    case 15:
    case 16:
    case 17:
    case 18:
        start(c);
        break;
    default:
        uv_run(&c->f->loop, UV_RUN_NOWAIT);
    }
}

static void test_chaos(void **state)
{
    const char *seed = getenv("MPIJOBD_SCRIPT_SEED"), *steps = getenv("MPIJOBD_SCRIPT_STEPS");
    struct chaos *c = calloc(1, sizeof *c);
    c->f = *state;
    c->random = seed ? strtoull(seed, NULL, 10) : 20261123;
    for (int i = 0; i < SCRIPTS; i++)
        create(c, i);
    for (long n = steps ? atol(steps) : 6000; n > 0; n--)
        step(c);
    for (int i = 0; i < SCRIPTS; i++)
        script_free(c->scripts[i]);
    for (int i = 0; i < RUNS; i++)
        if (c->slots[i].used)
            assert_int_equal(c->slots[i].ending.calls, 1);
    assert_int_equal(pending_free(&c->pendings), 0);
    assert_true(c->ends[0] && c->ends[-ERR_LIMIT] && c->ends[-ERR_CANCELLED] && c->ends[-ERR_SCRIPT]);
    free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_chaos, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
