/* SPDX-License-Identifier: Apache-2.0 */
/* Values that no controller can read: of the wrong type, or not one of those that are allowed. */
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
    unsigned decoded;           /* DECODES_: by the readers that have one of them */
} typed[] = {
    {"/spec/cleanPodPolicy", KIND_TEXT, FIELD_CLEAN_POD_POLICY, DECODES_SPEC_POLICY},
    {"/spec/activeDeadlineSeconds", KIND_INT64, FIELD_ACTIVE_DEADLINE_SECONDS, DECODES_SPEC_NUMBERS},
    {"/spec/backoffLimit", KIND_INT32, FIELD_BACKOFF_LIMIT, DECODES_SPEC_NUMBERS},
    {"/spec/runPolicy", KIND_OBJECT, FIELD_COUNT, DECODES_RUN_POLICY},
    {"/spec/runPolicy/cleanPodPolicy", KIND_TEXT, FIELD_CLEAN_POD_POLICY, DECODES_RUN_POLICY},
    {"/spec/runPolicy/activeDeadlineSeconds", KIND_INT64, FIELD_ACTIVE_DEADLINE_SECONDS, DECODES_RUN_POLICY},
    {"/spec/runPolicy/backoffLimit", KIND_INT32, FIELD_BACKOFF_LIMIT, DECODES_RUN_POLICY},
    {"/spec/runPolicy/ttlSecondsAfterFinished", KIND_INT32, FIELD_TTL_SECONDS_AFTER_FINISHED, DECODES_RUN_POLICY},
    {"/spec/runPolicy/schedulingPolicy", KIND_OBJECT, FIELD_COUNT, DECODES_RUN_POLICY},
    {"/spec/runPolicy/suspend", KIND_BOOL, FIELD_SUSPEND, DECODES_RUN_OWNER},
    {"/spec/runPolicy/managedBy", KIND_TEXT, FIELD_MANAGED_BY, DECODES_RUN_OWNER},
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

/* "3600" is 3600 and "true" is true beyond doubt; anything else is for people to decide. */
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

bool finding_wrong_type(const struct inspecting *in, struct mpijob_finding *f, const char *is, const char *wanted)
{
    static const char *const stops = "can no longer decode its list of jobs: it sees no change of ANY MPIJob of the "
                                     "cluster until this one is mended";
    switch (in->reader->wrong_type) {
    case WRONG_TYPE_UNKNOWN:
        return false;
    case WRONG_TYPE_STOPS_OR_REFUSED:
        finding_means(
            f,
            "%s stands where %s belongs: under mpi-operator, the controller %s; training-operator's definition "
            "would not let it in",
            is, wanted, stops);
        break;
    case WRONG_TYPE_STOPS:
        finding_means(f, "%s stands where %s belongs, and the controller %s", is, wanted, stops);
        break;
    case WRONG_TYPE_STOPS_UPSTREAM:
        finding_means(f, "%s stands where %s belongs: upstream's controller of %s %s; %s's own could not be tried", is,
                      wanted, mpijob_version_name(in->view->target.version), stops, in->reader->name);
        break;
    case WRONG_TYPE_REFUSED:
        finding_means(f,
                      "%s stands where %s belongs: the definition of this version refuses that (422), so it was stored "
                      "before that came, and typed clients cannot read the job",
                      is, wanted);
        break;
    }
    return true;
}

static void types(struct inspecting *in)
{
    for (size_t i = 0; i < sizeof typed / sizeof *typed; i++) {
        const struct typed *t = &typed[i];
        struct json value = mpijob_value_at(in->view->object, t->pointer);
        struct mpijob_finding f;
        struct str meant;
        char path[FINDING_POINTER];
        if (!(t->decoded & in->reader->decodes) || !json_exists(value) || fits(value, t->kind))
            continue;
        finding_begin(&f, PROBLEM_WRONG_TYPE, SEVERITY_ERROR, t->pointer, value);
        bool number = json_type(value) == JSON_NUMBER && t->kind != KIND_TEXT;
        if (!finding_wrong_type(
                in, &f, number ? "a fraction, or a number that is too large," : json_type_name(json_type(value)),
                kind_names[t->kind]))
            continue;
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

/* ---- values that are not allowed ---- */

/* Returns how grave it is; -1: not known. */
static int say_policy(const struct inspecting *in, struct mpijob_finding *f)
{
    static const char *const none = "takes it for None, so nothing is cleaned up when the job ends";
    static const char *const all =
        "takes it for All, so when the job ends every pod goes, the launcher and its log too";
    switch (in->reader->bad_policy) {
    case BAD_POLICY_UNKNOWN:
        return -1;
    case BAD_POLICY_IS_NONE_OR_ALL:
        finding_means(f, "mpi-operator %s; training-operator %s", none, all);
        return SEVERITY_ERROR;
    case BAD_POLICY_IS_ALL:
        finding_means(f, "training-operator %s", all);
        return SEVERITY_ERROR;
    case BAD_POLICY_STOPS_JOB:
        finding_means(
            f, "mpi-operator (from v0.4) raises a ValidationError event and stops looking at this job: its end is "
               "never recorded and nothing is cleaned up");
        return SEVERITY_ERROR;
    case BAD_POLICY_IS_NONE_UPSTREAM:
        finding_means(f, "upstream's mpi-operator %s; %s's own controller could not be tried", none, in->reader->name);
        return SEVERITY_WARNING;
    case BAD_POLICY_IS_NONE:
        finding_means(f, "mpi-operator %s", none);
        return SEVERITY_WARNING;
    }
    return -1;
}

static void bad_policy(struct inspecting *in, const char *pointer, struct json value)
{
    static const char *const good[] = {"None", "Running", "All", NULL};
    struct mpijob_finding f;
    char text[256], raw[16], path[FINDING_POINTER];
    finding_begin(&f, PROBLEM_BAD_POLICY, SEVERITY_WARNING, pointer, value);
    int severity = say_policy(in, &f);
    if (severity < 0)
        return;
    f.severity = (enum mpijob_severity)severity;
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
        if (!in->reader->two)
            return;
    }
}

/* False: what comes of it is not known. */
static bool say_deadline(const struct inspecting *in, struct mpijob_finding *f)
{
    switch (in->reader->negative_deadline) {
    case NEGATIVE_DEADLINE_UNKNOWN:
        return false;
    case NEGATIVE_DEADLINE_STOPS_JOB:
        finding_means(
            f, "mpi-operator (from v0.4) raises a ValidationError event and stops looking at this job: its end is "
               "never recorded and nothing is cleaned up");
        break;
    case NEGATIVE_DEADLINE_FAILS_OR_IGNORED:
        finding_means(f, "training-operator fails the job at once, mpi-operator ignores it: the job has no deadline");
        break;
    case NEGATIVE_DEADLINE_FAILS_JOB:
        finding_means(f, "training-operator fails the job at once");
        break;
    case NEGATIVE_DEADLINE_IGNORED:
        f->severity = SEVERITY_WARNING;
        finding_means(f, "mpi-operator ignores it: the job has no deadline");
        break;
    }
    return true;
}

static void negative_deadline(struct inspecting *in)
{
    struct json value = mpijob_field_value(in->view->object, FIELD_ACTIVE_DEADLINE_SECONDS, in->view->target);
    int64_t seconds;
    struct mpijob_finding f;
    bool stops = in->reader->negative_deadline == NEGATIVE_DEADLINE_STOPS_JOB;
    if (json_type(value) != JSON_NUMBER || !json_int64(value, &seconds) || seconds >= 0 ||
        (inspect_finished(in) && !stops))
        return;
    const struct mpijob_place *place = mpijob_field_place(FIELD_ACTIVE_DEADLINE_SECONDS, in->view->target);
    bool winner = json_exists(mpijob_value_at(in->view->object, place->overrides));
    finding_begin(&f, PROBLEM_NEGATIVE_DEADLINE, SEVERITY_ERROR, winner ? place->overrides : place->pointer, value);
    if (!say_deadline(in, &f))
        return;
    finding_edit(&f, f.pointer, (struct str){0});
    finding_cure(&f, "remove it, or set the deadline that was meant");
    finding_report(in, &f);
}

void inspect_values(struct inspecting *in)
{
    types(in);
    inspect_templates(in);
    if (in->view->deleting)
        return;
    policies(in);
    negative_deadline(in);
}
