/* SPDX-License-Identifier: Apache-2.0 */
/* The tree for programs, and for Lua. */
#include "base/clock.h"
#include "why/why_parts.h"

struct telling {
    struct json_writer *w;
    bool seconds;
};

static void text(const struct telling *t, const char *key, const char *value)
{
    if (!value)
        return;
    json_write_key(t->w, key);
    json_write_string(t->w, value);
}

static void flag(const struct telling *t, const char *key, bool value)
{
    json_write_key(t->w, key);
    json_write_bool(t->w, value);
}

static void number(const struct telling *t, const char *key, int64_t value)
{
    json_write_key(t->w, key);
    json_write_int(t->w, value);
}

/* Nothing for what is no instant. */
static void instant(const struct telling *t, const char *key, int64_t us)
{
    char at[32];
    if (us == WHY_NEVER || us == WHY_NOW)
        return;
    if (!t->seconds) {
        clock_format(us, true, at);
        text(t, key, at);
        return;
    }
    json_write_key(t->w, key);
    if (us % CLOCK_SECOND == 0)
        json_write_int(t->w, us / CLOCK_SECOND);
    else
        json_write_double(t->w, (double)us / (double)CLOCK_SECOND);
}

static void raw(const struct telling *t, const char *key, const char *json)
{
    struct json root;
    if (!json || json_parse(str_of(json), "", &root, NULL))
        return;
    json_write_key(t->w, key);
    json_write_raw(t->w, root);
}

static void conditions(const struct telling *t, const struct why *why)
{
    json_write_key(t->w, "conditions");
    json_write_array(t->w);
    for (size_t i = 0; i < why->condition_count; i++) {
        const struct why_condition *c = &why->conditions[i];
        json_write_object(t->w);
        text(t, "key", c->key);
        text(t, "wanted", c->wanted);
        text(t, "value", c->value);
        flag(t, "holds", c->holds);
        instant(t, "holds_at", c->due);
        text(t, "unless", c->unless);
        if (c->failed)
            flag(t, "failed", true);
        json_write_end(t->w);
    }
    json_write_end(t->w);
}

static void change(const struct telling *t, const struct why *why)
{
    static const char *const names[] = {"unknown", "changes", "unchanged", "left", "fails"};
    json_write_key(t->w, "change");
    json_write_object(t->w);
    text(t, "outcome", names[why->change]);
    text(t, "effect", why->effect);
    text(t, "why", why->effect_why);
    raw(t, "diff", why->diff);
    raw(t, why->child_called, why->child);
    if (why->change == WHY_CHANGES)
        number(t, "gpus_released", why->gpus_released);
    text(t, "error", why->change_error);
    json_write_end(t->w);
}

static void holds(const struct telling *t, const struct why *why)
{
    json_write_key(t->w, "held_back");
    json_write_array(t->w);
    for (size_t i = 0; i < why->hold_count; i++) {
        const struct why_hold *h = &why->holds[i];
        json_write_object(t->w);
        text(t, "reason", h->reason);
        text(t, "message", h->message);
        instant(t, "until", h->until);
        json_write_end(t->w);
    }
    json_write_end(t->w);
    json_write_key(t->w, "unknown");
    json_write_array(t->w);
    for (size_t i = 0; i < why->note_count; i++)
        json_write_string(t->w, why->notes[i]);
    json_write_end(t->w);
}

static void past(const struct telling *t, const char *key, const struct why_past *past)
{
    if (!past->id)
        return;
    json_write_key(t->w, key);
    json_write_object(t->w);
    number(t, "id", past->id);
    instant(t, "at", past->at);
    text(t, "outcome", past->outcome);
    text(t, "effect", past->effect);
    text(t, "message", past->message);
    if (past->dry_run)
        flag(t, "dry_run", true);
    json_write_end(t->w);
}

void why_json(const struct why *why, bool seconds, struct json_writer *w)
{
    struct telling t = {w, seconds};
    json_write_object(w);
    text(&t, "verdict", why_verdict_name(why->verdict));
    text(&t, "message", why->sentence);
    text(&t, "policy", why->policy);
    text(&t, "file", why->file);
    number(&t, "line", why->line);
    text(&t, "cluster", why->cluster);
    text(&t, "job", why->job);
    text(&t, "uid", why->uid);
    instant(&t, "at", why->now);
    text(&t, "source", why->daemon ? "daemon" : "files");
    flag(&t, "matches", why->matches);
    if (!why->matches)
        instant(&t, "matches_at", why->matches_at);
    conditions(&t, why);
    text(&t, "trigger", why->trigger);
    instant(&t, "next", why->next == WHY_NOW ? why->now : why->next);
    if (why->jitter) {
        json_write_key(w, "jitter");
        json_write_double(w, (double)why->jitter / (double)CLOCK_SECOND);
    }
    change(&t, why);
    holds(&t, why);
    past(&t, "last_change", &why->last_change);
    past(&t, "last_run", &why->last_run);
    json_write_end(w);
}
