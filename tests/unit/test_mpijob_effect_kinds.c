/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts on TrainJobs, JobSets, Jobs and Kueue's kinds: every row of tests/fixtures/effects-kinds.tsv is made into an
 * object and its change, and judged as it was measured, or it is among those below that say why it is not. */
#include "mpijob_fixture.h"

#include <stdlib.h>

#include "mpijob/effect/others.h"

enum { API_VERSION, CONTROLLER, STATE, FIELD, CHANGE, VERDICT, NOTE, COLUMNS };

/* ---- a row's change, as values ---- */

static const struct values {
    const char *field, *change; /* what the row's begin or end with */
    const char *before, *after; /* raw; NULL: absent */
} values[] = {
    {"suspend", "false to true", "false", "true"},
    {"suspend", "true to false", "true", "false"},
    {"spec.active", "true to false", "true", "false"},
    {"spec.active", "false to true", "false", "true"},
    {"backoffLimit", "absent to 1", NULL, "1"},
    {"backoffLimit", "3 to 0", "3", "0"},
    {"backoffLimit", "0 to 3", "0", "3"},
    {"Seconds", "absent to '60'", NULL, "\"60\""},
    {"Seconds", "absent to 1.5", NULL, "1.5"},
    {"Seconds", "absent to -1", NULL, "-1"},
    {"Seconds", "absent to 0", NULL, "0"},
    {"Seconds", "absent to 60", NULL, "60"},
    {"Seconds", "absent to 1", NULL, "1"},
    {"Seconds", "absent to 2", NULL, "2"},
    {"Seconds", "absent to 8", NULL, "8"},
    {"Seconds", "absent to 3000000000", NULL, "3000000000"},
    {"Seconds", "absent to 3600", NULL, "3600"},
    {"Seconds", "absent to a value already past", NULL, "1"},
    {"Seconds", "absent to a value", NULL, "606"},
    {"Seconds", "3600 to 0", "3600", "0"},
    {"Seconds", "3600 to 1", "3600", "1"},
    {"Seconds", "3600 to 7200", "3600", "7200"},
    {"Seconds", "3600 to absent", "3600", NULL},
    {"Seconds", "3600 (as the label) to 1", "3600", "1"},
    {"Seconds", "3600 (as the label) to absent", "3600", NULL},
    {"Seconds", "12 to absent", "612", NULL},
    {"Seconds", "12 to 3600", "612", "3600"},
    {"Seconds", "8 to absent", "608", NULL},
    {"Seconds", "8 to 3600", "608", "3600"},
    {"parallelism", "1 to 0", "1", "0"},
    {"parallelism", "2 to 0", "2", "0"},
    {"parallelism", "2 to 1", "2", "1"},
    {"parallelism", "2 to 4", "2", "4"},
    {"spec.completions", "2 to 3, with parallelism, Indexed", "2,\"parallelism\":2,\"completionMode\":\"Indexed\"",
     "3,\"parallelism\":3,\"completionMode\":\"Indexed\""},
    {"spec.completions", "2 to 3", "2", "3"},
    {"template.metadata.labels", "", "{\"a\":\"1\"}", "{\"a\":\"2\"}"},
    {"nodeSelector", "", "{\"a\":\"1\"}", "{\"a\":\"2\"}"},
    {"Seconds", "changed", "1", "2"},
    {"backoffLimit", "changed", "1", "2"},
    {"parallelism", "changed", "1", "2"},
    {"replicas", "changed", "1", "2"},
    {"trainer.image", "changed", "\"a\"", "\"b\""},
    {"trainer.numNodes", "2 to 3", "2", "3"},
    {"runtimeRef.name", "changed", "\"a\"", "\"b\""},
    {"spec.trainer", "removed", "{\"numNodes\":2}", NULL},
    {"spec.runPolicy", "absent to", NULL, "{\"ttlSecondsAfterFinished\":1}"},
    {"spec.runtimePatches", "a node selector added", NULL, "[{\"manager\":\"a\"}]"},
    {"spec.managedBy", "absent to kueue", "\"trainer.kubeflow.org/trainjob-controller\"",
     "\"kueue.x-k8s.io/multikueue\""},
    {"spec.managedBy", "absent to example", "\"trainer.kubeflow.org/trainjob-controller\"", "\"example.com/other\""},
    {"spec.managedBy", "absent to trainer", NULL, "\"trainer.kubeflow.org/trainjob-controller\""},
    {"spec.failurePolicy", "absent to maxRestarts 2", NULL, "{\"maxRestarts\":2}"},
    {"spec.failurePolicy", "maxRestarts 2 removed", "{\"maxRestarts\":2}", NULL},
    {"spec.successPolicy", "removed (null), put back", NULL, "{\"operator\":\"All\"}"},
    {"spec.successPolicy", "", "{\"operator\":\"All\"}", NULL},
    {"successPolicy.operator", "All to Any", "\"All\"", "\"Any\""},
    {"spec.startupPolicy", "absent to InOrder", "{\"startupPolicyOrder\":\"AnyOrder\"}",
     "{\"startupPolicyOrder\":\"InOrder\"}"},
    {"spec.podReplacementPolicy", "changed", "\"TerminatingOrFailed\"", "\"Failed\""},
    {"spec.completionMode", "changed", "\"NonIndexed\"", "\"Indexed\""},
    {"spec.podFailurePolicy", "added", NULL, "{\"rules\":[]}"},
    {"spec.priority", "", "10", "100"},
    {"spec.queueName", "", "\"a\"", "\"b\""},
    {"spec.stopPolicy", "None to HoldAndDrain", "\"None\"", "\"HoldAndDrain\""},
    {"spec.stopPolicy", "None to Hold", "\"None\"", "\"Hold\""},
    {"metadata.labels", "add one", NULL, "{\"team\":\"a\"}"},
    {"metadata.annotations", "add one", NULL, "{\"team\":\"a\"}"},
    {"queue-name]", "wide to wide2", "\"b\"", "\"c\""},
    {"queue-name]", "removed", "\"b\"", NULL},
    {"max-exec-time-seconds]", "added, 3600", NULL, "\"3600\""},
    {"priority-class]", "low to high", "\"low\"", "\"high\""},
};

