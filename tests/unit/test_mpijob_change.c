/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of a job: collected, checked, turned into bytes for each version. */
#include "mpijob_fixture.h"

#include <stdlib.h>

#include "alloc.h"

/* Applies changes given as words (NULL-terminated) and compares the bytes; expected NULL: nothing would change. */
static void check(const char *object, struct mpijob_target target, const char *const *words, const char *expected)
{
    struct mpijob_view view = viewed(object, target);
    struct mpijob_changes changes = {0};
    struct mpijob_diff diff;
    struct buf out = BUF_INIT;
    struct error err = {0};
    for (; *words; words++)
        change(&changes, *words);
    int rc = mpijob_changes_apply(&changes, &view, &out, &diff, &err);
    if (rc)
        fail_msg("%s", err.message);
    if (!expected) {
        assert_int_equal(diff.count, 0);
        assert_int_equal(out.len, 0);
    } else {
        assert_int_not_equal(diff.count, 0);
        assert_string_equal(out.ptr, expected);
        struct json after = parsed(out.ptr);
        assert_true(mpijob_diff_done(&diff, after));
        assert_false(mpijob_diff_done(&diff, view.object));
        assert_int_equal(mpijob_diff_verify(&diff, after, target, &err), 0);
    }
    mpijob_diff_free(&diff);
    mpijob_changes_free(&changes);
    buf_free(&out);
}
#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

#define M "\"metadata\":{\"name\":\"a\"}"

static void each_version_has_its_place(void **state)
{
    (void)state;
    const char *bare = "{" M ",\"spec\":{}}";
    check(bare, ALPHA, WORDS("cleanPodPolicy=All"), "{" M ",\"spec\":{\"cleanPodPolicy\":\"All\"}}");
    check(bare, CCI, WORDS("cleanPodPolicy=All"), "{" M ",\"spec\":{\"cleanPodPolicy\":\"All\"}}");
    check(bare, V1_MPI, WORDS("cleanPodPolicy=All"), "{" M ",\"spec\":{\"cleanPodPolicy\":\"All\"}}");
    check(bare, V1_ANY, WORDS("cleanPodPolicy=All"), "{" M ",\"spec\":{\"cleanPodPolicy\":\"All\"}}");
    check(bare, V1_TRAINING, WORDS("cleanPodPolicy=All"),
          "{" M ",\"spec\":{\"runPolicy\":{\"cleanPodPolicy\":\"All\"}}}");
    check(bare, BETA, WORDS("cleanPodPolicy=All"), "{" M ",\"spec\":{\"runPolicy\":{\"cleanPodPolicy\":\"All\"}}}");
    check(bare, CCI, WORDS("activeDeadlineSeconds=60"), "{" M ",\"spec\":{\"activeDeadlineSeconds\":60}}");
    check(bare, V1_MPI, WORDS("activeDeadlineSeconds=60"),
          "{" M ",\"spec\":{\"runPolicy\":{\"activeDeadlineSeconds\":60}}}");
    check("{" M "}", BETA, WORDS("suspend=true", "backoffLimit=0"),
          "{" M ",\"spec\":{\"runPolicy\":{\"backoffLimit\":0,\"suspend\":true}}}");
    check("{" M ",\"spec\":{\"runPolicy\":null}}", BETA, WORDS("ttlSecondsAfterFinished=0"),
          "{" M ",\"spec\":{\"runPolicy\":{\"ttlSecondsAfterFinished\":0}}}");
}

static void only_what_is_asked_for_is_touched(void **state)
{
    (void)state;
    /* a wrong place, a misspelt key, numbers and escapes of every kind: left alone */
    check("{ \"x\": 1.0, \"y\":[ ],\n" M ", \"spec\": {\"runPolicy\":{\"cleanPodPolicy\":\"all\"},"
          "\"activeDeadlineSecond\":5, "
          "\"n\":9007199254740993,\"cleanPodPolicy\":\"None\",\"e\":1e3,\"s\":\"\\u0041\\/\"} }",
          ALPHA, WORDS("cleanPodPolicy=All"),
          "{ \"x\": 1.0, \"y\":[ ],\n" M ", \"spec\": {\"runPolicy\":{\"cleanPodPolicy\":\"all\"},"
          "\"activeDeadlineSecond\":5, "
          "\"n\":9007199254740993,\"cleanPodPolicy\":\"All\",\"e\":1e3,\"s\":\"\\u0041\\/\"} }");
    check("{" M ",\"spec\":{\"cleanPodPolicy\":\"Running\",\"runPolicy\":{}}}", BETA, WORDS("cleanPodPolicy=All"),
          "{" M ",\"spec\":{\"cleanPodPolicy\":\"Running\",\"runPolicy\":{\"cleanPodPolicy\":\"All\"}}}");
}

