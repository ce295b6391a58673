/* SPDX-License-Identifier: Apache-2.0 */
/* Two policies that give the same field of a job different values. It is said only where such a job can be named; and
 * not of schedules that differ, which are often meant so (by day, by night), nor of events that a job has one after the
 * other. */
#include <lauxlib.h>
#include <stdlib.h>

#include "cli/check/looks.h"
#include "mpijob/dialect.h"
#include "mpijob/kind.h"
#include "mpijob/match/match_example.h"
#include "mpijob/match/match_never.h"

#define EXAMPLES_MAX 20000 /* jobs that are made up in one check */
#define DAY (INT64_C(24) * 3600 * 1000000)
#define LOOP_STEPS 6 /* changes, by turns, after which it is a loop */

struct side {
    const struct policy_entry *entry;
    const struct policy *p;
    struct buf text; /* its changes, as JSON */
    struct json changes;
};

struct pairs {
    struct found *found;
    const struct mpijob_kind *kind; /* that the two share */
    size_t examples;
};

/* ---- do they write differently? ---- */

/* The first field that both write, and to different values. path: "cleanPodPolicy", or "labels" with a member. */
static bool differ(const struct side *a, const struct side *b, struct json *key, struct json *member)
{
    for (struct json_iter it = json_iter(a->changes); json_next(&it);) {
        struct str name = str_n(it.key.text.ptr + 1, it.key.text.len - 2);
        struct json other = json_member(b->changes, name);
        *key = it.key;
        *member = (struct json){0};
        if (!json_exists(other) || json_equal(other, it.value))
            continue;
        if (json_type(it.value) != JSON_OBJECT || json_type(other) != JSON_OBJECT)
            return true;
        for (struct json_iter in = json_iter(it.value); json_next(&in);) {
            struct json there = json_member(other, str_n(in.key.text.ptr + 1, in.key.text.len - 2));
            *member = in.key;
            if (json_exists(there) && !json_equal(there, in.value))
                return true;
        }
    }
    return false;
}

/* ---- may both be meant? ---- */

/* NULL: no job is of a kind of both. */
static const struct mpijob_kind *shared_kind(const struct policy *a, const struct policy *b)
{
    for (size_t i = 0; i < a->kinds.count; i++) {
        if (policy_kinds_have(&b->kinds, a->kinds.of[i].kind))
            return a->kinds.of[i].kind;
    }
    return NULL;
}

static bool share_cluster(const struct policy *a, const struct policy *b)
{
    if (!a->clusters)
        return true;
    for (char **name = a->clusters; *name; name++) {
        if (policy_on_cluster(b, *name))
            return true;
    }
    return false;
}

static bool same_moment(const struct policy *a, const struct policy *b)
{
    return mpijob_match_same_times(a->match, b->match);
}

/* They act again and again, whatever the other one does meanwhile. */
static bool both_repeat(const struct policy *a, const struct policy *b)
{
    if (a->on || b->on)
        return false;
    return a->every || b->every ||
           (strcmp(a->schedule, b->schedule) == 0 && strcmp(zone_name(a->zone), zone_name(b->zone)) == 0);
}

/* The phases in which a job meets both at once, as bits; 0: it is not certain that they meet. */
static unsigned meeting(const struct policy *a, const struct policy *b)
{
    unsigned events = a->on & b->on;
    if (both_repeat(a, b) || (events & ON_CHANGED))
        return ~0U;
    if ((events & ON_MATCH) || (a->every && (b->on & ON_MATCH)) || (b->every && (a->on & ON_MATCH)))
        return same_moment(a, b) ? ~0U : 0;
    return ((events & ON_FINISHED) ? 1U << PHASE_SUCCEEDED | 1U << PHASE_FAILED : 0) |
           ((events & ON_ADDED) ? 1U << PHASE_PENDING : 0);
}

/* Does it act when another policy has made a job match? What comes back after a day or later is often meant: a mark
 * that is taken away each week, so that the other policy looks again. */
