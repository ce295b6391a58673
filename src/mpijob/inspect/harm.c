/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of inspect.h and the fields' own bounds, held against a whole object before it is written. */
#include "mpijob/inspect/harm.h"

#include <stdio.h>

#include "mpijob/inspect/inspect.h"

struct checking {
    const struct mpijob_view *before, *after;
    struct error *err;
    int rc;
};

static bool harmful(enum mpijob_problem problem)
{
    return problem == PROBLEM_WRONG_TYPE || problem == PROBLEM_OBJECT_FOR_LIST || problem == PROBLEM_BAD_POLICY ||
           problem == PROBLEM_NEGATIVE_DEADLINE;
}

static bool was_there(const struct checking *c, const char *pointer, struct json value)
{
    struct json had = c->before ? mpijob_value_at(c->before->object, pointer) : (struct json){0};
    return json_exists(had) && json_equal(had, value);
}

/* The fields' own bounds, wherever a controller may read them: 0 and what is beyond an int32 too. */
static void check_fields(struct checking *c, const struct mpijob_view *after)
{
    static const enum mpijob_field_id fields[] = {FIELD_CLEAN_POD_POLICY, FIELD_ACTIVE_DEADLINE_SECONDS,
                                                  FIELD_BACKOFF_LIMIT, FIELD_TTL_SECONDS_AFTER_FINISHED, FIELD_SUSPEND};
    for (size_t i = 0; i < sizeof fields / sizeof *fields && !c->rc; i++) {
        const struct mpijob_place *place = mpijob_field_place(fields[i], after->target);
        const char *const places[] = {place->pointer, place->also, place->overrides};
        for (size_t p = 0; p < 3 && !c->rc; p++) {
            struct json value = mpijob_value_at(after->object, places[p]);
            struct error found;
            char path[FINDING_POINTER];
            if (!json_exists(value) || !mpijob_field_check(fields[i], value, &found) || was_there(c, places[p], value))
                continue;
            c->rc = error_set(c->err, ERR_REFUSED, "refused, because it does harm: %s: %s",
                              mpijob_finding_path(places[p], path), found.message);
        }
    }
}

static void found(void *data, const struct mpijob_finding *f)
{
    struct checking *c = data;
    char path[FINDING_POINTER];
    struct json value = mpijob_value_at(c->after->object, f->pointer);
    if (c->rc || !harmful(f->problem) || was_there(c, f->pointer, value))
        return;
    c->rc = error_set(c->err, ERR_REFUSED, "refused, because it does harm: %s: %s. Cure: %s",
                      mpijob_finding_path(f->pointer, path), f->means, f->cure);
}

int mpijob_harm_check(const struct mpijob_view *before, const struct mpijob_view *after, struct error *err)
{
    struct checking c = {.before = before, .after = after, .err = err};
    check_fields(&c, after);
    if (c.rc)
        return c.rc;
    int rc = mpijob_inspect(after, NULL, 0, found, &c, err);
    return rc ? rc : c.rc;
}
