/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of Workloads: by job, once each text, and without leaving anything behind where memory is out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "alloc.h"
#include "workloads/workload_table.h"

static char text[2048];

/* more: members of the metadata, each with a comma before it. */
static struct json workload(const char *uid, const char *name, const char *more, const char *condition, bool active)
{
    struct json root;
    snprintf(
        text, sizeof text,
        "{\"kind\":\"Workload\",\"metadata\":{\"namespace\":\"train\",\"name\":\"%s\",\"labels\":{"
        "\"kueue.x-k8s.io/job-uid\":\"%s\"},\"ownerReferences\":[{\"kind\":\"Owner\",\"name\":\"o\",\"uid\":\"x\"},"
        "{\"kind\":\"MPIJob\",\"name\":\"bert\",\"uid\":\"%s\"}]%s},\"spec\":{\"active\":%s},\"status\":{"
        "\"conditions\":[%s]}}",
        name, uid, uid, more, active ? "true" : "false", condition);
    assert_int_equal(json_parse(str_of(text), "", &root, NULL), 0);
    return root;
}

#define WAITS "{\"type\":\"QuotaReserved\",\"status\":\"False\",\"reason\":\"Pending\",\"message\":\"no room\"}"
#define ADMITTED "{\"type\":\"Admitted\",\"status\":\"True\",\"reason\":\"Admitted\",\"message\":\"m\"}"
#define DELETING ",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\""

static enum workload_put put(struct workload_table *t, struct json object)
{
    struct workload_job job;
    assert_true(workload_job_of(object, &job));
    assert_true(str_is(job.name_space, "train") && str_is(job.kind, "MPIJob") && str_is(job.name, "bert"));
    return workload_table_put(t, &job, object);
}

static bool drop(struct workload_table *t, struct json object)
{
    struct workload_job job;
    return workload_job_of(object, &job) && workload_table_drop(t, &job, object);
}

static enum kueue_state state_of(const struct workload_table *t, const char *uid)
{
    struct listed_workload w;
    assert_true(workload_table_find(t, str_of(uid), &w));
    return w.state;
}

static void keeps_one_for_each_job(void **state)
{
    struct workload_table t = {0};
    struct listed_workload w;
    (void)state;
    assert_int_equal(put(&t, workload("u1", "w1", "", WAITS, true)), WORKLOAD_NEWS);
    assert_int_equal(put(&t, workload("u1", "w1", ",\"labels2\":{}", WAITS, true)), WORKLOAD_SAME);
    assert_true(workload_table_find(&t, str_of("u1"), &w));
    assert_string_equal(w.name, "w1");
    assert_string_equal(w.reason, "Pending");
    assert_string_equal(w.message, "no room");
    assert_int_equal(put(&t, workload("u1", "w1", "", ADMITTED, true)), WORKLOAD_NEWS);
    assert_int_equal(state_of(&t, "u1"), KUEUE_ADMITTED);
    assert_int_equal(put(&t, workload("u1", "w1", "", ADMITTED, false)), WORKLOAD_NEWS);
    assert_int_equal(state_of(&t, "u1"), KUEUE_STOPPED);
    assert_int_equal(t.count, 1);
    assert_false(workload_table_find(&t, str_of("u2"), &w));
    struct workload_job job;
    struct json root;
    assert_int_equal(json_parse(str_of("{\"metadata\":{\"name\":\"pods\",\"labels\":{}}}"), "", &root, NULL), 0);
    assert_false(workload_job_of(root, &job));
    workload_table_free(&t);
}

/* The old one goes when the new one is there: neither its last version nor its deletion is the new one's. */
static void the_one_that_stays_counts(void **state)
{
    struct workload_table t = {0};
    (void)state;
    put(&t, workload("u1", "w1", "", ADMITTED, true));
    assert_int_equal(put(&t, workload("u1", "w2", "", WAITS, true)), WORKLOAD_NEWS);
    assert_int_equal(put(&t, workload("u1", "w1", DELETING, ADMITTED, true)), WORKLOAD_SAME);
    assert_int_equal(state_of(&t, "u1"), KUEUE_WAITING);
    assert_false(drop(&t, workload("u1", "w1", DELETING, ADMITTED, true)));
    assert_int_equal(state_of(&t, "u1"), KUEUE_WAITING);
    assert_true(drop(&t, workload("u1", "w2", "", WAITS, true)));
    assert_int_equal(t.count, 0);
    assert_int_equal(t.bytes, 0);
    /* Of two in one list the first may be the one that goes. */
    put(&t, workload("u1", "w1", DELETING, ADMITTED, true));
    put(&t, workload("u1", "w2", "", WAITS, true));
    assert_int_equal(state_of(&t, "u1"), KUEUE_WAITING);
    workload_table_free(&t);
}

static void a_list_shows_what_is_gone(void **state)
{
    struct workload_table t = {0};
    struct listed_workload w;
    (void)state;
    put(&t, workload("u1", "w1", "", WAITS, true));
    put(&t, workload("u2", "w2", "", WAITS, true));
    size_t two = t.bytes;
    workload_table_relist(&t);
    put(&t, workload("u2", "w2", "", WAITS, true));
    assert_int_equal(workload_table_listed(&t), 1);
    assert_false(workload_table_find(&t, str_of("u1"), &w));
    assert_true(t.bytes < two);
    workload_table_relist(&t);
    assert_int_equal(workload_table_listed(&t), 1);
    assert_int_equal(t.bytes, 0); /* no text is left either */
    workload_table_free(&t);
}

static void the_state_of_a_job(void **state)
{
    const struct listed_workload stopped = {.state = KUEUE_STOPPED};
    enum kueue_state is;
    (void)state;
    assert_true(workload_state(WORKLOAD_FOUND, &stopped, false, &is) && is == KUEUE_STOPPED);
    assert_true(workload_state(WORKLOAD_NONE, NULL, false, &is) && is == KUEUE_WAITING);
    assert_true(workload_state(WORKLOAD_NONE, NULL, true, &is) && is == KUEUE_OVER);
    assert_false(workload_state(WORKLOAD_NO_KUEUE, NULL, false, &is));
    assert_false(workload_state(WORKLOAD_UNSEEN, NULL, true, &is));
}

static void runs_out_of_memory(void **state)
{
    (void)state;
    for (long n = 1;; n++) {
        struct workload_table t = {0};
        struct json object = workload("u1", "w1", "", WAITS, true);
        alloc_fail_at(n);
        enum workload_put rc = put(&t, object);
        bool failed = alloc_failed();
        alloc_fail_at(0);
        assert_int_equal(rc, failed ? WORKLOAD_NOMEM : WORKLOAD_NEWS);
        assert_int_equal(t.count, failed ? 0 : 1);
        assert_int_equal(put(&t, object), failed ? WORKLOAD_NEWS : WORKLOAD_SAME);
        assert_int_equal(t.count, 1);
        workload_table_free(&t);
        if (!failed)
            return;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_one_for_each_job),    cmocka_unit_test(the_one_that_stays_counts),
        cmocka_unit_test(a_list_shows_what_is_gone), cmocka_unit_test(the_state_of_a_job),
        cmocka_unit_test(runs_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
