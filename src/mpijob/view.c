/* SPDX-License-Identifier: Apache-2.0 */
/* Reading one object into a view: its identity, its phase and times, its roles. */
#include "mpijob/view.h"

#include "base/clock.h"
#include "mpijob/dialect.h"
#include "mpijob/kind.h"
#include "mpijob/shown.h"

/* ---- phases ---- */

static const char *const phase_names[MPIJOB_PHASES] = {"Pending",   "Running",   "Restarting",
                                                       "Suspended", "Succeeded", "Failed"};

const char *mpijob_phase_name(enum mpijob_phase phase)
{
    return phase_names[phase];
}

bool mpijob_phase_parse(struct str text, enum mpijob_phase *phase)
{
    for (int i = 0; i < MPIJOB_PHASES; i++) {
        if (str_is(text, phase_names[i])) {
            *phase = (enum mpijob_phase)i;
            return true;
        }
    }
    return false;
}

/* ---- members ---- */

/* The text between the quotes; empty where the value is no string. Identifiers hold no escapes, see the header. */
static struct str content(struct json value)
{
    if (json_type(value) != JSON_STRING)
        return (struct str){0};
    return str_n(value.text.ptr + 1, value.text.len - 2);
}

static bool plain(struct str text)
{
    return !text.len || !memchr(text.ptr, '\\', text.len);
}

/* As Kubernetes has names: letters, digits, "-" and, where dots are set, "."; at most `most` bytes. Anything else would
 * change a path, and no API server lets it through. */
static bool is_name(struct str text, size_t most, bool dots)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool inner = i > 0 && i + 1 < text.len;
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && !(inner && (c == '-' || (dots && c == '.'))))
            return false;
    }
    return text.len <= most;
}

/* Members of one object, picked out in a single pass: metadata is long (managedFields), and many of them are wanted.
 * The last of two of one name counts. names: NULL-terminated. */
static void pick(struct json object, const char *const *names, struct json *values)
{
    for (struct json_iter it = json_iter(json_type(object) == JSON_OBJECT ? object : (struct json){0});
         json_next(&it);) {
        for (size_t i = 0; names[i]; i++) {
            if (json_string_is(it.key, str_of(names[i]))) {
                values[i] = it.value;
                break;
            }
        }
    }
}

static int64_t time_of(struct json value)
{
    char text[64];
    struct str s = content(value);
    int64_t us;
    if (!s.len || s.len >= sizeof text)
        return MPIJOB_NO_TIME;
    memcpy(text, s.ptr, s.len);
    text[s.len] = '\0';
    return clock_parse(text, &us) ? us : MPIJOB_NO_TIME;
}

struct condition {
    struct json value;
    int64_t since; /* lastTransitionTime */
};

/* Later by time; the list's order decides between equals, as the controllers append. */
static bool later(const struct condition *a, const struct condition *b)
{
    return !json_exists(b->value) || a->since >= b->since;
}

struct conditions {
    struct condition held[MPIJOB_PHASES]; /* True, by phase */
    struct condition resumed;             /* Suspended, and False */
};

static void read_conditions(struct json list, struct conditions *c)
{
    *c = (struct conditions){0};
    if (json_type(list) != JSON_ARRAY)
        return;
    for (struct json_iter it = json_iter(list); json_next(&it);) {
        enum mpijob_phase phase;
        struct condition now = {it.value, time_of(json_get(it.value, "lastTransitionTime"))};
        if (!mpijob_phase_parse(content(json_get(it.value, "type")), &phase))
            continue;
        if (json_string_is(json_get(it.value, "status"), str_of("True"))) {
            if (later(&now, &c->held[phase]))
                c->held[phase] = now;
        } else if (phase == PHASE_SUSPENDED) {
            c->resumed = now;
        }
    }
}