static void what_is_overridden_and_of_the_wrong_type_is_healed(void **state)
{
    (void)state;
    check("{" M ",\"spec\":{\"activeDeadlineSeconds\":\"1h\",\"runPolicy\":{\"activeDeadlineSeconds\":60}}}", ALPHA,
          WORDS("activeDeadlineSeconds=60"),
          "{" M ",\"spec\":{\"activeDeadlineSeconds\":60,\"runPolicy\":{\"activeDeadlineSeconds\":60}}}");
    check("{" M ",\"spec\":{\"activeDeadlineSeconds\":30,\"runPolicy\":{\"activeDeadlineSeconds\":60}}}", ALPHA,
          WORDS("activeDeadlineSeconds=60"), NULL); /* readable, and overridden: no harm */
    check("{" M ",\"spec\":{\"activeDeadlineSeconds\":\"60\"}}", ALPHA, WORDS("activeDeadlineSeconds=60"),
          "{" M ",\"spec\":{\"activeDeadlineSeconds\":60}}");
}

static void what_is_in_force_is_unchanged(void **state)
{
    (void)state;
    check("{" M ",\"spec\":{\"activeDeadlineSeconds\":3600.0}}", ALPHA, WORDS("activeDeadlineSeconds=3600"), NULL);
    check("{" M ",\"spec\":{\"activeDeadlineSeconds\":36e2}}", ALPHA, WORDS("activeDeadlineSeconds=3600.0"), NULL);
    check("{" M ",\"spec\":{\"cleanPodPolicy\":\"\\u0041ll\"}}", ALPHA, WORDS("cleanPodPolicy=All"), NULL);
    check("{" M ",\"spec\":{}}", ALPHA, WORDS("cleanPodPolicy-"), NULL);
    check("{" M ",\"spec\":{\"cleanPodPolicy\":null}}", ALPHA, WORDS("cleanPodPolicy-"), NULL);
    check("{" M "}", BETA, WORDS("cleanPodPolicy-", "labels.x-", "schedulingPolicy-"), NULL);
    check("{\"metadata\":{\"name\":\"a\",\"labels\":{\"t\":\"v\"}}}", BETA, WORDS("labels.t=v"), NULL);
    check("{" M "}", BETA, WORDS("schedulingPolicy.queue-"), NULL);
    /* the string is not the number: it is what stops the controller, and must be replaced */
    check("{" M ",\"spec\":{\"activeDeadlineSeconds\":\"3600\"}}", ALPHA, WORDS("activeDeadlineSeconds=3600"),
          "{" M ",\"spec\":{\"activeDeadlineSeconds\":3600}}");
}

