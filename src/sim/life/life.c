/* SPDX-License-Identifier: Apache-2.0 */
/* Which job is due next, and which one has to be looked at when something was written. */
#include "sim/life/life.h"

#include "sim/life/generate.h"
#include "sim/life/life_job.h"
#include "sim/life/life_kueue.h"
#include "sim/life/life_pods.h"

#include <stdlib.h>
#include <string.h>

struct life {
    struct life_job **heap;
    size_t count, cap;
    size_t poisonous;         /* how many jobs the old controllers cannot decode */
    bool wake_all;            /* the last of them has been mended: every job is due */
    bool acting;              /* what is written now comes from the controller of MPIJobs: it does not look at that */
    bool silent;              /* ... or is to be looked at by nobody */
    struct life_kueue *kueue; /* NULL: there is no Kueue */
    bool kueue_acts;          /* what is written now comes from Kueue */
    int64_t submit_us, submit_every_us;
    int64_t seen_us; /* the simulated time that it has lived up to */
};

/* ---- a heap by the time at which jobs are due */

static void place(struct life *l, size_t at, struct life_job *j)
{
    l->heap[at] = j;
    j->heap = at;
}

static void sift(struct life *l, struct life_job *j)
{
    size_t at = j->heap;
    while (at && l->heap[(at - 1) / 2]->due_us > j->due_us) {
        place(l, at, l->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    for (;;) {
        size_t child = at * 2 + 1;
        if (child >= l->count)
            break;
        if (child + 1 < l->count && l->heap[child + 1]->due_us < l->heap[child]->due_us)
            child++;
        if (l->heap[child]->due_us >= j->due_us)
            break;
        place(l, at, l->heap[child]);
        at = child;
    }
    place(l, at, j);
}

static void push(struct life *l, struct life_job *j)
{
    if (l->count == l->cap) {
        l->cap = l->cap ? l->cap * 2 : 64;
        l->heap = sim_realloc(l->heap, l->cap * sizeof(struct life_job *));
    }
    j->heap = l->count++;
    place(l, j->heap, j);
    sift(l, j);
}

static void drop(struct life *l, struct life_job *j)
{
    struct life_job *last = l->heap[--l->count];
    if (last != j) {
        place(l, j->heap, last);
        sift(l, last);
    }
    free(j->ns);
    free(j->name);
    free(j);
}

/* ---- following jobs */

static struct life_job *follow(struct sim *sim, struct entry *e)
{
    struct life_job *j = sim_alloc(sizeof *j);
    char ns[64];
    j->ns = sim_strdup(entry_namespace(e, ns));
    j->name = sim_strdup(entry_name(e));
    j->dice = sim_random(sim);
    j->since_us = j->due_us = sim->now_us;
    j->plan.start_us = j->plan.run_us = LIFE_CHANCE;
    e->follower = j;
    push(sim->life, j);
    return j;
}

static void check_poison(struct sim *sim, struct life_job *j)
{
    json_object *doc = life_read(sim, K_MPIJOB, j->ns, j->name);
    bool now = doc && rules_poisonous(rules_of(sim, doc), doc);
    json_object_put(doc);
    if (now == j->poisonous)
        return;
    j->poisonous = now;
    sim->life->poisonous += now ? 1 : (size_t)-1;
    sim->life->wake_all |= sim->life->poisonous == 0;
}

bool life_poisoned(const struct sim *sim)
{
    return sim->life->poisonous > 0;
}

static void touch(struct sim *sim, struct life_job *j)
{
    j->touched = true;
    j->due_us = sim->now_us;
    sift(sim->life, j);
}

/* A change of the Job or Pod "x-launcher" concerns the MPIJob x. */
static void touch_owner(struct sim *sim, struct revision *rev)
{
    static const char suffix[] = "-launcher";
    char ns[64];
    const char *name = entry_name(rev->entry);
    size_t n = strlen(name), m = sizeof suffix - 1;
    if (n <= m || strcmp(name + n - m, suffix) != 0)
        return;
    char *job = sim_strndup(name, n - m);
    struct entry *e = store_find(&sim->store, K_MPIJOB, entry_namespace(rev->entry, ns), job);
    if (e && e->follower) {
        struct life_job *j = e->follower;
        j->due_us = sim->now_us;
        sift(sim->life, j);
    }
    free(job);
}

void life_notify(struct sim *sim, struct revision *rev)
{
    struct life *l = sim->life;
    if (!l || l->silent)
        return;
    if (!l->kueue_acts)
        life_kueue_notify(l->kueue, sim, rev);
    if (l->acting)
        return;
    if (rev->entry->kind == K_JOB || rev->entry->kind == K_POD) {
        touch_owner(sim, rev);
        return;
    }
    if (rev->entry->kind != K_MPIJOB)
        return;
    struct life_job *j = rev->entry->follower;
    if (!j && rev->event == EVENT_DELETED)
        return;
    if (!j)
        j = follow(sim, rev->entry);
    j->reborn |= rev->event == EVENT_ADDED; /* a new job with the name of a deleted one */
    check_poison(sim, j);
    touch(sim, j);
}

/* ---- time */

static void act(struct sim *sim, struct life_job *j)
{
    if (life_job_act(sim, j)) {
        sift(sim->life, j);
        return;
    }
    struct entry *e = store_find(&sim->store, K_MPIJOB, j->ns, j->name);
    if (e)
        e->follower = NULL;
    drop(sim->life, j);
}

static void wake_all(struct sim *sim)
{
    struct life *l = sim->life;
    l->wake_all = false;
    for (size_t i = 0; i < l->count; i++)
        l->heap[i]->due_us = sim->now_us; /* where all are equal it is still a heap */
}

static void submit(struct sim *sim)
{
    struct life *l = sim->life;
    l->submit_us += l->submit_every_us;
    if (sim_job_count(sim) >= sim->opt.jobs * 2)
        return;
    l->acting = false; /* a user submits the new job */
    generate_submission(sim);
    l->acting = true;
}

static int64_t next_due(const struct life *l)
{
    int64_t due = l->count ? l->heap[0]->due_us : INT64_MAX, kueue = life_kueue_due(l->kueue);
    due = kueue < due ? kueue : due;
    return l->submit_every_us && l->submit_us < due ? l->submit_us : due;
}

static bool job_is_due(const struct life *l, int64_t due)
{
    bool webhook = life_kueue_due(l->kueue) == due && life_kueue_new_job(l->kueue);
    return l->count && l->heap[0]->due_us == due && !webhook;
}

/* The controller of MPIJobs looks at what Kueue writes. */
static void let_kueue_act(struct sim *sim)
{
    struct life *l = sim->life;
    l->acting = false;
    l->kueue_acts = true;
    life_kueue_act(l->kueue, sim);
    l->kueue_acts = false;
    l->acting = true;
}

/* However far the clock has moved, things happen in their order, each at its own time. */
static void live_until(struct sim *sim, int64_t until)
{
    struct life *l = sim->life;
    for (int64_t due = next_due(l); due <= until && due != INT64_MAX; due = next_due(l)) {
        if (due > l->seen_us)
            l->seen_us = due;
        sim->now_us = l->seen_us;
        if (l->submit_every_us && l->submit_us == due)
            submit(sim);
        else if (job_is_due(l, due))
            act(sim, l->heap[0]);
        else
            let_kueue_act(sim);
        if (l->wake_all)
            wake_all(sim);
    }
    sim->now_us = l->seen_us = until;
}

int64_t life_tick(struct sim *sim)
{
    struct life *l = sim->life;
    if (!l)
        return INT64_MAX;
    l->acting = true;
    if (l->wake_all)
        wake_all(sim);
    live_until(sim, sim->now_us);
    l->acting = false;
    int64_t due = next_due(l);
    if (due == INT64_MAX || sim->opt.speed <= 0)
        return INT64_MAX; /* nothing is due before the clock is moved, or at all */
    return sim->mono_ms + (int64_t)((double)(due - sim->now_us) / 1000 / sim->opt.speed) + 1;
}

int64_t life_due(const struct sim *sim)
{
    return sim->life ? next_due(sim->life) : INT64_MAX;
}

void life_hush(struct sim *sim, bool hush)
{
    if (sim->life)
        sim->life->silent = hush;
}

void life_placed(struct sim *sim, struct entry *entry, const struct life_plan *plan)
{
    struct life *l = sim->life;
    if (!l || entry->kind != K_MPIJOB)
        return;
    struct life_job *j = entry->follower ? entry->follower : follow(sim, entry);
    j->plan = *plan;
    l->acting = true;
    check_poison(sim, j);
    life_job_furnish(sim, j);
    sift(l, j);
    l->acting = false;
}

/* ---- beginning and end */

struct life *life_new(struct sim *sim)
{
    if (!sim->opt.life)
        return NULL;
    struct life *l = sim_alloc(sizeof *l);
    l->seen_us = sim->now_us;
    l->kueue = life_kueue_new(sim);
    if (sim->opt.jobs) { /* as many as end, about: a job lives some hours */
        l->submit_every_us = INT64_C(6) * 3600 * 1000000 / (int64_t)sim->opt.jobs + 1000000;
        l->submit_us = sim->now_us + l->submit_every_us;
    }
    return l;
}

void life_begin(struct sim *sim)
{
    struct shelf *shelf = &sim->store.shelf[K_MPIJOB];
    if (!sim->life)
        return;
    sim->life->acting = true;
    for (size_t i = 0; i < shelf->count; i++) {
        struct life_job *j = follow(sim, shelf->entry[i]);
        check_poison(sim, j);
        life_job_furnish(sim, j);
        sift(sim->life, j);
    }
    sim->life->acting = false;
}

void life_free(struct life *l)
{
    while (l && l->count)
        drop(l, l->heap[l->count - 1]);
    if (l) {
        free(l->heap);
        life_kueue_free(l->kueue);
    }
    free(l);
}
