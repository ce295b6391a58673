/* SPDX-License-Identifier: Apache-2.0 */
/* A plan's text: what was cut, edited or forged is refused with words, and no allocation that fails does harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "alloc.h"
#include "plan/plan.h"

#define OBJECT                                                                                                         \
    "{\"verb\":\"replace\",\"resource\":\"mpijobs.kubeflow.org\",\"version\":\"v2beta1\",\"kind\":\"MPIJob\","         \
    "\"namespace\":\"train\",\"name\":\"bert\",\"uid\":\"u-1\",\"resourceVersion\":\"12\",\"effect\":\"inert\","       \
    "\"why\":\"it has ended\",\"judged\":true,\"diff\":[{\"path\":\"/metadata/labels/a\",\"before\":null,"             \
    "\"after\":\"b\"}],\"body\":{\"metadata\":{\"name\":\"bert\",\"resourceVersion\":\"12\",\"labels\":{\"a\":\"b\"}}" \
    "}}"
#define LAUNCHER                                                                                                       \
    "{\"verb\":\"patch\",\"resource\":\"jobs.batch\",\"version\":\"v1\",\"kind\":\"Job\",\"namespace\":\"train\","     \
    "\"name\":\"bert-launcher\",\"uid\":\"u-2\",\"resourceVersion\":\"7\",\"effect\":\"destructive\",\"why\":\"it "    \
    "ends\",\"destructive\":true,\"diff\":[],\"body\":{\"spec\":{\"activeDeadlineSeconds\":1}}}"
#define WHOLE                                                                                                          \
    "{\"mpijobd_plan\":1,\"mpijobd\":\"0.1.0\",\"made_at\":\"1970-01-01T00:00:00.000005Z\",\"made_at_us\":5,\"by\":"   \
    "\"ann\","                                                                                                         \
    "\"cluster\":{\"name\":\"default\",\"server\":\"https://a\",\"uid\":\"c-1\"},\"files\":[{\"path\":\"/p.lua\","     \
    "\"sha256\":\"00\"}],\"left_out\":[{\"policy\":\"p\",\"job\":\"train/x\",\"why\":\"w\"}],\"changes\":["            \
    "{\"policy\":\"free\",\"job\":\"train/bert\",\"destructive_allowed\":true,\"object\":" OBJECT                      \
    ",\"launcher\":" LAUNCHER "}]"

/* With the sum that fits. The text is the caller's (free). */
static char *summed(const char *text)
{
    char sum[PLAN_SUM], *out = malloc(strlen(text) + 128);
    assert_non_null(out);
    assert_int_equal(plan_sum(str_of(text), sum, NULL), 0);
    sprintf(out, "%s,\"sum\":\"sha256:%s\"}\n", text, sum); /* NOLINT: it fits */
    return out;
}

static int read_summed(const char *text, struct error *err)
{
    struct plan plan;
    char *whole = summed(text);
    int rc = plan_read(&plan, str_of(whole), "plan.json", err);
    free(whole);
    plan_free(&plan);
    return rc;
}

static void reads_and_writes(void **state)
{
    (void)state;
    struct plan plan;
    struct error err;
    struct buf text = BUF_INIT;
    char *whole = summed(WHOLE), words[96];
    assert_int_equal(plan_read(&plan, str_of(whole), "plan.json", &err), 0);
    assert_int_equal(plan.change_count, 1);
    const struct plan_change *c = &plan.changes[0];
    assert_string_equal(c->object.plural, "mpijobs");
    assert_string_equal(c->object.group, "kubeflow.org");
    assert_string_equal(c->child.name, "bert-launcher");
    assert_true(c->leave && c->object.ours && !c->child.ours && c->child.destructive);
    assert_non_null(strstr(c->object.body, "\"labels\":{\"a\":\"b\"}"));
    struct plan_counts n = plan_count(&plan);
    assert_string_equal(plan_counts_text(&n, words), "1 change, 1 destructive, 1 inert");
    assert_int_equal(plan_write(&plan, &text, &err), 0);
    assert_string_equal(text.ptr, whole);
    plan_free(&plan);
    buf_free(&text);
    free(whole);
}

