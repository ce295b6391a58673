/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the line of a key in the text of a policy file. */
#include "policy/definition_line.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Does the line have `key` as a word, followed by "=" (not "=="), outside a comment? */
static bool assigns(const char *line, size_t len, const char *key, size_t key_len)
{
    for (size_t i = 0; i + key_len <= len; i++) {
        if (line[i] == '-' && i + 1 < len && line[i + 1] == '-')
            return false;
        if (memcmp(line + i, key, key_len) != 0 || (i && is_word(line[i - 1])))
            continue;
        size_t j = i + key_len;
        if (j + 2 <= len && line[j] == '"' && line[j + 1] == ']') /* ["a-b"] = */
            j += 2;
        while (j < len && isspace((unsigned char)line[j]))
            j++;
        if (j < len && line[j] == '=' && (j + 1 >= len || line[j + 1] != '='))
            return true;
    }
    return false;
}

static bool starts_policy(const char *line, size_t len)
{
    return len > 6 && memcmp(line, "policy", 6) == 0 && !is_word(line[6]);
}

int definition_line(const char *text, size_t len, int from, const char *key)
{
    const char *last = key ? strrchr(key, '.') : NULL;
    if (last)
        key = last + 1;
    if (!text || !key || !*key)
        return from;
    size_t at = 0;
    for (int line = 1; at < len; line++) {
        const char *end = memchr(text + at, '\n', len - at);
        size_t n = end ? (size_t)(end - (text + at)) : len - at;
        if (line > from && starts_policy(text + at, n))
            break;
        if (line >= from && assigns(text + at, n, key, strlen(key)))
            return line;
        at += n + 1;
    }
    return from;
}
