/* SPDX-License-Identifier: Apache-2.0 */
/* A table by policy and job. */
#include "change/late.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "base/texts.h"
#include "store/state.h"

#define KEY_MAX (STATE_KEY_MAX + 80)

struct late_entry {
    UT_hash_handle hh;
    enum write_verb verb;
    int64_t row, noted_at; /* noted_at: clock_monotonic */
    struct write_row write;
    char *texts; /* the block of write's */
    char key[];  /* of the policy, a NUL, the job's uid */
};

/* The key's length without its last NUL; 0: it is too long to be one. */
static size_t make_key(char out[KEY_MAX], const char *handled_key, const char *uid)
{
    int n = snprintf(out, KEY_MAX, "%s%c%s", handled_key, '\0', uid);
    return n > 0 && n < KEY_MAX ? (size_t)n : 0;
}

static struct late_entry *find(struct late_writes *late, const char *handled_key, const char *uid)
{
    char key[KEY_MAX];
    struct late_entry *e = NULL;
    if (!late || !late->by_job || !handled_key)
        return NULL;
    size_t n = make_key(key, handled_key, uid);
    if (n)
        HASH_FIND(hh, late->by_job, key, n, e);
    return e;
}

static void forget(struct late_writes *late, struct late_entry *e)
{
    HASH_DEL(late->by_job, e);
    free(e->texts);
    free(e);
}

static void forget_old(struct late_writes *late)
{
    int64_t now = clock_monotonic();
    struct late_entry *e, *next;
    HASH_ITER(hh, late->by_job, e, next)
    {
        if (now - e->noted_at < LATE_FOR_US && HASH_COUNT(late->by_job) < LATE_MOST)
            return;
        forget(late, e);
    }
}

void late_note(struct late_writes *late, const char *handled_key, enum write_verb verb, const struct write_row *write,
               int64_t row)
{
    char key[KEY_MAX];
    size_t n = late && handled_key && *write->uid ? make_key(key, handled_key, write->uid) : 0;
    if (!n)
        return;
    late_settled(late, handled_key, write->uid);
    forget_old(late);
    struct late_entry *e = calloc(1, sizeof *e + n + 1);
    if (!e)
        return;
    e->verb = verb;
    e->row = row;
    e->noted_at = clock_monotonic();
    e->write.intended_at = write->intended_at;
    e->texts = TEXTS_COPY({&e->write.uid, write->uid}, {&e->write.resource_version, write->resource_version},
                          {&e->write.diff, write->diff});
    memcpy(e->key, key, n);
    if (e->texts)
        HASH_ADD_KEYPTR(hh, late->by_job, e->key, n, e);
    if (!e->hh.tbl) {
        free(e->texts);
        free(e);
    }
}

bool late_came(struct late_writes *late, const char *handled_key, const char *uid, struct json object, int64_t *row)
{
    struct late_entry *e = find(late, handled_key, uid);
    if (!e || clock_monotonic() - e->noted_at >= LATE_FOR_US ||
        write_trace(e->verb, &e->write, object) != WRITE_WAS_DONE)
        return false;
    *row = e->row;
    forget(late, e);
    return true;
}

void late_settled(struct late_writes *late, const char *handled_key, const char *uid)
{
    struct late_entry *e = find(late, handled_key, uid);
    if (e)
        forget(late, e);
}

void late_others(struct late_writes *late)
{
    struct late_entry *e, *next;
    HASH_ITER(hh, late->by_job, e, next)
    e->row = 0;
}

void late_free(struct late_writes *late)
{
    struct late_entry *e, *next;
    HASH_ITER(hh, late->by_job, e, next)
    forget(late, e);
}
