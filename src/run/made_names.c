/* SPDX-License-Identifier: Apache-2.0 */
/* A sum of the creation, written in the letters that Kubernetes takes for such names. */
#include "run/made_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#define LETTERS "bcdfghjklmnpqrstvwxz2456789"
#define CHOSEN 5 /* letters */

struct made_name {
    uint64_t sum; /* of a creation */
    unsigned count;
    UT_hash_handle hh;
};

static uint64_t sum_text(struct str text, uint64_t seed)
{
    return XXH64(text.ptr ? text.ptr : "", text.len, seed);
}

/* Lua tells the members of a table in any order. */
static uint64_t sum_json(struct json v, uint64_t seed)
{
    enum json_type type = json_type(v);
    if (type != JSON_OBJECT && type != JSON_ARRAY)
        return sum_text(v.text, seed);
    uint64_t sum = seed + (uint64_t)type;
    for (struct json_iter it = json_iter(v); json_next(&it);) {
        if (type == JSON_OBJECT)
            sum += sum_json(it.value, sum_text(it.key.text, seed));
        else
            sum = sum_json(it.value, sum);
    }
    return XXH64(&sum, sizeof sum, seed);
}

/* How many of them there were before in this run. */
static int count_alike(struct run *run, uint64_t sum, unsigned *before, struct error *err)
{
    struct made_name *m;
    HASH_FIND(hh, run->made_names, &sum, sizeof sum, m);
    if (!m) {
        m = calloc(1, sizeof *m);
        if (!m)
            return error_nomem(err);
        m->sum = sum;
        HASH_ADD(hh, run->made_names, sum, sizeof m->sum, m);
        if (!m->hh.tbl) {
            free(m);
            return error_nomem(err);
        }
    }
    *before = m->count++;
    return 0;
}

int run_make_name(struct run *run, const char *prefix, struct json object, char out[MADE_NAME_MAX + 1],
                  struct error *err)
{
    char letters[CHOSEN + 1] = "";
    unsigned before;
    const struct {
        int64_t instant;
        uint64_t shard, job, other;
    } cause = {run->scheduled_at, run->site->shard.index, run->made_for_job, run->made_for};
    uint64_t sum = sum_json(object, XXH64(&cause, sizeof cause, sum_text(str_of(run->policy->name), 0)));
    int rc = count_alike(run, sum, &before, err);
    if (rc)
        return rc;
    sum = XXH64(&before, sizeof before, sum);
    for (int i = 0; i < CHOSEN; i++, sum /= sizeof LETTERS - 1)
        letters[i] = LETTERS[sum % (sizeof LETTERS - 1)];
    snprintf(out, MADE_NAME_MAX + 1, "%.*s%s", MADE_NAME_MAX - CHOSEN, prefix, letters);
    return 0;
}

void run_name_for_job(struct run *run, struct str uid)
{
    run->made_for_job = uid.len ? sum_text(uid, 0) : 0;
    run->made_for = 0;
}

void run_name_for(struct run *run, struct str uid)
{
    if (run)
        run->made_for = uid.len ? sum_text(uid, 0) : 0;
}

void run_free_names(struct run *run)
{
    struct made_name *m, *next;
    HASH_ITER(hh, run->made_names, m, next)
    {
        HASH_DEL(run->made_names, m);
        free(m);
    }
}
