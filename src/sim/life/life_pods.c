/* SPDX-License-Identifier: Apache-2.0 */
/* Pods and launcher Jobs, with enough in them for a client to see what holds a GPU. */
#include "sim/life/life_pods.h"

#include "sim/server/object.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void life_store(struct sim *sim, enum kind kind, const char *ns, const char *name, json_object *doc)
{
    struct buf text = BUF_INIT;
    struct marks marks;
    char version[24];
    bool there = store_get(&sim->store, (int)kind, ns, name) != NULL;
    snprintf(version, sizeof version, "%llu", (unsigned long long)store_next(&sim->store));
    doc_set_str(doc_get(doc, "metadata"), "resourceVersion", version);
    object_write_doc(doc, &text, &marks);
    store_commit(&sim->store, (int)kind, ns, name, there ? EVENT_MODIFIED : EVENT_ADDED, &text, &marks);
    json_object_put(doc);
    buf_free(&text);
}

json_object *life_read(struct sim *sim, enum kind kind, const char *ns, const char *name)
{
    struct revision *rev = store_get(&sim->store, (int)kind, ns, name);
    return rev ? object_parse(rev) : NULL;
}

json_object *life_last(struct sim *sim, enum kind kind, const char *ns, const char *name)
{
    struct entry *e = store_find(&sim->store, (int)kind, ns, name);
    return e && e->latest ? object_parse(e->latest) : NULL;
}

static bool remove_object(struct sim *sim, enum kind kind, const char *ns, const char *name)
{
    struct revision *rev = store_get(&sim->store, (int)kind, ns, name);
    if (rev)
        object_remove(sim, rev);
    return rev != NULL;
}

int crew_workers(struct crew *c)
{
    json_object *worker = doc_get(doc_path(c->doc, "spec", "mpiReplicaSpecs"), "Worker");
    int64_t n = doc_int(worker, "replicas", worker ? 1 : 0);
    return n < 0 ? 0 : n > 1000 ? 1000 : (int)n;
}

/* The name is cut, because more than 253 characters cannot be stored. */
static void pod_name(const struct crew *c, enum pod_role role, int index, char out[300])
{
    if (role == ROLE_WORKER)
        snprintf(out, 300, "%.230s-worker-%d", c->j->name, index);
    else if (rules_launcher_is_job(c->rules))
        snprintf(out, 300, "%.230s-launcher-%05x", c->j->name, (unsigned)(c->j->dice >> 20 & 0xfffff));
    else
        snprintf(out, 300, "%.230s-launcher", c->j->name);
}

static void set_owner(json_object *meta, const char *version, const char *kind, const char *name, const char *uid)
{
    json_object *owner = json_object_new_object(), *owners = json_object_new_array();
    doc_set_str(owner, "apiVersion", version);
    doc_set_str(owner, "kind", kind);
    doc_set_str(owner, "name", name);
    doc_set_str(owner, "uid", uid ? uid : "");
    doc_set(owner, "controller", json_object_new_boolean(true));
    json_object_array_add(owners, owner);
    doc_set(meta, "ownerReferences", owners);
}

static json_object *new_metadata(struct crew *c, const char *name, const char *role, int index)
{
    json_object *meta = json_object_new_object(), *labels = json_object_new_object();
    char uid[37], now[32];
    sim_uuid(c->sim, uid);
    sim_timestamp(c->sim, now);
    rules_labels(c->rules, c->j->name, role, index, labels);
    doc_set_str(meta, "name", name);
    doc_set_str(meta, "namespace", c->j->ns);
    doc_set_str(meta, "uid", uid);
    doc_set_str(meta, "creationTimestamp", now);
    doc_set(meta, "labels", labels);
    char *version = sim_format("kubeflow.org/%s", c->rules == RULES_V2BETA1 ? "v2beta1"
                                                  : rules_alpha(c->rules)   ? "v1alpha2"
                                                                            : "v1");
    set_owner(meta, version, "MPIJob", c->j->name, doc_str(doc_get(c->doc, "metadata"), "uid"));
    free(version);
    return meta;
}

