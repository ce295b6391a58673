/* SPDX-License-Identifier: Apache-2.0 */
/* What a finding is, and how it is handed over; the rules are in inspect_values.c, inspect_places.c, inspect_life.c. */
#include "mpijob/inspect/inspect.h"

#include <stdarg.h>
#include <stdio.h>

#include "mpijob/effect/effect.h"
#include "mpijob/held_gpus.h"
#include "mpijob/inspect/inspect_rule.h"
#include "mpijob/kind.h"
#include "mpijob/shown.h"

static const struct {
    const char *name, *about;
} problems[] = {
    [PROBLEM_WRONG_TYPE] = {"wrong-type", "a value of the wrong type"},
    [PROBLEM_OBJECT_FOR_LIST] = {"object-for-list", "an object where a list belongs"},
    [PROBLEM_BAD_POLICY] = {"bad-policy", "a cleanPodPolicy other than None, Running and All"},
    [PROBLEM_NEGATIVE_DEADLINE] = {"negative-deadline", "an activeDeadlineSeconds below 0"},
    [PROBLEM_WRONG_PLACE] = {"wrong-place", "a field where this version does not read it"},
    [PROBLEM_PATHS_DIFFER] = {"paths-differ", "v1's two places of cleanPodPolicy are not equal"},
    [PROBLEM_MISSPELT_FIELD] = {"misspelt-field", "a field's name is misspelt"},
    [PROBLEM_DROPPED_FIELD] = {"dropped-field", "a field that was applied and that the server threw away"},
    [PROBLEM_IGNORED_FIELD] = {"ignored-field", "a field that this controller never reads"},
    [PROBLEM_DEAD_DEADLINE] = {"dead-deadline", "a deadline that passed and did not act"},
    [PROBLEM_DEAD_TTL] = {"dead-ttl", "a ttlSecondsAfterFinished that never deletes the job"},
    [PROBLEM_HOLDS_GPUS] = {"holds-gpus", "a finished job whose workers keep their GPUs"},
    [PROBLEM_EVICTED] = {"evicted", "an evicted job that cleanup passes over"},
    [PROBLEM_OTHER_MANAGER] = {"other-manager", "a job that another manager owns"},
    [PROBLEM_NO_SUCCESS_POLICY] = {"no-success-policy", "a JobSet whose end its controller cannot record"},
    [PROBLEM_RUNS_AGAIN] = {"runs-again", "a TTL that makes work which has ended run again"},
    [PROBLEM_SUSPENDED_AFTER_END] = {"suspended-after-end", "a TrainJob that says Suspended beside its end"},
};

static const char *const names[] = {"wrong-type",
                                    "object-for-list",
                                    "bad-policy",
                                    "negative-deadline",
                                    "wrong-place",
                                    "paths-differ",
                                    "misspelt-field",
                                    "dropped-field",
                                    "ignored-field",
                                    "dead-deadline",
                                    "dead-ttl",
                                    "holds-gpus",
                                    "evicted",
                                    "other-manager",
                                    "no-success-policy",
                                    "runs-again",
                                    "suspended-after-end",
                                    "any",
                                    NULL};

const char *mpijob_problem_name(enum mpijob_problem problem)
{
    return problems[problem].name;
}

const char *mpijob_problem_about(enum mpijob_problem problem)
{
    return problems[problem].about;
}

const char *mpijob_severity_name(enum mpijob_severity severity)
{
    static const char *const severities[] = {"info", "warning", "error"};
    return severities[severity];
}

const char *const *mpijob_problem_names(void)
{
    return names;
}

bool mpijob_problem_parse(struct str text, unsigned *bits)
{
    for (unsigned i = 0; names[i]; i++) {
        if (str_is(text, names[i])) {
            *bits = i == PROBLEM_COUNT ? PROBLEM_ANY : 1U << i;
            return true;
        }
    }
    return false;
}

/* ---- a finding ---- */

void finding_begin(struct mpijob_finding *f, enum mpijob_problem problem, enum mpijob_severity severity,
                   const char *pointer, struct json value)
{
    *f = (struct mpijob_finding){.problem = problem, .severity = severity};
    snprintf(f->pointer, sizeof f->pointer, "%s", pointer);
    int len = shown(value.text, (int)sizeof f->value - 4);
    bool cut = (size_t)len < value.text.len;
    snprintf(f->value, sizeof f->value, "%.*s%s", len, len ? value.text.ptr : "", cut ? "..." : "");
}

void finding_means(struct mpijob_finding *f, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(f->means, sizeof f->means, format, args);
    va_end(args);
}

void finding_cure(struct mpijob_finding *f, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(f->cure, sizeof f->cure, format, args);
    va_end(args);
}

bool finding_edit(struct mpijob_finding *f, const char *pointer, struct str raw)
{
    struct mpijob_cure_edit *e = &f->edits[f->edit_count];
    if (f->edit_count == FINDING_EDITS || raw.len >= sizeof e->raw || strlen(pointer) >= sizeof e->pointer) {
        f->edit_count = 0;
        return false;
    }
    snprintf(e->pointer, sizeof e->pointer, "%s", pointer);
    snprintf(e->raw, sizeof e->raw, "%.*s", (int)raw.len, raw.len ? raw.ptr : "");
    f->edit_count++;
    return true;
}

bool finding_edit_field(const struct inspecting *in, struct mpijob_finding *f, enum mpijob_field_id field,
                        struct str raw)
{
    const struct mpijob_place *place = mpijob_field_place(field, in->view->target);
    if (!place->has || !place->replaceable || !finding_edit(f, place->pointer, raw))
        return false;
    const char *second = place->overrides ? place->overrides : place->also;
    return !json_exists(mpijob_value_at(in->view->object, second)) || finding_edit(f, second, raw);
}

