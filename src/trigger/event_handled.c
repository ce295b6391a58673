/* SPDX-License-Identifier: Apache-2.0 */
/* The state's rows and marks of a policy with `on`, read for one job. */
#include "trigger/event_handled.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kube/resource_version.h"
#include "policy/policy_text.h"

const char *event_baseline_of(const struct policy *policy, const struct mpijob_kind *kind)
{
    return policy->kinds.count > 1 ? mpijob_kind_info(kind)->name : NULL;
}

const char *event_baseline_key(const char *key, unsigned kind, const char *of, bool scoped, const char *name_space,
                               char out[EVENT_MARK_MAX])
{
    snprintf(out, EVENT_MARK_MAX, "%s#%s%s%s%s%s", key, policy_on_name(kind), of ? ":" : "", of ? of : "",
             scoped ? "/" : "", name_space ? name_space : "");
    return out;
}

static uint64_t version_of(const char *text)
{
    return text[0] == '#' ? strtoull(text + 1, NULL, 16) : *text ? kube_version(str_of(text)) : 0;
}

/* ---- texts ---- */

const char *event_epoch_key(const char *key, const char *what, char out[EVENT_EPOCH_KEY_MAX])
{
    snprintf(out, EVENT_EPOCH_KEY_MAX, "%s#%s", key, what);
    return out;
}

#define NUMBER_BITS 24
#define SHORT_BITS 39

int64_t event_text_short(uint64_t text)
{
    int64_t bits = (int64_t)((text ^ text >> SHORT_BITS) & ((UINT64_C(1) << SHORT_BITS) - 1));
    return bits ? bits : 1;
}

int64_t event_epoch_mark(const struct event_epoch *epoch)
{
    return epoch->generation | epoch->left << NUMBER_BITS;
}

static void read_number(struct event_epoch *epoch, int64_t mark)
{
    epoch->generation = mark & ((INT64_C(1) << NUMBER_BITS) - 1);
    epoch->left = mark >> NUMBER_BITS;
    if (epoch->left && epoch->text_known && epoch->left == event_text_short(epoch->text)) {
        epoch->generation--;
        epoch->left = 0;
    }
}

int event_epoch_read(struct state *state, const char *key, struct event_epoch *epoch, struct error *err)
{
    char mark[EVENT_EPOCH_KEY_MAX];
    int64_t text = 0, number = 0;
    bool found;
    *epoch = (struct event_epoch){0};
    int rc = state_read_mark(state, event_epoch_key(key, "text", mark), &text, &epoch->text_known, err);
    if (!rc)
        rc = state_read_mark(state, event_epoch_key(key, "again", mark), &number, &found, err);
    epoch->text = (uint64_t)text;
    read_number(epoch, number);
    return rc;
}

bool event_epoch_is_over(const struct event_epoch *epoch, const struct policy *policy, bool rows)
{
    return epoch->text_known ? policy_text_differs(epoch->text, policy->text) : rows;
}

int64_t event_epoch_now(const struct event_epoch *epoch, const struct policy *policy, bool rows)
{
    return epoch->generation + (policy->again && event_epoch_is_over(epoch, policy, rows));
}

/* ---- a row ---- */

static unsigned kind_of(char letter)
{
    return letter == 'a' ? ON_ADDED : letter == 'f' ? ON_FINISHED : letter == 'c' ? ON_CHANGED : 0;
}

bool event_handled_counts(const struct event_handled *h, const struct policy *policy, int64_t generation)
{
    return h->generation == generation && (policy->on & ((h->done & ON_MATCH) | h->since_start)) != 0;
}

void event_handled_forget_wait(struct event_handled *h)
{
    if (h->wait.holds_us)
        h->wait = (struct job_wait){.holds_us = WAIT_FORGOTTEN};
}

void event_handled_as_of(struct event_handled *h, int64_t generation)
{
    if (h->generation == generation)
        return;
    h->done &= (uint8_t) ~(ON_MATCH | h->since_start);
    h->since_us = MPIJOB_NO_TIME;
    event_handled_forget_wait(h);
    if (h->version && (h->since_start & ON_CHANGED))
        h->version = EVENT_BEFORE_ALL;
}

void event_handled_under(struct event_handled *h, const struct event_epoch *epoch, const struct policy *policy)
{
    event_handled_as_of(h, event_epoch_now(epoch, policy, true));
    if (event_epoch_is_over(epoch, policy, true)) { /* by another text, it matched from another instant on */
        h->since_us = MPIJOB_NO_TIME;
        event_handled_forget_wait(h);
    }
}

