/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong in a policy by itself: a schedule that is never due, conditions that no job meets, a change that
 * changes nothing. */
#include <stdio.h>

#include "cli/check/looks.h"
#include "mpijob/match/match_never.h"
#include "trigger/instants.h"

#define YEAR_US (INT64_C(366) * 86400 * 1000000)
#define FINISHED (1U << PHASE_SUCCEEDED | 1U << PHASE_FAILED)

struct looking {
    struct found *found;
    const struct policy_entry *entry;
    const struct policy *p;
};

static struct found_place at(const struct looking *l, const char *key, const char *member)
{
    return (struct found_place){l->entry, key, member};
}

/* ---- when ---- */

static void look_schedule(const struct looking *l, int64_t now)
{
    struct error err;
    char when[40];
    int64_t due;
    if (!l->p->has_schedule)
        return;
    if (policy_next_due(l->p, now, &due, &err)) {
        found_add(l->found, RULE_SCHEDULE_NEVER, at(l, "schedule", NULL), "%s", err.message);
    } else if (due - now > YEAR_US) {
        zone_format(l->p->zone, due / CLOCK_SECOND, when);
        found_add(l->found, RULE_SCHEDULE_RARE, at(l, "schedule", NULL),
                  "schedule \"%s\" is due next on %.10s, and not within a year", l->p->schedule, when);
    }
}

/* ---- which jobs ---- */

static void look_match(const struct looking *l)
{
    struct mpijob_never never;
    char key[64];
    if (mpijob_match_never(l->p->match, &never)) {
        snprintf(key, sizeof key, "match.%s", never.key);
        found_add(l->found, RULE_MATCH_NEVER, at(l, key, never.member), "%s %s", key, never.why);
        return;
    }
    unsigned phases = mpijob_match_phases(l->p->match);
    if (l->p->on == ON_FINISHED && phases && !(phases & FINISHED))
        found_add(l->found, RULE_MATCH_NEVER, at(l, "match.phase", NULL),
                  "match.phase names no phase of a job that has ended, and on = \"finished\" is about those alone");
}

static bool any_in_scope(const struct policy *p, char *const *scope)
{
    for (; scope && *scope; scope++) {
        if (mpijob_match_in_namespace(p->match, str_of(*scope)))
            return true;
    }
    return false;
}

static void look_scope(const struct looking *l, const struct config *config)
{
    struct buf names = BUF_INIT;
    bool reached = false, any = false;
    for (size_t i = 0; i < config->cluster_count && !reached; i++) {
        const struct config_cluster *c = &config->clusters[i];
        char **scope = c->namespaces ? c->namespaces : config->namespaces;
        if (!policy_on_cluster(l->p, c->name))
            continue;
        any = true;
        reached = !scope || any_in_scope(l->p, scope);
        for (char **name = scope; name && *name; name++)
            buf_printf(&names, "%s%s", names.len ? ", " : "", *name);
    }
    if (any && !reached && !names.failed)
        found_add(l->found, RULE_MATCH_SCOPE, at(l, "match.namespace", NULL),
                  "match.namespace fits none of the configuration's namespaces (%.200s): the policy sees no job",
                  names.len ? names.ptr : "none");
    buf_free(&names);
}

/* ---- what it changes ---- */

/* A string's content, NULL: a removal. False: another value. */
static bool content(struct json value, struct buf *text, const char **out)
{
    bool removal = json_type(value) == JSON_NULL;
    buf_reset(text);
    if (!removal && (!json_decode(value, text) || text->failed))
        return false;
    *out = removal ? NULL : text->ptr ? text->ptr : "";
    return !*out || strlen(*out) == text->len;
}

/* Is it asked for already, for each job that matches? */
static bool asked(const struct policy *p, struct json key, struct json value)
{
    struct buf text = BUF_INIT, name = BUF_INIT;
    const char *wanted;
    bool is = true, labels = json_string_is(key, str_of("labels"));
    if (labels || json_string_is(key, str_of("annotations"))) {
        for (struct json_iter it = json_iter(value); is && json_next(&it);) {
            buf_reset(&name);
            is = json_decode(it.key, &name) && content(it.value, &text, &wanted) &&
                 (labels ? mpijob_match_asks_label(p->match, buf_str(&name), wanted)
                         : mpijob_match_asks_annotation(p->match, buf_str(&name), wanted));
        }
    } else {
        is = json_string_is(key, str_of("cleanPodPolicy")) && content(value, &text, &wanted) &&
             mpijob_match_asks_policy(p->match, wanted);
    }
    buf_free(&text);
    buf_free(&name);
    return is;
}

static void look_replace(const struct looking *l)
{
    const struct policy *p = l->p;
    const struct mpijob_changes *changes = &p->kinds.of[0].changes; /* the same for all of its kinds */
    struct buf text = BUF_INIT;
    struct json written;
    if (p->action != ACTION_TABLE || changes->exactly[0] || changes->exactly[1])
        return;
    mpijob_changes_write(changes, &text);
    bool nothing = !text.failed && json_parse(buf_str(&text), "changes", &written, NULL) == 0;
    for (struct json_iter it = json_iter(nothing ? written : (struct json){0}); nothing && json_next(&it);)
        nothing = asked(p, it.key, it.value);
    if (nothing)
        found_add(l->found, RULE_REPLACE_NOTHING, at(l, "replace", NULL),
                  "replace sets what match asks for already, so that no job would ever be changed");
    buf_free(&text);
}

void look_one(struct found *f, const struct session *s, const struct policy_entry *entry, int64_t now)
{
    struct looking l = {f, entry, entry->policy};
    look_schedule(&l, now);
    look_match(&l);
    look_scope(&l, &s->config);
    look_replace(&l);
    look_child(f, entry);
}
