/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong types in pod templates, against Kubernetes' own decoder: tests/fixtures/templates/templates.tsv was recorded with
 * it (tests/apiserver/decode); the tier apiserver holds every field of a template to it. */
#include "mpijob_fixture.h"

#include <stdlib.h>

#include "alloc.h"
#include "mpijob/inspect/harm.h"
#include "mpijob/inspect/inspect.h"

static const struct mpijob_target alpha = {.version = MPIJOB_V1ALPHA2, .controller = CONTROLLER_MPI_OPERATOR};

struct seen {
    struct buf lines; /* "problem path safe: cure" each */
    unsigned count;
};

static void see(void *data, const struct mpijob_finding *f)
{
    struct seen *s = data;
    char path[FINDING_POINTER];
    if (f->problem != PROBLEM_WRONG_TYPE && f->problem != PROBLEM_OBJECT_FOR_LIST)
        return;
    s->count++;
    buf_printf(&s->lines, "%s %s%s: %s\n", mpijob_problem_name(f->problem), mpijob_finding_path(f->pointer, path),
               f->safe ? " safe" : "", f->cure);
}

static char *job_of(struct str template)
{
    struct buf b = BUF_INIT;
    buf_printf(&b, "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"mpiReplicaSpecs\":{\"Worker\":{\"template\":%.*s}}}}",
               (int)template.len, template.ptr);
    return buf_take(&b, NULL);
}

static struct seen look(const char *job)
{
    struct seen s = {0};
    struct mpijob_view view = viewed(job, alpha);
    assert_int_equal(mpijob_inspect(&view, NULL, NOON, see, &s, NULL), 0);
    return s;
}

static void as_the_decoder_says(void **state)
{
    (void)state;
    struct buf file = BUF_INIT;
    struct error err;
    if (buf_read_file(&file, TEST_SOURCE_DIR "/tests/fixtures/templates/templates.tsv", 1 << 20, &err))
        fail_msg("%s", err.message);
    int lines = 0;
    for (char *line = file.ptr, *end; (end = strchr(line, '\n')); line = end + 1, lines++) {
        char *tab = strchr(line, '\t');
        bool refused = strncmp(line, "refused\t", 8) == 0;
        *end = '\0';
        char *job = job_of(str_of(tab + 1));
        struct seen s = look(job);
        if ((s.count != 0) != refused)
            fail_msg("the decoder has %s, and inspect finds: %s", line, s.count ? s.lines.ptr : "nothing");
        buf_free(&s.lines);
        free(job);
    }
    assert_true(lines > 700);
    buf_free(&file);
}

#define POD(text) "{\"spec\":{" text "}}"
#define CONTAINER(text) POD("\"containers\":[{" text "}]")
#define IN "spec.mpiReplicaSpecs.Worker.template."
static const struct {
    const char *template, *line;
} cases[] = {
    {CONTAINER("\"env\":[{\"name\":\"a\",\"value\":true}]"),
     "wrong-type " IN "spec.containers.0.env.0.value: set " IN
     "spec.containers.0.env.0.value to \"true\", if that was meant"},
    {CONTAINER("\"env\":[{\"name\":\"a\",\"value\":8}]"), "wrong-type " IN "spec.containers.0.env.0.value: set"},
    {CONTAINER("\"args\":[\"-np\",2]"),
     "wrong-type " IN "spec.containers.0.args.1: set " IN "spec.containers.0.args.1 to \"2\""},
    {POD("\"terminationGracePeriodSeconds\":\"30\""),
     "wrong-type " IN "spec.terminationGracePeriodSeconds safe: set " IN
     "spec.terminationGracePeriodSeconds to 30, without"},
    {CONTAINER("\"ports\":[{\"containerPort\":\"22\"}]"),
     "wrong-type " IN "spec.containers.0.ports.0.containerPort safe: "},
    {"{\"metadata\":{\"labels\":{\"a/b\":1}}}", "wrong-type " IN "metadata.labels.a/b: set"},
    {POD("\"nodeSelector\":{\"a\":1}"), "wrong-type " IN "spec.nodeSelector.a: set"},
    {CONTAINER("\"securityContext\":{\"capabilities\":{\"add\":\"IPC_LOCK\"}}"),
     "wrong-type " IN "spec.containers.0.securityContext.capabilities.add: set " IN
     "spec.containers.0.securityContext.capabilities.add to [\"IPC_LOCK\"], if that was meant"},
    {CONTAINER("\"resources\":{\"limits\":{\"memory\":\"16GB\"}}"),
     "wrong-type " IN "spec.containers.0.resources.limits.memory: write"},
    {CONTAINER("\"securityContext\":{\"capabilities\":{\"add\":{}}}"),
     "object-for-list " IN "spec.containers.0.securityContext.capabilities.add safe: set"},
    {POD("\"hostNetwork\":\"true\""), "wrong-type " IN "spec.hostNetwork safe: set " IN "spec.hostNetwork to true"},
    {POD("\"hostNetwork\":\"yes\""),
     "wrong-type " IN "spec.hostNetwork: set " IN "spec.hostNetwork to the value that was meant"},
    {POD("\"volumes\":[{\"configMap\":{\"defaultMode\":\"0400\"}}]"),
     "wrong-type " IN "spec.volumes.0.configMap.defaultMode: set"},
    {POD("\"terminationGracePeriodSeconds\":99999999999999999999"),
     "wrong-type " IN "spec.terminationGracePeriodSeconds: set"},
    {"[]", "wrong-type spec.mpiReplicaSpecs.Worker.template: set"},
};