static const struct values *find_values(const char *field, const char *change)
{
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        bool seconds = strcmp(values[i].field, "Seconds") == 0 && strstr(field, "Seconds");
        if ((seconds || str_ends(str_of(field), values[i].field)) && str_starts(str_of(change), values[i].change))
            return &values[i];
    }
    fail_msg("no values for %s: %s", field, change);
    return NULL;
}

/* ---- rows that are told otherwise, and why ---- */

static struct other {
    const char *controller, *state, *field, *change; /* the beginnings */
    enum mpijob_effect effect;
    int answer;
    const char *because;
    bool used;
} others[] = {
    {"", "running", "spec.trainer", "removed (null)", EFFECT_DESTRUCTIVE, 0, "its harm comes with the next suspend", 0},
    {"", "running", "spec.successPolicy", "removed (null), then suspended", EFFECT_DESTRUCTIVE, 0,
     "its harm comes with the end", 0},
    {"", "running", "spec.managedBy", "absent to trainer", EFFECT_UNKNOWN, ERR_REFUSED,
     "the controller fills it in, so it is never absent", 0},
    {"trainer-v2.1.0", "running", "spec.activeDeadlineSeconds", "3600 to 7200", EFFECT_UNKNOWN, ERR_REFUSED,
     "this release has no such field, so it never has a value", 0},
    {"trainer-v2.1.0", "running", "spec.activeDeadlineSeconds", "3600 to 0", EFFECT_UNKNOWN, ERR_REFUSED,
     "this release has no such field", 0},
    {"trainer-v2.1.0", "running", "spec.activeDeadlineSeconds", "absent to", EFFECT_DESTRUCTIVE, 0,
     "which release it is does not show; its answer does", 0},
    {"trainer", "complete", "jobset:spec.ttlSecondsAfterFinished", "", EFFECT_UNKNOWN, 0, "the releases differ", 0},
    {"trainer", "complete", "jobset:(the object)", "", EFFECT_UNKNOWN, 0, "the releases differ", 0},
    {"jobset", "completed", "job:spec.ttlSecondsAfterFinished", "", EFFECT_UNKNOWN, 0,
     "a Job does not show whether its set runs", 0},
    {"jobset", "failed", "job:spec.ttlSecondsAfterFinished", "", EFFECT_UNKNOWN, 0,
     "a Job does not show whether its set runs", 0},
    {"jobset", "running", "job:spec.ttlSecondsAfterFinished", "", EFFECT_UNKNOWN, 0,
     "a Job does not show whether its set runs", 0},
    {"trainer", "complete", "job:spec.ttlSecondsAfterFinished", "", EFFECT_UNKNOWN, 0,
     "a Job does not show whether its set runs", 0},
    {"kube-controller-manager-v1.34.4+kueue", "running", "spec.ttlSecondsAfterFinished", "", EFFECT_AT_FINISH, 0,
     "it was not looked at until its end", 0},
};
#define OTHERS (sizeof others / sizeof *others)

