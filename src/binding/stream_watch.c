/* SPDX-License-Identifier: Apache-2.0 */
/* The watch behind a script's iterator: which objects there are, and so what an event of each is called. */
#include <stdlib.h>
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "binding/stream_parts.h"

struct stream_seen {
    UT_hash_handle hh;
    unsigned round;
    char uid[64], version[64];
};

#define SEEN_BYTES (sizeof(struct stream_seen) + 32) /* with its part of the table */

void stream_seen_free(struct stream *s)
{
    struct stream_seen *seen, *next;
    HASH_ITER(hh, s->seen, seen, next)
    {
        HASH_DEL(s->seen, seen);
        free(seen);
    }
}

static void relist(void *data)
{
    ((struct stream *)data)->round++;
}

/* Objects that a new list does not have: their deletion was missed, and so was their last state. */
static void synced(void *data)
{
    struct stream *s = data;
    struct stream_seen *seen, *next;
    HASH_ITER(hh, s->seen, seen, next)
    {
        if (seen->round == s->round)
            continue;
        HASH_DEL(s->seen, seen);
        free(seen);
        stream_count_memory(s, SEEN_BYTES, 0);
    }
}

static int upsert(void *data, struct json object, bool initial)
{
    struct stream *s = data;
    char uid[64], version[64];
    struct stream_seen *seen = NULL;
    (void)initial;
    json_string_at(object, "/metadata/uid", uid, sizeof uid);
    json_string_at(object, "/metadata/resourceVersion", version, sizeof version);
    HASH_FIND_STR(s->seen, uid, seen);
    bool known = seen != NULL, same = known && strcmp(seen->version, version) == 0;
    if (!known) {
        seen = calloc(1, sizeof *seen);
        if (!seen)
            return ERR_NOMEM;
        memcpy(seen->uid, uid, sizeof uid);
        HASH_ADD_STR(s->seen, uid, seen);
        if (!seen->hh.tbl) {
            free(seen);
            return ERR_NOMEM;
        }
        stream_count_memory(s, 0, SEEN_BYTES);
    }
    seen->round = s->round;
    memcpy(seen->version, version, sizeof version);
    return same ? 0 : stream_keep(s, known ? "MODIFIED" : "ADDED", object); /* as it was when the script got it last */
}

static void removed(void *data, struct json object)
{
    struct stream *s = data;
    char uid[64];
    struct stream_seen *seen = NULL;
    json_string_at(object, "/metadata/uid", uid, sizeof uid);
    HASH_FIND_STR(s->seen, uid, seen);
    if (seen) {
        HASH_DEL(s->seen, seen);
        free(seen);
        stream_count_memory(s, SEEN_BYTES, 0);
    }
    stream_keep(s, "DELETED", object);
}

/* An error that may heal by itself (a lost connection, a server that restarts) is followed by another try; any other
 * one goes to the script. */
static void trouble(void *data, const struct error *err)
{
    struct stream *s = data;
    if (err->status == 401 || err->status == 403 || err->status == 404)
        stream_fail(s, err);
}

int stream_begin_watch(struct stream *s, const char *name_space, struct error *err)
{
    struct kube_reflect_call call = {
        .resource = s->resource,
        .name_space = name_space,
        .label_selector = s->labels,
        .field_selector = s->fields,
        .relist = relist,
        .upsert = upsert,
        .remove = removed,
        .synced = synced,
        .trouble = trouble,
        .data = s,
    };
    if (s->scope && s->scope[0] && s->scope[1])
        return error_set(err, ERR_INVALID, "a watch is of one namespace, or of all; name one of those in scope");
    return kube_reflect(cluster_kube(s->site->cluster), &call, &s->reflect, err);
}
