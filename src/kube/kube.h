/* SPDX-License-Identifier: Apache-2.0 */
/* One API server: requests with its credentials, retries, and errors that read well. All calls end in exactly one
 * `done` on the loop.
 *
 * Each call waits for its turn (kube/seats/seats.h), for as long as the server does something: the timeout of a call
 * bounds what follows, and how long it waits while the server answers nothing at all.
 *
 * Retried within the call's deadline with backoff (0.2 s doubling to 10 s, full jitter; Retry-After is obeyed): any
 * request that the server did not take (429, 503 with Retry-After, connection refused, name not found, 401 once after
 * re-reading a rotated token, or running its exec plugin again); and, for GET, LIST and dry runs, also 500, 502, 503,
 * 504, resets, timeouts of a try (two thirds of the time that is left). A write whose answer was lost (reset or timeout
 * after it was sent, cancelled after it was sent, an answer that is too long or no JSON, 500, 502, 503 without
 * Retry-After, 504) is NOT repeated: done gets the error with `lost` set and the caller looks before it repeats. */
#ifndef MPIJOBD_KUBE_KUBE_H
#define MPIJOBD_KUBE_KUBE_H

#include <stdint.h>
#include <string.h>
#include <uv.h>

#include "base/log.h"
#include "kube/config/kube_config.h"
#include "kube/seats/seats.h"
#include "json/value.h"

struct kube;
struct kube_request;
struct metrics;
struct http_carrier;

struct kube_options {
    unsigned
        connections;     /* requests at once at most, lists and watches apart; 0: 16. How many there are is found out */
    uint64_t timeout_ms; /* of a call with its retries; 0: 30,000 */
    uint64_t unsent_ms;  /* as in http/http.h; 0: 30,000 */
    const struct log *log;
    struct metrics *metrics; /* NULL: nothing is counted */
    const char *cluster;     /* the label of what is counted; outlives it. NULL: "default" */
    const char *user_agent;
    bool impatient; /* a person waits: a server that cannot be reached is told at once, not tried again */
    const struct http_carrier *carrier; /* answers instead of a server (http/carrier.h); NULL: the network does */
    /* The daemon leaves these at 0; tests make them small, so that nothing waits,
     * and their pauses the same each time. */
    size_t body_max;            /* of an answer, in bytes; 0: 64 MiB */
    uint32_t seed;              /* of the jitter; 0: one from the system */
    uint64_t backoff_base_ms;   /* first pause before a repetition, doubling; 0: 200 */
    uint64_t plugin_timeout_ms; /* of a kubeconfig's exec plugin; 0: 30,000 */
    uint64_t plugin_pause_ms;   /* after one that failed, doubling to 5 minutes; 0: 5,000 */
    uint64_t token_reread_ms;   /* how old a token from a file may become; 0: 60,000 */
};

/* Copies what it needs of config. Reads files, which blocks; sends nothing yet. ERR_INVALID, ERR_NOT_FOUND, ERR_IO,
 * ERR_LIMIT (a token, certificate or key), ERR_NOMEM; messages name the configuration's origin. */
int kube_open(uv_loop_t *loop, const struct kube_config *config, const struct kube_options *options, struct kube **kube,
              struct error *err);
/* Ends what is under way with ERR_CANCELLED; closed (may be NULL) when libuv holds nothing of it any more. */
void kube_close(struct kube *kube, void (*closed)(void *data), void *data);
/* Is a request under way, waiting to be repeated included? Watches do not count. */
bool kube_busy(const struct kube *kube);

/* Asked before each try of a write, and again when its first byte is about to leave: whoever was held up in between
 * must not write late. 0: it may leave; else the call ends with this error, and nothing of the try was sent. Reads, dry
 * runs and questions about permissions are not asked about. */
struct kube_fence {
    int (*pass)(void *data, struct error *err); /* 0, or an error of its own */
    void *data;
};
void kube_set_fence(struct kube *kube, const struct kube_fence *fence); /* outlives it; NULL: all may leave */

const char *kube_server(const struct kube *kube);
/* What was wrong with the newest try that is made again; NULL: nothing. Valid until the next. */
const struct error *kube_trouble(const struct kube *kube);

/* Why no answer has come for 10 seconds or longer, in several tries and from since (by the log's clock) on; NULL: one
 * has. Any answer counts, an error too. */
const struct error *kube_away(const struct kube *kube, int64_t *since);
/* Hears when that begins and ends, from within what has found it out. The struct is the caller's, as long as the
 * connection. */
