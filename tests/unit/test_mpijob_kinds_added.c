/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds whose rows are made at run time: read, shared, let go; and what a job of one is, and what its changes do. */
#include "mpijob/change/job_changes.h"
#include "mpijob/effect/effect.h"
#include "mpijob/kinds_added.h"
#include "mpijob_fixture.h"

#define ROW                                                                                                            \
    "{\"name\":\"thing\",\"kind\":\"Thing\",\"group\":\"x.example.com\",\"plural\":\"things\","                        \
    "\"versions\":[\"v2\",\"v1\"],\"phases\":[{\"phase\":\"Succeeded\",\"where\":\"Complete\"},"                       \
    "{\"phase\":\"Running\",\"where\":\"/status/active\"}],\"fields\":["                                               \
    "{\"name\":\"stop\",\"at\":{\"v2\":\"/spec/stop\",\"v1\":\"/spec/old/stop\"},\"type\":\"boolean\","                \
    "\"effects\":[{\"value\":true,\"effect\":\"destructive\"}],\"why\":\"its pods end\"},"                             \
    "{\"name\":\"size\",\"at\":{\"v2\":\"/spec/size\"},\"type\":\"integer\",\"least\":1,\"most\":9,"                   \
    "\"when\":\"once\",\"required\":true},"                                                                            \
    "{\"name\":\"mode\",\"at\":\"/spec/mode\",\"type\":\"string\",\"values\":[\"a\",\"b\"],"                           \
    "\"effects\":[{\"effect\":\"late\"}]}]}"
static int take(struct mpijob_kinds *kinds, const char *row, const struct mpijob_kind **kind)
{
    struct error err;
    return mpijob_kinds_take(kinds, parsed(row), "the plugin p", kind, &err);
}

static void rows_are_shared_and_let_go(void **state)
{
    (void)state;
    struct mpijob_kinds kinds = {0};
    const struct mpijob_kind *a, *b, *c;
    assert_int_equal(take(&kinds, ROW, &a), 0);
    assert_int_equal(take(&kinds, " " ROW " ", &b), 0);
    assert_ptr_equal(a, b);
    assert_int_equal(mpijob_kinds_take(&kinds, parsed(ROW), "the plugin q", &c, NULL), 0);
    assert_ptr_not_equal(a, c);
    assert_int_not_equal(a->index, c->index);
    assert_true(mpijob_kind_added(a) && !mpijob_kind_added(KIND_TFJOB));
    mpijob_kind_remember(a);
    mpijob_kind_release(a);
    assert_true(mpijob_kind_held(a));
    mpijob_kind_release(b);
    assert_false(mpijob_kind_held(a));
    assert_string_equal(a->name, "Thing"); /* it is known still */
    mpijob_kind_forget(a);
    mpijob_kinds_close(&kinds);
    assert_string_equal(c->definition, "things.x.example.com");
    mpijob_kind_release(c);
    mpijob_kind_release(KIND_MPIJOB);
    mpijob_kind_forget(NULL);
}

static void there_is_room_for_so_many(void **state)
{
    (void)state;
    struct mpijob_kinds kinds = {0};
    const struct mpijob_kind *held[MPIJOB_KINDS_MOST], *more;
    struct error err;
    char by[32];
    int n = 0;
    for (; n < MPIJOB_KINDS_MOST - MPIJOB_KINDS_BUILT_IN; n++) {
        snprintf(by, sizeof by, "the plugin p%d", n);
        assert_int_equal(mpijob_kinds_take(&kinds, parsed(ROW), by, &held[n], &err), 0);
    }
    assert_int_equal(mpijob_kinds_take(&kinds, parsed(ROW), "another", &more, &err), ERR_LIMIT);
    size_t index = held[3]->index;
    mpijob_kind_release(held[3]);
    assert_int_equal(mpijob_kinds_take(&kinds, parsed(ROW), "another", &held[3], &err), 0);
    assert_int_equal(held[3]->index, index);
    while (n)
        mpijob_kind_release(held[--n]);
}