static enum mpijob_field_id field_at(const struct mpijob_view *view, const char *pointer)
{
    for (int i = 0; i < FIELD_COUNT; i++) {
        const struct mpijob_place *place = mpijob_field_place((enum mpijob_field_id)i, view->target);
        const char *const places[] = {place->pointer, place->overrides, place->also};
        for (size_t p = 0; p < sizeof places / sizeof *places; p++) {
            if (places[p] && strcmp(places[p], pointer) == 0)
                return (enum mpijob_field_id)i;
        }
    }
    return FIELD_COUNT;
}

/* A server may let few places be replaced beside labels and annotations (CCI). */
static bool replaceable(const struct inspecting *in, const char *pointer)
{
    const char *const *only = mpijob_dialect(in->view->target)->server->only;
    bool spec = str_starts(str_of(pointer), "/spec/");
    if (!only || !in->reader->documented_only)
        return true;
    for (size_t i = 0; only[i]; i++) {
        if (spec && strcmp(pointer + strlen("/spec/"), only[i]) == 0)
            return true;
    }
    return false;
}

static void judge(const struct inspecting *in, struct mpijob_finding *f)
{
    struct mpijob_difference items[FINDING_EDITS];
    struct mpijob_diff diff = {.items = items};
    struct mpijob_verdict verdict;
    for (size_t i = 0; i < f->edit_count; i++) {
        char *pointer = f->edits[i].pointer, *raw = f->edits[i].raw;
        items[diff.count++] = (struct mpijob_difference){
            .pointer = pointer, .field = field_at(in->view, pointer), .after = *raw ? raw : NULL};
        f->safe = f->safe && replaceable(in, pointer);
    }
    if (mpijob_kind_described(in->view->target.kind)) /* a cure that is a row's was tried */
        return;
    mpijob_judge(in->view, &diff, in->now, &verdict);
    if (!verdict.may_destroy)
        return;
    f->safe = false;
    size_t len = strlen(f->cure);
    snprintf(f->cure + len, sizeof f->cure - len, "%sbut that may end the job at once", len ? "; " : "");
}

void finding_report(struct inspecting *in, struct mpijob_finding *f)
{
    if (!f->edit_count || inspect_managed_elsewhere(in) || in->view->deleting)
        f->safe = false;
    if (f->edit_count)
        judge(in, f);
    in->found(in->data, f);
}

/* ---- questions ---- */

bool inspect_finished(const struct inspecting *in)
{
    return mpijob_phase_finished(in->view->phase);
}

bool inspect_managed_elsewhere(const struct inspecting *in)
{
    return mpijob_managed_elsewhere(in->view);
}

bool inspect_good_policy(struct json value)
{
    return json_type(value) == JSON_STRING && !mpijob_field_check(FIELD_CLEAN_POD_POLICY, value, NULL);
}

bool inspect_never_read(const struct inspecting *in, enum mpijob_field_id field)
{
    return (in->reader->never_reads & (1u << field)) != 0;
}

const char *mpijob_finding_path(const char *pointer, char out[FINDING_POINTER])
{
    snprintf(out, FINDING_POINTER, "%s", *pointer == '/' ? pointer + 1 : pointer);
    char *to = out;
    for (const char *p = out; *p; p++) {
        bool escaped = *p == '~' && (p[1] == '0' || p[1] == '1');
        if (escaped)
            p++;
        *to++ = (char)(escaped ? "~/"[*p - '0'] : *p == '/' ? '.' : *p);
    }
    *to = '\0';
    return out;
}

/* ---- entry ---- */

static void inspect(struct inspecting *in)
{
    for (int i = 0; i < PROBLEM_COUNT; i++)
        in->due[i] = INT64_MAX;
    if (!mpijob_kind_info(in->view->target.kind)->inspected)
        return;
    in->reader = mpijob_dialect(in->view->target)->reader;
    if (mpijob_kind_described(in->view->target.kind)) {
        inspect_described(in);
        return;
    }
    inspect_values(in);
    if (in->view->deleting) /* it goes anyway; only what harms others counts until then */
        return;
    if (!mpijob_dialect_known(mpijob_dialect(in->view->target))) /* nothing can be said of its places */
        return;
    inspect_places(in);
    inspect_life(in);
}

int mpijob_inspect(const struct mpijob_view *view, const struct mpijob_pods *pods, int64_t now, mpijob_found found,
                   void *data, struct error *err)
{
    struct inspecting in = {.view = view, .pods = pods, .now = now, .found = found, .data = data};
    inspect(&in);
    return in.failed ? error_nomem(err) : 0;
}

static void collect(void *data, const struct mpijob_finding *finding)
{
    *(unsigned *)data |= 1U << finding->problem;
}

int mpijob_problems(const struct mpijob_view *view, int64_t now, unsigned wanted, unsigned *bits, int64_t *due,
                    struct error *err)
{
    struct inspecting in = {.view = view, .now = now, .found = collect, .data = bits};
    *bits = 0;
    inspect(&in);
    if (due)
        *due = INT64_MAX;
    for (int i = 0; due && i < PROBLEM_COUNT; i++) {
        if ((wanted & (1U << i)) && !(*bits & (1U << i)) && in.due[i] < *due)
            *due = in.due[i];
    }
    return in.failed ? error_nomem(err) : 0;
}