static void two_places_are_kept_in_step(void **state)
{
    (void)state;
#define BOTH(a, b) "{" M ",\"spec\":{\"cleanPodPolicy\":\"" a "\",\"runPolicy\":{\"cleanPodPolicy\":\"" b "\"}}}"
#define RUN_ONLY(b) "{" M ",\"spec\":{\"runPolicy\":{\"cleanPodPolicy\":\"" b "\"}}}"
#define SPEC_ONLY(a) "{" M ",\"spec\":{\"cleanPodPolicy\":\"" a "\"}}"
    /* training-operator: both where both exist, runPolicy otherwise */
    check(BOTH("None", "None"), V1_TRAINING, WORDS("cleanPodPolicy=All"), BOTH("All", "All"));
    check(BOTH("None", "All"), V1_TRAINING, WORDS("cleanPodPolicy=All"), BOTH("All", "All"));
    check(BOTH("All", "All"), V1_TRAINING, WORDS("cleanPodPolicy=All"), NULL);
    check(RUN_ONLY("None"), V1_TRAINING, WORDS("cleanPodPolicy=All"), RUN_ONLY("All"));
    check(SPEC_ONLY("All"), V1_TRAINING, WORDS("cleanPodPolicy=All"), NULL);
    check(SPEC_ONLY("None"), V1_TRAINING, WORDS("cleanPodPolicy=All"), BOTH("All", "All"));
    check(BOTH("None", "All"), V1_TRAINING, WORDS("cleanPodPolicy-"), "{" M ",\"spec\":{\"runPolicy\":{}}}");
    /* mpi-operator ignores the copy, so it stays */
    check(BOTH("None", "None"), V1_MPI, WORDS("cleanPodPolicy=All"), BOTH("All", "None"));
    /* not known which: right under either */
    check(BOTH("None", "None"), V1_ANY, WORDS("cleanPodPolicy=All"), BOTH("All", "All"));
    check(BOTH("All", "None"), V1_ANY, WORDS("cleanPodPolicy=All"), BOTH("All", "All"));
    check(BOTH("None", "All"), V1_ANY, WORDS("cleanPodPolicy=All"), BOTH("All", "All"));
    check(BOTH("All", "All"), V1_ANY, WORDS("cleanPodPolicy=All"), NULL);
    check(RUN_ONLY("All"), V1_ANY, WORDS("cleanPodPolicy=All"),
          "{" M ",\"spec\":{\"runPolicy\":{\"cleanPodPolicy\":\"All\"},\"cleanPodPolicy\":\"All\"}}");
    /* v1alpha2: runPolicy's deadline overrides spec's */
    check("{" M ",\"spec\":{\"activeDeadlineSeconds\":5,\"runPolicy\":{\"activeDeadlineSeconds\":7}}}", ALPHA,
          WORDS("activeDeadlineSeconds=9"),
          "{" M ",\"spec\":{\"activeDeadlineSeconds\":9,\"runPolicy\":{\"activeDeadlineSeconds\":9}}}");
    check("{" M ",\"spec\":{\"activeDeadlineSeconds\":5,\"runPolicy\":{\"activeDeadlineSeconds\":7}}}", ALPHA,
          WORDS("activeDeadlineSeconds=7"), NULL);
    check("{" M ",\"spec\":{\"activeDeadlineSeconds\":5,\"runPolicy\":{\"activeDeadlineSeconds\":7}}}", CCI,
          WORDS("activeDeadlineSeconds=7"),
          "{" M ",\"spec\":{\"activeDeadlineSeconds\":7,\"runPolicy\":{\"activeDeadlineSeconds\":7}}}");
}

static void labels_and_annotations_merge(void **state)
{
    (void)state;
    check("{" M "}", BETA, WORDS("labels.team=vision", "annotations.ops.example.com/x=1=2 \"q\""),
          "{\"metadata\":{\"name\":\"a\",\"labels\":{\"team\":\"vision\"},"
          "\"annotations\":{\"ops.example.com/x\":\"1=2 \\\"q\\\"\"}}}");
    check("{\"metadata\":{\"name\":\"a\",\"labels\":null}}", BETA, WORDS("labels.t=v"),
          "{\"metadata\":{\"name\":\"a\",\"labels\":{\"t\":\"v\"}}}");
    check("{\"metadata\":{\"name\":\"a\",\"labels\":{\"a\":\"1\",\"b\":\"2\"}}}", BETA,
          WORDS("labels.a-", "labels.b=3"), "{\"metadata\":{\"name\":\"a\",\"labels\":{\"b\":\"3\"}}}");
    check("{\"metadata\":{\"name\":\"a\",\"labels\":{\"a\":\"1\"}}}", BETA, WORDS("labels.a="),
          "{\"metadata\":{\"name\":\"a\",\"labels\":{\"a\":\"\"}}}");
    /* the last word counts */
    check("{\"metadata\":{\"name\":\"a\",\"labels\":{\"a\":\"1\"}}}", BETA, WORDS("labels.a-", "labels.a=1"), NULL);
}