/* The end is looked at first: v2beta1 before v0.8.2 can leave Running=True on a finished job. */
static enum mpijob_phase decide(const struct conditions *c)
{
    static const enum mpijob_phase groups[][2] = {
        {PHASE_SUCCEEDED, PHASE_FAILED}, {PHASE_SUSPENDED, PHASE_SUSPENDED}, {PHASE_RESTARTING, PHASE_RUNNING}};
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        const struct condition *first = &c->held[groups[i][0]], *second = &c->held[groups[i][1]];
        if (json_exists(second->value))
            return json_exists(first->value) && first->since > second->since ? groups[i][0] : groups[i][1];
        if (json_exists(first->value))
            return groups[i][0];
    }
    return PHASE_PENDING;
}

/* ---- phases that the kind's row tells ---- */

static struct condition condition_of(struct json list, const char *type, const char *status)
{
    struct condition found = {0};
    for (struct json_iter it = json_iter(json_type(list) == JSON_ARRAY ? list : (struct json){0}); json_next(&it);) {
        struct condition now = {it.value, time_of(json_get(it.value, "lastTransitionTime"))};
        if (str_is(content(json_get(it.value, "type")), type) &&
            json_string_is(json_get(it.value, "status"), str_of(status)) && later(&now, &found))
            found = now;
    }
    return found;
}

static bool is_set(struct json value)
{
    int64_t number;
    switch (json_type(value)) {
    case JSON_BOOL:
        return json_is_true(value);
    case JSON_NUMBER:
        return !json_int64(value, &number) || number != 0;
    case JSON_STRING:
        return value.text.len > 2;
    default:
        return json_exists(value) && json_type(value) != JSON_NULL;
    }
}

/* Of an object of counts: are so many ready, or have succeeded? */
static bool are_ready(struct json counts, int64_t wanted)
{
    int64_t ready = 0, succeeded = 0;
    json_int64(json_get(counts, "ready"), &ready);
    json_int64(json_get(counts, "succeeded"), &succeeded);
    return ready >= wanted || succeeded >= wanted || ready + succeeded >= wanted;
}

#define WORK_MAX ((size_t)4 << 20) /* bytes */

static int64_t replicas_of(struct json list, struct json name)
{
    int64_t replicas = 1;
    for (struct json_iter it = json_iter(list); json_next(&it);) {
        if (json_exists(name) && json_equal(json_get(it.value, "name"), name))
            json_int64(json_get(it.value, "replicas"), &replicas);
    }
    return replicas;
}

/* See struct mpijob_phase_row. An empty list tells nothing. */
static bool wanted_are_ready(const struct mpijob_phase_row *row, struct json object)
{
    struct json counts = mpijob_value_at(object, row->where), wanted = json_at(object, row->wanted);
    int64_t number = 1;
    if (json_type(counts) != JSON_ARRAY) {
        json_int64(wanted, &number);
        return number > 0 && are_ready(counts, number);
    }
    struct json each = json_type(wanted) == JSON_ARRAY ? wanted : (struct json){0};
    size_t many = json_count(counts);
    if (many && each.text.len > WORK_MAX / many) /* it would take too long to find the names */
        return false;
    for (struct json_iter it = json_iter(counts); json_next(&it);) {
        if (!are_ready(it.value, json_exists(each) ? replicas_of(each, json_get(it.value, "name")) : 1))
            return false;
    }
    return json_count(counts) > 0;
}

/* The first row that holds. `list`: the conditions; c->held of the phase, and of Running, is filled. */
static enum mpijob_phase read_rows(const struct mpijob_phase_row *rows, struct json object, struct json list,
                                   struct conditions *c)
{
    *c = (struct conditions){.resumed = condition_of(list, phase_names[PHASE_SUSPENDED], "False")};
    for (const struct mpijob_phase_row *row = rows; row->where; row++) {
        struct condition *held = &c->held[row->phase];
        if (row->wanted          ? wanted_are_ready(row, object)
            : *row->where == '/' ? is_set(mpijob_value_at(object, row->where))
                                 : json_exists((*held = condition_of(list, row->where, "True")).value)) {
            if (!json_exists(held->value))
                held->since = MPIJOB_NO_TIME;
            return (enum mpijob_phase)row->phase;
        }
    }
    return PHASE_PENDING;
}

