#include "mpijob/effect/effect.h"

#include <stdio.h>

#include "base/clock.h"
#include "mpijob/change/change_item.h"
#include "mpijob/effect/effect_table.h"
#include "mpijob/kind.h"
#include "mpijob/shown.h"

static const char *const names[] = {"unchanged", "stored", "inert", "at-finish", "effective", "unknown", "destructive"};
#define EFFECTS (sizeof names / sizeof *names)

const char *mpijob_effect_name(enum mpijob_effect effect)
{
    return names[effect];
}

bool mpijob_effect_parse(struct str text, enum mpijob_effect *effect)
{
    for (size_t i = 0; i < EFFECTS; i++) {
        if (str_is(text, names[i])) {
            *effect = (enum mpijob_effect)i;
            return true;
        }
    }
    return false;
}

/* ---- sentences ---- */

/* Appends to the sentence as far as there is room. */
__attribute__((format(printf, 2, 3))) static void say(struct mpijob_verdict *v, const char *format, ...)
{
    size_t len = strlen(v->why);
    va_list args;
    va_start(args, format);
    vsnprintf(v->why + len, sizeof v->why - len, format, args);
    va_end(args);
    if (strlen(v->why) == sizeof v->why - 1)
        v->why[shown(str_of(v->why), (int)sizeof v->why - 2)] = '\0'; /* full: not within a character */
}

static void say_row(struct mpijob_verdict *v, const struct effect_row *row, const struct mpijob_view *view,
                    const struct effect_query *q)
{
    char at[32] = "its time";
    if (q->at != MPIJOB_NO_TIME)
        clock_format(q->at, false, at);
    for (const char *p = row->why; *p;) {
        size_t plain = strcspn(p, "{");
        say(v, "%.*s", (int)plain, p);
        p += plain;
        if (strncmp(p, "{launcher}", 10) == 0)
            say(v, "%.*s-launcher", (int)view->name.len, view->name.ptr);
        else if (strncmp(p, "{to}", 4) == 0)
            say(v, "%.*s", (int)q->to.text.len, q->to.text.ptr ? q->to.text.ptr : "");
        else if (strncmp(p, "{at}", 4) == 0)
            say(v, "%s", at);
        p += strcspn(p, "}");
        p += *p == '}';
    }
}

/* ---- one field under one controller ---- */

static const struct effect_row *look_up(unsigned release, const struct effect_query *q)
{
    for (size_t i = 0; i < q->rows->count; i++) {
        const struct effect_row *row = &q->rows->items[i];
        if ((row->releases & release) && (row->states & q->state) && row->field == q->field &&
            (row->meanings & q->meaning))
            return row;
    }
    return NULL;
}

static int row_effect(const struct effect_row *row)
{
    return row ? row->effect : EFFECT_UNKNOWN;
}

/* The releases differ: what each would do, those that agree together. */
static void say_differing(struct mpijob_verdict *v, unsigned releases, const struct mpijob_view *view,
                          const struct effect_query *q)
{
    v->effect = EFFECT_UNKNOWN;
    say(v, "it depends on the controller's release: ");
    const char *separator = "";
    for (int i = 0; i < RELEASES; i++) {
        if (!(releases & (1U << i)))
            continue;
        const struct effect_row *row = look_up(1U << i, q);
        if (row_effect(row) == EFFECT_DROPPED)
            continue;
        v->may_destroy = v->may_destroy || row_effect(row) == EFFECT_DESTRUCTIVE;
        say(v, "%s%s %s", separator, release_name(i), names[row_effect(row)]);
        if (row && row->effect != EFFECT_AT_FINISH) {
            say(v, " (");
            say_row(v, row, view, q);
            say(v, ")");
        }
        separator = ", ";
    }
}

static void judge_releases(struct mpijob_verdict *v, unsigned releases, const struct mpijob_view *view,
                           const struct effect_query *q)
{
    const struct effect_row *newest = NULL;
    bool any = false, differ = false;
    for (int i = 0; i < RELEASES; i++) {
        if (!(releases & (1U << i)))
            continue;
        const struct effect_row *row = look_up(1U << i, q);
        if (row_effect(row) == EFFECT_DROPPED) /* the answer will show it: an error of its own */
            continue;
        differ = differ || (any && row_effect(row) != row_effect(newest));
        newest = row;
        any = true;
    }
    if (differ) {
        say_differing(v, releases, view, q);
    } else if (newest) {
        v->effect = (enum mpijob_effect)newest->effect;
        say_row(v, newest, view, q);
    } else {
        v->effect = EFFECT_UNKNOWN;
        say(v, "no experiment covers this change of %s on a job that is %s under %s", mpijob_field_name(q->field),
            q->state == STATE_EVICTED ? "evicted" : mpijob_phase_name(view->phase),
            mpijob_controller_name(view->target.controller));
    }
}

