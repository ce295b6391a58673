/* SPDX-License-Identifier: Apache-2.0 */
/* From a row's words to a job, a state and a change. */
#include "mpijob_effect_cases.h"

#include <stdlib.h>

#define SECONDS(n) ((n)*INT64_C(1000000))
#define DEADLINE "activeDeadlineSeconds"
#define TTL "ttlSecondsAfterFinished"

/* clang-format off */
const struct effect_case effect_cases[] = {
    /* cleanPodPolicy */
#define POLICY(state_, change_) \
    .row_field = "*.cleanPodPolicy", .row_state = state_, .row_change = change_, .field = FIELD_CLEAN_POD_POLICY, .state = state_
    {POLICY("running", "None to Running"), .before = {"cleanPodPolicy=None"}, .after = {"cleanPodPolicy=Running"}},
    {POLICY("running", "None to All"), .before = {"cleanPodPolicy=None"}, .after = {"cleanPodPolicy=All"}},
    {POLICY("running", "Running to None"), .before = {"cleanPodPolicy=Running"}, .after = {"cleanPodPolicy=None"}},
    {POLICY("running", "Running to absent (null)"), .before = {"cleanPodPolicy=Running"}, .after = {"cleanPodPolicy-"}},
    {POLICY("running", "All to Running"), .before = {"cleanPodPolicy=All"}, .after = {"cleanPodPolicy=Running"}},
    {POLICY("running", "Running to 'running' (bad value)"), .refused = true, .after = {"cleanPodPolicy=running"}},
    {POLICY("running", "None to 'Al' (bad value)"), .refused = true, .after = {"cleanPodPolicy=Al"}},
    {POLICY("succeeded", "absent to 'running' (bad value)"), .refused = true, .after = {"cleanPodPolicy=running"}},
    {POLICY("succeeded", "absent to 'Al' (bad value)"), .refused = true, .after = {"cleanPodPolicy=Al"}},
    /* the job has ended when the value is corrected; v2beta1 had stopped looking, so its status still says Running */
    {.row_field = "*.cleanPodPolicy", .row_state = "running", .row_change = "'running' corrected to Running after the end",
     .field = FIELD_CLEAN_POD_POLICY, .state = "succeeded", .beta_state = "running", .bad = "\"running\"",
     .after = {"cleanPodPolicy=Running"}},
    {POLICY("succeeded", "absent to Running"), .after = {"cleanPodPolicy=Running"}},
    /* training-operator's row for spec. alone is measured at that place alone */
    {.row_field = "spec.runPolicy.cleanPodPolicy", .row_state = "succeeded", .row_change = "absent to All",
     .field = FIELD_CLEAN_POD_POLICY, .state = "succeeded", .after = {"cleanPodPolicy=All"}},
    {.row_field = "spec.cleanPodPolicy", .row_state = "succeeded", .row_change = "absent to All",
     .field = FIELD_CLEAN_POD_POLICY, .state = "succeeded", .by_hand = "\"All\""},
    {POLICY("succeeded", "absent to All, runPolicy says None"), .before = {"cleanPodPolicy=None"}, .by_hand = "\"All\""},
    {POLICY("succeeded", "absent to All (wrong place)"), .after = {"cleanPodPolicy=All"}},
    {POLICY("succeeded", "absent to All while the controller is down"), .after = {"cleanPodPolicy=All"}},
    {POLICY("succeeded", "Running to None"), .before = {"cleanPodPolicy=Running"}, .after = {"cleanPodPolicy=None"}},
    {POLICY("failed", "absent to Running"), .after = {"cleanPodPolicy=Running"}},
    {POLICY("failed", "absent to All"), .after = {"cleanPodPolicy=All"}},
    {POLICY("evicted", "None to All"), .before = {"cleanPodPolicy=None"}, .after = {"cleanPodPolicy=All"},
     .completed_by = "None to All, then the launcher fails"},
    {POLICY("evicted", "None to All, then the launcher fails"), .before = {"cleanPodPolicy=None"},
     .after = {"cleanPodPolicy=All"}},

    /* activeDeadlineSeconds: the job started 600 s ago */
#define LIMIT(state_, change_) \
    .row_field = "*." DEADLINE, .row_state = state_, .row_change = change_, .field = FIELD_ACTIVE_DEADLINE_SECONDS, \
    .state = state_
    {LIMIT("no-launcher", "absent to 3600"), .after = {DEADLINE "=3600"}},
    {.row_field = "spec.runPolicy." DEADLINE, .row_state = "running", .row_change = "absent to a value already past",
     .field = FIELD_ACTIVE_DEADLINE_SECONDS, .state = "running", .by_hand = "60", .ends = true},
    {.row_field = "spec." DEADLINE, .row_state = "running", .row_change = "absent to a value already past",
     .field = FIELD_ACTIVE_DEADLINE_SECONDS, .state = "running", .after = {DEADLINE "=60"}},
    {LIMIT("running", "absent to a value already past, policy Running"), .before = {"cleanPodPolicy=Running"},
     .after = {DEADLINE "=60"}, .ends = true},
    {LIMIT("running", "absent to a value 6 s ahead"), .after = {DEADLINE "=606"}, .late = true,
     .completed_by = "absent to a value 6 s ahead, then a label edit"},
    {LIMIT("running", "absent to a value 6 s ahead, then a label edit"), .after = {DEADLINE "=606"}, .late = true,
     .second = {"labels.touched=yes"}, .second_state = "running", .second_before = {DEADLINE "=606"},
     .second_now = SECONDS(14), .second_effect = EFFECT_DESTRUCTIVE, .second_says = "any edit makes"},
    {LIMIT("running", "a value ahead, and no event for 10 h"), .late = true, .after = {DEADLINE "=606"}},
    {LIMIT("running", "3600 to 7200 (extend)"), .before = {DEADLINE "=3600"}, .after = {DEADLINE "=7200"}},
    {LIMIT("running", "15 to 3600 before it ends"), .before = {DEADLINE "=15"}, .after = {DEADLINE "=3600"},
     .now = -SECONDS(590)},
    {LIMIT("running", "absent to -1"), .refused = true, .after = {DEADLINE "=-1"}},
    {LIMIT("running", "absent to '3600' (a string)"), .refused = true, .after = {DEADLINE "=\"3600\""}},
    {.row_field = "*.activeDeadlineSecond", .row_state = "running", .row_change = "absent to 1 (misspelt)",
     .field = FIELD_ACTIVE_DEADLINE_SECONDS, .refused = true, .after = {"activeDeadlineSecond=1"}},
    {LIMIT("succeeded", "absent to a value already past"), .after = {DEADLINE "=60"}},
    {LIMIT("suspended", "absent to 3600, then resumed"), .before = {"suspend=true"}, .after = {DEADLINE "=3600"}},

    {.row_field = "*.backoffLimit", .row_state = "running", .row_change = "3 to 0, then the launcher fails",
     .field = FIELD_BACKOFF_LIMIT, .state = "running", .before = {"backoffLimit=3"}, .after = {"backoffLimit=0"}},

    /* ttlSecondsAfterFinished: the job ended 300 s ago */
#define LIFE(state_, change_) \
    .row_field = "*." TTL, .row_state = state_, .row_change = change_, .field = FIELD_TTL_SECONDS_AFTER_FINISHED, .state = state_
    {LIFE("running", "absent to 1"), .after = {TTL "=1"}},
    {LIFE("succeeded", "absent to 1 (elapsed)"), .after = {TTL "=1"}, .ends = true},
    {LIFE("succeeded", "absent to 6 s from now"), .after = {TTL "=306"}},

    /* suspend */
#define SUSPEND(state_, change_) \
    .row_field = "*.suspend", .row_state = state_, .row_change = change_, .field = FIELD_SUSPEND, .state = state_
    {SUSPEND("running", "absent to true"), .after = {"suspend=true"}},
    {SUSPEND("running", "absent to true, policy Running"), .before = {"cleanPodPolicy=Running"}, .after = {"suspend=true"}},
    {SUSPEND("running", "absent to true, then false"), .after = {"suspend=true"}, .second = {"suspend=false"},
     .second_state = "suspended", .second_before = {"suspend=true"}, .second_effect = EFFECT_EFFECTIVE},
    {.row_field = "*.suspend", .row_state = "running",
     .row_change = "absent to true, then false, policy Running, one worker ended", .field = FIELD_SUSPEND, .state = "worker-ended",
     .before = {"cleanPodPolicy=Running"},
     .after = {"suspend=true"}, .second = {"suspend=false"}, .second_state = "suspended",
     .second_before = {"suspend=true", "cleanPodPolicy=Running"}, .second_effect = EFFECT_EFFECTIVE,
     .second_says = "None or All"},
    {SUSPEND("suspended", "true to false"), .before = {"suspend=true"}, .after = {"suspend=false"}},
    {SUSPEND("succeeded", "absent to true"), .after = {"suspend=true"}},
    {SUSPEND("evicted", "absent to true"), .after = {"suspend=true"}},

    /* managedBy */
#define MANAGER(state_, change_) \
    .row_field = "*.managedBy", .row_state = state_, .row_change = change_, .field = FIELD_MANAGED_BY, .state = state_
    {MANAGER("running", "absent to kueue.x-k8s.io/multikueue"), .after = {"managedBy=kueue.x-k8s.io/multikueue"}},
    {MANAGER("running", "absent to example.com/other"), .after = {"managedBy=example.com/other"}},
    {MANAGER("succeeded", "absent to kueue.x-k8s.io/multikueue, then policy All"),
     .after = {"managedBy=kueue.x-k8s.io/multikueue"}, .second = {"cleanPodPolicy=All"}, .second_state = "succeeded",
     .second_before = {"managedBy=kueue.x-k8s.io/multikueue"}, .second_says = "managed by"},

    /* schedulingPolicy */
#define GANG(field_, change_) \
    .row_field = "*.schedulingPolicy." field_, .row_state = "running", .row_change = change_, \
    .field = FIELD_SCHEDULING_POLICY, .state = "running", .depends_on = "gang scheduler"
    {GANG("queue", "a to b, no gang scheduler"), .before = {"schedulingPolicy.queue=a"}, .after = {"schedulingPolicy.queue=b"}},
    {GANG("?", "any"), .after = {"schedulingPolicy.minAvailable=1", "schedulingPolicy.queue=b"}},
    {GANG("?", "any, with a gang scheduler"), .after = {"schedulingPolicy.minAvailable=1"}},
    {GANG("?", "any but queue, with a gang scheduler"), .after = {"schedulingPolicy.priorityClass=high"}},

    /* given at the creation: as a change of a job that no controller has seen yet */
#define CREATED(field_, change_, id_) .row_field = field_, .row_state = "creation", .row_change = change_, .field = id_, .state = "unseen"
    {CREATED("*.cleanPodPolicy", "Running", FIELD_CLEAN_POD_POLICY), .after = {"cleanPodPolicy=Running"}},
    {CREATED("*.cleanPodPolicy", "All", FIELD_CLEAN_POD_POLICY), .after = {"cleanPodPolicy=All"}},
    {CREATED("*.cleanPodPolicy", "'running' (bad value)", FIELD_CLEAN_POD_POLICY), .refused = true,
     .after = {"cleanPodPolicy=running"}},
    {CREATED("spec.cleanPodPolicy", "All, runPolicy says None", FIELD_CLEAN_POD_POLICY), .before = {"cleanPodPolicy=None"},
     .by_hand = "\"All\""},
    {CREATED("*." DEADLINE, "8", FIELD_ACTIVE_DEADLINE_SECONDS), .after = {DEADLINE "=8"}, .late = true,
     .completed_by = "8, then a label edit"},
    {CREATED("*." DEADLINE, "8, then a label edit", FIELD_ACTIVE_DEADLINE_SECONDS), .after = {DEADLINE "=8"}, .late = true},
    {CREATED("spec.runPolicy." DEADLINE, "7200, spec." DEADLINE " 3600", FIELD_ACTIVE_DEADLINE_SECONDS),
     .before = {DEADLINE "=3600"}, .by_hand = "7200"},
    {CREATED("*.backoffLimit", "0, then the launcher fails", FIELD_BACKOFF_LIMIT), .after = {"backoffLimit=0"}},
    {CREATED("*.backoffLimit", "3, then the launcher fails", FIELD_BACKOFF_LIMIT), .after = {"backoffLimit=3"},
     .obeyed = true},
    {CREATED("*." TTL, "1", FIELD_TTL_SECONDS_AFTER_FINISHED), .after = {TTL "=1"}, .beta_depends_on = "run twice"},
    {CREATED("*.suspend", "true", FIELD_SUSPEND), .after = {"suspend=true"}},

#define METADATA(map_, state_, word_) \
    .row_field = "metadata." map_, .row_state = state_, .row_change = "add one", .field = FIELD_COUNT, .state = state_, \
    .after = {word_}
    {METADATA("labels", "running", "labels.a=b")},
    {METADATA("labels", "succeeded", "labels.a=b")},
    {METADATA("annotations", "running", "annotations.a=b")},
    {METADATA("annotations", "succeeded", "annotations.a=b")},
};
/* clang-format on */

