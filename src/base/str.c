/* SPDX-License-Identifier: Apache-2.0 */
/* Comparing, globs, the nearest of several names, and wiping. */
#include "base/str.h"

#include <ctype.h>
#include <stdlib.h>

bool str_starts(struct str s, const char *prefix)
{
    size_t n = strlen(prefix);
    return s.len >= n && memcmp(s.ptr, prefix, n) == 0;
}

bool str_ends(struct str s, const char *suffix)
{
    size_t n = strlen(suffix);
    return s.len >= n && memcmp(s.ptr + s.len - n, suffix, n) == 0;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct str str_trim(struct str s)
{
    while (s.len && is_space(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    while (s.len && is_space(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

int str_compare(struct str a, struct str b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int order = n ? memcmp(a.ptr, b.ptr, n) : 0;
    if (order)
        return order;
    return a.len < b.len ? -1 : a.len > b.len;
}

char *str_dup(struct str s)
{
    char *copy = malloc(s.len + 1);
    if (!copy)
        return NULL;
    if (s.len)
        memcpy(copy, s.ptr, s.len);
    copy[s.len] = '\0';
    return copy;
}

bool str_glob(const char *pattern, struct str text)
{
    /* Linear in practice: only the newest star is ever gone back to. */
    const char *star = NULL;
    size_t at = 0, star_at = 0;
    while (at < text.len) {
        if (*pattern == '*') {
            star = pattern++;
            star_at = at;
        } else if (*pattern == '?' || (*pattern && *pattern == text.ptr[at])) {
            pattern++;
            at++;
        } else if (star) {
            pattern = star + 1;
            at = ++star_at;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

/* Optimal string alignment distance, ignoring case; texts longer than the table are never near. */
#define NEAR_MAX 64

static size_t distance(const char *a, const char *b)
{
    size_t la = strlen(a), lb = strlen(b);
    if (la >= NEAR_MAX || lb >= NEAR_MAX)
        return NEAR_MAX;
    size_t row[3][NEAR_MAX + 1];
    size_t *before = row[0], *last = row[1], *now = row[2];
    for (size_t j = 0; j <= lb; j++)
        last[j] = j;
    for (size_t i = 1; i <= la; i++) {
        now[0] = i;
        for (size_t j = 1; j <= lb; j++) {
            int ca = tolower((unsigned char)a[i - 1]), cb = tolower((unsigned char)b[j - 1]);
            size_t best = last[j - 1] + (ca != cb);
            best = last[j] + 1 < best ? last[j] + 1 : best;
            best = now[j - 1] + 1 < best ? now[j - 1] + 1 : best;
            if (i > 1 && j > 1 && ca == tolower((unsigned char)b[j - 2]) && cb == tolower((unsigned char)a[i - 2]) &&
                before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            now[j] = best;
        }
        size_t *spare = before;
        before = last;
        last = now;
        now = spare;
    }
    return last[lb];
}

const char *str_nearest(const char *misspelt, const char *const *names)
{
    const char *nearest = NULL;
    size_t least = NEAR_MAX;
    size_t third = strlen(misspelt) / 3;
    size_t most = third > 2 ? third : 2;
    for (; *names; names++) {
        size_t d = distance(misspelt, *names);
        if (d < least && d <= most && d < strlen(*names)) {
            least = d;
            nearest = *names;
        }
    }
    return nearest;
}

void secret_wipe(void *memory, size_t size)
{
    if (memory)
        explicit_bzero(memory, size);
}
