/* SPDX-License-Identifier: Apache-2.0 */
/* What the admission webhooks of JobSet, Trainer and Kueue fill in and refuse, as it was seen of JobSet 0.12, Trainer
 * 2.3 and Kueue 0.19. They are there where the simulator plays those who have them: Kueue's with sim_options.kueue, the
 * others' with sim_options.life. Writes to /status are not theirs. webhook_mutate and webhook_validate return 0, or -1:
 * answered with the refusal. */
#ifndef SIM_WRITE_WEBHOOK_H
#define SIM_WRITE_WEBHOOK_H
#include "sim/server/exchange.h"

/* Is one of them there for this write? Otherwise the others do nothing. */
bool webhook_concerns(const struct exchange *x);
/* Before the object is judged by its schema. old: NULL at creation. */
int webhook_mutate(struct exchange *x, json_object *doc, json_object *old);
/* After that. */
int webhook_validate(struct exchange *x, json_object *doc, json_object *old);
#endif
