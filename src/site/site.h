/* What everything that works on one API server takes: the loop, the clock, the log and what else the whole program
 * shares, the cluster, and the namespaces in scope. The engine has one for each cluster, a command makes one for
 * itself.
 *
 * It also counts what is open on it. Whatever takes time to close says site_opened when it begins and site_closed when
 * the loop holds nothing of it any more, so that its owner knows when it may go. */
#ifndef MPIJOBD_SITE_SITE_H
#define MPIJOBD_SITE_SITE_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/clock.h"
#include "base/log.h"

struct alarms;
struct cluster;
struct counters;
struct journal;
struct state;

/* Something that a script has opened and need not have closed: it is closed at the latest with the site. */
struct site_link {
    void (*close)(struct site_link *link); /* takes itself off the list (site_unlink) */
    struct site_link *prev, *next;
};

struct site { /* nothing that it points to is owned; all of it outlives the site */
    uv_loop_t *loop;
    const struct clock *clock; /* NULL: the system's */
    const struct log *log;
    struct alarms *alarms;         /* NULL: for a command, which waits for no instant */
    struct journal *journal;       /* NULL: none is kept, and no state either */
    struct state *state;           /* what outlives a restart; NULL together with the journal */
    struct counters *counters;     /* NULL: nothing is counted */
    struct cluster *cluster;       /* see cluster/cluster.h */
    const char *told;              /* the cluster's name where there are several, else NULL: for log fields */
    const char *const *namespaces; /* in scope, NULL-terminated; NULL: all */
    int64_t silence_us;            /* a watch that says nothing for so long is dead; 0: SITE_SILENCE_US */
    bool dry_run;                  /* no run writes anything */
    bool once;                     /* the program ends with its runs: nothing is watched after them */
    bool stopping;                 /* nothing new begins */
    unsigned open;                 /* what is open: site_opened, site_closed */
    struct site_link *links;       /* list */
    void (*closed)(void *data);    /* one thing less is open; NULL: nobody waits for it */
    void *data;
};

#define SITE_SILENCE_US (90 * CLOCK_SECOND) /* a server sends a bookmark a minute */
int64_t site_silence_us(const struct site *site);

void site_opened(struct site *site);
void site_closed(struct site *site); /* may free the site: it is the last that the caller does with it */

void site_link(struct site *site, struct site_link *link);
void site_unlink(struct site *site, struct site_link *link);
void site_close_links(struct site *site);

#endif
