/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to one job: it is accepted, starts, runs, ends, is cleaned up; and what a controller does at changes. */
#include "sim/life/life_job.h"

#include "base/clock.h"
#include "sim/life/life_pods.h"
#include "sim/life/life_status.h"
#include "sim/server/object.h"

#include <stdlib.h>
#include <string.h>

static const int64_t second = 1000000;

static int64_t time_of(json_object *obj, const char *key, int64_t otherwise)
{
    int64_t us;
    const char *text = doc_str(obj, key);
    return text && clock_parse(text, &us) ? us : otherwise;
}

/* ---- what an annotation decides, or else chance */

static int64_t plan(struct crew *c, const char *annotation, int64_t otherwise)
{
    const char *text = doc_str(doc_path(c->doc, "metadata", "annotations"), annotation);
    return (text ? strtoll(text, NULL, 10) : otherwise) * second;
}

static const char *outcome(struct crew *c)
{
    const char *text = doc_str(doc_path(c->doc, "metadata", "annotations"), "mpijob-sim/outcome");
    uint64_t dice = c->j->dice >> 8 & 127;
    if (*c->j->plan.outcome)
        return c->j->plan.outcome;
    return text ? text : dice < 100 ? "succeed" : dice < 122 ? "fail" : "evict";
}

static int64_t start_delay(struct crew *c)
{
    if (c->j->plan.start_us != LIFE_CHANCE)
        return c->j->plan.start_us;
    return plan(c, "mpijob-sim/start-seconds", 3 + (int64_t)(c->j->dice % 30));
}

static int64_t run_time(struct crew *c)
{
    int64_t seconds = 60;
    if (c->j->plan.run_us != LIFE_CHANCE)
        return c->j->plan.run_us;
    for (uint64_t d = c->j->dice >> 16; seconds < 14400 && (d & 3); d >>= 2)
        seconds = seconds * 2 + (int64_t)(d % 61);
    return plan(c, "mpijob-sim/run-seconds", seconds);
}

/* ---- stages */

static void sooner(struct life_job *j, int64_t due)
{
    if (due < j->due_us)
        j->due_us = due;
}

/* Only v1alpha2 keeps the number of workers after the end, and removes it when they go. */
static void forget_workers(struct crew *c)
{
    json_object *worker = doc_get(doc_path(c->doc, "status", "replicaStatuses"), "Worker");
    if (!rules_alpha(c->rules) || !doc_get(worker, "active"))
        return;
    json_object_object_del(worker, "active");
    life_save(c);
}

static void clean_up(struct crew *c)
{
    enum cleanup how = rules_cleanup(c->rules, c->doc);
    const char *reason = doc_str(life_condition(c->doc, "Failed"), "reason");
    bool evicted = reason && strcmp(reason, "MPIJobEvicted") == 0 && !doc_path(c->doc, "status", "completionTime");
    if (evicted && c->rules != RULES_TRAINING)
        return; /* mpi-operator#647: it waits for a completionTime, which such a job never gets */
    if (how == CLEAN_NONE || how == CLEAN_INVALID)
        return;
    crew_remove(c, ROLE_WORKER, how == CLEAN_RUNNING && !rules_alpha(c->rules));
    forget_workers(c);
    if (how == CLEAN_ALL && c->rules == RULES_TRAINING)
        crew_remove(c, ROLE_LAUNCHER, false);
}

static void end_job(struct crew *c, bool good, const char *reason, bool completed)
{
    life_set_condition(c, "Running", false, "MPIJobRunning", "is running.");
    const char *done = c->rules == RULES_TRAINING ? "is successfully completed." : "successfully completed.";
    life_set_condition(c, good ? "Succeeded" : "Failed", true, reason, good ? done : "has failed");
    bool left = rules_alpha(c->rules) && rules_cleanup(c->rules, c->doc) == CLEAN_NONE; /* see forget_workers */
    life_set_counts(c, good ? "succeeded" : "failed", left);
    if (completed)
        life_stamp(c, "completionTime");
    life_save(c);
    clean_up(c);
}

static void fail_deadline(struct crew *c, bool everything)
{
    const char *reason = rules_deadline_reason(c->rules, everything);
    if (everything)
        crew_remove_all(c);
    else if (rules_launcher_is_job(c->rules))
        crew_remove(c, ROLE_LAUNCHER, false);
    else
        crew_phase(c, ROLE_LAUNCHER, "Failed");
    end_job(c, false, reason, true);
}

static void accept(struct crew *c)
{
    bool suspended = rules_suspended(c->rules, c->doc);
    life_set_condition(c, "Created", true, "MPIJobCreated", "is created.");
    if (suspended)
        life_set_condition(c, "Suspended", true, "MPIJobSuspended", "is suspended.");
    life_save(c);
    if (suspended)
        crew_suspend_launcher(c, true);
    else
        crew_launch(c, "Pending");
    c->j->since_us = c->sim->now_us;
}