/* Is the job left to somebody else already? Then nobody here acts on it. */
static bool left_to_another(const struct mpijob_view *view, const char **manager, int *len)
{
    const char *own =
        view->target.version == MPIJOB_V1 ? "kubeflow.org/training-operator" : "kubeflow.org/mpi-operator";
    struct json value = mpijob_field_value(view->object, FIELD_MANAGED_BY, view->target);
    *manager = value.text.ptr;
    *len = shown(value.text, 80);
    return json_exists(value) && !json_string_is(value, str_of(own)) && !json_string_is(value, str_of(""));
}

/* view: with the controller set to one of the two that were tried. False: the diff does not touch the field there. */
static bool judge_field(const struct mpijob_view *view, const struct mpijob_diff *diff, enum mpijob_field_id field,
                        unsigned releases, int64_t now, struct mpijob_verdict *v)
{
    struct effect_query q;
    const char *manager;
    int len;
    if (!effect_query(view, diff, field, now, &q))
        return false;
    if (!mpijob_field_place(field, view->target)->has) {
        v->effect = EFFECT_INERT;
        say(v, "%s knows no %s in %s", mpijob_controller_name(view->target.controller), mpijob_field_name(field),
            mpijob_version_name(view->target.version));
    } else if (field != FIELD_MANAGED_BY && left_to_another(view, &manager, &len)) {
        v->effect = EFFECT_UNKNOWN;
        say(v, "the job is managed by %.*s: %s does not act on it", len, manager,
            mpijob_controller_name(view->target.controller));
    } else if (field != FIELD_SCHEDULING_POLICY &&
               (json_exists(q.from) ? json_equal(q.from, q.to) : !json_exists(q.to))) {
        v->effect = EFFECT_INERT;
        say(v, "the value in force was this already; the other place is made equal");
    } else {
        judge_releases(v, releases, view, &q);
    }
    return true;
}

/* ---- subjects: a field, the labels and annotations, what else differs, and the mere fact of an edit ---- */

enum { SUBJECT_MAPS = FIELD_COUNT, SUBJECT_OTHER, SUBJECT_TOUCH, SUBJECTS };

static bool in_maps(const char *pointer)
{
    return str_starts(str_of(pointer), "/metadata/labels/") || str_starts(str_of(pointer), "/metadata/annotations/");
}

static bool judge_maps(const struct mpijob_view *view, const struct mpijob_diff *diff, struct mpijob_verdict *v)
{
    bool any = false, kueue = false;
    for (size_t i = 0; i < diff->count; i++) {
        any = any || in_maps(diff->items[i].pointer);
        kueue = kueue || str_is(str_of(diff->items[i].pointer), "/metadata/labels/kueue.x-k8s.io~1queue-name");
    }
    v->effect = EFFECT_STORED;
    say(v, "labels and annotations are stored on the %s%s%s", mpijob_kind_info(view->target.kind)->name,
        view->target.kind == KIND_MPIJOB ? "; they are not copied to its pods" : "",
        kueue ? "; Kueue may refuse another queue while the job is not suspended" : "");
    return any;
}

static bool judge_other(const struct mpijob_diff *diff, struct mpijob_verdict *v)
{
    for (size_t i = 0; i < diff->count; i++) {
        const struct mpijob_difference *d = &diff->items[i];
        if (d->field != FIELD_COUNT || in_maps(d->pointer))
            continue;
        v->effect = EFFECT_UNKNOWN;
        say(v, "no experiment covers a change of %.*s", shown(str_of(d->pointer), 100), d->pointer);
        return true;
    }
    return false;
}

/* training-operator looks at the deadline with every event, and an edit of a label is one. */
static bool judge_touch(const struct mpijob_view *view, const struct mpijob_diff *diff, int64_t now,
                        struct mpijob_verdict *v)
{
    const char *manager;
    int len;
    char text[32];
    struct effect_query q;
    unsigned state = effect_state(view);
    if (view->target.controller != CONTROLLER_TRAINING_OPERATOR || !(state & (STATE_RUNNING | STATE_BEFORE)) ||
        effect_query(view, diff, FIELD_ACTIVE_DEADLINE_SECONDS, now, &q) || left_to_another(view, &manager, &len))
        return false;
    struct json value = mpijob_field_value(view->object, FIELD_ACTIVE_DEADLINE_SECONDS, view->target);
    int64_t at = effect_deadline(view, value);
    if (at == MPIJOB_NO_TIME || at > now)
        return false;
    clock_format(at, false, text);
    v->effect = EFFECT_DESTRUCTIVE;
    say(v,
        "the job's deadline passed at %s unnoticed, and any edit makes training-operator look at it: the job fails now "
        "and "
        "loses all its pods",
        text);
    return true;
}

