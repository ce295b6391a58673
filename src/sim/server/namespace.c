/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces: how one is made, who may create in it, and how one ends. */
#include "sim/server/namespace.h"

#include "sim/server/object.h"
#include "sim/server/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void namespace_make(struct sim *sim, const char *name)
{
    if (!sim->store.shelf[K_NAMESPACE].unsorted && store_get(&sim->store, K_NAMESPACE, "", name))
        return;
    char uid[37], now[32];
    struct buf text = BUF_INIT;
    struct marks marks;
    sim_uuid(sim, uid);
    sim_timestamp(sim, now);
    char *json = sim_format(
        "{\"metadata\":{\"name\":\"%s\",\"uid\":\"%s\",\"resourceVersion\":\"%llu\",\"creationTimestamp\":\"%s\","
        "\"labels\":{\"kubernetes.io/metadata.name\":\"%s\"}},\"spec\":{\"finalizers\":[\"kubernetes\"]},"
        "\"status\":{\"phase\":\"Active\"}}",
        name, uid, (unsigned long long)store_next(&sim->store), now, name);
    json_object *doc = doc_parse(json, strlen(json));
    object_write_doc(doc, &text, &marks);
    store_commit(&sim->store, K_NAMESPACE, "", name, EVENT_ADDED, &text, &marks);
    json_object_put(doc);
    free(json);
    buf_free(&text);
}

static bool terminating(const struct revision *rev)
{
    return memmem(rev->text + rev->marks.meta, rev->marks.meta_len, "\"deletionTimestamp\"", 19) != NULL;
}

int namespace_open(struct exchange *x)
{
    if (!x->res->namespaced)
        return 0;
    struct revision *rev = store_get(&x->sim->store, K_NAMESPACE, "", x->ns);
    if (!rev) {
        struct details d = {.name = x->ns, .kind = "namespaces"};
        return fail_with(x, 404, "NotFound", &d, NULL, "namespaces \"%s\" not found", x->ns);
    }
    if (!terminating(rev))
        return 0;
    struct details d = {.name = x->name, .group = x->res->group, .kind = x->res->plural};
    struct cause c = {
        .reason = "NamespaceTerminating", .message = "namespace is being terminated", .field = "metadata.namespace"};
    char *label = resource_label(x->res);
    fail_with(x, 403, "Forbidden", &d, &c,
              "%s \"%s\" is forbidden: unable to create new content in namespace %s because it is being terminated",
              label, x->name, x->ns);
    free(label);
    return -1;
}

/* Calls visit for every object of a namespace until it returns false. visit may remove the object. */
static bool each_object(struct sim *sim, const char *ns, bool (*visit)(struct sim *, struct revision *))
{
    char key[80];
    snprintf(key, sizeof key, "%.63s/", ns);
    for (int kind = 0; kind < STORE_KINDS; kind++) {
        struct shelf *shelf = &sim->store.shelf[kind];
        if (kind == K_NAMESPACE)
            continue;
        for (size_t i = store_seek(&sim->store, kind, key); i < shelf->count; i++) {
            struct entry *e = shelf->entry[i];
            if (strncmp(e->key, key, strlen(key)) != 0)
                break;
            if (e->latest->event != EVENT_DELETED && !visit(sim, e->latest))
                return false;
        }
    }
    return true;
}

static bool remove_unless_held(struct sim *sim, struct revision *rev)
{
    if (!memmem(rev->text + rev->marks.meta, rev->marks.meta_len, "\"finalizers\":[", 14))
        object_remove(sim, rev);
    return true;
}

static bool refuse(struct sim *sim, struct revision *rev)
{
    (void)sim;
    (void)rev;
    return false;
}

void namespace_removed(struct sim *sim, const char *ns)
{
    struct revision *rev = store_get(&sim->store, K_NAMESPACE, "", ns);
    if (rev && terminating(rev) && each_object(sim, ns, refuse))
        object_remove(sim, rev);
}

void namespace_empty(struct exchange *x)
{
    struct sim *sim = x->sim;
    struct revision *rev = store_get(&sim->store, K_NAMESPACE, "", x->name);
    char *name = sim_strdup(x->name);
    each_object(sim, name, remove_unless_held);
    if (!terminating(rev)) {
        struct buf text = BUF_INIT;
        struct marks marks;
        char now[32], *version = sim_format("%llu", (unsigned long long)store_next(&sim->store));
        json_object *doc = object_read(x, rev);
        sim_timestamp(sim, now);
        doc_set_str(doc_get(doc, "metadata"), "deletionTimestamp", now);
        doc_set_str(doc_get(doc, "metadata"), "resourceVersion", version);
        doc_set_str(doc_get(doc, "status"), "phase", "Terminating");
        object_write_doc(doc, &text, &marks);
        store_commit(&sim->store, K_NAMESPACE, "", name, EVENT_MODIFIED, &text, &marks);
        json_object_put(doc);
        buf_free(&text);
        free(version);
    }
    free(name);
}
