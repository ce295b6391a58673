/* SPDX-License-Identifier: Apache-2.0 */
/* The verdicts the other way round: whatever the program claims of a change (that is, anything but "unknown") was
 * measured on that release, in that state, or follows from what was measured there by one of the grounds below. A claim
 * without either fails here. */
#include "mpijob_effect_rows.h"

#include <stdlib.h>

#include "mpijob/effect/effect_table.h"

#define STATES 8
#define MEANINGS 23

static bool measured[RELEASES][STATES][FIELD_COUNT][MEANINGS];
static bool created[RELEASES][FIELD_COUNT]; /* given at the job's creation, with a good value */

/* ---- what was measured ---- */

static int bit(unsigned flag)
{
    return __builtin_ctz(flag);
}

static void mark(const struct row *r, const char *object, struct mpijob_diff *diff, int64_t now)
{
    struct mpijob_view view = viewed(object, target_of(r));
    for (int f = 0; f < FIELD_COUNT; f++) {
        struct effect_query q;
        if (effect_query(&view, diff, (enum mpijob_field_id)f, now, &q))
            measured[release_of(r)][bit(q.state)][f][bit(q.meaning)] = true;
    }
    mpijob_diff_free(diff);
}

static void mark_step(const struct row *r, const char *state, const char *const *before, const char *bad,
                      const char *const *words, int64_t now)
{
    struct mpijob_diff diff = {0};
    char *object = case_object(target_of(r), state, before, bad);
    struct mpijob_view view = viewed(object, target_of(r));
    case_change(&view, words, &diff, NULL);
    mark(r, object, &diff, now);
    free(object);
}

static void mark_case(const struct row *r, const struct effect_case *c)
{
    bool beta = target_of(r).version == MPIJOB_V2BETA1;
    if (c->by_hand) {
        struct mpijob_diff diff;
        char *object = case_object(target_of(r), c->state, c->before, NULL);
        diff_by_hand(r, c, &diff);
        mark(r, object, &diff, NOON + c->now);
        free(object);
        return;
    }
    mark_step(r, beta && c->beta_state ? c->beta_state : c->state, c->before, c->bad, c->after, NOON + c->now);
    if (c->second[0])
        mark_step(r, c->second_state, c->second_before, NULL, c->second, NOON + c->second_now);
}

static void mark_creation(const struct row *r)
{
    enum mpijob_field_id field;
    const char *name = strrchr(r->c[FIELD], '.');
    if (name && mpijob_field_find(NULL, str_of(name + 1), &field) && !strstr(r->c[CHANGE], "bad value") &&
        is_place(r, field))
        created[release_of(r)][field] = true;
}

static int read_all(void **state)
{
    if (rows_load(state))
        return -1;
    for (size_t i = 0; i < row_count; i++) {
        const struct row *r = &rows[i];
        const struct effect_case *c = case_of(r);
        if (strcmp(r->c[STATE], "creation") == 0)
            mark_creation(r);
        else if (c && !c->refused && c->field != FIELD_COUNT && !left_to_server(r) &&
                 mpijob_field_place(c->field, target_of(r))->has && is_place(r, c->field))
            mark_case(r, c);
    }
    return 0;
}

/* ---- what the program claims ---- */

/* UNKNOWN where it claims nothing, or where the server's answer decides. */
static int claim(int release, unsigned state, enum mpijob_field_id field, unsigned meaning)
{
    for (size_t i = 0; i < effect_of_job.count; i++) {
        const struct effect_row *row = &effect_of_job.items[i];
        if ((row->releases & (1U << release)) && (row->states & state) && row->field == field &&
            (row->meanings & meaning))
            return row->effect == EFFECT_DROPPED ? EFFECT_UNKNOWN : row->effect;
    }
    return EFFECT_UNKNOWN;
}

struct claim {
    int release;
    unsigned state, meaning; /* one bit each */
    enum mpijob_field_id field;
    int effect;
};

/* Was the same effect measured for another state or meaning? */
static bool as(const struct claim *c, unsigned states, unsigned meanings)
{
    for (int s = 0; s < STATES; s++) {
        for (int m = 0; m < MEANINGS; m++) {
            if ((states & (1U << s)) && (meanings & (1U << m)) && measured[c->release][s][c->field][m] &&
                claim(c->release, 1U << s, c->field, 1U << m) == c->effect)
                return true;
        }
    }
    return false;
}

/* ---- the grounds ---- */

#define SPANS (MEANS_ELAPSED | MEANS_DUE | MEANS_UNDATED | MEANS_REMOVED)

static bool nothing_differs(const struct claim *c)
{
    return c->meaning == MEANS_SAME && c->effect == EFFECT_INERT;
}

