/* SPDX-License-Identifier: Apache-2.0 */
/* Owners of an object: the garbage collector deletes it, with all that it owns, once none of them is there. Whether one
 * is, the object does not say; so a change that counts on it needs leave. */
#include "mpijob/effect/effect_owners.h"
#include "mpijob/effect/effect_parts.h"

#define OWNERS_MOST 64 /* of longer lists each counts as another one */

/* By what the garbage collector looks for it. */
static bool same_owner(struct json a, struct json b)
{
    static const char *const keys[] = {"uid", "apiVersion", "kind", "name"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct json one = json_get(a, keys[i]), other = json_get(b, keys[i]);
        if (!json_exists(one) || !json_exists(other) || !json_equal(one, other))
            return false;
    }
    return true;
}

static bool has(struct json owners, struct json owner)
{
    for (struct json_iter it = json_iter(owners); json_next(&it);) {
        if (same_owner(it.value, owner))
            return true;
    }
    return false;
}

/* Are all owners of the first list among those of the second? */
static bool within(struct json list, struct json other)
{
    for (struct json_iter it = json_iter(list); json_next(&it);) {
        if (!has(other, it.value))
            return false;
    }
    return true;
}

void mpijob_owners_change(struct json before, struct json after, struct mpijob_verdict *v)
{
    struct json were = json_at(before, "/metadata/ownerReferences"), are = json_at(after, "/metadata/ownerReferences");
    if (json_type(are) != JSON_ARRAY || !json_count(are) || (json_exists(were) && json_equal(were, are)))
        return;
    if (json_count(are) <= OWNERS_MOST && json_count(were) <= OWNERS_MOST && within(are, were) && within(were, are))
        return;
    struct mpijob_verdict one = {.effect = EFFECT_UNKNOWN, .may_destroy = true};
    effect_say(&one,
               "ownerReferences: if no owner that it names is there, in its namespace and with its uid, the garbage "
               "collector deletes the object now, with its pods; this was not looked up");
    effect_join(v, &one);
}
