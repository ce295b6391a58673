/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of what admission webhooks fill in and refuse, and how they answer. */
#include "sim/write/webhook.h"

#include "sim/server/status.h"
#include "sim/write/job.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum owner { JOBSET, TRAINER, KUEUE };

static bool in_force(const struct exchange *x, enum owner owner)
{
    if (*x->sub || !x->sim->opt.life)
        return false;
    if (owner == KUEUE) /* it knows MPIJobs of v2beta1 only */
        return x->sim->opt.kueue && (x->res->kind == K_TRAINJOB || x->res->kind == K_JOBSET || x->res->kind == K_JOB ||
                                     (x->res->kind == K_MPIJOB && x->mpijob_version == V2BETA1));
    return x->res->kind == (owner == JOBSET ? K_JOBSET : K_TRAINJOB);
}

bool webhook_concerns(const struct exchange *x)
{
    return in_force(x, JOBSET) || in_force(x, TRAINER) || in_force(x, KUEUE);
}

/* The name of the webhook that validates. */
static char *name_of(const struct exchange *x, enum owner owner)
{
    return owner == TRAINER ? sim_strdup("validator.trainjob.trainer.kubeflow.org")
                            : sim_format("v%s.kb.io", x->res->singular);
}

/* ---- what is filled in at creation */

struct filling {
    enum owner owner;
    const char *member, *value; /* of the spec; JSON */
};

static const struct filling fillings[] = {
    {JOBSET, "successPolicy", "{\"operator\":\"All\"}"},
    {JOBSET, "startupPolicy", "{\"startupPolicyOrder\":\"AnyOrder\"}"},
    {JOBSET, "network", "{\"enableDNSHostnames\":true,\"publishNotReadyAddresses\":true}"},
};

static void fill(const struct exchange *x, json_object *spec)
{
    for (size_t i = 0; i < sizeof fillings / sizeof fillings[0]; i++) {
        const struct filling *f = &fillings[i];
        if (in_force(x, f->owner) && json_object_is_type(spec, json_type_object) && !doc_get(spec, f->member))
            doc_set(spec, f->member, doc_parse(f->value, strlen(f->value)));
    }
}

/* ---- numbers and flags that a webhook cannot decode: the schema has let them through, or comes later */

struct decoding {
    enum owner owner;
    bool mutating;      /* it is the webhook that comes before the schema */
    const char *member; /* of the spec */
    enum { INT32, INT64, BOOL } type;
};

static const struct decoding decodings[] = {
    {JOBSET, false, "ttlSecondsAfterFinished", INT32},
    {TRAINER, true, "activeDeadlineSeconds", INT64},
    {TRAINER, true, "suspend", BOOL},
};

static bool fits(const struct decoding *d, json_object *value)
{
    int64_t n = json_object_get_int64(value);
    if (d->type == BOOL)
        return json_object_is_type(value, json_type_boolean);
    return json_object_is_type(value, json_type_int) && (d->type == INT64 || (n >= INT32_MIN && n <= INT32_MAX));
}

/* As Go's decoder names what it has found. */
static char *found(json_object *value)
{
    switch (json_object_get_type(value)) {
    case json_type_boolean:
        return sim_strdup("bool");
    case json_type_int:
    case json_type_double:
        return sim_format("number %s", json_object_get_string(value));
    case json_type_string:
        return sim_strdup("string");
    default:
        return sim_strdup(json_object_is_type(value, json_type_array) ? "array" : "object");
    }
}

