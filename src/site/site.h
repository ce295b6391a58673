/* SPDX-License-Identifier: Apache-2.0 */
/* What everything that works on one API server is given: the loop, the clock, the log and whatever else the whole
 * program shares; the cluster, and the namespaces in scope. The engine has a site for each cluster, a command makes one
 * for itself.
 *
 * A site also counts what is open on it. Whatever takes time to close calls site_opened when it begins, and site_closed
 * when the loop holds nothing of it any more: so the owner knows when the site may be freed. */
#ifndef MPIJOBD_SITE_SITE_H
#define MPIJOBD_SITE_SITE_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/clock.h"
#include "base/log.h"
#include "shard/shard.h"

struct alarms;
struct canaries;
struct cluster;
struct counters;
struct defer_queue;
struct events;
struct hour;
struct journal;
struct late_writes;
struct run_recorder;
struct state;

/* Something that a script has opened and may forget to close: it is closed with the site at the latest. */
struct site_link {
    void (*close)(struct site_link *link); /* has to call site_unlink */
    const void *owner;                     /* of those that are counted; NULL: it is not */
    struct site_link *prev, *next;
};

struct site { /* owns nothing that it points to; all of that outlives the site */
    uv_loop_t *loop;
    struct defer_queue *soon;  /* calls for later in this turn of the loop (loop/defer.h) */
    const struct clock *clock; /* NULL: the system's */
    const struct log *log;
    struct alarms *alarms;         /* NULL: a command, which waits for no instant */
    struct journal *journal;       /* NULL: there is no journal, and no state either */
    struct state *state;           /* what outlives a restart; NULL where the journal is */
    struct run_recorder *recorder; /* of what runs see (record/record.h); NULL: nothing is recorded */
    struct counters *counters;     /* NULL: nothing is counted */
    struct events *events;         /* NULL: no Events are written on jobs (events/events.h) */
    struct hour *hour;             /* ceiling of all policies' changes (limit/hour.h); NULL: none */
    struct canaries *canaries;     /* how new policies are led in (limit/canary.h); NULL: they act at once */
    struct late_writes *late;      /* that may still come (change/late.h); NULL: they are not noted */
    int64_t gap;                   /* microseconds between two writes of a policy at least; 0: as it says itself */
    struct cluster *cluster;       /* see cluster/cluster.h */
    const char *told;              /* for log fields: the cluster's name where there are several; else NULL */
    const char *name;              /* of the cluster; NULL: nothing is connected */
    struct shard shard;            /* only its jobs are looked at, and changed */
    const char *const *namespaces; /* in scope, NULL-terminated; NULL: all */
    unsigned watches_max;          /* of all scripts together; 0: SITE_WATCHES */
    int64_t silence_us;            /* a watch is dead after so long without a byte; 0: SITE_SILENCE_US */
    bool dry_run;                  /* no run writes anything */
    bool once;                     /* the program ends with its runs, so nothing is watched after them */
    bool one_clock;                /* pauses before policies try again are on `clock`, too: in a test */
    bool warm;                     /* jobs are kept while another daemon acts: they may be behind what it did */
    bool stopping;                 /* nothing new may begin */
    unsigned open;                 /* how many things are open: see site_opened */
    struct site_link *links;       /* list */
    void (*closed)(void *data);    /* called by site_closed; may be NULL */
    void *data;
};

/* Its cluster, among the LOG_FIELDS of a line: people are told of it where there are several. */
#define SITE_LOG_CLUSTER(site) {"cluster", (site)->told}, LOG_QUIET_FIELD("cluster", (site)->told ? NULL : (site)->name)

#define SITE_WATCHES 128                    /* of all scripts; each has a connection, and so a descriptor */
#define SITE_SILENCE_US (90 * CLOCK_SECOND) /* microseconds; a server sends a bookmark each minute */
int64_t site_silence_us(const struct site *site);
unsigned site_watches_max(const struct site *site);

void site_opened(struct site *site);
void site_closed(struct site *site); /* may free the site, so it is the last thing to do with it */

void site_link(struct site *site, struct site_link *link);
void site_unlink(struct site *site, struct site_link *link);
void site_close_links(struct site *site);
/* How many of an owner's there are; NULL: of all owners together. */
unsigned site_count_links(const struct site *site, const void *owner);

#endif
