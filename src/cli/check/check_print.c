/* SPDX-License-Identifier: Apache-2.0 */
/* Prints policies with their coming times, for people and for programs. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/check/checking.h"
#include "cli/check/tell.h"
#include "policy/asked_again.h"
#include "policy/definition/opening.h"
#include "time/duration.h"
#include "trigger/instants.h"
#include "json/write.h"

/* "2026-11-24T09:00:00+01:00", and how the zone's offset has changed since the last one. */
static void print_time(const struct policy *p, int64_t due, int64_t *before, bool paused)
{
    char text[40];
    int64_t change, seconds = due / CLOCK_SECOND;
    zone_format(p->zone, seconds, text);
    printf("  %s", text);
    if (*before && zone_next_change(p->zone, *before, &change) && change <= seconds) {
        int32_t was = zone_at(p->zone, change - 1).seconds, is = zone_at(p->zone, change).seconds;
        char when[40];
        zone_format(p->zone, change, when);
        printf("   <- the clocks went %s by %d min at %s", is > was ? "forward" : "back", abs(is - was) / 60, when);
    }
    puts(paused ? "   (paused)" : "");
    *before = seconds;
}

static void print_times(const struct policy *p, int64_t now, int64_t count, bool paused)
{
    int64_t due = now, before = now / CLOCK_SECOND;
    struct error err;
    for (int64_t i = 0; i < count && !p->on; i++) {
        if (policy_next_due(p, due, &due, &err)) {
            printf("  (no further times: %s)\n", err.message);
            return;
        }
        print_time(p, due, &before, paused);
    }
}

/* When `where` of a policy with `on` is asked. */
static void print_asked(const struct policy *p)
{
    struct buf when = BUF_INIT, not = BUF_INIT;
    if (!policy_asks_again(p))
        return;
    policy_when_asked(p, &when);
    policy_not_asked(p, &not );
    printf("  %s\n", when.failed ? "" : when.ptr);
    if (not .len)
        printf("  %s\n", not .ptr);
    buf_free(&when);
    buf_free(&not );
}

static void print_waits(const struct policy *p)
{
    char span[32];
    if (!policy_waits(p))
        return;
    duration_format(p->holds_for, false, span);
    if (p->holds_for)
        printf("  acts on a job when the whole match has held for %s\n", span);
    if (!p->warn.count)
        return;
    printf("  warns");
    for (unsigned i = 0; i < p->warn.count; i++) {
        duration_format(p->warn.at[i], false, span);
        printf("%s %s", i ? "," : "", span);
    }
    printf(" before it acts, by%s%s%s", p->warn.annotation ? " annotation" : "",
           p->warn.annotation && p->warn.event ? "," : "", p->warn.event ? " event" : "");
    if (p->warn.sink_count)
        printf("%s %u function%s", p->warn.annotation || p->warn.event ? "," : "", p->warn.sink_count,
               p->warn.sink_count == 1 ? "" : "s");
    puts("");
}

static void write_waits(struct json_writer *w, const struct policy *p)
{
    char span[32];
    if (!policy_waits(p))
        return;
    duration_format(p->holds_for, false, span);
    json_write_key(w, "holds_for");
    json_write_string(w, p->holds_for ? span : NULL);
    json_write_key(w, "warn");
    json_write_array(w);
    for (unsigned i = 0; i < p->warn.count; i++) {
        duration_format(p->warn.at[i], false, span);
        json_write_string(w, span);
    }
    json_write_end(w);
}

/* By the state; of a policy that is paused none of its times comes. */
static void print_paused(const struct paused_mark *m)
{
    char when[32];
    if (!m)
        return;
    clock_format(m->at, false, when);
    printf("  paused, by %s since %s%s%s: it takes no runs until mpijobd resume %s\n",
           *m->who ? m->who : "an unknown user", when, *m->why ? ": " : "", m->why, m->policy);
}

