/* SPDX-License-Identifier: Apache-2.0 */
/* What became of one object, for programs. */
#include "undo/undo.h"
#include "json/member.h"

static void diff_json(struct json_writer *w, const char *key, const struct mpijob_diff *diff)
{
    struct buf out = BUF_INIT;
    struct json root;
    mpijob_diff_json(diff, &out);
    json_write_key(w, key);
    if (out.len && json_parse(buf_str(&out), "", &root, NULL) == 0)
        json_write_raw(w, root);
    else
        json_write_null(w);
    buf_free(&out);
}

static const char *outcome(const struct undo_object *o, const struct change_result *result, const struct error *err)
{
    if (err)
        return "failed";
    if (result)
        return result->changed ? "back" : "unchanged";
    return o->whole_left || o->left.count ? "left" : "unchanged";
}

void undo_json(const struct undo_object *o, const struct change_result *result, const struct error *err,
               struct json_writer *w)
{
    char key[UNDO_KEY];
    json_write_object(w);
    json_member_text(w, "object", undo_key(o, key));
    json_member_text(w, "outcome", outcome(o, result, err));
    if (result && !err) {
        json_member_text(w, "effect", mpijob_effect_name(result->effect));
        json_member_text(w, "why", result->why);
        diff_json(w, "diff", result->diff);
    }
    if (err) {
        json_member_text(w, "reason", err->reason);
        json_member_text(w, "error", err->message);
    }
    if (o->whole_left)
        json_member_text(w, "left_because", o->whole_left);
    diff_json(w, "left", &o->left);
    json_write_key(w, "does_not_come_back");
    json_write_array(w);
    for (size_t i = 0; i < o->row_count; i++) {
        if (undo_past(&o->rows[i]))
            json_write_string(w, o->rows[i].why);
    }
    json_write_end(w);
    json_write_end(w);
}
