/* SPDX-License-Identifier: Apache-2.0 */
/* The Leases of the shards and the roll, as one. */
#include "lead/shards.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/metrics.h"
#include "lead/lease.h"
#include "loop/defer.h"
#include "loop/timer.h"
#include "shard/share.h"

struct one {
    struct shards *of;
    struct lead *lead; /* NULL: it was not made, or is closed */
    unsigned index;
    char number[12];
};

struct shards {
    struct lead_options o; /* what it points to is the leads' to copy */
    char identity[LEASE_HOLDER_MAX];
    char count_text[12];
    unsigned count;
    struct one *all; /* and the roll behind them */
    struct one *roll;
    bool begun; /* the roll says that there are so many shards: their Leases are looked at */
    bool closing;
    struct defer turn;
    struct deadline look;
    struct metric *owned, *there, *leader;
    unsigned open; /* leads and handles */
    void (*closed)(void *data);
    void *data;
};

/* ---- how it stands ---- */

static void see(const struct shards *s, struct share_seen seen[SHARDS_MOST], struct share *out)
{
    for (unsigned i = 0; i < s->count; i++)
        seen[i].holder = lead_owner(s->all[i].lead, &seen[i].free_for);
    *out = (struct share){.me = s->identity,
                          .count = s->count,
                          .shards = seen,
                          .asker = lead_owner(s->roll->lead, NULL),
                          .lease = s->o.lease,
                          .retry = s->o.retry};
}

unsigned shards_count(const struct shards *s)
{
    return s->count;
}

int64_t shards_retry(const struct shards *s)
{
    return s->o.retry;
}

struct lead *shards_lead(const struct shards *s, unsigned shard)
{
    return s->all[shard].lead;
}

const char *shards_owner(const struct shards *s, unsigned shard)
{
    return lead_owner(s->all[shard].lead, NULL);
}

unsigned shards_owned(const struct shards *s)
{
    unsigned n = 0;
    for (unsigned i = 0; i < s->count; i++)
        n += lead_look(s->all[i].lead).leads;
    return n;
}

static void collect(void *data)
{
    const struct shards *s = data;
    unsigned owned = s->closing ? 0 : shards_owned(s);
    metric_set(s->owned, owned, NULL);
    metric_set(s->there, s->count, NULL);
    metric_set(s->leader, owned > 0, NULL);
}

/* ---- what is taken, and what is given ---- */

/* Where one Lease says that there are more or fewer shards, other daemons share the jobs so: nothing is taken. */
static bool all_agree(const struct shards *s)
{
    for (unsigned i = 0; i < s->count; i++) {
        if (!lead_agrees(s->all[i].lead))
            return false;
    }
    return true;
}

static int64_t may_take(void *data, const struct lead *lead)
{
    const struct one *one = data;
    const struct shards *s = one->of;
    struct share_seen seen[SHARDS_MOST];
    struct share share;
    unsigned taking = 0;
    see(s, seen, &share);
    if (one == s->roll) /* who is not short makes it, too: it says how many shards there are */
        return share_is_short(&share) || !lead_is_known(lead) ? 0 : s->o.retry;
    if (!all_agree(s))
        return s->o.retry;
    for (unsigned i = 0; i < s->count; i++)
        taking += lead_is_taking(s->all[i].lead);
    return share_wait(&share, one->index, taking);
}

static void changed(void *data)
{
    struct one *one = data;
    if (!one->of->closing)
        defer_call(one->of->o.soon, &one->of->turn);
}

static void begin(struct shards *s)
{
    s->begun = true;
    for (unsigned i = 0; i < s->count; i++)
        lead_start(s->all[i].lead);
}

/* One at a time: a shard that is handed over is not free before it is. */
static bool is_handing_over(const struct shards *s)
{
    for (unsigned i = 0; i < s->count; i++) {
        if (lead_is_leaving(s->all[i].lead))
            return true;
    }
    return false;
}

