/* SPDX-License-Identifier: Apache-2.0 */
/* A plan that stands under no policy is made: as a run by hand, of whoever asked for it or approved it. What has moved
 * since is left, and named. */
#ifndef MPIJOBD_APPROVAL_MAKING_H
#define MPIJOBD_APPROVAL_MAKING_H

#include "approval/approvals.h"

struct making_call {   /* what it points to is copied, but for runs and plan, which stay until done */
    struct runs *runs; /* of its cluster */
    const struct plan *plan;
    const char *trigger; /* of its run: static */
    const char *message; /* likewise: "takes back run 42" */
    struct approver who;
    const char *origin; /* the policy with whose writes it takes turns; NULL or "": none */
    struct limit_speed speed;
    bool override; /* the ceiling of an hour does not hold it up */
    /* Once, later. With an error the result tells what was made before. */
    void (*done)(void *data, const struct approval_result *result, const struct error *err);
    void *data;
};
/* 0 or ERR_NOMEM, and then done is not called. The site counts it as open, and its end ends it (ERR_CANCELLED). */
int making_start(const struct making_call *call, struct error *err);

#endif
