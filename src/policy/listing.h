/* The jobs that match, one after the other: pages of a list, in each namespace in scope, filtered by the declarative
 * conditions as they arrive. Shared by the sweep and by mpijob.list. The consumer takes them with listing_next; when
 * none is at hand it waits for `ready`. */
#ifndef MPIJOBD_POLICY_LISTING_H
#define MPIJOBD_POLICY_LISTING_H

#include "base/clock.h"
#include "base/log.h"
#include "mpijob/match.h"
#include "policy/cluster.h"

struct listing;

struct listing_call {
    uv_loop_t *loop;
    struct cluster *cluster;
    enum mpijob_kind kind;
    const struct clock *clock;
    const struct log *log;
    const struct mpijob_match *match; /* outlives the listing */
    const char *const *namespaces;    /* NULL: all. Outlives it */
    void (*ready)(void *data);        /* something is at hand, or the end, or an error */
    void *data;
};

/* The first request leaves with the first listing_next. */
struct listing *listing_new(const struct listing_call *call, struct error *err);
void listing_free(struct listing *listing); /* cancels; ready is not called any more */

enum listing_state { LISTING_JOB, LISTING_WAIT, LISTING_END, LISTING_ERROR };
/* JOB: *object is the job's bytes, which are the listing's: valid until the next call or listing_free. */
enum listing_state listing_next(struct listing *listing, struct str *object);
const struct error *listing_error(const struct listing *listing);
int64_t listing_scope(const struct listing *listing); /* jobs seen, matching or not */

#endif
