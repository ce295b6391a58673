/* SPDX-License-Identifier: Apache-2.0 */
/* What the state says of one policy with `on` and all jobs of a cluster, for whoever wants to know what a daemon with
 * that state would do (`mpijobd plan`). Nothing is written. */
#ifndef MPIJOBD_TRIGGER_HANDLED_PAST_H
#define MPIJOBD_TRIGGER_HANDLED_PAST_H

#include "trigger/event_handled.h"

struct handled_past;
/* Blocks: for commands. policy and state outlive it. NULL: ERR_NOMEM, or an error of state_read_handled. */
struct handled_past *handled_past_read(struct state *state, const char *cluster, const struct policy *policy,
                                       struct error *err);
void handled_past_free(struct handled_past *past); /* NULL is ignored */

enum handled_now {
    HANDLED_NOT,    /* the policy would act on it, if all its conditions hold */
    HANDLED_BEFORE, /* it has done so already */
    HANDLED_WAITS,  /* it has to match for longer before the policy acts; no row: it does since now */
    HANDLED_OUT,    /* the job has had no event that the policy acts on since its first start */
};
/* Of events that the policy has not begun with, it is as if they had just come. */
enum handled_now handled_past_of(const struct handled_past *past, const struct mpijob_view *view, int64_t now);

bool handled_past_new_text(const struct handled_past *past); /* the policy's text is another one than the state's */
/* Jobs that the policy has handled, by the state as it is. */
size_t handled_past_count(const struct handled_past *past);

#endif
