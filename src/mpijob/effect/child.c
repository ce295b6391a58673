/* SPDX-License-Identifier: Apache-2.0 */
/* The child's part of a change: what it comes to there, whether it may be, and what it does. */
#include "mpijob/effect/child.h"

#include <stdio.h>

#include "base/clock.h"
#include "mpijob/change/change_item.h"
#include "mpijob/effect/effect_parts.h"
#include "mpijob/effect/effect_table.h"
#include "mpijob/shown.h"
#include "json/write.h"

const struct mpijob_child *mpijob_child_of(struct mpijob_target target)
{
    return mpijob_dialect(target)->reader->child;
}

void mpijob_child_name(const struct mpijob_view *view, struct buf *out)
{
    buf_add_str(out, view->name);
    buf_puts(out, mpijob_child_of(view->target)->suffix);
}

void mpijob_child_plan_free(struct mpijob_child_plan *plan)
{
    mpijob_diff_free(&plan->diff);
    buf_free(&plan->patch);
    *plan = (struct mpijob_child_plan){0};
}

/* ---- whose it is, and how far it has come ---- */

static bool names_controller(struct json object, struct str uid, const char *kind)
{
    for (struct json_iter it = json_iter(json_at(object, "/metadata/ownerReferences")); json_next(&it);) {
        if (!json_is_true(json_get(it.value, "controller")))
            continue;
        if (uid.len ? json_string_is(json_get(it.value, "uid"), uid)
                    : json_string_is(json_get(it.value, "kind"), str_of(kind)))
            return true;
    }
    return false;
}

bool mpijob_controls(const struct mpijob_view *view, struct json object)
{
    return view->uid.len && names_controller(object, view->uid, NULL);
}

bool child_controller_is(struct json object, const char *kind)
{
    return names_controller(object, str_of(""), kind);
}

static struct json ended_condition(struct json job)
{
    for (struct json_iter it = json_iter(json_at(job, "/status/conditions")); json_next(&it);) {
        struct json type = json_get(it.value, "type");
        bool ends = json_string_is(type, str_of("Complete")) || json_string_is(type, str_of("Failed"));
        if (ends && json_string_is(json_get(it.value, "status"), str_of("True")))
            return it.value;
    }
    return (struct json){0};
}

bool child_has_ended(struct json job)
{
    return json_exists(ended_condition(job)) || json_exists(mpijob_value_at(job, "/status/completionTime"));
}

static int64_t time_at(struct json object, const char *pointer)
{
    char text[64];
    int64_t us;
    return json_string_at(object, pointer, text, sizeof text) == 0 && clock_parse(text, &us) ? us : MPIJOB_NO_TIME;
}

/* From when its deadline counts. A suspended Job has no start. */
static int64_t started(struct json launcher)
{
    int64_t at = time_at(launcher, "/status/startTime");
    bool suspended = json_is_true(json_at(launcher, "/spec/suspend"));
    return at == MPIJOB_NO_TIME && !suspended ? time_at(launcher, "/metadata/creationTimestamp") : at;
}

static int64_t ended(struct json launcher)
{
    int64_t at = time_at(launcher, "/status/completionTime");
    return at == MPIJOB_NO_TIME ? time_at(ended_condition(launcher), "/lastTransitionTime") : at;
}

/* ---- what goes through it ---- */

static const struct mpijob_change *wanted(const struct mpijob_changes *changes, enum mpijob_field_id field)
{
    for (size_t i = 0; i < changes->count; i++) {
        if (changes->items[i].kind == CHANGE_FIELD && changes->items[i].field == field)
            return &changes->items[i];
    }
    return NULL;
}

/* The change of one of the child's fields that it acts on, for a job in this state. It does not where the controller
 * reads the job's own fields while it runs. NULL: no such change. */
static const struct mpijob_change *concerning(const struct mpijob_changes *changes, const char *name,
                                              const struct mpijob_view *view)
{
    enum mpijob_field_id field;
    if (!mpijob_dialect(view->target)->through_child || !mpijob_field_find(view->target.kind, str_of(name), &field))
        return NULL;
    bool at_end = field == FIELD_TTL_SECONDS_AFTER_FINISHED;
    return at_end || !mpijob_phase_finished(view->phase) ? wanted(changes, field) : NULL;
}

bool mpijob_child_concerned(const struct mpijob_changes *changes, const struct mpijob_view *view)
{
    const struct mpijob_child *child = mpijob_child_of(view->target);
    for (const char *const *name = child ? child->fields : NULL; name && *name; name++) {
        if (concerning(changes, *name, view))
            return true;
    }
    return false;
}

static int refuse_ttl(struct str name, struct error *err)
{
    return error_set(
        err, ERR_REFUSED,
        "ttlSecondsAfterFinished is refused on the launcher Job %.*s while the job has not ended: if the "
        "Job is deleted before the controller has seen its end, the launcher starts again and the job runs "
        "twice. Set it when the job has finished",
        shown(name, 250), name.ptr);
}

