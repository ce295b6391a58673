/* SPDX-License-Identifier: Apache-2.0 */
/* What a reload has brought, as its answer. */
#include "base/buf.h"
#include "control/verbs/parts.h"
#include "engine/engine.h"
#include "policy/in_force.h"
#include "rehearsal/rehearsal.h"
#include "json/write.h"

static void write_count(struct json_writer *w, const char *key, int64_t count)
{
    json_write_key(w, key);
    if (count < 0)
        json_write_null(w);
    else
        json_write_int(w, count);
}

static void write_flag(struct json_writer *w, const char *key, bool flag)
{
    json_write_key(w, key);
    json_write_bool(w, flag);
}

static void write_rehearsed(void *data, const struct rehearsed *told)
{
    struct json_writer *w = data;
    json_write_object(w);
    write_text(w, "policy", told->policy);
    write_text(w, "cluster", told->cluster);
    write_flag(w, "new", told->is_new);
    write_count(w, "matched", told->was);
    write_count(w, "matches", told->would);
    write_text(w, "not_counted", told->unknown);
    write_count(w, "handled", told->handled);
    write_flag(w, "again", told->again);
    write_number(w, "where_failed", told->failed);
    write_text(w, "where_error", told->error);
    json_write_end(w);
}

static void write_rehearsal(struct json_writer *w, const struct rehearsal *rehearsal)
{
    struct buf sentence = BUF_INIT;
    rehearsal_sentence(rehearsal, &sentence);
    json_write_key(w, "rehearsal");
    json_write_object(w);
    write_text(w, "sentence", sentence.len && !sentence.failed ? sentence.ptr : NULL);
    json_write_key(w, "seconds");
    json_write_double(w, rehearsal_seconds(rehearsal));
    json_write_key(w, "policies");
    json_write_array(w);
    rehearsal_each(rehearsal, write_rehearsed, w);
    json_write_end(w);
    json_write_end(w);
    buf_free(&sentence);
}

static void write_aside(void *data, const struct policy *policy, const char *cluster, const char *why)
{
    struct json_writer *w = data;
    json_write_object(w);
    write_text(w, "policy", policy->name);
    write_text(w, "cluster", cluster);
    write_text(w, "reason", why);
    json_write_end(w);
}

/* By the versions that are served now. */
static void write_not_in_force(struct json_writer *w, const struct policy_set *set)
{
    json_write_key(w, "not_in_force");
    json_write_array(w);
    if (!set->error_count)
        policy_set_stand(set, write_aside, w);
    json_write_end(w);
}

static void write_errors(struct json_writer *w, const struct policy_set *set)
{
    json_write_key(w, "errors");
    json_write_array(w);
    for (size_t i = 0; i < set->error_count; i++) {
        json_write_object(w);
        write_text(w, "file", set->errors[i].file);
        write_number(w, "line", set->errors[i].line);
        write_text(w, "message", set->errors[i].message);
        json_write_end(w);
    }
    json_write_end(w);
}

void write_loaded(struct json_writer *w, const struct policy_set *set, const struct reload_changes *changes)
{
    json_write_object(w);
    write_number(w, "policies", (int64_t)set->count);
    write_flag(w, "in_force", set->error_count == 0);
    write_text(w, "added", changes->added);
    write_text(w, "changed", changes->changed);
    write_text(w, "gone", changes->gone);
    write_text(w, "config_changed", set->config_changed);
    write_text(w, "config_changes", set->config_keys.len ? set->config_keys.ptr : NULL);
    write_rehearsal(w, changes->rehearsal);
    write_not_in_force(w, set);
    write_errors(w, set);
}
