/* SPDX-License-Identifier: Apache-2.0 */
/* Which jobs Kueue manages, their Workloads, and what it does with both. */
#include "sim/life/life_kueue.h"

#include "base/clock.h"
#include "sim/life/life_kinds.h"
#include "sim/life/life_pods.h"
#include "sim/life/life_status.h"
#include "sim/server/object.h"

#include <stdlib.h>
#include <string.h>

#define QUEUE "kueue.x-k8s.io/queue-name"
#define MAX_TIME "kueue.x-k8s.io/max-exec-time-seconds"
#define OUT_OF_TIME "DeactivatedDueToMaximumExecutionTimeExceeded"
static const int64_t second = 1000000;

struct kueue_job {
    enum kind kind;
    char *ns, *name, *workload; /* workload: the name of its Workload; NULL: it has had none */
    int64_t due_us;             /* INT64_MAX: nothing is due */
    bool looked;                /* since it is there */
};

struct life_kueue {
    struct kueue_job *jobs;
    size_t count, cap;
};

struct life_kueue *life_kueue_new(struct sim *sim)
{
    return sim->opt.kueue ? sim_alloc(sizeof(struct life_kueue)) : NULL;
}

static void free_job(struct kueue_job *j)
{
    free(j->ns);
    free(j->name);
    free(j->workload);
}

void life_kueue_free(struct life_kueue *k)
{
    for (size_t i = 0; k && i < k->count; i++)
        free_job(&k->jobs[i]);
    if (k)
        free(k->jobs);
    free(k);
}

/* ---- which jobs */

static struct kueue_job *find(struct life_kueue *k, enum kind kind, const char *ns, const char *name)
{
    for (size_t i = 0; i < k->count; i++) {
        struct kueue_job *j = &k->jobs[i];
        if (j->kind == kind && strcmp(j->name, name) == 0 && strcmp(j->ns, ns) == 0)
            return j;
    }
    return NULL;
}

static struct kueue_job *follow(struct life_kueue *k, enum kind kind, const char *ns, const char *name)
{
    if (k->count == k->cap) {
        k->cap = k->cap ? k->cap * 2 : 16;
        k->jobs = sim_realloc(k->jobs, k->cap * sizeof *k->jobs);
    }
    struct kueue_job *j = &k->jobs[k->count++];
    *j = (struct kueue_job){.kind = kind, .ns = sim_strdup(ns), .name = sim_strdup(name)};
    return j;
}

static void touch_workload(struct life_kueue *k, struct sim *sim, const char *ns, const char *name)
{
    for (size_t i = 0; i < k->count; i++) {
        struct kueue_job *j = &k->jobs[i];
        if (j->workload && strcmp(j->workload, name) == 0 && strcmp(j->ns, ns) == 0)
            j->due_us = sim->now_us;
    }
}

/* A Job of a set, whose name begins with that of the TrainJob or JobSet that it belongs to; the set of a TrainJob. */
static void touch_owner(struct life_kueue *k, struct sim *sim, const char *ns, const char *name)
{
    for (size_t i = 0; i < k->count; i++) {
        struct kueue_job *j = &k->jobs[i];
        size_t n = strlen(j->name);
        if ((j->kind == K_TRAINJOB || j->kind == K_JOBSET) && strncmp(j->name, name, n) == 0 &&
            (name[n] == '-' || !name[n]) && strcmp(j->ns, ns) == 0)
            j->due_us = sim->now_us;
    }
}

void life_kueue_notify(struct life_kueue *k, struct sim *sim, struct revision *rev)
{
    char ns[64];
    enum kind kind = (enum kind)rev->entry->kind;
    const char *name = entry_name(rev->entry);
    entry_namespace(rev->entry, ns);
    if (!k)
        return;
    if (kind == K_WORKLOAD)
        touch_workload(k, sim, ns, name);
    if (kind == K_JOB || kind == K_JOBSET)
        touch_owner(k, sim, ns, name);
    if (kind != K_MPIJOB && kind != K_TRAINJOB && kind != K_JOBSET && kind != K_JOB)
        return;
    struct kueue_job *j = find(k, kind, ns, name);
    if (!j)
        j = follow(k, kind, ns, name);
    j->due_us = sim->now_us;
}

static struct kueue_job *first(const struct life_kueue *k)
{
    struct kueue_job *best = NULL;
    for (size_t i = 0; k && i < k->count; i++)
        if (!best || k->jobs[i].due_us < best->due_us)
            best = &k->jobs[i];
    return best;
}

int64_t life_kueue_due(const struct life_kueue *k)
{
    const struct kueue_job *j = first(k);
    return j ? j->due_us : INT64_MAX;
}

bool life_kueue_new_job(const struct life_kueue *k)
{
    const struct kueue_job *j = first(k);
    return j && !j->looked;
}

/* ---- a Workload */

