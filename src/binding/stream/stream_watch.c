/* SPDX-License-Identifier: Apache-2.0 */
/* The watch behind a script's iterator: which objects there are, and so what an event of each is called. */
#include <stdlib.h>

#include "binding/stream/stream_parts.h"

struct stream_seen {
    struct seen seen;
    char version[64];
};

#define SEEN_BYTES (sizeof(struct stream_seen) + 32) /* with its part of the table */

static void relist(void *data)
{
    seen_relist(&((struct stream *)data)->seen);
}

/* Objects that a new list does not have: their deletion was missed, and so was their last state. */
static void synced(void *data)
{
    struct stream *s = data;
    stream_count_memory(s, seen_synced(&s->seen) * SEEN_BYTES, 0);
}

static int upsert(void *data, struct json object, bool initial)
{
    struct stream *s = data;
    char uid[SEEN_UID_SIZE], version[64];
    bool is_new;
    (void)initial;
    json_string_at(object, "/metadata/uid", uid, sizeof uid);
    json_string_at(object, "/metadata/resourceVersion", version, sizeof version);
    struct stream_seen *seen = seen_add(&s->seen, uid, sizeof *seen, &is_new);
    if (!seen)
        return ERR_NOMEM;
    if (is_new)
        stream_count_memory(s, 0, SEEN_BYTES);
    bool same = !is_new && strcmp(seen->version, version) == 0;
    memcpy(seen->version, version, sizeof version);
    return same ? 0 : stream_keep(s, is_new ? "ADDED" : "MODIFIED", object); /* as it was when the script got it last */
}

static void removed(void *data, struct json object)
{
    struct stream *s = data;
    char uid[SEEN_UID_SIZE];
    json_string_at(object, "/metadata/uid", uid, sizeof uid);
    if (seen_remove(&s->seen, uid))
        stream_count_memory(s, SEEN_BYTES, 0);
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