static void start(struct crew *c)
{
    crew_launch(c, "Pending");
    crew_phase(c, ROLE_WORKER, "Running");
    crew_phase(c, ROLE_LAUNCHER, "Running");
    life_set_condition(c, "Running", true, "MPIJobRunning", "is running.");
    life_set_counts(c, "active", true);
    life_stamp(c, "startTime");
    life_save(c);
    c->j->end_us = c->sim->now_us + run_time(c);
}

/* mpi-operator does it at each look at a job that is suspended: workers that have ended go when the policy changes. */
static void clear_suspended(struct crew *c)
{
    crew_remove(c, ROLE_WORKER, rules_cleanup(c->rules, c->doc) == CLEAN_RUNNING && c->rules == RULES_V2BETA1);
}

static void suspend(struct crew *c)
{
    crew_suspend_launcher(c, true);
    crew_remove(c, ROLE_LAUNCHER, false);
    clear_suspended(c);
    life_set_condition(c, "Running", false, "MPIJobSuspended", "is suspended.");
    life_set_condition(c, "Suspended", true, "MPIJobSuspended", "is suspended.");
    json_object_object_del(doc_get(c->doc, "status"), "startTime");
    life_save(c);
    c->j->end_us = 0;
}

static void resume(struct crew *c)
{
    crew_suspend_launcher(c, false);
    life_set_condition(c, "Suspended", false, "MPIJobResumed", "is resumed.");
    life_save(c);
    crew_launch(c, "Pending");
    c->j->since_us = c->sim->now_us;
}

static void finish(struct crew *c)
{
    const char *how = outcome(c);
    bool good = strcmp(how, "succeed") == 0, evicted = strcmp(how, "evict") == 0;
    crew_finish_launcher(c, good);
    end_job(c, good, good ? "MPIJobSucceeded" : evicted ? "MPIJobEvicted" : "MPIJobFailed", !evicted);
}

static bool act_running(struct crew *c)
{
    struct life_job *j = c->j;
    int64_t now = c->sim->now_us, started = time_of(doc_get(c->doc, "status"), "startTime", j->since_us);
    bool given;
    int64_t live = rules_live_deadline(c->rules, c->doc, &given),
            at_launch = crew_launcher_value(c, "activeDeadlineSeconds");
    if (given && j->touched && now - started >= live * second) {
        fail_deadline(c, true);
        return true;
    }
    if (at_launch >= 0 && now - started >= at_launch * second) {
        fail_deadline(c, false);
        return true;
    }
    if (!j->end_us) { /* it was made running at the start: it ends some time after now */
        j->end_us = started + run_time(c);
        if (j->end_us < now && j->plan.run_us == LIFE_CHANCE)
            j->end_us = now + (int64_t)(j->dice % 3600) * second;
    }
    if (now >= j->end_us && strcmp(outcome(c), "hang") != 0) {
        finish(c);
        return true;
    }
    if (strcmp(outcome(c), "hang") != 0)
        sooner(j, j->end_us);
    if (at_launch >= 0)
        sooner(j, started + at_launch * second);
    return false;
}

static void act_over(struct crew *c)
{
    json_object *status = doc_get(c->doc, "status");
    int64_t now = c->sim->now_us, ended = time_of(status, "completionTime", 0);
    int64_t ttl = rules_live_ttl(c->rules, c->doc), launcher_ttl = crew_launcher_value(c, "ttlSecondsAfterFinished");
    if (c->j->touched && rules_suspended(c->rules, c->doc) && !ended) /* evicted: suspending it removes all */
        crew_remove_all(c);
    clean_up(c);
    if (!ended)
        return;
    if (ttl >= 0 && now >= ended + ttl * second) {
        crew_remove_all(c);
        struct revision *rev = store_get(&c->sim->store, K_MPIJOB, c->j->ns, c->j->name);
        if (rev)
            object_remove(c->sim, rev);
        return;
    }
    if (ttl >= 0)
        sooner(c->j, ended + ttl * second);
    if (launcher_ttl >= 0 && rules_launcher_is_job(c->rules)) {
        if (now >= ended + launcher_ttl * second)
            crew_remove_launcher(c);
        else
            sooner(c->j, ended + launcher_ttl * second);
    }
}

