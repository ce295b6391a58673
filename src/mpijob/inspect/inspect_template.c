/* SPDX-License-Identifier: Apache-2.0 */
/* Values of a pod template that Kubernetes' typed clients cannot decode. Nobody checks them where the definition names
 * no types, and one of them keeps every typed client, the controller among them, from listing any MPIJob. */
#include <ctype.h>
#include <stdio.h>

#include "mpijob/inspect/inspect_rule.h"
#include "mpijob/inspect/pod_types.h"
#include "mpijob/inspect/pod_value.h"
#include "json/edit.h"
#include "json/write.h"

/* More findings of one job help nobody: the last one says that there are more. */
#define MOST 64

struct walking {
    struct inspecting *in;
    struct buf pointer; /* of the value that is looked at */
    unsigned said;
    bool ended; /* by MOST, or for lack of memory */
};

static void walk(struct walking *w, const struct pod_field *field, struct json value);

/* ---- what is said ---- */

static const char *const kind_names[] = {
    [POD_TEXT] = "a string",
    [POD_BOOL] = "true or false",
    [POD_INT32] = "a whole number",
    [POD_INT64] = "a whole number",
    [POD_QUANTITY] = "a quantity",
    [POD_INT_OR_TEXT] = "a whole number or a string",
    [POD_TIME] = "a time such as \"2024-01-31T12:00:00Z\"",
    [POD_ANYTHING] = "anything",
    [POD_OBJECT] = "an object",
};

static const char *wanted_of(const struct pod_field *field)
{
    return field->shape == SHAPE_LIST ? "a list" : field->shape == SHAPE_MAP ? "an object" : kind_names[field->kind];
}

static const char *what_it_is(struct json value, const struct pod_field *field)
{
    enum json_type type = json_type(value);
    bool one = field->shape == SHAPE_ONE;
    if (one && type == JSON_NUMBER &&
        (field->kind == POD_INT32 || field->kind == POD_INT64 || field->kind == POD_INT_OR_TEXT))
        return "a fraction, or a number that is too large,";
    if (one && type == JSON_STRING && field->kind == POD_QUANTITY)
        return "a text that is no quantity";
    if (one && type == JSON_STRING && field->kind == POD_TIME)
        return "a text that is no time";
    return json_type_name(type);
}

/* The place of a finding: the nearest place above it where the pointer is too long to be kept. */
static void place_of(const struct walking *w, char pointer[FINDING_POINTER])
{
    size_t len = w->pointer.len;
    while (len >= FINDING_POINTER) {
        do
            len--;
        while (w->pointer.ptr[len] != '/');
    }
    snprintf(pointer, FINDING_POINTER, "%.*s", (int)len, w->pointer.ptr);
}

/* "30" is 30 beyond doubt, and "true" is true. What a number or a bool should have been as a text is not: YAML reads
 * 0010, 1.10 and yes as other values than what was written. */
static void offer(struct mpijob_finding *f, const struct pod_field *field, struct json value)
{
    enum json_type type = json_type(value);
    char raw[sizeof f->edits->raw];
    struct json inner = {type == JSON_STRING ? str_n(value.text.ptr + 1, value.text.len - 2) : value.text};
    int failed = 0;
    if (value.text.len + 4 > sizeof raw || type == JSON_OBJECT || type == JSON_ARRAY)
        return;
    if (field->shape == SHAPE_LIST && pod_value_fits(value, (enum pod_kind)field->kind, &failed) &&
        field->kind != POD_OBJECT) {
        snprintf(raw, sizeof raw, "[%.*s]", (int)value.text.len, value.text.ptr);
        finding_edit(f, f->pointer, str_of(raw));
    } else if (field->shape == SHAPE_ONE && field->kind == POD_TEXT) {
        snprintf(raw, sizeof raw, "\"%.*s\"", (int)value.text.len, value.text.ptr);
        finding_edit(f, f->pointer, str_of(raw));
    } else if (field->shape == SHAPE_ONE && type == JSON_STRING && field->kind != POD_QUANTITY && inner.text.len) {
        bool number = isdigit((unsigned char)*inner.text.ptr) && (*inner.text.ptr != '0' || inner.text.len == 1);
        for (size_t i = 0; i < inner.text.len; i++)
            number = number && isdigit((unsigned char)inner.text.ptr[i]);
        bool truth = str_is(inner.text, "true") || str_is(inner.text, "false");
        if ((number || truth) && pod_value_fits(inner, (enum pod_kind)field->kind, &failed))
            f->safe = finding_edit(f, f->pointer, inner.text);
    }
}

