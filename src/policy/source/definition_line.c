/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the place of a key in the text of a policy file. */
#include "policy/source/definition_line.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

struct text {
    const char *ptr;
    size_t len;
};

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Is there, at this place, `key` as a word, followed by "=" (not "==")? */
static bool assigns(struct text t, size_t at, const char *key, size_t key_len)
{
    if (at + key_len > t.len || memcmp(t.ptr + at, key, key_len) != 0 || (at && is_word(t.ptr[at - 1])))
        return false;
    size_t j = at + key_len;
    if (j + 2 <= t.len && (t.ptr[j] == '"' || t.ptr[j] == '\'') && t.ptr[j + 1] == ']') /* ["a-b"] = */
        j += 2;
    while (j < t.len && isspace((unsigned char)t.ptr[j]))
        j++;
    return j < t.len && t.ptr[j] == '=' && (j + 1 >= t.len || t.ptr[j + 1] != '=');
}

static bool starts_policy(struct text t, size_t at)
{
    return at && t.ptr[at - 1] == '\n' && t.len - at > 6 && memcmp(t.ptr + at, "policy", 6) == 0 &&
           !is_word(t.ptr[at + 6]);
}

/* The first place from `from` on, outside comments, before the next policy; len: no such place. */
static size_t find(struct text t, size_t from, const char *key)
{
    size_t key_len = strlen(key);
    for (size_t at = from; key_len && at < t.len; at++) {
        if (at > from && starts_policy(t, at))
            break;
        if (t.ptr[at] == '-' && at + 1 < t.len && t.ptr[at + 1] == '-') {
            const char *end = memchr(t.ptr + at, '\n', t.len - at);
            if (!end)
                break;
            at = (size_t)(end - t.ptr) - 1; /* the loop goes on at the line's end */
            continue;
        }
        if (assigns(t, at, key, key_len))
            return at;
    }
    return t.len;
}

static size_t start_of(struct text t, int line)
{
    size_t at = 0;
    for (int n = 1; n < line && at < t.len; n++) {
        const char *end = memchr(t.ptr + at, '\n', t.len - at);
        at = end ? (size_t)(end - t.ptr) + 1 : t.len;
    }
    return at;
}

struct definition_place definition_place(const char *text, size_t len, int from, const char *key, const char *member)
{
    struct text t = {text, text ? len : 0};
    struct definition_place place = {.line = from};
    char part[160];
    size_t start = start_of(t, from), at = start;
    for (const char *p = key; p && *p;) {
        size_t n = strcspn(p, ".");
        if (n < sizeof part) {
            memcpy(part, p, n);
            part[n] = '\0';
            size_t there = find(t, at, part);
            at = there < t.len ? there : at;
        }
        p += n + (p[n] == '.');
    }
    if (member) {
        size_t there = find(t, at, member);
        at = there < t.len ? there : at;
    }
    place.at = at;
    for (size_t i = start; i < at; i++)
        place.line += t.ptr[i] == '\n';
    return place;
}

int definition_line(const char *text, size_t len, int from, const char *key)
{
    return definition_place(text, len, from, key, NULL).line;
}
