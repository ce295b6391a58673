/* SPDX-License-Identifier: Apache-2.0 */
/* Fields that no controller finds: in the wrong place, under a wrong name, thrown away, or never read at all. */
#include <stdio.h>
#include <strings.h>

#include "mpijob/inspect/inspect_rule.h"

#define SPEC_POLICY "/spec/cleanPodPolicy"
#define RUN_POLICY "/spec/runPolicy/cleanPodPolicy"

static bool is_none(struct json policy)
{
    return json_string_is(policy, str_of("None"));
}

static int text_len(struct json value)
{
    return value.text.len > 60 ? 60 : (int)value.text.len;
}

/* ---- cleanPodPolicy's two places ---- */

/* stray: where the controller does not read it (or perhaps not, while it is not known which one it is); right: where it
 * counts. */
static void stray_policy(struct inspecting *in, const char *stray, const char *right)
{
    struct json lost = mpijob_value_at(in->view->object, stray), held = mpijob_value_at(in->view->object, right);
    char where[FINDING_POINTER], there[FINDING_POINTER];
    struct mpijob_finding f;
    bool either = in->reader->two;
    if (!inspect_good_policy(lost) || (json_exists(held) ? json_equal(lost, held) : is_none(lost)))
        return;
    finding_begin(&f, either ? PROBLEM_PATHS_DIFFER : PROBLEM_WRONG_PLACE, SEVERITY_WARNING, stray, lost);
    mpijob_finding_path(stray, where);
    mpijob_finding_path(right, there);
    const char *ignored = in->reader->documented_only ? "is unknown to its documentation" : "is stored and ignored";
    int len = json_exists(held) ? text_len(held) : 7;
    const char *value = json_exists(held) ? held.text.ptr : "nothing";
    if (either)
        finding_means(
            &f,
            "training-operator goes by %s, mpi-operator only by %s, where %.*s stands: which of them serves the "
            "job decides",
            where, there, len, value);
    else
        finding_means(&f, "%s reads %s, where %.*s stands; %s %s", in->reader->name, there, len, value, where, ignored);
    if (json_exists(held)) {
        finding_cure(&f, "decide which of the two is meant, and set both to it");
    } else {
        f.safe = finding_edit(&f, right, lost.text);
        finding_cure(&f, "set %s to %.*s too", there, text_len(lost), lost.text.ptr);
    }
    finding_report(in, &f);
}

/* runPolicy wins; the copy in spec misleads whoever reads it, and counts again as soon as the other is removed. */
static void training_paths(struct inspecting *in)
{
    struct json run = mpijob_value_at(in->view->object, RUN_POLICY),
                spec = mpijob_value_at(in->view->object, SPEC_POLICY);
    struct mpijob_finding f;
    if (!inspect_good_policy(run) || json_type(spec) != JSON_STRING || json_equal(run, spec))
        return;
    finding_begin(&f, PROBLEM_PATHS_DIFFER, SEVERITY_WARNING, SPEC_POLICY, spec);
    finding_means(&f,
                  "training-operator goes by spec.runPolicy.cleanPodPolicy, which is %.*s; what stands in "
                  "spec.cleanPodPolicy is ignored beside it",
                  text_len(run), run.text.ptr);
    f.safe = finding_edit(&f, SPEC_POLICY, run.text);
    finding_cure(
        &f, "set spec.cleanPodPolicy to %.*s too, which changes nothing; if the other one was meant, set both to that",
        text_len(run), run.text.ptr);
    finding_report(in, &f);
}

/* Of the two places that there have been in some version, one may be read, or the other, or both. */
static void policy_places(struct inspecting *in)
{
    const struct mpijob_place *place = mpijob_field_place(FIELD_CLEAN_POD_POLICY, in->view->target);
    if (!place->has)
        return;
    if (place->also)
        training_paths(in);
    else if (strcmp(place->pointer, RUN_POLICY) == 0)
        stray_policy(in, SPEC_POLICY, RUN_POLICY);
    else if (strcmp(place->pointer, SPEC_POLICY) == 0)
        stray_policy(in, RUN_POLICY, SPEC_POLICY);
}

/* ---- numbers in spec that belong into runPolicy ---- */

static const enum mpijob_field_id numbers[] = {FIELD_ACTIVE_DEADLINE_SECONDS, FIELD_BACKOFF_LIMIT,
                                               FIELD_TTL_SECONDS_AFTER_FINISHED};
#define NUMBERS (sizeof numbers / sizeof *numbers)

