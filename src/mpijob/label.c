/* SPDX-License-Identifier: Apache-2.0 */
/* The syntax of label and annotation keys and of label values, as the API server checks it. */
#include "mpijob/field.h"
#include "mpijob/shown.h"

static bool alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* [A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])? */
static bool is_name(struct str s)
{
    if (!s.len || !alphanumeric(s.ptr[0]) || !alphanumeric(s.ptr[s.len - 1]))
        return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (!alphanumeric(c) && c != '-' && c != '_' && c != '.')
            return false;
    }
    return true;
}

/* A DNS subdomain: lower-case labels of letters, digits and '-', joined by dots. upper: capitals are let through. */
static bool is_domain(struct str s, bool upper)
{
    if (!s.len || s.len > 253)
        return false;
    char previous = '.';
    for (size_t i = 0; i <= s.len; i++) {
        char c = i < s.len ? s.ptr[i] : '.';
        bool edge = previous == '.' || previous == '-';
        if (c == '.' ? edge : c == '-' ? previous == '.' : !alphanumeric(c) || (!upper && c >= 'A' && c <= 'Z'))
            return false;
        previous = c;
    }
    return true;
}

static int check_key(const char *what, struct str key, bool upper, struct error *err)
{
    const char *slash = key.len ? memchr(key.ptr, '/', key.len) : NULL;
    struct str name = key;
    if (slash) {
        struct str prefix = str_n(key.ptr, (size_t)(slash - key.ptr));
        name = str_n(slash + 1, key.len - prefix.len - 1);
        if (!is_domain(prefix, upper))
            return error_set(
                err, ERR_INVALID,
                "%s key \"%.*s\": what stands before '/' must be a domain name (lower-case letters, digits, "
                "'-' and '.', at most 253 characters), such as ops.example.com",
                what, shown(key, 80), key.ptr);
    }
    if (!name.len)
        return error_set(err, ERR_INVALID, "%s key \"%.*s\": the name is empty", what, shown(key, 80), key.ptr);
    if (name.len > 63)
        return error_set(err, ERR_INVALID, "%s key \"%.*s\": the name has %zu characters, at most 63 are allowed", what,
                         shown(key, 80), key.ptr, name.len);
    if (!is_name(name))
        return error_set(err, ERR_INVALID,
                         "%s key \"%.*s\": a name consists of letters, digits, '-', '_' and '.', and begins and ends "
                         "with a letter or digit",
                         what, shown(key, 80), key.ptr);
    return 0;
}

int mpijob_label_check(struct str key, struct str value, struct error *err)
{
    int rc = check_key("label", key, false, err);
    if (rc)
        return rc;
    if (value.len > 63)
        return error_set(err, ERR_INVALID,
                         "label %.*s: its value has %zu characters, at most 63 are allowed; an annotation holds more",
                         shown(key, 80), key.ptr, value.len);
    if (value.len && !is_name(value))
        return error_set(
            err, ERR_INVALID,
            "label %.*s: the value \"%.*s\" must consist of letters, digits, '-', '_' and '.', and begin and end "
            "with a letter or digit; an annotation takes any text",
            shown(key, 80), key.ptr, shown(value, 80), value.ptr);
    return 0;
}

int mpijob_annotation_check(struct str key, struct error *err)
{
    return check_key("annotation", key, true, err);
}
