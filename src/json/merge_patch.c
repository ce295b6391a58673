/* SPDX-License-Identifier: Apache-2.0 */
/* A JSON merge patch (RFC 7396) as edits of the document's own bytes. */
#include "json/patch.h"
#include "json/write.h"

/* Members are looked up one by one, so that the work grows with their number times the size: a bound for what is worked
 * out at once. */
#define WORK_MAX ((size_t)16 << 20)

static bool too_much(struct json members, struct json in)
{
    size_t count = json_count(members);
    return count && (in.text.len > WORK_MAX / count || members.text.len > WORK_MAX / count);
}

/* Of a key that stands twice the last counts. */
static bool counts(struct json object, struct str key, struct json value)
{
    return json_member(object, key).text.ptr == value.text.ptr;
}

/* The value without its null members, as a patch's value becomes where there is no object to merge it with. */
static void without_nulls(struct json_writer *w, struct json value)
{
    if (json_type(value) != JSON_OBJECT) {
        json_write_raw(w, value);
        return;
    }
    bool many = too_much(value, value);
    json_write_object(w);
    for (struct json_iter it = json_iter(value); json_next(&it);) {
        struct buf key = BUF_INIT;
        if (!json_decode(it.key, &key))
            w->out->failed = w->out->failed ? w->out->failed : ERR_NOMEM;
        if (json_type(it.value) != JSON_NULL && (many || counts(value, buf_str(&key), it.value))) {
            json_write_key_str(w, buf_str(&key));
            without_nulls(w, it.value);
        }
        buf_free(&key);
    }
    json_write_end(w);
}

static int set(struct json_edits *edits, const char *pointer, struct json value, struct error *err)
{
    struct buf plain = BUF_INIT;
    struct json_writer w;
    json_writer_init(&w, &plain);
    without_nulls(&w, value);
    int rc = buf_result(&plain, pointer, err);
    if (!rc)
        json_edit_set(edits, pointer, buf_str(&plain));
    buf_free(&plain);
    return rc;
}

static int merge(struct json_edits *edits, struct buf *pointer, struct json there, struct json patch, struct error *err)
{
    size_t length = pointer->len;
    if (too_much(patch, there))
        return error_set(err, ERR_LIMIT, "the patch has too many members (%zu) for an object of %zu bytes",
                         json_count(patch), there.text.len);
    for (struct json_iter it = json_iter(patch); json_next(&it);) {
        struct buf key = BUF_INIT;
        if (!json_decode(it.key, &key)) {
            buf_free(&key);
            return error_nomem(err);
        }
        if (key.len && memchr(key.ptr, '\0', key.len)) { /* no pointer can say it */
            buf_free(&key);
            return error_set(err, ERR_INVALID, "the patch has a key with a zero byte in it");
        }
        if (!counts(patch, buf_str(&key), it.value)) {
            buf_free(&key);
            continue;
        }
        json_pointer_push(pointer, buf_str(&key));
        struct json child = json_member(there, buf_str(&key));
        buf_free(&key);
        int rc = buf_result(pointer, "a pointer", err);
        if (rc)
            return rc;
        if (json_type(it.value) == JSON_NULL)
            json_edit_remove(edits, pointer->ptr);
        else if (json_type(it.value) == JSON_OBJECT && json_type(child) == JSON_OBJECT)
            rc = merge(edits, pointer, child, it.value, err);
        else
            rc = set(edits, pointer->ptr, it.value, err);
        if (rc)
            return rc;
        pointer->len = length;
        pointer->ptr[length] = '\0';
    }
    return 0;
}

int json_merge_patch(struct json document, struct json patch, struct buf *out, struct error *err)
{
    struct json_edits edits = {0};
    struct buf pointer = BUF_INIT;
    if (json_type(patch) != JSON_OBJECT || json_type(document) != JSON_OBJECT)
        return error_set(err, ERR_INVALID, "a merge patch must be an object, not %s", json_type_name(json_type(patch)));
    int rc = merge(&edits, &pointer, document, patch, err);
    if (!rc)
        rc = json_edit_apply(&edits, document, out, err);
    json_edits_free(&edits);
    buf_free(&pointer);
    return rc;
}
