/* SPDX-License-Identifier: Apache-2.0 */
/* A job and a diff, brought to the terms that the effect table is looked up by. */
#include "mpijob/effect/effect_table.h"

#include "base/clock.h"

/* Without launcherCreationPolicy WaitForWorkersReady the launcher is created with the workers, before it could be seen
 * that it is missing. */
static bool launcher_waits(const struct mpijob_view *view)
{
    if (!json_string_is(json_at(view->object, "/spec/launcherCreationPolicy"), str_of("WaitForWorkersReady")))
        return false;
    struct json launcher = json_at(view->object, "/status/replicaStatuses/Launcher");
    for (struct json_iter it = json_iter(launcher); json_next(&it);) {
        int64_t n;
        if (json_int64(it.value, &n) && n > 0)
            return false;
    }
    return true;
}

unsigned effect_state(const struct mpijob_view *view)
{
    switch (view->phase) {
    case PHASE_PENDING:
        if (launcher_waits(view))
            return STATE_NO_LAUNCHER;
        return json_count(json_at(view->object, "/status/conditions")) || view->started != MPIJOB_NO_TIME
                   ? STATE_PENDING
                   : STATE_UNSEEN;
    case PHASE_RUNNING:
    case PHASE_RESTARTING:
        return STATE_RUNNING;
    case PHASE_SUSPENDED:
        return STATE_SUSPENDED;
    case PHASE_SUCCEEDED:
        return STATE_SUCCEEDED;
    case PHASE_FAILED:
        break;
    }
    bool ended = json_exists(mpijob_value_at(view->object, "/status/completionTime"));
    return view->evicted && !ended ? STATE_EVICTED : STATE_FAILED;
}

/* ---- the value in force after the change ---- */

static const struct mpijob_difference *find(const struct mpijob_diff *diff, const char *pointer)
{
    for (size_t i = 0; pointer && i < diff->count; i++) {
        if (strcmp(diff->items[i].pointer, pointer) == 0)
            return &diff->items[i];
    }
    return NULL;
}

static struct json value_after(const struct mpijob_view *view, const struct mpijob_diff *diff,
                               enum mpijob_field_id field)
{
    const struct mpijob_place *place = mpijob_field_place(field, view->target);
    const char *const order[] = {place->overrides, place->pointer, place->also};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        const struct mpijob_difference *d = find(diff, order[i]);
        struct json value = d ? (struct json){str_of(d->after)} : mpijob_value_at(view->object, order[i]);
        if (json_exists(value))
            return value;
    }
    return (struct json){0};
}

/* ---- meanings, field by field ---- */

enum policy { POLICY_NONE, POLICY_RUNNING, POLICY_ALL, POLICY_BAD };

static enum policy policy_of(struct json value)
{
    if (!json_exists(value) || json_string_is(value, str_of("None")))
        return POLICY_NONE;
    if (json_string_is(value, str_of("Running")))
        return POLICY_RUNNING;
    return json_string_is(value, str_of("All")) ? POLICY_ALL : POLICY_BAD;
}

static unsigned policy_meaning(const struct effect_query *q)
{
    static const unsigned meanings[4][4] = {
        [POLICY_NONE] = {MEANS_SAME, MEANS_RUNNING, MEANS_ALL, MEANS_BAD},
        [POLICY_RUNNING] = {MEANS_NONE, MEANS_SAME, MEANS_RUNNING_TO_ALL, MEANS_BAD},
        [POLICY_ALL] = {MEANS_NONE, MEANS_ALL_TO_RUNNING, MEANS_SAME, MEANS_BAD},
    };
    enum policy from = policy_of(q->from), to = policy_of(q->to);
    if (from == POLICY_BAD && to != POLICY_BAD) /* acted as None so far, or stopped the controller: any end is news */
        return to == POLICY_NONE ? MEANS_NONE : MEANS_HEALED;
    return from == POLICY_BAD ? MEANS_BAD : meanings[from][to];
}

static int64_t after_seconds(int64_t start, struct json value)
{
    int64_t seconds, at;
    if (start == MPIJOB_NO_TIME || !json_int64(value, &seconds) || __builtin_mul_overflow(seconds, CLOCK_SECOND, &at) ||
        __builtin_add_overflow(start, at, &at))
        return MPIJOB_NO_TIME;
    return at;
}

int64_t effect_deadline(const struct mpijob_view *view, struct json value)
{
    return after_seconds(view->started, value);
}

