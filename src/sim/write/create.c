/* SPDX-License-Identifier: Apache-2.0 */
/* POST, and the PUT of an object that does not exist. */
#include "sim/write/verbs.h"

#include "sim/server/namespace.h"
#include "sim/server/object.h"
#include "sim/server/status.h"
#include "sim/server/view.h"
#include "sim/write/body.h"
#include "sim/write/builtin.h"
#include "sim/write/metadata.h"
#include "sim/write/update.h"
#include "sim/write/webhook.h"

#include <stdlib.h>
#include <string.h>

static int fail_exists(struct exchange *x, const char *name, bool deleting)
{
    char *label = resource_label(x->res);
    struct details d = {.name = name, .group = x->res->group, .kind = x->res->plural};
    fail_with(x, 409, "AlreadyExists", &d, NULL, "%s%s \"%s\" already exists",
              deleting ? "object is being deleted: " : "", label, name);
    free(label);
    return -1;
}

static int choose_name(struct exchange *x, json_object *meta, const char *kind)
{
    const char *generate = doc_str(meta, "generateName"), *name = doc_str(meta, "name");
    if (name)
        return 0;
    if (!generate)
        return fail_invalid(x, kind, "", "FieldValueRequired", "metadata.name",
                            "Required value: name or generateName is required");
    char suffix[6];
    sim_suffix(x->sim, suffix);
    char *full = sim_format("%.248s%s", generate, suffix);
    doc_set_str(meta, "name", full);
    free(full);
    return 0;
}

static int check_kind(struct exchange *x, json_object *doc)
{
    const char *kind = doc_str(doc, "kind");
    const char *name = doc_str(doc_get(doc, "metadata"), "name");
    if (kind && strcmp(kind, x->res->name) == 0)
        return 0;
    return fail_invalid(x, kind ? kind : "", name ? name : "", "FieldValueInvalid", "kind",
                        "Invalid value: \"%s\": must be %s", kind ? kind : "", x->res->name);
}

static void server_members(struct exchange *x, json_object *doc)
{
    json_object *meta = doc_get(doc, "metadata");
    char uid[37], now[32];
    sim_uuid(x->sim, uid);
    sim_timestamp(x->sim, now);
    json_object_object_del(meta, "deletionTimestamp");
    json_object_object_del(meta, "deletionGracePeriodSeconds");
    json_object_object_del(meta, "selfLink");
    json_object_object_del(meta, "generation");
    json_object_object_del(meta, "resourceVersion");
    doc_set_str(meta, "uid", uid);
    doc_set_str(meta, "creationTimestamp", now);
    if (x->res->namespaced)
        doc_set_str(meta, "namespace", x->ns);
    if (x->res->generation)
        doc_set(meta, "generation", json_object_new_int64(1));
    if (x->res->status)
        json_object_object_del(doc, "status");
    json_object *managed = doc_get(meta, "managedFields");
    if (managed && json_object_object_length(json_object_array_get_idx(managed, 0)) == 0)
        json_object_object_del(meta, "managedFields");
    json_object_object_del(doc, "apiVersion");
    json_object_object_del(doc, "kind");
    if (!doc_get(doc, "spec"))
        json_object_object_del(doc, "spec"); /* "spec":null means that there is no spec */
}

static int check_schema(struct exchange *x, json_object *doc)
{
    struct schema_problems found = {0};
    const struct schema *s = schema_of(x);
    if (s)
        schema_default(s, doc);
    if (webhook_mutate(x, doc, NULL))
        return -1;
    if (!s && builtin_prepare(x, doc, NULL))
        return -1;
    if (s && schema_check(s, doc, NULL, &found))
        return fail_problems(x, doc_str(doc_get(doc, "metadata"), "name"), NULL, &found);
    return webhook_validate(x, doc, NULL);
}

