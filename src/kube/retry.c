/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a try is repeated: by its status, by what the transport said, and by what doing it twice would mean. */
#include "kube/retry.h"

#include "base/error.h"

/* No answer, or one that cannot be used. */
static enum kube_verdict judge_failure(const struct kube_outcome *o)
{
    if (o->sent && !o->repeatable)
        return KUBE_LOST;
    bool transport =
        o->code == ERR_TIMEOUT || o->code == ERR_UNREACHABLE || (o->code == ERR_PROTOCOL && o->status == 0);
    return o->retryable && transport ? KUBE_AGAIN : KUBE_FINAL;
}

enum kube_verdict kube_judge(const struct kube_outcome *o)
{
    if (o->status < 300)
        return judge_failure(o);
    if (o->hopeless)
        return KUBE_FINAL;
    switch (o->status) {
    case 429:
        return KUBE_AGAIN;
    case 503:
        /* With Retry-After it is the server's own "not now"; without, it may be a proxy that lost its upstream
         * half-way. */
        if (o->retry_after_ms >= 0)
            return KUBE_AGAIN;
        return o->repeatable ? KUBE_AGAIN : KUBE_LOST;
    case 500:
    case 502:
    case 504:
        return o->repeatable ? KUBE_AGAIN : KUBE_LOST;
    default:
        return KUBE_FINAL;
    }
}

uint64_t kube_pause_ms(const struct backoff *backoff, unsigned tries, int64_t retry_after_ms, struct chance *chance)
{
    if (retry_after_ms < 0)
        return backoff_ms(backoff, tries, chance);
    return (uint64_t)retry_after_ms + chance_below(chance, backoff->first_ms + 1);
}
