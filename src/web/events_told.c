/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of events. They tell what has happened and to which run, change or policy; all else is there to be
 * asked. */
#include "web/events_told.h"

#include <stdlib.h>
#include <string.h>

#include "approval/approvals.h"
#include "engine/engine.h"
#include "pause/pauses.h"
#include "json/member.h"
#include "json/write.h"

static void begin(struct json_writer *w, struct buf *out, const char *event)
{
    buf_printf(out, "event: %s\ndata: ", event);
    json_writer_init(w, out);
    json_write_object(w);
}

static void end(struct json_writer *w)
{
    json_write_end(w);
    buf_puts(w->out, "\n\n");
}

/* ---- what was written ---- */

static void run_began(struct json_writer *w, const struct store_run *run)
{
    json_member_text(w, "state", "began");
    json_member_text(w, "policy", run->policy);
    json_member_text(w, "cluster", run->cluster ? run->cluster : STORE_CLUSTER_DEFAULT);
    json_member_text(w, "trigger", run->trigger);
    json_member_text(w, "who", run->who);
    json_member_bool(w, "dry_run", run->dry_run);
}

static void run_ended(struct json_writer *w, const struct store_run *run)
{
    json_member_text(w, "state", "ended");
    json_member_text(w, "policy", run->policy);
    json_member_text(w, "outcome", run->outcome);
    if (run->changed < 0) /* it is counted from its changes: to be asked for */
        return;
    json_member_int(w, "changed", run->changed);
    json_member_int(w, "unchanged", run->unchanged);
    json_member_int(w, "failed", run->failed);
}

static void change_intended(struct json_writer *w, const struct store_intent *i)
{
    json_member_text(w, "state", "intended");
    json_member_int(w, "run", i->run);
    json_member_text(w, "policy", i->policy);
    json_member_text(w, "cluster", i->cluster ? i->cluster : STORE_CLUSTER_DEFAULT);
    json_member_text(w, "namespace", i->name_space);
    json_member_text(w, "name", i->name);
    json_member_text(w, "verb", i->verb);
    json_member_text(w, "effect", i->effect);
}

static void change_ended(struct json_writer *w, const struct store_outcome *o)
{
    json_member_text(w, "state", "ended");
    json_member_text(w, "outcome", o->outcome);
    json_member_text(w, "effect", o->effect);
}

static void change_seen(struct json_writer *w, const struct store_observation *o)
{
    json_member_text(w, "state", "observed");
    json_member_text(w, "observed", o->observed);
}

static void kept(struct json_writer *w, const struct store_kept *row, struct buf *out)
{
    if (strcmp(row->space, PAUSES_SPACE) == 0) {
        begin(w, out, "pause");
        json_member_text(w, "policy", row->key);
        json_member_bool(w, "paused", row->value != NULL);
        end(w);
    } else if (strcmp(row->space, APPROVALS_SPACE) == 0) {
        begin(w, out, "approval");
        json_member_int(w, "run", strtoll(row->key, NULL, 10));
        json_member_bool(w, "waits", row->value != NULL);
        end(w);
    }
}

void event_of_written(const struct store_written *what, struct buf *out)
{
    struct json_writer w;
    if (what->kept) {
        kept(&w, what->kept, out);
        return;
    }
    begin(&w, out, what->begun || what->ended ? "run" : "change");
    json_member_int(&w, "id", what->id);
    if (what->begun)
        run_began(&w, what->begun);
    else if (what->ended)
        run_ended(&w, what->ended);
    else if (what->intent)
        change_intended(&w, what->intent);
    else if (what->outcome)
        change_ended(&w, what->outcome);
    else if (what->seen)
        change_seen(&w, what->seen);
    end(&w);
}

/* ---- what is otherwise than it was ---- */

/* FNV-1a, with the text's end. */
static void add(uint64_t *sum, const char *words)
{
    do {
        *sum = (*sum ^ (unsigned char)*words) * UINT64_C(1099511628211);
    } while (*words++);
}

static void add_part(void *data, const struct engine_part *part)
{
    if (part->kind == ENGINE_CHANGES) /* its numbers move with every change */
        return;
    add(data, part->name);
    add(data, part->state);
}

struct event_sums event_sums_now(const struct engine *engine)
{
    struct event_sums sums = {UINT64_C(14695981039346656037), UINT64_C(14695981039346656037)};
    const struct policy_set *set = engine_policies(engine);
    for (size_t i = 0; set && i < set->count; i++) {
        add(&sums.policies, set->entries[i].policy->name);
        add(&sums.policies, set->entries[i].file->sha256);
    }
    engine_each_part(engine, add_part, &sums.parts);
    return sums;
}

void event_of_policies(const struct engine *engine, struct buf *out)
{
    struct json_writer w;
    const struct policy_set *set = engine_policies(engine);
    begin(&w, out, "policies");
    json_member_int(&w, "count", set ? (int64_t)set->count : 0);
    end(&w);
}

static void note_wrong(void *data, const struct engine_part *part)
{
    *(bool *)data = *(bool *)data || part->wrong;
}

void event_of_parts(const struct engine *engine, struct buf *out)
{
    struct json_writer w;
    bool wrong = false;
    engine_each_part(engine, note_wrong, &wrong);
    begin(&w, out, "parts");
    json_member_bool(&w, "well", !wrong);
    end(&w);
}