struct event_handled event_handled_of(const struct store_handled *row)
{
    struct event_handled h = {
        .since_us = MPIJOB_NO_TIME, .version = version_of(row->version), .found = true, .at = row->at};
    for (const char *p = row->value; *p; p++) {
        h.done |= (uint8_t)(*p == 'a' ? ON_ADDED : *p == 'f' ? ON_FINISHED : *p == 'm' ? ON_MATCH : 0);
        if (*p == 'm' && (isdigit((unsigned char)p[1]) || p[1] == '-'))
            h.since_us = strtoll(p + 1, NULL, 10);
        if (*p == '+' && p > row->value)
            h.since_start |= (uint8_t)kind_of(p[-1]);
    }
    wait_read(row->value, &h.wait);
    if (*row->value == 'g')
        h.generation = strtoll(row->value + 1, NULL, 10);
    return h;
}

void event_handled_not_done(const char *value, struct buf *out)
{
    struct job_wait w;
    size_t generation = *value == 'g' ? 1 + strspn(value + 1, "0123456789") : 0;
    bool acted = strchr(value, 'm') != NULL;
    wait_read(value, &w);
    if (!acted && w.warned && --w.warned == 0)
        w = (struct job_wait){.holds_us = w.holds_us};
    if (w.holds_us <= 0)
        return;
    buf_add(out, value, generation);
    wait_write(&w, out);
}

/* ---- one job ---- */

struct finding {
    struct event_handled *handled;
    struct str uid;
};

static bool look(void *data, const struct store_handled *row)
{
    struct finding *f = data;
    if (!str_is(f->uid, row->uid))
        return true;
    uint8_t baseline = f->handled->baseline;
    *f->handled = event_handled_of(row);
    f->handled->baseline = baseline;
    return false;
}

static int read_baseline(struct state *state, const char *key, unsigned kind, const char *of, struct str name_space,
                         struct event_handled *handled, struct error *err)
{
    char mark[EVENT_MARK_MAX], name[256];
    int64_t at;
    bool found = false;
    snprintf(name, sizeof name, "%.*s", (int)name_space.len, name_space.ptr);
    int rc = state_read_mark(state, event_baseline_key(key, kind, of, false, NULL, mark), &at, &found, err);
    if (!rc && !found)
        rc = state_read_mark(state, event_baseline_key(key, kind, of, true, name, mark), &at, &found, err);
    handled->baseline |= (uint8_t)(found ? kind : 0);
    return rc;
}

int event_handled_read(struct state *state, const char *key, const struct policy *policy,
                       const struct mpijob_view *view, struct event_handled *handled, struct error *err)
{
    struct event_epoch epoch;
    struct finding f = {handled, view->uid};
    int rc = 0;
    *handled = (struct event_handled){.since_us = MPIJOB_NO_TIME};
    for (unsigned kind = 1; kind < 1U << ON_EVENTS && !rc; kind <<= 1) {
        if (policy->on & kind & EVENT_BASED)
            rc = read_baseline(state, key, kind, event_baseline_of(policy, view->target.kind), view->name_space,
                               handled, err);
    }
    if (!rc)
        rc = event_epoch_read(state, key, &epoch, err);
    if (!rc)
        rc = state_read_handled(state, key, look, &f, err);
    if (!rc && handled->found)
        event_handled_under(handled, &epoch, policy);
    return rc;
}

/* The same comparison as the trigger's: another instant means that it came to match again. */
static bool match_done(const struct event_handled *h, const struct policy *p, const struct mpijob_view *v, int64_t now)
{
    int64_t at = mpijob_match_since(p->match, v, now);
    return (h->done & ON_MATCH) && (at == MPIJOB_NO_TIME || h->since_us == MPIJOB_NO_TIME || at == h->since_us);
}

struct event_kinds event_handled_kinds(const struct event_handled *h, const struct policy *p,
                                       const struct mpijob_view *v, int64_t now)
{
    struct event_kinds k = {0};
    bool matches = mpijob_match_eval(p->match, v, now, NULL), ended = mpijob_phase_finished(v->phase);
    k.come = p->on & (ON_ADDED | ON_CHANGED | (ended ? ON_FINISHED : 0) | (matches ? ON_MATCH : 0));
    if (match_done(h, p, v, now))
        k.done |= k.come & ON_MATCH;
    k.done |= k.come & h->done & (ON_ADDED | ON_FINISHED);
    if (h->version && !kube_version_is_news(kube_version(v->resource_version), h->version))
        k.done |= k.come & ON_CHANGED;
    k.before = k.come & EVENT_BASED & ~k.done & ~(unsigned)h->baseline;
    if (!h->version) /* the version that a policy begins with is let pass */
        k.before |= k.come & ON_CHANGED & ~k.done;
    return k;
}

struct job_wait event_handled_wait(const struct event_handled *h, const struct policy *p, const struct mpijob_view *v,
                                   int64_t now)
{
    struct job_wait w = h->wait;
    if (w.holds_us <= 0 || w.holds_us > now)
        w = (struct job_wait){0};
    wait_check(&w, v, mpijob_match_since(p->match, v, now));
    if (!w.holds_us)
        w.holds_us = now;
    return w;
}
