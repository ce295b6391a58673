/* Values that nobody can read: of the wrong type, none of those that are allowed. */
#include <ctype.h>
#include <stdio.h>
#include <strings.h>

#include "mpijob/inspect/inspect_rule.h"

/* ---- types ---- */

enum kind { KIND_TEXT, KIND_INT32, KIND_INT64, KIND_BOOL, KIND_OBJECT };

/* What the controllers' own types say; what is not in them is not decoded, and does no harm. */
static const struct typed {
    const char *pointer;
    enum kind kind;
    enum mpijob_field_id field; /* whose bounds hold for it */
    unsigned readers;
} typed[] = {
    {"/spec/cleanPodPolicy", KIND_TEXT, FIELD_CLEAN_POD_POLICY, READER_CCI | READER_ALPHA | READER_EITHER},
    {"/spec/activeDeadlineSeconds", KIND_INT64, FIELD_ACTIVE_DEADLINE_SECONDS, READER_CCI | READER_ALPHA},
    {"/spec/backoffLimit", KIND_INT32, FIELD_BACKOFF_LIMIT, READER_CCI | READER_ALPHA},
    {"/spec/runPolicy", KIND_OBJECT, FIELD_COUNT, READER_UPSTREAM},
    {"/spec/runPolicy/cleanPodPolicy", KIND_TEXT, FIELD_CLEAN_POD_POLICY, READER_UPSTREAM},
    {"/spec/runPolicy/activeDeadlineSeconds", KIND_INT64, FIELD_ACTIVE_DEADLINE_SECONDS, READER_UPSTREAM},
    {"/spec/runPolicy/backoffLimit", KIND_INT32, FIELD_BACKOFF_LIMIT, READER_UPSTREAM},
    {"/spec/runPolicy/ttlSecondsAfterFinished", KIND_INT32, FIELD_TTL_SECONDS_AFTER_FINISHED, READER_UPSTREAM},
    {"/spec/runPolicy/schedulingPolicy", KIND_OBJECT, FIELD_COUNT, READER_UPSTREAM},
    {"/spec/runPolicy/suspend", KIND_BOOL, FIELD_SUSPEND, READER_TRAINING | READER_BETA},
    {"/spec/runPolicy/managedBy", KIND_TEXT, FIELD_MANAGED_BY, READER_TRAINING | READER_BETA},
};

static const char *const kind_names[] = {"a string", "a whole number", "a whole number", "true or false", "an object"};

static bool fits(struct json value, enum kind kind)
{
    int64_t n;
    switch (kind) {
    case KIND_TEXT:
        return json_type(value) == JSON_STRING;
    case KIND_INT32:
        return json_type(value) == JSON_NUMBER && json_int64(value, &n) && n >= INT32_MIN && n <= INT32_MAX;
    case KIND_INT64:
        return json_type(value) == JSON_NUMBER && json_int64(value, &n);
    case KIND_BOOL:
        return json_type(value) == JSON_BOOL;
    case KIND_OBJECT:
        break;
    }
    return json_type(value) == JSON_OBJECT;
}

/* "3600" is 3600 and "true" is true beyond doubt; anything else is for somebody to decide. */
static bool evident(struct json value, const struct typed *t, struct str *meant)
{
    if (json_type(value) != JSON_STRING)
        return false;
    *meant = str_n(value.text.ptr + 1, value.text.len - 2);
    bool number = meant->len > 0 && meant->len < 11 && (meant->ptr[0] != '0' || meant->len == 1);
    for (size_t i = 0; i < meant->len; i++)
        number = number && isdigit((unsigned char)meant->ptr[i]);
    if (t->kind == KIND_INT32 || t->kind == KIND_INT64)
        return number && !mpijob_field_check(t->field, (struct json){*meant}, NULL);
    return t->kind == KIND_BOOL && (str_is(*meant, "true") || str_is(*meant, "false"));
}

static void say_type(const struct inspecting *in, struct mpijob_finding *f, const char *is, const char *wanted)
{
    static const char *const stops = "can no longer decode its list of jobs: it sees no change of ANY MPIJob of the "
                                     "cluster until this one is mended";
    if (in->readers == READER_EITHER)
        finding_means(
            f,
            "%s stands where %s belongs: under mpi-operator, the controller %s; training-operator's definition "
            "would not let it in",
            is, wanted, stops);
    else if (in->readers & (READER_ALPHA | READER_V1))
        finding_means(f, "%s stands where %s belongs, and the controller %s", is, wanted, stops);
    else if (in->readers & READER_CCI)
        finding_means(f,
                      "%s stands where %s belongs: upstream's controller of v1alpha2 %s; CCI's own could not be tried",
                      is, wanted, stops);
    else
        finding_means(f,
                      "%s stands where %s belongs: the definition of this version refuses that (422), so it was stored "
                      "before that came, and typed clients cannot read the job",
                      is, wanted);
}

