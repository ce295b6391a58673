/* The jobs a policy with `on` has still to handle, in order, and the room for what is known of each. */
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

void event_enqueue(struct event_trigger *t, uint32_t slot, int64_t since)
{
    int64_t now = clock_now(t->site->clock);
    if (t->queued == t->room && grow_queue(t)) {
        log_event(t->site->log, LOG_ERROR, "out of memory: a job is looked at again when it changes",
                  LOG_FIELDS({"policy", t->entry.policy->name}));
        t->jobs[slot].state = ON_IDLE;
        return;
    }
    t->queue[(t->head + t->queued++) % t->room] = slot;
    t->jobs[slot].state = ON_QUEUED;
    t->depth++;
    since = since < now ? since : now;
    t->first = since < t->first ? since : t->first;
    event_wake(t);
}

bool event_dequeue(struct event_trigger *t, uint32_t *slot)
{
    while (t->queued) {
        *slot = t->queue[t->head];
        t->head = (t->head + 1) % t->room;
        t->queued--;
        if (t->jobs[*slot].state != ON_QUEUED)
            continue;
        t->depth--;
        return true;
    }
    return false;
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
    void *jobs = t->jobs, *since = t->since, *version = t->version;
    int rc = more(&jobs, sizeof *t->jobs, t->slots, wanted);
    t->jobs = jobs;
    if (!rc && mpijob_match_timed(p->match))
        rc = more(&since, sizeof *t->since, t->slots, wanted);
    t->since = since;
    if (!rc && (p->on & ON_CHANGED))
        rc = more(&version, sizeof *t->version, t->slots, wanted);
    t->version = version;
    if (!rc)
        t->slots = wanted;
    return rc;
}
