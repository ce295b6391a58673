/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this folder share, but shards.c. lead.c: its life and its guests; lead_look.c: how it stands;
 * lead_try.c: one request after the other; lead_hand.c: handing over; lead_watch.c: the Lease watched. */
#ifndef MPIJOBD_LEAD_LEAD_PARTS_H
#define MPIJOBD_LEAD_LEAD_PARTS_H

#include "base/chance.h"
#include "kube/verbs.h"
#include "kube/watch.h"
#include "lead/lead.h"
#include "lead/lease.h"
#include "loop/defer.h"
#include "loop/timer.h"

struct lead {
    struct lead_options o;     /* its texts are in the block below */
    struct lead_shared shared; /* of its options; zeros: it is no such Lease */
    char *texts;
    struct kube *kube;
    struct metric *gauge;
    struct chance chance;
    struct lead_guest *guests; /* list */
    struct lead_guest *leaver; /* the one that is to leave before the Lease is handed over */
    struct lead_guest *asked;  /* the one that is to say that it is ready; NULL: all are, or it does not lead */

    struct lease_seen seen;
    struct buf object;        /* the Lease as it was read or written last; empty: it is not there */
    uint64_t version;         /* its resourceVersion (kube_version) */
    struct lease_record mine; /* the lead that is held, or was held last; holder "": none was yet */
    struct lease_record sent; /* with the write under way */
    bool leads;
    bool leaving;       /* it is being handed over: the guests leave, or have left */
    bool unsure;        /* the object may not be as it is here: it is read first */
    bool releasing;     /* the write under way gives the Lease back */
    int64_t sent_at;    /* clock_elapsed: when the request under way was sent */
    int64_t unled_from; /* clock_elapsed: when the one before was last seen, before this daemon took the Lease last */
    bool taking;        /* the write under way takes the Lease */
    bool renews;        /* it renews a lead, which may have been lost meanwhile */
    int64_t until;      /* clock_elapsed: so long it may be acted, where it leads */

    struct deadline next, limit, patience; /* the next try; the end of the lead; the end of lead_close's patience */
    struct defer turn;                     /* a try that must not begin within a callback */
    struct kube_request *request;          /* under way; NULL: nothing is */
    struct kube_watch *watch;              /* NULL: it is not watched */
    bool namesake;                         /* that another bears this daemon's name was told */
    bool unwatched;                        /* it may not be watched */
    struct lead_note_kept {
        const char *name;
        char value[LEAD_NOTE_MAX];
    } notes[LEAD_NOTES];
    const struct error *trouble;   /* of the last try (error_keep); NULL: it was well */
    const struct error *hindrance; /* why `asked` is not ready (error_keep); NULL: it has not said */
    unsigned beaten;               /* writes in a row before which another was faster */
    int64_t free_from; /* clock_elapsed: since when nobody has held it; where it is known, and nobody does */
    bool closing, shut;
    int handles;
    void (*closed)(void *data);
    void *data;
};

static inline const char *lead_holder(const struct lead *l)
{
    return l->seen.exists ? l->seen.record.holder : "";
}

/* ---- lead.c ---- */
/* The Lease was seen so; absent: it is not there. Ends the lead where another holds it. True: it has changed. */
bool lead_see(struct lead *lead, struct json object);
/* Is the record of a lead of this very daemon's, the present or the last? Another daemon may bear its name. */
bool lead_is_mine(const struct lead *lead, const struct lease_record *record);
void lead_begin(struct lead *lead);                /* `mine` is in force until `until` */
void lead_end(struct lead *lead, const char *why); /* nothing where it does not lead */
void lead_check_closed(struct lead *lead);         /* goes on with closing where nothing is under way */

void lead_tell_changed(const struct lead *lead);

/* ---- lead_hand.c ---- */
bool lead_may_go(const struct lead *lead); /* it is being handed over, and all guests have left */
void lead_stay(struct lead *lead);         /* it is not handed over any more: it is lost, or given back */
/* Does the Lease, as it was read, belong to another kind of daemons? Then err says so: ERR_REFUSED. */
int lead_check_kind(const struct lead *lead, struct error *err);

/* ---- lead_try.c ---- */
void lead_try(struct lead *lead);       /* nothing where a request is under way */
void lead_try_later(struct lead *lead); /* after the pause that is due */
bool lead_give_back(struct lead *lead); /* false: it does not hold the Lease, or cannot */

/* ---- lead_watch.c ---- */
void lead_watch(struct lead *lead); /* unless it is watched already */
void lead_unwatch(struct lead *lead);

#endif
