/* SPDX-License-Identifier: Apache-2.0 */
/* Each allocation fails in turn: the call or the run fails with a clear error, and everything is given back. */
#include "alloc.h"
#include "script_fixture.h"

/* 0, or the code of the first thing that failed. */
static int life(struct fixture *f, const char *body)
{
    struct error err;
    struct script *s;
    struct ending e = {0};
    struct script_limits limits = {.timeout_us = 5000000};
    int code = script_new(&f->loop, "t.lua", &limits, NULL, &s, &err);
    if (code)
        return code;
    code = begin_text(s, &e, body, &err);
    if (code == 0) {
        wait_for(f, &e);
        code = e.code;
        if (code)
            assert_true(e.message[0]);
    }
    if (code == 0) {
        struct ending call = {.call = "main"};
        struct script_call c = {.entry = ending_entry, .done = ending_done, .data = &call};
        code = script_start(s, &c, &call.run, &err);
        if (code == 0) {
            wait_for(f, &call);
            code = call.code;
            if (code && code != ERR_NOMEM)
                fail_msg("%d: %s", code, call.message);
        }
    }
    script_free(s);
    uv_run(&f->loop, UV_RUN_NOWAIT);
    return code;
}

static void test_each_allocation_fails(void **state)
{
    struct fixture *f = *state;
    const char *body = "function main() local t = {} for i = 1, 30 do t[i] = coroutine.wrap(function(x) return "
                       "('%s'):format(x) .. i end)(i) end\n"
                       "table.sort(t) return (table.concat(t):gsub('%d', function(d) return d + 1 end)) end";
    int failures = 0;
    for (long n = 1;; n++) {
        alloc_fail_at(n);
        int code = life(f, body);
        bool failed = alloc_failed();
        alloc_fail_at(0);
        if (code) {
            assert_int_equal(code, ERR_NOMEM);
            failures++;
        }
        if (!failed)
            break;
    }
    assert_true(failures > 5);
    assert_int_equal(life(f, body), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each_allocation_fails, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
