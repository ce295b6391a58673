/* SPDX-License-Identifier: Apache-2.0 */
/* When credentials are fetched, and who waits for it: ahead of their end, after a 401, not again at once after a
 * failure; one fetch at a time, however many wait. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "kube/auth/parts.h"

#define PAUSE_MOST_MS 300000       /* after one that failed, doubling from the options' pause_ms */
#define MARGIN (30 * CLOCK_SECOND) /* so long before they expire, credentials are fetched again */
#define PATIENCE 3                 /* so many requests may be refused one after the other */

static const struct backoff shut_out = {.first_ms = 1000, .most_ms = 60000}; /* after these */

/* A client certificate that a program has given is shown to the server, if it is another than before. (One in files is
 * the http floor's: it looks whether they have changed.) */
static int take_certificate(struct kube_auth *a, const struct credential *c, struct error *err)
{
    if (!c->certificate.len || (a->certificate && str_is(buf_str(&c->certificate), a->certificate)))
        return 0;
    char *copy = str_dup(buf_str(&c->certificate));
    if (!copy)
        return error_nomem(err);
    int rc = a->options.identify(a->options.data, buf_str(&c->certificate), buf_str(&c->key), err);
    if (rc) {
        free(copy);
        return rc;
    }
    free(a->certificate);
    a->certificate = copy;
    a->generation++;
    return 0;
}

int auth_take(struct kube_auth *a, struct credential *c, struct error *err)
{
    int64_t now = clock_now(NULL);
    int rc = take_certificate(a, c, err);
    if (!rc && c->token.len && !auth_set_value(a, a->scheme, buf_str(&c->token)))
        rc = error_nomem(err);
    if (!rc && !c->token.len && !a->signs)
        auth_forget_value(a); /* a program went over from tokens to certificates */
    if (!rc) {
        int64_t most = a->source && a->source->margin ? a->source->margin : MARGIN;
        int64_t margin = c->expires > now ? (c->expires - now) / 10 : 0;
        a->expires = c->expires;
        a->renew_at = c->expires - (margin < most ? margin : most);
        a->fetched_at = uv_now(a->loop);
        error_keep(&a->failure, NULL);
        if (a->signs)
            auth_take_keys(a, c);
        a->have = true;
    }
    credential_free(c);
    return rc;
}

static bool usable(const struct kube_auth *a)
{
    return !a->source || (a->have && (!a->expires || clock_now(NULL) < a->expires));
}

/* The server has refused what we have again and again. */
static bool is_shut_out(const struct kube_auth *a)
{
    return a->refused == a->generation && uv_now(a->loop) < a->refused_until;
}

static void tell_waiting(struct kube_auth *a, const struct error *err)
{
    for (struct kube_auth_wait *wait; (wait = a->waiting);) {
        DL_DELETE(a->waiting, wait);
        /* What has come may have ended again since, on a slow machine: then the request asks for more. */
        bool changed = (usable(a) || (!err && a->have)) && wait->generation != a->generation;
        wait->done(wait, changed, changed ? NULL : err ? err : is_shut_out(a) ? a->refusal : NULL);
    }
}

static void hold_back(struct kube_auth *a)
{
    const struct backoff pause = {.first_ms = a->options.pause_ms, .most_ms = PAUSE_MOST_MS};
    uint64_t ms = backoff_ms(&pause, ++a->failures, NULL);
    if (ms < a->source->wait_ms)
        ms = a->source->wait_ms;
    a->not_before = uv_now(a->loop) + ms;
}

static void fetch_failed(struct kube_auth *a, const struct error *why)
{
    error_keep(&a->failure, why);
    if (a->source->cheap)
        a->fetched_at = uv_now(a->loop);
    else
        hold_back(a);
    if (usable(a))
        log_event(a->options.log, LOG_WARN,
                  a->source->cheap ? "the token could not be read again; the old one stays in use"
                                   : "the credentials could not be renewed; the old ones stay in use",
                  LOG_FIELDS({"reason", a->failure->message}));
}

static bool is_paused(const struct kube_auth *a)
{
    return uv_now(a->loop) < a->not_before;
}

static int still_failing(const struct kube_auth *a, struct error *err)
{
    uint64_t ms = a->not_before - uv_now(a->loop);
    if (!err)
        return a->failure ? a->failure->code : ERR_INVALID;
    if (!a->failure) /* what it gave was refused by the server, and has expired since */
        return error_set(err, ERR_INVALID, "the server refused the credentials; new ones are fetched in %" PRIu64 " s",
                         (ms + 999) / 1000);
    *err = *a->failure;
    return error_append(err, " (tried again in %" PRIu64 " s at the earliest)", (ms + 999) / 1000);
}

static int fetch(struct kube_auth *a, struct error *err);