static bool reacts(const struct policy *p)
{
    return (p->every && p->every < DAY) || (p->on & (ON_MATCH | ON_CHANGED));
}

/* ---- a job ---- */

static struct mpijob_target target_of(const struct mpijob_kind *kind)
{
    struct mpijob_target t = {.kind = kind, .version = mpijob_kind_version(kind)};
    t.controller = mpijob_controller_of(t.kind, t.version);
    return t;
}

/* As people say it: "Running, namespace train, team=vision, cleanPodPolicy All". */
static void describe(const struct mpijob_view *view, struct buf *out)
{
    struct json policy = mpijob_field_value(view->object, FIELD_CLEAN_POD_POLICY, view->target);
    bool unread;
    int64_t gpus = mpijob_view_gpus(view, &unread);
    buf_printf(out, "%s, in namespace %.*s", mpijob_phase_name(view->phase), (int)view->name_space.len,
               view->name_space.ptr);
    for (struct json_iter it = json_iter(view->labels); json_next(&it);)
        buf_printf(out, ", label %.*s=%.*s", (int)it.key.text.len - 2, it.key.text.ptr + 1, (int)it.value.text.len - 2,
                   it.value.text.ptr + 1);
    if (json_exists(policy))
        buf_printf(out, ", cleanPodPolicy %.*s", (int)policy.text.len - 2, policy.text.ptr + 1);
    if (gpus)
        buf_printf(out, ", %lld GPUs", (long long)gpus);
}

/* Both match it as it is. */
static bool both_match(struct pairs *k, const struct side *a, const struct side *b, unsigned phases, struct buf *job)
{
    const struct mpijob_match *matches[] = {a->p->match, b->p->match};
    for (unsigned phase = 0; phase < MPIJOB_PHASES && k->examples < EXAMPLES_MAX; phase++) {
        struct buf text = BUF_INIT;
        struct json object;
        struct mpijob_view view;
        if (!(phases & 1U << phase))
            continue;
        k->examples++;
        bool found = mpijob_match_example(matches, 2, 2, target_of(k->kind), (enum mpijob_phase)phase, &text) &&
                     json_parse(buf_str(&text), "an example", &object, NULL) == 0 &&
                     mpijob_view(object, target_of(k->kind), &view, NULL) == 0;
        if (found)
            describe(&view, job);
        buf_free(&text);
        if (found)
            return true;
    }
    return false;
}

static bool matches(const struct pairs *k, const struct policy *p, const struct buf *job, struct json *object,
                    struct mpijob_view *view)
{
    return json_parse(buf_str(job), "an example", object, NULL) == 0 &&
           mpijob_view(*object, target_of(k->kind), view, NULL) == 0 &&
           mpijob_match_eval(p->match, view, MATCH_EXAMPLE_NOW, NULL);
}

/* The policy's change of the job, which becomes what the policy makes of it. False: it leaves the job alone, or would
 * not come to match again as it has not stopped to match. */
static bool change(const struct pairs *k, const struct side *by, struct buf *job)
{
    struct json object, changed_object;
    struct mpijob_view view, changed_view;
    struct buf after = BUF_INIT;
    struct mpijob_diff diff = {0};
    bool once = by->p->on && !(by->p->on & ON_CHANGED); /* as long as it matches */
    bool changed =
        matches(k, by->p, job, &object, &view) &&
        mpijob_changes_apply(&policy_kinds_find(&by->p->kinds, k->kind)->changes, &view, &after, &diff, NULL) == 0 &&
        diff.count > 0 && !(once && matches(k, by->p, &after, &changed_object, &changed_view));
    mpijob_diff_free(&diff);
    if (changed) {
        buf_free(job);
        *job = after;
    } else {
        buf_free(&after);
    }
    return changed;
}

