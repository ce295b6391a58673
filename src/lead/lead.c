/* SPDX-License-Identifier: Apache-2.0 */
/* The life of an election: who leads as far as is known, who is told of it, and until when what is known holds. */
#include "lead/lead.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/metrics.h"
#include "base/texts.h"
#include "kube/resource_version.h"
#include "lead/lead_parts.h"

#define CLOSE_PATIENCE_MS 2000
#define CONNECTIONS 2

static void shine(const struct lead *l)
{
    if (l->gauge)
        metric_set(l->gauge, l->leads && !l->asked, NULL);
}

/* ---- guests ---- */

static void tell_next(struct lead *l, struct lead_guest *guest)
{
    l->asked = guest;
    error_keep(&l->hindrance, NULL);
    shine(l);
    if (!guest)
        return;
    guest->told = true;
    guest->gained(guest, lead_epoch(l));
}

void lead_ready(struct lead *l, struct lead_guest *guest)
{
    if (l->asked == guest)
        tell_next(l, guest->next);
}

void lead_hinder(struct lead *l, struct lead_guest *guest, const struct error *why)
{
    if (l->asked == guest)
        error_keep(&l->hindrance, why);
}

void lead_join(struct lead *l, struct lead_guest *guest)
{
    guest->told = false;
    DL_APPEND(l->guests, guest);
}

void lead_part(struct lead *l, struct lead_guest *guest)
{
    struct lead_guest *next = guest->next;
    bool waited = l->asked == guest;
    DL_DELETE(l->guests, guest);
    if (waited && !l->closing)
        tell_next(l, next);
    else if (waited)
        l->asked = NULL;
}

static void tell_lost(struct lead *l, const char *why)
{
    l->asked = NULL;
    error_keep(&l->hindrance, NULL);
    struct lead_guest *guest = l->guests ? l->guests->prev : NULL; /* the last */
    while (guest) {
        struct lead_guest *before = guest == l->guests ? NULL : guest->prev;
        if (guest->told) {
            guest->told = false;
            guest->lost(guest, why);
        }
        guest = before;
    }
}

/* ---- leading ---- */

/* The Lease by which daemons that share the jobs ask for more is taken and given back all the time. */
static bool is_told(const struct lead *l)
{
    return l->shared.shard || !l->shared.shards;
}

void lead_tell_changed(const struct lead *l)
{
    if (l->shared.changed && !l->closing)
        l->shared.changed(l->shared.data);
}

bool lead_is_mine(const struct lead *l, const struct lease_record *record)
{
    return *l->mine.holder && strcmp(record->holder, l->mine.holder) == 0 && record->acquired == l->mine.acquired &&
           record->transitions == l->mine.transitions;
}

void lead_begin(struct lead *l)
{
    char epoch[24];
    l->leads = true;
    snprintf(epoch, sizeof epoch, "%" PRId64, lead_epoch(l));
    if (is_told(l))
        log_event(l->o.log, LOG_INFO,
                  l->shared.shard ? "this daemon owns the shard, and acts for its jobs from now on"
                                  : "this daemon leads, and acts from now on",
                  LOG_FIELDS({"shard", l->shared.shard}, {"identity", l->o.identity}, LOG_JSON_FIELD("epoch", epoch)));
    deadline_set(&l->limit, (uint64_t)l->o.renew / 1000);
    tell_next(l, l->guests);
    lead_tell_changed(l);
}

void lead_end(struct lead *l, const char *why)
{
    if (!l->leads)
        return;
    l->leads = false;
    lead_stay(l);
    deadline_stop(&l->limit);
    shine(l);
    const char *holder = lead_holder(l);
    if (is_told(l))
        log_event(l->o.log, LOG_ERROR,
                  l->shared.shard
                      ? "the shard is lost: this daemon does nothing more for its jobs until it owns it again"
                      : "the lead is lost: this daemon does nothing more until it leads again",
                  LOG_FIELDS({"shard", l->shared.shard}, {"reason", why},
                             {"leader", lead_is_mine(l, &l->seen.record) ? NULL : holder}));
    tell_lost(l, why);
    lead_tell_changed(l);
}

