/* SPDX-License-Identifier: Apache-2.0 */
/* Between the lead and the shared state: taken over, read again by those who keep some of it in memory, given up. */
#include "cli/run/run_shared.h"

#include <inttypes.h>
#include <stdio.h>

#include "approval/approvals.h"
#include "base/backoff.h"
#include "cli/paused/paused_shared.h"
#include "cli/session/lead_place.h"
#include "outside/shelf.h"
#include "pause/pauses.h"
#include "store/store.h"

static const struct backoff retry_pause = {.first_ms = 500, .most_ms = 30000};

static void again_later(struct run_shared *r, const struct error *err)
{
    log_event(&r->session->log, LOG_ERROR,
              "this daemon leads, but does not act: it cannot take over what the replicas share; trying again",
              LOG_FIELDS({"lease", r->alone ? lead_look(r->lead).name : NULL}, {"reason", err->message}));
    lead_hinder(r->lead, &r->guest, err);
    deadline_set(&r->again, backoff_ms(&retry_pause, ++r->failures, NULL));
}

/* What is kept in memory besides. */
static int read_again(struct run_shared *r, struct error *err)
{
    struct session *s = r->session;
    if (r->alone)
        return s->engine ? approvals_read(engine_approvals(s->engine), shared_state(r->shared), err) : 0;
    paused_free(&r->paused);
    canaries_close(&r->canaries);
    int rc = pauses_read(s->store, &r->paused, err);
    if (!rc)
        rc = canaries_open(&r->canaries, s->store, err);
    if (!rc && s->engine)
        rc = approvals_read(engine_approvals(s->engine), shared_state(r->shared), err);
    if (s->engine)
        engine_renew_pauses(s->engine);
    if (s->outside)
        shelves_forget(s->outside);
    return rc;
}

static void taken(void *data, const struct error *err);

static void take(struct run_shared *r)
{
    r->once_more = r->taking || r->import.active; /* what was given up may not have ended yet */
    if (r->once_more)
        return;
    r->taking = true;
    shared_take(r->shared, lead_epoch(r->lead), taken, r);
}

/* The rows are there: what this daemon has of its own is among them, if it is to be. */
static void go_on(void *data, const struct error *err)
{
    struct run_shared *r = data;
    struct error trouble;
    if (!r->leading) /* it was lost meanwhile */
        return;
    if (r->once_more) { /* and gained again */
        take(r);
        return;
    }
    if (err)
        shared_leave(r->shared);
    if (!err && read_again(r, &trouble)) {
        shared_leave(r->shared);
        err = &trouble;
    }
    if (err) {
        again_later(r, err);
        return;
    }
    char epoch[24], rows[24];
    r->failures = 0;
    snprintf(epoch, sizeof epoch, "%" PRId64, state_epoch(shared_state(r->shared)));
    snprintf(rows, sizeof rows, "%zu", shared_size(r->shared).rows);
    log_event(&r->session->log, LOG_INFO, "what the replicas share is taken over",
              LOG_FIELDS({"lease", r->alone ? lead_look(r->lead).name : NULL}, LOG_JSON_FIELD("epoch", epoch),
                         LOG_JSON_FIELD("rows", rows)));
    lead_ready(r->lead, &r->guest);
}

static void taken(void *data, const struct error *err)
{
    struct run_shared *r = data;
    r->taking = false;
    bool imports =
        !err && !r->alone && r->leading && !r->once_more && run_import_wanted(r->session, shared_size(r->shared).rows);
    if (!imports) {
        go_on(r, err);
        return;
    }
    r->import.session = r->session;
    r->import.state = shared_state(r->shared);
    r->import.done = go_on;
    r->import.data = r;
    run_import_start(&r->import);
}

static void gained(struct lead_guest *guest, int64_t epoch)
{
    struct run_shared *r = guest->data;
    (void)epoch;
    r->leading = true;
    take(r);
}

static void rang(struct deadline *d)
{
    take(d->data);
}

static void lost(struct lead_guest *guest, const char *why)
{
    struct run_shared *r = guest->data;
    (void)why;
    r->leading = r->once_more = false;
    defer_cancel(&r->down);
    deadline_stop(&r->again);
    run_import_cancel(&r->import);
    shared_leave(r->shared);
    if (r->session->engine)
        approvals_forget(engine_approvals(r->session->engine), &r->shard);
}

