/* What to do after one try of a request. Pure. */
#ifndef MPIJOBD_KUBE_RETRY_H
#define MPIJOBD_KUBE_RETRY_H

#include <stdbool.h>
#include <stdint.h>

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

#define KUBE_BACKOFF_MAX_MS 10000

struct kube_backoff {
    uint64_t base_ms;
    uint64_t most_ms; /* 0: KUBE_BACKOFF_MAX_MS */
    uint32_t random;  /* state of the jitter, not 0 */
};

/* Milliseconds to wait after try number `tries` (from 1): full jitter over a range that doubles, up to
 * most_ms; with a Retry-After never less than that, and spread by one base. */
uint64_t kube_backoff_ms(struct kube_backoff *backoff, unsigned tries, int64_t retry_after_ms);

#endif
