/* SPDX-License-Identifier: Apache-2.0 */
/* What an object tells about a write whose answer was lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "change/write.h"

#define NOON INT64_C(1795464000000000) /* 2026-11-23T20:00:00Z */

static struct json parsed(const char *text)
{
    struct json root;
    if (!text)
        return (struct json){0};
    assert_int_equal(json_parse(str_of(text), "the test's text", &root, NULL), 0);
    return root;
}

static void traces(void **state)
{
    (void)state;
    static const char patch[] =
        "[{\"path\":\"/spec/x\",\"before\":1,\"after\":2},{\"path\":\"/spec/y\",\"before\":1,\"after\":null}]";
    static const char longer[] = "[{\"path\":\"/spec/activeDeadlineSeconds\",\"before\":1,\"after\":2},"
                                 "{\"path\":\"/spec/y\",\"before\":1,\"after\":2}]";
    static const char whole[] = "[{\"path\":\"\",\"before\":null,\"after\":{}}]";
    static const struct {
        enum write_verb verb;
        const char *diff, *object;
        enum write_trace trace;
    } cases[] = {
        {WRITE_PATCH, patch, "{\"metadata\":{\"uid\":\"u\"},\"spec\":{\"x\":2}}", WRITE_WAS_DONE},
        {WRITE_PATCH, patch, "{\"metadata\":{\"uid\":\"u\"},\"spec\":{\"x\":1,\"y\":1}}", WRITE_WAS_NOT_DONE},
        {WRITE_PATCH, patch, "{\"metadata\":{\"uid\":\"u\",\"resourceVersion\":\"7\"},\"spec\":{\"x\":3}}",
         WRITE_WAS_NOT_DONE},
        {WRITE_PATCH, patch, "{\"metadata\":{\"uid\":\"u\",\"resourceVersion\":\"9\"},\"spec\":{\"x\":1,\"y\":1}}",
         WRITE_WAS_NOT_DONE},
        /* another writer came after this one, or before it */
        {WRITE_PATCH, patch, "{\"metadata\":{\"uid\":\"u\",\"resourceVersion\":\"9\"},\"spec\":{\"x\":3}}",
         WRITE_UNKNOWN},
        {WRITE_PATCH, patch, "{\"metadata\":{\"uid\":\"u\",\"resourceVersion\":\"9\"},\"spec\":{\"x\":2,\"y\":1}}",
         WRITE_UNKNOWN},
        /* the first of two writes removes the value, and touches nothing else */
        {WRITE_REPLACE, longer, "{\"metadata\":{\"uid\":\"u\"},\"spec\":{\"y\":1}}", WRITE_WAS_BEGUN},
        {WRITE_REPLACE, longer, "{\"metadata\":{\"uid\":\"u\"},\"spec\":{\"y\":2}}", WRITE_UNKNOWN},
        {WRITE_REPLACE, patch, "{\"metadata\":{\"uid\":\"u\"},\"spec\":{\"y\":1}}", WRITE_UNKNOWN},
        {WRITE_PATCH, patch, "{\"metadata\":{\"uid\":\"another\"},\"spec\":{\"x\":2}}", WRITE_WAS_NOT_DONE},
        {WRITE_PATCH, patch, NULL, WRITE_WAS_NOT_DONE},
        {WRITE_PATCH, "spoilt", "{\"metadata\":{\"uid\":\"u\"}}", WRITE_UNKNOWN},
        {WRITE_REPLACE, whole, "{\"metadata\":{\"uid\":\"u\"}}", WRITE_UNKNOWN},
        {WRITE_DELETE, whole, NULL, WRITE_WAS_DONE},
        {WRITE_DELETE, whole, "{\"metadata\":{\"uid\":\"another\"}}", WRITE_WAS_DONE},
        {WRITE_DELETE, whole, "{\"metadata\":{\"uid\":\"u\",\"deletionTimestamp\":\"2026-11-23T20:00:00Z\"}}",
         WRITE_WAS_DONE},
        {WRITE_DELETE, whole, "{\"metadata\":{\"uid\":\"u\"}}", WRITE_WAS_NOT_DONE},
        {WRITE_CREATE, whole, NULL, WRITE_WAS_NOT_DONE},
        {WRITE_CREATE, whole, "{\"metadata\":{\"creationTimestamp\":\"2026-11-23T20:00:00Z\"}}", WRITE_WAS_DONE},
        {WRITE_CREATE, whole, "{\"metadata\":{\"creationTimestamp\":\"2026-11-23T19:00:00Z\"}}", WRITE_WAS_NOT_DONE},
        {WRITE_CREATE, whole, "{\"metadata\":{}}", WRITE_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct write_row row = {cases[i].verb == WRITE_CREATE ? "" : "u", "7", cases[i].diff, NOON,
                                      write_in_steps("trainjobs.trainer.kubeflow.org")};
        enum write_trace trace = write_trace(cases[i].verb, &row, parsed(cases[i].object));
        if (trace != cases[i].trace)
            fail_msg("%s of %s: %d", write_verb_name(cases[i].verb), cases[i].object ? cases[i].object : "nothing",
                     (int)trace);
    }
}

static void names(void **state)
{
    (void)state;
    char out[WRITE_RESOURCE_MAX];
    assert_string_equal(write_resource_name(&(struct kube_resource){"batch", "v1", "jobs"}, out), "jobs.batch");
    assert_string_equal(write_resource_name(&(struct kube_resource){"", "v1", "pods"}, out), "pods");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(traces), cmocka_unit_test(names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