/* Cut at any byte, or with any byte another one: it is refused, and says so. */
static void is_tamper_evident(void **state)
{
    (void)state;
    char *whole = summed(WHOLE);
    size_t len = strlen(whole) - 1; /* the line's end is not a part of it */
    struct plan plan;
    for (size_t i = 0; i < len; i++) {
        struct error err = {0};
        assert_true(plan_read(&plan, str_n(whole, i), "plan.json", &err) < 0);
        assert_non_null(strstr(err.message, "plan.json"));
        char kept = whole[i];
        whole[i] = kept == '1' ? '2' : '1';
        assert_true(plan_read(&plan, str_of(whole), "plan.json", &err) < 0);
        whole[i] = kept;
    }
    free(whole);
}

static void refuse(const char *part, const char *with, const char *message)
{
    char *text = malloc(sizeof WHOLE + strlen(with)), *at;
    struct error err;
    assert_non_null(text);
    strcpy(text, WHOLE); /* NOLINT: it fits */
    at = strstr(text, part);
    assert_non_null(at);
    memmove(at + strlen(with), at + strlen(part), strlen(at + strlen(part)) + 1);
    memcpy(at, with, strlen(with));
    assert_true(read_summed(text, &err) < 0);
    if (!strstr(err.message, message))
        fail_msg("\"%s\" lacks \"%s\"", err.message, message);
    free(text);
}

static void checks_everything(void **state)
{
    (void)state;
    refuse("\"mpijobd_plan\":1", "\"mpijobd_plan\":2", "newer mpijobd");
    refuse("\"mpijobd_plan\":1", "\"mpijobd_plan\":0", "has to be 1");
    refuse("mpijobd_plan", "mpijobd_plans", "is no plan");
    refuse("\"by\":\"ann\"", "\"by\":1", "by has to be a text");
    refuse("\"made_at_us\":5", "\"made_at_us\":\"x\"", "made_at_us has to be a number");
    refuse("\"uid\":\"c-1\"", "\"uid\":\"c\\u0000\"", "cluster.uid has to be a text without NUL");
    refuse("\"verb\":\"replace\"", "\"verb\":\"fields\"", "changes[0].object.verb has to be one of");
    refuse("mpijobs.kubeflow.org", "mpijobs/../../x", "resource has to be the name");
    refuse("\"jobs.batch\"", "\"secrets\"", "of which a plan holds labels alone");
    refuse("\"namespace\":\"train\"", "\"namespace\":\"..\"", "namespace has to be a name");
    refuse("\"name\":\"bert\",\"uid\"", "\"name\":\"a/b\",\"uid\"", "name has to be a name");
    refuse("\"resourceVersion\":\"12\",\"effect", "\"resourceVersion\":\"\",\"effect", "resourceVersion has to be");
    refuse("\"uid\":\"u-1\"", "\"uid\":\"\"", "uid has to be that of the object");
    refuse("{\"name\":\"bert\",\"resourceVersion\":\"12\"", "{\"name\":\"bert\",\"resourceVersion\":\"13\"",
           "body has to be of the resourceVersion that was looked at");
    refuse("{\"name\":\"bert\",\"resourceVersion\":\"12\"", "{\"name\":\"nlp\",\"resourceVersion\":\"12\"",
           "body has to be the object that is named");
    refuse("\"body\":{\"spec\"", "\"bodi\":{\"spec\"", "changes[0].launcher.body has to be an object");
    refuse("\"resource\":\"mpijobs.kubeflow.org\"", "\"resource\":\"pods\"", "judged has to be of a kind of job");
    refuse("\"diff\":[{\"path\":\"/metadata", "\"diff\":[{\"path\":7,\"x\":\"/metadata", "diff has to be");
    refuse("\"destructive_allowed\":true", "\"destructive_allowed\":1", "destructive_allowed has to be true or false");
    refuse("\"left_out\":[", "\"left_off\":[", "left_out has to be a list");
    refuse("\"changes\":[{", "\"changes\":[7,{", "changes[0].object has to be there");
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    char *whole = summed(WHOLE);
    bool failed = true;
    for (long n = 1; failed; n++) {
        struct plan plan;
        struct error err = {0};
        struct buf text = BUF_INIT;
        assert_true(n < 10000);
        alloc_fail_at(n);
        int rc = plan_read(&plan, str_of(whole), "plan.json", &err);
        if (!rc) {
            plan_sort(&plan);
            rc = plan_write(&plan, &text, &err);
        }
        failed = alloc_failed();
        alloc_fail_at(0);
        assert_true(rc == 0 || (failed && rc == ERR_NOMEM));
        plan_free(&plan);
        buf_free(&text);
    }
    free(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_writes),
        cmocka_unit_test(is_tamper_evident),
        cmocka_unit_test(checks_everything),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
