/* SPDX-License-Identifier: Apache-2.0 */
/* Deadlines and ends of TrainJobs, JobSets and Jobs, as they were seen under the real controllers. */
#include "sim/life/life_course.h"

#include "base/clock.h"
#include "sim/life/life_kinds.h"
#include "sim/life/life_pods.h"
#include "sim/life/life_status.h"
#include "sim/server/object.h"

#include <stdlib.h>
#include <string.h>

#define SET_LABEL "jobset.sigs.k8s.io/jobset-name"
static const int64_t second = 1000000;

struct ending {
    bool good;
    const char *reason, *message;
};

/* ---- times */

static int64_t time_of(json_object *obj, const char *member)
{
    int64_t us;
    const char *text = doc_str(obj, member);
    return text && clock_parse(text, &us) ? us : -1;
}

/* Since when it runs; -1: it does not. */
static int64_t started(enum kind kind, json_object *doc)
{
    json_object *status = doc_get(doc, "status"), *resumed = life_condition(doc, "Suspended");
    if (doc_bool(doc_get(doc, "spec"), "suspend") || life_holds(doc, "Suspended"))
        return -1;
    if (kind == K_JOB)
        return time_of(status, "startTime");
    return resumed ? time_of(resumed, "lastTransitionTime") : time_of(doc_get(doc, "metadata"), "creationTimestamp");
}

/* ---- its status */

static void add_condition(struct sim *sim, json_object *doc, const char *type, const struct ending *e)
{
    json_object *one = json_object_new_object();
    char now[32];
    sim_timestamp(sim, now);
    doc_set_str(one, "type", type);
    doc_set_str(one, "status", "True");
    doc_set_str(one, "reason", e->reason);
    doc_set_str(one, "message", e->message);
    doc_set_str(one, "lastTransitionTime", now);
    json_object_array_add(life_conditions(doc), one);
}

static void write_end(struct sim *sim, enum kind kind, const char *ns, const char *name, const struct ending *e)
{
    json_object *doc = life_read(sim, kind, ns, name), *status;
    char now[32];
    if (!doc || life_kind_ended(doc)) {
        json_object_put(doc);
        return;
    }
    sim_timestamp(sim, now);
    if (kind == K_JOB && e->good)
        add_condition(sim, doc, "SuccessCriteriaMet", e);
    add_condition(sim, doc, !e->good ? "Failed" : kind == K_JOBSET ? "Completed" : "Complete", e);
    status = doc_get(doc, "status");
    if (kind == K_JOB) {
        doc_set(status, "active", json_object_new_int64(0));
        doc_set(status, "ready", json_object_new_int64(0));
        if (e->good)
            doc_set_str(status, "completionTime", now);
    } else if (kind == K_JOBSET) {
        doc_set_str(status, "terminalState", e->good ? "Completed" : "Failed");
    }
    life_store(sim, kind, ns, name, doc);
}

/* ---- what it has made: the set of its name, and what bears the label of the set */

static json_object *labels_of(const struct revision *rev)
{
    json_object *doc = object_parse(rev), *labels = json_object_get(doc_path(doc, "metadata", "labels"));
    json_object_put(doc);
    return labels;
}

static bool belongs(struct entry *e, const char *ns, const char *label, const char *name)
{
    char its[64];
    if (!e->latest || e->latest->event == EVENT_DELETED || strcmp(entry_namespace(e, its), ns) != 0)
        return false;
    json_object *labels = labels_of(e->latest);
    const char *value = doc_str(labels, label);
    bool yes = value && strcmp(value, name) == 0;
    json_object_put(labels);
    return yes;
}

/* The first of kind that belongs to the job, from *at on; NULL: there are no more. */
static struct revision *next_part(struct sim *sim, enum kind kind, const char *ns, const char *label, const char *name,
                                  size_t *at)
{
    struct shelf *shelf = &sim->store.shelf[kind];
    while (*at < shelf->count) {
        struct entry *e = shelf->entry[(*at)++];
        if (belongs(e, ns, label, name))
            return e->latest;
    }
    return NULL;
}

/* Pods that run go; those that have ended stay, with their logs. A good end is theirs, too. */
static void end_pods(struct sim *sim, const char *ns, const char *label, const char *name, bool good, bool all)
{
    struct revision *rev;
    for (size_t at = 0; (rev = next_part(sim, K_POD, ns, label, name, &at));) {
        json_object *pod = object_parse(rev), *status = doc_get(pod, "status");
        const char *phase = doc_str(status, "phase");
        bool over = phase && (strcmp(phase, "Succeeded") == 0 || strcmp(phase, "Failed") == 0);
        char *own = sim_strdup(entry_name(rev->entry));
        if (all || (!over && !good)) {
            object_remove(sim, rev);
            at = 0; /* the shelf has changed */
        } else if (!over && status) {
            doc_set_str(status, "phase", "Succeeded");
            life_store(sim, K_POD, ns, own, json_object_get(pod));
        }
        free(own);
        json_object_put(pod);
    }
}

static void remove_set(struct sim *sim, const char *ns, const char *name)
{
    struct revision *rev = store_get(&sim->store, K_JOBSET, ns, name);
    if (rev)
        object_remove(sim, rev);
    for (size_t at = 0; (rev = next_part(sim, K_JOB, ns, SET_LABEL, name, &at)); at = 0)
        object_remove(sim, rev);
}

