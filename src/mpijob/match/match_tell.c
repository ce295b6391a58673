/* SPDX-License-Identifier: Apache-2.0 */
/* The conditions told one by one. */
#include "mpijob/match/match_tell.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/texts.h"
#include "mpijob/inspect/inspect.h"
#include "mpijob/kind.h"
#include "mpijob/match/match_parts.h"

#define SHOWN 200 /* bytes of a value */

struct telling {
    const struct mpijob_match *match;
    const struct mpijob_view *view;
    int64_t now;
    void (*told)(void *data, const struct mpijob_told *condition);
    void *data;
    bool all;
    const char *unless; /* of the condition that is told next */
};

static void tell(struct telling *t, const char *key, struct buf *wanted, const char *value, bool holds, int64_t due)
{
    struct mpijob_told condition = {
        .key = key, .wanted = or_empty(wanted->ptr), .value = value, .holds = holds, .unless = t->unless, .due = due};
    t->all = t->all && holds;
    t->told(t->data, &condition);
    buf_free(wanted);
}

/* Of a JSON string, unquoted; "unset" where it is absent. */
static const char *shown(struct json value, char out[SHOWN])
{
    struct str raw = value.text;
    if (!json_exists(value))
        snprintf(out, SHOWN, "unset");
    else if (raw.len >= 2 && *raw.ptr == '"')
        snprintf(out, SHOWN, "%.*s", (int)raw.len - 2, raw.ptr + 1);
    else
        snprintf(out, SHOWN, "%.*s", (int)raw.len, raw.ptr);
    return out;
}

static void tell_names(struct telling *t, const char *key, const struct match_names *names, struct str value)
{
    struct buf wanted = BUF_INIT;
    char is[SHOWN];
    if (!names->count)
        return;
    for (size_t i = 0; i < names->count; i++)
        buf_printf(&wanted, "%s%s", i ? " or " : "", names->items[i]);
    snprintf(is, sizeof is, "%.*s", (int)value.len, value.ptr);
    tell(t, key, &wanted, is, match_names_fit(names, value), INT64_MAX);
}

static void tell_phase(struct telling *t)
{
    struct buf wanted = BUF_INIT;
    unsigned phases = t->match->phases;
    if (!phases)
        return;
    for (unsigned i = 0; i < MPIJOB_PHASES; i++) {
        if (phases & (1U << i))
            buf_printf(&wanted, "%s%s", wanted.len ? " or " : "", mpijob_phase_name((enum mpijob_phase)i));
    }
    tell(t, "phase", &wanted, mpijob_phase_name(t->view->phase), phases & (1U << t->view->phase), INT64_MAX);
}

static void tell_labels(struct telling *t)
{
    char is[SHOWN];
    for (size_t i = 0; i < t->match->labels.count; i++) {
        struct selector one = selector_at(&t->match->labels, i);
        struct buf wanted = BUF_INIT, unless = BUF_INIT;
        selector_write(&one, &wanted);
        selector_unless(&one, &unless);
        t->unless = unless.ptr;
        tell(t, "labels", &wanted, shown(json_get(t->view->labels, selector_key(&one)), is),
             selector_match(&one, t->view->labels), INT64_MAX);
        t->unless = NULL;
        buf_free(&unless);
    }
}

static void tell_annotations(struct telling *t)
{
    char is[SHOWN];
    for (size_t i = 0; i < t->match->annotation_count; i++) {
        const struct match_pair *pair = &t->match->annotations[i];
        struct json value = json_get(t->view->annotations, pair->key);
        struct buf wanted = BUF_INIT;
        buf_printf(&wanted, "%s=%s", pair->key, pair->value);
        tell(t, "annotations", &wanted, shown(value, is), json_string_is(value, str_of(pair->value)), INT64_MAX);
    }
}

static void tell_policy(struct telling *t)
{
    char is[SHOWN];
    unsigned policies = t->match->policies;
    struct buf wanted = BUF_INIT;
    if (!policies)
        return;
    struct json value = mpijob_field_value(t->view->object, FIELD_CLEAN_POD_POLICY, t->view->target);
    shown(value, is);
    bool holds = false;
    for (unsigned i = 0; i <= MATCH_POLICY_UNSET; i++) {
        if (!(policies & (1U << i)))
            continue;
        buf_printf(&wanted, "%s%s", wanted.len ? " or " : "", match_policies[i]);
        holds = holds || strcmp(is, match_policies[i]) == 0;
    }
    tell(t, "cleanPodPolicy", &wanted, is, holds, INT64_MAX);
}

static void tell_gpus(struct telling *t)
{
    static const char *const signs[] = {"<", "<=", "==", "!=", ">=", ">"};
    char is[32];
    if (!t->match->gpu_count)
        return;
    struct buf wanted = BUF_INIT;
    for (size_t i = 0; i < t->match->gpu_count; i++)
        buf_printf(&wanted, "%s%s%" PRId64, i ? " and " : "", signs[t->match->gpus[i].comparison],
                   t->match->gpus[i].number);
    bool unread;
    int64_t gpus = mpijob_view_gpus(t->view, &unread);
    snprintf(is, sizeof is, unread ? "unreadable" : "%" PRId64, gpus);
    tell(t, "gpus", &wanted, is, match_gpus_hold(t->match, t->view), INT64_MAX);
}