/* An ended job has no use for it any more. */
static bool is_moot(const struct inspecting *in, enum mpijob_field_id field)
{
    return inspect_finished(in) && (field == FIELD_ACTIVE_DEADLINE_SECONDS || field == FIELD_BACKOFF_LIMIT);
}

/* Puts the value where it counts. A TTL is not set unasked: what it deletes is gone. */
static void cure_by_moving(const struct inspecting *in, struct mpijob_finding *f, enum mpijob_field_id field,
                           struct json value)
{
    const char *right = mpijob_field_place(field, in->view->target)->pointer;
    char path[FINDING_POINTER];
    if (inspect_never_read(in, field) || !right) {
        finding_cure(f, "this controller reads no %s wherever it stands", mpijob_field_name(field));
    } else if (mpijob_field_check(field, value, NULL)) {
        finding_cure(f, "set %s to the value that is meant", mpijob_finding_path(right, path));
    } else {
        f->safe = finding_edit(f, right, value.text) && field != FIELD_TTL_SECONDS_AFTER_FINISHED;
        finding_cure(f, "set %s to %.*s", mpijob_finding_path(right, path), text_len(value), value.text.ptr);
    }
}

static void number_places(struct inspecting *in)
{
    bool misplaced = in->reader->decodes && !(in->reader->decodes & DECODES_SPEC_NUMBERS);
    for (size_t i = 0; i < NUMBERS && misplaced; i++) {
        const char *name = mpijob_field_name(numbers[i]);
        char stray[FINDING_POINTER];
        struct mpijob_finding f;
        snprintf(stray, sizeof stray, "/spec/%s", name);
        struct json value = mpijob_value_at(in->view->object, stray);
        struct json held = mpijob_field_value(in->view->object, numbers[i], in->view->target);
        if (!json_exists(value) || json_exists(held) || is_moot(in, numbers[i]))
            continue;
        finding_begin(&f, PROBLEM_WRONG_PLACE, SEVERITY_WARNING, stray, value);
        finding_means(&f, "no controller of this version reads %s there: the job has none", name);
        cure_by_moving(in, &f, numbers[i], value);
        finding_report(in, &f);
    }
}

/* ---- names ---- */

static bool misspelt(struct json key, enum mpijob_field_id *field, bool *evident)
{
    char text[64]; /* a longer one is not a misspelling of these */
    const char *near = json_string_at(key, "", text, sizeof text) ? NULL : str_nearest(text, mpijob_field_names());
    bool is = near && mpijob_field_find(NULL, str_of(near), field) && strcmp(near, text) != 0;
    *evident = is && (strcasecmp(near, text) == 0 || strcmp(text, "activeDeadlineSecond") == 0);
    return is;
}

static void misspelt_key(struct inspecting *in, const char *under, struct json key, struct json value,
                         enum mpijob_field_id field, bool evident)
{
    struct json held = mpijob_field_value(in->view->object, field, in->view->target);
    char pointer[FINDING_POINTER];
    struct mpijob_finding f;
    int len = (int)key.text.len - 2;
    bool documented = in->reader->documented_only;
    if (json_type(value) <= JSON_NULL || is_moot(in, field) || json_exists(held) || key.text.len > 66 ||
        memchr(key.text.ptr, '\\', key.text.len) || memchr(key.text.ptr, '/', key.text.len) ||
        memchr(key.text.ptr, '~', key.text.len))
        return;
    snprintf(pointer, sizeof pointer, "%s/%.*s", under, len, key.text.ptr + 1);
    finding_begin(&f, PROBLEM_MISSPELT_FIELD, documented ? SEVERITY_INFO : SEVERITY_WARNING, pointer, value);
    finding_means(&f, "%.*s is no field: it is stored and ignored, and the job has no %s%s%s%s", len, key.text.ptr + 1,
                  mpijob_field_name(field), documented ? " (by upstream; " : "", documented ? in->reader->name : "",
                  documented ? "'s documentation has both spellings, and its controller could not be tried)" : "");
    cure_by_moving(in, &f, field, value);
    f.safe = f.safe && evident && !documented && finding_edit(&f, pointer, (struct str){0});
    finding_report(in, &f);
}

static void misspellings(struct inspecting *in, const char *under)
{
    struct json object = mpijob_value_at(in->view->object, under);
    if (json_type(object) != JSON_OBJECT)
        return;
    for (struct json_iter it = json_iter(object); json_next(&it);) {
        enum mpijob_field_id field;
        bool evident;
        if (misspelt(it.key, &field, &evident))
            misspelt_key(in, under, it.key, it.value, field, evident);
    }
}

