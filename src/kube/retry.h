/* SPDX-License-Identifier: Apache-2.0 */
/* What to do after one try of a request. Pure. */
#ifndef MPIJOBD_KUBE_RETRY_H
#define MPIJOBD_KUBE_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/backoff.h"

enum kube_verdict {
    KUBE_FINAL, /* the error stands */
    KUBE_AGAIN, /* the server has not taken it, or it does no harm twice */
    KUBE_LOST,  /* a write that the server may have done: the caller has to look */
};

struct kube_outcome {
    bool repeatable;        /* GET, or a dry run: doing it twice changes nothing */
    int status;             /* of the answer; 0: none came */
    int code;               /* enum error_code of the try */
    bool retryable;         /* as the error says */
    bool sent;              /* the request may have reached the server */
    bool hopeless;          /* the server has surely not done it and never will */
    int64_t retry_after_ms; /* -1: not said */
};

enum kube_verdict kube_judge(const struct kube_outcome *outcome);

/* Milliseconds to wait after try number `tries` (from 1). With a Retry-After (-1: none) never less than that, and
 * spread over one first pause more: all that the server sent away at the same moment were told the same. */
uint64_t kube_pause_ms(const struct backoff *backoff, unsigned tries, int64_t retry_after_ms, struct chance *chance);

#endif
