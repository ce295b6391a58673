/* SPDX-License-Identifier: Apache-2.0 */
/* Objects that are put there by whoever embeds the server, as they would stand in its store; and its clock. */
#include "sim/core/sim.h"
#include "sim/life/life.h"
#include "sim/server/namespace.h"
#include "sim/server/object.h"

#include <stdlib.h>
#include <string.h>

void sim_clock_set(struct sim *sim, int64_t now_us)
{
    sim->start_us += now_us - sim->now_us;
    sim->now_us = now_us;
    sim_tick(sim, sim->mono_ms);
}

int64_t sim_due(const struct sim *sim)
{
    return life_due(sim);
}

void sim_react(struct sim *sim)
{
    sim_tick(sim, sim->mono_ms);
}

static int version_of(const char *text)
{
    for (int v = 0; v < MPIJOB_VERSIONS; v++)
        if (strcmp(version_name[v], text) == 0)
            return v;
    return -1;
}

/* The resource of an object's apiVersion and kind; NULL: none that is served. */
static const struct resource *resource_for(const struct sim *sim, const char *api, const char *kind, int *version)
{
    const char *slash = strchr(api, '/');
    size_t group = slash ? (size_t)(slash - api) : 0;
    const char *number = slash ? slash + 1 : api;
    *version = version_of(number);
    for (size_t i = 0; i < resource_count; i++) {
        const struct resource *r = &resources[i];
        if (strcmp(r->name, kind) != 0 || strlen(r->group) != group || memcmp(r->group, api, group) != 0)
            continue;
        if (r->kind == K_REVIEW || !sim_serves(sim, r))
            continue;
        if (r->version ? strcmp(r->version, number) == 0 : *version >= 0 && sim->served[*version])
            return r;
    }
    return NULL;
}

static void complete(struct sim *sim, json_object *meta, bool generation)
{
    char uid[37], now[32];
    sim_uuid(sim, uid);
    sim_timestamp(sim, now);
    if (!doc_str(meta, "uid"))
        doc_set_str(meta, "uid", uid);
    if (!doc_str(meta, "creationTimestamp"))
        doc_set_str(meta, "creationTimestamp", now);
    if (generation && !doc_get(meta, "generation"))
        doc_set(meta, "generation", json_object_new_int64(1));
    char *version = sim_format("%llu", (unsigned long long)store_next(&sim->store));
    doc_set_str(meta, "resourceVersion", version);
    free(version);
}

static void store(struct sim *sim, const struct resource *r, json_object *doc, const struct life_plan *plan)
{
    struct buf text = BUF_INIT;
    struct marks marks;
    json_object *meta = json_object_get(doc_get(doc, "metadata"));
    const char *ns = doc_str(meta, "namespace"), *name = doc_str(meta, "name");
    json_object_object_del(doc, "apiVersion");
    json_object_object_del(doc, "kind");
    const struct schema *s = r->kind == K_MPIJOB ? sim->schema[sim->stored_as] : sim->kind_schema[r->kind];
    if (s) {
        json_object_object_del(doc, "metadata");
        schema_prune(s, doc, NULL);
        schema_default(s, doc);
    }
    if (ns)
        namespace_make(sim, ns);
    bool there = store_get(&sim->store, (int)r->kind, ns ? ns : "", name) != NULL;
    complete(sim, meta, r->generation);
    doc_set(doc, "metadata", meta);
    object_write_doc(doc, &text, &marks);
    life_hush(sim, true);
    struct revision *rev = store_commit(&sim->store, (int)r->kind, ns ? ns : "", name,
                                        there ? EVENT_MODIFIED : EVENT_ADDED, &text, &marks);
    life_hush(sim, false);
    life_placed(sim, rev->entry, plan);
    buf_free(&text);
}

static char *place(struct sim *sim, json_object *doc, const struct life_plan *plan)
{
    const char *api = doc_str(doc, "apiVersion"), *kind = doc_str(doc, "kind");
    json_object *meta = doc_get(doc, "metadata");
    int version;
    if (!api || !kind || !doc_str(meta, "name"))
        return sim_strdup("an object has apiVersion, kind and metadata.name");
    const struct resource *r = resource_for(sim, api, kind, &version);
    if (!r)
        return sim_format("the cluster does not serve %s of %s", kind, api);
    if (r->namespaced && !doc_str(meta, "namespace"))
        doc_set_str(meta, "namespace", "default");
    store(sim, r, doc, plan);
    return NULL;
}

char *sim_place(struct sim *sim, const char *json, size_t len, const struct life_plan *plan)
{
    struct doc_reading reading = {0};
    json_object *doc = doc_read(json, len, &reading);
    if (!doc) {
        free(reading.error);
        return sim_strdup("an object is written as JSON");
    }
    char *problem = place(sim, doc, plan);
    json_object_put(doc);
    free(reading.error);
    return problem;
}
