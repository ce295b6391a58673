/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts on jobs that Kueue manages: every row of tests/fixtures/effects-kueue.tsv is judged as it was measured, or the
 * case says why it is not. */
#include "mpijob_fixture.h"

#include <stdlib.h>

enum { API_VERSION, CONTROLLER, STATE, FIELD, CHANGE, VERDICT, NOTE, COLUMNS };

#define L(name, after) "{\"path\":\"/metadata/labels/kueue.x-k8s.io~1" name "\",\"before\":\"b\",\"after\":" after "}"
#define ADDED(name, after)                                                                                             \
    "{\"path\":\"/metadata/labels/kueue.x-k8s.io~1" name "\",\"before\":null,\"after\":" after "}"
#define F(name, before, after) "{\"path\":\"/spec/runPolicy/" name "\",\"before\":" before ",\"after\":" after "}"

static const struct kueue_case {
    const char *state, *field, *change;
    const char *diff;   /* the differences, between [ and ] */
    const char *before; /* members of runPolicy; NULL: none */
    enum mpijob_effect effect;
    const char *says; /* in the sentence */
    const char *but;  /* why the effect is not what was measured; NULL: it is */
    bool unmanaged, worker_ended;
} cases[] = {
#define RUN(field_) .state = "running", .field = "spec.runPolicy." field_
#define LABEL(state_, name) .state = state_, .field = "metadata.labels[kueue.x-k8s.io/" name "]"
#define STOP F("suspend", "false", "true")
#define START F("suspend", "true", "false")
    {RUN("suspend"), .change = "false to true", .diff = STOP, .effect = EFFECT_REVERTED,
     .says = "all the job's pods are killed"},
    {RUN("suspend"), .change = "false to true, policy None", .diff = STOP, .before = "\"cleanPodPolicy\":\"None\"",
     .effect = EFFECT_REVERTED,
     .says = "stop it with mpijobd job stop (in Lua: stop), which sets spec.active = false of its Workload"},
    {RUN("suspend"), .change = "false to true, policy All", .diff = STOP, .before = "\"cleanPodPolicy\":\"All\"",
     .effect = EFFECT_REVERTED, .says = "never shows Suspended"},
    {RUN("suspend"), .change = "false to true, policy Running, one worker ended", .diff = STOP,
     .before = "\"cleanPodPolicy\":\"Running\"", .worker_ended = true, .effect = EFFECT_DESTRUCTIVE,
     .says = "never gets back to Running"},
    {RUN("suspend"), .change = "false to true after workload active false, then suspend false", .diff = START,
     .before = "\"suspend\":true", .effect = EFFECT_REVERTED, .says = "suspends it again"},
    {.state = "pending",
     .field = "spec.runPolicy.suspend",
     .change = "true to false (not admitted)",
     .diff = START,
     .effect = EFFECT_REVERTED,
     .says = "created for a moment and killed"},
    {.state = "succeeded",
     .field = "spec.runPolicy.suspend",
     .change = "false to true",
     .diff = STOP,
     .effect = EFFECT_INERT,
     .says = "has ended"},

    {LABEL("running", "queue-name"), .change = "wide to wide2 (another queue)", .diff = L("queue-name", "\"c\""),
     .effect = EFFECT_UNKNOWN, .says = "will answer 403"},
    {LABEL("running", "queue-name"), .change = "removed (null)", .diff = L("queue-name", "null"),
     .effect = EFFECT_UNKNOWN, .says = "will answer 403"},
    {LABEL("succeeded", "queue-name"), .change = "wide to wide2 (another queue)", .diff = L("queue-name", "\"c\""),
     .effect = EFFECT_UNKNOWN, .says = "will answer 403"},
    {LABEL("succeeded", "queue-name"), .change = "removed (null)", .diff = L("queue-name", "null"),
     .effect = EFFECT_UNKNOWN, .says = "will answer 403"},
    {LABEL("running", "queue-name"), .change = "added to a running job that Kueue does not manage", .unmanaged = true,
     .diff = ADDED("queue-name", "\"c\""), .effect = EFFECT_STORED, .says = "Kueue may refuse another queue",
     .but = "the job does not show whether Kueue runs"},
    {LABEL("succeeded", "queue-name"), .change = "added to a finished job that Kueue does not manage",
     .unmanaged = true, .diff = ADDED("queue-name", "\"c\""), .effect = EFFECT_STORED,
     .says = "Kueue may refuse another queue", .but = "the job does not show whether Kueue runs"},
    {LABEL("pending", "queue-name"), .change = "zero to wide (a queue with room)", .diff = L("queue-name", "\"c\""),
     .effect = EFFECT_EFFECTIVE, .says = "may start at once"},
    {LABEL("suspended", "queue-name"), .change = "zero to wide while the Workload is inactive, then active true",
     .diff = L("queue-name", "\"c\""), .effect = EFFECT_EFFECTIVE,
     .says = "not while the Workload's spec.active is false", .but = "the job does not show its Workload"},
    {LABEL("pending", "queue-name"), .change = "removed (null)", .diff = L("queue-name", "null"),
     .effect = EFFECT_DESTRUCTIVE, .says = "its Workload stays", .but = "the harm comes later: see the next two"},
    {LABEL("pending", "queue-name"), .change = "removed (null), then its queue gets room",
     .diff = L("queue-name", "null"), .effect = EFFECT_DESTRUCTIVE,
     .says = "holds quota for a job that does not start"},
    {LABEL("pending", "queue-name"), .change = "removed (null), then suspend false", .diff = L("queue-name", "null"),
     .effect = EFFECT_DESTRUCTIVE, .says = "outside the quota"},
    {LABEL("running", "queue-name"), .change = "removed (null) and suspend true in one change, then suspend false",
     .diff = L("queue-name", "null") "," STOP, .effect = EFFECT_DESTRUCTIVE, .says = "keeps the quota"},

    {LABEL("running", "priority-class"), .change = "low to high", .diff = L("priority-class", "\"c\""),
     .effect = EFFECT_EFFECTIVE, .says = "preempts"},
    {LABEL("running", "priority-class"), .change = "high to low, in a full queue that preempts, another high one waits",
     .diff = L("priority-class", "\"c\""), .effect = EFFECT_EFFECTIVE, .says = "this job's pods killed"},
    {LABEL("running", "priority-class"), .change = "low to a class that does not exist",
     .diff = L("priority-class", "\"c\""), .effect = EFFECT_EFFECTIVE, .says = "priority",
     .but = "the job does not show which classes exist"},
    {LABEL("running", "priority-class"), .change = "added", .diff = ADDED("priority-class", "\"c\""),
     .effect = EFFECT_UNKNOWN, .says = "will answer 403"},
    {LABEL("running", "priority-class"), .change = "removed (null)", .diff = L("priority-class", "null"),
     .effect = EFFECT_UNKNOWN, .says = "will answer 403"},
    {LABEL("pending", "priority-class"), .change = "low to high", .diff = L("priority-class", "\"c\""),
     .effect = EFFECT_EFFECTIVE, .says = "a higher one another's"},
    {LABEL("pending", "priority-class"), .change = "low to high, in a full queue that preempts",
     .diff = L("priority-class", "\"c\""), .effect = EFFECT_EFFECTIVE, .says = "a higher one another's"},
    {LABEL("pending", "priority-class"), .change = "added", .diff = ADDED("priority-class", "\"c\""),
     .effect = EFFECT_EFFECTIVE, .says = "this priority now"},
    {LABEL("pending", "priority-class"), .change = "removed (null)", .diff = L("priority-class", "null"),
     .effect = EFFECT_UNKNOWN, .says = "will answer 403"},
    {LABEL("succeeded", "priority-class"), .change = "low to high", .diff = L("priority-class", "\"c\""),
     .effect = EFFECT_INERT, .says = "has ended", .but = "the Workload's priority follows, and is of no use"},
    {LABEL("succeeded", "priority-class"), .change = "added", .diff = ADDED("priority-class", "\"c\""),
     .effect = EFFECT_UNKNOWN, .says = "will answer 403"},
    {LABEL("succeeded", "priority-class"), .change = "removed (null)", .diff = L("priority-class", "null"),
     .effect = EFFECT_UNKNOWN, .says = "will answer 403"},

#define TIME_REFUSED .effect = EFFECT_UNKNOWN, .says = "will answer 403"
#define TIME_TAKEN .effect = EFFECT_EFFECTIVE, .says = "this time limit now"
    {LABEL("running", "max-exec-time-seconds"), .change = "added, 3600",
     .diff = ADDED("max-exec-time-seconds", "\"3600\""), TIME_REFUSED},
    {LABEL("running", "max-exec-time-seconds"), .change = "3600 to 7200",
     .diff = L("max-exec-time-seconds", "\"7200\""), TIME_REFUSED},
    {LABEL("running", "max-exec-time-seconds"), .change = "removed (null)", .diff = L("max-exec-time-seconds", "null"),
     TIME_REFUSED},
    {LABEL("pending", "max-exec-time-seconds"), .change = "added, 3600",
     .diff = ADDED("max-exec-time-seconds", "\"3600\""), TIME_TAKEN},
    {LABEL("pending", "max-exec-time-seconds"), .change = "3600 to 7200",
     .diff = L("max-exec-time-seconds", "\"7200\""), TIME_TAKEN},
    {LABEL("pending", "max-exec-time-seconds"), .change = "removed (null)", .diff = L("max-exec-time-seconds", "null"),
     TIME_TAKEN},
    {LABEL("succeeded", "max-exec-time-seconds"), .change = "added, 3600",
     .diff = ADDED("max-exec-time-seconds", "\"3600\""), TIME_REFUSED},
    {LABEL("succeeded", "max-exec-time-seconds"), .change = "3600 to 7200",
     .diff = L("max-exec-time-seconds", "\"7200\""), TIME_REFUSED},
    {LABEL("succeeded", "max-exec-time-seconds"), .change = "removed (null)",
     .diff = L("max-exec-time-seconds", "null"), TIME_REFUSED},
    {LABEL("suspended", "max-exec-time-seconds"),
     .change = "8 removed (null) after it ran out, then workload active true",
     .diff = L("max-exec-time-seconds", "null"), TIME_TAKEN, .but = "the job does not show its Workload"},
    {LABEL("suspended", "max-exec-time-seconds"), .change = "8 to 3600 after it ran out, then workload active true",
     .diff = L("max-exec-time-seconds", "\"3600\""), TIME_TAKEN, .but = "the job does not show its Workload"},

    {.state = "running",
     .field = "spec.mpiReplicaSpecs.Worker.replicas",
     .change = "2 to 3",
     .diff = "{\"path\":\"/spec/mpiReplicaSpecs/Worker/replicas\",\"before\":2,\"after\":3}",
     .effect = EFFECT_DESTRUCTIVE,
     .says = "kills all the job's pods"},

/* as without Kueue */
#define PLAIN(state_, field_, change_) .state = state_, .field = field_, .change = change_
#define POLICY(state_, change_, before_, after_, effect_)                                                              \
    {                                                                                                                  \
        PLAIN(state_, "spec.runPolicy.cleanPodPolicy", change_),                                                       \
            .before = before_, .diff = F("cleanPodPolicy", "null", after_), .effect = effect_                          \
    }
    POLICY("running", "None to All", NULL, "\"All\"", EFFECT_AT_FINISH),
    POLICY("running", "None to Running", NULL, "\"Running\"", EFFECT_AT_FINISH),
    POLICY("running", "Running to None", "\"cleanPodPolicy\":\"Running\"", "\"None\"", EFFECT_AT_FINISH),
    POLICY("succeeded", "absent to All", NULL, "\"All\"", EFFECT_EFFECTIVE),
    POLICY("succeeded", "absent to Running", NULL, "\"Running\"", EFFECT_EFFECTIVE),
    POLICY("failed", "absent to All", NULL, "\"All\"", EFFECT_EFFECTIVE),
    {PLAIN("running", "spec.runPolicy.activeDeadlineSeconds", "absent to a value already past"),
     .diff = F("activeDeadlineSeconds", "null", "1"), .effect = EFFECT_INERT},
    {PLAIN("running", "spec.runPolicy.activeDeadlineSeconds", "absent to a value 6 s ahead"),
     .diff = F("activeDeadlineSeconds", "null", "606"), .effect = EFFECT_INERT},
    {PLAIN("pending", "spec.runPolicy.activeDeadlineSeconds", "absent to 8, then admitted"),
     .diff = F("activeDeadlineSeconds", "null", "8"), .effect = EFFECT_INERT},
    {PLAIN("running", "spec.runPolicy.backoffLimit", "3 to 0, then the launcher fails"),
     .diff = F("backoffLimit", "3", "0"), .effect = EFFECT_INERT},
    {PLAIN("succeeded", "spec.runPolicy.ttlSecondsAfterFinished", "absent to 1 (elapsed)"),
     .diff = F("ttlSecondsAfterFinished", "null", "1"), .effect = EFFECT_INERT},
    {PLAIN("running", "spec.runPolicy.ttlSecondsAfterFinished", "absent to 1"),
     .diff = F("ttlSecondsAfterFinished", "null", "1"), .effect = EFFECT_INERT},
    {PLAIN("running", "spec.runPolicy.managedBy", "absent to kueue.x-k8s.io/multikueue"),
     .diff = F("managedBy", "null", "\"kueue.x-k8s.io/multikueue\""), .effect = EFFECT_DESTRUCTIVE},
    {PLAIN("succeeded", "spec.runPolicy.managedBy", "absent to kueue.x-k8s.io/multikueue"),
     .diff = F("managedBy", "null", "\"kueue.x-k8s.io/multikueue\""), .effect = EFFECT_DESTRUCTIVE},
};
#define CASES (sizeof cases / sizeof *cases)