static struct other *find_other(char *const c[COLUMNS])
{
    for (size_t i = 0; i < OTHERS; i++) {
        struct other *o = &others[i];
        if (str_starts(str_of(c[CONTROLLER]), o->controller) && strcmp(c[STATE], o->state) == 0 &&
            str_starts(str_of(c[FIELD]), o->field) && str_starts(str_of(c[CHANGE]), o->change))
            return o;
    }
    return NULL;
}

/* What no change does, or a change that was made before. */
static bool passed_over(char *const c[COLUMNS])
{
    return strcmp(c[STATE], "creation") == 0 || strcmp(c[FIELD], "(none)") == 0 || strstr(c[CHANGE], " at creation");
}

static bool agrees(const char *measured, const struct mpijob_verdict *v)
{
    static const struct {
        const char *verdict;
        enum mpijob_effect effects[2];
        int answer;
    } all[] = {{"reverted", {EFFECT_REVERTED, EFFECT_REVERTED}, 0},
               {"harmful", {EFFECT_DESTRUCTIVE, EFFECT_DESTRUCTIVE}, 0},
               {"rejected", {EFFECT_UNKNOWN, EFFECT_UNKNOWN}, ERR_REFUSED},
               {"dropped", {EFFECT_UNKNOWN, EFFECT_UNKNOWN}, ERR_DROPPED},
               {"effective now", {EFFECT_EFFECTIVE, EFFECT_DESTRUCTIVE}, 0}, /* the latter where it ends what runs */
               {"stored but inert", {EFFECT_INERT, EFFECT_STORED}, 0},
               {"effective at finish", {EFFECT_AT_FINISH, EFFECT_AT_FINISH}, 0}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (strcmp(measured, all[i].verdict) == 0)
            return (v->effect == all[i].effects[0] || v->effect == all[i].effects[1]) && v->answer == all[i].answer;
    }
    fail_msg("no such verdict: %s", measured);
    return false;
}

/* ---- the object of a row ---- */

struct kind {
    const char *prefix, *api_version, *group, *plural;
};

static const struct kind *kind_of(char *const c[COLUMNS])
{
    static const struct kind kinds[] = {
        {"workload:", "", "kueue.x-k8s.io", "workloads"},     {"clusterqueue:", "", "kueue.x-k8s.io", "clusterqueues"},
        {"localqueue:", "", "kueue.x-k8s.io", "localqueues"}, {"job:", "", "batch", "jobs"},
        {"jobset:", "", "jobset.x-k8s.io", "jobsets"},        {"", "batch/", "batch", "jobs"},
        {"", "jobset", "jobset.x-k8s.io", "jobsets"},         {"", "trainer", "trainer.kubeflow.org", "trainjobs"}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (str_starts(str_of(c[FIELD]), kinds[i].prefix) && str_starts(str_of(c[API_VERSION]), kinds[i].api_version))
            return &kinds[i];
    }
    fail_msg("no kind for %s", c[FIELD]);
    return NULL;
}

#define TRUE(type, reason)                                                                                             \
    "{\"type\":\"" type "\",\"status\":\"True\",\"reason\":\"" reason                                                  \
    "\",\"lastTransitionTime\":\"2026-11-23T19:50:00Z\"}"
#define STARTED ",\"startTime\":\"2026-11-23T19:50:00Z\""

