/* SPDX-License-Identifier: Apache-2.0 */
/* Deletions and changes of other kinds: what ends something that runs, and what does not. */
#include "mpijob_fixture.h"

#include "mpijob/effect/effect_owners.h"
#include "mpijob/effect/others.h"

#define CONDITION(type)                                                                                                \
    "\"conditions\":[{\"type\":\"" type "\",\"status\":\"True\",\"lastTransitionTime\":\"2026-11-23T19:00:00Z\"}]"
#define DONE "\"status\":{" CONDITION("Complete") "}"
#define TEMPLATE "{\"spec\":{\"containers\":[{\"name\":\"a\"}]}}"

static void what_a_deletion_ends(void **state)
{
    (void)state;
    static const struct {
        const char *group, *plural, *object;
        bool ends;
    } cases[] = {
        {"", "pods", "{\"status\":{\"phase\":\"Running\"}}", true},
        {"", "pods", "{\"status\":{\"phase\":\"Pending\"}}", true},
        {"", "pods", "{}", true},
        {"", "pods", "{\"status\":{\"phase\":\"Succeeded\"}}", false},
        {"", "pods", "{\"status\":{\"phase\":\"Failed\"}}", false},
        {"", "pods",
         "{\"metadata\":{\"deletionTimestamp\":\"2026-11-23T19:00:00Z\"},\"status\":{\"phase\":\"Running\"}}", false},
        {"batch", "jobs", "{\"status\":{\"active\":1}}", true},
        {"batch", "jobs", "{\"spec\":{\"suspend\":true}}", true},
        {"batch", "jobs", "{\"status\":{" CONDITION("FailureTarget") "}}", true},
        {"batch", "jobs", "{" DONE "}", false},
        {"batch", "jobs", "{\"status\":{" CONDITION("Failed") "}}", false},
        {"batch", "jobs", "{\"metadata\":{\"ownerReferences\":[{\"kind\":\"JobSet\"}]}," DONE "}", true},
        {"batch", "cronjobs", "{\"status\":{\"active\":[{\"name\":\"a\"}]}}", true},
        {"batch", "cronjobs", "{\"status\":{}}", false},
        {"apps", "deployments", "{\"spec\":{\"replicas\":2}}", true},
        {"apps", "deployments", "{\"spec\":{\"replicas\":0},\"status\":{\"replicas\":1}}", true},
        {"apps", "deployments", "{\"spec\":{\"replicas\":0},\"status\":{}}", false},
        {"apps", "daemonsets", "{\"status\":{\"currentNumberScheduled\":0}}", false},
        {"apps", "daemonsets", "{\"status\":{\"currentNumberScheduled\":3}}", true},
        {"", "namespaces", "{}", true},
        {"", "nodes", "{}", true},
        {"apiextensions.k8s.io", "customresourcedefinitions", "{}", true},
        {"jobset.x-k8s.io", "jobsets", "{\"status\":{\"terminalState\":\"Completed\"}}", false},
        {"jobset.x-k8s.io", "jobsets", "{\"status\":{}}", true},
        {"trainer.kubeflow.org", "trainjobs", "{\"spec\":{\"runtimeRef\":{}}}", true},
        {"trainer.kubeflow.org", "trainjobs", "{" DONE "}", false},
        {"trainer.kubeflow.org", "trainingruntimes", "{\"spec\":{\"template\":" TEMPLATE "}}", false},
        {"kueue.x-k8s.io", "workloads", "{\"status\":{" CONDITION("Admitted") "}}", true},
        {"kueue.x-k8s.io", "workloads", "{\"status\":{" CONDITION("Finished") "}}", false},
        {"ray.io", "rayclusters", "{\"spec\":{\"workerGroupSpecs\":[{\"template\":" TEMPLATE "}]}}", true},
        {"ray.io", "rayjobs", "{\"spec\":{\"a\":{\"template\":" TEMPLATE "}},\"status\":{\"jobStatus\":\"SUCCEEDED\"}}",
         false},
        {"batch.volcano.sh", "jobs",
         "{\"spec\":{\"tasks\":[{\"template\":" TEMPLATE "}]},\"status\":{\"state\":{\"phase\":\"Running\"}}}", true},
        {"batch.volcano.sh", "jobs",
         "{\"spec\":{\"tasks\":[{\"template\":" TEMPLATE "}]},\"status\":{\"state\":{\"phase\":\"Completed\"}}}",
         false},
        {"", "configmaps", "{\"data\":{\"spec\":\"x\"}}", false},
        {"", "secrets", "{}", false},
        {"example.com", "notes", "{\"spec\":{\"text\":\"x\"}}", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mpijob_verdict v;
        struct other_object other = {
            .group = cases[i].group, .plural = cases[i].plural, .object = parsed(cases[i].object)};
        mpijob_other_deletion(&other, &v);
        if (v.may_destroy != cases[i].ends || (v.effect == EFFECT_DESTRUCTIVE) != cases[i].ends || !*v.why)
            fail_msg("%s %s: %s (%s)", cases[i].plural, cases[i].object, mpijob_effect_name(v.effect), v.why);
    }
}

#define STARTED "\"status\":{\"startTime\":\"2026-11-23T19:50:00Z\",\"failed\":2}"
#define ENDED "\"status\":{\"completionTime\":\"2026-11-23T19:50:00Z\"," CONDITION("Complete") "}"
#define SPEC(text) "{\"spec\":{" text "}," STARTED "}"
#define OVER(text) "{\"spec\":{" text "}," ENDED "}"
#define HAS(text) "{\"spec\":{" text "},\"status\":{" CONDITION("QuotaReserved") "}}"

static void what_a_change_ends(void **state)
{
    (void)state; /* it is NOON, 600 s after the start or the end */
    static const struct {
        const char *group, *plural, *before, *after;
        enum mpijob_effect effect;
    } cases[] = {
        {"batch", "jobs", SPEC(""), SPEC("\"activeDeadlineSeconds\":60"), EFFECT_DESTRUCTIVE},
        {"batch", "jobs", SPEC(""), SPEC("\"activeDeadlineSeconds\":0"), EFFECT_DESTRUCTIVE},
        {"batch", "jobs", SPEC(""), SPEC("\"activeDeadlineSeconds\":86400"), EFFECT_EFFECTIVE},
        {"batch", "jobs", OVER(""), OVER("\"activeDeadlineSeconds\":60"), EFFECT_INERT},
        {"batch", "jobs", SPEC("\"activeDeadlineSeconds\":60"), SPEC("\"activeDeadlineSeconds\":60,\"x\":1"),
         EFFECT_UNKNOWN},
        {"batch", "jobs", SPEC("\"suspend\":false"), SPEC("\"suspend\":true"), EFFECT_DESTRUCTIVE},
        {"batch", "jobs", SPEC("\"suspend\":true"), SPEC("\"suspend\":false"), EFFECT_EFFECTIVE},
        {"batch", "jobs", OVER(""), OVER("\"suspend\":true"), EFFECT_INERT},
        {"batch", "jobs", SPEC("\"parallelism\":2"), SPEC("\"parallelism\":0"), EFFECT_DESTRUCTIVE},
        {"batch", "jobs", SPEC("\"parallelism\":2"), SPEC("\"parallelism\":3"), EFFECT_EFFECTIVE},
        {"batch", "jobs", SPEC("\"backoffLimit\":6"), SPEC("\"backoffLimit\":1"), EFFECT_DESTRUCTIVE},
        {"batch", "jobs", SPEC("\"backoffLimit\":6"), SPEC("\"backoffLimit\":3"), EFFECT_EFFECTIVE},
        {"batch", "jobs", OVER(""), OVER("\"ttlSecondsAfterFinished\":60"), EFFECT_DESTRUCTIVE},
        {"batch", "jobs", OVER(""), OVER("\"ttlSecondsAfterFinished\":6000"), EFFECT_EFFECTIVE},
        {"", "pods", SPEC(""), SPEC("\"activeDeadlineSeconds\":60"), EFFECT_DESTRUCTIVE},
        {"", "pods", SPEC(""), SPEC("\"activeDeadlineSeconds\":6000"), EFFECT_UNKNOWN},
        {"apps", "deployments", SPEC("\"replicas\":2"), SPEC("\"replicas\":1"), EFFECT_DESTRUCTIVE},
        {"apps", "deployments", SPEC("\"replicas\":2"), SPEC("\"replicas\":4"), EFFECT_UNKNOWN},
        {"jobset.x-k8s.io", "jobsets", SPEC(""), SPEC("\"suspend\":true"), EFFECT_DESTRUCTIVE},
        {"jobset.x-k8s.io", "jobsets", SPEC("\"successPolicy\":{}"), SPEC(""), EFFECT_DESTRUCTIVE},
        {"trainer.kubeflow.org", "trainjobs", SPEC("\"trainer\":{}"), SPEC(""), EFFECT_DESTRUCTIVE},
        {"trainer.kubeflow.org", "trainjobs", SPEC(""), SPEC("\"activeDeadlineSeconds\":86400"), EFFECT_DESTRUCTIVE},
        {"kueue.x-k8s.io", "workloads", HAS("\"active\":true"), HAS("\"active\":false"), EFFECT_DESTRUCTIVE},
        {"kueue.x-k8s.io", "workloads", HAS(""), HAS("\"active\":false"), EFFECT_DESTRUCTIVE},
        {"kueue.x-k8s.io", "workloads", SPEC("\"active\":false"), SPEC("\"active\":true"), EFFECT_EFFECTIVE},
        {"kueue.x-k8s.io", "localqueues", SPEC(""), SPEC("\"stopPolicy\":\"HoldAndDrain\""), EFFECT_DESTRUCTIVE},
        {"kueue.x-k8s.io", "localqueues", SPEC(""), SPEC("\"stopPolicy\":\"Hold\""), EFFECT_INERT},
        {"ray.io", "rayjobs", SPEC("\"t\":" TEMPLATE), SPEC("\"t\":" TEMPLATE ",\"suspend\":true"), EFFECT_DESTRUCTIVE},
        {"example.com", "notes", SPEC(""), SPEC("\"suspend\":true"), EFFECT_UNKNOWN},
        {"", "configmaps", "{\"data\":{}}", "{\"data\":{\"a\":\"b\"}}", EFFECT_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mpijob_verdict v;
        struct other_object other = {
            .group = cases[i].group, .plural = cases[i].plural, .object = parsed(cases[i].before)};
        mpijob_other_change(&other, parsed(cases[i].after), NOON, &v);
        if (v.may_destroy != (cases[i].effect == EFFECT_DESTRUCTIVE) || v.effect != cases[i].effect || !*v.why)
            fail_msg("%s %s to %s: %s (%s)", cases[i].plural, cases[i].before, cases[i].after,
                     mpijob_effect_name(v.effect), v.why);
    }
}

#define OWNED(list) "{\"metadata\":{\"ownerReferences\":[" list "]}}"
#define OWNER(name, uid)                                                                                               \
    "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"name\":\"" name "\",\"uid\":\"" uid "\",\"controller\":true}"

/* Whether an owner is there, nobody knows here: an owner more, or one less beside others, may have it deleted. */
static void what_owners_may_end(void **state)
{
    (void)state;
    static const struct {
        const char *before, *after;
        bool ends;
    } cases[] = {
        {"{}", OWNED(OWNER("a", "1")), true},
        {"{\"metadata\":{}}", OWNED(OWNER("a", "1")), true},
        {OWNED(""), OWNED(OWNER("a", "1")), true},
        {OWNED(OWNER("a", "1")), OWNED(OWNER("a", "2")), true},
        {OWNED(OWNER("a", "1")), OWNED(OWNER("b", "1")), true},
        {OWNED(OWNER("a", "1")), OWNED(OWNER("a", "1") "," OWNER("b", "2")), true},
        {OWNED(OWNER("a", "1") "," OWNER("b", "2")), OWNED(OWNER("a", "1")), true},
        {OWNED(OWNER("a", "1")), OWNED("{\"uid\":\"1\"}"), true},
        {OWNED(OWNER("a", "1")), OWNED(OWNER("a", "1")), false},
        {OWNED(OWNER("a", "1") "," OWNER("b", "2")), OWNED(OWNER("b", "2") "," OWNER("a", "1")), false},
        {OWNED(OWNER("a", "1")), OWNED(""), false},
        {OWNED(OWNER("a", "1")), "{}", false},
        {OWNED(OWNER("a", "1")), "{\"metadata\":{\"ownerReferences\":null}}", false},
        {"{}", "{\"metadata\":{\"ownerReferences\":{}}}", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mpijob_verdict v = {.effect = EFFECT_STORED, .why = "labels"};
        mpijob_owners_change(parsed(cases[i].before), parsed(cases[i].after), &v);
        if (v.may_destroy != cases[i].ends || (v.effect == EFFECT_UNKNOWN) != cases[i].ends ||
            (strstr(v.why, "garbage collector") != NULL) != cases[i].ends || !strstr(v.why, "labels"))
            fail_msg("%s to %s: %s (%s)", cases[i].before, cases[i].after, mpijob_effect_name(v.effect), v.why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_a_deletion_ends), cmocka_unit_test(what_a_change_ends),
                                       cmocka_unit_test(what_owners_may_end)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