static int decode(struct exchange *x, json_object *spec, bool mutating)
{
    static const char *const type_name[] = {"int32", "int64", "bool"};
    for (size_t i = 0; i < sizeof decodings / sizeof decodings[0]; i++) {
        const struct decoding *d = &decodings[i];
        json_object *value = doc_get(spec, d->member);
        if (d->mutating != mutating || !value || !in_force(x, d->owner) || fits(d, value))
            continue;
        char *name = mutating ? sim_strdup("defaulter.trainjob.trainer.kubeflow.org") : name_of(x, d->owner),
             *what = found(value);
        fail_with(x, 400, NULL, NULL, NULL,
                  "admission webhook \"%s\" denied the request: json: cannot unmarshal %s into Go struct field "
                  "%sSpec.spec.%s of type %s",
                  name, what, x->res->name, d->member, type_name[d->type]);
        free(name);
        free(what);
        return -1;
    }
    return 0;
}

/* ---- what cannot be changed */

enum when {
    ALWAYS,
    RUNS_AFTER,  /* the new object is not suspended */
    RUNS_EITHER, /* it is not suspended, or the old one is not */
    RUNS_BOTH,   /* neither is suspended */
};
enum what { CHANGED, ADDED, REMOVED };

struct rule {
    enum owner owner;
    const char *label;  /* of the metadata; or NULL */
    const char *member; /* of the spec, where it is no label */
    enum when when;
    enum what what;
    bool forbidden; /* "Forbidden: ..." in place of "Invalid value: ..." */
    bool template;  /* while it is suspended, some parts of pod templates may change */
    const char *message;
};

#define KUEUE_LABEL "kueue.x-k8s.io/"

static const struct rule rules[] = {
    {.owner = JOBSET, .member = "replicatedJobs", .template = true, .message = "field is immutable"},
    {.owner = JOBSET, .member = "managedBy", .message = "field is immutable"},
    {.owner = TRAINER,
     .member = "runtimePatches",
     .when = RUNS_BOTH,
     .forbidden = true,
     .message = "RuntimePatches can only be modified when the TrainJob is suspended before or after the update"},
    {.owner = KUEUE, .label = KUEUE_LABEL "queue-name", .when = RUNS_AFTER, .message = "field is immutable"},
    {.owner = KUEUE,
     .label = KUEUE_LABEL "priority-class",
     .when = RUNS_AFTER,
     .what = ADDED,
     .message = "WorkloadPriorityClass cannot be added to a non-suspended workload"},
    {.owner = KUEUE,
     .label = KUEUE_LABEL "priority-class",
     .what = REMOVED,
     .message = "WorkloadPriorityClass cannot be removed from a workload"},
    {.owner = KUEUE,
     .label = KUEUE_LABEL "max-exec-time-seconds",
     .when = RUNS_EITHER,
     .message = "field is immutable"},
};

static bool suspended(const struct exchange *x, json_object *doc)
{
    json_object *spec = doc_get(doc, "spec");
    return doc_bool(x->res->kind == K_MPIJOB ? doc_get(spec, "runPolicy") : spec, "suspend");
}

static bool applies(const struct exchange *x, enum when when, json_object *doc, json_object *old)
{
    bool before = !suspended(x, old), after = !suspended(x, doc);
    return when == ALWAYS || (when == RUNS_AFTER && after) || (when == RUNS_EITHER && (before || after)) ||
           (when == RUNS_BOTH && before && after);
}

/* Replicated jobs without the parts of their pod templates that may change while the set is suspended. */
static json_object *bare(json_object *jobs)
{
    json_object *copy = jobs ? doc_copy(jobs) : NULL;
    for (size_t i = 0; i < doc_count(copy); i++)
        job_bare_template(doc_get(doc_path(json_object_array_get_idx(copy, i), "template", "spec"), "template"));
    return copy;
}

static bool breaks(const struct rule *r, json_object *now, json_object *before, bool suspended_before)
{
    if (r->what == ADDED)
        return now && !before;
    if (r->what == REMOVED)
        return !now && before;
    bool same = now && before ? doc_equal(now, before) : !now && !before;
    if (same || !r->template || !suspended_before)
        return !same;
    json_object *a = bare(now), *b = bare(before);
    same = a && b ? doc_equal(a, b) : !a && !b;
    json_object_put(a);
    json_object_put(b);
    return !same;
}

