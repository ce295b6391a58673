/* SPDX-License-Identifier: Apache-2.0 */
/* The verdicts against the experiments: every row of tests/fixtures/effects.tsv is either judged as it was measured, or
 * stands in a class below that says why the program cannot be asked about it; both are counted. */
#include "mpijob_fixture.h"

#include <stdlib.h>

#include "mpijob_effect_rows.h"

static bool same_family(const struct row *a, const struct row *b)
{
    return strcmp(a->c[API_VERSION], b->c[API_VERSION]) == 0 && a->c[CONTROLLER][0] == b->c[CONTROLLER][0];
}

/* ---- what is expected of the program ---- */

static bool training(const struct row *r)
{
    return target_of(r).controller == CONTROLLER_TRAINING_OPERATOR;
}

/* "effective now" is told apart here: what ends or deletes the job, or takes it from its controller, is destructive. */
static enum mpijob_effect measured(const struct row *r, const struct effect_case *c)
{
    const char *verdict = r->c[VERDICT];
    if (strcmp(verdict, "effective at finish") == 0)
        return EFFECT_AT_FINISH;
    if (strcmp(verdict, "stored but inert") == 0)
        return str_starts(str_of(r->c[FIELD]), "metadata.") ? EFFECT_STORED : EFFECT_INERT;
    if (strcmp(verdict, "effective now") == 0)
        return c->ends ? EFFECT_DESTRUCTIVE : c->late && training(r) ? EFFECT_LATE : EFFECT_EFFECTIVE;
    assert_string_equal(verdict, "harmful");
    return EFFECT_DESTRUCTIVE;
}

/* A backoffLimit of 3 at the first failure: with mpi-operator's launcher Job the job goes on, as it should; v1's
 * mpi-operator reads none; under training-operator it looks as it would without. */
static enum mpijob_effect expected(const struct row *r, const struct effect_case *c)
{
    struct mpijob_target target = target_of(r);
    if (!c->obeyed || target.version == MPIJOB_V1)
        return c->obeyed && target.controller == CONTROLLER_TRAINING_OPERATOR ? EFFECT_UNKNOWN : measured(r, c);
    return EFFECT_EFFECTIVE;
}

/* The row that went on where this one stopped to look. */
static const struct row *completed(const struct row *r, const struct effect_case *c)
{
    for (size_t i = 0; c->completed_by && i < row_count; i++) {
        if (same_family(&rows[i], r) && strcmp(rows[i].c[CONTROLLER], r->c[CONTROLLER]) == 0 &&
            strcmp(rows[i].c[FIELD], r->c[FIELD]) == 0 && strcmp(rows[i].c[STATE], r->c[STATE]) == 0 &&
            strcmp(rows[i].c[CHANGE], c->completed_by) == 0)
            return &rows[i];
    }
    return r;
}

/* True where another release of the same controller was measured to do something else with the same change. */
static bool releases_differ(const struct row *r, const struct effect_case *c)
{
    for (size_t i = 0; i < row_count; i++) {
        if (same_family(&rows[i], r) && strcmp(rows[i].c[FIELD], r->c[FIELD]) == 0 &&
            strcmp(rows[i].c[STATE], r->c[STATE]) == 0 && strcmp(rows[i].c[CHANGE], r->c[CHANGE]) == 0 &&
            !left_to_server(&rows[i]) && measured(&rows[i], c) != measured(r, c))
            return true;
    }
    return false;
}

/* ---- asking the program ---- */

static void judge(const char *object, struct mpijob_target target, struct mpijob_diff *diff, int64_t now,
                  struct mpijob_verdict *v)
{
    struct mpijob_view view = viewed(object, target);
    mpijob_judge(&view, diff, now, v);
    mpijob_diff_free(diff);
    if (!*v->why || strlen(v->why) > sizeof v->why - 2)
        fail_msg("no sentence, or one that is cut: %s", v->why);
    if (strchr(v->why, '{'))
        fail_msg("a place that was not filled in: %s", v->why);
}

/* The change as a caller makes it, on a job of that state; also what a server that drops it is told. */
static void ask(const struct row *r, const char *state, const char *const *before, const char *bad,
                const char *const *words, int64_t now, struct mpijob_verdict *v)
{
    struct mpijob_target target = target_of(r);
    struct mpijob_diff diff = {0};
    char *object = case_object(target, state, before, bad);
    struct mpijob_view view = viewed(object, target);
    case_change(&view, words, &diff, NULL);
    if (!diff.count)
        fail_msg("nothing changes: %s %s", r->c[FIELD], r->c[CHANGE]);
    if (strcmp(r->c[VERDICT], "dropped") == 0)
        assert_int_equal(mpijob_diff_verify(&diff, view.object, target, NULL), ERR_DROPPED);
    judge(object, target, &diff, now, v);
    free(object);
}

/* A place that the program writes only beside another: the diff is made by hand. */
static void ask_by_hand(const struct row *r, const struct effect_case *c, struct mpijob_verdict *v)
{
    struct mpijob_diff diff;
    diff_by_hand(r, c, &diff);
    char *object = case_object(target_of(r), c->state, c->before, NULL);
    judge(object, target_of(r), &diff, NOON + c->now, v);
    free(object);
}

static void compare(const struct row *r, const struct mpijob_verdict *v, enum mpijob_effect expected)
{
    if (v->effect != expected)
        fail_msg("%s %s %s: %s: %s: the program says %s (%s), measured was %s", r->c[API_VERSION], r->c[CONTROLLER],
                 r->c[STATE], r->c[FIELD], r->c[CHANGE], mpijob_effect_name(v->effect), v->why,
                 mpijob_effect_name(expected));
}