void lead_step_down(struct lead *l, const char *why)
{
    if (!l->leads || l->closing)
        return;
    lead_end(l, why);
    if (!l->request) /* else its answer goes on */
        lead_try_later(l);
}

static void limit_rang(struct deadline *d)
{
    struct lead *l = d->data;
    char why[ERROR_MESSAGE_MAX + 600];
    int64_t left = l->until - clock_elapsed();
    if (!l->leads)
        return;
    if (left > 0) { /* it was renewed meanwhile */
        deadline_set(d, (uint64_t)(left + 999) / 1000);
        return;
    }
    snprintf(why, sizeof why, "the Lease %s/%s could not be renewed for %" PRId64 ".%" PRId64 " s%s%s", l->o.name_space,
             l->o.name, l->o.renew / CLOCK_SECOND, l->o.renew % CLOCK_SECOND / 100000, l->trouble ? ": " : "",
             l->trouble ? l->trouble->message : "");
    lead_end(l, why);
    if (!l->request)
        lead_try(l);
}

/* ---- what was seen ---- */

static void tell_leader(const struct lead *l, const char *before)
{
    const char *holder = lead_holder(l);
    if (strcmp(before, holder) != 0)
        lead_tell_changed(l);
    if (l->leads || l->shared.shards || strcmp(before, holder) == 0 || strcmp(holder, l->o.identity) == 0)
        return;
    if (*holder)
        log_event(l->o.log, LOG_INFO, "standing by: another daemon leads", LOG_FIELDS({"leader", holder}));
    else
        log_event(l->o.log, LOG_INFO, "nobody leads now", LOG_FIELDS({"leader", *before ? before : NULL}));
}

bool lead_see(struct lead *l, struct json object)
{
    struct lease_record record;
    char version[64] = "", before[LEASE_HOLDER_MAX], why[LEASE_HOLDER_MAX + 64];
    memcpy(before, lead_holder(l), strlen(lead_holder(l)) + 1);
    bool there = json_exists(object);
    json_string_at(object, "/metadata/resourceVersion", version, sizeof version);
    uint64_t number = kube_version(str_of(version));
    if (there && l->seen.exists && kube_version_is_older(number, l->version))
        return false; /* a watch tells of what was read since */
    buf_reset(&l->object);
    if (there) {
        buf_add_str(&l->object, object.text);
        l->version = number;
        lease_read(object, &record);
    }
    bool free = !*lead_holder(l), first = !l->seen.known;
    bool changed = lease_see(&l->seen, there ? &record : NULL, clock_elapsed());
    if (!*lead_holder(l) && (first || !free))
        l->free_from = clock_elapsed();
    if (there && l->leads && !lead_is_mine(l, &record)) {
        snprintf(why, sizeof why, "%s has taken the Lease", *record.holder ? record.holder : "another daemon");
        lead_end(l, why);
    }
    tell_leader(l, before);
    return changed;
}

int lead_pass(void *data, struct error *err)
{
    const struct lead *l = data;
    if (l->leads && clock_elapsed() < l->until)
        return 0;
    const char *holder = lead_holder(l);
    bool other = *holder && !lead_is_mine(l, &l->seen.record);
    if (l->shared.shard)
        return error_set(err, ERR_CANCELLED, "nothing was sent, because this daemon does not own shard %s%s%s",
                         l->shared.shard, other ? "; it is owned by " : "", other ? holder : "");
    return error_set(err, ERR_CANCELLED, "nothing was sent, because this daemon does not lead%s%s",
                     other ? "; the leader is " : "", other ? holder : "");
}

int64_t lead_epoch(const struct lead *l)
{
    return l->leads ? l->mine.transitions + 1 : 0;
}

void lead_note(struct lead *l, const char *name, const char *value)
{
    for (size_t i = 0; i < LEAD_NOTES; i++) {
        if (l->notes[i].name && strcmp(l->notes[i].name, name) != 0)
            continue;
        l->notes[i].name = name;
        snprintf(l->notes[i].value, sizeof l->notes[i].value, "%s", value);
        return;
    }
}

/* ---- life ---- */

