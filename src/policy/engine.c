#include "policy/engine.h"

#include <stdlib.h>
#include <utlist.h>

#include "policy/arming.h"
#include "policy/recover.h"
#include "policy/trigger.h"

#define RETRY_FIRST_MS 500
#define RETRY_MOST_MS 30000

struct trigger_node {
    struct trigger *trigger;
    struct trigger_node *next;
};

static void connect_cluster(struct engine *e);
static void put_in_force(struct engine *e);
static void retry_later(struct engine *e);

/* ---- stopping ---- */

static void handle_closed(struct deadline *d)
{
    struct engine *e = d->data;
    if (--e->handles)
        return;
    void (*stopped)(void *) = e->stopped;
    void *data = e->stopped_data;
    for (char **p = e->paths; p && *p; p++)
        free(*p);
    free(e->paths);
    free(e->unfinished);
    free(e);
    if (stopped)
        stopped(data);
}

static void stop_triggers(struct trigger_node *list)
{
    while (list) {
        struct trigger_node *n = list;
        list = n->next;
        trigger_stop(n->trigger);
        free(n);
    }
}

struct trigger *engine_trigger(const struct engine *e, const char *policy)
{
    struct trigger_node *n;
    LL_FOREACH(e->triggers, n)
    {
        if (strcmp(trigger_policy(n->trigger), policy) == 0)
            return n->trigger;
    }
    return NULL;
}

void engine_check_stopped(struct engine *e)
{
    if (!e->stopping || e->runs || e->loading || e->recovery || e->arming || e->connecting || e->handles != 2 ||
        e->closed)
        return;
    e->closed = true;
    policy_set_release(e->set);
    e->set = NULL;
    alarms_free(e->alarms);
    deadline_close(&e->retry, handle_closed);
    deadline_close(&e->grace, handle_closed);
}

static void grace_over(struct deadline *d)
{
    struct engine *e = d->data;
    struct run *run, *next;
    if (e->runs)
        log_line(e->o.log, LOG_WARN,
                 "the time of grace is over; what is in flight is given up and looked into at the next start");
    DL_FOREACH_SAFE(e->runs, run, next)
    {
        run_abandon(run);
    }
    engine_check_stopped(e);
}

void engine_stop(struct engine *e, uint64_t grace_ms, void (*stopped)(void *data), void *data)
{
    struct run *run, *next;
    e->stopping = true;
    e->stopped = stopped;
    e->stopped_data = data;
    deadline_stop(&e->retry);
    stop_triggers(e->triggers);
    e->triggers = NULL;
    if (e->connecting)
        cluster_connect_cancel(e->o.cluster);
    if (e->recovery)
        recovery_cancel(e->recovery);
    if (e->loading)
        policy_load_cancel(e->loading);
    DL_FOREACH_SAFE(e->runs, run, next)
    {
        run_stop(run, "the daemon is being stopped", !e->o.once);
    }
    deadline_set(&e->grace, grace_ms);
    engine_check_stopped(e);
    /* Cancelled loads and recoveries end on the loop's next turns. */
}

/* ---- policies ---- */

static void start_triggers(struct engine *e, struct trigger_past *past)
{
    struct policy_set *set = e->set;
    struct trigger_node *list = NULL, *last = NULL, *old;
    for (size_t i = 0; i < set->count; i++) {
        struct trigger_node *n = calloc(1, sizeof *n);
        past[i].before = engine_trigger(e, set->entries[i].policy->name);
        if (n)
            n->trigger = trigger_start(e, &set->entries[i], &past[i]);
        if (!n || !n->trigger) {
            log_event(e->o.log, LOG_ERROR, "a policy cannot be started: out of memory",
                      LOG_FIELDS({"policy", set->entries[i].policy->name}));
            free(n);
            continue;
        }
        if (last)
            last->next = n;
        else
            list = n;
        last = n;
    }
    old = e->triggers;
    e->triggers = list;
    stop_triggers(old);
    free(e->unfinished);
    e->unfinished = NULL;
    e->unfinished_count = 0;
    log_line(e->o.log, LOG_INFO, "%zu polic%s in force", set->count, set->count == 1 ? "y" : "ies");
}

