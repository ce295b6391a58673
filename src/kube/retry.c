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

static uint32_t next_random(uint32_t *state)
{
    uint32_t x = *state;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return *state = x;
}

uint64_t kube_backoff_ms(struct kube_backoff *b, unsigned tries, int64_t retry_after_ms)
{
    uint64_t limit = b->most_ms ? b->most_ms : KUBE_BACKOFF_MAX_MS, most = b->base_ms;
    for (unsigned i = 1; i < tries && most < limit; i++)
        most *= 2;
    if (most > limit)
        most = limit;
    uint32_t dice = next_random(&b->random);
    if (retry_after_ms >= 0)
        return (uint64_t)retry_after_ms + dice % (b->base_ms + 1);
    return dice % (most + 1);
}
