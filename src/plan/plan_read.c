/* SPDX-License-Identifier: Apache-2.0 */
/* From text to a plan. The text may come from anywhere: everything in it is checked. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/texts.h"
#include "base/visible.h"
#include "mpijob/kind.h"
#include "plan/plan_parts.h"

struct reader {
    struct plan *plan;
    const char *what; /* names the text */
    char place[64];   /* "changes[3].object" */
    struct error *err;
    int rc;
};

static bool fail(struct reader *r, const char *key, const char *expected)
{
    if (!r->rc)
        r->rc = error_set(r->err, ERR_INVALID, "%s: %s%s%s has to be %s: make the plan again", r->what, r->place,
                          *r->place ? "." : "", key, expected);
    return false;
}

static bool nomem(struct reader *r)
{
    if (!r->rc)
        r->rc = error_nomem(r->err);
    return false;
}

/* ---- texts ---- */

enum need { NEED, MAY_LACK };

/* A text that a terminal may be shown, malloc'd. *out NULL: it is not there. */
static bool take_text(struct reader *r, struct json object, const char *key, enum need need, char **out)
{
    struct json value = json_get(object, key);
    struct buf text = BUF_INIT;
    *out = NULL;
    if (!json_exists(value) && need == MAY_LACK)
        return true;
    if (json_type(value) != JSON_STRING)
        return fail(r, key, "a text");
    buf_puts(&text, "");
    if (!json_decode(value, &text)) {
        buf_free(&text);
        return nomem(r);
    }
    if (text.len && strlen(text.ptr) != text.len) {
        buf_free(&text);
        return fail(r, key, "a text without NUL");
    }
    if (strcmp(key, "why") == 0) { /* a sentence, which may have more than one line */
        struct buf shown = BUF_INIT;
        buf_puts(&shown, "");
        visible_add(&shown, buf_str(&text));
        buf_free(&text);
        text = shown;
    } else if (visible_has_control(buf_str(&text))) {
        buf_free(&text);
        return fail(r, key, "a text without control characters");
    }
    size_t len;
    *out = buf_take(&text, &len);
    return *out || nomem(r);
}

static bool take_flag(struct reader *r, struct json object, const char *key, bool *out)
{
    struct json value = json_get(object, key);
    *out = json_is_true(value);
    return !json_exists(value) || json_type(value) == JSON_BOOL || fail(r, key, "true or false");
}

/* A part of a path: a name of Kubernetes' or of its API. */
static bool is_plain(const char *text, bool may_be_empty)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:";
    size_t len = strlen(text);
    return len <= 253 && strspn(text, plain) == len && (len || may_be_empty) && strcmp(text, ".") != 0 &&
           strcmp(text, "..") != 0;
}

/* ---- a write ---- */

struct taken { /* each malloc'd */
    char *verb, *resource, *version, *kind, *name_space, *name, *uid, *resource_version, *effect, *why, *propagation;
};

static bool take_texts(struct reader *r, struct json v, struct taken *t)
{
    return take_text(r, v, "verb", NEED, &t->verb) && take_text(r, v, "resource", NEED, &t->resource) &&
           take_text(r, v, "version", NEED, &t->version) && take_text(r, v, "kind", NEED, &t->kind) &&
           take_text(r, v, "namespace", MAY_LACK, &t->name_space) && take_text(r, v, "name", NEED, &t->name) &&
           take_text(r, v, "uid", NEED, &t->uid) && take_text(r, v, "resourceVersion", NEED, &t->resource_version) &&
           take_text(r, v, "effect", NEED, &t->effect) && take_text(r, v, "why", NEED, &t->why) &&
           take_text(r, v, "propagation", MAY_LACK, &t->propagation);
}

static void free_taken(struct taken *t)
{
    free(t->verb);
    free(t->resource);
    free(t->version);
    free(t->kind);
    free(t->name_space);
    free(t->name);
    free(t->uid);
    free(t->resource_version);
    free(t->effect);
    free(t->why);
    free(t->propagation);
}

static bool find_verb(struct reader *r, const char *name, enum change_verb *verb)
{
    for (int v = CHANGE_PATCH; v <= CHANGE_DELETE; v++) {
        *verb = (enum change_verb)v;
        if (strcmp(name, plan_verb_name(*verb)) == 0)
            return true;
    }
    return fail(r, "verb", "one of patch, replace, create, delete");
}

