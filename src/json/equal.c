/* SPDX-License-Identifier: Apache-2.0 */
/* Equality of meaning. Recursion is bounded: no parsed value is deeper than JSON_DEPTH_MAX. */
#include <stdlib.h>

#include "json/scan.h"

struct member {
    struct json key, value;
};

static int by_key_then_place(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    int order = json_bytes_compare(json_bytes_of(x->key), json_bytes_of(y->key));
    if (order)
        return order;
    return x->key.text.ptr < y->key.text.ptr ? -1 : 1;
}

/* The object's members by key, of each key only the one that counts. Returns how many. */
static size_t collect(struct json v, struct member *members)
{
    size_t n = 0, kept = 0;
    for (struct json_iter it = json_iter(v); json_next(&it);)
        members[n++] = (struct member){it.key, it.value};
    qsort(members, n, sizeof *members, by_key_then_place);
    for (size_t i = 0; i < n; i++) {
        bool last = i + 1 == n || json_bytes_compare(json_bytes_of(members[i].key), json_bytes_of(members[i + 1].key));
        if (last)
            members[kept++] = members[i];
    }
    return kept;
}

/* Without memory for an index: each member that counts is looked up in the other object. *key: the first of a that is
 * not in b. */
static bool contained(struct json a, struct json b, bool compare, struct json *key)
{
    for (struct json_iter it = json_iter(a); json_next(&it);) {
        bool counts = true;
        for (struct json_iter later = it; counts && json_next(&later);)
            counts = !json_bytes_equal(json_bytes_of(it.key), json_bytes_of(later.key));
        if (!counts)
            continue;
        struct json other = {{NULL, 0}};
        for (struct json_iter in = json_iter(b); json_next(&in);)
            if (json_bytes_equal(json_bytes_of(it.key), json_bytes_of(in.key)))
                other = in.value;
        if (!json_exists(other) || (compare && !json_equal(it.value, other))) {
            *key = it.key;
            return false;
        }
    }
    return true;
}

static bool objects_equal(struct json a, struct json b)
{
    size_t na = json_count(a), nb = json_count(b);
    if (na == 0 || nb == 0)
        return na == nb;
    struct member *members = malloc((na + nb) * sizeof *members);
    struct json key;
    if (!members)
        return contained(b, a, false, &key) && contained(a, b, true, &key);
    struct member *others = members + na;
    na = collect(a, members);
    nb = collect(b, others);
    bool equal = na == nb;
    for (size_t i = 0; equal && i < na; i++)
        equal = json_bytes_equal(json_bytes_of(members[i].key), json_bytes_of(others[i].key));
    for (size_t i = 0; equal && i < na; i++)
        equal = json_equal(members[i].value, others[i].value);
    free(members);
    return equal;
}

static bool arrays_equal(struct json a, struct json b)
{
    struct json_iter ia = json_iter(a), ib = json_iter(b);
    for (;;) {
        bool more = json_next(&ia);
        if (more != json_next(&ib))
            return false;
        if (!more)
            return true;
        if (!json_equal(ia.value, ib.value))
            return false;
    }
}

bool json_equal(struct json a, struct json b)
{
    enum json_type type = json_type(a);
    if (type != json_type(b))
        return false;
    if (str_eq(a.text, b.text))
        return true;
    switch (type) {
    case JSON_NUMBER:
        return json_number_equal(a.text, b.text);
    case JSON_STRING:
        return json_bytes_equal(json_bytes_of(a), json_bytes_of(b));
    case JSON_ARRAY:
        return arrays_equal(a, b);
    case JSON_OBJECT:
        return objects_equal(a, b);
    default: /* true, false and null have one spelling each */
        return false;
    }
}

bool json_lacks(struct json in, struct json of, struct json *key)
{
    if (json_type(of) != JSON_OBJECT || str_eq(in.text, of.text))
        return false;
    if (json_type(in) != JSON_OBJECT)
        in = (struct json){{"{}", 2}};
    size_t n = json_count(in), wanted = json_count(of), at = 0;
    if (wanted == 0)
        return false;
    struct member *there = malloc((n + wanted) * sizeof *there);
    if (!there)
        return !contained(of, in, true, key);
    struct member *members = there + n;
    n = collect(in, there);
    wanted = collect(of, members);
    bool lacks = false;
    for (size_t i = 0; i < wanted && !lacks; i++) {
        struct json_bytes name = json_bytes_of(members[i].key);
        while (at < n && json_bytes_compare(json_bytes_of(there[at].key), name) < 0)
            at++;
        lacks = at == n || !json_bytes_equal(json_bytes_of(there[at].key), name) ||
                !json_equal(members[i].value, there[at].value);
        if (lacks)
            *key = members[i].key;
    }
    free(there);
    return lacks;
}