static void exactly_removes_the_others(void **state)
{
    (void)state;
    const char *text =
        "{\"metadata\":{\"name\":\"a\",\"labels\":{\"a\":\"1\",\"x.y/b\":\"2\",\"\\u0063\":\"3\",\"a\":\"4\"},"
        "\"annotations\":{\"n\":\"1\"}}}";
    struct mpijob_view view = viewed(text, BETA);
    struct mpijob_changes changes = {0};
    struct mpijob_diff diff;
    struct buf out = BUF_INIT;
    change(&changes, "labels.c=3");
    mpijob_changes_exactly(&changes, CHANGE_LABELS);
    assert_int_equal(mpijob_changes_apply(&changes, &view, &out, &diff, NULL), 0);
    assert_int_equal(diff.count, 2);
    assert_string_equal(out.ptr,
                        "{\"metadata\":{\"name\":\"a\",\"labels\":{\"\\u0063\":\"3\"},\"annotations\":{\"n\":\"1\"}}}");
    buf_reset(&out);
    mpijob_diff_free(&diff);
    mpijob_changes_free(&changes);
    mpijob_changes_exactly(&changes, CHANGE_ANNOTATIONS); /* of nothing: all go */
    assert_int_equal(mpijob_changes_apply(&changes, &view, &out, &diff, NULL), 0);
    assert_contains(out.ptr, "\"annotations\":{}");
    buf_free(&out);
    mpijob_diff_free(&diff);
    mpijob_changes_free(&changes);
}

static void scheduling_policy_merges_member_by_member(void **state)
{
    (void)state;
    const char *text = "{" M ",\"spec\":{\"runPolicy\":{\"schedulingPolicy\":{\"queue\":\"q\",\"minAvailable\":4}}}}";
    check(text, BETA, WORDS("schedulingPolicy={\"minAvailable\":2.0}"),
          "{" M ",\"spec\":{\"runPolicy\":{\"schedulingPolicy\":{\"queue\":\"q\",\"minAvailable\":2}}}}");
    check(text, BETA, WORDS("schedulingPolicy.queue=7", "schedulingPolicy.minAvailable-"),
          "{" M ",\"spec\":{\"runPolicy\":{\"schedulingPolicy\":{\"queue\":\"7\"}}}}");
    check(text, BETA, WORDS("schedulingPolicy.minAvailable=4"), NULL);
    check(text, BETA, WORDS("schedulingPolicy.minAvailable=2", "schedulingPolicy-"),
          "{" M ",\"spec\":{\"runPolicy\":{}}}");
    check(text, BETA, WORDS("schedulingPolicy-", "schedulingPolicy.minAvailable=2"),
          "{" M ",\"spec\":{\"runPolicy\":{\"schedulingPolicy\":{\"queue\":\"q\",\"minAvailable\":2}}}}");
    check("{" M "}", BETA,
          WORDS("schedulingPolicy.minResources={\"cpu\":\"4\"}", "schedulingPolicy.priorityClass=high"),
          "{" M ",\"spec\":{\"runPolicy\":{\"schedulingPolicy\":{\"minResources\":{\"cpu\":\"4\"},\"priorityClass\":"
          "\"high\"}}}}");
}