/* What the engine has begun there has ended, and is written. */
static void leave(struct lead_guest *guest)
{
    struct run_shared *r = guest->data;
    lost(guest, NULL);
    lead_left(r->lead, guest);
}

static void step_down(struct defer *d)
{
    struct run_shared *r = d->data;
    lead_step_down(r->lead, r->down_why);
}

/* Another has written the state, as a person does who puts an older copy back. Whoever takes the Lease next reads what
 * is there now. */
static void state_lost(void *data, const struct error *err)
{
    struct run_shared *r = data;
    if (!r->leading)
        return;
    snprintf(r->down_why, sizeof r->down_why, "%s", err->message);
    defer_call(&r->session->soon, &r->down);
}

int run_shared_open(struct session *s, struct lead *lead, struct kube *kube, bool alone, struct run_shared *r,
                    struct error *err)
{
    char name[SHARED_NAME_MAX + 64];
    struct lead_standing place = lead_look(lead);
    *r = (struct run_shared){.session = s, .canaries.store = s->store, .alone = alone};
    snprintf(name, sizeof name, "%.*s" SHARED_ENDING, SHARED_NAME_MAX, place.name);
    struct shared_options o = {.loop = &s->loop,
                               .soon = &s->soon,
                               .kube = kube,
                               .name_space = place.name_space,
                               .name = name,
                               .holder = place.identity,
                               .rows_alone = alone,
                               .store = s->store,
                               .clock = &s->clock,
                               .log = &s->log,
                               .metrics = s->metrics,
                               .lost = state_lost,
                               .data = r};
    r->down = (struct defer){.call = step_down, .data = r};
    int rc = shared_open(&o, &r->shared, err);
    if (rc)
        return rc;
    deadline_init(&s->loop, &r->again, rang, r);
    r->lead = lead;
    r->guest = (struct lead_guest){.gained = gained, .lost = lost, .leave = leave, .data = r};
    lead_join(r->lead, &r->guest);
    return 0;
}

/* Where there is no election, or each daemon has a file of its own, it stays closed. */
static int open_shared(struct session *s, struct run_lead *lead, struct run_shared *r, struct error *err)
{
    struct lead_place place;
    if (!lead->lead || s->config.lead.own_state)
        return 0;
    int rc = lead_place_find(s, &place, err);
    return rc ? rc : run_shared_open(s, lead->lead, cluster_kube(place.at->cluster), false, r, err);
}

int run_state_open(struct session *s, struct run_lead *lead, struct run_shared *r, struct engine_options *e,
                   struct error *err)
{
    *r = (struct run_shared){.session = s, .canaries.store = s->store};
    e->paused = &r->paused;
    e->canaries = &r->canaries;
    int rc = run_lead_open(s, lead, err);
    if (!rc)
        rc = open_shared(s, lead, r, err);
    if (rc)
        return rc;
    e->lead = lead->lead;
    e->state = shared_state(r->shared);
    e->state_later = e->state != NULL;
    rc = e->state_later ? 0 : pauses_read(s->store, &r->paused, err);
    return rc || e->state_later ? rc : canaries_open(&r->canaries, s->store, err);
}

void run_shared_paused(struct session *s, struct run_shared *r)
{
    if (!paused_is_shared(s) || paused_read_shared(s, &r->paused) == 0)
        return;
    log_event(&s->log, LOG_WARN,
              "what is paused among daemons that share their state is not known: it cannot be read in the cluster, and "
              "what is paused there runs now",
              LOG_FIELDS({"reason", s->error.message},
                         {"cure", "mpijobd status, asked of one of them, tells what is; mpijobd trigger runs a "
                                  "policy there"}));
}

static void closed(void *data)
{
    ((struct session *)data)->flag = true;
}

void run_shared_close(struct run_shared *r)
{
    if (!r->shared)
        return;
    lead_part(r->lead, &r->guest);
    r->leading = false;
    run_import_cancel(&r->import);
    defer_cancel(&r->down);
    deadline_close(&r->again, NULL);
    r->session->flag = false;
    shared_close(r->shared, closed, r->session);
    session_wait(r->session);
    while (r->import.active && uv_run(&r->session->loop, UV_RUN_ONCE)) {
    }
    r->shared = NULL;
}

void run_state_free(struct run_shared *r)
{
    paused_free(&r->paused);
    canaries_close(&r->canaries);
}
