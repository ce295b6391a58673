/* SPDX-License-Identifier: Apache-2.0 */
/* A queue of effects to look for, a few of which are watched at a time. */
#include "change/effect_journal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "change/effect_kept.h"
#include "store/journal.h"

struct observation {
    struct effect_journal *of;
    struct effect_watch *watch; /* NULL: waits for its turn */
    struct effect_kept e;
    struct store *keep; /* where it is; NULL: it is not kept */
    struct observation *prev, *next;
};

struct effect_journal {
    const struct site *site;
    void (*told)(void *data, const struct effect_kept *effect, bool seen);
    void *data;
    struct observation *all; /* a list, in which those that are watched come first */
    size_t count;
    unsigned active;
    uint64_t off_until; /* uv_now */
};

struct effect_journal *effect_journal_new(const struct site *site,
                                          void (*told)(void *data, const struct effect_kept *effect, bool seen),
                                          void *data)
{
    struct effect_journal *o = calloc(1, sizeof *o);
    if (!o)
        return NULL;
    o->site = site;
    o->told = told;
    o->data = data;
    return o;
}

static void drop(struct observation *b)
{
    struct effect_journal *o = b->of;
    if (b->watch) {
        effect_watch_cancel(b->watch);
        o->active--;
    }
    DL_DELETE(o->all, b);
    o->count--;
    free(b);
}

void effect_journal_free(struct effect_journal *o)
{
    while (o && o->all)
        drop(o->all);
    free(o);
}

/* What came of it is known. */
static void forget(struct observation *b)
{
    if (b->keep)
        effect_forget(b->keep, b->e.row);
    drop(b);
}

static void note(const struct observation *b, enum effect_seen seen, uint64_t after_ms)
{
    const struct site *c = b->of->site;
    struct store_observation row = {
        .id = b->e.row, .observed = effect_seen_name(seen), .observed_at = clock_now(c->clock)};
    char job[520], after[32], run[24];
    snprintf(job, sizeof job, "%s/%s", b->e.name_space, b->e.name);
    snprintf(run, sizeof run, "%" PRId64, b->e.run);
    snprintf(after, sizeof after, "%.1f s", (double)after_ms / 1000);
    journal_observed(c->journal, &row, NULL, NULL);
    log_event(c->log, seen == EFFECT_SEEN ? LOG_INFO : LOG_WARN, seen == EFFECT_SEEN ? "effect seen" : "no effect seen",
              LOG_FIELDS({"policy", b->e.policy}, SITE_LOG_CLUSTER(c), {"job", job}, {"after", after},
                         {seen == EFFECT_SEEN ? "sign" : "expected", mpijob_sign_text(b->e.sign)},
                         LOG_JSON_FIELD("run", b->e.run ? run : NULL)));
    if (b->of->told)
        b->of->told(b->of->data, &b->e, seen == EFFECT_SEEN);
}

static void go_on(struct effect_journal *o);

static void over(void *data, enum effect_seen seen, uint64_t after_ms, const struct error *why)
{
    struct observation *b = data;
    struct effect_journal *o = b->of;
    b->watch = NULL;
    o->active--;
    if (seen == EFFECT_CANNOT_TELL) {
        log_event(o->site->log, LOG_WARN,
                  "effects are not watched for a while; `mpijobd rbac --effects` prints the rule that allows it",
                  LOG_FIELDS({"reason", why ? why->message : NULL}));
        o->off_until = uv_now(o->site->loop) + EFFECT_JOURNAL_PAUSE_MS;
        forget(b);
        while (o->all)
            forget(o->all);
        return;
    }
    note(b, seen, after_ms);
    forget(b);
    go_on(o);
}

static void go_on(struct effect_journal *o)
{
    struct observation *b, *next;
    DL_FOREACH_SAFE(o->all, b, next)
    {
        struct effect_watch_call call = {
            .loop = o->site->loop,
            .cluster = o->site->cluster,
            .target = b->e.target,
            .name_space = b->e.name_space,
            .name = b->e.name,
            .uid = b->e.uid,
            .sign = b->e.sign,
            .timeout_ms = EFFECT_WATCHED_MS,
            .done = over,
            .data = b,
        };
        if (b->watch)
            continue;
        if (o->active >= EFFECT_JOURNAL_AT_ONCE)
            return;
        if (effect_watch_start(&call, &b->watch, NULL))
            drop(b); /* out of memory: its note is missing */
        else
            o->active++;
    }
}

static void text(struct str from, char *out, size_t size)
{
    snprintf(out, size, "%.*s", (int)from.len, from.ptr ? from.ptr : "");
}

static bool has_room(const struct effect_journal *o)
{
    return o->count < EFFECT_JOURNAL_QUEUED && uv_now(o->site->loop) >= o->off_until;
}

bool effect_journal_add_kept(struct effect_journal *o, const struct effect_kept *effect, struct store *keep)
{
    struct observation *b = has_room(o) ? calloc(1, sizeof *b) : NULL;
    if (!b)
        return false;
    b->of = o;
    b->e = *effect;
    b->keep = keep;
    DL_APPEND(o->all, b);
    o->count++;
    go_on(o);
    return true;
}

bool effect_journal_add(struct effect_journal *o, const char *policy, int64_t run, const struct change_result *result,
                        struct store *keep)
{
    struct effect_kept e = {.row = result->row, .run = run, .sign = result->sign};
    if (!result->row || result->sign == SIGN_NONE || !result->before || result->seen != EFFECT_NOT_LOOKED)
        return false;
    e.target = result->before->target;
    snprintf(e.policy, sizeof e.policy, "%s", policy);
    snprintf(e.cluster, sizeof e.cluster, "%s", cluster_name(o->site->cluster));
    text(result->before->name_space, e.name_space, sizeof e.name_space);
    text(result->before->name, e.name, sizeof e.name);
    text(result->before->uid, e.uid, sizeof e.uid);
    if (keep && has_room(o))
        effect_keep(keep, &e);
    return effect_journal_add_kept(o, &e, keep);
}
