#include "policy/on_trigger.h"

#include <stdlib.h>
#include <utlist.h>

#include "policy/meters.h"
#include "policy/on_parts.h"

#define SCAN_SLICE 200 /* jobs looked at in one turn: some milliseconds */
#define RETRY_FIRST_MS 1000
#define RETRY_MOST_MS 300000
#define BUSY_MS 200 /* a run from before a reload is waited for */

/* ---- time ---- */

static uint64_t loop_now(const struct on_trigger *t)
{
    return uv_now(t->at->engine->o.loop);
}

void on_wake(struct on_trigger *t)
{
    if (t->turning || t->closing)
        return;
    t->turning = true;
    deadline_set(&t->turn, 0);
}

static uint64_t random_below(uint64_t most)
{
    return most ? (uint64_t)rand() % most : 0;
}

void on_retry(struct on_trigger *t, uint32_t slot, unsigned tries)
{
    uint64_t ms = (uint64_t)RETRY_FIRST_MS << (tries < 10 ? tries - 1 : 9);
    ms = ms < RETRY_MOST_MS ? ms : RETRY_MOST_MS;
    if (due_set(&t->retry, slot, (int64_t)(loop_now(t) + ms + random_below(ms / 4))))
        on_enqueue(t, slot, INT64_MAX); /* no memory: at once, which the next failure pauses */
    else
        t->jobs[slot].state = ON_WAITING;
    on_arm(t);
}

void on_arm(struct on_trigger *t)
{
    int64_t at;
    if (t->stopped)
        return;
    if (!due_first(&t->due, NULL, &at))
        alarm_stop(t->at->engine->alarms, &t->alarm);
    else if ((!t->alarm.slot || t->alarm.due != at) && alarm_set(t->at->engine->alarms, &t->alarm, at))
        log_event(t->at->engine->o.log, LOG_ERROR, "out of memory: what falls due is not seen",
                  LOG_FIELDS({"policy", t->entry.policy->name}));
    uint64_t now = loop_now(t), next = t->pause_until;
    if (due_first(&t->retry, NULL, &at) && (!next || (uint64_t)at < next))
        next = (uint64_t)at;
    if (next)
        deadline_set(&t->later, next > now ? next - now : 0);
    else
        deadline_stop(&t->later);
}

/* Some instants have come. Others have their turn after a slice. */
static void rang(struct alarm *alarm, int64_t now)
{
    struct on_trigger *t = alarm->data;
    uint32_t slot;
    int64_t at;
    meter_lateness(t->at->engine->meters, t->entry.policy->name, now - alarm->due);
    for (int n = 0; n < SCAN_SLICE && due_first(&t->due, &slot, &at) && at <= now; n++) {
        due_remove(&t->due, slot);
        meter_lateness(t->at->engine->meters, t->entry.policy->name, now - at);
        on_look_cached(t, slot, LOOK_AGAIN, at);
    }
    on_arm(t);
}

static void later(struct deadline *d)
{
    struct on_trigger *t = d->data;
    uint32_t slot;
    int64_t at;
    if (t->pause_until && loop_now(t) >= t->pause_until)
        t->pause_until = 0;
    while (due_first(&t->retry, &slot, &at) && (uint64_t)at <= loop_now(t)) {
        due_remove(&t->retry, slot);
        t->jobs[slot].state = ON_IDLE;
        on_enqueue(t, slot, INT64_MAX);
    }
    on_arm(t);
    on_wake(t);
}

/* ---- the queue ---- */

static int grow_queue(struct on_trigger *t)
{
    size_t room = t->room ? t->room * 2 : 64;
    uint32_t *queue = malloc(room * sizeof *queue);
    if (!queue)
        return ERR_NOMEM;
    for (size_t i = 0; i < t->queued; i++)
        queue[i] = t->queue[(t->head + i) % t->room];
    free(t->queue);
    t->queue = queue;
    t->head = 0;
    t->room = room;
    return 0;
}

void on_enqueue(struct on_trigger *t, uint32_t slot, int64_t since)
{
    int64_t now = clock_now(t->at->engine->o.clock);
    if (t->queued == t->room && grow_queue(t)) {
        log_event(t->at->engine->o.log, LOG_ERROR, "out of memory: a job is looked at again when it changes",
                  LOG_FIELDS({"policy", t->entry.policy->name}));
        t->jobs[slot].state = ON_IDLE;
        return;
    }
    t->queue[(t->head + t->queued++) % t->room] = slot;
    t->jobs[slot].state = ON_QUEUED;
    t->depth++;
    since = since < now ? since : now;
    t->first = since < t->first ? since : t->first;
    on_wake(t);
}

bool on_dequeue(struct on_trigger *t, uint32_t *slot)
{
    while (t->queued) {
        *slot = t->queue[t->head];
        t->head = (t->head + 1) % t->room;
        t->queued--;
        if (t->jobs[*slot].state != ON_QUEUED)
            continue;
        t->depth--;
        return true;
    }
    return false;
}

/* ---- room for slots ---- */

