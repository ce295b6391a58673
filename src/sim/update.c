/* PUT, and the rest of the way that PUT and PATCH share. */
#include "sim/core.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char modified[] = "the object has been modified; please apply your changes to the latest version and try again";
enum { ETCD_MAX = 1572864 };

struct change {
    struct exchange *x;
    struct revision *rev; /* what is stored */
    json_object *old;     /* the same as a document of this version */
    json_object *doc;     /* what is to be stored */
    bool patch, status, forced;
};

static const char *meta_str(json_object *doc, const char *key)
{
    const char *s = doc_str(doc_get(doc, "metadata"), key);
    return s ? s : "";
}

static int check_identity(struct change *c)
{
    struct exchange *x = c->x;
    const char *name = meta_str(c->doc, "name"), *ns = meta_str(c->doc, "namespace");
    if (!*name)
        return fail_bad_request(x, "the name of the object (%s based on URL) was undeterminable: name must be provided", x->name);
    if (strcmp(name, x->name) != 0)
        return fail_bad_request(x, "the name of the object (%s) does not match the name on the URL (%s)", name, x->name);
    if (*ns && strcmp(ns, x->ns) != 0)
        return fail_bad_request(x, "the namespace of the provided object does not match the namespace sent on the request");
    return 0;
}

static int check_uid(struct change *c)
{
    const char *uid = meta_str(c->doc, "uid"), *stored = c->old ? meta_str(c->old, "uid") : "";
    if (!*uid || strcmp(uid, stored) == 0)
        return 0;
    if (c->patch)
        return fail_invalid(c->x, c->x->res->name, c->x->name, "FieldValueInvalid", "metadata.uid",
                            "Invalid value: \"%s\": field is immutable", uid);
    return fail_conflict(c->x, c->x->name, "StorageError: invalid object, Code: 4, Key: /%s/%s/%s, ResourceVersion: 0, "
                                           "AdditionalErrorMsg: Precondition failed: UID in precondition: %s, UID in object meta: %s",
                         c->x->res->plural, c->x->ns, c->x->name, uid, stored);
}

static int check_version(struct change *c)
{
    struct exchange *x = c->x;
    const char *given = meta_str(c->doc, "resourceVersion");
    char *end = NULL;
    errno = 0;
    unsigned long long version = *given ? strtoull(given, &end, 10) : 0;
    if (*given && (*end || errno || *given < '0' || *given > '9'))
        return fail_with(x, 500, NULL, NULL, NULL, "strconv.ParseUint: parsing \"%s\": invalid syntax", given);
    if (version == c->rev->version || (!version && x->res->unconditional))
        return 0;
    if (version)
        return fail_conflict(x, x->name, "%s", modified);
    struct details d = {.name = x->name, .group = x->res->group, .kind = x->res->plural};
    struct cause cause = {"FieldValueInvalid", "Invalid value: 0: must be specified for an update", "metadata.resourceVersion"};
    char *label = resource_label(x->res);
    fail_with(x, 422, "Invalid", &d, &cause, "%s \"%s\" is invalid: %s: %s", label, x->name, cause.field, cause.message);
    free(label);
    return -1;
}

static int check_kind(struct change *c)
{
    struct exchange *x = c->x;
    const char *kind = doc_str(c->doc, "kind"), *version = doc_str(c->doc, "apiVersion");
    char *wanted = *x->res->group ? sim_format("%s/%s", x->res->group, x->version) : sim_strdup(x->version);
    int result = 0;
    if (!kind || strcmp(kind, x->res->name) != 0)
        result = fail_invalid(x, kind ? kind : "", x->name, "FieldValueInvalid", "kind", "Invalid value: \"%s\": must be %s",
                              kind ? kind : "", x->res->name);
    else if (!version || strcmp(version, wanted) != 0)
        result = fail_invalid(x, x->res->name, x->name, "FieldValueInvalid", "apiVersion", "Invalid value: \"%s\": must be %s",
                              version ? version : "", wanted);
    free(wanted);
    return result;
}