struct kube_away {
    void (*changed)(struct kube_away *away);
    void *data;
};
void kube_on_away(struct kube *kube, struct kube_away *away);

/* How much the server is given to do, and whether it wants less. */
struct kube_load {
    const char *slow_because;    /* "it answers 429..."; NULL: it is well */
    uint64_t slow_ms;            /* for so long, and until it was well for half a minute */
    unsigned at_once, at_most;   /* requests, lists apart */
    unsigned under_way, waiting; /* requests and lists */
};
void kube_load(const struct kube *kube, struct kube_load *load);

struct kube_answer {
    int status;
    struct json body;            /* parsed; the root's text is valid during done unless taken with kube_answer_take */
    const char *const *warnings; /* of the server; each text is logged here once, by the first request that has it */
    unsigned tries;              /* how many requests it took */
};
/* The body's bytes become the caller's (free). */
char *kube_answer_take(struct kube_request *request, size_t *len);

/* Exactly one of answer and err. err: status, reason and message as the server's Status says ("mpijobs.kubeflow.org "x"
 * not found"), or made readable from plain text, HTML or nothing (ERR_PROTOCOL for a 200 that is no JSON object, a
 * redirect, an empty body; names URL and what came). 404 is ERR_NOT_FOUND, 409 ERR_CONFLICT, 401/403 say what to look
 * at. lost: see above. */
typedef void (*kube_done)(void *data, struct kube_request *request, const struct kube_answer *answer,
                          const struct error *err, bool lost);

struct kube_query { /* "" or NULL members are left out */
    const char *label_selector, *field_selector, *resource_version, *version_match, *continue_token, *dry_run,
        *field_manager, *field_validation, *propagation_policy;
    int64_t limit; /* 0: none */
    bool pretty;   /* pretty=true */
};

struct kube_call {
    const char *method; /* kube_send: GET PUT POST PATCH DELETE; a verb sets it itself */
    const char *verb;   /* as which it is counted, static: "LIST"; NULL: its method */
    const char *path;   /* kube_send: "/apis/...", built by kube_path; a verb makes it of the next three */
    const struct kube_resource *resource; /* these three are for the verbs (kube/verbs.h) */
    const char *name_space;               /* NULL: none, of what is not in a namespace */
    const char *name;
    const struct kube_query *query; /* NULL: none */
    struct str body;                /* copied */
    const char *content_type;       /* NULL: application/json; PATCH: application/merge-patch+json */
    uint64_t timeout_ms;            /* 0: the options'. Waiting for its turn does not count */
    struct seat_for seat;           /* for whom, where the server has much to do. flow is copied */
    int64_t run;                    /* for which run: named in what is counted (base/metrics.h); 0: for none */
    /* Sent as the header of that name, and as Audit-ID, under which the server's audit log has the request
     * (base/trace.h). Copied; NULL or "": neither is sent. */
    const char *traceparent;
    /* If set: the body of a 200 goes here as it comes, and the answer has none at done. False: stop; done gets
     * ERR_CANCELLED. Then the call's time bounds its tries and not how long the answer takes, as long as some of it
     * comes each minute. */
    bool (*piece)(void *data, const char *bytes, size_t n);
    void (*again)(void *data); /* with piece: it is sent again, and what has come of the answer does not count */
    kube_done done;
    void *data;
};
/* 0, or ERR_CANCELLED (the connection is being closed), ERR_INVALID (no credentials, a bad URL), ERR_NOMEM, or why
 * credentials could not be fetched: then done is never called. request may be NULL. */
int kube_send(struct kube *kube, const struct kube_call *call, struct kube_request **request, struct error *err);
void kube_cancel(struct kube_request *request); /* done comes soon with ERR_CANCELLED; safe in any callback */

/* A resource's path, appended, each part percent-encoded: /apis/GROUP/VERSION/namespaces/NS/PLURAL/NAME/SUBRESOURCE.
 * group "" is the core's /api/VERSION. name_space, name, subresource may be NULL. */
struct kube_resource {
    const char *group, *version, *plural;
};
/* Kubernetes' own Secrets: what is in them is for no log, journal, plan or recording. */
static inline bool kube_is_secret(const struct kube_resource *resource)
{
    return (!resource->group || !*resource->group) && strcmp(resource->plural, "secrets") == 0;
}
void kube_path(struct buf *out, const struct kube_resource *resource, const char *name_space, const char *name,
               const char *subresource);

#endif
