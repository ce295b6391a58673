/* SPDX-License-Identifier: Apache-2.0 */
/* DELETE of one object and of a collection, with preconditions, finalizers and propagation. */
#include "sim/write/verbs.h"

#include "sim/read/selector.h"
#include "sim/server/namespace.h"
#include "sim/server/object.h"
#include "sim/server/status.h"
#include "sim/server/view.h"
#include "sim/write/update.h"

#include <stdlib.h>
#include <string.h>

struct removal {
    const char *uid, *version; /* preconditions */
    const char *policy;        /* propagation: Foreground, Background, Orphan or NULL */
    json_object *options;      /* owns the texts above */
};

static int read_options(struct exchange *x, struct removal *r)
{
    *r = (struct removal){.policy = param(x, "propagationPolicy")};
    if (x->req->body_len) {
        struct doc_reading reading = {0};
        r->options = doc_read(x->req->body, x->req->body_len, &reading);
        if (reading.error || !json_object_is_type(r->options, json_type_object)) {
            fail_with(x, 500, NULL, NULL, NULL, "error decoding DeleteOptions: %s",
                      reading.error ? reading.error : "not an object");
            free(reading.error);
            return -1;
        }
    }
    json_object *before = doc_get(r->options, "preconditions"), *dry = doc_get(r->options, "dryRun");
    r->uid = doc_str(before, "uid");
    r->version = doc_str(before, "resourceVersion");
    if (doc_str(r->options, "propagationPolicy"))
        r->policy = doc_str(r->options, "propagationPolicy");
    if (json_object_is_type(dry, json_type_array) && json_object_array_length(dry)) {
        const char *word = json_object_get_string(json_object_array_get_idx(dry, 0));
        if (!word || strcmp(word, "All") != 0)
            return fail_options(x, "DeleteOptions", "dryRun", "Unsupported value: [\"%s\"]: supported values: \"All\"",
                                word ? word : "");
        x->dry_run = true;
    }
    if (r->policy && strcmp(r->policy, "Foreground") != 0 && strcmp(r->policy, "Background") != 0 &&
        strcmp(r->policy, "Orphan") != 0)
        return fail_options(
            x, "DeleteOptions", "propagationPolicy",
            "Unsupported value: \"%s\": supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\"",
            r->policy);
    return 0;
}

static int fail_precondition(struct exchange *x, const char *what, const char *given, const char *stored,
                             const char *end)
{
    char *label = kind_label(x, x->res->name);
    struct details d = {.name = x->name, .group = x->res->group, .kind = x->res->name};
    fail_with(x, 409, "Conflict", &d, NULL,
              "Operation cannot be fulfilled on %s \"%s\": the %s in the precondition (%s) does not match the %s in "
              "record (%s). "
              "The object might have been %s",
              label, x->name, what, given, what, stored, end);
    free(label);
    return -1;
}

static int check_preconditions(struct exchange *x, const struct removal *r, json_object *doc)
{
    json_object *meta = doc_get(doc, "metadata");
    const char *uid = doc_str(meta, "uid"), *version = doc_str(meta, "resourceVersion");
    if (r->uid && strcmp(r->uid, uid ? uid : "") != 0)
        return fail_precondition(x, "UID", r->uid, uid, "deleted and then recreated");
    if (r->version && strcmp(r->version, version ? version : "") != 0)
        return fail_precondition(x, "ResourceVersion", r->version, version, "modified");
    return 0;
}

static void add_finalizer(json_object *meta, const char *name)
{
    json_object *list = doc_get(meta, "finalizers");
    if (!list)
        doc_set(meta, "finalizers", list = json_object_new_array());
    json_object_array_add(list, json_object_new_string(name));
}

/* Finalizers hold the object: it stays, with a deletionTimestamp. */
static struct revision *mark(struct exchange *x, struct revision *rev, json_object *doc)
{
    json_object *meta = doc_get(doc, "metadata");
    struct buf text = BUF_INIT;
    struct marks marks;
    char now[32], ns[64], *version = sim_format("%llu", (unsigned long long)store_next(&x->sim->store));
    sim_timestamp(x->sim, now);
    doc_set_str(meta, "deletionTimestamp", now);
    doc_set(meta, "deletionGracePeriodSeconds", json_object_new_int64(0));
    doc_set_str(meta, "resourceVersion", version);
    if (x->res->generation)
        doc_set(meta, "generation", json_object_new_int64(doc_int(meta, "generation", 0) + 1));
    object_write_doc(doc, &text, &marks);
    entry_namespace(rev->entry, ns);
    if (!x->dry_run)
        rev = store_commit(&x->sim->store, rev->entry->kind, ns, entry_name(rev->entry), EVENT_MODIFIED, &text, &marks);
    buf_free(&text);
    free(version);
    return rev;
}

