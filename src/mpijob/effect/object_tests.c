/* SPDX-License-Identifier: Apache-2.0 */
/* What the rows of other kinds ask of a change. */
#include "mpijob/effect/object_rows.h"

#include "base/clock.h"
#include "mpijob/effect/effect_parts.h"

/* ---- values ---- */

bool test_added(struct changing *c, struct json from, struct json to)
{
    (void)c;
    return !json_exists(from) && json_exists(to);
}

bool test_removed(struct changing *c, struct json from, struct json to)
{
    (void)c;
    return json_exists(from) && !json_exists(to);
}

bool test_changed(struct changing *c, struct json from, struct json to)
{
    (void)c;
    return json_exists(from) && json_exists(to);
}

bool test_set(struct changing *c, struct json from, struct json to)
{
    (void)c;
    (void)from;
    return json_exists(to);
}

bool test_true(struct changing *c, struct json from, struct json to)
{
    (void)c;
    return json_is_true(to) && !json_is_true(from);
}

bool test_false(struct changing *c, struct json from, struct json to)
{
    (void)c;
    return json_is_true(from) && !json_is_true(to);
}

static bool is_false(struct json value)
{
    return json_type(value) == JSON_BOOL && !json_is_true(value);
}

bool test_off(struct changing *c, struct json from, struct json to)
{
    (void)c;
    return is_false(to) && !is_false(from);
}

static int64_t number_or_one(struct json value)
{
    int64_t n = 1;
    json_int64(value, &n);
    return n;
}

bool test_less(struct changing *c, struct json from, struct json to)
{
    (void)c;
    return number_or_one(to) < number_or_one(from);
}

bool test_more(struct changing *c, struct json from, struct json to)
{
    (void)c;
    return number_or_one(to) > number_or_one(from);
}

bool test_below_failures(struct changing *c, struct json from, struct json to)
{
    int64_t limit, failed = 0;
    (void)from;
    json_int64(json_at(c->before, "/status/failed"), &failed);
    return json_int64(to, &limit) && failed > limit;
}

static bool is_below(struct json value, int64_t least)
{
    int64_t n;
    return json_exists(value) &&
           (json_type(value) != JSON_NUMBER || !json_int64(value, &n) || n < least || n > INT32_MAX);
}

bool test_no_number(struct changing *c, struct json from, struct json to)
{
    (void)c;
    (void)from;
    return is_below(to, 0);
}

bool test_no_positive(struct changing *c, struct json from, struct json to)
{
    (void)c;
    (void)from;
    return is_below(to, 1);
}

/* ---- times ---- */

static int64_t time_at(struct json object, const char *pointer)
{
    char text[64];
    int64_t us;
    return json_string_at(object, pointer, text, sizeof text) == 0 && clock_parse(text, &us) ? us : MPIJOB_NO_TIME;
}

/* Seconds after `start`; a negative number of them is long past. False: there is no such instant. */
static bool falls(struct changing *c, int64_t start, struct json seconds)
{
    int64_t n;
    c->at = MPIJOB_NO_TIME;
    if (!json_int64(seconds, &n) || start == MPIJOB_NO_TIME)
        return false;
    if (__builtin_mul_overflow(n, CLOCK_SECOND, &c->at) || __builtin_add_overflow(start, c->at, &c->at))
        c->at = n < 0 ? start : INT64_MAX;
    return true;
}

static bool is_over(struct changing *c, int64_t start, struct json seconds)
{
    return falls(c, start, seconds) && c->at <= c->now;
}

/* While it is suspended its clock stands still. */
bool test_deadline_passed(struct changing *c, struct json from, struct json to)
{
    int64_t n;
    (void)from;
    if (c->state == STATE_SUSPENDED)
        return json_int64(to, &n) && n <= 0;
    return is_over(c, time_at(c->before, "/status/startTime"), to);
}

bool test_deadline_ahead(struct changing *c, struct json from, struct json to)
{
    if (test_deadline_passed(c, from, to) || !json_exists(to))
        return false;
    if (c->state == STATE_SUSPENDED)
        c->at = MPIJOB_NO_TIME;
    return true;
}

/* Of the condition, if it has that status. */
static int64_t condition_time(struct json object, const char *type, const char *status)
{
    int64_t at = MPIJOB_NO_TIME;
    for (struct json_iter it = json_iter(json_at(object, "/status/conditions")); json_next(&it);) {
        if (json_string_is(json_get(it.value, "type"), str_of(type)) &&
            json_string_is(json_get(it.value, "status"), str_of(status)))
            at = time_at(it.value, "/lastTransitionTime");
    }
    return at;
}

static int64_t end_of(struct json object)
{
    static const char *const ends[] = {"Complete", "Completed", "Failed", "Succeeded", "Finished"};
    int64_t at = time_at(object, "/status/completionTime");
    for (size_t i = 0; at == MPIJOB_NO_TIME && i < sizeof ends / sizeof *ends; i++)
        at = condition_time(object, ends[i], "True");
    return at;
}

bool test_ttl_passed(struct changing *c, struct json from, struct json to)
{
    (void)from;
    return is_over(c, end_of(c->before), to);
}

bool test_ttl_ahead(struct changing *c, struct json from, struct json to)
{
    return !test_ttl_passed(c, from, to) && json_exists(to);
}

