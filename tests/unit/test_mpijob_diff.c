/* SPDX-License-Identifier: Apache-2.0 */
/* Differences: found, told, read back, compared with an answer. */
#include "mpijob_fixture.h"

#include "alloc.h"

static void changed(const char *object, struct mpijob_target target, const char *const *words, struct mpijob_diff *diff)
{
    struct mpijob_view view = viewed(object, target);
    struct mpijob_changes changes = {0};
    struct buf out = BUF_INIT;
    struct error err = {0};
    for (; *words; words++)
        change(&changes, *words);
    if (mpijob_changes_apply(&changes, &view, &out, diff, &err))
        fail_msg("%s", err.message);
    mpijob_changes_free(&changes);
    buf_free(&out);
}
#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static const char *const before = "{\"metadata\":{\"name\":\"a\",\"labels\":{\"team\":\"vision\",\"old\":\"1\"}},"
                                  "\"spec\":{\"cleanPodPolicy\":\"None\",\"activeDeadlineSeconds\":\"3600\"}}";

static void for_people(void **state)
{
    (void)state;
    struct mpijob_diff diff;
    struct buf out = BUF_INIT;
    changed(before, ALPHA,
            WORDS("cleanPodPolicy=All", "activeDeadlineSeconds=7200", "labels.team=7", "labels.old-",
                  "annotations.ops.example.com/x=two words"),
            &diff);
    mpijob_diff_write(&diff, false, &out);
    assert_string_equal(out.ptr, "  spec.cleanPodPolicy: None -> All\n"
                                 "  spec.activeDeadlineSeconds: \"3600\" -> 7200\n"
                                 "- labels.old: \"1\"\n"
                                 "  labels.team: vision -> \"7\"\n"
                                 "+ annotations.ops.example.com/x: \"two words\"\n");
    buf_reset(&out);
    mpijob_diff_write(&diff, true, &out);
    assert_contains(out.ptr, "spec.cleanPodPolicy: \033[31mNone\033[0m -> \033[32mAll\033[0m\n");
    buf_free(&out);
    mpijob_diff_free(&diff);
}

static void for_programs_and_back(void **state)
{
    (void)state;
    struct mpijob_diff diff, again = {0};
    struct buf out = BUF_INIT, second = BUF_INIT;
    struct error err = {0};
    changed(before, ALPHA, WORDS("cleanPodPolicy=All", "labels.old-", "annotations.x/y=~", "schedulingPolicy.queue=q"),
            &diff);
    mpijob_diff_json(&diff, &out);
    assert_string_equal(out.ptr, "[{\"path\":\"/spec/cleanPodPolicy\",\"before\":\"None\",\"after\":\"All\"},"
                                 "{\"path\":\"/spec/runPolicy/schedulingPolicy/queue\",\"before\":null,\"after\":\"q\","
                                 "\"made\":\"/spec/runPolicy\"},"
                                 "{\"path\":\"/metadata/labels/old\",\"before\":\"1\",\"after\":null},"
                                 "{\"path\":\"/metadata/annotations/x~1y\",\"before\":null,\"after\":\"~\"}]");
    if (mpijob_diff_read(&again, parsed(out.ptr), &err))
        fail_msg("%s", err.message);
    assert_int_equal(again.count, diff.count);
    for (size_t i = 0; i < diff.count; i++)
        assert_int_equal(again.items[i].field, diff.items[i].field);
    mpijob_diff_json(&again, &second);
    assert_string_equal(second.ptr, out.ptr);
    mpijob_diff_free(&again);
    mpijob_diff_free(&diff);
    assert_int_equal(mpijob_diff_read(&again, parsed("{}"), &err), ERR_INVALID);
    assert_int_equal(mpijob_diff_read(&again, parsed("[5]"), &err), ERR_INVALID);
    assert_int_equal(mpijob_diff_read(&again, parsed("[{\"path\":5}]"), &err), ERR_INVALID);
    mpijob_diff_free(&again);
    buf_free(&out);
    buf_free(&second);
}