/* By turns, without an end. */
static bool loops(struct pairs *k, const struct side *a, const struct side *b, struct buf *job)
{
    const struct mpijob_match *matches[] = {a->p->match, b->p->match};
    for (unsigned phase = 0; phase < MPIJOB_PHASES && k->examples < EXAMPLES_MAX; phase++) {
        struct buf text = BUF_INIT;
        struct json object;
        struct mpijob_view view;
        int steps = 0;
        k->examples++;
        if (mpijob_match_example(matches, 2, 1, target_of(k->kind), (enum mpijob_phase)phase, &text)) {
            while (steps < LOOP_STEPS && change(k, steps % 2 ? b : a, &text))
                steps++;
        }
        if (steps == LOOP_STEPS && json_parse(buf_str(&text), "an example", &object, NULL) == 0 &&
            mpijob_view(object, target_of(k->kind), &view, NULL) == 0)
            describe(&view, job);
        buf_free(&text);
        if (steps == LOOP_STEPS)
            return true;
    }
    return false;
}

/* ---- two of them ---- */

static void look_pair(struct pairs *k, const struct side *a, const struct side *b)
{
    struct json key, member;
    struct buf job = BUF_INIT, field = BUF_INIT, name = BUF_INIT;
    k->kind = shared_kind(a->p, b->p);
    if (!k->kind || !share_cluster(a->p, b->p) || !differ(a, b, &key, &member))
        return;
    buf_puts(&field, "replace.");
    json_decode(key, &field);
    if (json_exists(member))
        json_decode(member, &name);
    struct found_place at = {b->entry, field.ptr, name.len ? name.ptr : NULL};
    unsigned phases = meeting(a->p, b->p);
    if (field.failed || name.failed)
        k->found->failed = true;
    else if (reacts(a->p) && reacts(b->p) && (loops(k, a, b, &job) || loops(k, b, a, &job)))
        found_add(k->found, RULE_LOOP, at,
                  "%s%s%s undoes what policy \"%s\" (%s:%d) sets, which then sets it again, without an end; for "
                  "example on a job that is %s",
                  field.ptr, name.len ? "." : "", name.len ? name.ptr : "", a->p->name, a->p->file, a->p->line,
                  job.len ? job.ptr : "there");
    else if (phases && both_match(k, a, b, phases, &job))
        found_add(k->found, RULE_DISAGREE, at,
                  "%s%s%s is another value than the one that policy \"%s\" (%s:%d) sets, and both match, for "
                  "example, a job that is %s",
                  field.ptr, name.len ? "." : "", name.len ? name.ptr : "", a->p->name, a->p->file, a->p->line,
                  job.len ? job.ptr : "there");
    buf_free(&job);
    buf_free(&field);
    buf_free(&name);
}

/* What a function decides is not known here. */
static bool known(const struct policy *p)
{
    return p->action == ACTION_TABLE && p->where == LUA_NOREF && !p->dry_run && !p->kinds.of[0].changes.exactly[0] &&
           !p->kinds.of[0].changes.exactly[1];
}

void look_pairs(struct found *f, const struct policy_set *set)
{
    struct pairs k = {.found = f};
    struct side *sides = calloc(set->count ? set->count : 1, sizeof *sides);
    size_t n = 0;
    f->failed = f->failed || !sides;
    for (size_t i = 0; i < set->count && sides; i++) {
        const struct policy_entry *e = &set->entries[i];
        struct side *side = &sides[n];
        if (!known(e->policy))
            continue;
        *side = (struct side){.entry = e, .p = e->policy};
        mpijob_changes_write(&e->policy->kinds.of[0].changes, &side->text);
        if (side->text.failed || json_parse(buf_str(&side->text), "changes", &side->changes, NULL))
            buf_free(&side->text);
        else
            n++;
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = i + 1; j < n; j++)
            look_pair(&k, &sides[i], &sides[j]);
    }
    for (size_t i = 0; i < n; i++)
        buf_free(&sides[i].text);
    free(sides);
}
