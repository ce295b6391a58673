/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the sum of held GPUs up to date, event by event. */
#include "jobs/gpu_sum.h"

#include <stdlib.h>

#include "mpijob/held_gpus.h"

static bool reserve(struct gpu_sum *held, uint32_t slot)
{
    if (slot < held->slots)
        return true;
    uint32_t slots = slot < 512 ? 1024 : slot + slot / 2;
    int32_t *by_slot = realloc(held->by_slot, slots * sizeof *by_slot);
    if (!by_slot)
        return false;
    memset(by_slot + held->slots, 0, (slots - held->slots) * sizeof *by_slot);
    held->by_slot = by_slot;
    held->slots = slots;
    return true;
}

static int32_t holds(const struct mpijob_view *view)
{
    struct mpijob_held_gpus hold;
    if (!view || !mpijob_phase_finished(view->phase) || !mpijob_holds_gpus(view, NULL, &hold))
        return 0;
    return hold.gpus < INT32_MAX ? (int32_t)hold.gpus : INT32_MAX;
}

void gpu_sum_event(struct gpu_sum *held, const struct cache_event *event)
{
    int32_t now = holds(event->after);
    if (now == 0 && event->slot >= held->slots)
        return; /* as for most jobs, there is nothing to keep */
    if (!reserve(held, event->slot)) {
        held->unknown = true;
        return;
    }
    held->total += now - held->by_slot[event->slot];
    held->by_slot[event->slot] = now;
}

void gpu_sum_free(struct gpu_sum *held)
{
    free(held->by_slot);
    *held = (struct gpu_sum){0};
}