/* Measured inert in some state, and no code of the controller reads the field in any. */
static bool never_read(const struct claim *c)
{
    static const struct {
        enum mpijob_field_id field;
        unsigned releases;
    } all[] = {
        {FIELD_ACTIVE_DEADLINE_SECONDS, V1_MPI_ALL},
        {FIELD_BACKOFF_LIMIT, V1_MPI_ALL},
        {FIELD_TTL_SECONDS_AFTER_FINISHED, V1ALPHA2_ALL | V1_MPI_ALL},
        {FIELD_SCHEDULING_POLICY, V1ALPHA2_ALL | V1_MPI_ALL},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (all[i].field == c->field && (all[i].releases & (1U << c->release)))
            return c->effect == EFFECT_INERT &&
                   (as(c, STATE_ANY, MEANS_ANY) || c->field == FIELD_SCHEDULING_POLICY); /* v0.2.3: as in v0.3.0 */
    }
    return false;
}

/* A controller asks whether the job has ended, not how. */
static bool however_it_ended(const struct claim *c)
{
    return (c->state & STATE_FINISHED) && as(c, STATE_FINISHED, c->meaning);
}

/* Where one value is not looked at any more, no other one is. */
static bool not_looked_at(const struct claim *c)
{
    unsigned states = c->state & STATE_FINISHED ? STATE_FINISHED : c->state;
    unsigned meanings = c->field == FIELD_BACKOFF_LIMIT ? MEANS_ZERO | MEANS_OTHER | MEANS_REMOVED
                        : c->field == FIELD_SUSPEND     ? MEANS_SUSPENDS
                                                        : SPANS;
    return c->effect == EFFECT_INERT && c->field != FIELD_CLEAN_POD_POLICY && as(c, states, meanings);
}

/* The launcher does not exist yet: what is written counts as if it had been given at the creation. */
static bool given_at_creation(const struct claim *c)
{
    return c->state == STATE_UNSEEN &&
           (c->effect == EFFECT_EFFECTIVE || c->effect == EFFECT_AT_FINISH || c->effect == EFFECT_LATE) &&
           created[c->release][c->field];
}

static bool before_the_launcher(const struct claim *c)
{
    return c->state == STATE_NO_LAUNCHER && c->field == FIELD_ACTIVE_DEADLINE_SECONDS &&
           c->effect == EFFECT_EFFECTIVE && as(c, STATE_NO_LAUNCHER, SPANS);
}

/* What waits for the job's end, or removes its pods, does so whether it runs already or not; and a warning is right to
 * be early. */
static bool as_when_it_runs(const struct claim *c)
{
    return (c->state & STATE_BEFORE) && c->effect != EFFECT_INERT && as(c, STATE_RUNNING, c->meaning);
}

/* Running and All remove the same there. */
static bool either_value(const struct claim *c)
{
    return c->field == FIELD_CLEAN_POD_POLICY && c->effect == EFFECT_INERT &&
           (c->meaning & (MEANS_ALL_TO_RUNNING | MEANS_RUNNING_TO_ALL)) &&
           ((1U << c->release) & (V1ALPHA2_ALL | V1_023)) &&
           measured[c->release][bit(STATE_SUCCEEDED)][c->field][bit(MEANS_RUNNING)] &&
           measured[c->release][bit(STATE_SUCCEEDED)][c->field][bit(MEANS_ALL)];
}

/* The policy is read when the job ends, whatever it was before: also one that nobody could read. */
static bool read_at_the_end(const struct claim *c)
{
    return c->field == FIELD_CLEAN_POD_POLICY && (c->state & (STATE_RUNNING | STATE_BEFORE)) &&
           c->effect == EFFECT_AT_FINISH && as(c, STATE_RUNNING, MEANS_RUNNING) && as(c, STATE_RUNNING, MEANS_ALL);
}

/* "corrected to Running after the end": the row's job had ended; its status said so, or could not be brought to. */
static bool healed_after_the_end(const struct claim *c)
{
    return c->field == FIELD_CLEAN_POD_POLICY && c->meaning == MEANS_HEALED && (c->state & STATE_FINISHED) &&
           as(c, STATE_FINISHED | STATE_RUNNING, MEANS_HEALED);
}

/* That training-operator treats an evicted job as any other was measured by its policy. */
static bool evicted_as_ended(const struct claim *c)
{
    return c->state == STATE_EVICTED && c->release == bit(TRAINING_190) &&
           measured[c->release][bit(STATE_EVICTED)][FIELD_CLEAN_POD_POLICY][bit(MEANS_ALL)] &&
           as(c, STATE_FINISHED, c->meaning);
}

/* What is to come comes, whether an earlier one was to come before or not. */
static bool whatever_was_before(const struct claim *c)
{
    return c->meaning == MEANS_LATER && as(c, c->state & STATE_FINISHED ? STATE_FINISHED : c->state, MEANS_AHEAD);
}