static void add_status(struct buf *b, const struct kind *kind, const char *state, const char *change)
{
    bool workload = strcmp(kind->plural, "workloads") == 0;
    const char *condition = "";
    if (strcmp(state, "succeeded") == 0 || strcmp(state, "complete") == 0 || strcmp(state, "completed") == 0)
        condition = workload                          ? TRUE("Finished", "Succeeded")
                    : strcmp(kind->plural, "jobsets") ? TRUE("Complete", "a")
                                                      : TRUE("Completed", "a");
    else if (strcmp(state, "failed") == 0)
        condition = TRUE("Failed", "a");
    else if (workload && strcmp(state, "running") == 0)
        condition = TRUE("QuotaReserved", "a") "," TRUE("Admitted", "a");
    else if (workload && strstr(change, "ran out"))
        condition = TRUE("Evicted", "DeactivatedDueToMaximumExecutionTimeExceeded");
    buf_printf(b, ",\"status\":{\"failed\":%d,\"conditions\":[%s]%s}}", strstr(change, "has failed") ? 1 : 0, condition,
               strcmp(kind->plural, "jobs") == 0 && strcmp(state, "suspended") != 0 ? STARTED : "");
}

/* "spec.template.spec.nodeSelector" within spec: the part below it as members, with the value at its end. */
static void add_nested(struct buf *b, const char *path, const char *value)
{
    char closing[64] = "";
    size_t depth = sizeof closing - 1;
    for (const char *p = path;;) {
        size_t len = strcspn(p, ".[ "), list = p[len] == '[';
        bool last = p[len + 2 * list] != '.';
        if (last && !value)
            break;
        buf_printf(b, "\"%.*s\":%s", (int)len, p, last ? value : list ? "[{" : "{");
        if (last)
            break;
        closing[--depth] = list ? ']' : '}';
        if (list)
            closing[--depth] = '}';
        p += len + 2 * list + 1;
    }
    buf_puts(b, closing + depth);
}

static const char *without_prefix(const char *field, const struct kind *kind)
{
    return field + strlen(kind->prefix);
}

static char *object_of(char *const c[COLUMNS], const struct kind *kind, const char *value)
{
    struct buf b = BUF_INIT;
    const char *field = without_prefix(c[FIELD], kind),
               *state = strstr(field, "that has succeeded") ? "succeeded" : c[STATE];
    bool child = *kind->prefix && strcmp(kind->group, "kueue.x-k8s.io") != 0, managed = strstr(c[CONTROLLER], "kueue"),
         of_labels = str_starts(str_of(field), "metadata.labels"),
         suspends = str_is(str_of(field), "spec.suspend") || str_starts(str_of(field), "spec.suspend ");
    buf_printf(&b, "{\"metadata\":{\"name\":\"a\",\"creationTimestamp\":\"2026-11-23T19:50:00Z\"%s,\"labels\":{",
               !child ? ""
               : strcmp(kind->plural, "jobs") == 0
                   ? ",\"ownerReferences\":[{\"kind\":\"JobSet\",\"controller\":true}]"
                   : ",\"ownerReferences\":[{\"kind\":\"TrainJob\",\"controller\":true}]");
    if (managed && !strstr(field, "queue-name]"))
        buf_puts(&b, "\"kueue.x-k8s.io/queue-name\":\"b\"");
    if (of_labels && value && managed && !strstr(field, "queue-name]"))
        buf_puts(&b, ",");
    if (of_labels && value && strchr(field, '['))
        buf_printf(&b, "\"%.*s\":%s", (int)strcspn(strchr(field, '[') + 1, "]"), strchr(field, '[') + 1, value);
    else if (of_labels && value)
        buf_printf(&b, "\"team\":\"a\"");
    buf_printf(&b, "},\"annotations\":%s},\"spec\":{",
               str_starts(str_of(field), "metadata.annotations") && value ? value : "{}");
    bool waits = strcmp(state, "suspended") == 0 || (managed && strcmp(state, "pending") == 0);
    if (waits && !suspends && strcmp(kind->plural, "workloads") != 0)
        buf_puts(&b, "\"suspend\":true,");
    if (waits && strcmp(kind->plural, "workloads") == 0 && strcmp(state, "suspended") == 0 && field[0] == '(')
        buf_puts(&b, "\"active\":false,");
    if (str_starts(str_of(field), "spec."))
        add_nested(&b, field + strlen("spec."), value);
    if (b.ptr[b.len - 1] == ',')
        b.len--;
    buf_puts(&b, "}");
    add_status(&b, kind, state, c[CHANGE]);
    return buf_take(&b, NULL);
}

