/* SPDX-License-Identifier: Apache-2.0 */
/* Holding conditions against a job, and what can be said of them without one. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "mpijob/inspect/inspect.h"
#include "mpijob/kind.h"
#include "mpijob/match/match_parts.h"

/* ---- matching ---- */

static bool policy_matches(const struct mpijob_match *m, const struct mpijob_view *view)
{
    struct json value = mpijob_field_value(view->object, FIELD_CLEAN_POD_POLICY, view->target);
    if (!json_exists(value))
        return m->policies & (1U << MATCH_POLICY_UNSET);
    for (unsigned i = 0; i < MATCH_POLICY_UNSET; i++) {
        if ((m->policies & (1U << i)) && json_string_is(value, str_of(match_policies[i])))
            return true;
    }
    return false;
}

static bool annotations_match(const struct mpijob_match *m, struct json annotations)
{
    for (size_t i = 0; i < m->annotation_count; i++) {
        struct json value = json_get(annotations, m->annotations[i].key);
        if (!json_string_is(value, str_of(m->annotations[i].value)))
            return false;
    }
    return true;
}

static bool compares(int64_t held, const struct match_gpus *with)
{
    switch (with->comparison) {
    case LESS:
        return held < with->number;
    case AT_MOST:
        return held <= with->number;
    case EQUAL:
        return held == with->number;
    case DIFFERENT:
        return held != with->number;
    case AT_LEAST:
        return held >= with->number;
    case MORE:
        return held > with->number;
    }
    return false;
}

/* How many are asked for is not known where an amount cannot be read: that compares with nothing. */
bool match_gpus_hold(const struct mpijob_match *m, const struct mpijob_view *view)
{
    bool unread;
    if (!m->gpu_count)
        return true;
    int64_t gpus = mpijob_view_gpus(view, &unread);
    if (unread)
        return false;
    for (size_t i = 0; i < m->gpu_count; i++) {
        if (!compares(gpus, &m->gpus[i]))
            return false;
    }
    return true;
}

int64_t match_span_start(const struct mpijob_view *view, enum mpijob_span span)
{
    switch (span) {
    case SPAN_OLDER_THAN:
        return view->created;
    case SPAN_PENDING_FOR:
        return view->phase == PHASE_PENDING ? view->pending_since : MPIJOB_NO_TIME;
    case SPAN_RUNNING_FOR:
        return view->phase == PHASE_RUNNING ? view->running_since : MPIJOB_NO_TIME;
    case SPAN_FINISHED_FOR:
        return mpijob_phase_finished(view->phase) ? view->finished : MPIJOB_NO_TIME;
    }
    return MPIJOB_NO_TIME;
}

/* When the last of the spans is reached: MPIJOB_NO_TIME (long ago) where none is asked for, INT64_MAX where one never
 * is. */
static int64_t spans_due(const struct mpijob_match *m, const struct mpijob_view *view)
{
    int64_t latest = MPIJOB_NO_TIME;
    for (int i = 0; i < MATCH_SPANS; i++) {
        if (m->spans[i] < 0)
            continue;
        int64_t due, start = match_span_start(view, (enum mpijob_span)i);
        if (start == MPIJOB_NO_TIME || __builtin_add_overflow(start, m->spans[i], &due))
            return INT64_MAX;
        if (due > latest)
            latest = due;
    }
    return latest;
}

enum match_held match_held(const struct mpijob_match *m, const struct mpijob_view *view, int64_t now, int64_t *until)
{
    char text[64];
    struct json value = m->hold ? json_get(view->annotations, m->hold) : (struct json){0};
    if (!json_exists(value))
        return HELD_NOT;
    if (json_string_at(value, "", text, sizeof text) || !clock_parse(text, until))
        return HELD_UNREADABLE;
    return *until > now && *until - now > m->hold_most ? HELD_TOO_LONG : HELD_UNTIL;
}

/* When its owner holds it no longer: MPIJOB_NO_TIME (long ago) where it is not held. */
static int64_t hold_due(const struct mpijob_match *m, const struct mpijob_view *view, int64_t now)
{
    int64_t until;
    return match_held(m, view, now, &until) == HELD_UNTIL ? until : MPIJOB_NO_TIME;
}

/* When the job has one of the problems asked for: long ago, at the instant at which time gives it one, or never. */
static int64_t problems_due(const struct mpijob_match *m, const struct mpijob_view *view, int64_t now)
{
    unsigned bits;
    int64_t due;
    if (!m->problems)
        return MPIJOB_NO_TIME;
    if (mpijob_problems(view, now, m->problems, &bits, &due, NULL))
        return INT64_MAX;
    return bits & m->problems ? MPIJOB_NO_TIME : due;
}