static void past_known(void *data, struct policy_set *set, struct trigger_past *past, const struct error *err)
{
    struct engine *e = data;
    if (!e->stopping && err) {
        log_event(e->o.log, LOG_ERROR, "the policies are not started, because the journal cannot be read; trying again",
                  LOG_FIELDS({"reason", err->message}));
        retry_later(e);
    } else if (!e->stopping && set == e->set) {
        start_triggers(e, past);
    } else if (!e->stopping) { /* loaded again meanwhile */
        put_in_force(e);
    }
    engine_check_stopped(e);
}

/* Starts e->set's triggers, as soon as the journal has told what it knows of them. */
static void put_in_force(struct engine *e)
{
    struct error err;
    if (e->o.once || e->stopping || e->arming)
        return;
    deadline_stop(&e->retry);
    if (arming_start(e, e->set, e->unfinished, e->unfinished_count, past_known, e, &err)) {
        log_line(e->o.log, LOG_ERROR, "the policies are not started: %s; trying again", err.message);
        retry_later(e);
    }
}

/* The set becomes the engine's. */
static void take_over(struct engine *e, struct policy_set *set)
{
    policy_set_release(e->set);
    e->set = set;
    if (e->started)
        put_in_force(e);
}

static void log_findings(const struct engine *e, const struct policy_set *set)
{
    for (size_t i = 0; i < set->error_count; i++) {
        const struct policy_error *x = &set->errors[i];
        if (x->line)
            log_line(e->o.log, LOG_ERROR, "%s:%d: %s", x->file, x->line, x->message);
        else
            log_line(e->o.log, LOG_ERROR, "%s: %s", x->file, x->message);
    }
}

static void loaded(void *data, struct policy_set *set)
{
    struct engine *e = data;
    bool reload = e->loaded == NULL;
    if (reload)
        log_findings(e, set);
    if (set->error_count && reload)
        log_line(e->o.log, LOG_ERROR, "the policies in force stay as they are, because of the errors above");
    if (!reload) {
        e->loaded(e->loaded_data, set);
        e->loaded = NULL;
    }
    if (set->error_count)
        policy_set_release(set);
    else
        take_over(e, set);
    if (e->reload_again && !e->stopping) {
        e->reload_again = false;
        engine_reload(e);
    }
    engine_check_stopped(e);
}

static int copy_paths(struct engine *e, const char *const *paths)
{
    size_t n = 0;
    while (paths[n])
        n++;
    e->paths = calloc(n + 1, sizeof *e->paths);
    for (size_t i = 0; e->paths && i < n; i++) {
        e->paths[i] = str_dup(str_of(paths[i]));
        if (!e->paths[i])
            return ERR_NOMEM;
    }
    return e->paths ? 0 : ERR_NOMEM;
}

int engine_load(struct engine *e, const char *const *paths, void (*told)(void *data, const struct policy_set *set),
                void *data, struct error *err)
{
    e->loaded = told;
    e->loaded_data = data;
    if (copy_paths(e, paths))
        return error_nomem(err);
    return policy_load_start(e, (const char *const *)e->paths, loaded, e, &e->loading, err);
}

void engine_reload(struct engine *e)
{
    struct error err;
    if (e->stopping || !e->paths)
        return;
    if (e->loading) {
        e->reload_again = true;
        return;
    }
    log_line(e->o.log, LOG_INFO, "loading the policies again");
    if (policy_load_start(e, (const char *const *)e->paths, loaded, e, &e->loading, &err))
        log_line(e->o.log, LOG_ERROR, "%s", err.message);
}

/* ---- starting ---- */

static void retry_later(struct engine *e)
{
    e->retry_ms = e->retry_ms ? e->retry_ms * 2 : RETRY_FIRST_MS;
    if (e->retry_ms > RETRY_MOST_MS)
        e->retry_ms = RETRY_MOST_MS;
    deadline_set(&e->retry, e->retry_ms);
}

