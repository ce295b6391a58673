/* SPDX-License-Identifier: Apache-2.0 */
/* The floor's own insides: one server, its requests under way, its lists. */
#ifndef MPIJOBD_KUBE_KUBE_PARTS_H
#define MPIJOBD_KUBE_KUBE_PARTS_H

#include "base/backoff.h"
#include "base/metrics.h"
#include "http/http.h"
#include "kube/auth/auth.h"
#include "kube/kube.h"
#include "kube/retry.h"
#include "kube/seats/seats.h"
#include "loop/defer.h"
#include "loop/timer.h"

struct kube_list;
struct kube_warnings;
struct kube_watch;

/* One that waits to know whether the server streams lists. The struct is the caller's; known is called once, later. */
struct kube_streaming_wait {
    void (*known)(struct kube_streaming_wait *wait, bool streams);
    struct kube_streaming_wait *prev, *next; /* this and what follows: streaming.c's */
    bool waiting;
};

enum { KUBE_SINGLE, KUBE_LISTS, KUBE_SEATS };

struct kube_streaming {
    struct kube_streaming_wait *waits;
    uint64_t at_ms; /* when it was asked, on the loop's clock */
    bool asking, known, has;
};

struct kube {
    uv_loop_t *loop;
    const struct log *log;
    struct http_client *http;
    struct http_client *streams; /* watches have their own connections and never wait for one; NULL: none yet */
    struct kube_auth *auth;
    char *server, *origin;
    uint64_t timeout_ms;
    struct backoff backoff; /* between a call's tries */
    struct chance chance;
    const struct kube_fence *fence; /* NULL: all may leave */
    bool impatient;
    const struct error
        *trouble; /* of the last try that will be made again (error_keep); NULL: none, or one went well */
    struct kube_warnings *warnings; /* NULL: none yet */
    struct {
        struct kube_away *listener; /* NULL: nobody wants to know */
        const struct error *why;    /* of the last try that had no answer (error_keep); NULL: the last one had one */
        int64_t since;              /* when the first of them ended */
        unsigned tries;
        bool on; /* it is taken for away */
    } away;
    const char *cluster;
    struct metric *calls, *call_seconds, *lost; /* NULL: nothing is counted */

    struct seats seats[KUBE_SEATS]; /* kube_seat.c, as all to told */
    struct deadline seats_timer;    /* when a pause, or a trouble of the server, may be over */
    struct metric *limit, *waiting, *throttled_seconds;
    uint64_t slow_since, told_at; /* on the loop's clock */
    bool slow, throttled;         /* the server is in trouble; and requests wait */
    struct {
        unsigned limit, waiting;
    } told[KUBE_SEATS];

    struct kube_request *requests; /* not ended */
    struct kube_list *lists;       /* not ended */
    struct kube_watch *watches;    /* not ended */
    size_t alive;                  /* of these, those whose memory is not gone; and HTTP clients */
    struct kube_streaming streaming;
    struct defer_queue soon; /* of lists and watches: what must not happen within a caller's call */
    bool closing, soon_closing;
    void (*closed)(void *data);
    void *closed_data;
};

/* A request, list or watch is gone. */
void kube_released(struct kube *kube);

/* At kube_close: every list and request gets ERR_CANCELLED, later. */
void kube_requests_cancel(struct kube *kube);
void kube_lists_cancel(struct kube *kube);
void kube_watches_cancel(struct kube *kube);

/* --- kube_seat.c --- */
/* Returns how many connections its requests may come to. */
unsigned kube_seats_open(struct kube *kube, const struct kube_options *options, struct metrics *metrics);
void kube_seats_begin(struct kube *kube); /* from now on seats_timer has to be closed */
void kube_seats_close(struct kube *kube);

/* --- streaming.c --- */
bool kube_streaming_known(const struct kube *kube, bool *streams); /* without a question */
/* 0, or what kube_send returns: then known is not called. */
int kube_streaming_ask(struct kube *kube, struct kube_streaming_wait *wait, struct error *err);
void kube_streaming_forget(struct kube *kube, struct kube_streaming_wait *wait); /* known is not called any more */

/* --- count.c --- */
void kube_meters(struct kube *kube, struct metrics *metrics); /* metrics may be NULL */
/* Counts a request, or a watch that has begun or could not: status 0: there was no answer. */
void kube_count(struct kube *kube, const char *verb, int status);
/* As kube_count tells of answers: a try, or the beginning of a watch, that had none. */
void kube_unanswered(struct kube *kube, const struct error *err);
/* A connection that was lost, or could not be had. */
void kube_count_lost(struct kube *kube);

/* The client for watches, made when it is first needed. Errors as of http_client_beside. */
int kube_streams(struct kube *kube, struct http_client **streams, struct error *err);

/* Logs the server's warnings, each text once. method and url say of what. */
void kube_warn(struct kube *kube, const char *const *warnings, const char *method, const char *url);
void kube_warnings_free(struct kube *kube);

/* Appends "?name=value&..." of what is set. */
void kube_query_add(struct buf *url, const struct kube_query *query);

#endif
