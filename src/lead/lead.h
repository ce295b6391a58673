/* SPDX-License-Identifier: Apache-2.0 */
/* Leader election: of several daemons that are started alike, the one acts that holds a Lease of coordination.k8s.io/v1
 * (lease.h), as with client-go's leaderelection. The others stand by, and one of them takes the Lease when it is given
 * back, or when its holder has not renewed it for the time that it says.
 *
 * Whoever acts may count on this: from `renew` after the last renewal was sent, lead_pass refuses, and so nothing that
 * asks it leaves any more, whatever has held the program up (a stop, a suspended machine, a stalled network); another
 * daemon takes the Lease `lease` after it has seen that renewal at the earliest, which is later. Both are judged by a
 * clock that no step of the wall clock moves and that goes on while the machine sleeps. What has left by then, and is
 * still on its way, is stopped by the resourceVersion that it carries.
 *
 * What has to happen between the beginning of a lead and the first deed is done by guests, one after the other in the
 * order in which they have joined: state that daemons share is read before triggers start. All functions are for the
 * loop's thread. */
#ifndef MPIJOBD_LEAD_LEAD_H
#define MPIJOBD_LEAD_LEAD_H

#include <uv.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"

struct defer_queue;
struct kube_config;
struct lead;
struct metrics;

#define LEAD_NAME "mpijobd"
#define LEAD_LEASE_US (15 * CLOCK_SECOND)
#define LEAD_RENEW_US (10 * CLOCK_SECOND)
#define LEAD_RETRY_US (2 * CLOCK_SECOND)

struct lead_options {
    uv_loop_t *loop;
    struct defer_queue *soon;         /* of the loop; outlives the lead */
    const struct clock *clock;        /* for what people read; outlives the lead */
    const struct log *log;            /* outlives the lead */
    struct metrics *metrics;          /* NULL: nothing is counted */
    const struct kube_config *server; /* where the Lease is: over a connection of the lead's own */
    const char *cluster;              /* as which that is counted; outlives the lead */
    const char *name_space, *name;    /* of the Lease */
    const char *identity;             /* below LEASE_HOLDER_MAX; unique among the daemons */
    int64_t lease, renew, retry;      /* microseconds, lease in whole seconds: lead_times */
    const struct lead_shared
        *shared; /* NULL: an election of its own. Copied, but what it points to outlives the lead */
};

/* A Lease that is one of several by which daemons share the jobs (shards.h). */
struct lead_shared {
    const char *shard;  /* which one, for the log; NULL: no shard, and what becomes of it is not logged */
    const char *shards; /* how many there are: all of the Leases say so (LEAD_SHARDS_NOTE) */
    /* Asked before a Lease that nobody holds is taken: 0: now; else in how many microseconds to ask again. */
    int64_t (*may_take)(void *data, const struct lead *lead);
    /* Another holds it, nobody does any more, or this daemon does or does not. Not for what has to happen at once. */
    void (*changed)(void *data);
    void *data;
};
#define LEAD_SHARDS_NOTE "mpijobd.io/shards" /* an annotation; a Lease that says otherwise is left alone */

/* Do the times go together? ERR_INVALID, with the cure. */
int lead_times(int64_t lease, int64_t renew, int64_t retry, struct error *err);

/* Texts are copied. Does nothing before lead_start. Blocks: reads the files of `server`. Errors as of kube_open. */
int lead_new(const struct lead_options *options, struct lead **lead, struct error *err);
void lead_start(struct lead *lead);
/* Gives the Lease back, if it is held, so that another can take it at once; that takes two seconds at most. Then closed
 * is called and the lead is gone. The guests have left before. */
void lead_close(struct lead *lead, void (*closed)(void *data), void *data);

/* ---- what stands on it ---- */

