/* SPDX-License-Identifier: Apache-2.0 */
/* The JobSet of a TrainJob, and the Jobs of a JobSet: made, suspended with their owner, and removed with it. */
#include "sim/life/life_parts.h"

#include "sim/life/life_pods.h"
#include "sim/life/life_status.h"
#include "sim/server/object.h"

#include <stdlib.h>
#include <string.h>

#define PARTS "mpijob-sim/parts"
enum { JOBS_MAX = 64 }; /* of one replicated job */

/* ---- an object with its owner */

static json_object *new_part(struct sim *sim, const char *ns, const char *name, const struct resource *owner_kind,
                             json_object *owner)
{
    json_object *doc = json_object_new_object(), *meta = json_object_new_object(), *notes = json_object_new_object();
    const char *owner_name = doc_str(doc_get(owner, "metadata"), "name"),
               *owner_uid = doc_str(doc_get(owner, "metadata"), "uid");
    char uid[37], now[32];
    sim_uuid(sim, uid);
    sim_timestamp(sim, now);
    char *text = sim_format("[{\"apiVersion\":\"%s/%s\",\"kind\":\"%s\",\"name\":\"%s\",\"uid\":\"%s\","
                            "\"controller\":true,\"blockOwnerDeletion\":true}]",
                            owner_kind->group, owner_kind->version, owner_kind->name, owner_name ? owner_name : "",
                            owner_uid ? owner_uid : "");
    doc_set_str(meta, "name", name);
    doc_set_str(meta, "namespace", ns);
    doc_set_str(meta, "uid", uid);
    doc_set_str(meta, "creationTimestamp", now);
    doc_set(meta, "generation", json_object_new_int64(1));
    doc_set(meta, "labels", json_object_new_object());
    doc_set_str(notes, PARTS, "made");
    doc_set(meta, "annotations", notes);
    doc_set(meta, "ownerReferences", doc_parse(text, strlen(text)));
    doc_set(doc, "metadata", meta);
    free(text);
    return doc;
}

static bool annotated(json_object *doc)
{
    return doc_get(doc_path(doc, "metadata", "annotations"), PARTS) != NULL;
}

/* Its suspend becomes that of its owner. True: it was another. */
static bool put_back(json_object *doc, bool suspend)
{
    json_object *spec = doc_get(doc, "spec"), *meta = doc_get(doc, "metadata");
    if (!doc_get(spec, "suspend")) /* it is new */
        doc_set(spec, "suspend", json_object_new_boolean(suspend));
    if (doc_bool(spec, "suspend") == suspend)
        return false;
    doc_set(spec, "suspend", json_object_new_boolean(suspend));
    doc_set(meta, "generation", json_object_new_int64(doc_int(meta, "generation", 1) + 1));
    return true;
}

/* ---- the Jobs of a set */

static void count(struct sim *sim, json_object *job, bool suspend)
{
    int64_t pods = suspend ? 0 : doc_int(doc_get(job, "spec"), "parallelism", 1);
    json_object *status = json_object_new_object();
    char now[32];
    sim_timestamp(sim, now);
    doc_set(status, "active", json_object_new_int64(pods));
    doc_set(status, "ready", json_object_new_int64(pods));
    if (!suspend)
        doc_set_str(status, "startTime", now);
    doc_set(job, "status", status);
}

static json_object *new_job(struct sim *sim, const char *ns, const char *name, json_object *set,
                            json_object *replicated)
{
    json_object *job = new_part(sim, ns, name, resource_of(K_JOBSET), set),
                *labels = doc_path(job, "metadata", "labels"),
                *own = doc_get(doc_path(replicated, "template", "metadata"), "labels"),
                *spec = doc_path(replicated, "template", "spec");
    const char *set_name = doc_str(doc_get(set, "metadata"), "name"), *role = doc_str(replicated, "name");
    if (json_object_is_type(own, json_type_object)) {
        json_object_object_foreach(own, key, value) doc_set(labels, key, json_object_get(value));
    }
    doc_set_str(labels, "jobset.sigs.k8s.io/jobset-name", set_name ? set_name : "");
    doc_set_str(labels, "jobset.sigs.k8s.io/replicatedjob-name", role ? role : "");
    doc_set(job, "spec", json_object_is_type(spec, json_type_object) ? doc_copy(spec) : json_object_new_object());
    return job;
}

static void keep_job(struct sim *sim, const char *ns, const char *name, json_object *set, json_object *replicated,
                     bool suspend)
{
    json_object *job = life_read(sim, K_JOB, ns, name);
    bool made = !job;
    if (made)
        job = new_job(sim, ns, name, set, replicated);
    if (!put_back(job, suspend) && !made) {
        json_object_put(job);
        return;
    }
    count(sim, job, suspend);
    life_store(sim, K_JOB, ns, name, job);
}

