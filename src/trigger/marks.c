/* SPDX-License-Identifier: Apache-2.0 */
/* The marks of all policies of a set, read one after the other. */
#include "trigger/marks.h"

#include <stdlib.h>

#include "cluster/cluster.h"
#include "loop/work.h"
#include "policy/definition/definition.h"
#include "store/state.h"

struct marks_reading {
    struct work work;
    struct site *site;
    struct policy_set *set;
    struct schedule_past *past; /* one an entry */
    int rc;
    struct error error;
    marks_known done;
    void *data;
};

/* On another thread: the set is held and does not change. */
static void read_marks(struct work *work)
{
    struct marks_reading *a = (struct marks_reading *)work;
    for (size_t i = 0; !a->rc && i < a->set->count; i++) {
        char key[STATE_KEY_MAX];
        state_key(a->set->entries[i].policy->name, cluster_name(a->site->cluster), key);
        a->rc = state_read_mark(a->site->state, key, &a->past[i].mark_us, &a->past[i].seen, &a->error);
    }
}

static void known(struct work *work)
{
    struct marks_reading *a = (struct marks_reading *)work;
    a->done(a->data, a->set, a->past, a->rc ? &a->error : NULL);
    policy_set_release(a->set);
    free(a->past);
    free(a);
}

static void read_nothing(struct work *work)
{
    (void)work; /* without a state there is nothing to read; done is called later all the same */
}

bool marks_by_event(const char *trigger)
{
    for (unsigned kind = ON_MATCH; kind <= ON_CHANGED; kind *= 2) {
        if (strcmp(trigger, policy_on_name(kind)) == 0)
            return true;
    }
    return false;
}

int marks_read(struct site *site, struct policy_set *set, const struct interrupted_run *runs, size_t count,
               marks_known done, void *data, struct error *err)
{
    struct marks_reading *a = calloc(1, sizeof *a);
    struct schedule_past *past = calloc(set->count + 1, sizeof *past);
    if (!a || !past) {
        free(a);
        free(past);
        return error_nomem(err);
    }
    *a = (struct marks_reading){.site = site, .set = set, .past = past, .done = done, .data = data};
    for (size_t i = 0; i < set->count; i++) {
        for (size_t j = 0; j < count; j++) {
            const struct policy *p = set->entries[i].policy;
            if (strcmp(runs[j].policy, p->name) != 0 || runs[j].by_event != (p->on != 0))
                continue;
            past[i].interrupted = runs[j].id;
            past[i].scheduled_at = runs[j].scheduled_at;
        }
    }
    policy_set_hold(set);
    work_start(site->loop, &a->work, site->state ? read_marks : read_nothing, known);
    return 0;
}