static void end(struct sim *sim, enum kind kind, const char *ns, const char *name, const struct ending *e,
                bool set_goes)
{
    const char *label = kind == K_JOB ? "batch.kubernetes.io/job-name" : SET_LABEL;
    end_pods(sim, ns, label, name, e->good, set_goes);
    if (set_goes)
        remove_set(sim, ns, name);
    else if (kind == K_TRAINJOB)
        write_end(sim, K_JOBSET, ns, name, e);
    write_end(sim, kind, ns, name, e);
}

/* ---- child Jobs */

/* The first deadline of the child Jobs of a set; *failed: that Job, to be freed, if it has one that has passed. */
static int64_t children(struct sim *sim, const char *ns, const char *name, char **failed)
{
    int64_t first = INT64_MAX;
    struct revision *rev;
    for (size_t at = 0; !*failed && (rev = next_part(sim, K_JOB, ns, SET_LABEL, name, &at));) {
        json_object *job = object_parse(rev);
        int64_t deadline = doc_int(doc_get(job, "spec"), "activeDeadlineSeconds", -1), since = started(K_JOB, job);
        int64_t due = deadline >= 0 && since >= 0 && !life_kind_ended(job) ? since + deadline * second : INT64_MAX;
        if (due <= sim->now_us)
            *failed = sim_strdup(entry_name(rev->entry));
        first = due < first ? due : first;
        json_object_put(job);
    }
    return first;
}

/* A set whose failurePolicy has restarts left begins again: its Jobs are made again, without what was changed in them.
 * What rules say is not played. */
static bool begins_again(struct sim *sim, enum kind kind, const char *ns, const char *name)
{
    json_object *set = kind == K_JOB ? NULL : life_read(sim, K_JOBSET, ns, name);
    json_object *policy = doc_path(set, "spec", "failurePolicy");
    int64_t made = doc_int(doc_get(set, "status"), "restarts", 0);
    struct revision *rev;
    if (!set || made >= doc_int(policy, "maxRestarts", 0)) {
        json_object_put(set);
        return false;
    }
    life_conditions(set); /* so that there is a status */
    doc_set(doc_get(set, "status"), "restarts", json_object_new_int64(made + 1));
    life_store(sim, K_JOBSET, ns, name, set);
    end_pods(sim, ns, SET_LABEL, name, false, true);
    for (size_t at = 0; (rev = next_part(sim, K_JOB, ns, SET_LABEL, name, &at)); at = 0)
        object_remove(sim, rev);
    return true;
}

/* The Jobs of a set that has failed, but for the one that failed it and those that have ended. */
static void remove_running(struct sim *sim, const char *ns, const char *name)
{
    struct revision *rev;
    for (size_t at = 0; (rev = next_part(sim, K_JOB, ns, SET_LABEL, name, &at));) {
        json_object *job = object_parse(rev);
        if (!life_kind_ended(job)) {
            object_remove(sim, rev);
            at = 0; /* the shelf has changed */
        }
        json_object_put(job);
    }
}

static void fail(struct sim *sim, enum kind kind, const char *ns, const char *name, const char *job)
{
    if (begins_again(sim, kind, ns, name))
        return;
    write_end(sim, K_JOB, ns, job,
              &(struct ending){false, "DeadlineExceeded", "Job was active longer than specified deadline"});
    if (kind != K_JOB)
        remove_running(sim, ns, name);
    end(sim, kind, ns, name, &(struct ending){false, "FailedJobs", "jobset failed due to one or more job failures"},
        false);
}

/* ---- the job itself */

static int64_t annotated_end(json_object *doc, int64_t since)
{
    const char *text = doc_str(doc_path(doc, "metadata", "annotations"), "mpijob-sim/run-seconds");
    return text ? since + strtoll(text, NULL, 10) * second : INT64_MAX;
}

static bool fails(json_object *doc)
{
    const char *outcome = doc_str(doc_path(doc, "metadata", "annotations"), "mpijob-sim/outcome");
    return outcome && strcmp(outcome, "fail") == 0;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t life_course(struct sim *sim, enum kind kind, const char *ns, const char *name, json_object *doc)
{
    int64_t since = started(kind, doc), deadline = doc_int(doc_get(doc, "spec"), "activeDeadlineSeconds", -1);
    if (since < 0 || life_kind_ended(doc))
        return INT64_MAX;
    char *failed = NULL;
    int64_t child = kind == K_JOB ? INT64_MAX : children(sim, ns, name, &failed);
    int64_t late = deadline >= 0 && kind != K_JOBSET ? since + deadline * second : INT64_MAX;
    int64_t done = annotated_end(doc, since);
    if (late <= sim->now_us) {
        end(sim, kind, ns, name, &(struct ending){false, "DeadlineExceeded", "it was active longer than its deadline"},
            kind == K_TRAINJOB);
    } else if (failed) {
        fail(sim, kind, ns, name, failed);
    } else if (done <= sim->now_us) {
        bool good = !fails(doc);
        end(sim, kind, ns, name,
            &(struct ending){good, good ? "JobsCompleted" : "FailedJobs", good ? "it has succeeded" : "it has failed"},
            false);
    } else {
        return least(child, least(late, done)); /* no child has failed */
    }
    free(failed);
    return sim->now_us;
}