static void read_status(struct json status, struct mpijob_view *v)
{
    static const char *const names[] = {"conditions", "startTime", "completionTime", "replicaStatuses", NULL};
    struct json s[4] = {0};
    struct conditions c;
    const struct mpijob_phase_row *rows = mpijob_kind_info(v->target.kind)->phases;
    pick(status, names, s);
    if (rows) {
        v->phase = read_rows(rows, v->object, s[0], &c);
    } else {
        read_conditions(s[0], &c);
        v->phase = decide(&c);
    }
    const struct condition *deciding = &c.held[v->phase];
    v->reason = content(json_get(deciding->value, "reason"));
    v->message = content(json_get(deciding->value, "message"));
    v->evicted = v->phase == PHASE_FAILED && str_is(v->reason, "MPIJobEvicted");
    bool goes = v->phase != PHASE_PENDING && v->phase != PHASE_SUSPENDED;
    v->started = !mpijob_kind_info(v->target.kind)->undated ? time_of(s[1])
                 : !goes                                    ? MPIJOB_NO_TIME
                 : json_exists(c.resumed.value)             ? c.resumed.since
                                                            : v->created;
    v->finished = time_of(s[2]);
    if (v->finished == MPIJOB_NO_TIME && mpijob_phase_finished(v->phase))
        v->finished = deciding->since;
    const struct condition *running = &c.held[PHASE_RUNNING];
    v->running_since = json_exists(running->value) && running->since != MPIJOB_NO_TIME ? running->since : v->started;
    v->suspended_since = v->phase == PHASE_SUSPENDED ? deciding->since : MPIJOB_NO_TIME;
    v->pending_since = v->created;
    if (json_exists(c.resumed.value) && c.resumed.since > v->created)
        v->pending_since = c.resumed.since;
    struct json workers = json_get(s[3], "Worker");
    v->workers_active = -1;
    if (json_type(workers) != JSON_OBJECT ||
        (mpijob_phase_finished(v->phase) && !mpijob_dialect(v->target)->reader->status_keeps_workers))
        return;
    v->workers_active = 0;
    json_int64(json_get(workers, "active"), &v->workers_active);
}

static struct json object_or_absent(struct json value)
{
    return json_type(value) == JSON_OBJECT ? value : (struct json){0};
}

static void read_roles(struct json spec, struct mpijob_view *v)
{
    const char *specs = mpijob_kind_info(v->target.kind)->specs;
    struct json workers = specs ? json_get(json_get(spec, specs), "Worker") : (struct json){0};
    v->workers = json_type(workers) == JSON_OBJECT ? mpijob_kind_replicas(v->target.kind, "Worker") : 0;
    json_int64(json_get(workers, "replicas"), &v->workers);
}

static int check_kind(const struct mpijob_view *v, struct json kind, struct error *err)
{
    const struct mpijob_kind *k = mpijob_kind_info(v->target.kind);
    if (json_exists(kind) && !json_string_is(kind, str_of(k->name)))
        return error_set(err, ERR_INVALID, "not %s %s: its kind is %.*s", k->article, k->name, shown(kind.text, 60),
                         kind.text.ptr);
    if (!v->api_version.len)
        return 0;
    enum mpijob_version version;
    char known[MPIJOB_VERSIONS_TEXT];
    if (!mpijob_kind_api_version(v->target.kind, v->api_version, &version)) {
        int count = mpijob_kind_versions(v->target.kind, " and ", known);
        return error_set(err, ERR_INVALID, "%s %.*s/%.*s has apiVersion \"%.*s\"; known %s %s%s%s", k->name,
                         (int)v->name_space.len, v->name_space.ptr, (int)v->name.len, v->name.ptr,
                         (int)v->api_version.len, v->api_version.ptr, count > 1 ? "are" : "is", k->group,
                         *k->group ? "/" : "", known);
    }
    if (version != v->target.version)
        return error_set(err, ERR_INVALID, "%s %.*s/%.*s is %s, but %s was expected: read it through that version",
                         k->name, (int)v->name_space.len, v->name_space.ptr, (int)v->name.len, v->name.ptr,
                         mpijob_kind_version_name(k, version), mpijob_target_version(v->target));
    return 0;
}

