/* SPDX-License-Identifier: Apache-2.0 */
/* What comes from the server's state alone: chance, identifiers and time stamps; and which versions are served. */
#include "sim/server/server.h"

#include "base/clock.h"
#include "sim/store/schemas.h"

#include <stdio.h>
#include <string.h>

/* ---- chance and time: names and identifiers look as the API server's do, and the seed decides them */

uint64_t sim_random(struct sim *sim) /* splitmix64 */
{
    uint64_t z = sim->random += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void sim_uuid(struct sim *sim, char out[37])
{
    uint64_t a = sim_random(sim), b = sim_random(sim);
    snprintf(out, 37, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(a >> 32), (unsigned)(a >> 16 & 0xffff),
             (unsigned)(a & 0xfff), (unsigned)((b >> 48 & 0x3fff) | 0x8000), (unsigned long long)(b & 0xffffffffffffu));
}

void sim_suffix(struct sim *sim, char out[6])
{
    static const char letters[] = "bcdfghjklmnpqrstvwxz2456789";
    for (int i = 0; i < 5; i++)
        out[i] = letters[sim_random(sim) % (sizeof letters - 1)];
    out[5] = 0;
}

void sim_timestamp(const struct sim *sim, char out[32])
{
    clock_format(sim->now_us, false, out);
}

bool sim_serves(const struct sim *sim, const struct resource *r)
{
    return (!r->sibling || sim->opt.siblings) && (!r->other || sim->opt.kinds) && (!r->workload || sim->opt.workloads);
}

size_t sim_job_count(const struct sim *sim)
{
    return sim->store.shelf[K_MPIJOB].live;
}

/* ---- the definitions of MPIJobs: versions, their schemas, and the version that objects are stored in */

void versions_free(struct sim *sim)
{
    for (int v = 0; v < MPIJOB_VERSIONS; v++)
        schema_free(sim->schema[v]);
    schema_free(sim->sibling_schema);
    for (int k = 0; k < KINDS; k++)
        schema_free(sim->kind_schema[k]);
}

void versions_choose(struct sim *sim)
{
    const struct sim_options *o = &sim->opt;
    bool all = o->serve_v1alpha2 && o->serve_v1 && o->serve_v2beta1;
    sim->served[V1ALPHA2] = o->serve_v1alpha2;
    sim->served[V1] = o->serve_v1;
    sim->served[V2BETA1] = o->serve_v2beta1;
    versions_free(sim);
    sim->sibling_schema = schema_read(o->profile == SIM_CCI ? schema_open : schema_siblings);
    for (size_t i = 0; i < resource_count; i++)
        if (resources[i].schema && sim_serves(sim, &resources[i]))
            sim->kind_schema[resources[i].kind] = schema_read(*resources[i].schema);
    sim->schema[V1ALPHA2] = schema_read(schema_v1_open);
    sim->schema[V1] =
        schema_read(!all && o->controller == SIM_TRAINING_OPERATOR ? schema_training_operator : schema_v1_open);
    sim->schema[V2BETA1] = schema_read(all ? schema_v2beta1_v03 : schema_v2beta1);
    sim->stored_as = o->serve_v1alpha2 ? V1ALPHA2 : o->serve_v1 ? V1 : V2BETA1;
    for (int v = 0; v < MPIJOB_VERSIONS; v++)
        if (o->store_as && sim->served[v] && strcmp(o->store_as, version_name[v]) == 0)
            sim->stored_as = v;
}

/* What is known about stored texts came from the schemas before. */
static void forget_views(struct sim *sim)
{
    struct shelf *shelf = &sim->store.shelf[K_MPIJOB];
    for (size_t i = 0; i < shelf->count; i++)
        for (struct revision *r = shelf->entry[i]->latest; r; r = r->prev)
            memset(r->view, VIEW_UNKNOWN, sizeof r->view);
}

void versions_change(struct sim *sim)
{
    int before = sim->stored_as;
    versions_choose(sim);
    sim->restored |= sim->stored_as != before;
    forget_views(sim);
}