static void next_rang(struct deadline *d)
{
    lead_try(d->data);
}

static void turn_came(struct defer *d)
{
    lead_try(d->data);
}

static void kube_is_closed(void *data)
{
    struct lead *l = data;
    void (*closed)(void *) = l->closed;
    void *closed_data = l->data;
    error_keep(&l->trouble, NULL);
    error_keep(&l->hindrance, NULL);
    buf_free(&l->object);
    free(l->texts);
    free(l);
    if (closed)
        closed(closed_data);
}

static void handle_closed(struct deadline *d)
{
    struct lead *l = d->data;
    if (--l->handles == 0)
        kube_close(l->kube, kube_is_closed, l);
}

static void shut(struct lead *l)
{
    l->shut = true;
    lead_unwatch(l);
    defer_cancel(&l->turn);
    l->handles = 3;
    deadline_close(&l->next, handle_closed);
    deadline_close(&l->limit, handle_closed);
    deadline_close(&l->patience, handle_closed);
}

void lead_check_closed(struct lead *l)
{
    if (!l->shut && !l->request && !lead_give_back(l))
        shut(l);
}

static void impatient(struct deadline *d)
{
    struct lead *l = d->data;
    l->leads = false; /* it is not given back any more */
    if (l->request)
        kube_cancel(l->request);
}

void lead_close(struct lead *l, void (*closed)(void *data), void *data)
{
    l->closing = true;
    l->closed = closed;
    l->data = data;
    deadline_stop(&l->next);
    deadline_stop(&l->limit);
    deadline_set(&l->patience, CLOSE_PATIENCE_MS);
    lead_check_closed(l);
}

void lead_start(struct lead *l)
{
    lead_try(l);
}

int lead_times(int64_t lease, int64_t renew, int64_t retry, struct error *err)
{
    if (lease < CLOCK_SECOND || lease % CLOCK_SECOND || lease > LEASE_SECONDS_MAX * CLOCK_SECOND)
        return error_set(err, ERR_INVALID,
                         "lease_duration is a number of whole seconds from 1s to 24h, as the Lease has them");
    if (renew >= lease)
        return error_set(err, ERR_INVALID,
                         "lease_duration has to be longer than renew_deadline, so that a leader has stopped before "
                         "another begins; the defaults are 15s and 10s");
    if (retry < 10000 || renew * 10 <= retry * 12)
        return error_set(err, ERR_INVALID,
                         "renew_deadline has to be longer than retry_period by more than a fifth, and retry_period "
                         "10ms or more, so that there is a second try; the defaults are 10s and 2s");
    return 0;
}

int lead_new(const struct lead_options *options, struct lead **out, struct error *err)
{
    struct lead *l = calloc(1, sizeof *l);
    if (!l)
        return error_nomem(err);
    l->o = *options;
    if (options->shared)
        l->shared = *options->shared;
    l->texts = TEXTS_COPY({&l->o.name_space, options->name_space}, {&l->o.name, options->name},
                          {&l->o.identity, options->identity});
    /* A try that hangs leaves time for another. A server that cannot be reached is told at once: the pause is ours. */
    struct kube_options kube = {.connections = CONNECTIONS,
                                .timeout_ms = (uint64_t)options->renew / 2000,
                                .log = options->log,
                                .metrics = options->metrics,
                                .cluster = options->cluster,
                                .impatient = true};
    int rc = l->texts ? kube_open(options->loop, options->server, &kube, &l->kube, err) : error_nomem(err);
    if (rc) {
        free(l->texts);
        free(l);
        return rc;
    }
    chance_seed(&l->chance, 0);
    if (!options->shared)
        l->gauge = metrics_gauge(options->metrics, "leader", NULL, "1: this daemon's policies run.", NULL);
    else
        lead_note(l, LEAD_SHARDS_NOTE, l->shared.shards);
    l->turn = (struct defer){.call = turn_came, .data = l};
    deadline_init(options->loop, &l->next, next_rang, l);
    deadline_init(options->loop, &l->limit, limit_rang, l);
    deadline_init(options->loop, &l->patience, impatient, l);
    shine(l);
    *out = l;
    return 0;
}
