/* SPDX-License-Identifier: Apache-2.0 */
/* A change taken back, as far as nobody else has changed the same places since. */
#include "mpijob/change/change_item.h"
#include "json/edit.h"

static bool is_value(struct json now, const char *raw)
{
    return raw ? json_exists(now) && json_equal(now, (struct json){str_of(raw)}) : !json_exists(now);
}

/* An object with nothing in it but what definitions fill in where the object is there (suspend: false), or with such
 * objects alone. */
static bool is_hollow(struct json value)
{
    if (json_type(value) != JSON_OBJECT)
        return false;
    for (struct json_iter it = json_iter(value); json_next(&it);) {
        bool filled_in = json_string_is(it.key, str_of("suspend")) && str_is(it.value.text, "false");
        if (!filled_in && !is_hollow(it.value))
            return false;
    }
    return true;
}

static int reverse_values(const struct mpijob_diff *diff, struct json object, struct buf *out, struct mpijob_diff *left,
                          struct error *err)
{
    struct json_edits edits = {0};
    int rc = 0;
    for (size_t i = 0; i < diff->count && !rc; i++) {
        const struct mpijob_difference *d = &diff->items[i];
        struct json now = mpijob_value_at(object, d->pointer);
        if (is_value(now, d->before))
            continue;
        if (!is_value(now, d->after))
            rc = diff_add(left, d->pointer, d->field, (struct json){d->after ? str_of(d->after) : str_n(NULL, 0)},
                          now.text, err);
        else if (d->before)
            json_edit_set(&edits, d->pointer, str_of(d->before));
        else
            json_edit_remove(&edits, d->pointer);
    }
    if (!rc)
        rc = json_edit_apply(&edits, object, out, err);
    json_edits_free(&edits);
    return rc;
}

int mpijob_diff_reverse(const struct mpijob_diff *diff, struct json object, struct buf *out, struct mpijob_diff *left,
                        struct error *err)
{
    struct buf values = BUF_INIT;
    struct json_edits edits = {0};
    int rc = reverse_values(diff, object, &values, left, err);
    struct json reversed = {buf_str(&values)};
    for (size_t i = 0; i < diff->count && !rc; i++) {
        const char *made = diff->items[i].made;
        if (made && is_hollow(mpijob_value_at(reversed, made)))
            json_edit_remove(&edits, made);
    }
    if (!rc)
        rc = json_edit_apply(&edits, reversed, out, err);
    json_edits_free(&edits);
    buf_free(&values);
    return rc;
}
