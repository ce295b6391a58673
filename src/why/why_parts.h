/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the why floor only: how the tree grows. What memory lacks for sets why->full. Instants are
 * microseconds since 1970. */
#ifndef MPIJOBD_WHY_WHY_PARTS_H
#define MPIJOBD_WHY_WHY_PARTS_H

#include "mpijob/view.h"
#include "policy/load.h"
#include "trigger/event_handled.h"
#include "why/why.h"

/* ---- why.c ---- */
/* A copy that lives as long as the tree. NULL for NULL, and where memory is out. */
const char *why_keep(struct why *why, const char *text);
const char *why_keep_str(struct why *why, struct str text);
const char *why_printf(struct why *why, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* What is in the buffer, which is emptied; NULL where that is nothing. */
const char *why_take(struct why *why, struct buf *text);
/* All texts are copied. */
void why_add(struct why *why, const struct why_condition *condition);
void why_hold(struct why *why, const char *reason, int64_t until, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void why_note(struct why *why, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "41m12s" until the instant, rounded up to seconds; and "2026-11-23T21:15:00+01:00" in the policy's zone, rounded up,
 * too. Return out. */
const char *why_wait(const struct why *why, int64_t at, char out[32]);
const char *why_instant(const struct why *why, int64_t at, char out[40]);

/* ---- conditions.c ---- */
/* The conditions that need no function, and the trigger. */
void why_tell_conditions(struct why *why, const struct policy *policy, const struct mpijob_view *view);

/* ---- verdict.c ---- */
/* When all is gathered: matches, next, verdict and sentence. handled NULL: what the state has is not known. */
void why_conclude(struct why *why, const struct policy *policy, const struct event_handled *handled,
                  const struct mpijob_view *view);

/* Why nothing would be different: "it has these values already", "it has ended, ...". */
struct str why_unchanged(const struct why *why);

/* ---- not_yet.c ---- */
/* The time for which the match has to hold, as one more condition; the others are told, and judged as a whole. */
void why_waits(struct why *why, const struct policy *policy, const struct event_handled *handled,
               const struct mpijob_view *view);

#endif