struct family {
    enum mpijob_controller controller;
    unsigned releases;
};

static bool judge_subject(int subject, const struct mpijob_view *view, const struct mpijob_diff *diff,
                          const struct family *family, int64_t now, struct mpijob_verdict *v)
{
    struct mpijob_view as = *view;
    as.target.controller = family->controller;
    *v = (struct mpijob_verdict){.effect = EFFECT_STORED};
    switch (subject) {
    case SUBJECT_MAPS:
        return judge_maps(view, diff, v);
    case SUBJECT_OTHER:
        return judge_other(diff, v);
    case SUBJECT_TOUCH:
        return judge_touch(&as, diff, now, v);
    default:
        return judge_field(&as, diff, (enum mpijob_field_id)subject, family->releases, now, v);
    }
}

/* ---- which controllers come into question ---- */

struct families {
    struct family items[2];
    int count;
    const char *untried; /* set: this controller was not tried; the verdict is told as another's */
    bool sibling;        /* neither was the kind */
};

/* The other kinds have no row of their own: what is known of MPIJobs under the same controller is told beside
 * "unknown", and it decides what is refused as destructive. */
static struct families families_of_siblings(struct mpijob_target target)
{
    struct families f = {.items = {{target.controller, TRAINING_190}}, .count = 1, .sibling = true};
    f.untried = target.controller == CONTROLLER_CCI ? "CCI's controller could not be tried" : "this kind was not tried";
    return f;
}

static struct families families_of(struct mpijob_target target)
{
    if (target.kind != KIND_MPIJOB)
        return families_of_siblings(target);
    static const struct family v1alpha2 = {CONTROLLER_MPI_OPERATOR, V1ALPHA2_ALL},
                               v1 = {CONTROLLER_MPI_OPERATOR, V1_MPI_ALL},
                               v2beta1 = {CONTROLLER_MPI_OPERATOR, V2BETA1_ALL},
                               training = {CONTROLLER_TRAINING_OPERATOR, TRAINING_190};
    struct families f = {.count = 1};
    f.items[0] = target.version == MPIJOB_V1ALPHA2 ? v1alpha2 : target.version == MPIJOB_V1 ? v1 : v2beta1;
    if (target.version == MPIJOB_V1 && target.controller == CONTROLLER_TRAINING_OPERATOR)
        f.items[0] = training;
    else if (target.version == MPIJOB_V1 && target.controller == CONTROLLER_UNKNOWN)
        f.items[f.count++] = training;
    else if (target.controller == CONTROLLER_TRAINING_OPERATOR)
        f.untried = "training-operator serves v1 only";
    else if (target.controller == CONTROLLER_CCI)
        f.untried = "CCI's controller could not be tried, and its documentation does not say what this does";
    else if (target.version == MPIJOB_V1ALPHA2 && target.controller == CONTROLLER_UNKNOWN)
        f.untried = "it is not known which controller serves this v1alpha2";
    return f;
}

/* each: the verdicts of the controllers that come into question. What they agree on. */
static void agree_on(const struct families *families, const struct mpijob_verdict *each, struct mpijob_verdict *v)
{
    struct families f = *families;
    bool may_destroy = false;
    for (int i = 0; i < f.count; i++)
        may_destroy = may_destroy || each[i].may_destroy || each[i].effect == EFFECT_DESTRUCTIVE;
    *v = each[0];
    if (f.sibling && each[0].effect != EFFECT_STORED) {
        *v = (struct mpijob_verdict){.effect = EFFECT_UNKNOWN};
        say(v, "%s; on an MPIJob of training-operator this is %s", f.untried, names[each[0].effect]);
    } else if (f.untried && each[0].effect != EFFECT_STORED) {
        *v = (struct mpijob_verdict){.effect = EFFECT_UNKNOWN};
        say(v, "%s; under upstream's mpi-operator it is %s: %s", f.untried, names[each[0].effect], each[0].why);
    } else if (f.count == 2 && (each[0].effect != each[1].effect || strcmp(each[0].why, each[1].why) != 0)) {
        *v = (struct mpijob_verdict){.effect = each[0].effect == each[1].effect ? each[0].effect : EFFECT_UNKNOWN};
        if (v->effect == EFFECT_UNKNOWN)
            say(v, "it depends on the controller, which is not known here; ");
        for (int i = 0; i < 2; i++)
            say(v, "%sunder %s: %s%s%.*s", i ? "; " : "", mpijob_controller_name(f.items[i].controller),
                names[each[i].effect], *each[i].why ? ", " : "", shown(str_of(each[i].why), 200), each[i].why);
    }
    v->may_destroy = may_destroy;
}

