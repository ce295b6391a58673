/* SPDX-License-Identifier: Apache-2.0 */
/* Counts by minutes, as rows of a state. */
#include "limit/hour_kept.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "shard/shard.h"
#include "store/kept.h"
#include "store/state.h"

#define SPACE "hour"
#define MINUTE (60 * CLOCK_SECOND)
#define MINUTES 61 /* a minute has the place of the one that is 61 minutes older */

struct hour_minutes {
    struct state *state; /* not owned */
    struct {
        int64_t count, last; /* last: the newest instant of it */
    } at[MINUTES];
};

int64_t hour_part(const struct shard *shard, int64_t most)
{
    return most / shard->of + (shard->index < most % shard->of);
}

void hour_open_part(struct hour *h, const struct shard *shard, int64_t most)
{
    hour_open(h, hour_part(shard, most));
    snprintf(h->part, sizeof h->part, " (the part of this shard, of %" PRId64 " for all)", most);
}

const char *hour_part_words(const struct hour *h)
{
    return h->part;
}

/* ---- writing ---- */

static void keep(const struct hour_minutes *m, unsigned i)
{
    char key[12], value[48];
    snprintf(key, sizeof key, "%u", i);
    snprintf(value, sizeof value, "%" PRId64 " %" PRId64, m->at[i].count, m->at[i].last);
    state_keep(m->state, &(struct store_kept){.space = SPACE, .key = key, .value = value}, true, NULL, NULL);
}

void hour_kept_add(struct hour *h, int64_t at, int by)
{
    struct hour_minutes *m = h->minutes;
    if (!m || at < 0)
        return;
    unsigned i = (unsigned)(at / MINUTE % MINUTES);
    if (m->at[i].last <= at - HOUR_LENGTH)
        m->at[i].count = 0;
    m->at[i].count += by;
    m->at[i].last = m->at[i].last > at ? m->at[i].last : at; /* the clock may have been set back */
    keep(m, i);
}

/* ---- reading ---- */

static bool take_row(void *data, const struct store_kept *row)
{
    struct hour_minutes *m = data;
    char *end;
    unsigned long i = strtoul(row->key, &end, 10);
    if (*end || i >= MINUTES)
        return true;
    m->at[i].count = strtoll(row->value, &end, 10);
    m->at[i].last = strtoll(end, NULL, 10);
    if (m->at[i].count < 0 || m->at[i].count > HOUR_MOST)
        m->at[i].count = HOUR_MOST;
    return true;
}

static int by_last(const void *a, const void *b)
{
    int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;
    return (one > other) - (one < other);
}

/* In their order in time, as who counts an older one later would have to move all that are newer. */
static int count_all(struct hour *h, const struct hour_minutes *m, struct error *err)
{
    int64_t order[MINUTES][2];
    for (unsigned i = 0; i < MINUTES; i++) {
        order[i][0] = m->at[i].last;
        order[i][1] = m->at[i].count;
    }
    qsort(order, MINUTES, sizeof *order, by_last);
    int rc = 0;
    for (unsigned i = 0; i < MINUTES; i++) {
        for (int64_t n = order[i][1]; n > 0 && !rc; n--)
            rc = hour_count(h, order[i][0], err);
    }
    return rc;
}

int hour_kept_read(struct hour *h, struct state *state, struct error *err)
{
    struct hour_minutes *m = calloc(1, sizeof *m);
    if (!m)
        return error_nomem(err);
    m->state = state;
    free(h->minutes);
    h->minutes = NULL;
    h->count = 0;
    int rc = state_read_kept(state, SPACE, take_row, m, err);
    if (!rc)
        rc = count_all(h, m, err);
    h->minutes = m;
    return rc;
}