static void store_new(struct exchange *x, json_object *doc)
{
    json_object *meta = doc_get(doc, "metadata");
    const char *name = doc_str(meta, "name");
    struct buf text = BUF_INIT;
    struct marks marks;
    if (x->mpijob_version < 0)
        object_to_stored(x, doc);
    if (!x->dry_run) {
        char *version = sim_format("%llu", (unsigned long long)store_next(&x->sim->store));
        doc_set_str(meta, "resourceVersion", version);
        free(version);
    }
    object_write(x, doc, &text, &marks);
    if (text.len > ETCD_MAX)
        fail_with(x, 500, NULL, NULL, NULL, "etcdserver: request is too large");
    else if (x->dry_run)
        respond_text(x, 201, &text, &marks);
    else
        respond_object(x, 201,
                       store_commit(&x->sim->store, (int)x->res->kind, x->ns, name, EVENT_ADDED, &text, &marks));
    buf_free(&text);
}

static int check_new(struct exchange *x, json_object *doc)
{
    json_object *meta = doc_get(doc, "metadata");
    const char *ns = doc_str(meta, "namespace");
    if (ns && strcmp(ns, x->ns) != 0)
        return fail_bad_request(
            x, "the namespace of the provided object does not match the namespace sent on the request");
    if (doc_str(meta, "resourceVersion") && x->verb == VERB_CREATE)
        return fail_with(x, 500, NULL, NULL, NULL, "resourceVersion should not be set on objects to be created");
    if (choose_name(x, meta, x->res->name) || check_kind(x, doc) || namespace_open(x))
        return -1;
    const char *name = doc_str(meta, "name");
    struct revision *old = store_get(&x->sim->store, (int)x->res->kind, x->ns, name);
    server_members(x, doc);
    if (metadata_validate(x, doc) || check_schema(x, doc))
        return -1;
    if (old) {
        json_object *before = object_read(x, old);
        fail_exists(x, name, doc_path(before, "metadata", "deletionTimestamp") != NULL);
        json_object_put(before);
        return -1;
    }
    return 0;
}

void create_object(struct exchange *x, json_object *doc)
{
    if (!check_new(x, doc))
        store_new(x, doc);
}

/* The schema does not have what every object has: apiVersion, kind and metadata. */
static void prune(struct exchange *x, struct body *b)
{
    if (!schema_of(x))
        return;
    json_object *keep[3];
    static const char *const name[3] = {"apiVersion", "kind", "metadata"};
    for (int i = 0; i < 3; i++) {
        keep[i] = json_object_get(doc_get(b->doc, name[i]));
        json_object_object_del(b->doc, name[i]);
    }
    schema_prune(schema_of(x), b->doc, &b->unknown);
    for (int i = 0; i < 3; i++)
        if (keep[i])
            doc_set(b->doc, name[i], keep[i]);
}

int body_clean(struct exchange *x, struct body *b, bool patch)
{
    if (metadata_shape(x, b->doc, &b->unknown))
        return -1;
    prune(x, b);
    return body_report(x, b, patch ? b->doc : NULL);
}

void verb_create(struct exchange *x)
{
    struct body b;
    if (!body_read(x, &b) && !body_clean(x, &b, false))
        create_object(x, b.doc);
    body_free(&b);
}

/* ---- access reviews: answered with 201, not stored */

void verb_review(struct exchange *x)
{
    struct body b;
    if (body_read(x, &b)) {
        body_free(&b);
        return;
    }
    json_object *status = json_object_new_object();
    if (strcmp(x->res->name, "SelfSubjectReview") == 0) {
        json_object *user = json_object_new_object();
        doc_set_str(user, "username", x->user == USER_VIEW ? "view" : "admin");
        doc_set(status, "userInfo", user);
    } else {
        doc_set(status, "allowed", json_object_new_boolean(x->user == USER_ADMIN));
    }
    json_object_object_del(b.doc, "apiVersion");
    json_object_object_del(b.doc, "kind");
    json_object_object_del(b.doc, "metadata");
    doc_set(b.doc, "status", status);
    struct buf text = BUF_INIT;
    struct marks marks;
    doc_set(b.doc, "metadata", json_object_new_object());
    object_write_doc(b.doc, &text, &marks);
    view_text(x, text.ptr, text.len, &marks, &x->resp->body);
    respond_json(x, 201);
    buf_free(&text);
    body_free(&b);
}
