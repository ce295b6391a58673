/* SPDX-License-Identifier: Apache-2.0 */
/* Finding things in a parsed document. */
#include <string.h>

#include "json/bytes.h"
#include "json/scan.h"

static const struct json absent;

enum json_type json_type(struct json v)
{
    if (v.text.len == 0)
        return JSON_ABSENT;
    switch (v.text.ptr[0]) {
    case '{':
        return JSON_OBJECT;
    case '[':
        return JSON_ARRAY;
    case '"':
        return JSON_STRING;
    case 't':
    case 'f':
        return JSON_BOOL;
    case 'n':
        return JSON_NULL;
    default:
        return JSON_NUMBER;
    }
}

const char *json_type_name(enum json_type type)
{
    static const char *const names[] = {
        [JSON_ABSENT] = "nothing",  [JSON_NULL] = "null",      [JSON_BOOL] = "a boolean",   [JSON_NUMBER] = "a number",
        [JSON_STRING] = "a string", [JSON_ARRAY] = "an array", [JSON_OBJECT] = "an object",
    };
    return names[type];
}

struct json_iter json_iter(struct json v)
{
    enum json_type type = json_type(v);
    if (type != JSON_OBJECT && type != JSON_ARRAY)
        return (struct json_iter){0};
    return (struct json_iter){.at = v.text.ptr + 1, .end = v.text.ptr + v.text.len - 1, .object = type == JSON_OBJECT};
}

bool json_next(struct json_iter *it)
{
    const char *p = skip_space(it->at, it->end);
    if (p == it->end) {
        it->at = p;
        return false;
    }
    if (*p == ',')
        p = skip_space(p + 1, it->end);
    if (it->object) {
        const char *key = p;
        p = json_skip(p, it->end);
        it->key.text = str_n(key, (size_t)(p - key));
        p = skip_space(p, it->end);
        p = skip_space(p + 1, it->end);
    }
    it->at = json_skip(p, it->end);
    it->value.text = str_n(p, (size_t)(it->at - p));
    return true;
}

static struct json member(struct json v, struct json_bytes key)
{
    struct json found = absent;
    if (json_type(v) != JSON_OBJECT)
        return absent;
    for (struct json_iter it = json_iter(v); json_next(&it);)
        if (json_bytes_equal(json_bytes_of(it.key), key))
            found = it.value;
    return found;
}

struct json json_member(struct json v, struct str key)
{
    return member(v, (struct json_bytes){key, JSON_CODED_PLAIN});
}

struct json json_get(struct json v, const char *key)
{
    return json_member(v, str_of(key));
}

/* An array index as a pointer writes it: no sign, no leading zeros. */
static bool read_index(struct str token, size_t *index)
{
    if (token.len == 0 || token.len > 18 || (token.len > 1 && token.ptr[0] == '0'))
        return false;
    *index = 0;
    for (size_t i = 0; i < token.len; i++) {
        if (!is_digit(token.ptr[i]))
            return false;
        *index = *index * 10 + (size_t)(token.ptr[i] - '0');
    }
    return true;
}

static struct json element(struct json v, struct str token)
{
    size_t index;
    if (!read_index(token, &index))
        return absent;
    for (struct json_iter it = json_iter(v); json_next(&it);)
        if (index-- == 0)
            return it.value;
    return absent;
}

static bool token_valid(struct str token)
{
    for (size_t i = 0; i < token.len; i++)
        if (token.ptr[i] == '~' && (i + 1 == token.len || (token.ptr[i + 1] != '0' && token.ptr[i + 1] != '1')))
            return false;
    return true;
}

struct json json_at(struct json v, const char *pointer)
{
    while (*pointer && json_exists(v)) {
        if (*pointer != '/')
            return absent;
        struct str token = str_n(pointer + 1, strcspn(pointer + 1, "/"));
        if (!token_valid(token))
            return absent;
        enum json_type type = json_type(v);
        v = type == JSON_ARRAY ? element(v, token) : member(v, (struct json_bytes){token, JSON_CODED_TOKEN});
        pointer = token.ptr + token.len;
    }
    return v;
}

size_t json_count(struct json v)
{
    size_t n = 0;
    for (struct json_iter it = json_iter(v); json_next(&it);)
        n++;
    return n;
}

bool json_is_true(struct json v)
{
    return v.text.len != 0 && v.text.ptr[0] == 't';
}
