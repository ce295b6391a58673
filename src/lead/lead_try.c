/* SPDX-License-Identifier: Apache-2.0 */
/* One try after the other: the Lease is read, and taken where it may be; or renewed, where it is held. Each write names
 * the resourceVersion that was read, so that of several who try at once one succeeds. */
#include <stdlib.h>
#include <string.h>

#include "kube/resource_version.h"
#include "lead/lead_parts.h"

#define JITTER_PERCENT 120 /* of the pause, as client-go's JitterFactor */

static void decide(struct lead *l);

/* ---- between two tries ---- */

static int64_t pause_of(struct lead *l)
{
    int64_t pause = l->o.retry, more = l->o.retry / 100 * JITTER_PERCENT;
    if (l->leads)
        return pause;
    pause += (int64_t)chance_below(&l->chance, (uint64_t)more + 1);
    if (!l->seen.known || !*l->seen.record.holder)
        return pause;
    /* Not long after it may be taken. */
    int64_t left = lease_free_at(&l->seen, l->o.lease) - clock_elapsed();
    left = (left > 0 ? left : 0) + (int64_t)chance_below(&l->chance, (uint64_t)l->o.retry / 4 + 1);
    return left < pause && left > 0 ? left : pause;
}

void lead_try_later(struct lead *l)
{
    if (!l->closing)
        deadline_set(&l->next, (uint64_t)(pause_of(l) + 999) / 1000);
}

static void failed(struct lead *l, const struct error *err)
{
    if (!l->trouble || strcmp(l->trouble->message, err->message) != 0)
        log_event(l->o.log, LOG_WARN, l->leads ? "the Lease cannot be renewed" : "the Lease cannot be read or taken",
                  LOG_FIELDS({"lease", l->shared.shards ? l->o.name : NULL}, {"reason", err->message}));
    error_keep(&l->trouble, err);
    l->unsure = true;
    lead_try_later(l);
}

static void well(struct lead *l)
{
    if (l->trouble)
        log_event(l->o.log, LOG_INFO, "the Lease can be read and written again",
                  LOG_FIELDS({"lease", l->shared.shards ? l->o.name : NULL}));
    error_keep(&l->trouble, NULL);
}

/* ---- writing ---- */

/* The write is under way no more. True: it was done, and the Lease is what it made of it. */
static bool was_done(struct lead *l, const struct kube_answer *answer)
{
    struct lease_record record;
    if (!answer)
        return false;
    lease_read(answer->body, &record);
    l->mine = l->sent;
    lead_see(l, answer->body);
    return lead_is_mine(l, &record);
}

static void held(struct lead *l)
{
    int64_t until = l->sent_at + l->o.renew;
    well(l);
    l->unsure = false;
    l->beaten = 0;
    if (l->renews && !l->leads) { /* it was lost meanwhile: what begins now is another lead */
        defer_call(l->o.soon, &l->turn);
        return;
    }
    if (clock_elapsed() >= until) { /* the answer has waited for us */
        lead_end(l, "the answer to its renewal came too late");
        defer_call(l->o.soon, &l->turn);
        return;
    }
    l->until = until;
    if (!l->leads)
        lead_begin(l);
    lead_try_later(l);
    lead_watch(l);
    if (lead_may_go(l))
        defer_call(l->o.soon, &l->turn);
}

/* Where it failed, it is looked at again; nobody else takes it before its time is over. */
static void given_back(struct lead *l, const struct kube_answer *answer)
{
    l->releasing = false;
    l->unsure = !answer;
    if (answer)
        lead_see(l, answer->body);
    lead_tell_changed(l);
    lead_try_later(l);
    lead_watch(l);
}

static void written(void *data, struct kube_request *request, const struct kube_answer *answer, const struct error *err,
                    bool lost)
{
    struct lead *l = data;
    (void)request;
    (void)lost; /* whether it was done is seen at the next reading */
    l->request = NULL;
    l->taking = false;
    bool done = was_done(l, answer);
    struct error other;
    if (answer && !done) {
        error_set(&other, ERR_CONFLICT, "the server has stored another record in the Lease than the one that was sent");
        err = &other;
    }
    if (l->closing) {
        lead_check_closed(l);
    } else if (l->releasing) {
        given_back(l, answer);
    } else if (done) {
        held(l);
    } else if ((err->code == ERR_CONFLICT || err->code == ERR_NOT_FOUND) && l->beaten++ == 0) {
        l->unsure = true; /* another was faster: it is looked at once */
        defer_call(l->o.soon, &l->turn);
    } else {
        failed(l, err);
    }
}

