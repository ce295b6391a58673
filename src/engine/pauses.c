/* SPDX-License-Identifier: Apache-2.0 */
/* Pauses: kept in the state, and in force in the engine. */
#include "engine/pauses.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/engine_parts.h"
#include "store/kept.h"
#include "json/write.h"

#define SPACE PAUSES_SPACE

/* ---- in the state ---- */

struct reading {
    struct paused *paused;
    struct error *err;
    int rc;
};

static bool read_row(void *data, const struct store_kept *row)
{
    struct reading *r = data;
    struct paused_mark mark = {0};
    struct json root;
    if (json_parse(str_of(row->value), "a pause", &root, NULL)) /* written by hand: it is one all the same */
        root = (struct json){0};
    snprintf(mark.policy, sizeof mark.policy, "%s", row->key);
    json_string_at(root, "/user", mark.who, sizeof mark.who);
    json_int64(json_get(root, "uid"), &mark.uid);
    json_int64(json_get(root, "at"), &mark.at);
    json_string_at(root, "/why", mark.why, sizeof mark.why);
    r->rc = paused_add(r->paused, &mark, r->err);
    return r->rc == 0;
}

int pauses_read(struct store *store, struct paused *paused, struct error *err)
{
    struct reading r = {.paused = paused, .err = err};
    int rc = store_read_kept(store, SPACE, read_row, &r, err);
    return rc ? rc : r.rc;
}

void pauses_keep(struct store *store, const struct paused_mark *mark, store_done done, void *data)
{
    struct buf text = BUF_INIT;
    struct json_writer w;
    json_writer_init(&w, &text);
    json_write_object(&w);
    json_write_key(&w, "user");
    json_write_string(&w, mark->who);
    json_write_key(&w, "uid");
    json_write_int(&w, mark->uid);
    json_write_key(&w, "at");
    json_write_int(&w, mark->at);
    if (*mark->why) {
        json_write_key(&w, "why");
        json_write_string(&w, mark->why);
    }
    json_write_end(&w);
    /* Without memory the row lacks what is only told. */
    struct store_kept row = {.space = SPACE, .key = mark->policy, .value = text.failed ? "{}" : text.ptr};
    store_keep(store, &row, done, data);
    buf_free(&text);
}

void pauses_forget(struct store *store, const char *policy, store_done done, void *data)
{
    struct store_kept row = {.space = SPACE, .key = policy};
    store_keep(store, &row, done, data);
}

/* ---- in force ---- */

void engine_mark_paused(struct engine *e, struct policy_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        set->entries[i].paused = paused_find(e->o.paused, set->entries[i].policy->name) != NULL;
}

void engine_renew_pauses(struct engine *e)
{
    if (!e->set || e->stopping)
        return;
    engine_mark_paused(e, e->set);
    for (size_t i = 0; i < e->cluster_count; i++)
        engine_cluster_put_in_force(&e->clusters[i]);
}

int engine_pause(struct engine *e, const struct paused_mark *mark, struct error *err)
{
    char uid[24];
    int rc = paused_add(e->o.paused, mark, err);
    if (rc)
        return rc;
    snprintf(uid, sizeof uid, "%" PRId64, mark->uid);
    log_event(e->o.log, LOG_WARN, "a policy is paused, and takes no runs until it is resumed",
              LOG_FIELDS({"policy", mark->policy}, {"by", mark->who}, LOG_JSON_FIELD("uid", *mark->why ? NULL : uid),
                         {"reason", *mark->why ? mark->why : NULL},
                         {"shards", e->o.shards ? "this daemon's alone, while it owns them" : NULL}));
    engine_renew_pauses(e);
    return 0;
}

void engine_resume(struct engine *e, const char *policy, const char *who)
{
    paused_remove(e->o.paused, policy);
    log_event(e->o.log, LOG_INFO, "a policy is resumed", LOG_FIELDS({"policy", policy}, {"by", who}));
    engine_renew_pauses(e);
}

const struct paused_mark *engine_paused(const struct engine *e, const char *policy)
{
    return paused_find(e->o.paused, policy);
}

const struct paused *engine_all_paused(const struct engine *e)
{
    return e->o.paused;
}

void engine_each_paused(const struct engine *e, void (*visit)(void *data, const struct paused_mark *mark), void *data)
{
    for (size_t i = 0; e->set && i < e->set->count; i++) {
        const struct policy_entry *entry = &e->set->entries[i];
        const struct paused_mark *mark = entry->paused ? paused_find(e->o.paused, entry->policy->name) : NULL;
        if (mark)
            visit(data, mark);
    }
}
