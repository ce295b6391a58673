/* SPDX-License-Identifier: Apache-2.0 */
/* Many scripts that compute: over some turns of the loop each gets as much of it as the others. */
#include "script_fixture.h"

#define SCRIPTS 20 /* about five have a full slice in a turn */
#define TURNS 60

struct crowd {
    struct fixture *f;
    struct script *scripts[SCRIPTS];
    struct ending ends[SCRIPTS];
};

static void open_crowd(struct crowd *c, struct fixture *f, const char *text)
{
    static const struct script_limits limits = {.cpu_us = INT64_C(60000000)};
    c->f = f;
    for (size_t i = 0; i < SCRIPTS; i++) {
        c->scripts[i] = fixture_script(f, &limits);
        load_text(f, c->scripts[i], &c->ends[i], text);
        memset(&c->ends[i], 0, sizeof c->ends[i]);
    }
}

static void close_crowd(struct crowd *c)
{
    for (size_t i = 0; i < SCRIPTS; i++) {
        if (c->scripts[i])
            script_free(c->scripts[i]);
    }
    uv_run(&c->f->loop, UV_RUN_NOWAIT);
}

static void test_each_gets_its_share(void **state)
{
    static struct crowd c;
    open_crowd(&c, *state, "function spin() while true do end end");
    for (size_t i = 0; i < SCRIPTS; i++)
        begin_call(c.scripts[i], &c.ends[i], "spin");
    for (int i = 0; i < TURNS; i++)
        uv_run(&c.f->loop, UV_RUN_NOWAIT);
    int64_t least = INT64_MAX, most = 0;
    for (size_t i = 0; i < SCRIPTS; i++) {
        int64_t us = script_run_cpu(c.ends[i].run);
        least = us < least ? us : least;
        most = us > most ? us : most;
    }
    if (most > 2 * least)
        fail_msg("one had %lld us, another %lld us", (long long)least, (long long)most);
    close_crowd(&c);
}

/* In the middle of a turn one is cancelled, another one freed, by the end of a third. */
static void test_some_leave(void **state)
{
    static struct crowd c;
    open_crowd(&c, *state, "function spin() while true do end end function short() end");
    for (int round = 0; round < 3; round++) {
        size_t gone = (size_t)round * 5;
        for (size_t i = 0; i < SCRIPTS; i++) {
            if (c.scripts[i] && !c.ends[i].run && (i % 5 != 1 || i == gone + 1))
                begin_call(c.scripts[i], &c.ends[i], i == gone + 1 ? "short" : "spin");
        }
        uv_run(&c.f->loop, UV_RUN_NOWAIT);
        script_cancel(c.ends[gone].run, "no more");
        assert_int_equal(c.ends[gone].code, ERR_CANCELLED);
        script_free(c.scripts[gone + 2]);
        c.scripts[gone + 2] = NULL;
        while (!c.ends[gone + 1].calls)
            uv_run(&c.f->loop, UV_RUN_NOWAIT);
        memset(&c.ends[gone], 0, sizeof c.ends[gone]);
        memset(&c.ends[gone + 1], 0, sizeof c.ends[gone + 1]);
    }
    close_crowd(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each_gets_its_share, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_some_leave, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