static void set(struct sim *sim, json_object *workload, const char *type, bool on, const char *reason,
                const char *message)
{
    json_object *one = life_condition(workload, type);
    char now[32];
    sim_timestamp(sim, now);
    if (!one) {
        json_object_array_add(life_conditions(workload), one = json_object_new_object());
        doc_set_str(one, "type", type);
    }
    doc_set_str(one, "status", on ? "True" : "False");
    doc_set_str(one, "reason", reason);
    doc_set_str(one, "message", message);
    doc_set_str(one, "lastTransitionTime", now);
}

static int64_t since(json_object *workload, const char *type)
{
    int64_t us;
    const char *text = doc_str(life_condition(workload, type), "lastTransitionTime");
    return text && clock_parse(text, &us) ? us : 0;
}

static json_object *new_workload(struct sim *sim, const struct kueue_job *j, json_object *job)
{
    const struct resource *r = resource_of(j->kind);
    json_object *meta = doc_get(job, "metadata"), *labels = doc_get(meta, "labels");
    const char *uid = doc_str(meta, "uid"), *queue = doc_str(labels, QUEUE), *seconds = doc_str(labels, MAX_TIME);
    char own[37], now[32];
    sim_uuid(sim, own);
    sim_timestamp(sim, now);
    char *text = sim_format(
        "{\"metadata\":{\"name\":\"%s\",\"namespace\":\"%s\",\"uid\":\"%s\",\"creationTimestamp\":\"%s\","
        "\"generation\":1,"
        "\"labels\":{\"kueue.x-k8s.io/job-uid\":\"%s\"},\"ownerReferences\":[{\"apiVersion\":\"%s/%s\",\"kind\":\"%s\","
        "\"name\":\"%s\",\"uid\":\"%s\",\"controller\":true}]},\"spec\":{\"active\":true,\"priority\":0}}",
        j->workload, j->ns, own, now, uid ? uid : "", r->group, r->version ? r->version : "v2beta1", r->name, j->name,
        uid ? uid : "");
    json_object *workload = doc_parse(text, strlen(text)), *spec = doc_get(workload, "spec");
    doc_set_str(spec, "queueName", queue ? queue : "");
    if (seconds)
        doc_set(spec, "maximumExecutionTimeSeconds", json_object_new_int64(strtoll(seconds, NULL, 10)));
    free(text);
    return workload;
}

static void save(struct sim *sim, const struct kueue_job *j, json_object *workload)
{
    life_store(sim, K_WORKLOAD, j->ns, j->workload, doc_copy(workload));
}

/* "mpijob-bert-1a2b3": the hash is of the job's uid. */
static void name_workload(struct kueue_job *j, json_object *job)
{
    const char *uid = doc_str(doc_get(job, "metadata"), "uid");
    free(j->workload);
    j->workload = sim_format("%s-%.200s-%.5s", resource_of(j->kind)->singular, j->name, uid ? uid : "00000");
}

/* ---- what it does */

static void evict(struct sim *sim, json_object *workload, const char *reason, const char *message)
{
    set(sim, workload, "Evicted", true, reason, message);
    set(sim, workload, "Admitted", false, "NoReservation", "The workload has no reservation");
    set(sim, workload, "QuotaReserved", false, "Pending", message);
}

/* The time at which its queue has room; INT64_MAX: never. */
static int64_t admitted_at(json_object *job, json_object *workload)
{
    int64_t us = 0;
    const char *text = doc_str(doc_path(job, "metadata", "annotations"), "mpijob-sim/admit-seconds"),
               *made = doc_str(doc_get(workload, "metadata"), "creationTimestamp");
    if (text && strcmp(text, "never") == 0)
        return INT64_MAX;
    return text && made && clock_parse(made, &us) ? us + strtoll(text, NULL, 10) * second : 0;
}

static void admit(struct sim *sim, json_object *workload)
{
    if (life_condition(workload, "Evicted"))
        set(sim, workload, "Evicted", false, "QuotaReserved", "Previously: it was evicted");
    life_conditions(workload); /* so that there is a status */
    doc_set(doc_get(workload, "status"), "admission", doc_parse("{\"clusterQueue\":\"gpus\"}", 23));
    set(sim, workload, "QuotaReserved", true, "QuotaReserved", "Quota reserved in ClusterQueue gpus");
    set(sim, workload, "Admitted", true, "Admitted", "The workload is admitted");
}

