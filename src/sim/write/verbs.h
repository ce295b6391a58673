/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs that write; each fills the response. */
#ifndef SIM_WRITE_VERBS_H
#define SIM_WRITE_VERBS_H
#include "sim/server/exchange.h"

void verb_create(struct exchange *x);
void verb_review(struct exchange *x); /* POST of an access review, which is not stored */
void verb_update(struct exchange *x);
void verb_patch(struct exchange *x);
void verb_delete(struct exchange *x);
void verb_delete_all(struct exchange *x);
#endif