static void refused(struct mpijob_target target, const char *word, const char *const *parts)
{
    struct mpijob_view view = viewed("{" M ",\"spec\":{}}", target);
    struct mpijob_changes changes = {0};
    struct mpijob_diff diff = {0};
    struct buf out = BUF_INIT;
    struct error err = {0};
    int rc = mpijob_changes_parse(&changes, word, &err);
    if (!rc)
        rc = mpijob_changes_apply(&changes, &view, &out, &diff, &err);
    assert_int_equal(rc, ERR_INVALID);
    assert_int_equal(out.len, 0);
    assert_int_equal(diff.count, 0);
    for (; *parts; parts++)
        assert_contains(err.message, *parts);
    mpijob_changes_free(&changes);
    buf_free(&out);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    refused(CCI, "backoffLimit=3",
            WORDS("CCI does not let backoffLimit be replaced",
                  "labels, annotations, activeDeadlineSeconds and cleanPodPolicy"));
    refused(CCI, "ttlSecondsAfterFinished=3", WORDS("CCI does not let ttlSecondsAfterFinished be replaced"));
    refused(ALPHA, "suspend=true", WORDS("v1alpha2", "mpi-operator", "no field suspend"));
    refused(V1_MPI, "managedBy=kueue.x-k8s.io/multikueue", WORDS("v1 ", "managedBy"));
    refused(BETA, "cleanpodpolicy=All", WORDS("did you mean cleanPodPolicy?"));
    refused(BETA, "activeDeadlineSecond=5", WORDS("did you mean activeDeadlineSeconds?"));
    refused(BETA, "replicas=5", WORDS("no field \"replicas\"", "cleanPodPolicy"));
    refused(BETA, "label.team=x", WORDS("did you mean labels?"));
    refused(BETA, "labels=x", WORDS("labels.team=vision"));
    refused(BETA, "cleanPodPolicy", WORDS("FIELD=VALUE"));
    refused(BETA, "-", WORDS("FIELD=VALUE"));
    refused(BETA, "=", WORDS("no field"));
    refused(BETA, "cleanPodPolicy=running", WORDS("None, Running or All", "\"running\"", "did you mean Running?"));
    refused(BETA, "cleanPodPolicy=null", WORDS("None, Running or All"));
    refused(BETA, "activeDeadlineSeconds=4h", WORDS("activeDeadlineSeconds=14400"));
    refused(BETA, "activeDeadlineSeconds=0", WORDS("from 1 to 2147483647", "not 0"));
    refused(BETA, "activeDeadlineSeconds=2147483648", WORDS("2147483648"));
    refused(BETA, "activeDeadlineSeconds=1.5", WORDS("whole number"));
    refused(BETA, "activeDeadlineSeconds=\"3600\"", WORDS("write 3600 without quotes", "every MPIJob"));
    refused(BETA, "activeDeadlineSeconds=true", WORDS("whole number"));
    refused(BETA, "suspend=yes", WORDS("true or false"));
    refused(BETA, "schedulingPolicy.minavailable=2", WORDS("did you mean minAvailable?"));
    refused(BETA, "schedulingPolicy={}", WORDS("names nothing"));
    refused(BETA, "schedulingPolicy=5", WORDS("an object"));
    refused(BETA, "schedulingPolicy.minResources={\"cpu\":\"four\"}", WORDS("quantity", "four"));
    refused(BETA, "schedulingPolicy.minAvailable=two", WORDS("schedulingPolicy.minAvailable", "whole number"));
    refused(BETA, "labels.bad key=x", WORDS("bad key"));
    refused(BETA, "labels.x=a b", WORDS("annotation takes any text"));
    refused(BETA, "annotations.-x=a", WORDS("annotation key"));
}

static void a_parent_of_another_type_is_named(void **state)
{
    (void)state;
    struct mpijob_view view = viewed("{" M ",\"spec\":{\"runPolicy\":[]}}", BETA);
    struct mpijob_changes changes = {0};
    struct mpijob_diff diff;
    struct buf out = BUF_INIT;
    struct error err = {0};
    buf_puts(&out, "before");
    change(&changes, "suspend=true");
    assert_int_equal(mpijob_changes_apply(&changes, &view, &out, &diff, &err), ERR_INVALID);
    assert_contains(err.message, "/spec/runPolicy");
    assert_string_equal(out.ptr, "before");
    assert_int_equal(diff.count, 0);
    mpijob_changes_free(&changes);
    buf_free(&out);
}

static void an_annotation_has_a_limit(void **state)
{
    (void)state;
    struct mpijob_changes changes = {0};
    struct error err = {0};
    size_t size = 256 * 1024;
    char *text = malloc(size + 1);
    assert_non_null(text);
    memset(text, 'x', size + 1);
    struct str most = str_n(text, size), more = str_n(text, size + 1);
    assert_int_equal(mpijob_changes_map(&changes, CHANGE_ANNOTATIONS, str_of("a"), &most, &err), 0);
    assert_int_equal(mpijob_changes_map(&changes, CHANGE_ANNOTATIONS, str_of("a"), &more, &err), ERR_INVALID);
    assert_contains(err.message, "262145 bytes");
    mpijob_changes_free(&changes);
    free(text);
}