static void bad_rows_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "{}",
        "[]",
        "{\"name\":\"a\",\"kind\":\"A\",\"group\":\"\",\"plural\":\"as\"}",
        "{\"name\":\"a\",\"kind\":\"A\",\"group\":\"\",\"plural\":\"as\",\"versions\":[]}",
        "{\"name\":\"a\",\"kind\":\"A\",\"group\":\"\",\"plural\":\"as\",\"versions\":[1]}",
        "{\"name\":\"a\",\"kind\":\"A\",\"group\":\"\",\"plural\":\"as\",\"versions\":[\"v1\"],\"phases\":[{\"phase\":"
        "\"Done\",\"where\":\"x\"}]}",
        "{\"name\":\"a\",\"kind\":\"A\",\"group\":\"\",\"plural\":\"as\",\"versions\":[\"v1\"],\"fields\":[{}]}",
        "{\"name\":\"a\",\"kind\":\"A\",\"group\":\"\",\"plural\":\"as\",\"versions\":[\"v1\"],\"fields\":[{\"name\":"
        "\"x\",\"type\":\"map\",\"at\":\"/x\"}]}",
        "{\"name\":\"a\",\"kind\":\"A\",\"group\":\"\",\"plural\":\"as\",\"versions\":[\"v1\"],\"fields\":[{\"name\":"
        "\"x\",\"type\":\"list\",\"at\":\"x\"}]}",
    };
    struct mpijob_kinds kinds = {0};
    const struct mpijob_kind *kind;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(take(&kinds, bad[i], &kind), ERR_INVALID);
    assert_null(kinds.rows);
}

#define OBJECT(version, spec, status)                                                                                  \
    "{\"apiVersion\":\"x.example.com/" version "\",\"kind\":\"Thing\",\"metadata\":{\"name\":\"a\",\"namespace\":"     \
    "\"n\"},\"spec\":" spec ",\"status\":" status "}"

static struct mpijob_view view_of(const struct mpijob_kind *kind, enum mpijob_version version, const char *text)
{
    struct mpijob_view view;
    struct error err;
    if (mpijob_view(parsed(text), (struct mpijob_target){.kind = kind, .version = version}, &view, &err))
        fail_msg("%s", err.message);
    return view;
}

static void a_job_is_seen_by_the_row(void **state)
{
    (void)state;
    struct mpijob_kinds kinds = {0};
    const struct mpijob_kind *k;
    struct mpijob_view v;
    struct error err;
    assert_int_equal(take(&kinds, ROW, &k), 0);
    v = view_of(k, 0, OBJECT("v2", "{}", "{\"conditions\":[{\"type\":\"Complete\",\"status\":\"False\"}]}"));
    assert_int_equal(v.phase, PHASE_PENDING);
    v = view_of(k, 0, OBJECT("v2", "{}", "{\"active\":0}"));
    assert_int_equal(v.phase, PHASE_PENDING);
    v = view_of(k, 0, OBJECT("v2", "{}", "{\"active\":2,\"startTime\":\"2026-01-01T00:00:00Z\"}"));
    assert_int_equal(v.phase, PHASE_RUNNING);
    assert_int_equal(mpijob_running_for(&v, v.started + 5), 5);
    v = view_of(k, 1,
                OBJECT("v1", "{\"old\":{\"stop\":true}}",
                       "{\"active\":2,\"conditions\":[{\"type\":\"Complete\",\"status\":\"True\","
                       "\"lastTransitionTime\":\"2026-01-01T00:00:00Z\"}]}"));
    assert_int_equal(v.phase, PHASE_SUCCEEDED);
    assert_int_equal(mpijob_finished_for(&v, v.finished + 7), 7);
    assert_true(json_is_true(mpijob_field_value(v.object, FIELD_OWN, v.target)));
    assert_false(json_exists(mpijob_field_value(v.object, FIELD_SUSPEND, v.target)));
    assert_int_equal(mpijob_view_gpus(&v, &(bool){false}), 0);
    assert_int_equal(mpijob_view(parsed(OBJECT("v3", "{}", "{}")), v.target, &v, &err), ERR_INVALID);
    assert_non_null(strstr(err.message, "known are x.example.com/v2 and v1"));
    mpijob_kind_release(k);
}