/* Returns NULL if the object is gone, otherwise the object as it stays. */
static struct revision *remove_one(struct exchange *x, struct revision *rev, json_object *doc, const char *policy)
{
    json_object *meta = doc_get(doc, "metadata");
    bool marked = doc_get(meta, "deletionTimestamp") != NULL;
    if (!marked && policy && strcmp(policy, "Background") != 0)
        add_finalizer(meta, *policy == 'F' ? "foregroundDeletion" : "orphan");
    if (finalizers_left(doc))
        return marked ? rev : mark(x, rev, doc);
    if (!x->dry_run)
        object_remove(x->sim, rev);
    return NULL;
}

/* The document as it is stored, whatever version the path has. */
static json_object *read_stored(struct exchange *x, struct revision *rev)
{
    int version = x->mpijob_version;
    const struct resource *res = x->res;
    if (version >= 0)
        x->mpijob_version = x->sim->stored_as;
    x->res = resource_of(res->kind);
    json_object *doc = object_read(x, rev);
    x->mpijob_version = version;
    x->res = res;
    return doc;
}

static void respond_gone(struct exchange *x, json_object *doc)
{
    struct details d = {.name = x->name,
                        .group = x->res->group,
                        .kind = x->res->plural,
                        .uid = doc_str(doc_get(doc, "metadata"), "uid")};
    status_write(&x->resp->body, 200, NULL, NULL, &d, NULL, NULL);
    respond_json(x, 200);
}

static void delete_namespace(struct exchange *x, struct revision *rev)
{
    if (!x->dry_run)
        namespace_empty(x);
    rev =
        store_get(&x->sim->store, K_NAMESPACE, "", x->name) ? store_get(&x->sim->store, K_NAMESPACE, "", x->name) : rev;
    respond_object(x, 200, rev);
    if (!x->dry_run)
        namespace_removed(x->sim, x->name);
}

void verb_delete(struct exchange *x)
{
    struct removal r;
    struct revision *rev = store_get(&x->sim->store, (int)x->res->kind, x->ns, x->name);
    if (read_options(x, &r)) {
        json_object_put(r.options);
        return;
    }
    if (!rev) {
        fail_not_found(x, x->name);
        json_object_put(r.options);
        return;
    }
    json_object *doc = read_stored(x, rev);
    if (!check_preconditions(x, &r, doc)) {
        if (x->res->kind == K_NAMESPACE) {
            delete_namespace(x, rev);
        } else {
            struct revision *left = remove_one(x, rev, doc, r.policy);
            if (left)
                respond_object(x, 200, left);
            else
                respond_gone(x, doc);
        }
    }
    json_object_put(doc);
    json_object_put(r.options);
}

/* Entries may move while objects are removed, so the keys are gathered first. */
static char **gather(struct exchange *x, const struct selector *s, size_t *count)
{
    struct shelf *shelf = &x->sim->store.shelf[x->res->kind];
    size_t from, to;
    char **key = NULL;
    store_range(&x->sim->store, (int)x->res->kind, x->ns, &from, &to);
    *count = 0;
    for (size_t i = from; i < to; i++) {
        struct revision *rev = shelf->entry[i]->latest;
        if (rev->event == EVENT_DELETED || !selector_matches(s, rev))
            continue;
        key = sim_realloc(key, (*count + 1) * sizeof *key);
        key[(*count)++] = sim_strdup(entry_name(shelf->entry[i]));
    }
    return key;
}

void verb_delete_all(struct exchange *x)
{
    struct removal r;
    struct selector s;
    if (read_options(x, &r) || selector_read(x, &s)) {
        json_object_put(r.options);
        return;
    }
    size_t count;
    char **name = gather(x, &s, &count);
    struct buf items = BUF_INIT;
    for (size_t i = 0; i < count; i++) {
        struct revision *rev = store_get(&x->sim->store, (int)x->res->kind, x->ns, name[i]);
        if (!rev) { /* the removal of another one has removed it, too */
            free(name[i]);
            continue;
        }
        json_object *doc = read_stored(x, rev);
        if (items.len)
            buf_putc(&items, ',');
        view_revision(x, rev, &items, true);
        remove_one(x, rev, doc, r.policy);
        json_object_put(doc);
        free(name[i]);
    }
    free(name);
    struct buf *out = &x->resp->body;
    buf_printf(
        out, "{\"apiVersion\":\"%s%s%s\",\"kind\":\"%s\",\"metadata\":{\"resourceVersion\":\"%llu\"},\"items\":[",
        x->res->group, *x->res->group ? "/" : "", x->version, x->res->list, (unsigned long long)x->sim->store.version);
    buf_add(out, items.ptr, items.len);
    buf_puts(out, "]}");
    respond_json(x, 200);
    buf_free(&items);
    selector_clear(&s);
    json_object_put(r.options);
}