static void try_again(struct engine *e, const struct error *err)
{
    if (e->stopping) {
        engine_check_stopped(e);
        return;
    }
    log_event(e->o.log, LOG_ERROR, "not connected; trying again", LOG_FIELDS({"reason", err->message}));
    retry_later(e);
}

static void recovered_now(void *data, const struct interrupted_run *runs, size_t count, const struct error *err)
{
    struct engine *e = data;
    struct error trouble;
    if (!err && count && !(e->unfinished = calloc(count, sizeof *runs))) {
        error_nomem(&trouble);
        err = &trouble;
    }
    if (err) {
        try_again(e, err);
        return;
    }
    if (count)
        memcpy(e->unfinished, runs, count * sizeof *runs);
    e->unfinished_count = count;
    e->retry_ms = 0;
    e->started = true;
    if (e->set)
        put_in_force(e);
}

static void connected(void *data, const struct error *err)
{
    struct engine *e = data;
    struct error trouble;
    e->connecting = false;
    if (err || e->stopping) {
        try_again(e, err);
    } else if (!e->o.store) {
        recovered_now(e, NULL, 0, NULL);
    } else if (recovery_start(e, recovered_now, e, &e->recovery, &trouble)) {
        try_again(e, &trouble);
    }
}

static void connect_cluster(struct engine *e)
{
    e->connecting = true;
    cluster_connect(e->o.cluster, connected, e);
}

static void retry(struct deadline *d)
{
    struct engine *e = d->data;
    if (e->stopping)
        return;
    if (e->started)
        put_in_force(e);
    else
        connect_cluster(e);
}

void engine_start(struct engine *e)
{
    connect_cluster(e);
}

/* ---- one run of every policy ---- */

static void once_ended(void *data, struct run *run)
{
    struct engine *e = data;
    (void)run;
    if (--e->once_left == 0 && e->once_done)
        deadline_set(&e->retry, 0);
}

static void once_over(struct deadline *d)
{
    struct engine *e = d->data;
    if (e->once_done)
        e->once_done(e->once_data);
    e->once_done = NULL;
}

void engine_once(struct engine *e, void (*done)(void *data), void *data)
{
    struct error err;
    struct run *run;
    e->once_done = done;
    e->once_data = data;
    e->retry.ring = once_over;
    e->once_left = 1;
    for (size_t i = 0; i < e->set->count; i++) {
        struct run_call call = {
            .file = e->set->entries[i].file,
            .policy = e->set->entries[i].policy,
            .trigger = "once",
            .scheduled_at = clock_now(e->o.clock),
            .done = once_ended,
            .data = e,
        };
        e->once_left++;
        if (run_start(e, &call, &run, &err)) {
            e->once_left--;
            log_event(e->o.log, LOG_ERROR, err.message, LOG_FIELDS({"policy", call.policy->name}));
        }
    }
    once_ended(e, NULL);
}

/* ---- the rest ---- */

void engine_run_ended(struct engine *e, struct run *run)
{
    if (e->o.ended)
        e->o.ended(e->o.data, run);
    DL_DELETE(e->runs, run);
    if (e->stopping && !e->runs)
        deadline_set(&e->grace, 0); /* on the loop's next turn: the run is still being freed */
}

void engine_clock_moved(struct engine *e)
{
    alarms_clock_moved(e->alarms);
}

bool engine_idle(const struct engine *e)
{
    return !e->runs && !e->loading && !e->recovery && !e->arming && !e->connecting && (e->started || e->o.once);
}

int engine_new(const struct engine_options *options, struct engine **out, struct error *err)
{
    struct engine *e = calloc(1, sizeof *e);
    if (!e)
        return error_nomem(err);
    e->o = *options;
    e->context =
        (struct replace_context){options->loop, options->cluster, options->store, options->clock, options->log};
    e->alarms = alarms_new(options->loop, options->clock);
    if (!e->alarms) {
        free(e);
        return error_nomem(err);
    }
    deadline_init(options->loop, &e->retry, retry, e);
    deadline_init(options->loop, &e->grace, grace_over, e);
    e->handles = 2;
    *out = e;
    return 0;
}