/* A message ends within no character, however the text is cut. */
static void a_cut_is_between_characters(void **state)
{
    (void)state;
    struct mpijob_changes changes = {0};
    struct error err = {0};
    char text[256] = "cleanPodPolicy=";
    for (int i = 0; i < 50; i++)
        strcat(text, "\xe2\x82\xac");
    assert_int_equal(mpijob_changes_parse(&changes, text, &err), ERR_INVALID);
    assert_contains(err.message, "not \"\xe2\x82\xac");
    struct buf quoted = BUF_INIT;
    buf_printf(&quoted, "\"%s\"", strstr(err.message, "not \"") + 5);
    for (size_t i = 0; i < quoted.len; i++)
        quoted.ptr[i] = i > 0 && i + 1 < quoted.len && quoted.ptr[i] == '"' ? ' ' : quoted.ptr[i];
    parsed(quoted.ptr); /* fails where it is no UTF-8 */
    buf_free(&quoted);
}

static void written(const struct mpijob_changes *changes, const char *expected)
{
    struct buf out = BUF_INIT, again = BUF_INIT;
    struct mpijob_changes read = {0};
    struct error err = {0};
    mpijob_changes_write(changes, &out);
    assert_string_equal(out.ptr, expected);
    if (mpijob_changes_read(&read, parsed(out.ptr), &err))
        fail_msg("%s", err.message);
    mpijob_changes_write(&read, &again);
    assert_string_equal(again.ptr, expected);
    mpijob_changes_free(&read);
    buf_free(&out);
    buf_free(&again);
}

static void changes_survive_the_journal(void **state)
{
    (void)state;
    struct mpijob_changes changes = {0};
    written(&changes, "{}");
    change(&changes, "labels.a=b");
    change(&changes, "cleanPodPolicy=All");
    change(&changes, "labels.c-");
    change(&changes, "annotations.x/y=\"quoted\" \xc3\xa9");
    change(&changes, "activeDeadlineSeconds-");
    change(&changes, "schedulingPolicy.queue=q");
    change(&changes, "schedulingPolicy.minAvailable-");
    mpijob_changes_exactly(&changes, CHANGE_ANNOTATIONS);
    written(&changes,
            "{\"cleanPodPolicy\":\"All\",\"activeDeadlineSeconds\":null,\"schedulingPolicy\":{\"minAvailable\":null,"
            "\"queue\":\"q\"},\"labels\":{\"a\":\"b\",\"c\":null},"
            "\"annotations\":{\"x/y\":\"\\\"quoted\\\" \xc3\xa9\"},\"exactly\":[\"annotations\"]}");
    mpijob_changes_free(&changes);
    const char *const bad[] = {"[]",
                               "{\"labels\":[]}",
                               "{\"labels\":{\"a\":1}}",
                               "{\"cleanPodPolicy\":\"none\"}",
                               "{\"exactly\":[\"spec\"]}",
                               "{\"exactly\":\"labels\"}",
                               "{\"foo\":1}",
                               "{\"\":1}",
                               "{\"labels\":{\"\":\"x\"}}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(mpijob_changes_read(&changes, parsed(bad[i]), NULL), ERR_INVALID);
        mpijob_changes_free(&changes);
    }
}

/* Each allocation in turn fails: an error, nothing lost, nothing half done. */
static int everything(void)
{
    struct mpijob_changes changes = {0}, read = {0}, copy = {0};
    struct mpijob_diff diff = {0};
    struct buf out = BUF_INIT, text = BUF_INIT;
    struct error err = {0};
    struct json root = {0};
    struct mpijob_view view = viewed(
        "{\"metadata\":{\"name\":\"a\",\"labels\":{\"l\":\"1\",\"m\":\"2\"}},\"spec\":{\"cleanPodPolicy\":\"None\"}}",
        V1_TRAINING);
    const char *const words[] = {"cleanPodPolicy=All",
                                 "labels.l=x",
                                 "annotations.a=b",
                                 "labels.gone-",
                                 "schedulingPolicy={\"queue\":\"a\",\"minAvailable\":3}",
                                 "activeDeadlineSeconds=5"};
    int rc = 0;
    for (size_t i = 0; !rc && i < sizeof words / sizeof *words; i++)
        rc = mpijob_changes_parse(&changes, words[i], &err);
    mpijob_changes_exactly(&changes, CHANGE_LABELS);
    if (!rc) {
        mpijob_changes_write(&changes, &text);
        rc = buf_result(&text, "the changes", &err);
    }
    if (!rc)
        rc = json_parse(buf_str(&text), "the changes", &root, &err);
    if (!rc)
        rc = mpijob_changes_read(&read, root, &err);
    if (!rc)
        rc = mpijob_changes_copy(&read, &copy, &err);
    mpijob_changes_free(&read); /* the copy stands alone */
    if (!rc)
        rc = mpijob_changes_apply(&copy, &view, &out, &diff, &err);
    if (!rc)
        assert_int_equal(diff.count, 8);
    else
        assert_int_equal(out.len, 0);
    mpijob_diff_free(&diff);
    mpijob_changes_free(&changes);
    mpijob_changes_free(&copy);
    buf_free(&out);
    buf_free(&text);
    return rc;
}