static void what_is_said_and_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *job = job_of(str_of(cases[i].template));
        struct seen s = look(job);
        struct mpijob_view view = viewed(job, alpha), none = viewed("{\"metadata\":{\"name\":\"a\"}}", alpha);
        struct error err;
        assert_int_equal(s.count, 1);
        assert_contains(s.lines.ptr, cases[i].line);
        assert_int_equal(mpijob_harm_check(NULL, &view, &err), ERR_REFUSED);
        assert_int_equal(mpijob_harm_check(&none, &view, &err), ERR_REFUSED);
        assert_contains(err.message, "refused, because it does harm");
        assert_int_equal(mpijob_harm_check(&view, &view, &err), 0); /* a patch does not answer for what is there */
        buf_free(&s.lines);
        free(job);
    }
}

static char *args(size_t count, const char *more)
{
    struct buf b = BUF_INIT;
    buf_puts(&b, CONTAINER("\"args\":[0"));
    b.len -= strlen("}]}}"); /* the container is left open */
    for (size_t i = 1; i < count; i++)
        buf_puts(&b, ",0");
    buf_printf(&b, "]}%s]}}", more);
    char *job = job_of(buf_str(&b));
    buf_free(&b);
    return job;
}

/* A job with more of them than anybody reads is told in an instant, and hides nothing new. */
static void there_may_be_very_many(void **state)
{
    (void)state;
    char *many = args(500000, ""), *worse = args(500000, ",{\"args\":[1]}"), *few = args(3, ""),
         *other = args(3, ",{\"args\":[1]}");
    struct seen s = look(many);
    struct error err;
    struct mpijob_view a = viewed(many, alpha), b = viewed(worse, alpha);
    assert_int_equal(s.count, 65);
    assert_contains(s.lines.ptr, "more than 64");
    assert_int_equal(mpijob_harm_check(&a, &a, &err), 0);
    assert_int_equal(mpijob_harm_check(&a, &b, &err), ERR_REFUSED);
    a = viewed(few, alpha), b = viewed(other, alpha);
    assert_int_equal(mpijob_harm_check(&a, &b, &err), ERR_REFUSED);
    assert_contains(err.message, "containers.1.args.0");
    buf_free(&s.lines);
    free(many), free(worse), free(few), free(other);
}

/* Of a place whose path is too long, the nearest place above is named. */
static void a_name_may_be_very_long(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    buf_puts(&b, "{\"spec\":{\"nodeSelector\":{\"");
    for (int i = 0; i < 400; i++)
        buf_putc(&b, 'k');
    buf_puts(&b, "\":1}}}");
    char *job = job_of(buf_str(&b));
    struct seen s = look(job);
    assert_string_equal(s.lines.ptr, "wrong-type " IN "spec.nodeSelector: set " IN
                                     "spec.nodeSelector to the value that was meant (a string), or remove it\n");
    buf_free(&s.lines);
    buf_free(&b);
    free(job);
}

static void without_memory(void **state)
{
    (void)state;
    char *job =
        job_of(str_of("{\"metadata\":{\"creationTimestamp\":\"x\"},\"spec\":{\"nodeSelector\":{\"\\u0061\":1}}}"));
    bool failed = true;
    for (int n = 1; failed; n++) {
        struct mpijob_view view = viewed(job, alpha);
        unsigned bits;
        struct error err;
        alloc_fail_at(n);
        int rc = mpijob_problems(&view, NOON, PROBLEM_ANY, &bits, NULL, &err);
        failed = alloc_failed();
        alloc_fail_at(0);
        assert_int_equal(rc, failed ? ERR_NOMEM : 0);
    }
    free(job);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_the_decoder_says),    cmocka_unit_test(what_is_said_and_refused),
        cmocka_unit_test(there_may_be_very_many), cmocka_unit_test(a_name_may_be_very_long),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