static void look(struct shards *s)
{
    struct share_seen seen[SHARDS_MOST];
    struct share share;
    if (!s->begun && lead_is_known(s->roll->lead))
        begin(s);
    see(s, seen, &share);
    bool asks = strcmp(share.asker, s->identity) == 0, is_short = share_is_short(&share);
    if (asks && !is_short && s->begun)
        lead_hand_over(s->roll->lead);
    else if (!*share.asker && is_short)
        lead_look_again(s->roll->lead);
    int gift = s->begun && !is_handing_over(s) ? share_gift(&share) : -1;
    if (gift >= 0) {
        log_event(s->o.log, LOG_INFO, "a shard goes to another daemon, when what was begun in it has ended",
                  LOG_FIELDS({"shard", s->all[gift].number}, {"daemon", share.asker}));
        lead_hand_over(s->all[gift].lead);
    }
    for (unsigned i = 0; i < s->count && s->begun; i++) {
        if (!*seen[i].holder && all_agree(s) && !share_wait(&share, i, 0))
            lead_look_again(s->all[i].lead);
    }
}

static void my_turn(struct defer *turn)
{
    look(turn->data);
}

static void rang(struct deadline *d)
{
    struct shards *s = d->data;
    look(s);
    deadline_set(d, (uint64_t)s->o.retry / 1000);
}

/* ---- in words ---- */

static void add_owned(const struct shards *s, const char *owner, struct buf *out)
{
    const char *between = "";
    for (unsigned i = 0; i < s->count; i++) {
        if (strcmp(shards_owner(s, i), owner) != 0)
            continue;
        buf_printf(out, "%s%u", between, i);
        between = ", ";
    }
}

/* "; node-b has 1, 3; nobody has 4" */
static void add_others(const struct shards *s, struct buf *out)
{
    for (unsigned i = 0; i < s->count; i++) {
        const char *owner = shards_owner(s, i);
        bool told = strcmp(owner, s->identity) == 0;
        for (unsigned k = 0; k < i && !told; k++)
            told = strcmp(shards_owner(s, k), owner) == 0;
        if (told)
            continue;
        buf_printf(out, "; %s has ", *owner ? owner : "nobody");
        add_owned(s, owner, out);
    }
}

void shards_others(const struct shards *s, struct buf *out)
{
    const char *between = "";
    for (unsigned i = 0; i < s->count; i++) {
        const char *owner = shards_owner(s, i);
        bool told = !*owner || strcmp(owner, s->identity) == 0;
        unsigned n = 0;
        for (unsigned k = 0; k < s->count && !told; k++) {
            bool same = strcmp(shards_owner(s, k), owner) == 0;
            told = same && k < i;
            n += same;
        }
        if (told)
            continue;
        buf_printf(out, "%s%s (shard%s ", between, owner, n == 1 ? "" : "s");
        add_owned(s, owner, out);
        buf_puts(out, ")");
        between = ", ";
    }
}

/* The first Lease that something is wrong with. */
static const char *trouble_of(const struct shards *s, struct lead_standing *at)
{
    for (unsigned i = 0; i <= s->count; i++) {
        *at = lead_look(s->all[i].lead);
        if (at->trouble)
            return at->trouble;
    }
    return NULL;
}

bool shards_text(const struct shards *s, bool *acts, struct buf *out)
{
    struct lead_standing at;
    *acts = true;
    if (shards_owned(s)) {
        buf_printf(out, "this daemon owns %u of %u as %s: ", shards_owned(s), s->count, s->identity);
        add_owned(s, s->identity, out);
    } else {
        buf_printf(out, "this daemon owns none of %u, as %s", s->count, s->identity);
    }
    add_others(s, out);
    for (unsigned i = 0; i < s->count; i++) {
        at = lead_look(s->all[i].lead);
        if (!at.leads || !at.hindrance)
            continue;
        buf_printf(out, "; it does not act for shard %u yet: %s", i, at.hindrance);
        *acts = false;
    }
    const char *trouble = trouble_of(s, &at);
    if (trouble)
        buf_printf(out, "; the Lease %s/%s cannot be used: %s", at.name_space, at.name, trouble);
    return *acts && !trouble;
}

int shards_refuse(const struct shards *s, struct error *err)
{
    struct buf text = BUF_INIT;
    bool acts;
    shards_text(s, &acts, &text);
    error_set(err, ERR_REFUSED, "no shard of the jobs is this daemon's to act for now: %s", text.len ? text.ptr : "");
    buf_free(&text);
    return ERR_REFUSED;
}

