/* SPDX-License-Identifier: Apache-2.0 */
/* A hash of Workloads by their jobs, and one of the texts that they have in common. */
#include "workloads/workload_table.h"

#include <stddef.h>
#include <stdlib.h>
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#define MESSAGE_MOST 300 /* bytes of a condition's message */

struct workload_text {
    UT_hash_handle hh;
    size_t uses;
    char text[];
};

struct workload_kept {
    UT_hash_handle hh;
    struct workload_text *reason, *message;
    unsigned round;
    enum kueue_state state;
    size_t name;  /* where it begins in texts */
    char texts[]; /* the uid of its job, which is the key, and its name; each ends in NUL */
};

/* ---- texts ---- */

static struct workload_text *take_text(struct workload_table *t, struct str text)
{
    struct workload_text *x;
    HASH_FIND(hh, t->texts, text.ptr ? text.ptr : "", text.len, x);
    if (!x) {
        x = calloc(1, sizeof *x + text.len + 1);
        if (!x)
            return NULL;
        if (text.len)
            memcpy(x->text, text.ptr, text.len);
        HASH_ADD(hh, t->texts, text, text.len, x);
        if (!x->hh.tbl) {
            free(x);
            return NULL;
        }
        t->bytes += sizeof *x + text.len + 1;
    }
    x->uses++;
    return x;
}

static void drop_text(struct workload_table *t, struct workload_text *x)
{
    if (!x || --x->uses)
        return;
    t->bytes -= sizeof *x + strlen(x->text) + 1;
    HASH_DEL(t->texts, x);
    free(x);
}

/* ---- Workloads ---- */

static size_t size_of(const struct workload_kept *k)
{
    return sizeof *k + k->name + strlen(k->texts + k->name) + 1;
}

static void drop(struct workload_table *t, struct workload_kept *k)
{
    t->bytes -= size_of(k);
    t->count--;
    HASH_DEL(t->by_uid, k);
    drop_text(t, k->reason);
    drop_text(t, k->message);
    free(k);
}

static struct str raw_at(struct json object, const char *pointer)
{
    struct json value = json_at(object, pointer);
    return json_type(value) == JSON_STRING ? str_n(value.text.ptr + 1, value.text.len - 2) : (struct str){0};
}

bool workload_job_of(struct json object, struct workload_job *job)
{
    *job = (struct workload_job){.name_space = raw_at(object, "/metadata/namespace")};
    struct json label = json_get(json_at(object, "/metadata/labels"), KUEUE_JOB_UID);
    if (json_string_at(label, "", job->uid, sizeof job->uid) || !*job->uid)
        return false;
    for (struct json_iter it = json_iter(json_at(object, "/metadata/ownerReferences")); json_next(&it);) {
        if (!json_string_is(json_get(it.value, "uid"), str_of(job->uid)))
            continue;
        job->kind = raw_at(it.value, "/kind");
        job->name = raw_at(it.value, "/name");
    }
    return true;
}

static struct workload_kept *find(const struct workload_table *t, struct str uid)
{
    struct workload_kept *k;
    HASH_FIND(hh, t->by_uid, uid.ptr, uid.len, k);
    return k;
}

static struct workload_kept *make(struct workload_table *t, struct str uid, const struct kueue_workload *read)
{
    struct workload_kept *k = calloc(1, sizeof *k + uid.len + read->name.len + 2);
    struct buf message = BUF_INIT;
    if (!k)
        return NULL;
    kueue_message(read, MESSAGE_MOST, &message);
    k->reason = take_text(t, read->reason);
    k->message = message.failed ? NULL : take_text(t, buf_str(&message));
    buf_free(&message);
    k->state = read->state;
    k->round = t->round;
    k->name = uid.len + 1;
    memcpy(k->texts, uid.ptr, uid.len);
    memcpy(k->texts + k->name, read->name.ptr, read->name.len);
    if (k->reason && k->message)
        HASH_ADD_KEYPTR(hh, t->by_uid, k->texts, uid.len, k);
    if (!k->hh.tbl) {
        drop_text(t, k->reason);
        drop_text(t, k->message);
        free(k);
        return NULL;
    }
    t->count++;
    t->bytes += size_of(k);
    return k;
}

enum workload_put workload_table_put(struct workload_table *t, const struct workload_job *job, struct json object)
{
    struct kueue_workload read;
    struct workload_kept *old = find(t, str_of(job->uid));
    if (!kueue_workload_read(object, &read))
        return WORKLOAD_SAME;
    if (old && read.deleting && !str_is(read.name, old->texts + old->name))
        return WORKLOAD_SAME;
    bool same = old && old->state == read.state && str_is(read.name, old->texts + old->name) &&
                str_is(read.reason, old->reason->text);
    if (old)
        drop(t, old);
    if (!make(t, str_of(job->uid), &read))
        return WORKLOAD_NOMEM;
    return same ? WORKLOAD_SAME : WORKLOAD_NEWS;
}

bool workload_table_drop(struct workload_table *t, const struct workload_job *job, struct json object)
{
    struct kueue_workload read;
    struct workload_kept *old = find(t, str_of(job->uid));
    if (!old || !kueue_workload_read(object, &read) || !str_is(read.name, old->texts + old->name))
        return false;
    drop(t, old);
    return true;
}

void workload_table_relist(struct workload_table *t)
{
    t->round++;
}

size_t workload_table_listed(struct workload_table *t)
{
    struct workload_kept *k, *next;
    size_t gone = 0;
    HASH_ITER(hh, t->by_uid, k, next)
    {
        if (k->round == t->round)
            continue;
        drop(t, k);
        gone++;
    }
    return gone;
}

bool workload_table_find(const struct workload_table *t, struct str uid, struct listed_workload *out)
{
    const struct workload_kept *k = find(t, uid);
    if (k)
        *out = (struct listed_workload){k->state, k->texts + k->name, k->reason->text, k->message->text};
    return k != NULL;
}

bool workload_state(enum workload_seen seen, const struct listed_workload *workload, bool ended,
                    enum kueue_state *state)
{
    *state = seen == WORKLOAD_FOUND ? workload->state : ended ? KUEUE_OVER : KUEUE_WAITING;
    return seen == WORKLOAD_FOUND || seen == WORKLOAD_NONE;
}

void workload_table_free(struct workload_table *t)
{
    struct workload_kept *k, *next;
    HASH_ITER(hh, t->by_uid, k, next)
    {
        drop(t, k);
    }
    *t = (struct workload_table){0};
}