static bool check_places(struct reader *r, const struct taken *t, const struct plan_write *w, const char *group,
                         struct json body)
{
    const struct mpijob_kind *kind;
    bool made = w->verb == CHANGE_CREATE;
    char plural[256];
    snprintf(plural, sizeof plural, "%.*s", (int)strcspn(t->resource, "."), t->resource);
    const struct kube_resource resource = {.group = group, .plural = plural};
    if (!is_plain(t->resource, false) || !*plural || !is_plain(group, !strchr(t->resource, '.')))
        return fail(r, "resource", "the name of a resource");
    if (plan_tells_secret(&resource, w->verb, w->json_patch, body))
        return fail(r, "resource", "another one than secrets, of which a plan holds labels alone");
    if (!is_plain(t->version, false))
        return fail(r, "version", "a version");
    if (t->name_space && !is_plain(t->name_space, false))
        return fail(r, "namespace", "a name");
    if (!is_plain(t->name, false))
        return fail(r, "name", "a name");
    if (!is_plain(t->uid, made))
        return fail(r, "uid", "that of the object");
    if (!is_plain(t->resource_version, made))
        return fail(r, "resourceVersion", "that of the object");
    if (w->ours && (strcmp(group, MPIJOB_GROUP) != 0 || !mpijob_kind_find(str_of(plural), &kind)))
        return fail(r, "judged", "of a kind of job");
    return true;
}

/* The body is the object that the rest speaks of, in the version that was looked at. */
static bool check_body(struct reader *r, const struct taken *t, const struct plan_write *w, struct json body)
{
    enum json_type wanted = w->verb == CHANGE_DELETE ? JSON_ABSENT : w->json_patch ? JSON_ARRAY : JSON_OBJECT;
    if (json_type(body) != wanted)
        return fail(r, "body", w->json_patch ? "a list of steps" : wanted ? "an object" : "left out");
    if (w->verb != CHANGE_REPLACE && w->verb != CHANGE_CREATE)
        return true;
    struct json name = json_at(body, "/metadata/name"), name_space = json_at(body, "/metadata/namespace");
    if (!json_string_is(name, str_of(t->name)) ||
        (json_exists(name_space) && !json_string_is(name_space, str_of(or_empty(t->name_space)))))
        return fail(r, "body", "the object that is named");
    if (w->verb == CHANGE_REPLACE &&
        !json_string_is(json_at(body, "/metadata/resourceVersion"), str_of(t->resource_version)))
        return fail(r, "body", "of the resourceVersion that was looked at");
    return true;
}

static bool take_diff(struct reader *r, struct json v, struct mpijob_diff *diff)
{
    struct json array = json_get(v, "diff");
    int rc = json_type(array) == JSON_ARRAY ? mpijob_diff_read(diff, array, NULL) : ERR_INVALID;
    return rc == 0 || (rc == ERR_NOMEM ? nomem(r) : fail(r, "diff", "a list of differences"));
}

static bool take_parts(struct reader *r, struct json v, struct taken *t, struct plan_write *w)
{
    struct json body = json_get(v, "body");
    bool good = take_texts(r, v, t) && find_verb(r, t->verb, &w->verb) && take_flag(r, v, "judged", &w->ours) &&
                take_flag(r, v, "json_patch", &w->json_patch) && take_flag(r, v, "splices", &w->splices) &&
                take_flag(r, v, "destructive", &w->destructive);
    if (!good)
        return false;
    size_t dot = strcspn(t->resource, ".");
    const char *group = t->resource[dot] ? t->resource + dot + 1 : "";
    if (!check_places(r, t, w, group, body) || !check_body(r, t, w, body) || !take_diff(r, v, &w->diff))
        return false;
    char *raw = str_dup(json_exists(body) ? body.text : str_of("")), plural[256];
    snprintf(plural, sizeof plural, "%.*s", (int)dot, t->resource);
    if (raw)
        w->texts = TEXTS_COPY({&w->group, group}, {&w->version, t->version}, {&w->plural, plural}, {&w->kind, t->kind},
                              {&w->name_space, t->name_space}, {&w->name, t->name}, {&w->uid, t->uid},
                              {&w->resource_version, t->resource_version}, {&w->body, raw},
                              {&w->propagation, t->propagation}, {&w->effect, t->effect}, {&w->why, t->why});
    free(raw);
    return w->texts || nomem(r);
}