struct json match_owner(const struct mpijob_match *m, const struct mpijob_view *view)
{
    struct json owners = m->wholes ? json_at(view->object, "/metadata/ownerReferences") : (struct json){0};
    for (struct json_iter it = json_iter(owners); json_next(&it);) {
        const struct mpijob_kind *kind = mpijob_keeper(it.value);
        if (kind && m->wholes >> mpijob_kind_index(kind) & 1)
            return it.value;
    }
    return (struct json){0};
}

bool mpijob_match_is_part(const struct mpijob_match *m, const struct mpijob_view *view)
{
    return json_exists(match_owner(m, view));
}

bool mpijob_match_name_fits(const struct mpijob_match *m, const struct mpijob_view *view)
{
    return match_names_fit(&m->namespaces, view->name_space) && match_names_fit(&m->names, view->name);
}

int64_t mpijob_match_since(const struct mpijob_match *m, const struct mpijob_view *view, int64_t now)
{
    bool deleting = m->deleting == DELETING_TOO || view->deleting == (m->deleting == DELETING_ONLY);
    bool fits = deleting && (!m->phases || (m->phases & (1U << view->phase))) && mpijob_match_name_fits(m, view) &&
                match_gpus_hold(m, view) && selector_match(&m->labels, view->labels) &&
                annotations_match(m, view->annotations) && (!m->policies || policy_matches(m, view)) &&
                !mpijob_match_is_part(m, view);
    if (!fits)
        return INT64_MAX;
    int64_t spans = spans_due(m, view), problems = spans == INT64_MAX ? spans : problems_due(m, view, now);
    int64_t own = spans > problems ? spans : problems, hold = hold_due(m, view, now);
    return own > hold ? own : hold;
}

bool mpijob_match_has_span(const struct mpijob_match *m, enum mpijob_span span)
{
    return m->spans[span] >= 0;
}

bool mpijob_match_has_problem(const struct mpijob_match *m)
{
    return m->problems != 0;
}

bool mpijob_match_timed(const struct mpijob_match *m)
{
    bool timed = m->problems != 0 || m->hold; /* a deadline that has passed is one */
    for (int i = 0; i < MATCH_SPANS; i++)
        timed = timed || m->spans[i] >= 0;
    return timed;
}

bool mpijob_match_eval(const struct mpijob_match *m, const struct mpijob_view *view, int64_t now, int64_t *due)
{
    int64_t at = mpijob_match_since(m, view, now);
    if (due)
        *due = at > now ? at : now;
    return at <= now && at != INT64_MAX;
}

/* ---- without a job ---- */

size_t mpijob_match_bytes(const struct mpijob_match *m)
{
    size_t bytes =
        sizeof *m + m->names.bytes + m->namespaces.bytes + selector_bytes(&m->labels) + m->gpu_count * sizeof *m->gpus;
    for (size_t i = 0; i < m->annotation_count; i++)
        bytes += sizeof *m->annotations + strlen(m->annotations[i].key) + strlen(m->annotations[i].value);
    return bytes;
}

void mpijob_match_selector(const struct mpijob_match *m, struct buf *out)
{
    selector_write(&m->labels, out);
}

const char *const *mpijob_match_namespaces(const struct mpijob_match *m)
{
    for (size_t i = 0; i < m->namespaces.count; i++) {
        if (strpbrk(m->namespaces.items[i], "*?"))
            return NULL;
    }
    return (const char *const *)m->namespaces.items;
}

bool mpijob_match_in_namespace(const struct mpijob_match *m, struct str name_space)
{
    return match_names_fit(&m->namespaces, name_space);
}

unsigned mpijob_match_phases(const struct mpijob_match *m)
{
    return m->phases;
}

bool mpijob_match_named(const struct mpijob_match *m, struct str name)
{
    return match_names_fit(&m->names, name);
}

bool mpijob_match_wants(const struct mpijob_match *m, size_t *i, struct mpijob_want *want)
{
    return selector_wants(&m->labels, i, want);
}

struct mpijob_match *mpijob_match_scope(const struct mpijob_match *m)
{
    struct mpijob_match *scope = mpijob_match_new();
    struct buf labels = BUF_INIT;
    int rc = scope ? 0 : ERR_NOMEM;
    for (size_t i = 0; i < m->namespaces.count && !rc; i++)
        rc = mpijob_match_namespace(scope, m->namespaces.items[i], NULL);
    mpijob_match_selector(m, &labels);
    if (!rc && labels.len)
        rc = mpijob_match_labels(scope, labels.ptr, NULL);
    if (rc || labels.failed) {
        mpijob_match_free(scope);
        scope = NULL;
    } else {
        scope->wholes = m->wholes;
    }
    buf_free(&labels);
    return scope;
}

const char *mpijob_match_hold_annotation(const struct mpijob_match *m)
{
    return m->hold ? m->hold : "";
}