void effect_query_span(struct effect_query *q, int64_t start, int64_t now)
{
    q->at = MPIJOB_NO_TIME;
    if (!json_exists(q->to)) {
        q->meaning = MEANS_REMOVED;
    } else if (mpijob_field_check(q->field, q->to, NULL)) {
        q->meaning = MEANS_BAD;
    } else {
        q->at = after_seconds(start, q->to);
        q->meaning = q->at == MPIJOB_NO_TIME ? MEANS_UNDATED : q->at <= now ? MEANS_ELAPSED : MEANS_AHEAD;
        int64_t was = json_exists(q->from) ? after_seconds(start, q->from) : MPIJOB_NO_TIME;
        if (q->meaning == MEANS_AHEAD && was != MPIJOB_NO_TIME && was < q->at)
            q->meaning = MEANS_LATER;
    }
}

void effect_query_backoff(struct effect_query *q)
{
    int64_t limit;
    if (!json_exists(q->to))
        q->meaning = MEANS_REMOVED;
    else if (mpijob_field_check(q->field, q->to, NULL) || !json_int64(q->to, &limit))
        q->meaning = MEANS_BAD;
    else
        q->meaning = limit == 0 ? MEANS_ZERO : MEANS_OTHER;
}

/* Suspended with the policy Running, a worker that has ended stays and is not made again. Its status counts them. */
static unsigned suspend_running_meaning(const struct mpijob_view *view)
{
    struct json workers = json_at(view->object, "/status/replicaStatuses/Worker");
    static const char *const ended[] = {"succeeded", "failed"};
    if (json_type(workers) != JSON_OBJECT)
        return view->phase == PHASE_PENDING ? MEANS_SUSPEND_RUNNING : MEANS_SUSPEND_OPEN;
    for (size_t i = 0; i < sizeof ended / sizeof *ended; i++) {
        int64_t n;
        if (json_int64(json_get(workers, ended[i]), &n) && n > 0)
            return MEANS_SUSPEND_ENDED;
    }
    return MEANS_SUSPEND_RUNNING;
}

static unsigned suspend_meaning(const struct mpijob_view *view, const struct mpijob_diff *diff,
                                const struct effect_query *q)
{
    bool running = policy_of(value_after(view, diff, FIELD_CLEAN_POD_POLICY)) == POLICY_RUNNING;
    if (json_exists(q->to) && json_type(q->to) != JSON_BOOL)
        return MEANS_BAD;
    if (json_is_true(q->from) == json_is_true(q->to))
        return MEANS_SAME;
    if (json_is_true(q->to))
        return running ? suspend_running_meaning(view) : MEANS_SUSPEND;
    return running ? MEANS_RESUME_RUNNING : MEANS_RESUME;
}

static unsigned manager_meaning(const struct mpijob_view *view, const struct effect_query *q)
{
    if (json_exists(q->to) && !mpijob_manager_is_own(q->to, view->target))
        return MEANS_AWAY;
    return !json_exists(q->from) || mpijob_manager_is_own(q->from, view->target) ? MEANS_SAME : MEANS_OTHER;
}

static bool differs(const struct mpijob_diff *diff, enum mpijob_field_id field)
{
    for (size_t i = 0; i < diff->count; i++) {
        if (diff->items[i].field == field)
            return true;
    }
    return false;
}

/* A change of the queue, or one of the whole policy, which takes the queue along. */
static unsigned scheduling_meaning(const struct mpijob_diff *diff)
{
    for (size_t i = 0; i < diff->count; i++) {
        struct str pointer = str_of(diff->items[i].pointer);
        if (str_ends(pointer, "/schedulingPolicy/queue") || str_ends(pointer, "/schedulingPolicy"))
            return MEANS_QUEUE;
    }
    return MEANS_OTHER;
}

bool effect_query(const struct mpijob_view *view, const struct mpijob_diff *diff, enum mpijob_field_id field,
                  int64_t now, struct effect_query *query)
{
    if (!differs(diff, field))
        return false;
    *query = (struct effect_query){
        .rows = &effect_of_job,
        .field = field,
        .state = effect_state(view),
        .from = mpijob_field_value(view->object, field, view->target),
        .to = value_after(view, diff, field),
        .at = MPIJOB_NO_TIME,
    };
    switch (field) {
    case FIELD_CLEAN_POD_POLICY:
        query->meaning = policy_meaning(query);
        break;
    case FIELD_ACTIVE_DEADLINE_SECONDS:
        effect_query_span(query, view->started, now);
        break;
    case FIELD_TTL_SECONDS_AFTER_FINISHED:
        effect_query_span(query, mpijob_phase_finished(view->phase) ? view->finished : MPIJOB_NO_TIME, now);
        break;
    case FIELD_BACKOFF_LIMIT:
        effect_query_backoff(query);
        break;
    case FIELD_SUSPEND:
        query->meaning = suspend_meaning(view, diff, query);
        break;
    case FIELD_MANAGED_BY:
        query->meaning = manager_meaning(view, query);
        break;
    case FIELD_SCHEDULING_POLICY:
        query->meaning = scheduling_meaning(diff);
        break;
    case FIELD_COUNT:
    case FIELD_OWN:
        return false;
    }
    return true;
}