void auth_was_fetched(void *data, struct credential *credential, const struct error *err)
{
    struct kube_auth *a = data;
    a->fetching = false;
    int rc = 0;
    struct error why;
    if (!err && !credential) {
        still_failing(a, &why);
        tell_waiting(a, &why);
        return;
    }
    if (err)
        why = *err;
    else
        rc = auth_take(a, credential, &why);
    if (rc && rc != ERR_NOMEM && a->source->name)
        error_prefix(&why, "%s", a->source->name);
    if (err || rc) {
        fetch_failed(a, &why);
    } else {
        char until[32] = "not said";
        if (a->expires)
            clock_format(a->expires, false, until);
        if (!a->source->cheap)
            a->generation++; /* were it the same token: its program stands by it, so it is worth one more try */
        log_event(a->options.log, LOG_DEBUG, "credentials were fetched", LOG_FIELDS({"expire", until}));
    }
    if (a->outdated) {
        a->outdated = false;
        if (!a->closing && !fetch(a, NULL))
            return;
    }
    tell_waiting(a, (err || rc) && !a->source->cheap ? &why : NULL);
}

/* 0: under way. */
static int fetch(struct kube_auth *a, struct error *err)
{
    if (a->fetching)
        return 0;
    struct error why;
    int rc = a->source->fetch(a->source, &why);
    a->fetching = rc == 0;
    if (rc)
        fetch_failed(a, &why);
    if (rc && err)
        *err = why;
    return rc;
}

static bool is_old(const struct kube_auth *a)
{
    if (a->source->reread_ms && uv_now(a->loop) - a->fetched_at >= a->source->reread_ms)
        return true;
    return a->expires && clock_now(NULL) >= a->renew_at;
}

/* ---- for requests ---- */

/* Not to be fetched for a while, unless it would be something else that is sent: then it is under way (0). */
static int fetch_in_pause(struct kube_auth *a, struct error *err)
{
    a->fetching = a->source->look && a->source->look(a->source);
    return a->fetching ? 0 : still_failing(a, err);
}

/* The requests of a moment ago were refused, so this one would be, too. */
static int told_again(const struct kube_auth *a, struct error *err)
{
    uint64_t ms = a->refused_until - uv_now(a->loop);
    if (!err)
        return a->refusal->code;
    *err = *a->refusal;
    return error_append(err, " (the server is asked again in %" PRIu64 " s)", (ms + 999) / 1000);
}

static bool wait_for_it(struct kube_auth *a, struct kube_auth_wait *wait, unsigned generation)
{
    wait->generation = generation;
    DL_APPEND(a->waiting, wait);
    return false;
}

bool kube_auth_prepare(struct kube_auth *a, struct kube_auth_wait *wait, int *rc, struct error *err)
{
    *rc = 0;
    if (a->closing)
        return true;
    if (a->source && !usable(a)) {
        *rc = !a->fetching && is_paused(a) ? fetch_in_pause(a, err) : fetch(a, err);
        return *rc ? false : wait_for_it(a, wait, a->generation - 1); /* whatever comes is new to it */
    }
    if (is_shut_out(a)) {
        if (a->source && a->source->cheap && !fetch(a, NULL))
            return wait_for_it(a, wait, a->generation);
        *rc = told_again(a, err);
        return false;
    }
    if (a->source && is_old(a) && !is_paused(a))
        fetch(a, NULL); /* for the requests to come */
    return true;
}

void kube_auth_proved(struct kube_auth *a, unsigned generation)
{
    if (generation != a->generation)
        return;
    a->refusals = 0;
    if (a->proved)
        return;
    a->proved = true;
    if (a->failure)
        return;
    a->failures = 0;
    a->not_before = 0;
}

/* A program is run again when what it gave was good once. If it never was, another run will hardly help: then after a
 * pause that grows. */
bool kube_auth_renew(struct kube_auth *a, struct kube_auth_wait *wait)
{
    if (a->closing)
        return false;
    if (!a->source)
        return a->files && a->options.look && a->options.look(a->options.data) &&
               !wait_for_it(a, wait, wait->generation);
    if (!a->fetching && !a->source->cheap) {
        if (is_paused(a))
            return false;
        bool proved = a->proved;
        a->proved = false;
        hold_back(a); /* the next one */
        if (!proved && a->failures == 1)
            return false; /* fresh, and refused */
    }
    a->outdated |= a->fetching && a->source->cheap;
    if (fetch(a, NULL))
        return false;
    DL_APPEND(a->waiting, wait);
    return true;
}

void kube_auth_looked(struct kube_auth *a, bool changed)
{
    a->generation += changed;
    if (!a->source)
        tell_waiting(a, NULL);
}

void kube_auth_why(const struct kube_auth *a, struct error *err)
{
    if (a->failure && !strstr(err->message, a->failure->message))
        error_append(err, "; new ones could not be had: %s", a->failure->message);
}

void kube_auth_refused(struct kube_auth *a, unsigned generation, const struct error *err)
{
    if (generation != a->generation)
        return;
    if (a->refused != generation)
        a->refusals = 0;
    a->refused = generation;
    error_keep(&a->refusal, err);
    if (is_shut_out(a) || ++a->refusals < PATIENCE) /* those that were under way together count as one */
        return;
    a->refused_until = uv_now(a->loop) + backoff_ms(&shut_out, a->refusals - PATIENCE + 1, NULL);
}

void kube_auth_forget(struct kube_auth *a, struct kube_auth_wait *wait)
{
    DL_DELETE(a->waiting, wait);
}
