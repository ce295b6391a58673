/* SPDX-License-Identifier: Apache-2.0 */
/* Of a Secret the journal has the labels alone, and they alone are sent: so a plan that waits holds no value of it, nor
 * does its text. */
#include "undo/undo.h"

/* Those of `from` that `other` does not have so; drop: those that `other` does not have at all, which are to go. */
static void write_labels(struct json from, struct json other, bool drop, struct json_writer *w, struct buf *key)
{
    for (struct json_iter it = json_iter(from); json_next(&it);) {
        buf_reset(key);
        json_decode(it.key, key);
        struct json there = json_member(other, buf_str(key));
        if (drop ? json_exists(there) : json_exists(there) && json_equal(there, it.value))
            continue;
        json_write_key_str(w, buf_str(key));
        if (drop)
            json_write_null(w);
        else
            json_write_raw(w, it.value);
    }
}

int undo_labels_patch(struct json object, struct json back, struct buf *out, struct error *err)
{
    struct json now = json_at(object, "/metadata/labels"), then = json_at(back, "/metadata/labels");
    struct buf key = BUF_INIT;
    struct json_writer w;
    json_writer_init(&w, out);
    json_write_object(&w);
    json_write_key(&w, "metadata");
    json_write_object(&w);
    json_write_key(&w, "resourceVersion");
    json_write_raw(&w, json_at(object, "/metadata/resourceVersion"));
    json_write_key(&w, "labels");
    json_write_object(&w);
    write_labels(then, now, false, &w, &key);
    write_labels(now, then, true, &w, &key);
    json_write_end(&w);
    json_write_end(&w);
    json_write_end(&w);
    bool failed = key.failed;
    buf_free(&key);
    return failed ? error_nomem(err) : buf_result(out, "the patch", err);
}
