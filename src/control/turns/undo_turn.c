/* SPDX-License-Identifier: Apache-2.0 */
/* A request that waits is one write that waits: it is answered when that may leave. */
#include "control/turns/undo_turn.h"

#include <stddef.h>
#include <stdlib.h>

#include "engine/engine.h"
#include "run/runs.h"
#include "store/journal.h"

struct turn {
    struct control_request *request;
    struct runs *runs;
    struct runs_guest guest;
    struct rate_wait wait;
};

static void end(struct turn *t)
{
    rate_leave(&t->wait);
    runs_part(t->runs, &t->guest);
    free(t);
}

static void came(struct rate_wait *wait)
{
    struct turn *t = (struct turn *)((char *)wait - offsetof(struct turn, wait));
    control_answer(t->request, (struct json){0});
    end(t);
}

static void gone(void *data, struct control_request *request)
{
    (void)request;
    end(data);
}

static void stop(struct runs_guest *guest)
{
    struct turn *t = (struct turn *)((char *)guest - offsetof(struct turn, guest));
    struct error err;
    error_set(&err, ERR_CANCELLED, "the daemon is being stopped, or does not lead any more");
    control_fail(t->request, &err);
    end(t);
}

/* True: it may leave now. False: the request waits for its turn. */
static bool take(struct turn *t, struct runs_pace *pace, int64_t gap)
{
    t->wait.go = came;
    t->guest.stop = stop;
    if (!pace || rate_take(&pace->rate, &t->wait, gap))
        return true;
    runs_invite(t->runs, &t->guest);
    control_wait(t->request, gone, t);
    control_wait_heard(t->request);
    log_event(t->runs->site->log, LOG_DEBUG, "the write of an undo waits for its turn",
              LOG_FIELDS({"policy", pace->policy}, {"cluster", t->runs->site->told}));
    return false;
}

static void undo_turn(void *data, struct control_request *request, struct json args)
{
    struct engine *engine = data;
    char policy[256] = "", cluster[256] = "";
    int64_t run = 0;
    struct error err;
    json_string_at(args, "/policy", policy, sizeof policy);
    json_string_at(args, "/cluster", cluster, sizeof cluster);
    json_int64(json_get(args, "run"), &run);
    struct engine_undo_terms terms = engine_undo_terms(engine, run, *policy ? policy : NULL, cluster, &err);
    struct turn *t = terms.runs ? calloc(1, sizeof *t) : NULL;
    if (!t) {
        control_fail(request, terms.runs ? (error_nomem(&err), &err) : &err);
        return;
    }
    *t = (struct turn){.request = request, .runs = terms.runs};
    struct limit_speed speed = runs_speed(terms.runs, terms.entry);
    if (!take(t, speed.gap ? runs_pace(terms.runs, *policy ? policy : STORE_BY_HAND) : NULL, speed.gap))
        return;
    free(t);
    control_answer(request, (struct json){0});
}

const struct control_verb undo_turn_verbs[] = {
    {"undo_turn", CONTROL_ACTS, undo_turn},
    {NULL, CONTROL_READS, NULL},
};
