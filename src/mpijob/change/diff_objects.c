/* Two whole objects, leaf by leaf. */
#include "mpijob/change/change_item.h"

/* The server's own: every write changes them, or none can. */
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

/* Members are looked up one by one: objects with very many are compared as a whole, lest it takes long. */
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
        int rc = members(c, before, before, after, false);
        return rc ? rc : members(c, after, before, after, true);
    }
    if (json_exists(before) == json_exists(after) && (!json_exists(before) || json_equal(before, after)))
        return 0;
    const char *pointer = c->pointer.ptr ? c->pointer.ptr : "";
    return diff_add(c->diff, pointer, diff_field_of(str_of(pointer)), before, after.text, c->err);
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
