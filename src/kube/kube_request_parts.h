/* SPDX-License-Identifier: Apache-2.0 */
/* What the two files of a request share. kube_request.c: a call's life, from kube_send to its one `done`;
 * kube_request_try.c: one try after the other, and the pauses between them. */
#ifndef MPIJOBD_KUBE_KUBE_REQUEST_PARTS_H
#define MPIJOBD_KUBE_KUBE_REQUEST_PARTS_H

#include "base/trace.h"
#include "kube/kube_parts.h"
#include "loop/timer.h"

enum stage { QUEUED, PREPARING, TRYING, PAUSING, RENEWING, GIVING_UP, ENDED };

struct kube_request {
    struct kube_request *prev, *next;
    struct kube *kube;
    enum stage stage;
    struct deadline timer;
    struct http_request *http;
    struct seat seat; /* at the server, while QUEUED or TRYING */
    char *flow;       /* for whom: as struct seat_for has it; these three too */
    enum seat_rank rank;
    char plural[32];                   /* of the kind of object; "": not known */
    uint64_t queued_at;                /* on the loop's clock */
    struct kube_auth_wait credentials; /* while PREPARING or RENEWING */
    struct buf url;
    size_t plain; /* so much of url is not the query */
    char *method, *content_type;
    const char *verb; /* as which it is counted */
    int64_t run;      /* as struct kube_call has it */
    struct trace trace;
    struct buf body;
    uint64_t started, until; /* on the loop's clock */
    uint64_t try_began;      /* uv_hrtime */
    unsigned tries, generation;
    bool repeatable, cancelled, resent, renewed;
    bool fenced;                      /* it writes, so that the fence is asked */
    bool held_back;                   /* by the fence, in this try */
    bool refused;                     /* the last try's answer was a 401 */
    const struct error *error;        /* of the last try; NULL: none has failed */
    const struct http_answer *answer; /* during done */
    bool (*piece)(void *data, const char *bytes, size_t n);
    void (*again)(void *data);
    bool pieces; /* some have come in this try */
    kube_done done;
    void *data;
};

static inline uint64_t kube_request_time_left(const struct kube_request *r) /* milliseconds */
{
    uint64_t now = uv_now(r->kube->loop);
    return r->until > now ? r->until - now : 0;
}

/* --- kube_request.c --- each calls `done`, and the request is over */
void kube_request_end(struct kube_request *r, const struct kube_answer *answer, const struct error *err, bool lost);
void kube_request_end_cancelled(struct kube_request *r, bool lost);
void kube_request_end_failed(struct kube_request *r, bool lost); /* with r->error */

/* --- kube_seat.c --- */
/* Has it its turn? False: it is QUEUED, and comes to PAUSING when its turn comes. */
bool kube_seat_take(struct kube_request *r);
uint64_t kube_seat_patience(const struct kube_request *r); /* while QUEUED: milliseconds that it goes on waiting */
void kube_seat_piece(struct kube_request *r);              /* some of its answer has come */
/* Its try has ended; answer or err, as of http.h. */
void kube_seat_over(struct kube_request *r, const struct http_answer *answer, const struct error *err, bool sent);
void kube_seat_drop(struct kube_request *r); /* it needs none any more; may be called at any time */

/* --- kube_request_try.c --- */
/* Sends it, or has it wait for credentials. 0 or an error: then nothing is under way. */
int kube_request_try(struct kube_request *r, struct error *err);
void kube_request_rang(struct deadline *timer);

#endif