/* Nothing is claimed of these here, or something else answers for them. */
static bool passed_over(char *const c[COLUMNS])
{
    static const char *const fields[] = {"metadata.labels", "metadata.annotations", "spec.slotsPerWorker",
                                         "spec.runPolicy.schedulingPolicy.priorityClass"};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (strcmp(c[FIELD], fields[i]) == 0)
            return true;
    }
    return strcmp(c[STATE], "creation") == 0 || str_starts(str_of(c[FIELD]), "launcher:") ||
           strstr(c[CHANGE], "bad value") ||
           (strcmp(c[STATE], "pending") == 0 && strstr(c[CHANGE], ", then admitted") && !strstr(c[FIELD], "Deadline"));
}

static enum mpijob_effect measured(const char *verdict)
{
    static const struct {
        const char *verdict;
        enum mpijob_effect effect;
    } all[] = {{"reverted", EFFECT_REVERTED},      {"harmful", EFFECT_DESTRUCTIVE},
               {"rejected", EFFECT_UNKNOWN},       {"effective now", EFFECT_EFFECTIVE},
               {"stored but inert", EFFECT_INERT}, {"effective at finish", EFFECT_AT_FINISH}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (strcmp(verdict, all[i].verdict) == 0)
            return all[i].effect;
    }
    fail_msg("no such verdict: %s", verdict);
    return EFFECT_UNKNOWN;
}