/* ---- every row ---- */

static struct mpijob_verdict ask(char *const c[COLUMNS])
{
    const struct kind *kind = kind_of(c);
    const char *field = without_prefix(c[FIELD], kind);
    struct mpijob_verdict v;
    if (*field == '(') {
        char *object = object_of(c, kind, NULL);
        mpijob_other_deletion(
            &(struct other_object){.group = kind->group, .plural = kind->plural, .object = parsed(object)}, &v);
        free(object);
        return v;
    }
    char name[200];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(field, " "), field);
    const struct values *change = find_values(name, c[CHANGE]);
    bool jobset_manager = strcmp(change->field, "spec.managedBy") == 0 && strcmp(kind->plural, "trainjobs") != 0;
    char *before = object_of(c, kind, jobset_manager ? NULL : change->before),
         *after = object_of(c, kind, change->after);
    mpijob_other_change(&(struct other_object){.group = kind->group, .plural = kind->plural, .object = parsed(before)},
                        parsed(after), NOON, &v);
    free(before);
    free(after);
    return v;
}

static void check(char *const c[COLUMNS])
{
    struct mpijob_verdict v = ask(c);
    struct other *other = find_other(c);
    const char *row[] = {c[CONTROLLER], c[STATE], c[FIELD], c[CHANGE]};
    if (strchr(v.why, '{') || !*v.why || strlen(v.why) > sizeof v.why - 2)
        fail_msg("%s %s: %s: %s: no good sentence: %s", row[0], row[1], row[2], row[3], v.why);
    bool good = other ? v.effect == other->effect && v.answer == other->answer : agrees(c[VERDICT], &v);
    if (!good)
        fail_msg("%s %s: %s: %s: the program says %s %d (%s), measured was %s", row[0], row[1], row[2], row[3],
                 mpijob_effect_name(v.effect), v.answer, v.why, c[VERDICT]);
    if (other)
        other->used = true;
    /* what was seen to do harm, and what kills pods to no end, needs leave */
    if (strcmp(c[VERDICT], "harmful") == 0 || (strcmp(c[VERDICT], "reverted") == 0 && !strstr(c[FIELD], "workload:")))
        assert_true(v.may_destroy);
}

static void every_row(void **state)
{
    (void)state;
    struct buf file = BUF_INIT;
    struct error err;
    int judged = 0, over = 0;
    if (buf_read_file(&file, TEST_SOURCE_DIR "/tests/fixtures/effects-kinds.tsv", 1 << 20, &err))
        fail_msg("%s", err.message);
    char *line = strchr(file.ptr, '\n') + 1;
    for (char *end; (end = strchr(line, '\n')); line = end + 1) {
        char *column[COLUMNS] = {line};
        *end = '\0';
        for (int i = 1; i < COLUMNS; i++) {
            column[i] = strchr(column[i - 1], '\t') + 1;
            column[i][-1] = '\0';
        }
        bool passed = passed_over(column);
        over += passed;
        judged += !passed;
        if (!passed)
            check(column);
    }
    for (size_t i = 0; i < OTHERS; i++) {
        if (!others[i].used)
            fail_msg("no row is told otherwise: %s %s: %s", others[i].state, others[i].field, others[i].change);
    }
    buf_free(&file);
    assert_int_equal(judged, 381);
    assert_int_equal(over, 15);
}

/* ---- what the table leaves open: which of them is said, and how ---- */

#define GOES "\"status\":{\"startTime\":\"2026-11-23T19:50:00Z\"}"
#define FAILED "\"status\":{\"conditions\":[" TRUE("Failed", "a") "]}"
#define JOB "batch", "jobs"
#define JOBSET "jobset.x-k8s.io", "jobsets"
#define TRAINJOB "trainer.kubeflow.org", "trainjobs"
#define OF(kind) "\"metadata\":{\"ownerReferences\":[{\"kind\":\"" kind "\"}]},"