static void say_cure(struct mpijob_finding *f, const struct pod_field *field)
{
    char path[FINDING_POINTER];
    mpijob_finding_path(f->pointer, path);
    if (f->edit_count && f->safe)
        finding_cure(f, "set %s to %s, without quotes", path, f->edits[0].raw);
    else if (f->edit_count)
        finding_cure(f, "set %s to %s, if that was meant", path, f->edits[0].raw);
    else if (field->shape == SHAPE_ONE && field->kind == POD_QUANTITY)
        finding_cure(f, "write %s as Kubernetes reads it, such as 8, \"500m\" or \"16Gi\"; here it counts as 0", path);
    else
        finding_cure(f, "set %s to the value that was meant (%s), or remove it", path, wanted_of(field));
}

/* The last finding of a job that has too many. Its place is that of all, so that who compares two objects compares
 * them there. */
static void say_more(struct walking *w)
{
    struct mpijob_finding f;
    struct json all = json_at(w->in->view->object, "/spec/mpiReplicaSpecs");
    finding_begin(&f, PROBLEM_WRONG_TYPE, SEVERITY_ERROR, "/spec/mpiReplicaSpecs", all);
    if (!finding_wrong_type(w->in, &f, "more than one value of the wrong type", "others"))
        return;
    finding_cure(&f, "there are more than %d of them, and no more are named: mend those that are, and look again",
                 MOST);
    finding_report(w->in, &f);
}

static void wrong_type(struct walking *w, const struct pod_field *field, struct json value)
{
    struct mpijob_finding f;
    char pointer[FINDING_POINTER];
    place_of(w, pointer);
    finding_begin(&f, PROBLEM_WRONG_TYPE, SEVERITY_ERROR, pointer, value);
    if (!finding_wrong_type(w->in, &f, what_it_is(value, field), wanted_of(field)))
        return;
    if (strcmp(pointer, w->pointer.ptr) == 0)
        offer(&f, field, value);
    say_cure(&f, field);
    finding_report(w->in, &f);
}

static void object_for_list(struct walking *w, struct json value)
{
    struct mpijob_finding f;
    char pointer[FINDING_POINTER], path[FINDING_POINTER];
    place_of(w, pointer);
    finding_begin(&f, PROBLEM_OBJECT_FOR_LIST, SEVERITY_ERROR, pointer, value);
    finding_means(&f,
                  "an object stands where a list belongs: no typed client can list MPIJobs any more, the controller "
                  "among them, so it is as good as stopped for every job");
    bool empty = json_count(value) == 0 && strcmp(pointer, w->pointer.ptr) == 0;
    f.safe = empty && finding_edit(&f, pointer, str_of("[]"));
    if (empty)
        finding_cure(&f, "set %s to [], which a client that does not tell {} from [] has overwritten",
                     mpijob_finding_path(pointer, path));
    else
        finding_cure(&f, "write %s as a list", mpijob_finding_path(pointer, path));
    finding_report(w->in, &f);
}

static void misfit(struct walking *w, const struct pod_field *field, struct json value)
{
    if (w->ended)
        return;
    if (w->said++ == MOST) {
        w->ended = true;
        say_more(w);
    } else if (field->shape == SHAPE_LIST && json_type(value) == JSON_OBJECT) {
        object_for_list(w, value);
    } else {
        wrong_type(w, field, value);
    }
}

/* ---- the way through it ---- */

static bool is_named(struct json key, const char *name)
{
    struct str raw = str_n(key.text.ptr + 1, key.text.len - 2);
    return memchr(raw.ptr, '\\', raw.len) ? json_string_is(key, str_of(name)) : str_is(raw, name);
}

static void lack_memory(struct walking *w)
{
    w->in->failed = ERR_NOMEM;
    w->ended = true;
}

/* Goes on with one member or element, whose name is added to the pointer meanwhile. */
static void step(struct walking *w, struct str name, const struct pod_field *field, struct json value)
{
    size_t len = w->pointer.len;
    json_pointer_push(&w->pointer, name);
    if (w->pointer.failed) {
        lack_memory(w);
        return;
    }
    walk(w, field, value);
    w->pointer.len = len;
    w->pointer.ptr[len] = '\0';
}

