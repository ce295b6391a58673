/* SPDX-License-Identifier: Apache-2.0 */
/* The jobs of all kinds that a policy is about: one listing after the other. A kind that the server does not have is
 * passed over, and that is told once; another failure keeps none of the other kinds from their turn. */
#include <stdlib.h>

#include "jobs/listing.h"
#include "policy/in_force.h"

struct joined {
    struct listing listing;
    struct listing_call call;
    const struct policy *policy; /* held by the run that lists */
    struct listing *now;         /* of policy->kinds.of[at]; NULL: not begun, or over */
    size_t at;
    size_t listed;             /* kinds that the server has */
    int64_t scope, as_of;      /* of those before `at`; of the one that was asked last */
    const struct error *error; /* the first failure (error_keep); NULL: none */
    const struct error *absent;
};

/* What is the matter with the kind whose listing has failed. */
static void failed(struct joined *j, const struct mpijob_kind *kind, const struct error *err)
{
    const struct site *site = j->call.site;
    struct error told = *err;
    error_prefix(&told, "%ss", mpijob_kind_info(kind)->name);
    bool absent = err->code == ERR_NOT_FOUND;
    j->listed += !absent;
    if (absent && cluster_lacks(site->cluster, kind, true))
        log_event(site->log, LOG_WARN, "the server does not have a kind of a policy, which acts on its others",
                  LOG_FIELDS({"policy", j->policy->name}, SITE_LOG_CLUSTER(site), {"reason", told.message}));
    if (absent)
        error_keep(&j->absent, &told);
    else if (!j->error)
        error_keep(&j->error, &told);
}

static void over(struct joined *j, const struct mpijob_kind *kind, const struct error *err)
{
    j->as_of = listing_as_of(j->now);
    j->scope += listing_scope(j->now);
    if (err) {
        failed(j, kind, err);
    } else {
        j->listed++;
        cluster_lacks(j->call.site->cluster, kind, false);
    }
    listing_free(j->now);
    j->now = NULL;
    j->at++;
}

/* False: there is no further kind. */
static bool begin(struct joined *j)
{
    const struct policy_kinds *kinds = &j->policy->kinds;
    struct error err;
    for (; j->at < kinds->count; j->at++) {
        struct listing_call call = j->call;
        call.kind = kinds->of[j->at].kind;
        if (!policy_kind_in_force(j->policy, call.kind, call.site->cluster))
            continue;
        j->now = listing_new(&call, &err);
        if (j->now)
            return true;
        failed(j, call.kind, &err);
    }
    return false;
}

static enum listing_state joined_next(struct listing *listing, struct str *object)
{
    struct joined *j = (struct joined *)listing;
    while (j->now || begin(j)) {
        const struct mpijob_kind *kind = j->policy->kinds.of[j->at].kind;
        enum listing_state state = listing_next(j->now, object);
        if (state == LISTING_JOB || state == LISTING_WAIT)
            return state;
        over(j, kind, state == LISTING_ERROR ? listing_error(j->now) : NULL);
    }
    return j->error || (!j->listed && j->absent) ? LISTING_ERROR : LISTING_END;
}

static const struct error *joined_error(const struct listing *listing)
{
    const struct joined *j = (const struct joined *)listing;
    return j->error ? j->error : j->absent;
}

static int64_t joined_scope(const struct listing *listing)
{
    const struct joined *j = (const struct joined *)listing;
    return j->scope + (j->now ? listing_scope(j->now) : 0);
}

static int64_t joined_as_of(const struct listing *listing)
{
    const struct joined *j = (const struct joined *)listing;
    return j->now ? listing_as_of(j->now) : j->as_of;
}

static void joined_free(struct listing *listing)
{
    struct joined *j = (struct joined *)listing;
    listing_free(j->now);
    error_keep(&j->error, NULL);
    error_keep(&j->absent, NULL);
    free(j);
}

struct listing *listing_of_policy(const struct listing_call *call, const struct policy *policy, struct error *err)
{
    static const struct listing_ops ops = {joined_next, joined_error, joined_scope, joined_as_of, joined_free};
    if (policy->kinds.count == 1) {
        struct listing_call one = *call;
        one.kind = policy->kinds.of[0].kind;
        return listing_new(&one, err);
    }
    struct joined *j = calloc(1, sizeof *j);
    if (!j) {
        error_nomem(err);
        return NULL;
    }
    *j = (struct joined){.listing.ops = &ops, .call = *call, .policy = policy};
    return &j->listing;
}