/* ---- what was applied, and is not there ---- */

#define APPLIED "kubectl.kubernetes.io/last-applied-configuration"

static void dropped(struct inspecting *in, struct json applied, const char *stray, enum mpijob_field_id field)
{
    struct json value = mpijob_value_at(applied, stray);
    char path[FINDING_POINTER];
    struct mpijob_finding f;
    bool policy = field == FIELD_CLEAN_POD_POLICY;
    if (!json_exists(value) || is_moot(in, field) || (policy && is_none(value)) ||
        json_exists(mpijob_value_at(in->view->object, stray)) ||
        json_exists(mpijob_field_value(in->view->object, field, in->view->target)))
        return;
    finding_begin(&f, PROBLEM_DROPPED_FIELD, SEVERITY_WARNING, stray, value);
    finding_means(&f,
                  "it was applied (as " APPLIED
                  " shows), but this version has no such field in that place, and the server "
                  "threw it away with a 200: the job has no %s",
                  mpijob_field_name(field));
    cure_by_moving(in, &f, field, value);
    if (!f.edit_count && policy)
        finding_cure(&f, "set %s to None, Running or All",
                     mpijob_finding_path(mpijob_field_place(field, in->view->target)->pointer, path));
    finding_report(in, &f);
}

/* Some definitions throw away what they do not name. */
static void dropped_fields(struct inspecting *in)
{
    struct json annotation = json_get(in->view->annotations, APPLIED), applied;
    struct buf text = BUF_INIT;
    if (!json_exists(annotation) || !in->reader->drops)
        return;
    json_decode(annotation, &text);
    if (text.failed)
        in->failed = ERR_NOMEM;
    else if (text.len && json_parse(buf_str(&text), APPLIED, &applied, NULL) == 0) {
        if (in->reader->drops & DROPS_SPEC_POLICY)
            dropped(in, applied, SPEC_POLICY, FIELD_CLEAN_POD_POLICY);
        for (size_t i = 0; i < NUMBERS && in->reader->drops & DROPS_SPEC_NUMBERS; i++) {
            char stray[FINDING_POINTER];
            snprintf(stray, sizeof stray, "/spec/%s", mpijob_field_name(numbers[i]));
            dropped(in, applied, stray, numbers[i]);
        }
        dropped(in, applied, "/spec/activeDeadlineSecond", FIELD_ACTIVE_DEADLINE_SECONDS);
        dropped(in, applied, "/spec/runPolicy/activeDeadlineSecond", FIELD_ACTIVE_DEADLINE_SECONDS);
    }
    buf_free(&text);
}

/* ---- right place, and never read ---- */

static void ignored(struct inspecting *in, enum mpijob_field_id field, enum mpijob_severity severity, const char *means,
                    const char *cure, bool named)
{
    char pointer[FINDING_POINTER];
    struct mpijob_finding f;
    snprintf(pointer, sizeof pointer, "/spec/runPolicy/%s", mpijob_field_name(field));
    struct json value = mpijob_value_at(in->view->object, pointer);
    bool idle = field == FIELD_SUSPEND && !json_is_true(value);
    if (!json_exists(value) || idle || !inspect_never_read(in, field))
        return;
    finding_begin(&f, PROBLEM_IGNORED_FIELD, severity, pointer, value);
    finding_means(&f, "%s %s", in->reader->name, means);
    finding_cure(&f, "%s%.*s%s", cure, named ? (int)in->view->name.len : 0, in->view->name.ptr,
                 named ? "-launcher, which the kubelet keeps" : "");
    finding_report(in, &f);
}

static void ignored_fields(struct inspecting *in)
{
    if (inspect_finished(in))
        return;
    ignored(in, FIELD_ACTIVE_DEADLINE_SECONDS, SEVERITY_WARNING,
            "never reads a job's deadline: it runs on when that has passed", "set activeDeadlineSeconds of the Pod ",
            true);
    ignored(in, FIELD_BACKOFF_LIMIT, SEVERITY_INFO, "never reads a job's backoffLimit", "none: nobody will act on it",
            false);
    ignored(in, FIELD_SUSPEND, SEVERITY_WARNING, "knows no suspend: the job is not suspended",
            "none: delete the job to stop it", false);
}

void inspect_places(struct inspecting *in)
{
    policy_places(in);
    number_places(in);
    misspellings(in, "/spec");
    misspellings(in, "/spec/runPolicy");
    dropped_fields(in);
    ignored_fields(in);
}