static struct str text_at(struct json object, const char *pointer)
{
    struct json value = json_at(object, pointer);
    return json_type(value) == JSON_STRING ? str_n(value.text.ptr + 1, value.text.len - 2) : str_of("");
}

static struct str name_of(struct json object)
{
    return text_at(object, "/metadata/name");
}

int mpijob_launcher_ttl_check(struct json before, struct json after, struct error *err)
{
    static const char pointer[] = "/spec/ttlSecondsAfterFinished";
    struct json ttl = mpijob_value_at(after, pointer), had = mpijob_value_at(before, pointer);
    if (!json_exists(ttl) || (json_exists(had) && json_equal(had, ttl)) || child_has_ended(before) ||
        !child_controller_is(after, "MPIJob"))
        return 0;
    return refuse_ttl(name_of(after), err);
}

/* The API server takes a Pod's deadline only where it is set or lowered. */
static int check_pod(struct json before, struct str after, struct str name, struct error *err)
{
    int64_t had, wants;
    if (!json_exists(before))
        return 0;
    if (after.len && json_int64(before, &had) && json_int64((struct json){after}, &wants) && wants <= had)
        return 0;
    return error_set(err, ERR_INVALID,
                     "the launcher of this version is a Pod, and a Pod's activeDeadlineSeconds can be set or lowered, "
                     "not %s: %.*s has %.*s%s%.*s",
                     after.len ? "raised" : "removed", shown(name, 250), name.ptr, (int)before.text.len,
                     before.text.ptr, after.len ? ", asked for was " : "", (int)after.len, after.ptr ? after.ptr : "");
}

struct planning {
    const struct mpijob_view *view;
    const struct mpijob_child *row;
    struct json child, set;
    int64_t now;
    struct mpijob_child_plan *plan;
};

static void judge(const struct mpijob_view *view, struct json launcher, enum mpijob_field_id field, struct json before,
                  struct str after, int64_t now, struct mpijob_verdict *v, int64_t *ends_at)
{
    struct effect_query q = {.rows = &effect_of_launcher,
                             .field = field,
                             .state = effect_state(view),
                             .from = before,
                             .to = {after},
                             .at = MPIJOB_NO_TIME};
    if (field == FIELD_BACKOFF_LIMIT)
        effect_query_backoff(&q);
    else
        effect_query_span(&q, field == FIELD_ACTIVE_DEADLINE_SECONDS ? started(launcher) : ended(launcher), now);
    effect_judge_launcher(view, &q, v);
    if (field == FIELD_ACTIVE_DEADLINE_SECONDS)
        *ends_at = q.at;
}

/* In a JobSet, by what is known of its Jobs. */
static int judge_in_set(const struct planning *p, const char *pointer, struct str after, struct mpijob_verdict *v,
                        struct error *err)
{
    int64_t seconds, start = started(p->child);
    if (strcmp(pointer, "/spec/activeDeadlineSeconds") == 0 && start != MPIJOB_NO_TIME &&
        json_int64((struct json){after}, &seconds) &&
        (__builtin_mul_overflow(seconds, CLOCK_SECOND, &p->plan->ends_at) ||
         __builtin_add_overflow(start, p->plan->ends_at, &p->plan->ends_at)))
        p->plan->ends_at = MPIJOB_NO_TIME;
    return child_judge_in_set(p->row, p->child, p->set, pointer, after, p->now, v, err);
}

static int plan_field(const struct planning *p, const struct mpijob_change *c, struct error *err)
{
    const struct mpijob_view *view = p->view;
    struct json launcher = p->child;
    struct mpijob_child_plan *plan = p->plan;
    char pointer[64];
    struct str after = change_value(c), name = name_of(launcher);
    const char *field = mpijob_kind_field_name(view->target.kind, c->field);
    snprintf(pointer, sizeof pointer, "/spec/%s", field);
    struct json before = mpijob_value_at(launcher, pointer);
    struct mpijob_verdict v = {.effect = EFFECT_INERT};
    if (c->field < FIELD_COUNT)
        plan->covered[c->field] = true;
    if (after.len ? json_exists(before) && json_equal(before, (struct json){after}) : !json_exists(before)) {
        snprintf(v.why, sizeof v.why, "the %s %.*s has this %s already, so nothing is different", p->row->words,
                 shown(name, 250), name.ptr, field);
        effect_join(&plan->verdict, &v);
        return 0;
    }
    bool running = !mpijob_phase_finished(view->phase) || !child_has_ended(launcher);
    int rc = 0;
    if (c->field == FIELD_TTL_SECONDS_AFTER_FINISHED && after.len && running)
        rc = refuse_ttl(name, err);
    else if (p->row->only_lowers)
        rc = check_pod(before, after, name, err);
    if (!rc)
        rc = diff_add(&plan->diff, pointer, c->field, before, after, err);
    if (!rc && json_exists(p->set))
        rc = judge_in_set(p, pointer, after, &v, err);
    else if (!rc)
        judge(view, launcher, c->field, before, after, p->now, &v, &plan->ends_at);
    if (!rc)
        effect_join(&plan->verdict, &v);
    return rc;
}