/* *w stays empty where there is no such write. */
static bool take_write(struct reader *r, struct json change, const char *key, size_t i, struct plan_write *w)
{
    struct json v = json_get(change, key);
    struct taken t = {0};
    if (!json_exists(v))
        return true;
    snprintf(r->place, sizeof r->place, "changes[%zu]", i);
    if (json_type(v) != JSON_OBJECT)
        return fail(r, key, "an object");
    snprintf(r->place, sizeof r->place, "changes[%zu].%s", i, key);
    bool good = take_parts(r, v, &t, w);
    free_taken(&t);
    return good;
}

/* ---- the lists ---- */

static bool take_change(struct reader *r, struct json v, size_t i)
{
    struct plan_change *c = &r->plan->changes[i];
    char *policy = NULL, *job = NULL;
    *c = (struct plan_change){.at = i};
    r->plan->change_count = i + 1;
    snprintf(r->place, sizeof r->place, "changes[%zu]", i);
    bool good = (json_type(v) == JSON_OBJECT || fail(r, "object", "there")) &&
                take_text(r, v, "policy", NEED, &policy) && take_text(r, v, "job", NEED, &job) &&
                take_flag(r, v, "destructive_allowed", &c->leave) && take_flag(r, v, "last", &c->last);
    if (good) {
        c->texts = TEXTS_COPY({&c->policy, policy}, {&c->job, job});
        good = c->texts || nomem(r);
    }
    free(policy);
    free(job);
    good = good && take_write(r, v, "object", i, &c->object);
    for (int is = CHILD_LAUNCHER; good && is < MPIJOB_CHILDREN && !c->child.texts; is++)
        good = take_write(r, v, c->child_called = mpijob_child_called((enum mpijob_children)is), i, &c->child);
    return good && (c->object.texts || c->child.texts || fail(r, "object", "there, or launcher"));
}

static bool take_changes(struct reader *r, struct json root)
{
    struct json list = json_get(root, "changes");
    size_t n = json_count(list), i = 0;
    if (json_type(list) != JSON_ARRAY)
        return fail(r, "changes", "a list");
    r->plan->changes = calloc(n ? n : 1, sizeof *r->plan->changes);
    if (!r->plan->changes)
        return nomem(r);
    r->plan->change_cap = n ? n : 1;
    for (struct json_iter it = json_iter(list); json_next(&it);) {
        if (!take_change(r, it.value, i++))
            return false;
    }
    return true;
}

/* Rows of three texts at most, the last of which may be missing. */
static bool take_rows(struct reader *r, struct json root, const char *key, const char *const names[3],
                      bool (*add)(struct reader *r, char *const texts[3]))
{
    struct json list = json_get(root, key);
    size_t i = 0;
    bool good = true;
    if (json_type(list) != JSON_ARRAY)
        return fail(r, key, "a list");
    for (struct json_iter it = json_iter(list); good && json_next(&it);) {
        char *texts[3] = {NULL};
        snprintf(r->place, sizeof r->place, "%s[%zu]", key, i++);
        for (size_t j = 0; good && j < 3 && names[j]; j++)
            good = take_text(r, it.value, names[j], NEED, &texts[j]);
        good = good && add(r, texts);
        for (size_t j = 0; j < 3; j++)
            free(texts[j]);
    }
    r->place[0] = '\0';
    return good;
}

static bool add_file(struct reader *r, char *const texts[3])
{
    struct plan *p = r->plan;
    struct plan_file *files = realloc(p->files, (p->file_count + 1) * sizeof *files), one = {0};
    if (!files)
        return nomem(r);
    p->files = files;
    one.texts = TEXTS_COPY({&one.path, texts[0]}, {&one.sum, texts[1]});
    if (!one.texts)
        return nomem(r);
    p->files[p->file_count++] = one;
    return true;
}

static bool add_left(struct reader *r, char *const texts[3])
{
    plan_add_left(r->plan, texts[0], texts[1], texts[2]);
    return !r->plan->failed || nomem(r);
}