static void what_is_said(void **state)
{
    (void)state;
    static const struct {
        const char *group, *plural, *before, *after;
        enum mpijob_effect effect;
        const char *says;
    } cases[] = {
        {JOB, "{" GOES "}", "{\"spec\":{\"activeDeadlineSeconds\":900}," GOES "}", EFFECT_EFFECTIVE,
         "fails at 2026-11-23T20:05:00Z"},
        {JOB, "{" GOES "}", "{\"spec\":{\"activeDeadlineSeconds\":0}," GOES "}", EFFECT_DESTRUCTIVE, "fails now"},
        {JOB, "{\"spec\":{\"suspend\":true}}", "{\"spec\":{\"suspend\":true,\"activeDeadlineSeconds\":1}}",
         EFFECT_EFFECTIVE, "resume"},
        {JOB, "{\"spec\":{\"suspend\":true}}", "{\"spec\":{\"suspend\":true,\"activeDeadlineSeconds\":0}}",
         EFFECT_DESTRUCTIVE, "fails now"},
        {JOB, "{" GOES "}", "{\"spec\":{\"activeDeadlineSeconds\":9223372036854775807}," GOES "}", EFFECT_UNKNOWN,
         "whole numbers"},
        {JOBSET, "{" OF("TrainJob") FAILED "}",
         "{" OF("TrainJob") "\"spec\":{\"ttlSecondsAfterFinished\":86400}," FAILED "}", EFFECT_DESTRUCTIVE,
         "runs again"},
        {JOBSET, "{" FAILED "}", "{\"spec\":{\"ttlSecondsAfterFinished\":900}," FAILED "}", EFFECT_EFFECTIVE,
         "deleted at 2026-11-23T20:05:00Z"},
        {JOBSET, "{\"spec\":{\"successPolicy\":{\"operator\":\"All\"}}}", "{\"spec\":{\"x\":1,\"suspend\":true}}",
         EFFECT_DESTRUCTIVE, "successPolicy: without it"},
        {TRAINJOB, "{\"spec\":{\"a\":1}}", "{\"spec\":{\"a\":2}}", EFFECT_UNKNOWN,
         "no experiment covers a change of /spec/a"},
        {TRAINJOB, "{\"spec\":{}}", "{\"spec\":{\"suspend\":false}}", EFFECT_INERT, "nothing is different"},
        {TRAINJOB, "{\"metadata\":{}}", "{\"metadata\":{\"labels\":{\"a\":\"b\"}}}", EFFECT_STORED, "stored"},
        {TRAINJOB, "{\"spec\":{\"trainer\":{\"numNodes\":2,\"image\":\"a\"}}}", "{}", EFFECT_DESTRUCTIVE,
         "trainer: without it"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mpijob_verdict v;
        mpijob_other_change(&(struct other_object){.group = cases[i].group,
                                                   .plural = cases[i].plural,
                                                   .object = parsed(cases[i].before)},
                            parsed(cases[i].after), NOON, &v);
        if (v.effect != cases[i].effect || !strstr(v.why, cases[i].says))
            fail_msg("%s to %s: %s (%s)", cases[i].before, cases[i].after, mpijob_effect_name(v.effect), v.why);
    }
}

/* Objects that are too large to be compared member by member are judged all the same. */
static void a_large_object_is_judged(void **state)
{
    (void)state;
    struct buf members = BUF_INIT, before = BUF_INIT, after = BUF_INIT;
    struct mpijob_verdict v;
    for (int i = 0; i < 4000; i++)
        buf_printf(&members, ",\"k%d\":{\"name\":\"%0400d\"}", i, i);
    buf_printf(&before, "{\"spec\":{\"suspend\":false%s}}", members.ptr);
    buf_printf(&after, "{\"spec\":{\"suspend\":true%s}}", members.ptr);
    mpijob_other_change(
        &(struct other_object){.group = "jobset.x-k8s.io", .plural = "jobsets", .object = parsed(before.ptr)},
        parsed(after.ptr), NOON, &v);
    assert_true(v.effect == EFFECT_DESTRUCTIVE && v.may_destroy);
    buf_free(&members);
    buf_free(&before);
    buf_free(&after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_row), cmocka_unit_test(what_is_said),
                                       cmocka_unit_test(a_large_object_is_judged)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