static void verified(const char *object, struct mpijob_target target, const char *const *words, const char *answer,
                     const char *message)
{
    struct mpijob_diff diff;
    struct error err = {0};
    changed(object, target, words, &diff);
    int rc = mpijob_diff_verify(&diff, parsed(answer), target, &err);
    assert_int_equal(rc, message ? ERR_DROPPED : 0);
    assert_int_equal(mpijob_diff_done(&diff, parsed(answer)), !message);
    if (message) {
        assert_string_equal(err.message, message);
        assert_string_equal(err.reason, "Dropped");
    }
    mpijob_diff_free(&diff);
}

/* What comes out where the difference of `words` on `from` is taken back on `object` ("": on what it made). */
static void reversed(const char *from, struct mpijob_target target, const char *const *words, const char *object,
                     const char *expected, const char *expected_left)
{
    struct mpijob_view view = viewed(from, target);
    struct mpijob_changes changes = {0};
    struct mpijob_diff diff = {0}, read = {0}, left = {0};
    struct buf made = BUF_INIT, json = BUF_INIT, out = BUF_INIT, told = BUF_INIT;
    struct error err = {0};
    for (; *words; words++)
        change(&changes, *words);
    assert_int_equal(mpijob_changes_apply(&changes, &view, &made, &diff, &err), 0);
    mpijob_diff_json(&diff, &json);
    assert_int_equal(mpijob_diff_read(&read, parsed(json.ptr), &err), 0);
    if (mpijob_diff_reverse(&read, parsed(*object ? object : made.ptr), &out, &left, &err))
        fail_msg("%s", err.message);
    assert_string_equal(out.ptr, expected);
    mpijob_diff_json(&left, &told);
    assert_string_equal(told.ptr, expected_left);
    mpijob_diff_free(&diff);
    mpijob_diff_free(&read);
    mpijob_diff_free(&left);
    mpijob_changes_free(&changes);
    buf_free(&made);
    buf_free(&json);
    buf_free(&out);
    buf_free(&told);
}

static void taken_back(void **state)
{
    (void)state;
    /* every byte, also where the places had to be made */
    reversed(before, ALPHA, WORDS("cleanPodPolicy=All", "activeDeadlineSeconds=7200", "labels.team=7"), "", before,
             "[]");
    static const char *const bare = "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"x\":[ ]}}";
    reversed(bare, BETA, WORDS("cleanPodPolicy=All", "schedulingPolicy.queue=q"), "", bare, "[]");
    reversed(bare, BETA, WORDS("cleanPodPolicy=All"),
             "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"x\":[ "
             "],\"runPolicy\":{\"cleanPodPolicy\":\"All\",\"suspend\":false}}}",
             bare, "[]");
    static const char *const own = "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"runPolicy\":{}}}";
    reversed(own, BETA, WORDS("cleanPodPolicy=All"), "", own, "[]");
    /* what others have written since stays, beside what can be taken back */
    reversed(before, ALPHA, WORDS("cleanPodPolicy=All", "labels.team=7", "labels.new=1"),
             "{\"metadata\":{\"labels\":{\"team\":\"8\",\"new\":\"1\"}},\"spec\":{\"cleanPodPolicy\":\"All\"},"
             "\"status\":{}}",
             "{\"metadata\":{\"labels\":{\"team\":\"8\"}},\"spec\":{\"cleanPodPolicy\":\"None\"},\"status\":{}}",
             "[{\"path\":\"/metadata/labels/team\",\"before\":\"7\",\"after\":\"8\"}]");
    reversed(bare, BETA, WORDS("cleanPodPolicy=All", "ttlSecondsAfterFinished=5"),
             "{\"spec\":{\"runPolicy\":{\"cleanPodPolicy\":\"All\",\"backoffLimit\":3}}}",
             "{\"spec\":{\"runPolicy\":{\"backoffLimit\":3}}}", "[]");
    reversed(before, ALPHA, WORDS("labels.old-", "cleanPodPolicy=All"), "{\"metadata\":{\"labels\":{\"old\":\"2\"}}}",
             "{\"metadata\":{\"labels\":{\"old\":\"2\"}}}",
             "[{\"path\":\"/spec/cleanPodPolicy\",\"before\":\"All\",\"after\":null},{\"path\":\"/metadata/labels/"
             "old\",\"before\":null,\"after\":\"2\"}]");
    /* it is so already */
    reversed(before, ALPHA, WORDS("cleanPodPolicy=All"), before, before, "[]");
}