const size_t effect_case_count = sizeof effect_cases / sizeof *effect_cases;

#define TRUE(type) "{\"type\":\"" type "\",\"status\":\"True\",\"lastTransitionTime\":\"2026-11-23T19:55:00Z\"}"
#define STARTED "\"startTime\":\"2026-11-23T19:50:00Z\""
#define ENDED ",\"completionTime\":\"2026-11-23T19:55:00Z\""
#define ACTIVE ",\"replicaStatuses\":{\"Launcher\":{\"active\":1},\"Worker\":{\"active\":2}}"

static const char *status_of(const char *state)
{
    static const char *const all[][2] = {
        {"unseen", "{}"},
        {"pending", "{\"conditions\":[" TRUE("Created") "]}"},
        {"no-launcher", "{" STARTED ",\"conditions\":[" TRUE(
                            "Created") "],\"replicaStatuses\":{\"Launcher\":{},\"Worker\":{\"active\":1}}}"},
        {"running", "{" STARTED ",\"conditions\":[" TRUE("Created") "," TRUE("Running") "]" ACTIVE "}"},
        {"worker-ended", "{" STARTED ",\"conditions\":[" TRUE("Created") "," TRUE(
                             "Running") "],\"replicaStatuses\":{\"Launcher\":{\"active\":1},\"Worker\":{\"active\":1,"
                                        "\"succeeded\":1}}}"},
        {"restarting", "{" STARTED ",\"conditions\":[" TRUE("Created") "," TRUE("Restarting") "]" ACTIVE "}"},
        {"suspended", "{\"startTime\":null,\"conditions\":[" TRUE("Created") "," TRUE("Suspended") "]}"},
        {"succeeded", "{" STARTED ENDED ",\"conditions\":[" TRUE("Created") "," TRUE("Succeeded") "]}"},
        {"failed", "{" STARTED ENDED ",\"conditions\":[" TRUE("Created") "," TRUE("Failed") "]}"},
        {"evicted", "{" STARTED ",\"conditions\":[" TRUE(
                        "Created") ",{\"type\":\"Failed\",\"status\":\"True\",\"reason\":"
                                   "\"MPIJobEvicted\",\"lastTransitionTime\":\"2026-11-23T19:55:00Z\"}]}"},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (strcmp(all[i][0], state) == 0)
            return all[i][1];
    }
    fail_msg("no such state: %s", state);
    return NULL;
}