int shards_refuse_one(const struct shards *s, unsigned shard, const char *whose, struct error *err)
{
    const char *owner = shards_owner(s, shard);
    bool own = lead_look(s->all[shard].lead).leads;
    if (own)
        return lead_refuse(s->all[shard].lead, err);
    return error_set(err, ERR_REFUSED, "%s owns %s shard, %u of %u%s", *owner ? owner : "nobody", whose, shard,
                     s->count, *owner ? "; ask the daemon there" : " now; try again in some seconds");
}

/* ---- life ---- */

static void free_shards(struct shards *s)
{
    if (s->o.metrics)
        metrics_collector_remove(s->o.metrics, s);
    free(s->all);
    free(s);
}

static void one_closed(void *data)
{
    struct shards *s = data;
    if (--s->open)
        return;
    void (*closed)(void *) = s->closed;
    void *closed_data = s->data;
    free_shards(s);
    if (closed)
        closed(closed_data);
}

static void look_closed(struct deadline *d)
{
    one_closed(d->data);
}

void shards_close(struct shards *s, void (*closed)(void *data), void *data)
{
    s->closing = true;
    s->closed = closed;
    s->data = data;
    defer_cancel(&s->turn);
    s->open = 2;
    deadline_close(&s->look, look_closed);
    for (unsigned i = 0; s->all && i <= s->count; i++) {
        s->open += s->all[i].lead != NULL;
        if (s->all[i].lead)
            lead_close(s->all[i].lead, one_closed, s);
    }
    one_closed(s);
}

void shards_start(struct shards *s)
{
    lead_start(s->roll->lead);
    deadline_set(&s->look, (uint64_t)s->o.retry / 1000);
}

const char *shards_lease(const char *name, unsigned shard, char out[SHARD_LEASE_MAX])
{
    snprintf(out, SHARD_LEASE_MAX, "%.253s-%u", name, shard);
    return out;
}

static int make_lead(struct shards *s, struct one *one, struct error *err)
{
    char name[SHARD_LEASE_MAX];
    bool roll = one == s->roll;
    struct lead_options o = s->o;
    struct lead_shared shared = {.shard = roll ? NULL : one->number,
                                 .shards = s->count_text,
                                 .may_take = may_take,
                                 .changed = changed,
                                 .data = one};
    o.name = roll ? s->o.name : shards_lease(s->o.name, one->index, name);
    o.shared = &shared;
    return lead_new(&o, &one->lead, err);
}

static int count_them(struct shards *s, struct error *err)
{
    struct metrics *m = s->o.metrics;
    s->owned = metrics_gauge(m, "shards_owned", NULL, "Shards of the jobs that this daemon owns.", NULL);
    s->there = metrics_gauge(m, "shards", NULL, "Shards that there are.", NULL);
    s->leader = metrics_gauge(m, "leader", NULL, "1: this daemon's policies run.", NULL);
    return m ? metrics_collector(m, collect, s, err) : 0;
}

int shards_new(const struct lead_options *options, unsigned count, struct shards **out, struct error *err)
{
    struct shards *s = calloc(1, sizeof *s);
    *out = s;
    if (!s)
        return error_nomem(err);
    s->o = *options;
    s->count = count;
    s->turn = (struct defer){.call = my_turn, .data = s};
    deadline_init(options->loop, &s->look, rang, s);
    snprintf(s->identity, sizeof s->identity, "%s", options->identity);
    snprintf(s->count_text, sizeof s->count_text, "%u", count);
    s->all = calloc(count + 1, sizeof *s->all);
    if (!s->all) {
        s->count = 0;
        return error_nomem(err);
    }
    s->roll = &s->all[count];
    int rc = count_them(s, err);
    for (unsigned i = 0; i <= count && !rc; i++) {
        s->all[i] = (struct one){.of = s, .index = i};
        snprintf(s->all[i].number, sizeof s->all[i].number, "%u", i);
        rc = make_lead(s, &s->all[i], err);
    }
    return rc;
}
