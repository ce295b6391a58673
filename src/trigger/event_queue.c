/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of the jobs of a policy with `on`; those that it has still to handle, in order; the room for what is known
 * of each. */
#include <stdlib.h>

#include "trigger/event_parts.h"

/* ---- the queue ---- */

static int grow_queue(struct event_trigger *t)
{
    size_t room = t->room ? t->room * 2 : 64;
    uint32_t *queue = malloc(room * sizeof *queue);
    if (!queue)
        return ERR_NOMEM;
    for (size_t i = 0; i < t->queued; i++)
        queue[i] = t->queue[(t->head + i) % t->room];
    free(t->queue);
    t->queue = queue;
    t->head = 0;
    t->room = room;
    return 0;
}

static int push(struct event_trigger *t, uint32_t slot)
{
    if (t->queued == t->room && grow_queue(t))
        return ERR_NOMEM;
    t->queue[(t->head + t->queued++) % t->room] = slot;
    return 0;
}

bool event_pop(struct event_trigger *t, uint32_t *slot)
{
    while (t->queued) {
        *slot = t->queue[t->head];
        t->head = (t->head + 1) % t->room;
        t->queued--;
        if (t->jobs[*slot].place == PLACE_QUEUED)
            return true;
    }
    return false;
}

void event_put_back(struct event_trigger *t, uint32_t slot)
{
    push(t, slot); /* where it was popped there is room */
}

/* ---- steps ---- */

static void enqueue(struct event_trigger *t, uint32_t slot, int64_t since_us)
{
    int64_t now_us = clock_now(t->site->clock);
    if (push(t, slot)) {
        log_event(t->site->log, LOG_ERROR, "out of memory: a job is looked at again when it changes",
                  LOG_FIELDS({"policy", t->entry.policy->name}, SITE_LOG_CLUSTER(t->site)));
        job_step(&t->jobs[slot], JOB_NOT_QUEUED);
        return;
    }
    t->depth++;
    since_us = since_us < now_us ? since_us : now_us;
    t->first_us = since_us < t->first_us ? since_us : t->first_us;
    event_wake(t);
}

struct job_step event_step(struct event_trigger *t, uint32_t slot, enum job_event event, int64_t since_us)
{
    struct job_state *j = &t->jobs[slot];
    enum job_place was = (enum job_place)j->place;
    struct job_step step = job_step(j, event);
    event_recheck(t, slot);
    event_wait_step(t, slot);
    if (j->place == PLACE_IDLE && !t->waits) /* with waits a job is idle between its runs */
        j->flags &= (uint8_t)~JOB_IS_RESUMED;
    if (was == j->place || t->stopped)
        return step;
    if (was == PLACE_QUEUED)
        t->depth--;
    if (was == PLACE_WAITING)
        due_remove(&t->retry, slot);
    if (j->place == PLACE_WAITING && event_retry(t, slot, j->tries))
        job_step(j, JOB_TRY_DUE); /* no memory: at once, which the next failure pauses */
    if (j->place == PLACE_QUEUED)
        enqueue(t, slot, since_us);
    return step;
}

/* ---- room for slots ---- */

static int more(void **array, size_t size, uint32_t had, uint32_t wanted)
{
    char *grown = realloc(*array, size * wanted);
    if (!grown)
        return ERR_NOMEM;
    memset(grown + size * had, 0, size * (wanted - had));
    *array = grown;
    return 0;
}

int event_room(struct event_trigger *t, uint32_t slot)
{
    const struct policy *p = t->entry.policy;
    if (slot < t->slots)
        return 0;
    uint32_t wanted = t->slots ? t->slots : 64;
    while (wanted <= slot)
        wanted *= 2;
    void *jobs = t->jobs, *since_us = t->since_us, *version = t->version, *waits = t->waits;
    int rc = more(&jobs, sizeof *t->jobs, t->slots, wanted);
    t->jobs = jobs;
    if (!rc && mpijob_match_timed(p->match))
        rc = more(&since_us, sizeof *t->since_us, t->slots, wanted);
    t->since_us = since_us;
    if (!rc && (p->on & ON_CHANGED))
        rc = more(&version, sizeof *t->version, t->slots, wanted);
    t->version = version;
    if (!rc && policy_waits(p))
        rc = more(&waits, sizeof *t->waits, t->slots, wanted);
    t->waits = waits;
    if (!rc)
        t->slots = wanted;
    return rc;
}