static int more(void **array, size_t size, uint32_t had, uint32_t wanted)
{
    char *grown = realloc(*array, size * wanted);
    if (!grown)
        return ERR_NOMEM;
    memset(grown + size * had, 0, size * (wanted - had));
    *array = grown;
    return 0;
}

int on_room(struct on_trigger *t, uint32_t slot)
{
    const struct policy *p = t->entry.policy;
    if (slot < t->slots)
        return 0;
    uint32_t wanted = t->slots ? t->slots : 64;
    while (wanted <= slot)
        wanted *= 2;
    void *jobs = t->jobs, *since = t->since, *version = t->version;
    int rc = more(&jobs, sizeof *t->jobs, t->slots, wanted);
    t->jobs = jobs;
    if (!rc && mpijob_match_timed(p->match))
        rc = more(&since, sizeof *t->since, t->slots, wanted);
    t->since = since;
    if (!rc && (p->on & ON_CHANGED))
        rc = more(&version, sizeof *t->version, t->slots, wanted);
    t->version = version;
    if (!rc)
        t->slots = wanted;
    return rc;
}

/* A job that there is no room for is seen when there is. */
static bool has_room(struct on_trigger *t, uint32_t slot)
{
    if (on_room(t, slot) == 0)
        return true;
    log_event(t->at->engine->o.log, LOG_ERROR, "out of memory: all jobs are looked at again later",
              LOG_FIELDS({"policy", t->entry.policy->name}));
    t->scanned = false;
    t->scanning = true;
    t->scan = 0;
    t->pause_until = loop_now(t) + RETRY_FIRST_MS;
    on_arm(t);
    return false;
}

/* ---- what the cache tells ---- */

void on_trigger_event(struct on_trigger *t, const struct held_cache *held, const struct cache_event *event)
{
    if (held != t->held || t->stopped || !(t->scanning || t->scanned))
        return;
    if (event->change == CACHE_DELETED) {
        if (event->slot < t->slots)
            on_gone(t, event->slot, t->jobs[event->slot].flags & ON_ROW ? cache_before(held->cache, event) : NULL);
    } else if (has_room(t, event->slot)) {
        bool seen = t->jobs[event->slot].flags & ON_SEEN;
        enum on_look how = event->change == CACHE_ADDED ? LOOK_ADDED : seen ? LOOK_CHANGED : LOOK_FIRST;
        if (!seen)
            on_rows_adopt(t, event->slot, event->after);
        on_look(t, event->slot, event->after, how, MPIJOB_NO_TIME);
    }
    on_arm(t);
}

void on_trigger_synced(struct on_trigger *t, const struct held_cache *held)
{
    if (held == t->held)
        on_wake(t);
}

void on_trigger_let_go(struct on_trigger *t, uint32_t slot)
{
    if (slot < t->slots && t->jobs[slot].state != ON_RUNNING)
        on_unpass(t, slot);
}

/* ---- the scan ---- */

static void written(void *data, int64_t id, const struct error *err)
{
    struct on_trigger *t = data;
    (void)id;
    (void)err; /* logged with the rows */
    t->writing = false;
    on_release(t);
    if (!t->stopped)
        on_wake(t);
}

static void end_scan(struct on_trigger *t)
{
    t->scanning = false;
    t->scanned = true;
    on_rows_forget_gone(t);
    on_rows_begin_baseline(t);
    on_arm(t);
    on_wake(t); /* for what the slices before have queued */
}

/* A part of all jobs: at the start, and after a reload. */
static void scan(struct on_trigger *t)
{
    uint32_t slots = cache_slots(t->held->cache), n = 0;
    if (slots && !has_room(t, slots - 1))
        return;
    for (; t->scan < slots && n < SCAN_SLICE; t->scan++) {
        if (!cache_holds(t->held->cache, t->scan))
            continue;
        bool seen = t->jobs[t->scan].flags & ON_SEEN;
        on_look_cached(t, t->scan, seen ? LOOK_AGAIN : LOOK_FIRST, MPIJOB_NO_TIME);
        n++;
    }
    if (t->scan >= slots) {
        end_scan(t);
    } else if (t->at->engine->o.store) { /* no faster than the rows are written */
        t->writing = true;
        store_sync(t->at->engine->o.store, written, t);
    } else {
        on_wake(t);
    }
}

static void begin_scan(struct on_trigger *t)
{
    t->scanning = true;
    t->scan = 0;
    on_wake(t);
}

/* ---- reading what is handled ---- */

static bool policy_runs(const struct on_trigger *t)
{
    const struct run *run;
    DL_FOREACH(t->at->engine->runs, run)
    {
        if (run->at == t->at && strcmp(run->policy->name, t->entry.policy->name) == 0)
            return true;
    }
    return false;
}

static void read_rows(struct work *work)
{
    on_rows_read((struct on_trigger *)work);
}

