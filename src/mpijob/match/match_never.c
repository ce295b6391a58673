/* SPDX-License-Identifier: Apache-2.0 */
/* Looks for conditions that contradict each other. */
#include "mpijob/match/match_never.h"

#include <stdio.h>

#include "mpijob/match/match_parts.h"
#include "mpijob/match/selector_parts.h"
#include "mpijob/match/selector_value.h"

/* ---- labels ---- */

/* What is asked of one label, as it is written: "team=a, team=b". */
static void asked_of(const struct selector *s, const char *key, struct buf *out)
{
    for (size_t i = 0; i < s->count; i++) {
        struct selector one = selector_at(s, i);
        if (strcmp(selector_key(&one), key) != 0)
            continue;
        buf_puts(out, out->len ? ", " : "");
        selector_write(&one, out);
    }
}

static bool labels_never(const struct mpijob_match *m, struct mpijob_never *never)
{
    const struct selector *s = &m->labels;
    char value[SELECTOR_VALUE_SIZE];
    for (size_t i = 0; i < s->count; i++) {
        const char *key = s->items[i].key;
        bool before = false;
        for (size_t j = 0; j < i; j++)
            before = before || strcmp(s->items[j].key, key) == 0;
        if (before || selector_value(&s, 1, key, value) != SELECTOR_NONE)
            continue;
        struct buf asked = BUF_INIT;
        asked_of(s, key, &asked);
        *never = (struct mpijob_never){.key = "labels", .member = key};
        snprintf(never->why, sizeof never->why, "asks of the label %.100s what no value fulfils: %.300s", key,
                 asked.ptr ? asked.ptr : "");
        buf_free(&asked);
        return true;
    }
    return false;
}

/* ---- phases and durations ---- */

static const struct {
    const char *key, *phases;
    unsigned bits;
} spans[MATCH_SPANS] = {
    [SPAN_OLDER_THAN] = {"older_than", "", ~0U},
    [SPAN_PENDING_FOR] = {"pending_for", "Pending", 1U << PHASE_PENDING},
    [SPAN_RUNNING_FOR] = {"running_for", "Running", 1U << PHASE_RUNNING},
    [SPAN_FINISHED_FOR] = {"finished_for", "Succeeded or Failed", 1U << PHASE_SUCCEEDED | 1U << PHASE_FAILED},
};

static void phase_names(unsigned phases, struct buf *out)
{
    for (unsigned i = 0; i < MPIJOB_PHASES; i++) {
        if (phases & 1U << i)
            buf_printf(out, "%s%s", out->len ? " or " : "", mpijob_phase_name((enum mpijob_phase)i));
    }
}

static bool spans_never(const struct mpijob_match *m, struct mpijob_never *never)
{
    unsigned left = m->phases ? m->phases : ~0U;
    const char *before = NULL;
    for (int i = 0; i < MATCH_SPANS; i++) {
        if (m->spans[i] < 0 || (left & spans[i].bits)) {
            left &= m->spans[i] < 0 ? ~0U : spans[i].bits;
            before = m->spans[i] < 0 || spans[i].bits == ~0U ? before : spans[i].key;
            continue;
        }
        struct buf names = BUF_INIT;
        *never = (struct mpijob_never){.key = spans[i].key};
        phase_names(m->phases, &names);
        if (before)
            snprintf(never->why, sizeof never->why, "is about jobs that are %s, and %s about others: no job is both",
                     spans[i].phases, before);
        else
            snprintf(never->why, sizeof never->why, "is about jobs that are %s, and phase is %.100s: no job is both",
                     spans[i].phases, names.ptr ? names.ptr : "another");
        buf_free(&names);
        return true;
    }
    return false;
}

unsigned mpijob_match_reached(const struct mpijob_match *m)
{
    unsigned left = m->phases ? m->phases : (1U << MPIJOB_PHASES) - 1;
    for (int i = 0; i < MATCH_SPANS; i++)
        left &= m->spans[i] < 0 ? ~0U : spans[i].bits;
    return left;
}

static bool gpus_never(const struct mpijob_match *m, struct mpijob_never *never)
{
    for (size_t i = 0; i < m->gpu_count; i++) {
        if (m->gpus[i].comparison != LESS || m->gpus[i].number > 0)
            continue;
        *never = (struct mpijob_never){.key = "gpus", .why = "is below 0: no job asks for fewer GPUs than none"};
        return true;
    }
    return false;
}

bool mpijob_match_never(const struct mpijob_match *m, struct mpijob_never *never)
{
    return labels_never(m, never) || spans_never(m, never) || gpus_never(m, never);
}

/* ---- what they ask for already ---- */

bool mpijob_match_asks_label(const struct mpijob_match *m, struct str key, const char *value)
{
    for (size_t i = 0; i < m->labels.count; i++) {
        const struct selector_requirement *r = &m->labels.items[i];
        if (!str_is(key, r->key))
            continue;
        if (value ? r->test == SELECT_IN && r->count == 1 && strcmp(r->values[0], value) == 0
                  : r->test == SELECT_ABSENT)
            return true;
    }
    return false;
}

bool mpijob_match_asks_annotation(const struct mpijob_match *m, struct str key, const char *value)
{
    for (size_t i = 0; i < m->annotation_count && value; i++) {
        if (str_is(key, m->annotations[i].key) && strcmp(m->annotations[i].value, value) == 0)
            return true;
    }
    return false;
}

bool mpijob_match_asks_policy(const struct mpijob_match *m, const char *value)
{
    for (unsigned i = 0; match_policies[i]; i++) {
        if (strcmp(match_policies[i], value ? value : "unset") == 0)
            return m->policies == 1U << i;
    }
    return false;
}

bool mpijob_match_same_times(const struct mpijob_match *a, const struct mpijob_match *b)
{
    return a->phases == b->phases && memcmp(a->spans, b->spans, sizeof a->spans) == 0;
}
