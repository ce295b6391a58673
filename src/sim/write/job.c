/* SPDX-License-Identifier: Apache-2.0 */
/* The checks of Jobs of batch/v1: their numbers, and the table of what cannot be changed. */
#include "sim/write/job.h"

#include "sim/server/status.h"

#include <stdlib.h>
#include <string.h>

/* ---- what Go cannot decode */

struct field {
    const char *name, *type; /* of the spec; of Go */
    json_type wanted;
    bool never_below_0;
};

static const struct field fields[] = {
    {"activeDeadlineSeconds", "int64", json_type_int, true},
    {"backoffLimit", "int32", json_type_int, true},
    {"completionMode", "CompletionMode", json_type_string, false},
    {"completions", "int32", json_type_int, true},
    {"managedBy", "string", json_type_string, false},
    {"parallelism", "int32", json_type_int, true},
    {"suspend", "bool", json_type_boolean, false},
    {"ttlSecondsAfterFinished", "int32", json_type_int, true},
};

static bool fits(const struct field *f, json_object *value)
{
    int64_t n = json_object_get_int64(value);
    return json_object_is_type(value, f->wanted) &&
           (strcmp(f->type, "int32") != 0 || (n >= INT32_MIN && n <= INT32_MAX));
}

static void decoding_error(struct exchange *x, const struct field *f, json_object *value, json_object *doc)
{
    const char *word = json_object_is_type(value, json_type_string)    ? "string"
                       : json_object_is_type(value, json_type_boolean) ? "bool"
                       : json_object_is_type(value, json_type_array)   ? "array"
                       : json_object_is_type(value, json_type_object)  ? "object"
                                                                       : "number";
    bool number = strcmp(word, "number") == 0;
    char *why = sim_format("json: cannot unmarshal %s%s%s into Go struct field JobSpec.spec.%s of type %s%s", word,
                           number ? " " : "", number ? json_object_get_string(value) : "", f->name,
                           strcmp(f->type, "CompletionMode") == 0 ? "v1." : "", f->type);
    if (x->verb == VERB_PATCH) { /* it has no name then */
        struct buf text = BUF_INIT, quoted = BUF_INIT;
        json_object *whole = doc_copy(doc);
        doc_set_str(whole, "apiVersion", "batch/v1");
        doc_set_str(whole, "kind", "Job");
        doc_write(&text, whole);
        doc_write_plain_string(&quoted, text.ptr, text.len);
        char *message = sim_format("Invalid value: %s: %s", quoted.ptr, why);
        struct details d = {0};
        struct cause c = {.reason = "FieldValueInvalid", .message = message, .field = "patch"};
        fail_with(x, 422, "Invalid", &d, &c, " \"\" is invalid: patch: %s", message);
        json_object_put(whole);
        free(message);
        buf_free(&quoted);
        buf_free(&text);
    } else {
        fail_bad_request(x, "Job in version \"v1\" cannot be handled as a Job: %s", why);
    }
    free(why);
}

static int check_fields(struct exchange *x, json_object *doc)
{
    json_object *spec = doc_get(doc, "spec");
    if (spec && !json_object_is_type(spec, json_type_object))
        return fail_bad_request(x, "Job in version \"v1\" cannot be handled as a Job: json: cannot unmarshal into Go "
                                   "struct field Job.spec of type v1.JobSpec");
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        json_object *value = doc_get(spec, fields[i].name);
        if (!value || fits(&fields[i], value))
            continue;
        decoding_error(x, &fields[i], value, doc);
        return -1;
    }
    return 0;
}

/* ---- what is refused */

static void add(struct schema_problems *list, const char *name, json_object *value, const char *message)
{
    struct buf text = BUF_INIT;
    if (value)
        doc_write(&text, value);
    else
        buf_puts(&text, "null");
    char *field = sim_format("spec.%s", name);
    schema_add(list, field, "FieldValueInvalid", sim_format("Invalid value: %s: %s", text.ptr, message));
    free(field);
    buf_free(&text);
}

static bool same(json_object *a, json_object *b)
{
    return a && b ? doc_equal(a, b) : !a && !b;
}

static bool indexed(json_object *spec)
{
    const char *mode = doc_str(spec, "completionMode");
    return mode && strcmp(mode, "Indexed") == 0;
}

/* Completions of an indexed Job follow its parallelism, where both are the same number before and after. */
static bool in_tandem(json_object *spec, json_object *before)
{
    return doc_int(spec, "completions", -1) == doc_int(spec, "parallelism", 1) &&
           doc_int(before, "completions", -1) == doc_int(before, "parallelism", 1);
}

