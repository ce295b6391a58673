/* SPDX-License-Identifier: Apache-2.0 */
/* What the state says of one policy with `on` and one job: which events of it are handled. For the trigger, which reads
 * all rows at its start, and for whoever asks about a single job. */
#ifndef MPIJOBD_TRIGGER_EVENT_HANDLED_H
#define MPIJOBD_TRIGGER_EVENT_HANDLED_H

#include "mpijob/view.h"
#include "policy/definition.h"
#include "store/state.h"

struct event_handled {
    int64_t since_us; /* the job matches since then, by the row; MPIJOB_NO_TIME: the row has none */
    uint64_t version; /* that was handled or let pass; 0: none */
    uint8_t done;     /* ON_ bits: added, finished, match */
    uint8_t baseline; /* ON_ bits: kinds whose earlier events were let pass, as event_handled_read finds */
    bool found;       /* there is a row */
    int64_t at;       /* when it was written, microseconds since 1970 */
};

/* The row alone. */
struct event_handled event_handled_of(const struct store_handled *row);

/* key: as state_key gives it. Blocks, as state_read_handled does; 0, or its errors. */
int event_handled_read(struct state *state, const char *key, unsigned on, const struct mpijob_view *view,
                       struct event_handled *handled, struct error *err);

/* Of the policy's kinds of events: those that the job has had by now, as it is; those of them that are handled; and
 * those that came before the policy's first start there, which it lets pass. */
struct event_kinds {
    unsigned come, done, before;
};
struct event_kinds event_handled_kinds(const struct event_handled *handled, const struct policy *policy,
                                       const struct mpijob_view *view, int64_t now);

/* The kinds that have a baseline. What matches already is handled at the first start, too. */
#define EVENT_BASED (ON_ADDED | ON_FINISHED | ON_CHANGED)

#define EVENT_MARK_MAX (STATE_KEY_MAX + 320) /* a namespace's name has 253 bytes at most, whatever the server says */
/* The mark of a kind of event's baseline: "NAME#added"; while some scopes could not be listed yet, "NAME#added/SCOPE"
 * of those that were (name_space NULL: the scope is all namespaces). What came before it was set is not for the policy.
 * Returns out. */
const char *event_baseline_key(const char *key, unsigned kind, bool scoped, const char *name_space,
                               char out[EVENT_MARK_MAX]);

#endif