static void step_key(struct walking *w, struct json key, const struct pod_field *field, struct json value)
{
    struct str raw = str_n(key.text.ptr + 1, key.text.len - 2);
    struct buf decoded = BUF_INIT;
    if (memchr(raw.ptr, '\\', raw.len)) {
        json_decode(key, &decoded);
        raw = buf_str(&decoded);
    }
    if (decoded.failed)
        lack_memory(w);
    else
        step(w, raw, field, value);
    buf_free(&decoded);
}

/* Names are matched as they are, letter case counts, and what has no type is passed over: so does apimachinery. Of a
 * name that stands twice, each is decoded. */
static void members(struct walking *w, const struct pod_type *type, struct json object)
{
    for (struct json_iter it = json_iter(object); json_next(&it) && !w->ended;) {
        for (size_t i = 0; i < type->count; i++) {
            if (is_named(it.key, type->fields[i].name)) {
                step_key(w, it.key, &type->fields[i], it.value);
                break;
            }
        }
    }
}

static void elements(struct walking *w, const struct pod_field *field, struct json list)
{
    struct pod_field one = *field;
    char index[24];
    size_t n = 0;
    one.shape = SHAPE_ONE;
    for (struct json_iter it = json_iter(list); json_next(&it) && !w->ended; n++) {
        snprintf(index, sizeof index, "%zu", n);
        step(w, str_of(index), &one, it.value);
    }
}

static void entries(struct walking *w, const struct pod_field *field, struct json map)
{
    struct pod_field one = *field;
    one.shape = SHAPE_ONE;
    for (struct json_iter it = json_iter(map); json_next(&it) && !w->ended;)
        step_key(w, it.key, &one, it.value);
}

static void walk(struct walking *w, const struct pod_field *field, struct json value)
{
    enum json_type type = json_type(value);
    if (type <= JSON_NULL)
        return;
    if (field->shape == SHAPE_LIST && type == JSON_ARRAY)
        elements(w, field, value);
    else if (field->shape == SHAPE_MAP && type == JSON_OBJECT)
        entries(w, field, value);
    else if (field->shape == SHAPE_ONE && field->kind == POD_OBJECT && type == JSON_OBJECT)
        members(w, pod_type_of(field), value);
    else if (field->shape != SHAPE_ONE || field->kind == POD_OBJECT ||
             !pod_value_fits(value, (enum pod_kind)field->kind, &w->in->failed))
        misfit(w, field, value);
}

/* ---- from the job to its templates ---- */

/* kubeflow/common's ReplicaSpec, in every version. */
static const struct pod_field replicas = {"replicas", SHAPE_ONE, POD_INT32, 0};
static const struct pod_field restart = {"restartPolicy", SHAPE_ONE, POD_TEXT, 0};
static const struct pod_field object = {"", SHAPE_ONE, POD_OBJECT, 0}; /* one whose members are looked at here */

static void replica_spec(struct walking *w, struct json spec)
{
    for (struct json_iter it = json_iter(spec); json_next(&it) && !w->ended;) {
        if (is_named(it.key, replicas.name))
            step_key(w, it.key, &replicas, it.value);
        else if (is_named(it.key, restart.name))
            step_key(w, it.key, &restart, it.value);
        else if (is_named(it.key, "template"))
            step_key(w, it.key, pod_template_field(), it.value);
    }
}

void inspect_templates(struct inspecting *in)
{
    struct walking w = {.in = in, .pointer = BUF_INIT};
    struct json specs = json_at(in->view->object, "/spec/mpiReplicaSpecs");
    buf_puts(&w.pointer, "/spec/mpiReplicaSpecs");
    if (w.pointer.failed)
        in->failed = ERR_NOMEM;
    else if (json_type(specs) > JSON_NULL && json_type(specs) != JSON_OBJECT)
        misfit(&w, &object, specs);
    for (struct json_iter it = json_iter(specs); !in->failed && json_next(&it) && !w.ended;) {
        size_t len = w.pointer.len;
        struct buf name = BUF_INIT;
        json_decode(it.key, &name);
        json_pointer_push(&w.pointer, buf_str(&name));
        if (name.failed || w.pointer.failed)
            in->failed = ERR_NOMEM;
        else if (json_type(it.value) == JSON_OBJECT)
            replica_spec(&w, it.value);
        else if (json_type(it.value) != JSON_NULL)
            misfit(&w, &object, it.value);
        buf_free(&name);
        w.pointer.len = len;
    }
    buf_free(&w.pointer);
}