static void take_from_old(struct change *c, json_object *meta, const char *key)
{
    json_object *value = doc_path(c->old, "metadata", key);
    json_object_object_del(meta, key);
    if (value)
        doc_set(meta, key, json_object_get(value));
}

static int check_deletion(struct change *c, json_object *meta)
{
    const char *given = doc_str(meta, "deletionTimestamp"), *stored = meta_str(c->old, "deletionTimestamp");
    if (given && strcmp(given, stored) != 0)
        return fail_invalid(c->x, c->x->res->name, c->x->name, "FieldValueInvalid", "metadata.deletionTimestamp",
                            "Invalid value: \"%s\": field is immutable", given);
    json_object *now = doc_get(meta, "finalizers"), *before = doc_path(c->old, "metadata", "finalizers");
    for (size_t i = 0; *stored && now && i < json_object_array_length(now); i++) {
        const char *f = json_object_get_string(json_object_array_get_idx(now, i));
        bool found = false;
        for (size_t j = 0; before && j < json_object_array_length(before); j++)
            found |= strcmp(f, json_object_get_string(json_object_array_get_idx(before, j))) == 0;
        if (!found)
            return fail_invalid(c->x, c->x->res->name, c->x->name, "FieldValueForbidden", "metadata.finalizers",
                                "Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers "
                                "[]string{\"%s\"}",
                                f);
    }
    return 0;
}

static int merge_metadata(struct change *c)
{
    json_object *meta = doc_get(c->doc, "metadata");
    static const char *const kept[] = {"uid",        "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds",
                                       "generation", "generateName",      "name",              "namespace"};
    if (check_deletion(c, meta))
        return -1;
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        take_from_old(c, meta, kept[i]);
    json_object_object_del(meta, "selfLink");
    json_object *managed = doc_get(meta, "managedFields");
    if (!managed)
        take_from_old(c, meta, "managedFields");
    else if (json_object_object_length(json_object_array_get_idx(managed, 0)) == 0)
        json_object_object_del(meta, "managedFields"); /* [{}] wipes them */
    return 0;
}

/* A write to the main resource leaves status alone, one to /status everything else. */
static void keep_other_half(struct change *c)
{
    if (c->status) {
        json_object *status = json_object_get(doc_get(c->doc, "status"));
        json_object_put(c->doc);
        c->doc = doc_copy(c->old);
        json_object_object_del(c->doc, "status");
        if (status)
            doc_set(c->doc, "status", status);
        return;
    }
    json_object_object_del(c->doc, "apiVersion");
    json_object_object_del(c->doc, "kind");
    if (!doc_get(c->doc, "spec"))
        json_object_object_del(c->doc, "spec");
    if (!c->x->res->status)
        return;
    json_object *status = doc_get(c->old, "status");
    json_object_object_del(c->doc, "status");
    if (status)
        doc_set(c->doc, "status", json_object_get(status));
}

static int check_content(struct change *c)
{
    struct exchange *x = c->x;
    struct schema_problem p;
    if (metadata_validate(x, c->doc))
        return -1;
    if (x->mpijob_version < 0)
        return builtin_prepare(x, c->doc, c->old);
    const struct schema *s = x->sim->schema[x->mpijob_version];
    schema_default(s, c->doc);
    if (!schema_problem(s, c->doc, c->old, &p))
        return 0;
    fail_invalid(x, x->res->name, x->name, p.cause, p.field, "%s", p.message);
    free(p.field);
    free(p.message);
    return -1;
}

/* All but metadata and status counts for the generation. */
static bool desired_within(json_object *a, json_object *b)
{
    json_object_object_foreach(a, key, value)
    {
        json_object *other = NULL;
        if (strcmp(key, "metadata") == 0 || strcmp(key, "status") == 0)
            continue;
        if (!json_object_object_get_ex(b, key, &other) || !doc_equal(value, other))
            return false;
    }
    return true;
}

