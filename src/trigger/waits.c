/* SPDX-License-Identifier: Apache-2.0 */
/* The instants of holds_for and warn. */
#include "trigger/waits.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LATE_SHARE 60
#define LATE_MOST (60 * CLOCK_SECOND)
#define OWN_DOMAIN "mpijobd.io/"

static int64_t sum(int64_t at, int64_t span)
{
    int64_t out;
    return __builtin_add_overflow(at, span, &out) ? INT64_MAX : out;
}

/* What people are told is whole seconds, and so is the instant. */
static int64_t told_at(int64_t at, int64_t span)
{
    int64_t out = sum(at, span);
    return out > INT64_MAX - CLOCK_SECOND ? INT64_MAX : (out + CLOCK_SECOND - 1) / CLOCK_SECOND * CLOCK_SECOND;
}

int64_t wait_next(const struct policy *p, const struct job_wait *w, bool *acts)
{
    *acts = w->warned >= p->warn.count;
    if (!p->warn.count || !w->warned)
        return sum(w->holds_us, p->holds_for);
    return *acts ? w->acts_us : w->acts_us - p->warn.at[w->warned];
}

int64_t wait_acts(const struct policy *p, const struct job_wait *w)
{
    int64_t held = sum(w->holds_us, p->holds_for);
    return w->warned ? w->acts_us : p->warn.count ? told_at(held, p->warn.at[0]) : held;
}

int64_t wait_acts_after(const struct policy *p, const struct job_wait *w, int64_t now)
{
    bool acts;
    int64_t due = wait_next(p, w, &acts), planned = wait_acts(p, w);
    if (acts)
        return planned;
    int64_t at = p->warn.at[w->warned], late = at / LATE_SHARE;
    if (now - due <= (late < LATE_MOST ? late : LATE_MOST))
        return planned;
    return told_at(now, at) > planned ? told_at(now, at) : planned;
}

/* ---- the job's looks ---- */

#define SEED UINT64_C(0xcbf29ce484222325)

static uint64_t add(uint64_t hash, struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        hash = (hash ^ (unsigned char)text.ptr[i]) * UINT64_C(0x100000001b3);
    return (hash ^ 0xff) * UINT64_C(0x100000001b3);
}

/* "warned.mpijobd.io/p", "mpijobd.io/hold-until", with its quotes: written by mpijobd, or meant for it. */
static bool is_own(struct str key)
{
    const char *at = memmem(key.ptr, key.len, OWN_DOMAIN, strlen(OWN_DOMAIN));
    return at && at > key.ptr && (at[-1] == '.' || at[-1] == '"');
}

/* In whichever order the server gives them. */
static uint64_t of_map(struct json map, bool annotations)
{
    uint64_t all = 0;
    for (struct json_iter it = json_iter(map); json_next(&it);) {
        struct str key = it.key.text;
        if (!annotations || !is_own(key))
            all += add(add(SEED, key), it.value.text);
    }
    return all;
}

uint64_t wait_look(const struct mpijob_view *v)
{
    struct json spec = json_get(v->object, "spec");
    uint64_t look = add(SEED, spec.text);
    look = add(look, str_of(mpijob_phase_name(v->phase)));
    look += 3 * of_map(v->labels, false) + 5 * of_map(v->annotations, true);
    return look ? look : 1;
}

void wait_check(struct job_wait *w, const struct mpijob_view *v, int64_t at_us)
{
    bool broken = at_us != MPIJOB_NO_TIME && at_us > w->holds_us; /* by its times it has not matched all the while */
    if (broken || (w->warned && w->look != wait_look(v)))
        *w = (struct job_wait){0};
}

/* ---- the row ---- */

void wait_write(const struct job_wait *w, struct buf *out)
{
    if (w->holds_us <= 0)
        return;
    buf_printf(out, "h%" PRId64, w->holds_us);
    if (w->warned)
        buf_printf(out, "w%ut%" PRId64 "k%" PRIu64, w->warned, w->acts_us, w->look);
}

void wait_read(const char *row, struct job_wait *w)
{
    const char *at = strchr(row, 'h'), *warned = at ? strchr(at, 'w') : NULL;
    const char *acts = warned ? strchr(warned, 't') : NULL, *look = acts ? strchr(acts, 'k') : NULL;
    *w = (struct job_wait){.holds_us = at ? strtoll(at + 1, NULL, 10) : 0};
    if (!look)
        return;
    w->warned = (unsigned)strtoul(warned + 1, NULL, 10);
    w->acts_us = strtoll(acts + 1, NULL, 10);
    w->look = strtoull(look + 1, NULL, 10);
}