#define TRUE(type) "{\"type\":\"" type "\",\"status\":\"True\",\"lastTransitionTime\":\"2026-11-23T19:55:00Z\"}"
#define STARTED "\"startTime\":\"2026-11-23T19:50:00Z\","
#define ENDED STARTED "\"completionTime\":\"2026-11-23T19:55:00Z\","

static char *object_of(const struct kueue_case *c, const char *label)
{
    bool waits =
        strcmp(c->state, "pending") == 0 || strcmp(c->state, "suspended") == 0 || strstr(c->change, "after workload");
    struct buf b = BUF_INIT;
    buf_printf(&b, "{\"metadata\":{\"name\":\"tf\"%s},\"spec\":{\"runPolicy\":{%s%s%s}},\"status\":{", label,
               waits && !(c->before && strstr(c->before, "suspend")) ? "\"suspend\":true" : "",
               waits && c->before && !strstr(c->before, "suspend") ? "," : "", c->before ? c->before : "");
    if (waits)
        buf_puts(&b, "\"conditions\":[" TRUE("Suspended") "]}}");
    else if (strcmp(c->state, "running") == 0)
        buf_printf(&b,
                   STARTED "\"conditions\":[" TRUE("Running") "],\"replicaStatuses\":{\"Worker\":{\"active\":1%s}}}}",
                   c->worker_ended ? ",\"succeeded\":1" : "");
    else
        buf_printf(&b, ENDED "\"conditions\":[%s]}}",
                   strcmp(c->state, "failed") == 0 ? TRUE("Failed") : TRUE("Succeeded"));
    return buf_take(&b, NULL);
}

