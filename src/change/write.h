/* One write of any object, once: a PATCH, PUT, POST or DELETE between its intent and its outcome in the journal.
 *
 *     intent written down -> sent -> (its answer was lost: looked for) -> outcome written down
 *
 * A row is closed only when it is known what became of the write. Where the answer was lost and the look for it fails
 * too, the row stays in flight: the next start asks the server (engine/recovery.h). What needs another decision, a
 * conflict above all, is the caller's: nothing is sent twice here. */
#ifndef MPIJOBD_CHANGE_WRITE_H
#define MPIJOBD_CHANGE_WRITE_H

#include "cluster/cluster.h"
#include "mpijob/effect/effect.h"
#include "site/site.h"

enum write_verb { WRITE_PATCH, WRITE_REPLACE, WRITE_CREATE, WRITE_DELETE };
const char *write_verb_name(enum write_verb verb); /* "patch": as in the journal */
/* "jobs.batch", "pods": as kubectl and the journal name a resource. Returns out. */
#define WRITE_RESOURCE_MAX 520
const char *write_resource_name(const struct kube_resource *resource, char out[WRITE_RESOURCE_MAX]);

struct write_result { /* valid during the call */
    int status;
    struct json object; /* as the server gave it back; absent where nothing came */
    const char *const *warnings;
    bool not_done; /* the answer was lost, and the object shows that it was not done: it may be tried again */
    int64_t row;   /* of the journal, 0: none */
};

struct write;
/* err NULL: it is done. Codes: ERR_CANCELLED: nothing was sent, or it was abandoned; ERR_DROPPED and others of `check`;
 * those of the server's answer (kube.h). */
typedef void (*write_done)(void *data, const struct write_result *result, const struct error *err);

/* Everything but data is copied. */
struct write_call {
    enum write_verb verb;
    struct kube_resource resource;
    const char *name_space;   /* NULL: the object is in none */
    const char *name;         /* "" for a create whose name the server makes */
    struct str body;          /* DELETE: its options, may be empty */
    const char *content_type; /* of a PATCH; static */
    bool strict;              /* fieldValidation=Strict */
    const char *uid;          /* of the object before; "" for a create */
    const char *resource_version;
    struct str diff; /* JSON as mpijob_diff_json writes: for the journal, and to tell later whether it was done */
    const struct mpijob_verdict *verdict; /* for the journal; outlives the write. `check` may change it */
    bool dry_run;                         /* the server is asked, and nothing written down */
    int64_t run;
    const char *policy;
    /* The state's `handled` row of the object, written with the intent, and removed where it was not done.
     * NULL: none. */
    const char *handled_key, *handled_value;
    /* Is the answer as it has to be? Not 0: the write has failed, whatever the server said. NULL: always. */
    int (*check)(void *data, struct json answer, struct error *err);
    write_done done;
    void *data;
};

int write_start(const struct site *site, const struct write_call *call, struct write **write, struct error *err);
/* done comes with ERR_CANCELLED if nothing was sent yet; what is under way is finished first. */
void write_cancel(struct write *write);
/* Does not wait for it either: its row stays in flight and is looked into at the next start. */
void write_abandon(struct write *write);

/* For the next start, too: was it done? object absent: there is none of that name. */
enum write_trace { WRITE_WAS_DONE, WRITE_WAS_NOT_DONE, WRITE_NOBODY_KNOWS };
enum write_trace write_trace(enum write_verb verb, struct str uid, struct str diff, int64_t intended_at,
                             struct json object);

#endif