enum { OF_METADATA, OF_STATUS, OF_SPEC, OF_KIND, OF_VERSION, OF_OBJECT };
static const char *const object_names[] = {"metadata", "status", "spec", "kind", "apiVersion", NULL};
enum { NAME, NAMESPACE, UID, RESOURCE_VERSION, CREATED, DELETED, GENERATION, LABELS, ANNOTATIONS, OF_META };
static const char *const metadata_names[] = {
    "name",   "namespace",   "uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "generation",
    "labels", "annotations", NULL};

int mpijob_view(struct json object, struct mpijob_target target, struct mpijob_view *view, struct error *err)
{
    struct json o[OF_OBJECT] = {0}, m[OF_META] = {0};
    pick(object, object_names, o);
    pick(o[OF_METADATA], metadata_names, m);
    *view = (struct mpijob_view){
        .object = object,
        .target = target,
        .name_space = content(m[NAMESPACE]),
        .name = content(m[NAME]),
        .uid = content(m[UID]),
        .resource_version = content(m[RESOURCE_VERSION]),
        .api_version = content(o[OF_VERSION]),
        .created = time_of(m[CREATED]),
        .deleting = json_type(m[DELETED]) == JSON_STRING,
        .labels = object_or_absent(m[LABELS]),
        .annotations = object_or_absent(m[ANNOTATIONS]),
    };
    const struct mpijob_kind *k = mpijob_kind_info(target.kind);
    if (json_type(object) != JSON_OBJECT)
        return error_set(err, ERR_INVALID, "not %s %s: it is %s, an object was expected", k->article, k->name,
                         json_type_name(json_type(object)));
    if (!view->name.len)
        return error_set(err, ERR_INVALID, "not %s %s: it has no metadata.name", k->article, k->name);
    if (!plain(view->name) || !plain(view->name_space) || !plain(view->uid) || !plain(view->resource_version))
        return error_set(err, ERR_INVALID,
                         "not %s %s: its name, namespace, uid or resourceVersion holds an escape, "
                         "which no API server lets through",
                         k->article, k->name);
    if (!is_name(view->name, MPIJOB_NAME_MAX, true))
        return error_set(err, ERR_INVALID, "not %s %s: \"%.*s\" is no name for one", k->article, k->name,
                         shown(view->name, 60), view->name.ptr);
    if (!is_name(view->name_space, MPIJOB_NAMESPACE_MAX, false))
        return error_set(err, ERR_INVALID, "not %s %s: \"%.*s\" is no name for a namespace", k->article, k->name,
                         shown(view->name_space, 60), view->name_space.ptr);
    if (mpijob_kind_described(k) && !view->name_space.len)
        return error_set(err, ERR_INVALID,
                         "%s %.*s is in no namespace, and policies are about objects in namespaces; change it by the "
                         "plugin's module, in a `run` function",
                         k->name, (int)view->name.len, view->name.ptr);
    int rc = check_kind(view, o[OF_KIND], err);
    if (rc)
        return rc;
    json_int64(m[GENERATION], &view->generation);
    read_roles(o[OF_SPEC], view);
    read_status(o[OF_STATUS], view);
    return 0;
}

/* A clock that lags behind the server's must not make an age negative: -1 has a meaning. */
static int64_t since(int64_t start, int64_t now)
{
    int64_t span;
    if (start == MPIJOB_NO_TIME || __builtin_sub_overflow(now, start, &span))
        return -1;
    return span > 0 ? span : 0;
}

int64_t mpijob_age(const struct mpijob_view *view, int64_t now)
{
    return since(view->created, now);
}

int64_t mpijob_pending_for(const struct mpijob_view *view, int64_t now)
{
    return view->phase == PHASE_PENDING ? since(view->pending_since, now) : -1;
}

int64_t mpijob_running_for(const struct mpijob_view *view, int64_t now)
{
    return view->phase == PHASE_RUNNING ? since(view->running_since, now) : -1;
}

int64_t mpijob_finished_for(const struct mpijob_view *view, int64_t now)
{
    return mpijob_phase_finished(view->phase) ? since(view->finished, now) : -1;
}

bool mpijob_label(const struct mpijob_view *view, const char *key, struct buf *out)
{
    return json_decode(json_get(view->labels, key), out);
}