static void keep_jobs(struct sim *sim, const char *ns, json_object *set, bool suspend)
{
    json_object *list = doc_path(set, "spec", "replicatedJobs");
    const char *set_name = doc_str(doc_get(set, "metadata"), "name");
    for (size_t i = 0; i < doc_count(list); i++) {
        json_object *replicated = json_object_array_get_idx(list, i);
        const char *role = doc_str(replicated, "name");
        int64_t n = doc_int(replicated, "replicas", 1);
        for (int64_t index = 0; index < n && index < JOBS_MAX; index++) {
            char *name = sim_format("%.180s-%.60s-%lld", set_name ? set_name : "", role ? role : "", (long long)index);
            keep_job(sim, ns, name, set, replicated, suspend);
            free(name);
        }
    }
}

/* ---- the set of a TrainJob */

static json_object *new_set(struct sim *sim, const char *ns, const char *name, json_object *train)
{
    json_object *set = new_part(sim, ns, name, resource_of(K_TRAINJOB), train),
                *wanted = doc_get(doc_path(train, "spec", "trainer"), "resourcesPerNode");
    long long nodes = (long long)doc_int(doc_path(train, "spec", "trainer"), "numNodes", 1);
    char *text = sim_format(
        "{\"network\":{\"enableDNSHostnames\":true,\"publishNotReadyAddresses\":true},"
        "\"successPolicy\":{\"operator\":\"All\"},\"startupPolicy\":{\"startupPolicyOrder\":\"AnyOrder\"},"
        "\"replicatedJobs\":[{\"name\":\"node\",\"groupName\":\"default\",\"replicas\":1,\"template\":{\"metadata\":{"
        "\"labels\":{\"trainer.kubeflow.org/trainjob-ancestor-step\":\"trainer\"}},\"spec\":{\"backoffLimit\":0,"
        "\"completionMode\":\"Indexed\",\"completions\":%lld,\"parallelism\":%lld,\"template\":{\"spec\":{"
        "\"restartPolicy\":\"Never\",\"containers\":[{\"name\":\"node\",\"resources\":%s}]}}}}}]}",
        nodes, nodes, wanted ? json_object_to_json_string_ext(wanted, JSON_C_TO_STRING_PLAIN) : "{}");
    doc_set(set, "spec", doc_parse(text, strlen(text)));
    free(text);
    return set;
}

static json_object *keep_set(struct sim *sim, const char *ns, const char *name, json_object *train, bool suspend)
{
    json_object *set = life_read(sim, K_JOBSET, ns, name);
    bool made = !set;
    if (made)
        set = new_set(sim, ns, name, train);
    if (put_back(set, suspend) || made) {
        char *text = sim_format("[{\"name\":\"node\",\"active\":%d,\"ready\":%d,\"suspended\":%d,\"succeeded\":0,"
                                "\"failed\":0}]",
                                !suspend, !suspend, suspend);
        life_conditions(set); /* so that there is a status */
        doc_set(doc_get(set, "status"), "replicatedJobsStatus", doc_parse(text, strlen(text)));
        life_store(sim, K_JOBSET, ns, name, json_object_get(set));
        free(text);
    }
    return set;
}

void life_parts(struct sim *sim, enum kind kind, const char *ns, const char *name, json_object *doc)
{
    bool suspend = doc_bool(doc_get(doc, "spec"), "suspend");
    if (kind == K_JOB || !annotated(doc))
        return;
    json_object *set = kind == K_TRAINJOB ? keep_set(sim, ns, name, doc, suspend) : json_object_get(doc);
    keep_jobs(sim, ns, set, suspend);
    json_object_put(set);
}

char *life_parts_first_job(enum kind kind, json_object *doc)
{
    json_object *list = doc_path(doc, "spec", "replicatedJobs");
    const char *name = doc_str(doc_get(doc, "metadata"), "name"), *role = "node";
    if (kind == K_JOB || !annotated(doc) || !name)
        return NULL;
    if (kind == K_JOBSET)
        role = doc_count(list) ? doc_str(json_object_array_get_idx(list, 0), "name") : NULL;
    return role ? sim_format("%.180s-%.60s-0", name, role) : NULL;
}

/* ---- the end */

static void remove_part(struct sim *sim, enum kind kind, const char *ns, const char *name)
{
    json_object *doc = life_read(sim, kind, ns, name);
    if (doc && annotated(doc))
        object_remove(sim, store_get(&sim->store, (int)kind, ns, name));
    json_object_put(doc);
}

void life_parts_remove(struct sim *sim, enum kind kind, const char *ns, const char *name)
{
    json_object *set = kind == K_JOB ? NULL : life_last(sim, K_JOBSET, ns, name);
    json_object *list = doc_path(set, "spec", "replicatedJobs");
    for (size_t i = 0; set && annotated(set) && i < doc_count(list); i++) {
        json_object *replicated = json_object_array_get_idx(list, i);
        const char *role = doc_str(replicated, "name");
        for (int64_t n = doc_int(replicated, "replicas", 1), index = 0; index < n && index < JOBS_MAX; index++) {
            char *job = sim_format("%.180s-%.60s-%lld", name, role ? role : "", (long long)index);
            remove_part(sim, K_JOB, ns, job);
            free(job);
        }
    }
    if (kind == K_TRAINJOB)
        remove_part(sim, K_JOBSET, ns, name);
    json_object_put(set);
}
