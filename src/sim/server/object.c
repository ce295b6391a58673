/* SPDX-License-Identifier: Apache-2.0 */
/* Documents written as stored texts and read back, other forms of them, and the removal of objects. */
#include "sim/server/object.h"

#include "sim/server/namespace.h"

#include <stdlib.h>
#include <string.h>

void object_write_metadata(json_object *meta, struct buf *out, struct marks *marks)
{
    size_t n;
    struct doc_member *m = doc_members(meta, &n);
    marks->meta = (uint32_t)out->len;
    buf_putc(out, '{');
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_putc(out, ',');
        doc_write_string(out, m[i].key, strlen(m[i].key));
        buf_putc(out, ':');
        size_t from = out->len;
        doc_write(out, m[i].value);
        if (strcmp(m[i].key, "labels") == 0) {
            marks->labels = (uint32_t)from;
            marks->labels_len = (uint32_t)(out->len - from);
        }
    }
    buf_putc(out, '}');
    marks->meta_len = (uint32_t)out->len - marks->meta;
    free(m);
}

void object_write_doc(json_object *doc, struct buf *out, struct marks *marks)
{
    size_t n;
    struct doc_member *m = doc_members(doc, &n);
    *marks = (struct marks){0};
    for (size_t i = 0; i < n; i++) {
        if (strcmp(m[i].key, "status") == 0)
            marks->tail = (uint32_t)out->len;
        if (i)
            buf_putc(out, ',');
        doc_write_string(out, m[i].key, strlen(m[i].key));
        buf_putc(out, ':');
        if (strcmp(m[i].key, "metadata") == 0)
            object_write_metadata(m[i].value, out, marks);
        else
            doc_write(out, m[i].value);
    }
    if (!marks->tail)
        marks->tail = (uint32_t)out->len;
    buf_putc(out, '}');
    free(m);
}

/* ---- events: stored as core/v1 has them; events.k8s.io names some members differently */

static const char *const event_names[][2] = {
    {"involvedObject", "regarding"},
    {"message", "note"},
    {"reportingComponent", "reportingController"},
    {"source", "deprecatedSource"},
    {"firstTimestamp", "deprecatedFirstTimestamp"},
    {"lastTimestamp", "deprecatedLastTimestamp"},
    {"count", "deprecatedCount"},
};

static void rename_members(json_object *doc, int from, int to)
{
    for (size_t i = 0; i < sizeof event_names / sizeof event_names[0]; i++) {
        json_object *v = doc_get(doc, event_names[i][from]);
        if (!v)
            continue;
        doc_set(doc, event_names[i][to], json_object_get(v));
        json_object_object_del(doc, event_names[i][from]);
    }
}

bool object_converts(const struct exchange *x)
{
    return x->res->alternate;
}

void object_to_stored(const struct exchange *x, json_object *doc)
{
    if (x->res->alternate)
        rename_members(doc, 1, 0);
}

static void from_stored(const struct exchange *x, json_object *doc)
{
    if (x->res->alternate)
        rename_members(doc, 0, 1);
}

/* ---- texts read */

json_object *object_parse(const struct revision *rev)
{
    struct buf b = BUF_INIT;
    buf_reserve(&b, rev->len + 1u);
    buf_putc(&b, '{');
    buf_add(&b, rev->text, rev->len);
    json_object *doc = doc_parse(b.ptr, b.len);
    buf_free(&b);
    return doc;
}

json_object *object_read(struct exchange *x, struct revision *rev)
{
    json_object *doc = object_parse(rev);
    int v = x->mpijob_version;
    if (v >= 0 && (v != x->sim->stored_as || x->sim->restored) && !x->res->sibling) {
        json_object *meta = json_object_get(doc_get(doc, "metadata"));
        json_object_object_del(doc, "metadata");
        rev->view[v] = schema_prune(x->sim->schema[v], doc, NULL) ? VIEW_PRUNED : VIEW_SAME;
        doc_set(doc, "metadata", meta);
    } else if (v < 0 && object_converts(x)) {
        from_stored(x, doc);
    }
    return doc;
}

/* What the schema of the stored version lacks is lost here without a word, as on a real server. */
void object_write(struct exchange *x, json_object *doc, struct buf *out, struct marks *marks)
{
    int stored = x->sim->stored_as;
    if (x->mpijob_version >= 0 && x->mpijob_version != stored) {
        json_object *meta = json_object_get(doc_get(doc, "metadata"));
        json_object_object_del(doc, "metadata");
        schema_prune(x->sim->schema[stored], doc, NULL);
        doc_set(doc, "metadata", meta);
    }
    object_write_doc(doc, out, marks);
}

void object_renumber(const struct revision *rev, uint64_t version, struct buf *out, struct marks *marks)
{
    json_object *doc = object_parse(rev);
    char *number = sim_format("%llu", (unsigned long long)version);
    doc_set_str(doc_get(doc, "metadata"), "resourceVersion", number);
    object_write_doc(doc, out, marks);
    json_object_put(doc);
    free(number);
}

/* The last revision has the last state of the object, under the version of the removal. */
void object_remove(struct sim *sim, struct revision *rev)
{
    struct buf text = BUF_INIT;
    struct marks marks;
    char ns[64];
    struct entry *e = rev->entry;
    object_renumber(rev, store_next(&sim->store), &text, &marks);
    entry_namespace(e, ns);
    store_commit(&sim->store, e->kind, ns, entry_name(e), EVENT_DELETED, &text, &marks);
    buf_free(&text);
    if (*ns)
        namespace_removed(sim, ns);
}