static void out_of_memory_is_an_error(void **state)
{
    (void)state;
    for (long n = 1;; n++) {
        alloc_fail_at(n);
        int rc = everything();
        bool failed = alloc_failed();
        alloc_fail_at(0);
        if (!failed) {
            assert_int_equal(rc, 0);
            assert_true(n > 20);
            return;
        }
        assert_int_equal(rc, ERR_NOMEM);
    }
}

static void a_whole_object_on_cci(void **state)
{
    (void)state;
    static const char before[] = "{" M ",\"spec\":{\"backoffLimit\":1,\"cleanPodPolicy\":\"None\"},\"status\":{}}";
    static const struct {
        const char *after, *says;
    } cases[] = {
        {before, NULL},
        {"{\"metadata\":{\"name\":\"a\",\"labels\":{\"a\":\"b\"},\"annotations\":{},\"resourceVersion\":\"7\"},"
         "\"spec\":{\"activeDeadlineSeconds\":5,\"backoffLimit\":1.0}}",
         NULL},
        {"{" M ",\"spec\":{\"backoffLimit\":2}}", "CCI does not let spec.backoffLimit be replaced"},
        {"{" M ",\"spec\":{}}", "spec.backoffLimit"},
        {"{" M "}", "spec.backoffLimit"},
        {"{" M ",\"spec\":{\"backoffLimit\":1,\"slotsPerWorker\":2}}", "spec.slotsPerWorker"},
        {"{\"metadata\":{\"name\":\"a\",\"finalizers\":[]},\"spec\":{\"backoffLimit\":1}}", "metadata.finalizers"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error err = {0};
        int rc = mpijob_whole_check(parsed(before), parsed(cases[i].after), CCI, &err);
        assert_int_equal(rc, cases[i].says ? ERR_INVALID : 0);
        if (cases[i].says)
            assert_contains(err.message, cases[i].says);
        assert_int_equal(mpijob_whole_check(parsed(before), parsed(cases[i].after), ALPHA, &err), 0);
    }
}

static void what_a_version_lacks(void **state)
{
    (void)state;
    struct mpijob_changes c = {0};
    struct error err;
    change(&c, "labels.a=b");
    change(&c, "cleanPodPolicy=All");
    assert_int_equal(mpijob_changes_possible(&c, ALPHA, &err), 0);
    change(&c, "suspend=true");
    assert_int_equal(mpijob_changes_possible(&c, BETA, &err), 0);
    assert_int_equal(mpijob_changes_possible(&c, ALPHA, &err), ERR_INVALID);
    assert_string_equal(err.message, "MPIJobs of v1alpha2 under mpi-operator have no field suspend");
    assert_int_equal(mpijob_changes_possible(&c, CCI, &err), ERR_INVALID);
    assert_contains(err.message, "CCI does not let suspend be replaced");
    assert_contains(err.message, "v1alpha2");
    mpijob_changes_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_version_lacks),
        cmocka_unit_test(each_version_has_its_place),
        cmocka_unit_test(only_what_is_asked_for_is_touched),
        cmocka_unit_test(what_is_overridden_and_of_the_wrong_type_is_healed),
        cmocka_unit_test(what_is_in_force_is_unchanged),
        cmocka_unit_test(two_places_are_kept_in_step),
        cmocka_unit_test(labels_and_annotations_merge),
        cmocka_unit_test(exactly_removes_the_others),
        cmocka_unit_test(scheduling_policy_merges_member_by_member),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(a_parent_of_another_type_is_named),
        cmocka_unit_test(an_annotation_has_a_limit),
        cmocka_unit_test(a_cut_is_between_characters),
        cmocka_unit_test(a_whole_object_on_cci),
        cmocka_unit_test(changes_survive_the_journal),
        cmocka_unit_test(out_of_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