static json_object *value_of(const struct rule *r, json_object *doc)
{
    return r->label ? doc_get(doc_path(doc, "metadata", "labels"), r->label) : doc_path(doc, "spec", r->member);
}

static void add(struct schema_problems *list, const struct rule *r, json_object *now)
{
    struct buf value = BUF_INIT;
    char *field = r->label ? sim_format("metadata.labels[%s]", r->label) : sim_format("spec.%s", r->member);
    if (now)
        doc_write(&value, now);
    else
        buf_puts(&value, r->label ? "\"\"" : "null");
    char *message = r->forbidden ? sim_format("Forbidden: %s", r->message)
                                 : sim_format("Invalid value: %s: %s", value.ptr, r->message);
    schema_add(list, field, r->forbidden ? "FieldValueForbidden" : "FieldValueInvalid", message);
    free(field);
    buf_free(&value);
}

/* JobSet answers with the whole Status of an invalid object; the others with a sentence, which makes it a 403. */
static int refuse(struct exchange *x, enum owner owner, struct schema_problems *list)
{
    char *name = name_of(x, owner);
    if (owner == JOBSET) {
        fail_problems(x, x->name, name, list);
    } else {
        struct buf all = BUF_INIT;
        for (size_t i = 0; i < list->count; i++)
            buf_printf(&all, "%s%s: %s", i ? ", " : "", list->item[i].field, list->item[i].message);
        bool several = list->count > 1;
        fail_with(x, 403, "Forbidden", NULL, NULL, "admission webhook \"%s\" denied the request: %s%s%s", name,
                  several ? "[" : "", all.ptr, several ? "]" : "");
        buf_free(&all);
        schema_problems_free(list);
    }
    free(name);
    return -1;
}

static int judge(struct exchange *x, enum owner owner, json_object *doc, json_object *old)
{
    struct schema_problems list = {0};
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        const struct rule *r = &rules[i];
        json_object *now = value_of(r, doc);
        if (r->owner == owner && in_force(x, owner) && applies(x, r->when, doc, old) &&
            breaks(r, now, value_of(r, old), suspended(x, old)))
            add(&list, r, now);
    }
    return list.count ? refuse(x, owner, &list) : 0;
}

/* ---- the label with a job's time, which has to be a number above 0 */

static int check_time(struct exchange *x, json_object *doc)
{
    static const struct rule rule = {.label = KUEUE_LABEL "max-exec-time-seconds"};
    json_object *value = value_of(&rule, doc);
    const char *text = value ? json_object_get_string(value) : "1";
    char *end = NULL, *why = NULL;
    if (!in_force(x, KUEUE))
        return 0;
    errno = 0;
    long long n = strtoll(text, &end, 10);
    if (*end || !*text || errno)
        why = sim_format("Invalid value: \"%s\": strconv.Atoi: parsing \"%s\": %s", text, text,
                         errno ? "value out of range" : "invalid syntax");
    else if (n <= 0)
        why = sim_format("Invalid value: %lld: should be greater than 0", n);
    if (!why)
        return 0;
    struct schema_problems list = {0};
    schema_add(&list, "metadata.labels[" KUEUE_LABEL "max-exec-time-seconds]", "FieldValueInvalid", why);
    return refuse(x, KUEUE, &list);
}

int webhook_mutate(struct exchange *x, json_object *doc, json_object *old)
{
    json_object *spec = doc_get(doc, "spec");
    if (!old)
        fill(x, spec);
    return decode(x, spec, true);
}

int webhook_validate(struct exchange *x, json_object *doc, json_object *old)
{
    if (decode(x, doc_get(doc, "spec"), false))
        return -1;
    if (!old)
        return check_time(x, doc);
    return judge(x, JOBSET, doc, old) || judge(x, TRAINER, doc, old) || judge(x, KUEUE, doc, old) ? -1 : 0;
}
