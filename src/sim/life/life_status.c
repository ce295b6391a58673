/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions, counts and times in the status of an MPIJob. */
#include "sim/life/life_status.h"

#include <stdlib.h>
#include <string.h>

json_object *life_conditions(json_object *doc)
{
    json_object *status = doc_get(doc, "status");
    if (!json_object_is_type(status, json_type_object))
        doc_set(doc, "status", status = json_object_new_object());
    json_object *list = doc_get(status, "conditions");
    if (!json_object_is_type(list, json_type_array))
        doc_set(status, "conditions", list = json_object_new_array());
    return list;
}

json_object *life_condition(json_object *doc, const char *type)
{
    json_object *list = doc_path(doc, "status", "conditions");
    for (size_t i = 0; i < doc_count(list); i++) {
        json_object *one = json_object_array_get_idx(list, i);
        const char *t = doc_str(one, "type");
        if (t && strcmp(t, type) == 0)
            return one;
    }
    return NULL;
}

bool life_holds(json_object *doc, const char *type)
{
    const char *status = doc_str(life_condition(doc, type), "status");
    return status && strcmp(status, "True") == 0;
}

void life_set_condition(struct crew *c, const char *type, bool on, const char *reason, const char *message)
{
    json_object *one = life_condition(c->doc, type);
    char now[32];
    if (!one) {
        one = json_object_new_object();
        doc_set_str(one, "type", type);
        json_object_array_add(life_conditions(c->doc), one);
    }
    sim_timestamp(c->sim, now);
    bool bare = c->rules == RULES_TRAINING; /* training-operator names the job without its namespace */
    char *text = sim_format("MPIJob %s%s%s %s", bare ? "" : c->j->ns, bare ? "" : "/", c->j->name, message);
    doc_set_str(one, "status", on ? "True" : "False");
    doc_set_str(one, "reason", reason);
    doc_set_str(one, "message", text);
    doc_set_str(one, "lastTransitionTime", now);
    doc_set_str(one, "lastUpdateTime", now);
    free(text);
}

void life_set_counts(struct crew *c, const char *launcher, bool workers)
{
    char *text = workers ? sim_format("{\"Launcher\":{\"%s\":1},\"Worker\":{\"active\":%d}}", launcher, crew_workers(c))
                         : sim_format("{\"Launcher\":{\"%s\":1},\"Worker\":{}}", launcher);
    doc_set(doc_get(c->doc, "status"), "replicaStatuses", doc_parse(text, strlen(text)));
    free(text);
}

void life_stamp(struct crew *c, const char *name)
{
    char now[32];
    sim_timestamp(c->sim, now);
    doc_set_str(doc_get(c->doc, "status"), name, now);
}

void life_save(struct crew *c)
{
    life_stamp(c, "lastReconcileTime");
    life_store(c->sim, K_MPIJOB, c->j->ns, c->j->name, doc_copy(c->doc));
}