static bool take_head(struct reader *r, struct json root)
{
    struct json cluster = json_get(root, "cluster");
    char *by = NULL, *name = NULL, *server = NULL, *uid = NULL;
    struct plan head = {0};
    bool good =
        take_text(r, root, "by", NEED, &by) && (json_type(cluster) == JSON_OBJECT || fail(r, "cluster", "an object"));
    if (good && !json_int64(json_get(root, "made_at_us"), &head.made_at))
        good = fail(r, "made_at_us", "a number");
    if (good)
        snprintf(r->place, sizeof r->place, "cluster");
    good = good && take_text(r, cluster, "name", NEED, &name) && take_text(r, cluster, "server", NEED, &server) &&
           take_text(r, cluster, "uid", NEED, &uid);
    r->place[0] = '\0';
    if (good) {
        head.by = by;
        head.cluster = name;
        head.server = server;
        head.identity = uid;
        plan_set_head(r->plan, &head);
        good = !r->plan->failed || nomem(r);
    }
    free(by);
    free(name);
    free(server);
    free(uid);
    return good;
}

/* ---- the whole ---- */

bool plan_is_one(struct str text)
{
    return str_starts(text, "{\"" PLAN_KEY "\":");
}

/* The sum that stands at the end, and what it is the sum of. */
static int check_sum(struct plan *p, struct str text, const char *what, struct error *err)
{
    static const size_t before = sizeof PLAN_SUM_BEFORE - 1, after = sizeof PLAN_SUM_AFTER - 1, sum = PLAN_SUM - 1;
    const size_t tail = before + sum + after;
    char real[PLAN_SUM];
    text = str_trim(text);
    const char *end = text.len > tail ? text.ptr + text.len - tail : NULL;
    if (!end || memcmp(end, PLAN_SUM_BEFORE, before) != 0 || memcmp(end + before + sum, PLAN_SUM_AFTER, after) != 0)
        return error_set(err, ERR_SYNTAX,
                         "%s: the plan does not end with its sum: it was cut, or written again by "
                         "another program; make it again with mpijobd plan --out",
                         what);
    int rc = plan_sum(str_n(text.ptr, text.len - tail), real, err);
    if (!rc && memcmp(real, end + before, sum) != 0)
        rc =
            error_set(err, ERR_INVALID,
                      "%s: the plan was changed since it was written: its sum does not fit. Make it again with mpijobd "
                      "plan --out",
                      what);
    if (!rc)
        memcpy(p->sum, real, sizeof real);
    return rc;
}

static int check_version(struct json root, const char *what, struct error *err)
{
    int64_t version = 0;
    if (json_type(root) != JSON_OBJECT || !json_exists(json_get(root, PLAN_KEY)))
        return error_set(err, ERR_SYNTAX, "%s is no plan; mpijobd plan PATH --out FILE writes one", what);
    if (!json_int64(json_get(root, PLAN_KEY), &version) || version < 1)
        return error_set(err, ERR_INVALID, "%s: %s has to be %d", what, PLAN_KEY, PLAN_VERSION);
    if (version > PLAN_VERSION)
        return error_set(err, ERR_INVALID,
                         "%s was written by a newer mpijobd (plans of version %" PRId64
                         ", this one knows %d): use that version, or make the plan again",
                         what, version, PLAN_VERSION);
    return 0;
}

int plan_read(struct plan *p, struct str text, const char *what, struct error *err)
{
    struct json root;
    struct reader r = {.plan = p, .what = what, .err = err};
    static const char *const file_keys[3] = {"path", "sha256", NULL}, *const left_keys[3] = {"policy", "job", "why"};
    *p = (struct plan){0};
    int rc = text.len ? json_parse(text, what, &root, err) : error_set(err, ERR_SYNTAX, "%s is empty", what);
    if (!rc)
        rc = check_version(root, what, err);
    if (!rc)
        rc = check_sum(p, text, what, err);
    if (rc)
        return rc;
    if (!take_head(&r, root) || !take_rows(&r, root, "files", file_keys, add_file) ||
        !take_rows(&r, root, "left_out", left_keys, add_left) || !take_changes(&r, root)) {
        plan_free(p);
        return r.rc;
    }
    return 0;
}
