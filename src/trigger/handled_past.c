/* SPDX-License-Identifier: Apache-2.0 */
/* All rows of a policy, by the jobs' uids. */
#include "trigger/handled_past.h"

#include <stdio.h>
#include <stdlib.h>
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct past_row {
    UT_hash_handle hh;
    struct event_handled handled;
    char uid[];
};

struct handled_past {
    struct state *state;
    const struct policy *policy;
    char key[STATE_KEY_MAX];
    struct event_epoch epoch;
    uint8_t baseline[MPIJOB_KINDS_MOST]; /* by the policy's kinds: events that have one for all namespaces */
    struct past_row *rows;
    bool full; /* out of memory */
};

static bool add_row(void *data, const struct store_handled *h)
{
    struct handled_past *past = data;
    size_t n = strlen(h->uid);
    struct past_row *row = calloc(1, sizeof *row + n + 1);
    if (row) {
        memcpy(row->uid, h->uid, n);
        row->handled = event_handled_of(h);
        HASH_ADD_KEYPTR(hh, past->rows, row->uid, n, row);
    }
    past->full = !row || !row->hh.tbl;
    if (past->full)
        free(row);
    return !past->full;
}

static int read_baseline(struct handled_past *past, const struct mpijob_kind *of, struct error *err)
{
    char mark[EVENT_MARK_MAX];
    int64_t at;
    bool found;
    int rc = 0;
    for (unsigned kind = 1; kind < 1U << ON_EVENTS && !rc; kind <<= 1) {
        if (!(kind & EVENT_BASED))
            continue;
        const char *key = event_baseline_key(past->key, kind, event_baseline_of(past->policy, of), false, NULL, mark);
        rc = state_read_mark(past->state, key, &at, &found, err);
        past->baseline[mpijob_kind_index(of)] |= (uint8_t)(!rc && found ? kind : 0);
    }
    return rc;
}

static int read_all(struct handled_past *past, struct error *err)
{
    int rc = event_epoch_read(past->state, past->key, &past->epoch, err);
    for (size_t i = 0; i < past->policy->kinds.count && !rc; i++)
        rc = read_baseline(past, past->policy->kinds.of[i].kind, err);
    if (!rc)
        rc = state_read_handled(past->state, past->key, add_row, past, err);
    return rc || !past->full ? rc : error_nomem(err);
}

struct handled_past *handled_past_read(struct state *state, const char *cluster, const struct policy *policy,
                                       struct error *err)
{
    struct handled_past *past = calloc(1, sizeof *past);
    if (!past) {
        error_nomem(err);
        return NULL;
    }
    past->state = state;
    past->policy = policy;
    state_key(policy->name, cluster, past->key);
    if (read_all(past, err)) {
        handled_past_free(past);
        return NULL;
    }
    return past;
}

void handled_past_free(struct handled_past *past)
{
    struct past_row *row, *next;
    if (!past)
        return;
    HASH_ITER(hh, past->rows, row, next)
    {
        HASH_DEL(past->rows, row);
        free(row);
    }
    free(past);
}

/* ---- one job ---- */

/* Some scopes may have a baseline of their own while others wait. */
static uint8_t baseline_of(const struct handled_past *past, const struct mpijob_view *view)
{
    char mark[EVENT_MARK_MAX], name[256];
    uint8_t baseline = past->baseline[mpijob_kind_index(view->target.kind)];
    const char *of = event_baseline_of(past->policy, view->target.kind);
    int64_t at;
    bool found = false;
    snprintf(name, sizeof name, "%.*s", (int)view->name_space.len, view->name_space.ptr);
    for (unsigned kind = 1; kind < 1U << ON_EVENTS; kind <<= 1) {
        if (!(past->policy->on & kind & EVENT_BASED & ~(unsigned)baseline))
            continue;
        const char *key = event_baseline_key(past->key, kind, of, true, name, mark);
        int rc = state_read_mark(past->state, key, &at, &found, NULL);
        baseline |= (uint8_t)(!rc && found ? kind : 0);
    }
    return baseline;
}

enum handled_now handled_past_of(const struct handled_past *past, const struct mpijob_view *view, int64_t now)
{
    struct event_handled h = {.since_us = MPIJOB_NO_TIME};
    struct past_row *row = NULL;
    unsigned on = past->policy->on;
    if (past->rows)
        HASH_FIND(hh, past->rows, view->uid.ptr, view->uid.len, row);
    if (row) {
        h = row->handled;
        event_handled_under(&h, &past->epoch, past->policy);
    }
    h.baseline = baseline_of(past, view);
    struct event_kinds k = event_handled_kinds(&h, past->policy, view, now);
    unsigned not_begun = on & EVENT_BASED & ~(unsigned)h.baseline & ~k.done;
    unsigned wanted = k.come & ~k.done & ~k.before;
    struct job_wait wait = event_handled_wait(&h, past->policy, view, now);
    if ((wanted & ON_MATCH) && wait_acts(past->policy, &wait) > now)
        return HANDLED_WAITS;
    if (wanted | not_begun)
        return HANDLED_NOT;
    return k.done & (ON_MATCH | h.since_start) ? HANDLED_BEFORE : HANDLED_OUT;
}

bool handled_past_new_text(const struct handled_past *past)
{
    return past->epoch.text_known && event_epoch_is_over(&past->epoch, past->policy, past->rows != NULL);
}

size_t handled_past_count(const struct handled_past *past)
{
    size_t count = 0;
    for (const struct past_row *row = past->rows; row; row = row->hh.next)
        count += event_handled_counts(&row->handled, past->policy, past->epoch.generation);
    return count;
}