static void raise_generation(struct change *c)
{
    if (!c->x->res->generation || c->status)
        return;
    json_object *meta = doc_get(c->doc, "metadata");
    if (c->forced || !desired_within(c->old, c->doc) || !desired_within(c->doc, c->old))
        doc_set(meta, "generation", json_object_new_int64(doc_int(meta, "generation", 0) + 1));
}

bool finalizers_left(json_object *doc)
{
    json_object *f = doc_path(doc, "metadata", "finalizers");
    return f && json_object_array_length(f) > 0;
}

static void set_version(json_object *doc, uint64_t version)
{
    char number[24];
    snprintf(number, sizeof number, "%llu", (unsigned long long)version);
    doc_set_str(doc_get(doc, "metadata"), "resourceVersion", number);
}

/* Whether storing doc would change nothing: then there is no new version and no event. */
static bool unchanged(struct change *c)
{
    int v = c->x->mpijob_version;
    set_version(c->doc, c->rev->version);
    if (v < 0 || v == c->x->sim->stored_as) {
        bool equal = doc_equal(c->old, c->doc);
        builtin_to_stored(c->x, c->doc);
        return equal;
    }
    struct buf text = BUF_INIT; /* the stored object may have what this version does not show */
    struct marks marks;
    object_write(c->x, c->doc, &text, &marks);
    bool equal = text.len == c->rev->len && memcmp(text.ptr, c->rev->text, text.len) == 0;
    buf_free(&text);
    return equal;
}

static void commit_change(struct change *c, const struct buf *text, const struct marks *marks)
{
    struct exchange *x = c->x;
    if (text->len > ETCD_MAX) {
        fail_with(x, 500, NULL, NULL, NULL, "etcdserver: request is too large");
    } else if (doc_path(c->doc, "metadata", "deletionTimestamp") && !finalizers_left(c->doc)) {
        respond_text(x, 200, text, marks);
        commit_removal(x->sim, c->rev);
    } else {
        respond_object(x, 200, store_commit(&x->sim->store, (int)x->res->kind, x->ns, x->name, EVENT_MODIFIED, text, marks));
    }
}

static void store_change(struct change *c)
{
    struct buf text = BUF_INIT;
    struct marks marks;
    if (unchanged(c) && !c->x->dry_run) {
        respond_object(c->x, 200, c->rev);
        return;
    }
    if (!c->x->dry_run)
        set_version(c->doc, store_next(&c->x->sim->store));
    buf_reserve(&text, c->rev->len + 256u);
    object_write(c->x, c->doc, &text, &marks);
    if (c->x->dry_run)
        respond_text(c->x, 200, &text, &marks);
    else
        commit_change(c, &text, &marks);
    buf_free(&text);
}

void update_object(struct exchange *x, struct revision *rev, json_object *doc, bool patch, bool forced)
{
    struct change c = {.x = x, .rev = rev, .old = object_read(x, rev), .doc = doc, .patch = patch, .forced = forced,
                       .status = strcmp(x->sub, "status") == 0};
    if (!check_identity(&c) && !check_uid(&c) && !check_version(&c) && !check_kind(&c)) {
        keep_other_half(&c);
        if (!merge_metadata(&c) && !check_content(&c)) {
            raise_generation(&c);
            store_change(&c);
        }
    }
    json_object_put(c.doc);
    json_object_put(c.old);
}

void verb_update(struct exchange *x)
{
    struct body b;
    if (body_read(x, &b) || body_clean(x, &b, false)) {
        body_free(&b);
        return;
    }
    struct revision *rev = store_get(&x->sim->store, (int)x->res->kind, x->ns, x->name);
    struct change c = {.x = x, .doc = b.doc};
    if (rev)
        update_object(x, rev, json_object_get(b.doc), false, b.whole_float);
    else if (check_identity(&c))
        ;
    else if (x->res->put_creates && !*x->sub && !check_uid(&c))
        create_object(x, b.doc);
    else if (!x->resp->status)
        fail_not_found(x, x->name);
    body_free(&b);
}
