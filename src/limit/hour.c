/* SPDX-License-Identifier: Apache-2.0 */
/* A ring of instants. */
#include "limit/hour.h"

#include <stdlib.h>

#include "base/clock.h"
#include "limit/hour_kept.h"

#define LENGTH HOUR_LENGTH

void hour_open(struct hour *h, int64_t most)
{
    *h = (struct hour){.most = most};
}

void hour_close(struct hour *h)
{
    free(h->at);
    free(h->minutes);
    *h = (struct hour){.most = 0};
}

static int64_t *place(const struct hour *h, size_t i)
{
    return &h->at[(h->first + i) % h->room];
}

static int grow(struct hour *h, struct error *err)
{
    size_t room = h->room ? 2 * h->room : 64;
    int64_t *at = malloc(room * sizeof *at);
    if (!at)
        return error_nomem(err);
    for (size_t i = 0; i < h->count; i++)
        at[i] = *place(h, i);
    free(h->at);
    h->at = at;
    h->room = room;
    h->first = 0;
    return 0;
}

/* How many are older than an hour: those stand first. */
static size_t past(const struct hour *h, int64_t now)
{
    size_t low = 0, high = h->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (*place(h, middle) <= now - LENGTH)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int hour_count(struct hour *h, int64_t at, struct error *err)
{
    size_t old = past(h, at);
    h->first = old ? (h->first + old) % h->room : h->first;
    h->count -= old;
    for (size_t i = h->count; i > 0 && *place(h, i - 1) > at; i--)
        *place(h, i - 1) = at; /* the clock was set back */
    if (h->count == h->room && grow(h, err))
        return ERR_NOMEM;
    *place(h, h->count++) = at;
    hour_kept_add(h, at, 1);
    return 0;
}

void hour_uncount(struct hour *h)
{
    if (!h->count)
        return;
    hour_kept_add(h, *place(h, --h->count), -1);
}

int64_t hour_used(const struct hour *h, int64_t now)
{
    return (int64_t)(h->count - past(h, now)) + h->aside;
}

int64_t hour_left(const struct hour *h, int64_t now)
{
    int64_t left = h->most - hour_used(h, now);
    return left > 0 ? left : 0;
}

int64_t hour_fits(const struct hour *h, int64_t n, int64_t now)
{
    int64_t over = hour_used(h, now) + n - h->most;
    if (n > h->most)
        return INT64_MAX;
    if (over <= 0)
        return now;
    size_t last = past(h, now) + (size_t)over; /* when this one is an hour old */
    /* What is set aside becomes counted or is given back. And the clock may have been set back. */
    int64_t at = last <= h->count ? *place(h, last - 1) + LENGTH : INT64_MAX;
    return at < now + LENGTH ? at : now + LENGTH;
}

void hour_set_aside(struct hour *h, int64_t n)
{
    h->aside += n;
}