/* Seconds, minutes, hours, days: the largest and the one below it. */
static void span_text(int64_t us, char out[32])
{
    static const struct {
        const char *name;
        int64_t seconds;
    } units[] = {{"d", 86400}, {"h", 3600}, {"m", 60}, {"s", 1}};
    int64_t s = us / 1000000;
    for (int i = 0; i < 4; i++) {
        if (s < units[i].seconds && i < 3)
            continue;
        int64_t rest = i < 3 ? s % units[i].seconds / units[i + 1].seconds : 0;
        if (rest)
            snprintf(out, 32, "%" PRId64 "%s%" PRId64 "%s", s / units[i].seconds, units[i].name, rest,
                     units[i + 1].name);
        else
            snprintf(out, 32, "%" PRId64 "%s", s / units[i].seconds, units[i].name);
        return;
    }
}

static void tell_spans(struct telling *t)
{
    static const char *const keys[] = {"older_than", "pending_for", "running_for", "finished_for"};
    for (int i = 0; i < MATCH_SPANS; i++) {
        int64_t span = t->match->spans[i], start, due = INT64_MAX;
        char is[32] = "not in that phase", wanted_text[32];
        if (span < 0)
            continue;
        start = match_span_start(t->view, (enum mpijob_span)i);
        if (start != MPIJOB_NO_TIME && !__builtin_add_overflow(start, span, &due))
            span_text(t->now > start ? t->now - start : 0, is);
        struct buf wanted = BUF_INIT;
        span_text(span, wanted_text);
        buf_puts(&wanted, wanted_text);
        tell(t, keys[i], &wanted, is, due != INT64_MAX && due <= t->now, due);
    }
}

static void tell_problems(struct telling *t)
{
    unsigned wanted_bits = t->match->problems, bits = 0;
    int64_t due = INT64_MAX;
    struct buf wanted = BUF_INIT, is = BUF_INIT;
    if (!wanted_bits)
        return;
    if (mpijob_problems(t->view, t->now, wanted_bits, &bits, &due, NULL))
        due = INT64_MAX;
    for (unsigned i = 0; i < PROBLEM_COUNT; i++) {
        const char *name = mpijob_problem_name((enum mpijob_problem)i);
        if (wanted_bits & (1U << i))
            buf_printf(&wanted, "%s%s", wanted.len ? " or " : "", name);
        if (bits & (1U << i))
            buf_printf(&is, "%s%s", is.len ? ", " : "", name);
    }
    tell(t, "problem", &wanted, is.ptr ? is.ptr : "none of these", (bits & wanted_bits) != 0, due);
    buf_free(&is);
}

static void tell_hold(struct telling *t)
{
    char is[SHOWN + 80], when[32];
    int64_t until = MPIJOB_NO_TIME;
    struct buf wanted = BUF_INIT;
    enum match_held held = match_held(t->match, t->view, t->now, &until);
    if (held == HELD_NOT)
        return;
    char raw[SHOWN];
    shown(json_get(t->view->annotations, t->match->hold), raw);
    bool now = held == HELD_UNTIL && until > t->now;
    if (held == HELD_UNTIL)
        clock_format(until, false, when);
    if (held == HELD_UNREADABLE)
        snprintf(is, sizeof is, "%s, which is no instant as 2026-12-01T00:00:00Z", raw);
    else if (held == HELD_TOO_LONG)
        snprintf(is, sizeof is, "%s, which is longer than hold.max", raw);
    else
        snprintf(is, sizeof is, now ? "held until %s" : "held until %s, which is over", when);
    buf_printf(&wanted, "no %s", t->match->hold);
    tell(t, "hold", &wanted, is, !now, now ? until : INT64_MAX);
}

static void tell_part(struct telling *t)
{
    char is[SHOWN + 80], name[SHOWN] = "";
    struct json owner = match_owner(t->match, t->view);
    struct buf wanted = BUF_INIT;
    if (!json_exists(owner))
        return;
    json_string_at(owner, "/name", name, sizeof name);
    snprintf(is, sizeof is, "a part of the %s %s, which this policy is about", mpijob_keeper(owner)->name, name);
    buf_puts(&wanted, "no part of another");
    tell(t, "through_child", &wanted, is, false, INT64_MAX);
}

static void tell_deleting(struct telling *t)
{
    struct buf wanted = BUF_INIT;
    enum mpijob_deleting d = t->match->deleting;
    bool holds = d == DELETING_TOO || t->view->deleting == (d == DELETING_ONLY);
    if (d == DELETING_NO && holds)
        return;
    buf_puts(&wanted, d == DELETING_ONLY ? "true" : d == DELETING_TOO ? "either" : "false");
    tell(t, "deleting", &wanted, t->view->deleting ? "true" : "false", holds, INT64_MAX);
}

bool mpijob_match_tell(const struct mpijob_match *match, const struct mpijob_view *view, int64_t now,
                       void (*told)(void *data, const struct mpijob_told *condition), void *data)
{
    struct telling t = {.match = match, .view = view, .now = now, .told = told, .data = data, .all = true};
    tell_names(&t, "namespace", &match->namespaces, view->name_space);
    tell_names(&t, "name", &match->names, view->name);
    tell_deleting(&t);
    tell_phase(&t);
    tell_spans(&t);
    tell_policy(&t);
    tell_gpus(&t);
    tell_labels(&t);
    tell_annotations(&t);
    tell_problems(&t);
    tell_hold(&t);
    tell_part(&t);
    return t.all;
}