static void what_the_server_kept(void **state)
{
    (void)state;
    const char *bare = "{\"metadata\":{\"name\":\"a\"}}";
    const char *labelled = "{\"metadata\":{\"name\":\"a\",\"labels\":{\"t\":\"v\"}}}";
    const char *suspended = "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"runPolicy\":{\"suspend\":true}}}";
    verified(bare, ALPHA, WORDS("cleanPodPolicy=All"), "{\"spec\":{ \"cleanPodPolicy\" : \"\\u0041ll\"}}", NULL);
    verified(bare, ALPHA, WORDS("activeDeadlineSeconds=60"), "{\"spec\":{\"activeDeadlineSeconds\":6e1}}", NULL);
    verified(labelled, BETA, WORDS("labels.t-"), "{\"metadata\":{}}", NULL);
    /* the definitions fill in suspend: false */
    verified(suspended, BETA, WORDS("suspend-"), "{\"spec\":{\"runPolicy\":{\"suspend\":false}}}", NULL);
    verified(suspended, BETA, WORDS("suspend=false"), "{\"spec\":{\"runPolicy\":{}}}", NULL);

    verified(bare, ALPHA, WORDS("cleanPodPolicy=All"), "{\"spec\":{}}",
             "the server answered 200 and dropped spec.cleanPodPolicy (\"All\" was sent, nothing came back): the "
             "definition it "
             "stores (another version) has no such field; write through the version that is stored, e.g. --api-version "
             "v2beta1");
    verified(
        bare, BETA, WORDS("suspend=true"), "{\"spec\":{\"runPolicy\":{}}}",
        "the server answered 200 and dropped spec.runPolicy.suspend (true was sent, nothing came back): mpi-operator's "
        "definition has this field from v0.4 on; update the definition and the controller");
    verified(bare, BETA, WORDS("managedBy=a.b/c", "labels.x=y"), "{}",
             "the server answered 200 and dropped spec.runPolicy.managedBy (\"a.b/c\" was sent, nothing came back), "
             "labels.x "
             "(\"y\" was sent, nothing came back): mpi-operator's definition has this field from v0.6 on; update the "
             "definition "
             "and the controller");
    verified(
        bare, V1_TRAINING, WORDS("cleanPodPolicy=All"), "{}",
        "the server answered 200 and dropped spec.runPolicy.cleanPodPolicy (\"All\" was sent, nothing came back): the "
        "definition it stores has no such field: compare the definition's version with the controller's (kubectl get "
        "crd "
        "mpijobs.kubeflow.org -o yaml)");
    struct mpijob_target tfjob = {.version = MPIJOB_V1, .controller = CONTROLLER_TRAINING_OPERATOR, .kind = KIND_TFJOB};
    verified(bare, tfjob, WORDS("backoffLimit=1"), "{}",
             "the server answered 200 and dropped spec.runPolicy.backoffLimit (1 was sent, nothing came back): the "
             "definition it stores has no such field: compare the definition's version with the controller's (kubectl "
             "get crd tfjobs.kubeflow.org -o yaml)");
    verified(bare, V1_TRAINING, WORDS("suspend=true"), "{}",
             "the server answered 200 and dropped spec.runPolicy.suspend (true was sent, nothing came back): "
             "training-operator's "
             "definition has this field from v1.7 on; update the definition and the controller");
    verified(bare, V1_TRAINING, WORDS("managedBy=a.b/c"), "{}",
             "the server answered 200 and dropped spec.runPolicy.managedBy (\"a.b/c\" was sent, nothing came back): "
             "training-operator's definition has this field from v1.9 on; update the definition and the controller");
    verified(labelled, BETA, WORDS("labels.t=w"), "{\"metadata\":{\"labels\":{\"t\":\"v\"}}}",
             "the server answered 200 and altered labels.t (\"w\" was sent, \"v\" came back): a default of the "
             "definition or an "
             "admission webhook decides it; ask those who run the cluster");
    verified(labelled, BETA, WORDS("labels.t-"), "{\"metadata\":{\"labels\":{\"t\":\"v\"}}}",
             "the server answered 200 and altered labels.t (its removal was sent, \"v\" came back): a default of the "
             "definition "
             "or an admission webhook decides it; ask those who run the cluster");
    verified(labelled, ALPHA, WORDS("labels.t=w", "labels.u=x"), "{\"metadata\":{\"labels\":{\"t\":\"v\"}}}",
             "the server answered 200, dropped labels.u (\"x\" was sent, nothing came back) and altered labels.t "
             "(\"w\" was sent, "
             "\"v\" came back): an admission webhook of the cluster takes it away; ask those who run it");
}

