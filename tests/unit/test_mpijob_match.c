/* SPDX-License-Identifier: Apache-2.0 */
/* The conditions of a policy, one by one and together, and when time makes them hold. */
#include "mpijob_fixture.h"

#include "alloc.h"
#include "mpijob/match/match_tell.h"
#include "mpijob/match/selector.h"

static bool selects(const char *text, const char *labels)
{
    struct selector s = {0};
    struct error err = {0};
    if (selector_parse(&s, text, &err))
        fail_msg("%s", err.message);
    bool result = selector_match(&s, labels ? parsed(labels) : (struct json){0});
    selector_free(&s);
    return result;
}

static void the_selector_language(void **state)
{
    (void)state;
    static const struct {
        const char *selector, *labels;
        bool expected;
    } cases[] = {
        {"", "{}", true},
        {"  ", NULL, true},
        {"team=vision", "{\"team\":\"vision\"}", true},
        {"team==vision", "{\"team\":\"v\\u0069sion\"}", true},
        {"team=vision", "{\"team\":\"speech\"}", false},
        {"team=vision", "{}", false},
        {"team=vision", NULL, false},
        {"team=", "{\"team\":\"\"}", true},
        {"team=", "{}", false},
        {"team!=vision", "{\"team\":\"vision\"}", false},
        {"team!=vision", "{\"team\":\"speech\"}", true},
        {"team!=vision", "{}", true}, /* absent is not equal, as at the API server */
        {"team in (vision, speech)", "{\"team\":\"speech\"}", true},
        {"team in (vision,speech)", "{\"team\":\"nlp\"}", false},
        {"team in(vision)", "{\"team\":\"vision\"}", true},
        {"team in ()", "{\"team\":\"\"}", true},
        {"team in (,a)", "{\"team\":\"\"}", true},
        {"team in (in,notin)", "{\"team\":\"notin\"}", true},
        {"team notin (vision)", "{\"team\":\"vision\"}", false},
        {"team notin (vision)", "{}", true},
        {"keep", "{\"keep\":\"\"}", true},
        {"keep", "{}", false},
        {"!keep", "{}", true},
        {"! keep", "{\"keep\":\"x\"}", false},
        {"!keep", NULL, true},
        {"ops.example.com/x=1", "{\"ops.example.com/x\":\"1\"}", true},
        {"team in (vision, speech), keep != true", "{\"team\":\"vision\",\"keep\":\"false\"}", true},
        {"team in (vision, speech), keep != true", "{\"team\":\"vision\",\"keep\":\"true\"}", false},
        {" a = 1 ,\n b\t== 2 , c ", "{\"a\":\"1\",\"b\":\"2\",\"c\":\"\"}", true},
        {"n>5", "{\"n\":\"6\"}", true},
        {"n > 5", "{\"n\":\"5\"}", false},
        {"n<5", "{\"n\":\"4\"}", true},
        {"n<5", "{\"n\":\"x\"}", false},
        {"n<5", "{}", false},
        {"team=in", "{\"team\":\"in\"}", true},
        {"a=1,a=2", "{\"a\":\"1\"}", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (selects(cases[i].selector, cases[i].labels) != cases[i].expected)
            fail_msg("%s on %s", cases[i].selector, cases[i].labels ? cases[i].labels : "no labels");
    }
}

static void selectors_that_are_none(void **state)
{
    (void)state;
    static const struct {
        const char *selector, *part;
    } cases[] = {
        {"team in vision", "'(' is expected at column 9"},
        {"team in (vision", "',' or ')' is expected at its end"},
        {"team in (a b)", "',' or ')' is expected at column 12"},
        {"team vision", "'=', '!=', 'in'"},
        {"=vision", "a label's key is expected at column 1"},
        {",", "a label's key is expected at column 1"},
        {"a,", "a label's key is expected at its end"},
        {"a=1 b=2", "',' is expected at column 5"},
        {"!a=1", "',' is expected at column 3"},
        {"!", "a label's key"},
        {"!!a", "a label's key is expected at column 2"},
        {"a=b=c", "',' is expected at column 4"},
        {"a===b", "',' is expected at column 4"},
        {"a!b", "is expected at column 2"},
        {"a in (a))", "',' is expected at column 9"},
        {"(a)", "a label's key"},
        {"a b in (c)", "is expected at column 3"},
        {"a>b", "compares with an integer"},
        {"a>", "compares with an integer"},
        {"a>99999999999999999999999999", "compares with an integer"},
        {"-a=b", "label key"},
        {"a=b!", "',' is expected"},
        {"a=-b", "the value \"-b\""},
        {"a/b/c=d", "label key"},
        {"a in (x, y z)", "is expected"},
        {"A.b/c", "domain name"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct selector s = {0};
        struct error err = {0};
        if (!selector_parse(&s, cases[i].selector, &err))
            fail_msg("%s was taken", cases[i].selector);
        assert_contains(err.message, cases[i].part);
        assert_contains(err.message, "selector \"");
        assert_int_equal(s.count, 0);
        selector_free(&s);
    }
}

static void an_error_leaves_the_selector_as_it_was(void **state)
{
    (void)state;
    struct selector s = {0};
    struct buf out = BUF_INIT;
    assert_int_equal(selector_parse(&s, "a=1", NULL), 0);
    assert_int_equal(selector_parse(&s, "b=2,c in (d", NULL), ERR_SYNTAX);
    assert_int_equal(selector_equal(&s, str_of("d"), str_of("-"), NULL), ERR_INVALID);
    selector_write(&s, &out);
    assert_string_equal(out.ptr, "a=1");
    buf_free(&out);
    selector_free(&s);
}

static void the_server_gets_an_equal_selector(void **state)
{
    (void)state;
    struct mpijob_match *m = mpijob_match_new();
    struct buf out = BUF_INIT;
    struct selector again = {0};
    mpijob_match_selector(m, &out);
    assert_int_equal(out.len, 0);
    assert_int_equal(
        mpijob_match_labels(m, "a = 1, b in (x,y), c notin (z), d, !e, f != 2, g notin (x,), h>3,i<4,j=", NULL), 0);
    assert_int_equal(mpijob_match_label(m, str_of("k/l"), str_of("m"), NULL), 0);
    mpijob_match_selector(m, &out);
    assert_string_equal(out.ptr, "a=1,b in (x,y),c!=z,d,!e,f!=2,g notin (x,),h>3,i<4,j=,k/l=m");
    assert_int_equal(selector_parse(&again, out.ptr, NULL), 0);
    selector_free(&again);
    buf_free(&out);
    mpijob_match_free(m);
}

/* ---- whole matches ---- */

#define JOB                                                                                                            \
    "{\"metadata\":{\"name\":\"tf-1\",\"namespace\":\"debug-a\",\"creationTimestamp\":\"2026-11-23T18:00:00Z\","       \
    "\"labels\":{\"team\":\"vision\"},\"annotations\":{\"x\":\"a b\"}},"                                               \
    "\"spec\":{\"cleanPodPolicy\":\"None\",\"mpiReplicaSpecs\":{\"Worker\":{\"replicas\":2,\"template\":{\"spec\":"    \
    "{\"containers\":[{\"resources\":{\"limits\":{\"nvidia.com/gpu\":4}}}]}}}}},"                                      \
    "\"status\":{\"startTime\":\"2026-11-23T18:30:00Z\",\"completionTime\":\"2026-11-23T19:00:00Z\","                  \
    "\"conditions\":[{\"type\":\"Succeeded\",\"status\":\"True\"}]}}"

/* Each condition that is told has both texts, and none of them fails where all hold. */
static void told(void *data, const struct mpijob_told *c)
{
    bool *all = data;
    assert_true(*c->key && *c->wanted && *c->value);
    assert_true(c->due == INT64_MAX || !c->holds || c->due <= INT64_C(1795464000) * CLOCK_SECOND);
    *all = *all && c->holds;
}

static bool matches(const struct mpijob_match *m)
{
    struct mpijob_view view = viewed(JOB, ALPHA);
    bool all = true, is = mpijob_match_eval(m, &view, INT64_C(1795464000) * CLOCK_SECOND, NULL);
    assert_int_equal(mpijob_match_tell(m, &view, INT64_C(1795464000) * CLOCK_SECOND, told, &all), is);
    assert_int_equal(all, is);
    return is;
}

typedef int (*word_condition)(struct mpijob_match *m, const char *word, struct error *err);

static void condition(word_condition add, const char *const *words, bool expected)
{
    struct mpijob_match *m = mpijob_match_new();
    struct error err = {0};
    for (const char *const *w = words; *w; w++) {
        if (add(m, *w, &err))
            fail_msg("%s", err.message);
    }
    if (matches(m) != expected)
        fail_msg("%s", words[0]);
    mpijob_match_free(m);
}
#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void each_condition(void **state)
{
    (void)state;
    condition(mpijob_match_namespace, WORDS("debug-a"), true);
    condition(mpijob_match_namespace, WORDS("train", "debug-*"), true);
    condition(mpijob_match_namespace, WORDS("train", "prod"), false);
    condition(mpijob_match_name, WORDS("tf-?"), true);
    condition(mpijob_match_name, WORDS("tf"), false);
    condition(mpijob_match_phase, WORDS("Failed", "Succeeded"), true);
    condition(mpijob_match_phase, WORDS("Running"), false);
    condition(mpijob_match_labels, WORDS("team in (vision)", "!keep"), true);
    condition(mpijob_match_labels, WORDS("team", "keep"), false);
    condition(mpijob_match_clean_pod_policy, WORDS("None"), true);
    condition(mpijob_match_clean_pod_policy, WORDS("Running", "All", "unset"), false);
    condition(mpijob_match_clean_pod_policy, WORDS("All", "None"), true);
    condition(mpijob_match_gpus, WORDS(">0"), true);
    condition(mpijob_match_gpus, WORDS("== 8"), true);
    condition(mpijob_match_gpus, WORDS("8"), true);
    condition(mpijob_match_gpus, WORDS("=8"), true);
    condition(mpijob_match_gpus, WORDS("!=8"), false);
    condition(mpijob_match_gpus, WORDS(">=8", "<=8"), true);
    condition(mpijob_match_gpus, WORDS(">8"), false);
    condition(mpijob_match_gpus, WORDS(">4", "<8"), false);
    struct mpijob_match *m = mpijob_match_new();
    assert_true(matches(m));
    assert_int_equal(mpijob_match_annotation(m, str_of("x"), str_of("a b"), NULL), 0);
    assert_true(matches(m));
    assert_int_equal(mpijob_match_annotation(m, str_of("y"), str_of("a b"), NULL), 0);
    assert_false(matches(m));
    mpijob_match_free(m);
    mpijob_match_free(NULL);
}

static void an_unset_policy(void **state)
{
    (void)state;
    struct mpijob_match *m = mpijob_match_new();
    assert_int_equal(mpijob_match_clean_pod_policy(m, "unset", NULL), 0);
    struct mpijob_view v = viewed("{\"metadata\":{\"name\":\"a\"},\"spec\":{\"cleanPodPolicy\":\"All\"}}", BETA);
    assert_true(mpijob_match_eval(m, &v, 0, NULL)); /* a place that v2beta1 does not read */
    v = viewed("{\"metadata\":{\"name\":\"a\"},\"spec\":{\"cleanPodPolicy\":\"all\"}}", ALPHA);
    assert_false(mpijob_match_eval(m, &v, 0, NULL));
    mpijob_match_free(m);
}

static void bad_conditions_are_named(void **state)
{
    (void)state;
    static const struct {
        word_condition add;
        const char *word, *part;
    } cases[] = {
        {mpijob_match_phase, "succeeded", "did you mean Succeeded?"},
        {mpijob_match_phase, "Evicted", "Suspended, Succeeded, Failed"},
        {mpijob_match_clean_pod_policy, "none", "did you mean None?"},
        {mpijob_match_clean_pod_policy, "", "unset"},
        {mpijob_match_gpus, "many", "\">0\""},
        {mpijob_match_gpus, ">", "\">\""},
        {mpijob_match_gpus, ">-1", "\">-1\""},
        {mpijob_match_gpus, "=<3", "\"=<3\""},
        {mpijob_match_gpus, ">3 4", "\">3 4\""},
        {mpijob_match_gpus, "99999999999999999999", "99999999999999999999"},
        {mpijob_match_namespace, "", "empty namespace"},
        {mpijob_match_namespace, "Train", "can never match"},
        {mpijob_match_name, "a b", "can never match"},
        {mpijob_match_labels, "a b", "selector"},
    };
    struct mpijob_match *m = mpijob_match_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error err = {0};
        assert_true(cases[i].add(m, cases[i].word, &err) < 0);
        assert_contains(err.message, cases[i].part);
    }
    struct error err = {0};
    assert_int_equal(mpijob_match_span(m, SPAN_RUNNING_FOR, -1, &err), ERR_INVALID);
    assert_contains(err.message, "running_for");
    assert_int_equal(mpijob_match_annotation(m, str_of("a b"), str_of(""), &err), ERR_INVALID);
    assert_true(matches(m));
    mpijob_match_free(m);
}

static void time_alone_is_missing(void **state)
{
    (void)state;
    int64_t finished, due;
    struct mpijob_view v = viewed(JOB, ALPHA);
    assert_true(clock_parse("2026-11-23T19:00:00Z", &finished));
    struct mpijob_match *m = mpijob_match_new();
    assert_int_equal(mpijob_match_span(m, SPAN_FINISHED_FOR, 7200 * CLOCK_SECOND, NULL), 0);
    int64_t at = finished + 7200 * CLOCK_SECOND;
    assert_false(mpijob_match_eval(m, &v, at - 1, &due));
    assert_true(due == at);
    assert_true(mpijob_match_eval(m, &v, at, &due));
    assert_true(due == at);
    /* the last of two counts */
    assert_int_equal(mpijob_match_span(m, SPAN_OLDER_THAN, 7 * 3600 * CLOCK_SECOND, NULL), 0);
    assert_false(mpijob_match_eval(m, &v, at, &due));
    assert_true(due == finished - 3600 * CLOCK_SECOND + 7 * 3600 * CLOCK_SECOND);
    /* a span of another phase never comes by waiting */
    assert_int_equal(mpijob_match_span(m, SPAN_RUNNING_FOR, 0, NULL), 0);
    assert_false(mpijob_match_eval(m, &v, INT64_MAX, &due));
    assert_true(due == INT64_MAX);
    mpijob_match_free(m);
    /* neither does another name */
    m = mpijob_match_new();
    assert_int_equal(mpijob_match_span(m, SPAN_FINISHED_FOR, 7200 * CLOCK_SECOND, NULL), 0);
    assert_int_equal(mpijob_match_name(m, "other", NULL), 0);
    assert_false(mpijob_match_eval(m, &v, finished, &due));
    assert_true(due == INT64_MAX);
    mpijob_match_free(m);
    /* beyond the end of time */
    m = mpijob_match_new();
    assert_int_equal(mpijob_match_span(m, SPAN_OLDER_THAN, INT64_MAX, NULL), 0);
    assert_false(mpijob_match_eval(m, &v, finished, &due));
    assert_true(due == INT64_MAX);
    mpijob_match_free(m);
}

static void spans_of_the_other_phases(void **state)
{
    (void)state;
    int64_t due, eight;
    assert_true(clock_parse("2026-11-23T20:00:00Z", &eight));
    struct mpijob_match *m = mpijob_match_new();
    assert_int_equal(mpijob_match_span(m, SPAN_PENDING_FOR, 60 * CLOCK_SECOND, NULL), 0);
    struct mpijob_view v =
        viewed("{\"metadata\":{\"name\":\"a\",\"creationTimestamp\":\"2026-11-23T20:00:00Z\"}}", BETA);
    assert_false(mpijob_match_eval(m, &v, eight, &due));
    assert_true(due == eight + 60 * CLOCK_SECOND);
    mpijob_match_free(m);
    m = mpijob_match_new();
    assert_int_equal(mpijob_match_span(m, SPAN_RUNNING_FOR, 60 * CLOCK_SECOND, NULL), 0);
    assert_false(mpijob_match_eval(m, &v, eight, &due));
    assert_true(due == INT64_MAX);
    v = viewed("{\"metadata\":{\"name\":\"a\"},\"status\":{\"conditions\":[{\"type\":\"Running\",\"status\":\"True\","
               "\"lastTransitionTime\":\"2026-11-23T20:00:00Z\"}]}}",
               BETA);
    assert_false(mpijob_match_eval(m, &v, eight, &due));
    assert_true(due == eight + 60 * CLOCK_SECOND);
    assert_true(mpijob_match_eval(m, &v, due, NULL));
    mpijob_match_free(m);
}

static void where_to_look(void **state)
{
    (void)state;
    struct mpijob_match *m = mpijob_match_new();
    assert_null(mpijob_match_namespaces(m));
    assert_true(mpijob_match_in_namespace(m, str_of("any")));
    for (int i = 0; i < 2; i++) { /* said twice, it is there once */
        assert_int_equal(mpijob_match_namespace(m, "train", NULL), 0);
        assert_string_equal(mpijob_match_namespaces(m)[0], "train");
        assert_null(mpijob_match_namespaces(m)[1]);
    }
    assert_true(mpijob_match_in_namespace(m, str_of("train")));
    assert_false(mpijob_match_in_namespace(m, str_of("training")));
    assert_int_equal(mpijob_match_namespace(m, "prod", NULL), 0);
    assert_string_equal(mpijob_match_namespaces(m)[0], "train");
    assert_string_equal(mpijob_match_namespaces(m)[1], "prod");
    assert_null(mpijob_match_namespaces(m)[2]);
    assert_int_equal(mpijob_match_namespace(m, "debug-*", NULL), 0);
    assert_null(mpijob_match_namespaces(m));
    assert_true(mpijob_match_in_namespace(m, str_of("debug-b")));
    mpijob_match_free(m);
    m = mpijob_match_new();
    assert_int_equal(mpijob_match_namespace(m, "debug-*", NULL), 0);
    assert_null(mpijob_match_namespaces(m));
    mpijob_match_free(m);
}

static int build(void)
{
    struct mpijob_match *m = mpijob_match_new();
    int rc = m ? 0 : ERR_NOMEM;
    if (!rc)
        rc = mpijob_match_namespace(m, "train", NULL);
    if (!rc)
        rc = mpijob_match_name(m, "tf-*", NULL);
    if (!rc)
        rc = mpijob_match_labels(m, "a=1,b in (x,y),c,d!=2,e>5", NULL);
    if (!rc)
        rc = mpijob_match_label(m, str_of("f"), str_of("g"), NULL);
    if (!rc)
        rc = mpijob_match_annotation(m, str_of("h"), str_of("i"), NULL);
    if (!rc)
        rc = mpijob_match_gpus(m, ">0", NULL);
    mpijob_match_free(m);
    return rc;
}

static unsigned pick(uint32_t *seed, unsigned below)
{
    *seed = *seed * 1664525 + 1013904223;
    return (*seed >> 16) % below;
}

/* Globs are read as str_glob reads them. */
static void globs_as_a_shell_has_them(void **state)
{
    (void)state;
    uint32_t seed = 1;
    static const char letters[] = "aab-*?*";
    for (int i = 0; i < 20000; i++) {
        char glob[16] = "", name[16] = "";
        size_t n = 1 + pick(&seed, 8), m = pick(&seed, 12);
        for (size_t k = 0; k < n; k++)
            glob[k] = letters[pick(&seed, 7)];
        for (size_t k = 0; k < m; k++)
            name[k] = letters[pick(&seed, 4)];
        struct mpijob_match *match = mpijob_match_new();
        assert_int_equal(mpijob_match_name(match, glob, NULL), 0);
        if (mpijob_match_named(match, str_of(name)) != str_glob(glob, str_of(name)))
            fail_msg("%s and %s", glob, name);
        mpijob_match_free(match);
    }
}

static void names_are_bounded(void **state)
{
    (void)state;
    struct mpijob_match *match = mpijob_match_new();
    struct error err;
    char text[300], fits[254];
    memset(text, 'a', sizeof text);
    text[254] = '\0';
    assert_int_equal(mpijob_match_name(match, text, &err), ERR_INVALID);
    assert_non_null(strstr(err.message, "names have at most 253"));
    text[253] = '\0';
    memset(text, '*', 120); /* and the last place of the last word of bits */
    memset(fits, 'a', sizeof fits);
    assert_int_equal(mpijob_match_name(match, text, &err), 0);
    assert_true(mpijob_match_named(match, str_n(fits, 253)));
    assert_true(mpijob_match_named(match, str_n(fits, 133)));
    assert_false(mpijob_match_named(match, str_n(fits, 132)));
    for (int i = 1; i < 64; i++) {
        snprintf(text, sizeof text, "x%d-*", i);
        assert_int_equal(mpijob_match_name(match, text, &err), 0);
        assert_int_equal(mpijob_match_name(match, text, &err), 0);
    }
    assert_int_equal(mpijob_match_name(match, "one-more-*", &err), ERR_LIMIT);
    assert_non_null(strstr(err.message, "more than 64 names with * or ?"));
    for (int i = 0; i < 4096; i++) {
        snprintf(text, sizeof text, "n%d", i * 7919 % 4096);
        assert_int_equal(mpijob_match_name(match, text, &err), 0);
    }
    assert_true(mpijob_match_named(match, str_of("n4095")));
    assert_true(mpijob_match_named(match, str_of("x63-a")));
    assert_false(mpijob_match_named(match, str_of("n4096")));
    mpijob_match_free(match);
}

static void out_of_memory_is_an_error(void **state)
{
    (void)state;
    for (long n = 1;; n++) {
        alloc_fail_at(n);
        int rc = build();
        bool failed = alloc_failed();
        alloc_fail_at(0);
        assert_int_equal(rc, failed ? ERR_NOMEM : 0);
        if (!failed)
            return;
    }
}

/* It is not known how many, and so it is not none. */
static void gpus_that_cannot_be_read(void **state)
{
    (void)state;
    static const char *const comparisons[] = {"==0", ">=0", "<8", ">0", "!=1"};
    struct mpijob_view view =
        viewed("{\"metadata\":{\"name\":\"a\"},\"spec\":{\"mpiReplicaSpecs\":{\"Worker\":{\"replicas\":1,"
               "\"template\":{\"spec\":{\"containers\":[{\"resources\":{\"limits\":{\"nvidia.com/gpu\":"
               "\"8x\"}}}]}}}}}}",
               BETA);
    bool unread;
    assert_int_equal(mpijob_view_gpus(&view, &unread), 0);
    assert_true(unread);
    for (size_t i = 0; i < sizeof comparisons / sizeof *comparisons; i++) {
        struct mpijob_match *m = mpijob_match_new();
        assert_true(mpijob_match_eval(m, &view, NOON, NULL));
        assert_int_equal(mpijob_match_gpus(m, comparisons[i], NULL), 0);
        assert_false(mpijob_match_eval(m, &view, NOON, NULL));
        mpijob_match_free(m);
    }
}

static void jobs_that_are_being_deleted(void **state)
{
    (void)state;
    static const char *const jobs[] = {
        "{\"metadata\":{\"name\":\"a\"}}",
        "{\"metadata\":{\"name\":\"a\",\"deletionTimestamp\":\"2026-11-23T19:00:00Z\"}}"};
    static const bool expected[3][2] = {
        [DELETING_NO] = {true, false}, [DELETING_ONLY] = {false, true}, [DELETING_TOO] = {true, true}};
    for (int which = DELETING_NO; which <= DELETING_TOO; which++) {
        struct mpijob_match *m = mpijob_match_new();
        if (which != DELETING_NO) /* which it is from the start */
            mpijob_match_deleting(m, (enum mpijob_deleting)which);
        for (int i = 0; i < 2; i++) {
            struct mpijob_view view = viewed(jobs[i], BETA);
            assert_int_equal(mpijob_match_eval(m, &view, NOON, NULL), expected[which][i]);
            assert_int_equal(mpijob_match_since(m, &view, NOON) != INT64_MAX, expected[which][i]);
        }
        mpijob_match_free(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gpus_that_cannot_be_read),
        cmocka_unit_test(jobs_that_are_being_deleted),
        cmocka_unit_test(the_selector_language),
        cmocka_unit_test(selectors_that_are_none),
        cmocka_unit_test(an_error_leaves_the_selector_as_it_was),
        cmocka_unit_test(the_server_gets_an_equal_selector),
        cmocka_unit_test(each_condition),
        cmocka_unit_test(an_unset_policy),
        cmocka_unit_test(bad_conditions_are_named),
        cmocka_unit_test(time_alone_is_missing),
        cmocka_unit_test(spans_of_the_other_phases),
        cmocka_unit_test(where_to_look),
        cmocka_unit_test(globs_as_a_shell_has_them),
        cmocka_unit_test(names_are_bounded),
        cmocka_unit_test(out_of_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
