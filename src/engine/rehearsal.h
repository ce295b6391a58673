/* SPDX-License-Identifier: Apache-2.0 */
/* Before new policies are put in force: how many of the jobs that are watched now each of them would match, beside
 * those that the policy of its name matches. Nothing is written, and nothing asked of a server unless a `where` does.
 * It goes on in slices between the other turns of the loop; `where` runs in its sandbox within the policy's budget.
 * What is not counted after REHEARSAL_MOST_MS is told as not known. */
#ifndef MPIJOBD_ENGINE_REHEARSAL_H
#define MPIJOBD_ENGINE_REHEARSAL_H

#include "engine/engine.h"
#include "loop/timer.h"

#define REHEARSAL_MOST_MS 10000

/* next stays until done, which is called once, later. 0 or ERR_NOMEM. Only one may be under way. */
int rehearsal_start(struct engine *engine, const struct policy_set *next, void (*done)(struct engine *engine),
                    struct rehearsal **out, struct error *err);
void rehearsal_cancel(struct rehearsal *rehearsal); /* done comes soon; NULL is ignored */
void rehearsal_free(struct rehearsal *rehearsal);   /* when it is done; NULL is ignored */
void rehearsal_late(struct deadline *patience);     /* the ring of the engine's `patience` */

void rehearsal_log(const struct rehearsal *rehearsal);

#endif
