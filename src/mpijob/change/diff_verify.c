/* SPDX-License-Identifier: Apache-2.0 */
/* Did the server keep what was sent? A 200 alone does not say so: definitions prune, webhooks alter. */
#include <stdio.h>

#include "mpijob/change/change_item.h"
#include "mpijob/kind.h"
#include "mpijob/shown.h"

#define CURE_TEXT 240
#define MEMBERS_MOST 1000 /* each is looked for; objects with more are compared as they are */

static struct json came_back(const struct mpijob_difference *d, struct json object)
{
    return mpijob_value_at(object, d->pointer);
}

/* Is all of an object there? Beside it a definition may have filled in what was left out. */
static bool holds(struct json now, struct json wanted)
{
    struct buf key = BUF_INIT;
    bool all = true;
    if (json_type(wanted) != JSON_OBJECT || json_type(now) != JSON_OBJECT || json_count(wanted) > MEMBERS_MOST)
        return json_equal(now, wanted);
    for (struct json_iter it = json_iter(wanted); all && json_next(&it);) {
        buf_reset(&key);
        struct json there = json_decode(it.key, &key) ? json_member(now, buf_str(&key)) : (struct json){0};
        all = json_exists(there) && holds(there, it.value);
    }
    buf_free(&key);
    return all;
}

static bool kept(const struct mpijob_difference *d, struct json object)
{
    struct json now = came_back(d, object);
    struct json wanted = {str_of(d->after)};
    /* The definitions fill in suspend: false, so a removal of it may come back as that. */
    if (diff_field_of(str_of(d->pointer)) == FIELD_SUSPEND && !json_is_true(wanted) && !json_is_true(now))
        return true;
    return d->after ? json_exists(now) && holds(now, wanted) : !json_exists(now);
}

bool mpijob_diff_done(const struct mpijob_diff *diff, struct json object)
{
    for (size_t i = 0; i < diff->count; i++) {
        if (!kept(&diff->items[i], object))
            return false;
    }
    return true;
}

bool mpijob_diff_not_done(const struct mpijob_diff *diff, struct json object)
{
    for (size_t i = 0; i < diff->count; i++) {
        const struct mpijob_difference *d = &diff->items[i];
        struct json now = came_back(d, object);
        if (d->before ? !json_exists(now) || !json_equal(now, (struct json){str_of(d->before)}) : json_exists(now))
            return false;
    }
    return true;
}

bool mpijob_diff_half_done(const struct mpijob_diff *diff, const char *pointer, struct json object)
{
    bool half = false;
    for (size_t i = 0; i < diff->count; i++) {
        struct mpijob_difference *d = &diff->items[i];
        struct mpijob_diff alone = {.items = d, .count = 1};
        bool here = d->before && d->after && strcmp(d->pointer, pointer) == 0;
        if (here ? json_exists(came_back(d, object)) : !mpijob_diff_not_done(&alone, object))
            return false;
        half = half || here;
    }
    return half;
}

/* Longer values are cut in the message. */
#define SHOWN 80

static void quote(struct buf *out, struct str raw)
{
    if (raw.len > SHOWN)
        buf_printf(out, "%.*s...", shown(raw, SHOWN), raw.ptr);
    else
        buf_add_str(out, raw);
}

static void describe(const struct mpijob_diff *diff, const struct mpijob_difference *d, struct json answer,
                     struct buf *out)
{
    struct json now = came_back(d, answer);
    diff_path(d->pointer, out);
    if (diff->secret)
        return; /* and not what stands there */
    buf_puts(out, " (");
    if (d->after) {
        quote(out, str_of(d->after));
        buf_puts(out, " was sent, ");
    } else {
        buf_puts(out, "its removal was sent, ");
    }
    if (json_exists(now))
        quote(out, now.text);
    else
        buf_puts(out, "nothing");
    buf_puts(out, " came back)");
}

/* What may have thrown the field away, and what helps. */
static const char *cure(const struct mpijob_difference *d, struct mpijob_target target, char out[CURE_TEXT])
{
    const struct mpijob_definition *definition = mpijob_dialect(target)->definition;
    if (d->field == FIELD_COUNT)
        return "an admission webhook of the cluster takes it away; ask those who run it";
    if (definition->keeps_unknown)
        return "the definition it stores (another version) has no such field; write through the version that is "
               "stored, "
               "e.g. --api-version v2beta1";
    if (d->field < FIELD_COUNT && definition->since[d->field]) {
        snprintf(out, CURE_TEXT, "%s's definition has this field from %s on; update the definition and the controller",
                 definition->program, definition->since[d->field]);
        return out;
    }
    snprintf(out, CURE_TEXT,
             "the definition it stores has no such field: compare the definition's version with the controller's "
             "(kubectl get crd %s -o yaml)",
             mpijob_kind_info(target.kind)->definition);
    return out;
}

int mpijob_diff_verify(const struct mpijob_diff *diff, struct json answer, struct mpijob_target target,
                       struct error *err)
{
    const struct mpijob_difference *dropped = NULL, *altered = NULL;
    char text[CURE_TEXT];
    struct buf lost = BUF_INIT, changed = BUF_INIT, stored = BUF_INIT;
    for (size_t i = 0; i < diff->count; i++) {
        const struct mpijob_difference *d = &diff->items[i];
        if (kept(d, answer)) {
            buf_puts(&stored, stored.len ? ", " : ". The rest was stored: ");
            diff_path(d->pointer, &stored);
            continue;
        }
        bool gone = d->after && !json_exists(came_back(d, answer));
        struct buf *list = gone ? &lost : &changed;
        if (list->len)
            buf_puts(list, ", ");
        describe(diff, d, answer, list);
        if (gone && (!dropped || dropped->field == FIELD_COUNT))
            dropped = d;
        if (!gone && !altered)
            altered = d;
    }
    int rc = 0;
    const char *other = "a default of the definition or an admission webhook decides it; ask those who run the cluster";
    const char *rest = stored.ptr ? stored.ptr : "";
    if (lost.failed || changed.failed || stored.failed)
        rc = error_nomem(err);
    else if (dropped && altered)
        rc = error_set(err, ERR_DROPPED, "the server answered 200, dropped %s and altered %s: %s%s", lost.ptr,
                       changed.ptr, cure(dropped, target, text), rest);
    else if (dropped)
        rc = error_set(err, ERR_DROPPED, "the server answered 200 and dropped %s: %s%s", lost.ptr,
                       cure(dropped, target, text), rest);
    else if (altered)
        rc = error_set(err, ERR_DROPPED, "the server answered 200 and altered %s: %s%s", changed.ptr, other, rest);
    buf_free(&lost);
    buf_free(&changed);
    buf_free(&stored);
    return rc;
}
