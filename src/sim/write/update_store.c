/* SPDX-License-Identifier: Apache-2.0 */
/* The end of an update: whether it changes anything, and the new text if it does. */
#include "sim/write/update.h"

#include "sim/server/object.h"
#include "sim/server/status.h"
#include "sim/server/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_object *update_old(struct change *c)
{
    if (!c->old)
        c->old = object_read(c->x, c->rev);
    return c->old;
}

bool update_spliced(const struct change *c)
{
    return c->x->mpijob_version >= 0 && c->x->mpijob_version == c->x->sim->stored_as && !c->status;
}

static void set_version(json_object *doc, uint64_t version)
{
    char number[24];
    snprintf(number, sizeof number, "%llu", (unsigned long long)version);
    doc_set_str(doc_get(doc, "metadata"), "resourceVersion", number);
}

static void count_generation(struct change *c)
{
    json_object *meta = doc_get(c->doc, "metadata");
    doc_set(meta, "generation", json_object_new_int64(doc_int(meta, "generation", 0) + 1));
}

bool finalizers_left(json_object *doc)
{
    json_object *f = doc_path(doc, "metadata", "finalizers");
    return f && json_object_array_length(f) > 0;
}

static void commit(struct change *c, const struct buf *text, const struct marks *marks)
{
    struct exchange *x = c->x;
    if (x->dry_run) {
        respond_text(x, 200, text, marks);
    } else if (text->len > ETCD_MAX) {
        fail_with(x, 500, NULL, NULL, NULL, "etcdserver: request is too large");
    } else if (doc_path(c->doc, "metadata", "deletionTimestamp") && !finalizers_left(c->doc)) {
        respond_text(x, 200, text, marks);
        object_remove(x->sim, c->rev);
    } else {
        respond_object(x, 200,
                       store_commit(&x->sim->store, (int)x->res->kind, x->ns, x->name, EVENT_MODIFIED, text, marks));
    }
}

/* ---- by bytes: the stored text of an MPIJob has metadata, the spec and the status, in this order */

static void write_wanted(json_object *doc, struct buf *out)
{
    size_t n;
    struct doc_member *m = doc_members(doc, &n);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(m[i].key, "metadata") == 0)
            continue;
        buf_putc(out, ',');
        doc_write_string(out, m[i].key, strlen(m[i].key));
        buf_putc(out, ':');
        doc_write(out, m[i].value);
    }
    free(m);
}

static void write_spliced(struct change *c, const struct buf *wanted, struct buf *text, struct marks *marks)
{
    const struct revision *rev = c->rev;
    *marks = (struct marks){0};
    buf_reserve(text, rev->len + wanted->len + 256);
    buf_puts(text, "\"metadata\":");
    object_write_metadata(doc_get(c->doc, "metadata"), text, marks);
    buf_add(text, wanted->ptr, wanted->len);
    marks->tail = (uint32_t)text->len;
    buf_add(text, rev->text + rev->marks.tail, rev->len - rev->marks.tail);
}

static void splice(struct change *c)
{
    const struct revision *rev = c->rev;
    size_t from = rev->marks.meta + rev->marks.meta_len, n = rev->marks.tail - from;
    struct buf wanted = BUF_INIT, text = BUF_INIT;
    struct marks marks;
    buf_reserve(&wanted, n + 64);
    write_wanted(c->doc, &wanted);
    bool same = !c->forced && wanted.len == n && (n == 0 || memcmp(wanted.ptr, rev->text + from, n) == 0);
    if (!same)
        count_generation(c);
    set_version(c->doc, rev->version);
    if (same && !c->x->dry_run && doc_equal(doc_get(c->doc, "metadata"), c->old_meta)) {
        respond_object(c->x, 200, c->rev); /* nothing changed: no new version, no event */
    } else {
        if (!c->x->dry_run)
            set_version(c->doc, store_next(&c->x->sim->store));
        write_spliced(c, &wanted, &text, &marks);
        commit(c, &text, &marks);
    }
    buf_free(&wanted);
    buf_free(&text);
}

/* ---- by documents: built-in kinds, other versions, the status */

static bool wanted_within(json_object *a, json_object *b)
{
    json_object_object_foreach(a, key, value)
    {
        json_object *other = NULL;
        if (strcmp(key, "metadata") == 0 || strcmp(key, "status") == 0)
            continue;
        if (!json_object_object_get_ex(b, key, &other) || !doc_equal(value, other))
            return false;
    }
    return true;
}

static bool unchanged(struct change *c)
{
    int v = c->x->mpijob_version;
    set_version(c->doc, c->rev->version);
    if (v < 0 || v == c->x->sim->stored_as) {
        bool equal = doc_equal(update_old(c), c->doc);
        object_to_stored(c->x, c->doc);
        return equal;
    }
    struct buf text = BUF_INIT; /* the stored object may have what this version does not show */
    struct marks marks;
    object_write(c->x, c->doc, &text, &marks);
    bool equal = text.len == c->rev->len && memcmp(text.ptr, c->rev->text, text.len) == 0;
    buf_free(&text);
    return equal;
}

static void replace(struct change *c)
{
    struct buf text = BUF_INIT;
    struct marks marks;
    json_object *old = update_old(c);
    if (c->x->res->generation && !c->status &&
        (c->forced || !wanted_within(old, c->doc) || !wanted_within(c->doc, old)))
        count_generation(c);
    if (unchanged(c) && !c->x->dry_run) {
        respond_object(c->x, 200, c->rev);
        return;
    }
    if (!c->x->dry_run)
        set_version(c->doc, store_next(&c->x->sim->store));
    object_write(c->x, c->doc, &text, &marks);
    commit(c, &text, &marks);
    buf_free(&text);
}

void update_store(struct change *c)
{
    if (update_spliced(c))
        splice(c);
    else
        replace(c);
}
