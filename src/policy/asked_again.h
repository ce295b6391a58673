/* SPDX-License-Identifier: Apache-2.0 */
/* In words: when `where` of a policy with `on` is asked, and what it asks that changes while the job does not. */
#ifndef MPIJOBD_POLICY_ASKED_AGAIN_H
#define MPIJOBD_POLICY_ASKED_AGAIN_H

#include "base/buf.h"
#include "base/log.h"
#include "policy/definition/definition.h"

struct policy_set;

/* `calendar: "open" (plugin business-calendar)` */
void policy_asked_write(const struct policy_asked *asked, struct buf *out);

bool policy_asks_again(const struct policy *policy); /* it has `on` and `where`, so there is something to say */
/* "`where` is asked when all else of match holds, and again when the job changes" */
void policy_when_asked(const struct policy *policy, struct buf *out);
/* "`where` asks time.now at p.lua:5, which ..., and the cure"; nothing where it asks no such thing, or is asked often
 * enough. */
void policy_not_asked(const struct policy *policy, struct buf *out);

/* Logs both for the policies of the set where what `where` asks changes by itself, or `recheck` asks it again. */
void policy_set_tell_asked(const struct policy_set *set, const struct log *log);

#endif
