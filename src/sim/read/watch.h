/* SPDX-License-Identifier: Apache-2.0 */
/* Watches: how one begins, what the core tells them, and how they are read. */
#ifndef SIM_READ_WATCH_H
#define SIM_READ_WATCH_H
#include "sim/read/watch_carry.h"
#include "sim/server/exchange.h"

void verb_watch(struct exchange *x);                      /* fills the response, with a new watch or a refusal */
void watch_notify(struct sim *sim, struct revision *rev); /* something was written */
int64_t watch_tick(struct sim *sim); /* returns the monotonic ms at which it wants to be called again */
/* What a fault does to the open watches whose path fits: how is "silent", "cut", "gone", "error" or "end". path: a
 * glob; NULL: all of them. */
void watch_strike(struct sim *sim, const char *how, const char *path);
#endif
