/* SPDX-License-Identifier: Apache-2.0 */
/* Names in order, and globs as sets of places: the place that a glob has been read up to moves on with each byte of the
 * name, and a glob is at several places at once where a * leaves that open. A place is a bit. */
#include "mpijob/match/match_names.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mpijob/shown.h"

enum { BYTES = 38, OTHER = BYTES, STAYS, ROWS }; /* rows of bits: the bytes of names, any other byte, * */
#define WORDS (NAMES_LENGTH / 64 + 1)

struct glob {
    size_t places; /* bytes and ? of the glob; the last bit means: all were read */
    uint64_t bits[ROWS]
                 [WORDS]; /* the places that such a byte may move on from; STAYS: those in front of which a * is */
};

static unsigned row_of(char c)
{
    if (c >= 'a' && c <= 'z')
        return (unsigned)(c - 'a');
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0' + 26);
    return c == '-' ? 36 : c == '.' ? 37 : OTHER;
}

static void mark(uint64_t *bits, size_t place)
{
    bits[place / 64] |= UINT64_C(1) << (place % 64);
}

static struct glob *glob_new(const char *text)
{
    struct glob *g = calloc(1, sizeof *g);
    for (const char *p = text; g && *p; p++) {
        if (*p == '*') {
            mark(g->bits[STAYS], g->places);
            continue;
        }
        for (unsigned row = 0; row < STAYS; row++)
            if (*p == '?' || row == row_of(*p))
                mark(g->bits[row], g->places);
        g->places++;
    }
    return g;
}

static bool glob_fits(const struct glob *g, struct str text)
{
    uint64_t at[WORDS] = {1};
    size_t words = g->places / 64 + 1;
    for (size_t i = 0; i < text.len; i++) {
        const uint64_t *moves = g->bits[row_of(text.ptr[i])], *stays = g->bits[STAYS];
        uint64_t carry = 0, any = 0;
        for (size_t w = 0; w < words; w++) {
            uint64_t moved = at[w] & moves[w];
            at[w] = (moved << 1 | carry) | (at[w] & stays[w]);
            carry = moved >> 63;
            any |= at[w];
        }
        if (!any)
            return false;
    }
    return at[g->places / 64] >> (g->places % 64) & 1;
}

/* Where `text` stands in the order, or would. */
static size_t search(const struct match_names *n, struct str text, bool *found)
{
    size_t low = 0, high = n->sorted_count;
    *found = false;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = str_compare(str_of(n->sorted[middle]), text);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool match_names_fit(const struct match_names *n, struct str text)
{
    bool found = n->count == 0;
    if (!found)
        search(n, text, &found);
    for (size_t i = 0; i < n->glob_count && !found; i++)
        found = glob_fits(n->globs[i], text);
    return found;
}

/* ---- adding ---- */

/* Names and namespaces are lower case by Kubernetes' rules: a glob with anything else could never match. */
static int check(const char *what, const char *text, struct error *err)
{
    size_t len = strlen(text);
    if (!len)
        return error_set(err, ERR_INVALID, "match: an empty %s matches nothing; leave it out, or write \"*\"", what);
    if (len > NAMES_LENGTH)
        return error_set(err, ERR_INVALID, "match: %s \"%.*s...\" has %zu bytes; names have at most %d", what,
                         shown(str_of(text), 40), text, len, NAMES_LENGTH);
    for (const char *p = text; *p; p++) {
        if (!((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || strchr("-.*?", *p)))
            return error_set(
                err, ERR_INVALID,
                "match: %s \"%.*s\" can never match: names consist of lower-case letters, digits, '-' and '.' "
                "(and * or ? here)",
                what, shown(str_of(text), 80), text);
    }
    return 0;
}

static bool given_already(const struct match_names *n, const char *text, bool glob, size_t *at)
{
    bool found = false;
    *at = 0;
    if (!glob)
        *at = search(n, str_of(text), &found);
    for (size_t i = 0; glob && i < n->count && !found; i++)
        found = strpbrk(n->items[i], "*?") && strcmp(n->items[i], text) == 0;
    return found;
}

/* Room for one more in both lists. */
static int grow(struct match_names *n, struct error *err)
{
    char **items = realloc(n->items, (n->count + 2) * sizeof *items);
    if (!items)
        return error_nomem(err);
    n->items = items;
    n->items[n->count] = NULL;
    char **sorted = realloc(n->sorted, (n->sorted_count + 1) * sizeof *sorted);
    if (!sorted)
        return error_nomem(err);
    n->sorted = sorted;
    return 0;
}

int match_names_add(struct match_names *n, const char *what, const char *text, struct error *err)
{
    size_t at;
    bool is_glob = strpbrk(text, "*?");
    int rc = check(what, text, err);
    if (rc || given_already(n, text, is_glob, &at))
        return rc;
    if (is_glob && n->glob_count == NAMES_GLOBS)
        return error_set(err, ERR_LIMIT, "match: more than %d %ss with * or ? in them; use labels, or `where`",
                         NAMES_GLOBS, what);
    rc = grow(n, err);
    char *copy = rc ? NULL : str_dup(str_of(text));
    struct glob *glob = copy && is_glob ? glob_new(text) : NULL;
    if (!copy || (is_glob && !glob)) {
        free(copy);
        return error_nomem(err);
    }
    n->bytes += strlen(text) + 4 * sizeof *n->items + (is_glob ? sizeof *glob : 0);
    n->items[n->count++] = copy;
    n->items[n->count] = NULL;
    if (is_glob) {
        n->globs[n->glob_count++] = glob;
        return 0;
    }
    memmove(n->sorted + at + 1, n->sorted + at, (n->sorted_count - at) * sizeof *n->sorted);
    n->sorted[at] = copy;
    n->sorted_count++;
    return 0;
}

void match_names_free(struct match_names *n)
{
    for (size_t i = 0; i < n->count; i++)
        free(n->items[i]);
    for (size_t i = 0; i < n->glob_count; i++)
        free(n->globs[i]);
    free(n->items);
    free(n->sorted);
}