/* Stops and starts the Workload as its spec, its time and its queue say. True: it was changed. */
static bool move(struct sim *sim, struct kueue_job *j, json_object *job, json_object *workload)
{
    json_object *spec = doc_get(workload, "spec"), *evicted = life_condition(workload, "Evicted");
    bool active = !doc_get(spec, "active") || doc_bool(spec, "active"), admitted = life_holds(workload, "Admitted");
    const char *why = life_holds(workload, "Evicted") ? doc_str(evicted, "reason") : NULL;
    int64_t most = doc_int(spec, "maximumExecutionTimeSeconds", 0), room = admitted_at(job, workload);
    if (active && why && strcmp(why, OUT_OF_TIME) == 0) { /* put back at once */
        doc_set(spec, "active", json_object_new_boolean(false));
        return true;
    }
    if (!active && (admitted || !why)) {
        evict(sim, workload, "Deactivated", "The workload is deactivated");
        return true;
    }
    if (!active)
        return false;
    if (admitted && most > 0 && sim->now_us >= since(workload, "Admitted") + most * second) {
        doc_set(spec, "active", json_object_new_boolean(false));
        evict(sim, workload, OUT_OF_TIME, "The workload is deactivated due to exceeding the maximum execution time");
        return true;
    }
    if (admitted) {
        j->due_us = most > 0 ? since(workload, "Admitted") + most * second : INT64_MAX;
        return false;
    }
    if (sim->now_us >= room) {
        admit(sim, workload);
        if (most > 0)
            j->due_us = sim->now_us + most * second;
        return true;
    }
    j->due_us = room;
    if (life_condition(workload, "QuotaReserved") && !why)
        return false;
    if (why)
        set(sim, workload, "Evicted", false, "Pending", "It waits again");
    set(sim, workload, "QuotaReserved", false, "Pending",
        "couldn't assign flavors to pod set worker: insufficient unused quota for nvidia.com/gpu in flavor gpu, 8 more "
        "needed");
    return true;
}

/* suspend is Kueue's: whoever else has set it, it becomes what the Workload says. */
static void put_suspend(struct sim *sim, const struct kueue_job *j, json_object *job, bool wanted)
{
    json_object *spec = doc_get(job, "spec");
    if (j->kind == K_MPIJOB && spec && !doc_get(spec, "runPolicy"))
        doc_set(spec, "runPolicy", json_object_new_object());
    json_object *place = j->kind == K_MPIJOB ? doc_get(spec, "runPolicy") : spec;
    if (!json_object_is_type(place, json_type_object) || doc_bool(place, "suspend") == wanted)
        return;
    json_object *meta = doc_get(job, "metadata");
    doc_set(place, "suspend", json_object_new_boolean(wanted));
    doc_set(meta, "generation", json_object_new_int64(doc_int(meta, "generation", 1) + 1));
    life_store(sim, j->kind, j->ns, j->name, doc_copy(job));
}

static void finish(struct sim *sim, struct kueue_job *j, json_object *job)
{
    json_object *workload = j->workload ? life_read(sim, K_WORKLOAD, j->ns, j->workload) : NULL;
    if (workload && !life_holds(workload, "Finished")) {
        bool failed = life_holds(job, "Failed");
        set(sim, workload, "Finished", true, failed ? "Failed" : "Succeeded",
            failed ? "Job failed" : "Job finished successfully");
        save(sim, j, workload);
    }
    json_object_put(workload);
}

static void manage(struct sim *sim, struct kueue_job *j, json_object *job)
{
    name_workload(j, job);
    json_object *workload = life_read(sim, K_WORKLOAD, j->ns, j->workload);
    bool made = !workload;
    if (made)
        workload = new_workload(sim, j, job);
    bool changed = move(sim, j, job, workload);
    if (made || changed)
        save(sim, j, workload);
    put_suspend(sim, j, job, !life_holds(workload, "Admitted"));
    json_object_put(workload);
}

static void forget(struct life_kueue *k, struct sim *sim, struct kueue_job *j)
{
    struct revision *rev = j->workload ? store_get(&sim->store, K_WORKLOAD, j->ns, j->workload) : NULL;
    if (rev)
        object_remove(sim, rev);
    free_job(j);
    *j = k->jobs[--k->count];
}

void life_kueue_act(struct life_kueue *k, struct sim *sim)
{
    struct kueue_job *j = first(k);
    json_object *job = life_read(sim, j->kind, j->ns, j->name);
    const char *queue = doc_str(doc_path(job, "metadata", "labels"), QUEUE);
    j->due_us = INT64_MAX;
    j->looked = true;
    if (j->kind != K_MPIJOB) { /* before Kueue puts suspend back, its pods are gone */
        life_kind_act(sim, j->kind, j->ns, j->name);
        json_object_put(job);
        job = life_read(sim, j->kind, j->ns, j->name);
        queue = doc_str(doc_path(job, "metadata", "labels"), QUEUE);
    }
    if (!job) {
        forget(k, sim, j);
        return;
    }
    if (life_kind_ended(job))
        finish(sim, j, job);
    else if (queue && *queue && life_stands_alone(job))
        manage(sim, j, job);
    int64_t due = j->kind == K_MPIJOB ? INT64_MAX : life_kind_act(sim, j->kind, j->ns, j->name);
    j->due_us = due < j->due_us ? due : j->due_us;
    json_object_put(job);
}
