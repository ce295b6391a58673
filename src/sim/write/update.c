/* SPDX-License-Identifier: Apache-2.0 */
/* PUT, and what PUT and PATCH share: checks, and what an update keeps of the object before. */
#include "sim/write/update.h"

#include "sim/server/cci.h"
#include "sim/server/status.h"
#include "sim/write/body.h"
#include "sim/write/builtin.h"
#include "sim/write/metadata.h"
#include "sim/write/verbs.h"
#include "sim/write/webhook.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char modified[] =
    "the object has been modified; please apply your changes to the latest version and try again";

static const char *text_of(json_object *meta, const char *key)
{
    const char *s = doc_str(meta, key);
    return s ? s : "";
}

static const char *meta_str(json_object *doc, const char *key)
{
    return text_of(doc_get(doc, "metadata"), key);
}

static int check_identity(struct change *c)
{
    struct exchange *x = c->x;
    const char *name = meta_str(c->doc, "name"), *ns = meta_str(c->doc, "namespace");
    if (!*name)
        return fail_bad_request(x, "the name of the object (%s based on URL) was undeterminable: name must be provided",
                                x->name);
    if (strcmp(name, x->name) != 0)
        return fail_bad_request(x, "the name of the object (%s) does not match the name on the URL (%s)", name,
                                x->name);
    if (*ns && strcmp(ns, x->ns) != 0)
        return fail_bad_request(
            x, "the namespace of the provided object does not match the namespace sent on the request");
    return 0;
}

static int check_uid(struct change *c)
{
    const char *uid = meta_str(c->doc, "uid"), *stored = text_of(c->old_meta, "uid");
    if (!*uid || strcmp(uid, stored) == 0)
        return 0;
    if (c->patch)
        return fail_invalid(c->x, c->x->res->name, c->x->name, "FieldValueInvalid", "metadata.uid",
                            "Invalid value: \"%s\": field is immutable", uid);
    return fail_conflict(c->x, c->x->name,
                         "StorageError: invalid object, Code: 4, Key: /%s/%s/%s, ResourceVersion: 0, "
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
    struct cause cause = {.reason = "FieldValueInvalid",
                          .message = "Invalid value: 0: must be specified for an update",
                          .field = "metadata.resourceVersion"};
    char *label = resource_label(x->res);
    fail_with(x, 422, "Invalid", &d, &cause, "%s \"%s\" is invalid: %s: %s", label, x->name, cause.field,
              cause.message);
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
        result = fail_invalid(x, kind ? kind : "", x->name, "FieldValueInvalid", "kind",
                              "Invalid value: \"%s\": must be %s", kind ? kind : "", x->res->name);
    else if (!version || strcmp(version, wanted) != 0)
        result = fail_invalid(x, x->res->name, x->name, "FieldValueInvalid", "apiVersion",
                              "Invalid value: \"%s\": must be %s", version ? version : "", wanted);
    free(wanted);
    return result;
}

static void take_from_old(struct change *c, json_object *meta, const char *key)
{
    json_object *value = doc_get(c->old_meta, key);
    json_object_object_del(meta, key);
    if (value)
        doc_set(meta, key, json_object_get(value));
}

static int check_deletion(struct change *c, json_object *meta)
{
    const char *given = doc_str(meta, "deletionTimestamp"), *stored = text_of(c->old_meta, "deletionTimestamp");
    if (given && strcmp(given, stored) != 0)
        return fail_invalid(c->x, c->x->res->name, c->x->name, "FieldValueInvalid", "metadata.deletionTimestamp",
                            "Invalid value: \"%s\": field is immutable", given);
    json_object *now = doc_get(meta, "finalizers"), *before = doc_get(c->old_meta, "finalizers");
    for (size_t i = 0; *stored && now && i < json_object_array_length(now); i++) {
        const char *f = json_object_get_string(json_object_array_get_idx(now, i));
        bool found = false;
        for (size_t j = 0; before && j < json_object_array_length(before); j++)
            found |= strcmp(f, json_object_get_string(json_object_array_get_idx(before, j))) == 0;
        if (!found)
            return fail_invalid(
                c->x, c->x->res->name, c->x->name, "FieldValueForbidden", "metadata.finalizers",
                "Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers "
                "[]string{\"%s\"}",
                f);
    }
    return 0;
}

static int merge_metadata(struct change *c)
{
    json_object *meta = doc_get(c->doc, "metadata");
    static const char *const kept[] = {
        "uid",  "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "generateName",
        "name", "namespace"};
    if (check_deletion(c, meta))
        return -1;
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        take_from_old(c, meta, kept[i]);
    json_object_object_del(meta, "selfLink");
    json_object *managed = doc_get(meta, "managedFields");
    if (!managed)
        take_from_old(c, meta, "managedFields");
    else if (json_object_object_length(json_object_array_get_idx(managed, 0)) == 0)
        json_object_object_del(meta, "managedFields"); /* [{}] removes them */
    return 0;
}

/* A write to the object keeps the status; a write to /status keeps everything else. */
static void keep_other_half(struct change *c)
{
    if (c->status) {
        json_object *status = json_object_get(doc_get(c->doc, "status"));
        json_object_put(c->doc);
        c->doc = doc_copy(update_old(c));
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
    json_object_object_del(c->doc, "status");
    if (update_spliced(c))
        return; /* the stored bytes of the status will be copied */
    json_object *status = doc_get(update_old(c), "status");
    if (status)
        doc_set(c->doc, "status", json_object_get(status));
}

static int check_by_schema(struct change *c, const struct schema *s)
{
    struct exchange *x = c->x;
    struct schema_problems found = {0};
    if (!schema_compares(s)) {
        if (!schema_check(s, c->doc, NULL, &found))
            return 0;
        schema_problems_free(&found);
    }
    if (!schema_check(s, c->doc, update_old(c), &found)) /* what was wrong before may stay */
        return 0;
    return fail_problems(x, x->name, NULL, &found);
}

static int check_content(struct change *c)
{
    struct exchange *x = c->x;
    const struct schema *s = schema_of(x);
    bool hooked = webhook_concerns(x);
    if (s)
        schema_default(s, c->doc);
    if (hooked && webhook_mutate(x, c->doc, update_old(c)))
        return -1;
    if (metadata_validate(x, c->doc))
        return -1;
    if (s ? check_by_schema(c, s) : builtin_prepare(x, c->doc, update_old(c)))
        return -1;
    return hooked ? webhook_validate(x, c->doc, update_old(c)) : 0;
}

void update_object(struct exchange *x, struct revision *rev, json_object *doc, bool patch, bool forced)
{
    struct change c = {
        .x = x, .rev = rev, .doc = doc, .patch = patch, .forced = forced, .status = strcmp(x->sub, "status") == 0};
    c.old_meta = doc_parse(rev->text + rev->marks.meta, rev->marks.meta_len);
    if (!check_identity(&c) && !check_uid(&c) && !check_version(&c) && !check_kind(&c)) {
        keep_other_half(&c);
        if (!merge_metadata(&c) && !cci_check_change(x, update_old(&c), c.doc) && !check_content(&c)) {
            update_store(&c);
        }
    }
    json_object_put(c.doc);
    json_object_put(c.old);
    json_object_put(c.old_meta);
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