static void write_paused(struct json_writer *w, const struct checking *c, const struct policy *p)
{
    const struct paused_mark *m = paused_find(&c->paused, p->name);
    char when[32];
    if (c->check)
        return;
    json_write_key(w, "paused");
    if (!m) {
        json_write_null(w);
        return;
    }
    clock_format(m->at, true, when);
    json_write_object(w);
    json_write_key(w, "by");
    json_write_string(w, m->who);
    json_write_key(w, "since");
    json_write_string(w, when);
    json_write_key(w, "why");
    json_write_string(w, *m->why ? m->why : NULL);
    json_write_end(w);
}

static void write_asked(struct json_writer *w, const struct policy *p)
{
    char span[32];
    if (!policy_asks_again(p))
        return;
    duration_format(p->recheck, false, span);
    json_write_key(w, "recheck");
    json_write_string(w, p->recheck ? span : NULL);
    json_write_key(w, "where_asks");
    json_write_string(w, p->moving);
}

/* Whether the policy's window is open, and until when; and a freeze that is on. */
static void print_window(const struct policy *p, int64_t now)
{
    char when[40];
    if (!policy_has_opening(p))
        return;
    bool open = policy_open(p, now);
    int64_t at = open ? policy_closing(p, now, WINDOWS_AHEAD * CLOCK_SECOND) : policy_opening(p, now);
    const struct freeze *freeze = policy_frozen(p, now);
    if (!p->window_text && !freeze)
        return;
    zone_format(p->zone, at == INT64_MAX ? 0 : at / CLOCK_SECOND, when);
    if (freeze)
        printf("  frozen (%s)", freeze->reason);
    else
        printf("  window %s (%s): %s", p->window_text, zone_name(p->zone), open ? "open" : "closed");
    if (at == INT64_MAX)
        puts(open ? ", and does not close" : ", and does not open within two years");
    else
        printf(", and %s at %s\n", open ? "closes" : "opens", when);
}

static void write_window(struct json_writer *w, const struct policy *p, int64_t now)
{
    char when[40];
    if (!policy_has_opening(p))
        return;
    int64_t at = policy_opening(p, now);
    const struct freeze *freeze = policy_frozen(p, now);
    json_write_key(w, "window");
    json_write_string(w, p->window_text);
    json_write_key(w, "frozen");
    json_write_string(w, freeze ? freeze->reason : NULL);
    json_write_key(w, "open");
    json_write_bool(w, policy_open(p, now));
    json_write_key(w, "opens");
    if (at != INT64_MAX)
        zone_format(p->zone, at / CLOCK_SECOND, when);
    json_write_string(w, at == INT64_MAX || at == now ? NULL : when);
}

/* Where the policy stands aside, by the configured versions. */
static void write_aside(struct json_writer *w, const struct session *s, const struct policy *p)
{
    json_write_key(w, "not_in_force");
    json_write_array(w);
    for (size_t i = 0; i < s->aside_count; i++) {
        const struct session_aside *a = &s->aside[i];
        if (strcmp(a->policy, p->name) != 0)
            continue;
        json_write_object(w);
        json_write_key(w, "cluster");
        json_write_string(w, a->cluster);
        json_write_key(w, "why");
        json_write_string(w, a->why);
        json_write_end(w);
    }
    json_write_end(w);
}

static void write_policy(struct json_writer *w, const struct checking *c, const struct policy *p)
{
    const struct session *s = &c->s;
    int64_t now = c->now, count = c->count;
    char text[POLICY_TRIGGER_TEXT];
    int64_t due = now;
    json_write_object(w);
    json_write_key(w, "name");
    json_write_string(w, p->name);
    json_write_key(w, "file");
    json_write_string(w, p->file);
    json_write_key(w, "line");
    json_write_int(w, p->line);
    json_write_key(w, "trigger");
    json_write_string(w, policy_trigger_text(p, text));
    json_write_key(w, "timezone");
    json_write_string(w, zone_name(p->zone));
    write_asked(w, p);
    write_waits(w, p);
    write_window(w, p, now);
    write_paused(w, c, p);
    json_write_key(w, "next");
    json_write_array(w);
    for (int64_t n = 0; n < count && policy_next_due(p, due, &due, NULL) == 0; n++) {
        zone_format(p->zone, due / CLOCK_SECOND, text);
        json_write_string(w, text);
    }
    json_write_end(w);
    write_aside(w, s, p);
    json_write_end(w);
}