/* What a definition fills in beside it is no loss. */
static void an_object_is_kept_with_defaults_beside_it(void **state)
{
    (void)state;
    static const struct {
        const char *diff, *answer;
        int rc;
    } cases[] = {
        {"{\"a\":2}", "{\"a\":2,\"b\":1}", 0},
        {"{\"a\":{\"c\":1}}", "{\"b\":1,\"a\":{\"d\":1,\"c\":1.0}}", 0},
        {"{\"a\":2}", "{\"a\":3,\"b\":1}", ERR_DROPPED},
        {"{\"a\":2}", "{\"b\":1}", ERR_DROPPED},
        {"{\"a\":[{\"c\":1}]}", "{\"a\":[{\"c\":1,\"d\":2}]}", ERR_DROPPED},
        {"{\"a\":1}", "[1]", ERR_DROPPED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mpijob_diff diff = {0};
        struct buf list = BUF_INIT, answer = BUF_INIT;
        buf_printf(&list, "[{\"path\":\"/spec/p\",\"before\":null,\"after\":%s}]", cases[i].diff);
        buf_printf(&answer, "{\"spec\":{\"p\":%s}}", cases[i].answer);
        assert_int_equal(mpijob_diff_read(&diff, parsed(list.ptr), NULL), 0);
        if (mpijob_diff_verify(&diff, parsed(answer.ptr), BETA, NULL) != cases[i].rc)
            fail_msg("%s, and %s came back", cases[i].diff, cases[i].answer);
        mpijob_diff_free(&diff);
        buf_free(&list);
        buf_free(&answer);
    }
}

static void a_long_value_is_cut(void **state)
{
    (void)state;
    struct mpijob_diff diff;
    struct error err = {0};
    char word[2000] = "annotations.x=";
    memset(word + strlen(word), 'v', 1500);
    changed("{\"metadata\":{\"name\":\"a\"}}", BETA, WORDS(word), &diff);
    assert_int_equal(mpijob_diff_verify(&diff, parsed("{}"), BETA, &err), ERR_DROPPED);
    assert_contains(err.message, "vvv... was sent");
    assert_true(strlen(err.message) < 400);
    mpijob_diff_free(&diff);
}

static void out_of_memory_is_an_error(void **state)
{
    (void)state;
    struct json array = parsed("[{\"path\":\"/spec/cleanPodPolicy\",\"before\":\"None\",\"after\":\"All\"},"
                               "{\"path\":\"/metadata/labels/a\",\"before\":null,\"after\":\"x\"}]");
    for (long n = 1;; n++) {
        struct mpijob_diff diff = {0};
        struct error err = {0};
        alloc_fail_at(n);
        int rc = mpijob_diff_read(&diff, array, &err);
        if (!rc)
            rc = mpijob_diff_verify(&diff, parsed("{}"), ALPHA, &err);
        bool failed = alloc_failed();
        alloc_fail_at(0);
        mpijob_diff_free(&diff);
        assert_int_equal(rc, failed ? ERR_NOMEM : ERR_DROPPED);
        if (!failed)
            return;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(for_people),
        cmocka_unit_test(for_programs_and_back),
        cmocka_unit_test(taken_back),
        cmocka_unit_test(what_the_server_kept),
        cmocka_unit_test(an_object_is_kept_with_defaults_beside_it),
        cmocka_unit_test(a_long_value_is_cut),
        cmocka_unit_test(out_of_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
