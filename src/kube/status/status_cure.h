/* SPDX-License-Identifier: Apache-2.0 */
/* What helps against a refusal. A 403 has many authors: permissions (RBAC), a quota, a limit range, a webhook, a
 * policy, a namespace that goes away. Only the words tell which. Pure. */
#ifndef MPIJOBD_KUBE_STATUS_STATUS_CURE_H
#define MPIJOBD_KUBE_STATUS_STATUS_CURE_H

#include "kube/status/status.h"

/* Appends "; CURE" to the message of a refused request, where one is known; each 403 has one. said: the server's
 * sentence, from a Status where is_status says so. What refuses with 403 by default may say 400, 409, 422 or 500 as
 * well. */
void kube_status_cure_refusal(const struct kube_reply *reply, const char *said, bool is_status, const char *credentials,
                              struct buf *out);

#endif
