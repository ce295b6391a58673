/* SPDX-License-Identifier: Apache-2.0 */
/* kubectl's label selector language, whole: key=value, ==, !=, in (a,b), notin (a,b), key, !key, and key>1, key<1 for
 * integers; joined by commas, which mean "and". Errors show the text and where it went wrong. */
#ifndef MPIJOBD_MPIJOB_MATCH_SELECTOR_H
#define MPIJOBD_MPIJOB_MATCH_SELECTOR_H

#include "json/value.h"

enum selector_operator { SELECT_IN, SELECT_NOT_IN, SELECT_EXISTS, SELECT_ABSENT, SELECT_GREATER, SELECT_LESS };

struct selector_requirement;
struct selector {
    struct selector_requirement *items;
    size_t count, cap;
};

/* Adds the requirements of `text` to *s; an empty text adds none. After an error *s is as it was. ERR_SYNTAX;
 * ERR_INVALID: no label's key or value; ERR_LIMIT: too many requirements or values; ERR_NOMEM. */
int selector_parse(struct selector *s, const char *text, struct error *err);
/* Adds key = value. ERR_INVALID, ERR_LIMIT, ERR_NOMEM. */
int selector_equal(struct selector *s, struct str key, struct str value, struct error *err);
/* labels: an object, or absent. != and notin hold where the key is absent, as at the API server. */
bool selector_match(const struct selector *s, struct json labels);
/* The text for a labelSelector parameter, appended. */
void selector_write(const struct selector *s, struct buf *out);
/* A label that all that match must have: with any of the values, or whatever its value where count is 0. The first at
 * or after requirement *i, which moves past it; false: there are no more. */
struct mpijob_want {
    const char *key;
    const char *const *values;
    size_t count;
};
bool selector_wants(const struct selector *s, size_t *i, struct mpijob_want *want);
size_t selector_bytes(const struct selector *s); /* of memory, about */
/* Requirement i alone: a view, not to be freed. */
struct selector selector_at(const struct selector *s, size_t i);
const char *selector_key(const struct selector *s); /* of its first requirement */
/* Of a first requirement that a label must not meet (!key, !=, notin): what keeps a job out by it, appended: "its label
 * keep is set", "its label keep becomes true". Of another: nothing. */
void selector_unless(const struct selector *s, struct buf *out);
void selector_free(struct selector *s);

#endif