static void types(struct inspecting *in)
{
    for (size_t i = 0; i < sizeof typed / sizeof *typed; i++) {
        const struct typed *t = &typed[i];
        struct json value = mpijob_value_at(in->view->object, t->pointer);
        struct mpijob_finding f;
        struct str meant;
        char path[FINDING_POINTER];
        if (!(t->readers & in->readers) || !json_exists(value) || fits(value, t->kind))
            continue;
        finding_begin(&f, PROBLEM_WRONG_TYPE, SEVERITY_ERROR, t->pointer, value);
        bool number = json_type(value) == JSON_NUMBER && t->kind != KIND_TEXT;
        say_type(in, &f, number ? "a fraction, or a number that is too large," : json_type_name(json_type(value)),
                 kind_names[t->kind]);
        f.safe = evident(value, t, &meant) && finding_edit(&f, t->pointer, meant);
        if (f.edit_count)
            finding_cure(&f, "set %s to %.*s, without quotes", mpijob_finding_path(t->pointer, path), (int)meant.len,
                         meant.ptr);
        else
            finding_cure(&f, "set %s to the value that was meant (%s), or remove it",
                         mpijob_finding_path(t->pointer, path), kind_names[t->kind]);
        finding_report(in, &f);
    }
}

/* ---- lists of the pod templates ---- */

static void list_at(struct inspecting *in, struct json owner, const char *under, const char *name)
{
    struct json value = json_get(owner, name);
    char pointer[FINDING_POINTER], path[FINDING_POINTER];
    struct mpijob_finding f;
    if (json_type(value) <= JSON_NULL || json_type(value) == JSON_ARRAY)
        return;
    snprintf(pointer, sizeof pointer, "%s/%s", under, name);
    finding_begin(&f, PROBLEM_OBJECT_FOR_LIST, SEVERITY_ERROR, pointer, value);
    finding_means(
        &f,
        "%s stands where a list belongs: no typed client can list MPIJobs any more, the controller among them, "
        "so it is as good as stopped for every job",
        json_type_name(json_type(value)));
    bool empty = json_type(value) == JSON_OBJECT && json_count(value) == 0;
    f.safe = empty && finding_edit(&f, pointer, str_of("[]"));
    if (empty)
        finding_cure(&f, "set %s to [], which a client that does not tell {} from [] has overwritten",
                     mpijob_finding_path(pointer, path));
    else
        finding_cure(&f, "write %s as a list", mpijob_finding_path(pointer, path));
    finding_report(in, &f);
}

static void containers(struct inspecting *in, struct json pod, const char *under, const char *kind)
{
    static const char *const lists[] = {"command", "args", "env", "envFrom", "ports", "volumeMounts", NULL};
    int n = 0;
    struct json all = json_get(pod, kind);
    list_at(in, pod, under, kind);
    if (json_type(all) != JSON_ARRAY)
        return;
    for (struct json_iter it = json_iter(all); json_next(&it); n++) {
        char pointer[FINDING_POINTER];
        snprintf(pointer, sizeof pointer, "%s/%s/%d", under, kind, n);
        for (size_t i = 0; lists[i]; i++)
            list_at(in, it.value, pointer, lists[i]);
    }
}

static void lists(struct inspecting *in)
{
    static const char *const roles[] = {"Launcher", "Worker"};
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        char pointer[FINDING_POINTER];
        snprintf(pointer, sizeof pointer, "/spec/mpiReplicaSpecs/%s/template/spec", roles[i]);
        struct json pod = json_at(in->view->object, pointer);
        if (json_type(pod) != JSON_OBJECT)
            continue;
        containers(in, pod, pointer, "containers");
        containers(in, pod, pointer, "initContainers");
        list_at(in, pod, pointer, "volumes");
        list_at(in, pod, pointer, "tolerations");
        list_at(in, pod, pointer, "imagePullSecrets");
    }
}

/* ---- values that are none ---- */