/* ---- classes ---- */

enum fate {
    JUDGED,         /* asked, and the verdict is what was measured */
    JUDGED_DIFFER,  /* asked, unknown, because the releases of the controller differ: the sentence names them */
    JUDGED_DEPENDS, /* asked, unknown, because the object does not show what it depends on: the sentence says on what */
    BY_SERVER,      /* dropped or answered with 422 by the server: known from its answer, whatever the verdict */
    REFUSED,        /* a bad value or a misspelt name: refused before there is a diff */
    NO_FIELD,       /* the version has no such field: refused */
    WRONG_PLACE,    /* a place that the program never writes in this version */
    LAUNCHER,       /* a change of the launcher's Job or Pod, not of the MPIJob */
    CLASSES
};

static const char *const class_names[CLASSES] = {"judged as measured",
                                                 "judged unknown: releases differ",
                                                 "judged unknown: depends on what the object does not show",
                                                 "left to the server's answer",
                                                 "refused: bad value or name",
                                                 "refused: the version has no such field",
                                                 "a place never written",
                                                 "the launcher's own object"};

static enum fate check_refused(const struct row *r, const struct effect_case *c)
{
    struct mpijob_changes changes = {0};
    struct error err = {0};
    (void)r;
    assert_int_equal(mpijob_changes_parse(&changes, c->after[0], &err), ERR_INVALID);
    mpijob_changes_free(&changes);
    return REFUSED;
}

static enum fate check_no_field(const struct row *r, const struct effect_case *c)
{
    struct mpijob_diff diff = {0};
    struct error err = {0};
    char *object = case_object(target_of(r), c->state, NULL, NULL);
    struct mpijob_view view = viewed(object, target_of(r));
    case_change(&view, c->after, &diff, &err);
    assert_int_equal(err.code, ERR_INVALID);
    assert_contains(err.message, "have no field");
    free(object);
    return NO_FIELD;
}

/* Later steps: a label after a deadline, a resume after a suspend, a policy after a new manager. */
static void check_second(const struct row *r, const struct effect_case *c)
{
    struct mpijob_verdict v = {0};
    if (!c->second[0])
        return;
    ask(r, c->second_state, c->second_before, NULL, c->second, NOON + c->second_now, &v);
    bool harmful = strcmp(r->c[VERDICT], "harmful") == 0;
    compare(r, &v, harmful ? EFFECT_UNKNOWN : c->second_effect);
    if (c->second_says && (harmful || c->second_effect != EFFECT_EFFECTIVE))
        assert_contains(v.why, c->second_says);
}

static enum fate check_row(const struct row *r, const struct effect_case *c)
{
    struct mpijob_verdict v = {0};
    bool beta = strcmp(r->c[API_VERSION], "v2beta1") == 0;
    if (c->refused)
        return check_refused(r, c);
    if (c->field != FIELD_COUNT && !mpijob_field_place(c->field, target_of(r))->has)
        return check_no_field(r, c);
    if (c->field != FIELD_COUNT && !is_place(r, c->field))
        return WRONG_PLACE;
    if (left_to_server(r)) {
        if (strcmp(r->c[VERDICT], "dropped") == 0)
            ask(r, c->state, c->before, c->bad, c->after, NOON + c->now, &v);
        return BY_SERVER;
    }
    if (c->by_hand)
        ask_by_hand(r, c, &v);
    else
        ask(r, beta && c->beta_state ? c->beta_state : c->state, c->before, c->bad, c->after, NOON + c->now, &v);
    const char *depends_on = beta && c->beta_depends_on ? c->beta_depends_on : c->depends_on;
    if (depends_on && (beta || target_of(r).controller == CONTROLLER_TRAINING_OPERATOR)) {
        compare(r, &v, EFFECT_UNKNOWN);
        assert_contains(v.why, depends_on);
        return JUDGED_DEPENDS;
    }
    if (releases_differ(r, c)) {
        compare(r, &v, EFFECT_UNKNOWN);
        assert_contains(v.why, strstr(r->c[CONTROLLER], "-v") + 1);
        return JUDGED_DIFFER;
    }
    check_second(r, c);
    compare(r, &v, expected(completed(r, c), c));
    return JUDGED;
}

static enum fate class_of(const struct row *r, bool *used)
{
    if (str_starts(str_of(r->c[FIELD]), "launcher:"))
        return LAUNCHER;
    const struct effect_case *c = case_of(r);
    if (c) {
        used[c - effect_cases] = true;
        return check_row(r, c);
    }
    fail_msg("no case for this row: %s %s %s", r->c[STATE], r->c[FIELD], r->c[CHANGE]);
    return CLASSES;
}

static void every_row_is_judged_or_classed(void **state)
{
    (void)state;
    size_t counts[CLASSES] = {0}, experiments = 0;
    bool used[200] = {false};
    for (size_t i = 0; i < row_count; i++) {
        counts[class_of(&rows[i], used)]++;
        experiments += strcmp(rows[i].c[VERIFIED], "experiment") == 0;
    }
    for (size_t i = 0; i < effect_case_count; i++) {
        if (!used[i])
            fail_msg("no row for this case: %s %s %s", effect_cases[i].row_state, effect_cases[i].row_field,
                     effect_cases[i].row_change);
    }
    for (int i = 0; i < CLASSES; i++)
        print_message("%4zu %s\n", counts[i], class_names[i]);
    assert_int_equal(row_count, 490);
    assert_int_equal(experiments, 485);
    assert_true(counts[JUDGED] >= 330);
    assert_int_equal(counts[JUDGED_DIFFER], 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_row_is_judged_or_classed)};
    return cmocka_run_group_tests(tests, rows_load, rows_unload);
}