void case_change(const struct mpijob_view *view, const char *const *words, struct mpijob_diff *diff, struct error *err)
{
    struct mpijob_changes changes = {0};
    struct buf out = BUF_INIT;
    struct error own = {0};
    for (int i = 0; i < STEPS && words[i]; i++)
        change(&changes, words[i]);
    if (mpijob_changes_apply(&changes, view, &out, diff, err ? err : &own) && !err)
        fail_msg("%s", own.message);
    mpijob_changes_free(&changes);
    buf_free(&out);
}

static void splice(struct buf *text, struct mpijob_target target, const char *const *words, const char *bad)
{
    struct mpijob_view view = viewed(text->ptr, target);
    struct mpijob_changes changes = {0};
    struct mpijob_diff diff = {0};
    struct json_edits edits = {0};
    struct buf out = BUF_INIT;
    struct error err = {0};
    int rc = 0;
    for (int i = 0; words && i < STEPS && words[i]; i++)
        change(&changes, words[i]);
    if (bad) {
        json_edit_set(&edits, mpijob_field_place(FIELD_CLEAN_POD_POLICY, target)->pointer, str_of(bad));
        rc = json_edit_apply(&edits, view.object, &out, &err);
    } else {
        rc = mpijob_changes_apply(&changes, &view, &out, &diff, &err);
    }
    if (rc)
        fail_msg("%s", err.message);
    if (out.len) {
        buf_free(text);
        *text = out;
    }
    json_edits_free(&edits);
    mpijob_diff_free(&diff);
    mpijob_changes_free(&changes);
}

char *case_object(struct mpijob_target target, const char *state, const char *const *before, const char *bad)
{
    struct buf text = BUF_INIT;
    bool waits = strcmp(state, "no-launcher") == 0;
    buf_printf(
        &text,
        "{\"apiVersion\":\"kubeflow.org/%s\",\"kind\":\"MPIJob\",\"metadata\":{\"name\":\"tf\",\"namespace\":\"train\","
        "\"creationTimestamp\":\"2026-11-23T19:49:00Z\"},\"spec\":{%s},\"status\":%s}",
        mpijob_version_name(target.version), waits ? "\"launcherCreationPolicy\":\"WaitForWorkersReady\"" : "",
        status_of(state));
    splice(&text, target, before, NULL);
    if (bad)
        splice(&text, target, NULL, bad);
    return buf_take(&text, NULL);
}