static int apply(const struct mpijob_kind *k, enum mpijob_version version, const char *object, const char *change,
                 struct mpijob_verdict *verdict, char text[ERROR_MESSAGE_MAX])
{
    struct mpijob_changes changes = {.kind = k};
    struct mpijob_view v = view_of(k, version, object);
    struct mpijob_diff diff = {0};
    struct buf out = BUF_INIT, lines = BUF_INIT;
    struct error err = {0};
    int rc = mpijob_changes_parse(&changes, change, &err);
    if (!rc)
        rc = mpijob_changes_apply(&changes, &v, &out, &diff, &err);
    if (!rc) {
        mpijob_judge(&v, &diff, 0, verdict);
        mpijob_diff_write(&diff, false, &lines);
    }
    snprintf(text, ERROR_MESSAGE_MAX, "%s", rc ? err.message : lines.len ? lines.ptr : "");
    mpijob_diff_free(&diff);
    mpijob_changes_free(&changes);
    buf_free(&out);
    buf_free(&lines);
    return rc;
}

static void changes_are_checked_and_judged_by_the_row(void **state)
{
    (void)state;
    struct mpijob_kinds kinds = {0};
    const struct mpijob_kind *k;
    struct mpijob_verdict v;
    char text[ERROR_MESSAGE_MAX];
    assert_int_equal(take(&kinds, ROW, &k), 0);
    assert_int_equal(apply(k, 0, OBJECT("v2", "{}", "{}"), "stop=true", &v, text), 0);
    assert_string_equal(text, "+ spec.stop: true\n");
    assert_true(v.effect == EFFECT_DESTRUCTIVE && v.may_destroy);
    assert_string_equal(v.why, "its pods end (says the plugin p)");
    assert_int_equal(apply(k, 1, OBJECT("v1", "{\"old\":{\"stop\":true}}", "{}"), "stop=false", &v, text), 0);
    assert_string_equal(text, "  spec.old.stop: true -> false\n");
    assert_true(v.effect == EFFECT_UNKNOWN && !v.may_destroy);
    assert_string_equal(v.why, "the plugin p does not say what this change of stop does");
    assert_int_equal(apply(k, 0, OBJECT("v2", "{}", "{}"), "mode=b", &v, text), 0);
    assert_int_equal(v.effect, EFFECT_LATE);
    assert_int_equal(apply(k, 0, OBJECT("v2", "{\"mode\":\"b\"}", "{}"), "mode=b", &v, text), 0);
    assert_int_equal(v.effect, EFFECT_UNCHANGED);
    static const struct {
        const char *object, *change;
        int code;
        const char *message;
    } bad[] = {
        {OBJECT("v2", "{}", "{}"), "stop=1", ERR_INVALID, "stop must be true or false, not 1"},
        {OBJECT("v2", "{}", "{}"), "size=0", ERR_INVALID, "size must be from 1 to 9, not 0"},
        {OBJECT("v2", "{}", "{}"), "size-", ERR_INVALID, "size cannot be removed"},
        {OBJECT("v2", "{}", "{}"), "mode=c", ERR_INVALID, "mode must be one of \"a\", \"b\", not \"c\""},
        {OBJECT("v2", "{}", "{}"), "sise=1", ERR_INVALID,
         "a thing has no field \"sise\" that can be replaced; did you mean size?"},
        {OBJECT("v2", "{\"size\":2}", "{}"), "size=3", ERR_REFUSED,
         "size cannot be replaced now: it may be set once, and has a value"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(apply(k, 0, bad[i].object, bad[i].change, &v, text), bad[i].code);
        assert_string_equal(text, bad[i].message);
    }
    assert_int_equal(apply(k, 1, OBJECT("v1", "{}", "{}"), "size=3", &v, text), ERR_INVALID);
    assert_string_equal(text, "Things of v1 have no field size");
    mpijob_kind_release(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_shared_and_let_go),
        cmocka_unit_test(there_is_room_for_so_many),
        cmocka_unit_test(bad_rows_are_refused),
        cmocka_unit_test(a_job_is_seen_by_the_row),
        cmocka_unit_test(changes_are_checked_and_judged_by_the_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