static void say_policy(const struct inspecting *in, struct mpijob_finding *f)
{
    static const char *const none = "takes it for None, so nothing is cleaned up when the job ends";
    static const char *const all =
        "takes it for All, so when the job ends every pod goes, the launcher and its log too";
    if (in->readers == READER_EITHER)
        finding_means(f, "mpi-operator %s; training-operator %s", none, all);
    else if (in->readers & READER_TRAINING)
        finding_means(f, "training-operator %s", all);
    else if (in->readers & READER_BETA)
        finding_means(
            f, "mpi-operator (from v0.4) raises a ValidationError event and stops looking at this job: its end is "
               "never recorded and nothing is cleaned up");
    else if (in->readers & READER_CCI)
        finding_means(f, "upstream's mpi-operator %s; CCI's own controller could not be tried", none);
    else
        finding_means(f, "mpi-operator %s", none);
}

static void bad_policy(struct inspecting *in, const char *pointer, struct json value)
{
    static const char *const good[] = {"None", "Running", "All", NULL};
    struct mpijob_finding f;
    char text[256], raw[16], path[FINDING_POINTER];
    bool harms = in->readers & (READER_TRAINING | READER_BETA);
    finding_begin(&f, PROBLEM_BAD_POLICY, harms ? SEVERITY_ERROR : SEVERITY_WARNING, pointer, value);
    say_policy(in, &f);
    const char *nearest = json_string_at(value, "", text, sizeof text) ? NULL : str_nearest(text, good);
    bool spelling = nearest && strcasecmp(nearest, text) == 0;
    if (nearest) {
        snprintf(raw, sizeof raw, "\"%s\"", nearest);
        f.safe = finding_edit(&f, pointer, str_of(raw)) && spelling;
        finding_cure(&f, "set %s to %s", mpijob_finding_path(pointer, path), nearest);
    } else {
        finding_cure(&f, "set %s to None, Running or All", mpijob_finding_path(pointer, path));
    }
    finding_report(in, &f);
}

/* Each place that may be read; where two are, the first counts, unless it is not known which. */
static void policies(struct inspecting *in)
{
    const struct mpijob_place *place = mpijob_field_place(FIELD_CLEAN_POD_POLICY, in->view->target);
    const char *const order[] = {place->overrides, place->pointer, place->also};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        struct json value = mpijob_value_at(in->view->object, order[i]);
        if (!json_exists(value))
            continue;
        if (json_type(value) == JSON_STRING && !inspect_good_policy(value))
            bad_policy(in, order[i], value);
        if (in->readers != READER_EITHER)
            return;
    }
}

static void negative_deadline(struct inspecting *in)
{
    struct json value = mpijob_field_value(in->view->object, FIELD_ACTIVE_DEADLINE_SECONDS, in->view->target);
    int64_t seconds;
    struct mpijob_finding f;
    bool stops = in->readers & READER_BETA, fails = in->readers & READER_TRAINING;
    if (json_type(value) != JSON_NUMBER || !json_int64(value, &seconds) || seconds >= 0 ||
        (inspect_finished(in) && !stops) || in->readers & READER_CCI)
        return;
    const struct mpijob_place *place = mpijob_field_place(FIELD_ACTIVE_DEADLINE_SECONDS, in->view->target);
    bool winner = json_exists(mpijob_value_at(in->view->object, place->overrides));
    finding_begin(&f, PROBLEM_NEGATIVE_DEADLINE, stops || fails ? SEVERITY_ERROR : SEVERITY_WARNING,
                  winner ? place->overrides : place->pointer, value);
    if (stops)
        finding_means(
            &f, "mpi-operator (from v0.4) raises a ValidationError event and stops looking at this job: its end is "
                "never recorded and nothing is cleaned up");
    else if (in->readers == READER_EITHER)
        finding_means(&f, "training-operator fails the job at once, mpi-operator ignores it: the job has no deadline");
    else
        finding_means(&f, "%s",
                      fails ? "training-operator fails the job at once"
                            : "mpi-operator ignores it: the job has no deadline");
    finding_edit(&f, f.pointer, (struct str){0});
    finding_cure(&f, "remove it, or set the deadline that was meant");
    finding_report(in, &f);
}

void inspect_values(struct inspecting *in)
{
    types(in);
    lists(in);
    if (in->view->deleting)
        return;
    policies(in);
    negative_deadline(in);
}