/* One that has to be ready before anything acts. The struct is its owner's, and stays in place until it has left. */
struct lead_guest {
    /* This daemon leads, and all that have joined before are ready. epoch: from 1, and higher than that of any earlier
     * lead of this Lease as long as nobody deletes it. Calls lead_ready when it is ready, perhaps from within. */
    void (*gained)(struct lead_guest *guest, int64_t epoch);
    /* It does not lead any more, and lead_pass refuses already: nothing may act on what was read. Comes once for each
     * `gained`, whether lead_ready was called or not; the last that has joined hears it first. why: a sentence. */
    void (*lost)(struct lead_guest *guest, const char *why);
    /* It is about to be handed over (lead_hand_over): nothing new is begun; when what was begun has ended, it calls
     * lead_left, perhaps from within, and then everything is as after `lost`, which does not come. The last that has
     * joined is asked first, each after the one before has left. NULL: it need not be asked. */
    void (*leave)(struct lead_guest *guest);
    void *data;
    bool told; /* this and what follows: the lead's */
    struct lead_guest *prev, *next;
};
void lead_join(struct lead *lead, struct lead_guest *guest); /* before lead_start */
void lead_part(struct lead *lead, struct lead_guest *guest); /* `lost` is not called any more */
void lead_ready(struct lead *lead, struct lead_guest *guest);
/* Why it is not ready yet, with the cure, for people; until it is, or the lead is lost. The error is copied. Nothing
 * where it is ready already, or was not told of a lead. */
void lead_hinder(struct lead *lead, struct lead_guest *guest, const struct error *why);
/* Gives the Lease back as soon as the guests have left, so that another daemon can take it; this one stands by then.
 * Nothing where it does not lead, or is being closed. */
void lead_hand_over(struct lead *lead);
void lead_left(struct lead *lead, struct lead_guest *guest);
/* Ends the lead here: the guests hear `lost`, from within. Some seconds later this daemon tries to take the Lease
 * again, with a higher epoch, unless another holds it. why: a sentence. Nothing where it does not lead, or is being
 * closed. */
void lead_step_down(struct lead *lead, const char *why);

/* May something be written now? 0; ERR_CANCELLED: the lead was lost, or there was none; the message names who leads.
 * Looks at the clock at each call, and is a kube_fence.pass (kube/kube.h). */
int lead_pass(void *lead, struct error *err);
/* Says that this daemon does not lead, who does, and where to ask; or that it leads, and why it does not act yet.
 * Returns ERR_REFUSED. */
int lead_refuse(const struct lead *lead, struct error *err);
/* That epoch; 0: it does not lead. */
int64_t lead_epoch(const struct lead *lead);

/* Writes an annotation into the Lease with the next renewal, and with each one after. name is static; value is below
 * LEAD_NOTE_MAX bytes. Where it does not lead, it is written when it does. */
#define LEAD_NOTES 3
#define LEAD_NOTE_MAX 256
void lead_note(struct lead *lead, const char *name, const char *value);

/* ---- how it stands ---- */
struct lead_standing {
    bool leads;           /* lead_pass lets pass */
    const char *identity; /* this daemon's */
    const char *leader;   /* who holds the Lease; "": nobody does, or it is not known. Valid until the next turn */
    const char *name_space, *name;
    int64_t since;         /* microseconds since 1970: when the leader has taken it, by its clock; 0: not known */
    int64_t unled;         /* where it leads: microseconds since another was last seen to, as it gave back or renewed */
    const char *trouble;   /* why the Lease cannot be read or written; NULL: nothing is wrong. Valid as `leader` */
    const char *hindrance; /* it leads, and this is why it cannot act (lead_hinder); NULL: nothing. Valid as `leader` */
};
struct lead_standing lead_look(const struct lead *lead);
/* Who may act by it now, as far as is known: its holder, for as long as it binds; "": nobody. Valid until the next
 * turn. free_for (NULL is allowed): for how long nobody could, in microseconds; 0 where its holder can. */
const char *lead_owner(const struct lead *lead, int64_t *free_for);
bool lead_is_known(const struct lead *lead);   /* it was read, and is there, and is one of so many shards */
bool lead_agrees(const struct lead *lead);     /* it was read, and says nothing else than `shared.shards` */
bool lead_is_taking(const struct lead *lead);  /* it is being taken now */
bool lead_is_leaving(const struct lead *lead); /* it is being handed over */
void lead_look_again(struct lead *lead);       /* soon: what may_take says may have changed */
/* Appends that as a sentence: "standing by; NAME leads since ...". */
void lead_text(const struct lead *lead, struct buf *out);

#endif