/* Rules of a failurePolicy may say anything; no experiment tells. */
static bool restarts_left(struct json set)
{
    struct json policy = mpijob_value_at(set, "/spec/failurePolicy");
    int64_t most = 0, made = 0;
    json_int64(json_get(policy, "maxRestarts"), &most);
    if (!json_int64(json_at(set, "/status/restartsCountTowardsMax"), &made))
        json_int64(json_at(set, "/status/restarts"), &made);
    return made < most || json_count(json_get(policy, "rules")) > 0;
}

bool test_set_begins_again(struct changing *c, struct json from, struct json to)
{
    (void)from;
    c->at = MPIJOB_NO_TIME;
    return json_exists(c->set) && json_exists(to) && restarts_left(c->set);
}

bool test_set_ends_now(struct changing *c, struct json from, struct json to)
{
    return json_exists(c->set) && test_deadline_passed(c, from, to);
}

bool test_set_ends(struct changing *c, struct json from, struct json to)
{
    return json_exists(c->set) && test_deadline_ahead(c, from, to);
}

bool test_train_ends_now(struct changing *c, struct json from, struct json to)
{
    return child_controller_is(c->set, "TrainJob") && test_set_ends_now(c, from, to);
}

bool test_train_ends(struct changing *c, struct json from, struct json to)
{
    return child_controller_is(c->set, "TrainJob") && test_set_ends(c, from, to);
}

/* It counts from the creation, or from the last resume. */
bool test_train_deadline(struct changing *c, struct json from, struct json to)
{
    int64_t start = condition_time(c->before, "Suspended", "False");
    if (json_exists(from) || !json_exists(to))
        return false;
    if (start == MPIJOB_NO_TIME)
        start = time_at(c->before, "/metadata/creationTimestamp");
    falls(c, c->state == STATE_SUSPENDED ? MPIJOB_NO_TIME : start, to);
    return true;
}

/* ---- queues and Workloads ---- */

bool test_drain(struct changing *c, struct json from, struct json to)
{
    (void)c;
    return json_string_is(to, str_of("HoldAndDrain")) && !json_string_is(from, str_of("HoldAndDrain"));
}

bool test_hold(struct changing *c, struct json from, struct json to)
{
    (void)c;
    (void)from;
    return json_string_is(to, str_of("Hold"));
}

bool test_time_ran_out(struct changing *c, struct json from, struct json to)
{
    if (is_false(to) || !is_false(from))
        return false;
    for (struct json_iter it = json_iter(json_at(c->before, "/status/conditions")); json_next(&it);) {
        if (json_string_is(json_get(it.value, "type"), str_of("Evicted")) &&
            json_string_is(json_get(it.value, "status"), str_of("True")) &&
            json_string_is(json_get(it.value, "reason"), str_of("DeactivatedDueToMaximumExecutionTimeExceeded")))
            return true;
    }
    return false;
}

/* ---- templates ---- */

static bool may_be_placed(const char *pointer)
{
    static const char *const open[] = {"/metadata/labels", "/metadata/annotations", "/spec/nodeSelector",
                                       "/spec/tolerations", "/spec/schedulingGates"};
    static const char *const in_job = "/template/spec/template";
    struct str text = str_of(pointer);
    if (str_starts(text, in_job))
        text = str_of(pointer + strlen(in_job));
    for (size_t i = 0; i < sizeof open / sizeof *open; i++) {
        size_t len = strlen(open[i]);
        if (str_starts(text, open[i]) && (text.len == len || text.ptr[len] == '/'))
            return true;
    }
    return false;
}

static bool placed(struct json from, struct json to)
{
    struct mpijob_diff diff;
    if (mpijob_objects_diff(from, to, &diff, NULL))
        return false;
    bool all = true;
    for (size_t i = 0; i < diff.count; i++)
        all = all && may_be_placed(diff.items[i].pointer);
    mpijob_diff_free(&diff);
    return all;
}

static bool is_placement(struct json from, struct json to)
{
    if (json_type(from) == JSON_OBJECT && json_type(to) == JSON_OBJECT)
        return placed(from, to);
    if (json_type(from) != JSON_ARRAY || json_type(to) != JSON_ARRAY || json_count(from) != json_count(to))
        return false;
    struct json_iter a = json_iter(from), b = json_iter(to);
    while (json_next(&a) && json_next(&b)) {
        if (!placed(a.value, b.value))
            return false;
    }
    return true;
}

bool test_placement(struct changing *c, struct json from, struct json to)
{
    if (!c->placed_of || c->placed_of != from.text.ptr) { /* a template may differ in very many places */
        c->placed = is_placement(from, to);
        c->placed_of = from.text.ptr;
    }
    return c->placed;
}

bool test_goes_on(struct changing *c, struct json from, struct json to)
{
    (void)from;
    (void)to;
    return !json_is_true(json_at(c->before, "/spec/suspend")) && !json_is_true(json_at(c->after, "/spec/suspend"));
}

bool test_with_parallelism(struct changing *c, struct json from, struct json to)
{
    (void)from;
    return json_string_is(json_at(c->before, "/spec/completionMode"), str_of("Indexed")) && json_exists(to) &&
           json_equal(to, json_at(c->after, "/spec/parallelism"));
}
