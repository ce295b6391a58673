/* SPDX-License-Identifier: Apache-2.0 */
/* A whole object beside the one that is there: what differs, leaf by leaf, and whether the server lets all of that be
 * replaced. */
#include "mpijob/change/change_item.h"
#include "mpijob/kind.h"
#include "mpijob/shown.h"

/* ---- what differs ---- */

/* What only the server writes: every write changes it, or no write can. */
static bool servers_own(const char *pointer)
{
    static const char *const own[] = {
        "/status",       "/metadata/resourceVersion",   "/metadata/generation", "/metadata/managedFields",
        "/metadata/uid", "/metadata/creationTimestamp", "/metadata/selfLink",   NULL};
    for (int i = 0; own[i]; i++) {
        if (strcmp(own[i], pointer) == 0)
            return true;
    }
    return false;
}

struct comparing {
    struct mpijob_diff *diff;
    struct buf pointer;
    size_t made; /* so many bytes of it name the outermost object that is not there before; 0: all are, or in metadata,
                    where the server leaves out empty ones */
    struct error *err;
};

static int compare(struct comparing *c, struct json before, struct json after);

static struct json none_for_null(struct json v)
{
    return json_type(v) == JSON_NULL ? (struct json){0} : v;
}

/* The members of `in`: those of both are compared once, from `before`. */
static int members(struct comparing *c, struct json in, struct json before, struct json after, bool new_only)
{
    size_t length = c->pointer.len;
    for (struct json_iter it = json_iter(in); json_next(&it);) {
        struct buf key = BUF_INIT;
        if (!json_decode(it.key, &key)) {
            buf_free(&key);
            return error_nomem(c->err);
        }
        struct json old = json_member(before, buf_str(&key)), new = json_member(after, buf_str(&key));
        json_pointer_push(&c->pointer, buf_str(&key));
        buf_free(&key);
        int rc = buf_result(&c->pointer, "a pointer", c->err);
        bool again = new_only && json_exists(old);
        if (!rc && !again && !servers_own(c->pointer.ptr))
            rc = compare(c, none_for_null(old), none_for_null(new));
        if (rc)
            return rc;
        c->pointer.len = length;
        c->pointer.ptr[length] = '\0';
    }
    return 0;
}

/* Members are looked up one by one: objects with very many are compared as a whole, or it would take too long. */
#define WORK_MAX ((size_t)4 << 20)

static bool too_many(struct json a, struct json b)
{
    size_t count = json_count(a) + json_count(b);
    return count && a.text.len + b.text.len > WORK_MAX / count;
}

static int compare(struct comparing *c, struct json before, struct json after)
{
    bool objects = (json_type(before) == JSON_OBJECT && json_type(after) == JSON_OBJECT) ||
                   (json_type(before) == JSON_OBJECT && !json_exists(after) && json_count(before)) ||
                   (json_type(after) == JSON_OBJECT && !json_exists(before) && json_count(after));
    objects = objects && !too_many(before, after);
    if (objects) { /* one that is missing differs by its members, so that each place is named */
        size_t made = c->made;
        if (!made && !json_exists(before) && str_starts(buf_str(&c->pointer), "/spec/"))
            c->made = c->pointer.len;
        int rc = members(c, before, before, after, false);
        if (!rc)
            rc = members(c, after, before, after, true);
        c->made = made;
        return rc;
    }
    if (json_exists(before) == json_exists(after) && (!json_exists(before) || json_equal(before, after)))
        return 0;
    const char *pointer = c->pointer.ptr ? c->pointer.ptr : "";
    int rc = diff_add(c->diff, pointer, diff_field_of(str_of(pointer)), before, after.text, c->err);
    if (rc || !c->made)
        return rc;
    char *made = str_dup(str_n(pointer, c->made));
    c->diff->items[c->diff->count - 1].made = made;
    return made ? 0 : error_nomem(c->err);
}

int mpijob_objects_diff(struct json before, struct json after, struct mpijob_diff *diff, struct error *err)
{
    struct comparing c = {.diff = diff, .err = err};
    *diff = (struct mpijob_diff){0};
    int rc = compare(&c, before, after);
    buf_free(&c.pointer);
    if (rc)
        mpijob_diff_free(diff);
    return rc;
}

/* ---- what may be replaced ---- */

/* The first member of `in` that `other` does not have, or has with another value; absent: all are alike. */
static struct json differing(struct json in, struct json other, const char *const *free_members)
{
    for (struct json_iter it = json_iter(in); json_next(&it);) {
        bool may = false;
        for (size_t i = 0; free_members[i]; i++)
            may = may || json_string_is(it.key, str_of(free_members[i]));
        struct buf key = BUF_INIT;
        bool decoded = !may && json_decode(it.key, &key);
        struct json there = decoded ? json_member(other, buf_str(&key)) : (struct json){0};
        buf_free(&key);
        if (!may && !(json_exists(there) && json_equal(it.value, there)))
            return it.key;
    }
    return (struct json){0};
}

int mpijob_whole_check(struct json before, struct json after, struct mpijob_target target, struct error *err)
{
    /* The members that the server writes itself may differ: it keeps its own. */
    static const char *const metadata[] = {
        "labels",          "annotations",  "name",          "namespace",         "uid", "generation", "selfLink",
        "resourceVersion", "generateName", "managedFields", "creationTimestamp", NULL};
    const struct mpijob_server *server = mpijob_dialect(target)->server;
    const struct {
        const char *name;
        const char *const *may;
    } parts[] = {{"metadata", metadata}, {"spec", server->only}};
    char only[CHANGE_ONLY_TEXT];
    if (!server->only)
        return 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct json old = json_get(before, parts[i].name), new = json_get(after, parts[i].name);
        struct json key = differing(new, old, parts[i].may);
        if (!json_exists(key))
            key = differing(old, new, parts[i].may);
        if (json_exists(key))
            return error_set(err, ERR_INVALID,
                             "%s does not let %s.%.*s be replaced: of %s %s it lets labels, annotations, "
                             "%s be replaced, and nothing else",
                             server->name, parts[i].name, shown(str_n(key.text.ptr + 1, key.text.len - 2), 80),
                             key.text.ptr + 1, mpijob_kind_info(target.kind)->article,
                             mpijob_kind_info(target.kind)->name, change_only(server, only));
    }
    return 0;
}
