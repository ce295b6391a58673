/* SPDX-License-Identifier: Apache-2.0 */
/* A policy's trigger in words. */
#include <stdio.h>

#include "policy/definition/definition.h"
#include "time/duration.h"

const char *policy_trigger_text(const struct policy *p, char out[POLICY_TRIGGER_TEXT])
{
    char every[32];
    size_t n = 0;
    if (p->has_schedule) {
        snprintf(out, POLICY_TRIGGER_TEXT, "%s (%s)", p->schedule, zone_name(p->zone));
    } else if (p->on) {
        for (unsigned event = 1; event < 1U << ON_EVENTS; event <<= 1)
            n += p->on & event ? (size_t)snprintf(out + n, POLICY_TRIGGER_TEXT - n, "%s%s", n ? ", " : "on ",
                                                  policy_on_name(event))
                               : 0;
    } else {
        duration_format(p->every, false, every);
        snprintf(out, POLICY_TRIGGER_TEXT, "every %s", every);
    }
    return out;
}
