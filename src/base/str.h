/* SPDX-License-Identifier: Apache-2.0 */
/* A view of bytes that belong to another owner, and small helpers on C strings. Nothing here allocates unless it says
 * so. */
#ifndef MPIJOBD_BASE_STR_H
#define MPIJOBD_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct str {
    const char *ptr; /* not NUL-terminated; NULL only where len is 0 */
    size_t len;
};

static inline struct str str_of(const char *text)
{
    return (struct str){text, text ? strlen(text) : 0};
}

static inline struct str str_n(const char *ptr, size_t len)
{
    return (struct str){ptr, len};
}

static inline bool str_eq(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool str_is(struct str a, const char *text)
{
    return str_eq(a, str_of(text));
}

bool str_starts(struct str s, const char *prefix);
bool str_ends(struct str s, const char *suffix);
struct str str_trim(struct str s); /* without ASCII white space at both ends */

/* Orders by bytes, as memcmp and then by length. */
int str_compare(struct str a, struct str b);

/* A NUL-terminated copy (malloc; the caller frees), or NULL when out of memory. */
char *str_dup(struct str s);

/* Glob as in a shell's file names, over the whole text: `*` any run, `?` one byte, no brackets. */
bool str_glob(const char *pattern, struct str text);

/* The nearest of `names` (NULL-terminated) to a misspelt one, or NULL where none is near (a distance of at
 * most 2 edits, or of a third of the length for longer names; letter case counts little). */
const char *str_nearest(const char *misspelt, const char *const *names);

/* Overwrites memory that held a secret; the compiler may not leave it out. */
void secret_wipe(void *memory, size_t size);

#endif