static void write_json(const struct checking *c, const struct policy_set *set)
{
    struct buf out = BUF_INIT;
    struct json_writer w;
    json_writer_init(&w, &out);
    if (c->s.options.output == OUTPUT_SARIF) {
        tell_sarif(&c->found, &w);
    } else {
        json_write_array(&w);
        for (size_t i = 0; set && i < set->count; i++)
            write_policy(&w, c, set->entries[i].policy);
        tell_json(&c->found, &w);
        json_write_end(&w);
    }
    if (!out.failed)
        puts(out.ptr);
    buf_free(&out);
}

/* "freeze fri 16:00-24:00 (Europe/Berlin): before the weekend; the next one begins at ..." */
static void print_freezes(const struct freezes *f, int64_t now)
{
    char when[40];
    for (size_t i = 0; i < f->count; i++) {
        const struct freeze *one = &f->list[i];
        struct timetable t = {.allow = &f->windows[i]};
        bool on = timetable_open(&t, now);
        int64_t at;
        printf("freeze %s (%s): %s; ", one->text, zone_name(one->zone), one->reason);
        if (timetable_next(&t, now, !on, WINDOWS_AHEAD, &at))
            zone_format(one->zone, at, when), printf(on ? "on until %s\n" : "next at %s\n", when);
        else
            puts(on ? "always on" : "over");
    }
}

static void print_condition(const struct policy_asked *asked)
{
    struct buf text = BUF_INIT;
    policy_asked_write(asked, &text);
    if (!text.failed)
        printf("  %s\n", text.ptr);
    buf_free(&text);
}

static void print_plugins(const struct policy_set *set)
{
    for (size_t i = 0; i < set->plugins.count; i++) {
        const struct plugin *p = set->plugins.items[i];
        printf("plugin %s  %s%s\n", p->name, p->path, p->locked ? "  (locked)" : "");
    }
}

/* The rows of the policies stand below each other, with what is said of each between them. */
static void print_table(const struct checking *c, const struct policy_set *set)
{
    char text[POLICY_TRIGGER_TEXT];
    int widths[2] = {0, 0};
    for (size_t i = 0; i < set->count; i++) {
        const struct policy *p = set->entries[i].policy;
        int name = (int)strlen(p->name), trigger = (int)strlen(policy_trigger_text(p, text));
        widths[0] = name > widths[0] ? name : widths[0];
        widths[1] = trigger > widths[1] ? trigger : widths[1];
    }
    for (size_t i = 0; i < set->count; i++) {
        const struct policy *p = set->entries[i].policy;
        printf("%-*s  %-*s  %s:%d%s\n", widths[0], p->name, widths[1], policy_trigger_text(p, text), p->file, p->line,
               p->dry_run ? "  (dry run)" : "");
        for (size_t k = 0; k < p->asked_count; k++)
            print_condition(&p->asked[k]);
        print_asked(p);
        print_waits(p);
        print_window(p, c->now);
        print_paused(paused_find(&c->paused, p->name));
        print_times(p, c->now, c->count, paused_find(&c->paused, p->name) != NULL);
    }
}

void check_print(const struct checking *c, const struct policy_set *set)
{
    enum output output = c->s.options.output;
    if (output == OUTPUT_JSON || output == OUTPUT_SARIF) {
        write_json(c, set);
        return;
    }
    for (size_t i = 0; set && i < set->count && output == OUTPUT_NAME; i++)
        puts(set->entries[i].policy->name);
    if (!set || output == OUTPUT_NAME)
        return;
    if (c->check)
        print_plugins(set);
    print_freezes(&c->s.config.freezes, c->now / CLOCK_SECOND);
    print_table(c, set);
}
