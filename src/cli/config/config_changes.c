/* SPDX-License-Identifier: Apache-2.0 */
/* Compares two texts of the configuration key by key. */
#include "cli/config/config_changes.h"

#include <stdio.h>

#include "yaml/convert.h"
#include "json/value.h"

#define KEYS_MAX 20 /* that are named; of more only the number is told */
#define PREFIX_MAX 200

struct comparing {
    struct buf *out;
    size_t count;
};

static void differs(struct comparing *c, const char *key)
{
    if (c->count++ < KEYS_MAX)
        buf_printf(c->out, "%s%s", c->count > 1 ? ", " : "", key);
}

static void compare(struct comparing *c, const char *prefix, struct json was, struct json is);

static void compare_member(struct comparing *c, const char *prefix, struct json key, struct json was, struct json is)
{
    char name[PREFIX_MAX];
    struct buf text = BUF_INIT;
    json_decode(key, &text);
    snprintf(name, sizeof name, "%s%s%.*s", prefix, *prefix ? "." : "", (int)text.len, text.len ? text.ptr : "");
    buf_free(&text);
    compare(c, name, was, is);
}

/* The member of that key, which may be written in another way. */
static struct json member(struct json map, struct json key)
{
    for (struct json_iter it = json_iter(map); json_next(&it);) {
        if (json_equal(it.key, key))
            return it.value;
    }
    return (struct json){0};
}

static bool is_there(struct json value)
{
    return value.text.len != 0;
}

static void compare(struct comparing *c, const char *prefix, struct json was, struct json is)
{
    bool both = is_there(was) && is_there(is);
    if (both && json_equal(was, is))
        return;
    if (!both || json_type(was) != JSON_OBJECT || json_type(is) != JSON_OBJECT) {
        differs(c, prefix);
        return;
    }
    for (struct json_iter it = json_iter(was); json_next(&it);)
        compare_member(c, prefix, it.key, it.value, member(is, it.key));
    for (struct json_iter it = json_iter(is); json_next(&it);) {
        if (!is_there(member(was, it.key)))
            compare_member(c, prefix, it.key, (struct json){0}, it.value);
    }
}

/* An empty text says what an empty map says. */
static int read_text(struct str text, struct buf *json, struct json *root, struct error *err)
{
    struct str trimmed = str_trim(text);
    int rc = trimmed.len ? yaml_to_json(text, "the new text", json, err) : (buf_puts(json, "{}"), 0);
    return rc ? rc : json_parse(buf_str(json), "the new text", root, err);
}

void config_changes(struct str was, struct str is, struct buf *out)
{
    struct comparing c = {.out = out};
    struct buf before = BUF_INIT, after = BUF_INIT;
    struct json old, new;
    struct error err;
    struct str nothing = {"{}", 2};
    if (read_text(is, &after, &new, &err))
        buf_printf(out, "the daemon would not start: %s", err.message);
    else if (read_text(was, &before, &old, &err) == 0 || json_parse(nothing, "", &old, &err) == 0)
        compare(&c, "", json_type(old) == JSON_OBJECT ? old : (struct json){nothing}, new);
    if (c.count > KEYS_MAX)
        buf_printf(out, " and %zu more", c.count - KEYS_MAX);
    buf_free(&before);
    buf_free(&after);
}