static int write_patch(struct mpijob_child_plan *plan, struct json launcher, struct error *err)
{
    struct json_writer w;
    json_writer_init(&w, &plan->patch);
    json_write_object(&w);
    json_write_key(&w, "metadata");
    json_write_object(&w);
    json_write_key(&w, "resourceVersion");
    json_write_raw(&w, json_at(launcher, "/metadata/resourceVersion"));
    json_write_key(&w, "uid");
    json_write_raw(&w, json_at(launcher, "/metadata/uid"));
    json_write_end(&w);
    json_write_key(&w, "spec");
    json_write_object(&w);
    for (size_t i = 0; i < plan->diff.count; i++) {
        const struct mpijob_difference *d = &plan->diff.items[i];
        json_write_key(&w, d->pointer + strlen("/spec/"));
        if (d->after)
            json_write_raw(&w, (struct json){str_of(d->after)});
        else
            json_write_null(&w);
    }
    json_write_end(&w);
    json_write_end(&w);
    return buf_result(&plan->patch, "the child's patch", err);
}

/* The owner chain, by uid: the job, or the JobSet that it controls. */
int mpijob_child_check(const struct mpijob_view *view, struct json set, struct json child, struct error *err)
{
    const struct mpijob_child *row = mpijob_child_of(view->target);
    struct str name = name_of(child), owner = json_exists(set) ? text_at(set, "/metadata/uid") : view->uid;
    const char *kind = mpijob_kind_info(view->target.kind)->name;
    bool named = text_at(child, "/metadata/resourceVersion").len && text_at(child, "/metadata/uid").len;
    if (named && owner.len && names_controller(child, owner, NULL) && (!row->set || mpijob_controls(view, set)))
        return 0;
    return error_set(err, ERR_REFUSED,
                     "the %s %.*s is not this %s's %s (its owner references do not name this %s's uid as the "
                     "controller): nothing was changed",
                     row->kind, shown(name, 250), name.ptr, kind, mpijob_child_called(row->is), kind);
}

int mpijob_child_plan(const struct mpijob_changes *changes, const struct mpijob_view *view, struct json child,
                      struct json set, int64_t now, struct mpijob_child_plan *plan, struct error *err)
{
    struct planning p = {view, mpijob_child_of(view->target), child, set, now, plan};
    *plan = (struct mpijob_child_plan){.verdict = {.effect = EFFECT_UNCHANGED}, .ends_at = MPIJOB_NO_TIME};
    int rc = mpijob_child_check(view, set, child, err);
    for (const char *const *name = p.row->fields; *name && !rc; name++) {
        const struct mpijob_change *c = concerning(changes, *name, view);
        if (c)
            rc = plan_field(&p, c, err);
    }
    if (!rc && plan->diff.count)
        rc = write_patch(plan, child, err);
    if (rc)
        mpijob_child_plan_free(plan);
    return rc;
}

/* ---- both together ---- */

void mpijob_judge_beside(const struct mpijob_child_plan *plan, bool own, struct mpijob_verdict *verdict)
{
    if (!own)
        *verdict = plan->verdict;
    else if (plan->diff.count)
        effect_join(verdict, &plan->verdict);
}

/* There is no launcher: will it get the MPIJob's values? */
static void judge_without(const struct mpijob_view *view, const struct mpijob_diff *diff, int64_t now,
                          struct mpijob_verdict *v)
{
    static const bool at_creation[FIELD_COUNT] = {[FIELD_ACTIVE_DEADLINE_SECONDS] = true, [FIELD_BACKOFF_LIMIT] = true};
    bool awaited = mpijob_child_of(view->target)->takes_values && view->phase == PHASE_PENDING;
    struct mpijob_verdict said = {.effect = awaited ? EFFECT_EFFECTIVE : EFFECT_UNCHANGED};
    snprintf(said.why, sizeof said.why,
             awaited ? "the launcher Job %.*s-launcher does not exist yet; it gets the MPIJob's values when the "
                       "controller creates it"
                     : "there is no launcher %.*s-launcher to change",
             shown(view->name, 200), view->name.ptr);
    effect_judge_but(awaited ? at_creation : NULL, view, diff, now, v);
    effect_join(v, &said);
}

void mpijob_judge_through(const struct mpijob_view *before, const struct mpijob_diff *diff,
                          const struct mpijob_child_plan *plan, int64_t now, struct mpijob_verdict *verdict)
{
    static const bool none[FIELD_COUNT];
    if (!plan) {
        judge_without(before, diff, now, verdict);
        return;
    }
    /* Where it is open which controller it is, that decides whether the MPIJob's own deadline acts too. */
    bool both = mpijob_dialect(before->target)->open;
    effect_judge_but(both ? none : plan->covered, before, diff, now, verdict);
    if (verdict->effect == EFFECT_STORED) /* labels beside it need no word */
        verdict->why[0] = '\0';
    effect_join(verdict, &plan->verdict);
}