/* Where the launcher is a Job, its pod belongs to that Job, as if the Job controller had made it. */
static void own_by_launcher(struct crew *c, json_object *meta)
{
    char *name = sim_format("%.230s-launcher", c->j->name);
    json_object *job = life_read(c->sim, K_JOB, c->j->ns, name), *labels = doc_get(meta, "labels");
    if (job && strlen(name) <= 63) { /* a longer one cannot be the value of a label */
        doc_set_str(labels, "batch.kubernetes.io/job-name", name);
        doc_set_str(labels, "job-name", name);
    }
    if (job)
        set_owner(meta, "batch/v1", "Job", name, doc_str(doc_get(job, "metadata"), "uid"));
    json_object_put(job);
    free(name);
}

static void set_phase(struct sim *sim, json_object *pod, const char *phase)
{
    json_object *status = json_object_new_object();
    char now[32];
    sim_timestamp(sim, now);
    doc_set_str(status, "phase", phase);
    if (strcmp(phase, "Pending") != 0)
        doc_set_str(status, "startTime", now);
    doc_set(pod, "status", status);
}

/* A pod that is pending has no node. */
static void set_node(struct crew *c, json_object *pod, int index, const char *phase)
{
    json_object *spec = doc_get(pod, "spec");
    char node[32];
    if (strcmp(phase, "Pending") == 0 || doc_get(spec, "nodeName"))
        return;
    snprintf(node, sizeof node, "node-%02u", (unsigned)((c->j->dice + (unsigned)index * 7u) % 40));
    doc_set_str(spec, "nodeName", node);
}

static void make_pod(struct crew *c, enum pod_role role, int index, const char *phase)
{
    const char *role_name = role == ROLE_LAUNCHER ? "launcher" : "worker";
    char name[300];
    pod_name(c, role, index, name);
    if (store_get(&c->sim->store, K_POD, c->j->ns, name))
        return;
    json_object *replica =
        doc_get(doc_path(c->doc, "spec", "mpiReplicaSpecs"), role == ROLE_LAUNCHER ? "Launcher" : "Worker");
    json_object *spec = doc_path(replica, "template", "spec"), *pod = json_object_new_object();
    spec = json_object_is_type(spec, json_type_object) ? doc_copy(spec) : json_object_new_object();
    json_object *meta = new_metadata(c, name, role_name, index);
    if (role == ROLE_LAUNCHER && rules_launcher_is_job(c->rules))
        own_by_launcher(c, meta);
    doc_set(pod, "metadata", meta);
    doc_set(pod, "spec", spec);
    set_node(c, pod, index, phase);
    set_phase(c->sim, pod, phase);
    life_store(c->sim, K_POD, c->j->ns, name, pod);
}

static void make_launcher_job(struct crew *c, bool suspended)
{
    char *name = sim_format("%.230s-launcher", c->j->name);
    if (!store_get(&c->sim->store, K_JOB, c->j->ns, name)) {
        json_object *job = json_object_new_object(), *spec = json_object_new_object(), *meta;
        int64_t deadline = rules_deadline_at_launch(c->rules, c->doc), ttl = rules_ttl_at_launch(c->rules, c->doc);
        doc_set(job, "metadata", meta = new_metadata(c, name, "launcher", -1));
        doc_set(meta, "generation", json_object_new_int64(1));
        doc_set(spec, "backoffLimit", json_object_new_int64(6));
        doc_set(spec, "suspend", json_object_new_boolean(suspended));
        if (deadline >= 0)
            doc_set(spec, "activeDeadlineSeconds", json_object_new_int64(deadline));
        if (ttl >= 0)
            doc_set(spec, "ttlSecondsAfterFinished", json_object_new_int64(ttl));
        doc_set(job, "spec", spec);
        doc_set(job, "status", doc_parse("{\"active\":1}", 12));
        life_store(c->sim, K_JOB, c->j->ns, name, job);
    }
    free(name);
}

void crew_launch(struct crew *c, const char *phase)
{
    if (rules_launcher_is_job(c->rules))
        make_launcher_job(c, false);
    make_pod(c, ROLE_LAUNCHER, -1, phase);
    for (int i = 0, n = crew_workers(c); i < n; i++)
        make_pod(c, ROLE_WORKER, i, phase);
}

static void change_phase(struct crew *c, const char *name, int index, const char *phase)
{
    json_object *pod = life_read(c->sim, K_POD, c->j->ns, name);
    const char *now = doc_str(doc_get(pod, "status"), "phase");
    if (!pod || (now && strcmp(now, phase) == 0)) {
        json_object_put(pod);
        return;
    }
    set_node(c, pod, index, phase);
    set_phase(c->sim, pod, phase);
    life_store(c->sim, K_POD, c->j->ns, name, pod);
}