static int send_lease(struct lead *l, struct error *err)
{
    struct lease_note notes[LEAD_NOTES + 1] = {{0}};
    struct json before = {0};
    struct buf body = BUF_INIT;
    for (size_t i = 0, n = 0; i < LEAD_NOTES; i++) {
        if (l->notes[i].name)
            notes[n++] = (struct lease_note){l->notes[i].name, l->notes[i].value};
    }
    int rc = l->object.len ? json_parse(buf_str(&l->object), "the Lease", &before, err) : 0;
    if (!rc)
        rc = lease_write(before, l->o.name_space, l->o.name, &l->sent, notes, &body, err);
    struct kube_query query = {.field_manager = "mpijobd"};
    struct kube_call call = {.resource = &lease_resource,
                             .name_space = l->o.name_space,
                             .name = l->o.name,
                             .query = &query,
                             .body = buf_str(&body),
                             .seat.rank = SEAT_AHEAD,
                             .done = written,
                             .data = l};
    l->sent_at = clock_elapsed();
    if (!rc)
        rc = l->object.len ? kube_replace(l->kube, &call, &l->request, err)
                           : kube_create(l->kube, &call, &l->request, err);
    buf_free(&body);
    return rc;
}

static void write_lease(struct lead *l, bool renews)
{
    struct error err;
    int64_t now = clock_now(l->o.clock);
    l->renews = renews;
    l->sent = l->mine;
    l->sent.renewed = now;
    if (!renews) {
        int64_t times = l->seen.at ? l->seen.record.transitions + 1 : 0;
        l->sent = (struct lease_record){.seconds = l->o.lease / CLOCK_SECOND,
                                        .acquired = now,
                                        .renewed = now,
                                        .transitions = times <= INT32_MAX ? times : 0};
        strcpy(l->sent.holder, l->o.identity);
        l->unled_from = l->seen.at ? l->seen.at : clock_elapsed();
    }
    l->taking = !renews;
    if (send_lease(l, &err)) {
        l->taking = false;
        failed(l, &err);
    }
}

bool lead_give_back(struct lead *l)
{
    struct error err;
    int64_t now = clock_now(l->o.clock);
    if (!l->leads || lead_pass(l, NULL) || !l->object.len)
        return false;
    l->leads = false;
    lead_stay(l);
    deadline_stop(&l->limit);
    l->sent = (struct lease_record){.seconds = 1, .acquired = now, .renewed = now, .transitions = l->mine.transitions};
    l->releasing = send_lease(l, &err) == 0;
    return l->releasing;
}

/* ---- reading ---- */

/* It may be this daemon's former self, which died a moment ago, or one that was given the same name. */
static void tell_namesake(struct lead *l)
{
    if (l->namesake || strcmp(lead_holder(l), l->o.identity) != 0)
        return;
    l->namesake = true;
    log_event(
        l->o.log, LOG_WARN,
        "the Lease is held under this daemon's own name by another, or was by one that has died; it is taken when "
        "its time is over. identity (of leader_election, sharding) has to be another for each daemon",
        LOG_FIELDS({"identity", l->o.identity}));
}

/* Microseconds before it may be taken, where others share it and nobody holds it. */
static int64_t must_wait(struct lead *l)
{
    int64_t free_for;
    bool free = !*lead_owner(l, &free_for);
    return l->shared.may_take && free ? l->shared.may_take(l->shared.data, l) : 0;
}

static void wait_so_long(struct lead *l, int64_t wait)
{
    int64_t most = l->o.retry * 2;
    l->beaten = 0;
    well(l);
    lead_watch(l);
    if (!l->closing)
        deadline_set(&l->next, (uint64_t)((wait < most ? wait : most) + 999) / 1000);
}

/* What to do about the Lease as it is known now. */
static void decide(struct lead *l)
{
    struct error err;
    int64_t wait;
    if (l->leads)
        write_lease(l, true);
    else if (lead_check_kind(l, &err))
        failed(l, &err);
    else if ((wait = must_wait(l)) > 0)
        wait_so_long(l, wait);
    else if (lead_is_mine(l, &l->seen.record) || clock_elapsed() >= lease_free_at(&l->seen, l->o.lease))
        write_lease(l, false);
    else {
        l->beaten = 0;
        well(l);
        tell_namesake(l);
        lead_try_later(l);
        lead_watch(l);
    }
}

static void came(void *data, struct kube_request *request, const struct kube_answer *answer, const struct error *err,
                 bool lost)
{
    struct lead *l = data;
    (void)request;
    (void)lost;
    l->request = NULL;
    bool absent = err && err->code == ERR_NOT_FOUND && !err->no_path;
    if (l->closing) {
        lead_check_closed(l);
        return;
    }
    if (err && !absent) {
        failed(l, err);
        return;
    }
    l->unsure = false;
    lead_see(l, answer ? answer->body : (struct json){{0}});
    decide(l);
}

static void read_lease(struct lead *l)
{
    struct error err;
    struct kube_call call = {.resource = &lease_resource,
                             .name_space = l->o.name_space,
                             .name = l->o.name,
                             .seat.rank = SEAT_AHEAD,
                             .done = came,
                             .data = l};
    if (kube_get(l->kube, &call, &l->request, &err))
        failed(l, &err);
}

void lead_try(struct lead *l)
{
    if (l->request || l->closing)
        return;
    deadline_stop(&l->next);
    defer_cancel(&l->turn);
    if (lead_may_go(l) && !l->unsure && lead_give_back(l))
        return;
    if (l->leads && !l->unsure)
        write_lease(l, true);
    else
        read_lease(l);
}