static void rows_read(struct work *work)
{
    struct on_trigger *t = (struct on_trigger *)work;
    t->reading = false;
    if (t->rc && !t->stopped) {
        log_event(t->at->engine->o.log, LOG_ERROR,
                  "what the policy has handled cannot be read from the journal; trying again",
                  LOG_FIELDS({"policy", t->entry.policy->name}, {"reason", t->error.message}));
        on_rows_free(t);
        t->pause_until = loop_now(t) + RETRY_FIRST_MS;
        on_arm(t);
    } else {
        t->read = true;
        on_wake(t);
    }
    on_release(t);
}

static void all_written(void *data, int64_t id, const struct error *err)
{
    struct on_trigger *t = data;
    (void)id;
    (void)err;
    t->writing = false;
    if (!t->stopped) {
        t->reading = true;
        work_start(t->at->engine->o.loop, &t->work, read_rows, rows_read);
    }
    on_release(t);
}

/* As soon as no run of this policy, from before, can write a row any more. */
static void begin_reading(struct on_trigger *t)
{
    if (!t->at->engine->o.store) {
        t->baseline = ON_MATCH;
        t->read = true;
        on_wake(t);
    } else if (policy_runs(t)) {
        t->pause_until = loop_now(t) + BUSY_MS;
        on_arm(t);
    } else {
        t->writing = true;
        store_sync(t->at->engine->o.store, all_written, t);
    }
}

/* ---- its turn ---- */

static void my_turn(struct deadline *d)
{
    struct on_trigger *t = d->data;
    t->turning = false;
    if (t->stopped || t->reading || t->writing || t->pause_until)
        return;
    if (!t->read)
        begin_reading(t);
    else if (t->scanning)
        scan(t);
    else if (!t->scanned && cache_synced(t->held->cache))
        begin_scan(t);
    else if (t->scanned && t->depth && !t->batch && !t->at->engine->stopping)
        on_batch_start(t);
}

/* ---- life ---- */

static void handle_closed(struct deadline *d)
{
    struct on_trigger *t = d->data;
    if (--t->handles)
        return;
    struct engine_cluster *at = t->at;
    at->ons_live--;
    free(t);
    engine_check_stopped(at->engine);
}

void on_release(struct on_trigger *t)
{
    if (!t->stopped || t->closing || t->batch || t->reading || t->writing)
        return;
    t->closing = true;
    on_rows_free(t);
    due_clear(&t->due);
    due_clear(&t->retry);
    free(t->jobs);
    free(t->since);
    free(t->version);
    free(t->queue);
    policy_set_release(t->entry.file->set);
    deadline_close(&t->turn, handle_closed);
    deadline_close(&t->later, handle_closed);
}

struct on_trigger *on_trigger_start(struct engine_cluster *at, const struct policy_entry *entry,
                                    struct held_cache *held, struct on_trigger *next)
{
    struct on_trigger *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->at = at;
    t->entry = *entry;
    t->held = held;
    t->next = next;
    t->first = INT64_MAX;
    t->alarm.ring = rang;
    t->alarm.data = t;
    store_mark_key(entry->policy->name, cluster_name(at->cluster), t->key);
    deadline_init(at->engine->o.loop, &t->turn, my_turn, t);
    deadline_init(at->engine->o.loop, &t->later, later, t);
    t->handles = 2;
    at->ons_live++;
    policy_set_hold(entry->file->set);
    caches_hold(held);
    on_wake(t);
    return t;
}

bool on_trigger_reload(struct on_trigger *t, const struct policy_entry *entry, const struct held_cache *held)
{
    const struct policy *was = t->entry.policy, *is = entry->policy;
    if (held != t->held || was->on != is->on || was->kind != is->kind ||
        mpijob_match_timed(was->match) != mpijob_match_timed(is->match))
        return false;
    bool dry = was->dry_run && is->dry_run;
    policy_set_hold(entry->file->set);
    policy_set_release(t->entry.file->set); /* and `was` with it */
    t->entry = *entry;
    t->fails = 0;
    t->pause_until = 0;
    for (uint32_t slot = 0; slot < t->slots; slot++) {
        if (t->jobs[slot].state != ON_RUNNING && !(dry && (t->jobs[slot].flags & ON_DRY)))
            on_unpass(t, slot);
    }
    if (t->scanning || t->scanned)
        begin_scan(t);
    on_arm(t);
    on_wake(t);
    return true;
}

void on_trigger_stop(struct on_trigger *t)
{
    t->stopped = true;
    alarm_stop(t->at->engine->alarms, &t->alarm);
    deadline_stop(&t->turn);
    deadline_stop(&t->later);
    caches_release(t->held);
    t->held = NULL;
    on_release(t);
}

struct on_trigger *on_trigger_next(const struct on_trigger *t)
{
    return t->next;
}

void on_trigger_set_next(struct on_trigger *t, struct on_trigger *next)
{
    t->next = next;
}

const char *on_trigger_policy(const struct on_trigger *t)
{
    return t->entry.policy->name;
}

size_t on_trigger_depth(const struct on_trigger *t)
{
    return t->depth;
}

bool on_trigger_idle(const struct on_trigger *t)
{
    if (t->turning || t->reading || t->writing || t->batch)
        return false;
    return t->pause_until || (t->scanned ? !t->depth : t->held->troubled);
}