void job_bare_template(json_object *template)
{
    static const char *const parts[][2] = {{"metadata", "labels"},
                                           {"metadata", "annotations"},
                                           {"spec", "nodeSelector"},
                                           {"spec", "tolerations"},
                                           {"spec", "schedulingGates"}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        json_object *part = doc_get(template, parts[i][0]);
        if (!json_object_is_type(part, json_type_object))
            continue;
        json_object_object_del(part, parts[i][1]);
        if (json_object_object_length(part) == 0)
            json_object_object_del(template, parts[i][0]);
    }
}

static bool template_kept(json_object *now, json_object *before, json_object *old)
{
    if (same(now, before))
        return true;
    if (!doc_bool(doc_get(old, "spec"), "suspend") || doc_get(doc_get(old, "status"), "startTime"))
        return false;
    json_object *a = now ? doc_copy(now) : NULL, *b = before ? doc_copy(before) : NULL;
    job_bare_template(a);
    job_bare_template(b);
    bool kept = same(a, b);
    json_object_put(a);
    json_object_put(b);
    return kept;
}

/* A policy about failed pods asks for another about their replacement. */
static void check_replacement(json_object *spec, struct schema_problems *list)
{
    const char *policy = doc_str(spec, "podReplacementPolicy");
    if (doc_get(spec, "podFailurePolicy") && policy && strcmp(policy, "Failed") != 0)
        schema_add(list, "spec.podReplacementPolicy", "FieldValueNotSupported",
                   sim_format("Unsupported value: \"%s\": supported values: \"Failed\"", policy));
}

static void check_change(json_object *spec, json_object *old, struct schema_problems *list)
{
    static const char *const immutable[] = {"completions",    "selector",         "template",
                                            "completionMode", "podFailurePolicy", "backoffLimitPerIndex",
                                            "managedBy",      "successPolicy"};
    json_object *before = doc_get(old, "spec");
    for (size_t i = 0; i < sizeof immutable / sizeof immutable[0]; i++) {
        const char *name = immutable[i];
        json_object *now = doc_get(spec, name), *was = doc_get(before, name);
        bool kept = strcmp(name, "template") == 0 ? template_kept(now, was, old) : same(now, was);
        if (strcmp(name, "completions") != 0 || !indexed(spec)) {
            if (!kept)
                add(list, name, now, "field is immutable");
        } else if (!kept && !in_tandem(spec, before)) {
            add(list, name, now, "can only be modified in tandem with spec.parallelism");
        }
    }
}

/* ---- what is filled in */

/* At every write, and of an object that is read. */
static void fill(json_object *spec)
{
    static const struct {
        const char *name, *value; /* JSON */
    } defaults[] = {{"backoffLimit", "6"},       {"completionMode", "\"NonIndexed\""},
                    {"manualSelector", "false"}, {"podReplacementPolicy", "\"TerminatingOrFailed\""},
                    {"suspend", "false"},        {"parallelism", "1"}};
    if (spec && !doc_get(spec, "parallelism") && !doc_get(spec, "completions"))
        doc_set(spec, "completions", json_object_new_int64(1));
    if (doc_get(spec, "podFailurePolicy") && !doc_get(spec, "podReplacementPolicy"))
        doc_set_str(spec, "podReplacementPolicy", "Failed");
    for (size_t i = 0; spec && i < sizeof defaults / sizeof defaults[0]; i++)
        if (!doc_get(spec, defaults[i].name))
            doc_set(spec, defaults[i].name, doc_parse(defaults[i].value, strlen(defaults[i].value)));
}

int job_prepare(struct exchange *x, json_object *doc, json_object *old)
{
    json_object *spec = doc_get(doc, "spec");
    const char *name = doc_str(doc_get(doc, "metadata"), "name");
    struct schema_problems list = {0};
    if (check_fields(x, doc))
        return -1;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        json_object *value = doc_get(spec, fields[i].name);
        if (fields[i].never_below_0 && value && json_object_get_int64(value) < 0)
            add(&list, fields[i].name, value, "must be greater than or equal to 0");
    }
    fill(spec);
    if (old)
        fill(doc_get(old, "spec"));
    check_replacement(spec, &list);
    if (!old)
        doc_set(doc, "status", json_object_new_object());
    else
        check_change(spec, old, &list);
    return list.count ? fail_problems(x, name, NULL, &list) : 0;
}