/* False: the subject does not arise. */
static bool agree(int subject, const struct mpijob_view *view, const struct mpijob_diff *diff, int64_t now,
                  struct mpijob_verdict *v)
{
    struct families f = families_of(view->target);
    struct mpijob_verdict each[2];
    bool arises = judge_subject(subject, view, diff, &f.items[0], now, &each[0]);
    if (f.count == 2)
        arises = judge_subject(subject, view, diff, &f.items[1], now, &each[1]) || arises;
    if (view->target.controller == CONTROLLER_CCI && subject == FIELD_CLEAN_POD_POLICY &&
        mpijob_phase_finished(view->phase))
        f.untried = "CCI documents this replacement in a job that has ended, but not what becomes of its pods";
    if (arises)
        agree_on(&f, each, v);
    return arises;
}

void effect_judge_launcher(const struct mpijob_view *view, const struct effect_query *q, struct mpijob_verdict *v)
{
    struct families f = families_of(view->target);
    struct mpijob_verdict each[2] = {{.effect = EFFECT_STORED}, {.effect = EFFECT_STORED}};
    const char *manager;
    int len;
    for (int i = 0; i < f.count; i++) {
        struct mpijob_view as = *view;
        as.target.controller = f.items[i].controller;
        if (left_to_another(&as, &manager, &len)) {
            each[i].effect = EFFECT_UNKNOWN;
            say(&each[i], "the job is managed by %.*s: %s does not act on it", len, manager,
                mpijob_controller_name(as.target.controller));
        } else {
            judge_releases(&each[i], f.items[i].releases, &as, q);
        }
    }
    agree_on(&f, each, v);
}

void effect_join(struct mpijob_verdict *v, const struct mpijob_verdict *other)
{
    struct mpijob_verdict first = v->effect >= other->effect ? *v : *other;
    const struct mpijob_verdict *second = v->effect >= other->effect ? other : v;
    first.may_destroy = v->may_destroy || other->may_destroy;
    if (*first.why && *second->why)
        say(&first, "; ");
    say(&first, "%s", second->why);
    *v = first;
}

static const char *subject_name(int subject)
{
    return subject < FIELD_COUNT     ? mpijob_field_name((enum mpijob_field_id)subject)
           : subject == SUBJECT_MAPS ? "labels"
                                     : "the job";
}

void effect_judge_but(const bool skipped[FIELD_COUNT], const struct mpijob_view *before, const struct mpijob_diff *diff,
                      int64_t now, struct mpijob_verdict *verdict)
{
    struct mpijob_verdict each[SUBJECTS];
    bool arises[SUBJECTS];
    int main = -1, told = 0;
    *verdict = (struct mpijob_verdict){.effect = EFFECT_UNCHANGED};
    for (int i = 0; i < SUBJECTS; i++) {
        bool left_out = skipped && i < FIELD_COUNT && skipped[i];
        arises[i] = diff->count && !left_out && agree(i, before, diff, now, &each[i]);
        if (arises[i] && (main < 0 || each[i].effect > each[main].effect))
            main = i;
        told += arises[i] && each[i].effect != EFFECT_STORED;
    }
    if (main < 0) {
        if (!skipped)
            say(verdict, "every value is as asked for already; nothing is sent");
        return;
    }
    verdict->effect = each[main].effect;
    for (int i = 0; i < SUBJECTS; i++)
        verdict->may_destroy = verdict->may_destroy || (arises[i] && each[i].may_destroy);
    if (told > 1)
        say(verdict, "%s: ", subject_name(main));
    say(verdict, "%s", each[main].why);
    for (int i = 0; i < SUBJECTS; i++) {
        if (arises[i] && i != main && each[i].effect != EFFECT_STORED)
            say(verdict, "; %s is %s: %s", subject_name(i), names[each[i].effect], each[i].why);
    }
}

void mpijob_judge(const struct mpijob_view *before, const struct mpijob_diff *diff, int64_t now,
                  struct mpijob_verdict *verdict)
{
    effect_judge_but(NULL, before, diff, now, verdict);
}
