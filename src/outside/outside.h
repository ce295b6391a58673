/* SPDX-License-Identifier: Apache-2.0 */
/* What one daemon, or one command, has beyond the cluster. The configuration is read when it is made; the loop's thread
 * alone uses it. */
#ifndef MPIJOBD_OUTSIDE_OUTSIDE_H
#define MPIJOBD_OUTSIDE_OUTSIDE_H

#include <uv.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "outside/secrets.h"

struct defer_queue;
struct metrics;
struct store;
struct outbox_sink;
struct notice;
struct web_answer;
struct web_text;

/* What stands in for all servers and people, in a test: nothing is sent. */
struct outside_stand_in {
    /* A request of a policy, as it was asked for (outside/web_fill.h: veiled). 0 and its answer, whose texts stay until
     * the call returns to its caller; or the error that it ends in. */
    int (*asked)(void *data, const char *policy, const char *method, const struct web_text *text,
                 struct web_answer *answer, struct error *err);
    void (*told)(void *data, const struct notice *notice); /* a notification arrives */
    void *data;
};

struct outside_config { /* what it points to stays the configuration's, and outlives the struct outside */
    struct secrets secrets;
    const char *const *allow;        /* hosts that scripts may ask (outside/address.h); NULL-terminated; NULL: none */
    const char *ca_file;             /* PEM; NULL: the system's store */
    const struct outbox_sink *sinks; /* outside/outbox.h */
    size_t sink_count;
    const struct outbox_sink *servers; /* of Prometheus, by name: url, token, user and password */
    size_t server_count;
    const struct outside_stand_in *stand_in; /* NULL: no test */
    struct store *store; /* where things are kept; NULL: in memory only. Closed after the struct outside */
};

struct outside;

/* soon, clock, log and metrics outlive it; metrics NULL: nothing is counted. Reads ca_file, which blocks. ERR_INVALID,
 * ERR_NOT_FOUND, ERR_IO: the file; ERR_NOMEM. */
int outside_new(uv_loop_t *loop, struct defer_queue *soon, const struct clock *clock, const struct log *log,
                struct metrics *metrics, const struct outside_config *config, struct outside **outside,
                struct error *err);
const struct outside_config *outside_config_of(const struct outside *outside);
/* What is under way is given up, and its `done` called; closed when the loop holds nothing of it any more. NULL: closed
 * is not called. */
void outside_close(struct outside *outside, void (*closed)(void *data), void *data);

#endif