/* What a garbage collector does: dependants go, then the finalizer that waited for them. */
static void act_deleted(struct crew *c)
{
    json_object *left = json_object_new_array(), *list = doc_path(c->doc, "metadata", "finalizers");
    crew_remove_all(c);
    for (size_t i = 0; i < doc_count(list); i++) {
        const char *f = json_object_get_string(json_object_array_get_idx(list, i));
        if (strcmp(f, "foregroundDeletion") != 0 && strcmp(f, "orphan") != 0)
            json_object_array_add(left, json_object_new_string(f));
    }
    size_t before = doc_count(list), now = json_object_array_length(left);
    doc_set(doc_get(c->doc, "metadata"), "finalizers", left);
    if (now == 0)
        object_remove(c->sim, store_get(&c->sim->store, K_MPIJOB, c->j->ns, c->j->name));
    else if (now != before)
        life_save(c);
}

static bool stopped(struct crew *c)
{
    struct life_job *j = c->j;
    if (rules_released(c->rules, c->doc) || j->poisonous)
        return true;
    if (life_poisoned(c->sim) && (rules_alpha(c->rules) || c->rules == RULES_V1))
        return true;
    bool negative = doc_int(doc_path(c->doc, "spec", "runPolicy"), "activeDeadlineSeconds", 0) < 0;
    if (c->rules != RULES_V2BETA1 || (rules_cleanup(c->rules, c->doc) != CLEAN_INVALID && !negative))
        return false;
    if (!j->complained)
        crew_event(c, "ValidationError", "spec.runPolicy: Invalid value");
    j->complained = true;
    return true;
}

static void act(struct crew *c)
{
    struct life_job *j = c->j;
    if (doc_path(c->doc, "metadata", "deletionTimestamp")) {
        act_deleted(c);
        return;
    }
    if (stopped(c))
        return;
    j->complained = false;
    if (life_holds(c->doc, "Succeeded") || life_holds(c->doc, "Failed")) {
        act_over(c);
        return;
    }
    bool wanted = rules_suspended(c->rules, c->doc);
    if (!life_condition(c->doc, "Created"))
        accept(c);
    else if (wanted && !life_holds(c->doc, "Suspended"))
        suspend(c);
    else if (!wanted && life_holds(c->doc, "Suspended"))
        resume(c);
    if (life_holds(c->doc, "Suspended")) {
        clear_suspended(c);
        return;
    }
    if (life_holds(c->doc, "Running")) {
        if (act_running(c))
            sooner(j, c->sim->now_us); /* it has ended: look at its TTL and the like at once */
    } else if (c->sim->now_us >= j->since_us + start_delay(c)) {
        start(c);
        sooner(j, c->sim->now_us);
    } else {
        sooner(j, j->since_us + start_delay(c));
    }
}

static bool open_crew(struct sim *sim, struct life_job *j, struct crew *c)
{
    *c = (struct crew){.sim = sim, .j = j, .doc = life_read(sim, K_MPIJOB, j->ns, j->name)};
    if (c->doc)
        c->rules = rules_of(sim, c->doc);
    return c->doc != NULL;
}

/* The rules of a job that is gone are not known: what any rules would have made goes. */
static void remove_remains(struct crew *c)
{
    enum rules now = c->rules;
    for (int r = RULES_V1ALPHA2; r <= RULES_V2BETA1; r++) {
        c->rules = (enum rules)r;
        crew_remove_all(c);
    }
    c->rules = now;
}

bool life_job_act(struct sim *sim, struct life_job *j)
{
    struct crew c;
    bool there = open_crew(sim, j, &c);
    j->due_us = INT64_MAX;
    if (!there || j->reborn)
        remove_remains(&c);
    if (j->reborn) {
        j->reborn = j->complained = false;
        j->since_us = sim->now_us;
        j->end_us = 0;
    }
    if (there)
        act(&c);
    j->touched = false;
    json_object_put(c.doc);
    return store_get(&sim->store, K_MPIJOB, j->ns, j->name) != NULL;
}

void life_job_furnish(struct sim *sim, struct life_job *j)
{
    struct crew c;
    if (!open_crew(sim, j, &c))
        return;
    j->since_us = time_of(doc_get(c.doc, "metadata"), "creationTimestamp", sim->now_us);
    bool over = life_holds(c.doc, "Succeeded") || life_holds(c.doc, "Failed");
    j->due_us = sim->now_us;
    if (over) {
        crew_launch(&c, "Running");
        crew_finish_launcher(&c, life_holds(c.doc, "Succeeded"));
        clean_up(&c);
    } else if (life_holds(c.doc, "Running")) {
        crew_launch(&c, "Running");
    } else if (life_condition(c.doc, "Created") && sim->now_us - j->since_us > 86400 * second &&
               j->plan.start_us == LIFE_CHANCE) {
        crew_launch(&c, "Pending"); /* a stuck one: no node will ever have room */
        j->due_us = INT64_MAX;
    }
    json_object_put(c.doc);
}
