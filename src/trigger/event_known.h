/* SPDX-License-Identifier: Apache-2.0 */
/* What a running trigger of a policy with `on` knows of one job, beside what the state says: for whoever asks why. */
#ifndef MPIJOBD_TRIGGER_EVENT_KNOWN_H
#define MPIJOBD_TRIGGER_EVENT_KNOWN_H

#include <stdbool.h>
#include <stdint.h>

#include "mpijob/view.h"

struct event_known {
    bool seen;       /* it was looked at since the start; else nothing below is set */
    bool queued;     /* it waits for a run */
    bool running;    /* a run has it */
    bool passed;     /* a run was dry, or failed for good: it is tried again when the policy is loaded again */
    unsigned tries;  /* runs in a row that failed at it */
    int64_t retry;   /* when it is tried again, microseconds since 1970, about; INT64_MAX: it does not wait for that */
    int64_t recheck; /* when `where` is asked again, likewise */
};

struct event_trigger;
struct event_known event_trigger_known(const struct event_trigger *trigger, struct str name_space, struct str name);

struct triggers;
/* False: the policy has no such trigger here. data: the struct triggers. Fits runs.known. */
bool triggers_known(void *data, const char *policy, const struct mpijob_view *job, struct event_known *known);

#endif