static void remove_pod(struct crew *c, const char *name, bool only_running)
{
    if (only_running) {
        json_object *pod = life_read(c->sim, K_POD, c->j->ns, name);
        const char *phase = doc_str(doc_get(pod, "status"), "phase");
        bool over = phase && (strcmp(phase, "Succeeded") == 0 || strcmp(phase, "Failed") == 0);
        json_object_put(pod);
        if (over)
            return;
    }
    remove_object(c->sim, K_POD, c->j->ns, name);
}

void crew_phase(struct crew *c, enum pod_role role, const char *phase)
{
    char name[300];
    for (int i = 0, n = role == ROLE_LAUNCHER ? 1 : crew_workers(c); i < n; i++) {
        pod_name(c, role, i, name);
        change_phase(c, name, i, phase);
    }
}

void crew_remove(struct crew *c, enum pod_role role, bool only_running)
{
    char name[300];
    for (int i = 0, n = role == ROLE_LAUNCHER ? 1 : crew_workers(c); i < n; i++) {
        pod_name(c, role, i, name);
        remove_pod(c, name, only_running);
    }
}

bool crew_remove_launcher(struct crew *c)
{
    char *name = sim_format("%.230s-launcher", c->j->name);
    bool there = remove_object(c->sim, K_JOB, c->j->ns, name);
    free(name);
    crew_remove(c, ROLE_LAUNCHER, false);
    return there;
}

void crew_remove_all(struct crew *c)
{
    crew_remove_launcher(c);
    crew_remove(c, ROLE_WORKER, false);
}

void crew_finish_launcher(struct crew *c, bool good)
{
    crew_phase(c, ROLE_LAUNCHER, good ? "Succeeded" : "Failed");
    char *name = sim_format("%.230s-launcher", c->j->name);
    json_object *job = life_read(c->sim, K_JOB, c->j->ns, name);
    if (job) {
        const char *status = good ? "{\"succeeded\":1,\"conditions\":[{\"type\":\"Complete\",\"status\":\"True\"}]}"
                                  : "{\"failed\":1,\"conditions\":[{\"type\":\"Failed\",\"status\":\"True\"}]}";
        doc_set(job, "status", doc_parse(status, strlen(status)));
        life_store(c->sim, K_JOB, c->j->ns, name, job);
    }
    free(name);
}

void crew_suspend_launcher(struct crew *c, bool suspend)
{
    if (!rules_launcher_is_job(c->rules))
        return;
    char *name = sim_format("%.230s-launcher", c->j->name);
    json_object *job = life_read(c->sim, K_JOB, c->j->ns, name);
    if (job) {
        doc_set(doc_get(job, "spec"), "suspend", json_object_new_boolean(suspend));
        life_store(c->sim, K_JOB, c->j->ns, name, job);
    } else {
        make_launcher_job(c, suspend);
    }
    free(name);
}

int64_t crew_launcher_value(struct crew *c, const char *field)
{
    char *name = sim_format("%.230s-launcher", c->j->name);
    json_object *launcher = life_read(c->sim, rules_launcher_is_job(c->rules) ? K_JOB : K_POD, c->j->ns, name);
    int64_t value = doc_int(doc_get(launcher, "spec"), field, -1);
    json_object_put(launcher);
    free(name);
    return value;
}

void crew_event(struct crew *c, const char *reason, const char *message)
{
    json_object *event = json_object_new_object(), *about = json_object_new_object(), *meta;
    char *name = sim_format("%.200s.%016llx", c->j->name, (unsigned long long)sim_random(c->sim)), now[32];
    sim_timestamp(c->sim, now);
    doc_set(event, "metadata", meta = new_metadata(c, name, "", -1));
    json_object_object_del(meta, "ownerReferences");
    json_object_object_del(meta, "labels");
    doc_set_str(about, "kind", "MPIJob");
    doc_set_str(about, "name", c->j->name);
    doc_set_str(about, "namespace", c->j->ns);
    doc_set(event, "involvedObject", about);
    doc_set_str(event, "reason", reason);
    doc_set_str(event, "message", message);
    doc_set_str(event, "type", "Warning");
    doc_set_str(event, "firstTimestamp", now);
    doc_set_str(event, "lastTimestamp", now);
    doc_set(event, "count", json_object_new_int64(1));
    life_store(c->sim, K_EVENT, c->j->ns, name, event);
    free(name);
}
