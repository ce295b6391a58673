/* SPDX-License-Identifier: Apache-2.0 */
/* Pods and conditions of TrainJobs, JobSets and Jobs that are suspended, and that go on. */
#include "sim/life/life_kinds.h"

#include "sim/life/life_course.h"
#include "sim/life/life_parts.h"
#include "sim/life/life_pods.h"
#include "sim/life/life_status.h"
#include "sim/server/object.h"

#include <stdlib.h>
#include <string.h>

enum { PODS_MAX = 200 }; /* of one job */

bool life_stands_alone(json_object *doc)
{
    json_object *owners = doc_path(doc, "metadata", "ownerReferences");
    for (size_t i = 0; i < doc_count(owners); i++)
        if (doc_bool(json_object_array_get_idx(owners, i), "controller"))
            return false;
    return true;
}

bool life_kind_ended(json_object *doc)
{
    static const char *const ends[] = {"Succeeded", "Failed", "Complete", "Completed"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (life_holds(doc, ends[i]))
            return true;
    return false;
}

/* ---- pods */

static int64_t product(json_object *obj, const char *replicas, json_object *spec)
{
    return doc_int(obj, replicas, 1) * doc_int(spec, "parallelism", 1);
}

static int pods_wanted(enum kind kind, json_object *doc)
{
    json_object *spec = doc_get(doc, "spec"), *list = doc_get(spec, "replicatedJobs");
    int64_t n = 0;
    if (kind == K_TRAINJOB)
        n = doc_int(doc_get(spec, "trainer"), "numNodes", 1);
    else if (kind == K_JOB)
        n = doc_int(spec, "parallelism", 1);
    for (size_t i = 0; kind == K_JOBSET && i < doc_count(list); i++) {
        json_object *one = json_object_array_get_idx(list, i);
        n += product(one, "replicas", doc_path(one, "template", "spec"));
    }
    return n < 0 ? 0 : n > PODS_MAX ? PODS_MAX : (int)n;
}

/* What its pods ask for, as a new document: by its template, by that of the first of its replicated jobs, or by
 * resourcesPerNode. */
static json_object *pod_spec(enum kind kind, json_object *doc)
{
    json_object *spec = doc_get(doc, "spec"), *list = doc_get(spec, "replicatedJobs"), *own = NULL;
    if (kind == K_JOB)
        own = doc_path(spec, "template", "spec");
    else if (kind == K_JOBSET && json_object_is_type(list, json_type_array) && json_object_array_length(list))
        own = doc_get(doc_get(doc_path(json_object_array_get_idx(list, 0), "template", "spec"), "template"), "spec");
    if (json_object_is_type(own, json_type_object))
        return doc_copy(own);
    json_object *made = json_object_new_object(), *containers = json_object_new_array(),
                *one = json_object_new_object(), *wanted = doc_path(spec, "trainer", "resourcesPerNode");
    doc_set_str(one, "name", "node");
    if (wanted)
        doc_set(one, "resources", doc_copy(wanted));
    json_object_array_add(containers, one);
    doc_set(made, "containers", containers);
    return made;
}

static void make_pod(struct sim *sim, enum kind kind, const char *ns, const char *job, const char *name,
                     json_object *doc)
{
    const char *label = kind == K_JOB ? "batch.kubernetes.io/job-name" : "jobset.sigs.k8s.io/jobset-name";
    json_object *pod = json_object_new_object(), *meta = json_object_new_object(), *labels = json_object_new_object();
    char uid[37], now[32];
    sim_uuid(sim, uid);
    sim_timestamp(sim, now);
    doc_set_str(meta, "name", name);
    doc_set_str(meta, "namespace", ns);
    doc_set_str(meta, "uid", uid);
    doc_set_str(meta, "creationTimestamp", now);
    doc_set_str(labels, label, job);
    char *part = life_parts_first_job(kind, doc);
    if (part)
        doc_set_str(labels, "batch.kubernetes.io/job-name", part);
    free(part);
    doc_set(meta, "labels", labels);
    doc_set(pod, "metadata", meta);
    json_object *spec = pod_spec(kind, doc);
    doc_set_str(spec, "nodeName", "node-01");
    doc_set(pod, "spec", spec);
    doc_set(pod, "status", doc_parse("{\"phase\":\"Running\"}", strlen("{\"phase\":\"Running\"}")));
    life_store(sim, K_POD, ns, name, pod);
}

/* One that has ended stays. */
static void remove_pod(struct sim *sim, const char *ns, const char *name)
{
    struct revision *rev = store_get(&sim->store, K_POD, ns, name);
    json_object *pod = rev ? object_parse(rev) : NULL;
    const char *phase = doc_str(doc_get(pod, "status"), "phase");
    bool over = phase && (strcmp(phase, "Succeeded") == 0 || strcmp(phase, "Failed") == 0);
    if (rev && !over)
        object_remove(sim, rev);
    json_object_put(pod);
}

/* doc: the job; NULL: it is gone, and to is 0. */
static void set_pods(struct sim *sim, enum kind kind, const char *ns, const char *job, json_object *doc, int to)
{
    for (int i = 0; i < PODS_MAX; i++) {
        char *name = sim_format("%.200s-pod-%d", job, i);
        bool there = store_get(&sim->store, K_POD, ns, name) != NULL;
        if (i < to && !there)
            make_pod(sim, kind, ns, job, name, doc);
        else if (i >= to && there)
            remove_pod(sim, ns, name);
        free(name);
    }
}

/* ---- status */

static void set_condition(struct sim *sim, json_object *doc, bool on, const char *reason)
{
    json_object *list = life_conditions(doc), *one = life_condition(doc, "Suspended");
    char now[32];
    sim_timestamp(sim, now);
    if (!one) {
        json_object_array_add(list, one = json_object_new_object());
        doc_set_str(one, "type", "Suspended");
    }
    doc_set_str(one, "status", on ? "True" : "False");
    doc_set_str(one, "reason", reason);
    doc_set_str(one, "message", on ? "it is suspended" : "it goes on");
    doc_set_str(one, "lastTransitionTime", now);
}

static void count_ready(struct sim *sim, enum kind kind, json_object *doc, int pods)
{
    json_object *status = doc_get(doc, "status"), *list = doc_path(doc, "spec", "replicatedJobs");
    struct buf text = BUF_INIT;
    char now[32];
    sim_timestamp(sim, now);
    if (!json_object_is_type(status, json_type_object))
        doc_set(doc, "status", status = json_object_new_object());
    if (kind == K_JOB) {
        doc_set(status, "active", json_object_new_int64(pods));
        doc_set(status, "ready", json_object_new_int64(pods));
        if (pods)
            doc_set_str(status, "startTime", now);
        return;
    }
    buf_putc(&text, '[');
    for (size_t i = 0; kind == K_JOBSET && i < doc_count(list); i++) {
        json_object *one = json_object_array_get_idx(list, i);
        const char *name = doc_str(one, "name");
        buf_printf(&text, "%s{\"name\":", i ? "," : "");
        doc_write_string(&text, name ? name : "", name ? strlen(name) : 0);
        buf_printf(&text, ",\"ready\":%lld,\"succeeded\":0,\"failed\":0}",
                   pods ? (long long)doc_int(one, "replicas", 1) : 0);
    }
    if (kind == K_TRAINJOB)
        buf_printf(&text, "{\"name\":\"node\",\"ready\":%d,\"succeeded\":0,\"failed\":0}", pods > 0);
    buf_putc(&text, ']');
    doc_set(status, kind == K_JOBSET ? "replicatedJobsStatus" : "jobsStatus", doc_parse(text.ptr, text.len));
    buf_free(&text);
}

int64_t life_kind_act(struct sim *sim, enum kind kind, const char *ns, const char *name)
{
    json_object *doc = life_read(sim, kind, ns, name);
    int wanted = doc ? pods_wanted(kind, doc) : 0;
    bool suspended = doc && doc_bool(doc_get(doc, "spec"), "suspend");
    if (doc && (!life_stands_alone(doc) || life_kind_ended(doc))) {
        json_object_put(doc);
        return INT64_MAX;
    }
    set_pods(sim, kind, ns, name, doc, suspended ? 0 : wanted);
    if (!doc) {
        life_parts_remove(sim, kind, ns, name);
        return INT64_MAX;
    }
    life_parts(sim, kind, ns, name, doc);
    bool told = life_condition(doc, "Suspended") != NULL, holds = life_holds(doc, "Suspended");
    bool counted = doc_get(doc_get(doc, "status"), kind == K_JOB      ? "ready"
                                                   : kind == K_JOBSET ? "replicatedJobsStatus"
                                                                      : "jobsStatus") != NULL;
    if (suspended != holds || !counted) {
        if (suspended || told)
            set_condition(sim, doc, suspended, suspended ? "SuspendedJobs" : "ResumeJobs");
        count_ready(sim, kind, doc, suspended ? 0 : wanted);
        life_store(sim, kind, ns, name, json_object_get(doc));
    }
    int64_t due = life_course(sim, kind, ns, name, doc);
    json_object_put(doc);
    return due;
}
