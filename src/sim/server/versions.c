/* The definitions of MPIJobs: which versions are served, by which schemas, and in which one objects are stored. */
#include "sim/server/server.h"

#include "sim/server/exchange.h"
#include "sim/store/schemas.h"

#include <string.h>

void versions_free(struct sim *sim)
{
    for (int v = 0; v < MPIJOB_VERSIONS; v++)
        schema_free(sim->schema[v]);
    schema_free(sim->sibling_schema);
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
    sim->schema[V1ALPHA2] = schema_read(schema_v1_open);
    sim->schema[V1] =
        schema_read(!all && o->controller == SIM_TRAINING_OPERATOR ? schema_training_operator : schema_v1_open);
    sim->schema[V2BETA1] = schema_read(all ? schema_v2beta1_v03 : schema_v2beta1);
    sim->stored_as = o->serve_v1alpha2 ? V1ALPHA2 : o->serve_v1 ? V1 : V2BETA1;
    for (int v = 0; v < MPIJOB_VERSIONS; v++)
        if (o->store_as && sim->served[v] && strcmp(o->store_as, mpijob_version_name[v]) == 0)
            sim->stored_as = v;
}

const struct schema *schema_of(const struct exchange *x)
{
    return x->res->sibling ? x->sim->sibling_schema : x->sim->schema[x->mpijob_version];
}

/* What was found out about the stored texts was by the schemas before. */
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
