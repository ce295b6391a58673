/* SPDX-License-Identifier: Apache-2.0 */
/* The journal, read for changes that removed the workers of jobs: which, and when. */
#include "inventory/released.h"

#include <stdlib.h>
#include <string.h>
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct one {
    UT_hash_handle hh;
    int64_t at;
    char uid[];
};

struct released {
    struct one *all;
    int64_t since;
    bool failed;
};

/* cleanPodPolicy of a job that has ended, or suspend of one that was evicted: both remove the workers within a second
 * where they are "effective". Everything else of that effect leaves them. */
static bool removes_workers(const struct store_change *c)
{
    bool done = c->outcome && (strcmp(c->outcome, "done") == 0 || strcmp(c->outcome, "done-unseen") == 0);
    return done && c->effect && strcmp(c->effect, "effective") == 0 && c->diff && c->uid &&
           (strstr(c->diff, "/cleanPodPolicy\"") || strstr(c->diff, "/suspend\""));
}

/* The rows come newest first. Of several for one job the oldest counts: after it there were no workers left. */
static bool row(void *data, const struct store_change *c)
{
    struct released *r = data;
    struct one *o;
    if (c->intended_at < r->since)
        return false;
    if (!removes_workers(c))
        return true;
    HASH_FIND_STR(r->all, c->uid, o);
    if (!o) {
        size_t n = strlen(c->uid);
        o = malloc(sizeof *o + n + 1);
        if (!o) {
            r->failed = true;
            return false;
        }
        memcpy(o->uid, c->uid, n + 1);
        o->hh.tbl = NULL;
        HASH_ADD_STR(r->all, uid, o);
        if (!o->hh.tbl) {
            free(o);
            r->failed = true;
            return false;
        }
    }
    o->at = c->observed_at ? c->observed_at : c->ended_at; /* they were seen until then, where the pods were watched */
    return true;
}

int released_read(struct journal *journal, int64_t since, struct released **released, struct error *err)
{
    struct released *r = calloc(1, sizeof *r);
    if (!r)
        return error_nomem(err);
    r->since = since;
    int rc = journal_read_changes(journal, NULL, row, r, err);
    if (!rc && r->failed)
        rc = error_nomem(err);
    if (rc)
        released_free(r);
    else
        *released = r;
    return rc;
}

void released_free(struct released *r)
{
    struct one *o, *next;
    if (!r)
        return;
    HASH_ITER(hh, r->all, o, next)
    {
        HASH_DEL(r->all, o);
        free(o);
    }
    free(r);
}

bool released_at(const struct released *r, struct str uid, int64_t *at)
{
    struct one *o = NULL;
    if (r)
        HASH_FIND(hh, r->all, uid.ptr, uid.len, o);
    if (o)
        *at = o->at;
    return o != NULL;
}