static struct mpijob_verdict judge(const struct kueue_case *c, struct mpijob_target target, const char *label)
{
    struct mpijob_verdict v;
    struct mpijob_diff diff = {0};
    struct buf list = BUF_INIT;
    char *object = object_of(c, label);
    struct mpijob_view view = viewed(object, target);
    buf_printf(&list, "[%s]", c->diff);
    assert_int_equal(mpijob_diff_read(&diff, parsed(list.ptr), NULL), 0);
    mpijob_judge(&view, &diff, NOON, &v);
    mpijob_diff_free(&diff);
    buf_free(&list);
    free(object);
    return v;
}

#define MANAGED ",\"labels\":{\"kueue.x-k8s.io/queue-name\":\"b\"}"

static void check(const struct kueue_case *c, const char *verdict)
{
    struct mpijob_verdict v = judge(c, BETA, c->unmanaged ? "" : MANAGED);
    if (v.effect != c->effect)
        fail_msg("%s: %s: %s: %s (%s)", c->state, c->field, c->change, mpijob_effect_name(v.effect), v.why);
    if (c->says)
        assert_contains(v.why, c->says);
    if ((measured(verdict) == c->effect) == (c->but != NULL))
        fail_msg("%s: %s: %s: measured was %s", c->state, c->field, c->change, verdict);
    if (c->effect == EFFECT_REVERTED || c->effect == EFFECT_DESTRUCTIVE)
        assert_true(v.may_destroy);
}