/* training-operator removes all pods, also those that have ended. */
static bool whatever_its_workers_do(const struct claim *c)
{
    return c->release == bit(TRAINING_190) && (c->meaning & MEANS_SUSPENDS) &&
           (c->state & (STATE_RUNNING | STATE_BEFORE)) &&
           measured[c->release][bit(STATE_RUNNING)][c->field][bit(MEANS_SUSPEND)] &&
           measured[c->release][bit(STATE_RUNNING)][c->field][bit(MEANS_SUSPEND_ENDED)];
}

static const struct {
    const char *name;
    bool (*holds)(const struct claim *c);
} grounds[] = {
    {"nothing differs", nothing_differs},
    {"never read", never_read},
    {"however it ended", however_it_ended},
    {"not looked at any more", not_looked_at},
    {"as if given at the creation", given_at_creation},
    {"before the launcher", before_the_launcher},
    {"as when it runs", as_when_it_runs},
    {"either value", either_value},
    {"read at the end", read_at_the_end},
    {"healed after the end", healed_after_the_end},
    {"evicted as ended", evicted_as_ended},
    {"whatever was before", whatever_was_before},
    {"whatever its workers do", whatever_its_workers_do},
};
#define GROUNDS (sizeof grounds / sizeof *grounds)

/* ---- every claim ---- */

static unsigned meanings_of(enum mpijob_field_id field)
{
    static const unsigned all[FIELD_COUNT] = {
        [FIELD_CLEAN_POD_POLICY] = MEANS_SAME | MEANS_NONE | MEANS_RUNNING | MEANS_ALL | MEANS_ALL_TO_RUNNING |
                                   MEANS_RUNNING_TO_ALL | MEANS_HEALED,
        [FIELD_ACTIVE_DEADLINE_SECONDS] = SPANS,
        [FIELD_TTL_SECONDS_AFTER_FINISHED] = SPANS,
        [FIELD_BACKOFF_LIMIT] = MEANS_ZERO | MEANS_OTHER | MEANS_REMOVED,
        [FIELD_SUSPEND] = MEANS_SAME | MEANS_SUSPENDS | MEANS_RESUME | MEANS_RESUME_RUNNING,
        [FIELD_MANAGED_BY] = MEANS_SAME | MEANS_OTHER | MEANS_AWAY,
        [FIELD_SCHEDULING_POLICY] = MEANS_OTHER | MEANS_QUEUE,
    };
    return all[field];
}

static void check_claim(const struct claim *c, size_t *counts)
{
    static const char *const states[] = {"unseen",    "no launcher", "pending", "running",
                                         "suspended", "succeeded",   "failed",  "evicted"};
    if (measured[c->release][bit(c->state)][c->field][bit(c->meaning)]) {
        counts[GROUNDS]++;
        return;
    }
    for (size_t i = 0; i < GROUNDS; i++) {
        if (grounds[i].holds(c)) {
            counts[i]++;
            return;
        }
    }
    print_error("%s, %s, %s, meaning bit %d: the program says %s, and nothing that was measured says so\n",
                release_name(c->release), states[bit(c->state)], mpijob_field_name(c->field), bit(c->meaning),
                mpijob_effect_name((enum mpijob_effect)c->effect));
    counts[GROUNDS + 1]++;
}

static void every_claim_was_measured_or_follows(void **state)
{
    (void)state;
    size_t counts[GROUNDS + 2] = {0};
    for (int f = 0; f < FIELD_COUNT; f++) {
        for (int rest = 0; rest < RELEASES * STATES * MEANINGS; rest++) {
            struct claim c = {.release = rest / (STATES * MEANINGS),
                              .state = 1U << (rest / MEANINGS % STATES),
                              .meaning = 1U << (rest % MEANINGS),
                              .field = (enum mpijob_field_id)f};
            c.effect = claim(c.release, c.state, c.field, c.meaning);
            if ((c.meaning & meanings_of(c.field)) && c.effect != EFFECT_UNKNOWN)
                check_claim(&c, counts);
        }
    }
    for (size_t i = 0; i < GROUNDS; i++) {
        print_message("%4zu %s\n", counts[i], grounds[i].name);
        assert_true(counts[i] > 0); /* a ground that nobody needs hides what it would allow */
    }
    print_message("%4zu measured\n", counts[GROUNDS]);
    assert_true(counts[GROUNDS] > 150);
    assert_int_equal(counts[GROUNDS + 1], 0);
}

/* A value that the checks refuse reaches the verdicts by a whole object only. */
static void of_bad_values_nothing_is_claimed(void **state)
{
    (void)state;
    for (int r = 0; r < RELEASES; r++) {
        for (int s = 0; s < STATES; s++) {
            for (int f = 0; f < FIELD_COUNT; f++)
                assert_int_equal(claim(r, 1U << s, (enum mpijob_field_id)f, MEANS_BAD), EFFECT_UNKNOWN);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_claim_was_measured_or_follows),
        cmocka_unit_test(of_bad_values_nothing_is_claimed),
    };
    return cmocka_run_group_tests(tests, read_all, rows_unload);
}
