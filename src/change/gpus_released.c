/* SPDX-License-Identifier: Apache-2.0 */
/* How many GPUs a change gives back. */
#include "change/change.h"
#include "mpijob/held_gpus.h"

int64_t change_gpus_released(const struct change_result *result)
{
    struct mpijob_held_gpus held;
    bool policy = false;
    if (!result->before || !mpijob_phase_finished(result->before->phase) || result->effect != EFFECT_EFFECTIVE)
        return 0;
    for (size_t i = 0; i < result->diff->count; i++)
        policy = policy || result->diff->items[i].field == FIELD_CLEAN_POD_POLICY;
    return policy && mpijob_holds_gpus(result->before, NULL, &held) ? held.gpus : 0;
}