static void every_row(void **state)
{
    (void)state;
    struct buf file = BUF_INIT;
    struct error err;
    bool used[CASES] = {false};
    int rows = 0;
    if (buf_read_file(&file, TEST_SOURCE_DIR "/tests/fixtures/effects-kueue.tsv", 1 << 20, &err))
        fail_msg("%s", err.message);
    char *line = strchr(file.ptr, '\n') + 1;
    for (char *end; (end = strchr(line, '\n')); line = end + 1, rows++) {
        char *column[COLUMNS] = {line};
        bool found = false;
        *end = '\0';
        for (int i = 1; i < COLUMNS; i++) {
            column[i] = strchr(column[i - 1], '\t') + 1;
            column[i][-1] = '\0';
        }
        for (size_t i = 0; i < CASES && !found; i++) {
            const struct kueue_case *c = &cases[i];
            found = strcmp(c->state, column[STATE]) == 0 && strcmp(c->field, column[FIELD]) == 0 &&
                    strcmp(c->change, column[CHANGE]) == 0;
            if (found)
                check(c, column[VERDICT]);
            used[i] = used[i] || found;
        }
        if (found == passed_over(column))
            fail_msg("no case for %s: %s: %s", column[STATE], column[FIELD], column[CHANGE]);
    }
    for (size_t i = 0; i < CASES; i++) {
        if (!used[i])
            fail_msg("no row for %s: %s: %s", cases[i].state, cases[i].field, cases[i].change);
    }
    assert_int_equal(rows, 161);
    buf_free(&file);
}

static void whose_jobs_they_are(void **state)
{
    (void)state;
    const struct kueue_case *stop = &cases[0];
    assert_int_equal(judge(stop, BETA, "").effect, EFFECT_EFFECTIVE);
    assert_int_equal(judge(stop, BETA, ",\"labels\":{\"kueue.x-k8s.io/queue-name\":\"\"}").effect, EFFECT_EFFECTIVE);
    assert_int_equal(judge(stop, BETA, MANAGED).effect, EFFECT_REVERTED);
    /* Kueue's MPIJob is v2beta1; another version's label is only a label */
    assert_int_equal(judge(stop, V1_TRAINING, MANAGED).effect, EFFECT_EFFECTIVE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_row), cmocka_unit_test(whose_jobs_they_are)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
