/* SPDX-License-Identifier: Apache-2.0 */
/* One write of any object: a PATCH, PUT, POST or DELETE between its intent and its outcome in the journal.
 *
 *     write down the intent -> send -> (if the answer is lost: look the object up) -> write down the outcome
 *
 * A row is closed only when it is known what became of the write. Where the answer is lost and the object cannot be
 * looked up either, the row stays in flight, and the next start looks it up (recovery/recovery.h). Nothing is sent
 * twice here: after a conflict, the caller decides. */
#ifndef MPIJOBD_CHANGE_WRITE_H
#define MPIJOBD_CHANGE_WRITE_H

#include "base/trace.h"
#include "cluster/cluster.h"
#include "mpijob/effect/effect.h"
#include "site/site.h"

enum write_verb { WRITE_PATCH, WRITE_REPLACE, WRITE_CREATE, WRITE_DELETE };
const char *write_verb_name(enum write_verb verb); /* "patch", as in the journal */
enum write_verb write_verb_of(const char *name);   /* back; of another name: WRITE_REPLACE */
/* "jobs.batch" or "pods", as kubectl and the journal name a resource. Returns out. */
#define WRITE_RESOURCE_MAX 520
const char *write_resource_name(const struct kube_resource *resource, char out[WRITE_RESOURCE_MAX]);

struct write_result {   /* valid during the call */
    int status;         /* HTTP; 0: no answer came */
    struct json object; /* as the server gave it back; absent where no answer came */
    const char *const *warnings;
    bool not_done; /* the answer was lost, and the object shows that the write was not done: it may be tried again */
    bool unknown;  /* with an error: the write may have been done */
    int64_t row;   /* in the journal; 0: none */
};

struct write;
/* err NULL: it is done. Codes: ERR_CANCELLED (nothing was sent, or it was abandoned), ERR_IO (the journal cannot be
 * written, and nothing was sent), those of `check`, and those of the server's answer (kube.h). */
typedef void (*write_done)(void *data, const struct write_result *result, const struct error *err);

struct write_call { /* everything is copied but verdict, content_type, check, done and data */
    enum write_verb verb;
    struct kube_resource resource;
    const char *name_space; /* NULL: the object is in none */
    const char *name;       /* "" for a create whose name the server chooses */
    struct str body;        /* of a DELETE: its options, may be empty */
    /* Where the server takes the change in two writes only: what is sent before the body, by the same verb, and what
     * makes the body new of the answer to it (which has another resourceVersion). Both are one row of the journal, and
     * after the first the second is sent also where the write was cancelled. Empty: one write. */
    struct str first;
    int (*second)(void *data, struct json answer, struct buf *body, struct error *err);
    bool made_before;             /* as of change_call */
    const char *content_type;     /* of a PATCH; static */
    bool strict;                  /* fieldValidation=Strict */
    const char *uid;              /* of the object as it was read; "" for a create */
    const char *resource_version; /* likewise */
    struct str diff;   /* JSON as mpijob_diff_json writes it: for the journal, and to tell later whether it was done */
    const char *frees; /* for the journal (change/frees.h); NULL: it frees nothing */
    const struct mpijob_verdict *verdict; /* for the journal; outlives the write, and `check` may change it */
    bool dry_run;                         /* the server is asked (dryRun=All), and nothing is written down */
    int64_t run;                          /* 0: none */
    const char *policy;                   /* NULL: by hand */
    const struct trace *trace;            /* of which it is a step. Copied; NULL: it begins one */
    enum seat_rank rank;                  /* SEAT_PERSON: a person waits for it */
    /* A `handled` row of the state about the object: written with the intent, and removed if the write is not done.
     * NULL: none. */
    const char *handled_key, *handled_value;
    /* Is the answer as it must be? Not 0: the write has failed, whatever the server said. NULL: any answer is. */
    int (*check)(void *data, struct json answer, struct error *err);
    write_done done;
    void *data;
};

/* The site outlives the write, which frees itself after done. 0 or ERR_NOMEM, and then done is not called. */
int write_start(const struct site *site, const struct write_call *call, struct write **write, struct error *err);
/* Where nothing was sent yet, done comes with ERR_CANCELLED; what is under way is finished. */
void write_cancel(struct write *write);
/* Does not wait for what is under way: done comes soon, the row stays in flight, and the next start looks it up. */
void write_abandon(struct write *write);

struct write_row {                             /* what the journal knows of a write */
    const char *uid, *resource_version, *diff; /* as in write_call; never NULL */
    int64_t intended_at;                       /* microseconds since 1970 */
    const char *removed;                       /* write_in_steps of the object's resource; NULL: none */
};

/* The place of the value that the server lets be changed in two writes only, of which the first removes it, by the
 * resource as the journal has it: "trainjobs.trainer.kubeflow.org". Static; NULL: there is no such value. */
const char *write_in_steps(const char *resource);

/* Does the object show that the write was done? Asked after a lost answer, and at the next start. object absent: there
 * is no object of that name. WRITE_UNKNOWN: it has changed since it was read, and does not show by whom.
 * WRITE_WAS_BEGUN: of two writes the first was made, which removes a value. WRITE_NO_MEMORY: ask again later. */
enum write_trace { WRITE_WAS_DONE, WRITE_WAS_NOT_DONE, WRITE_WAS_BEGUN, WRITE_UNKNOWN, WRITE_NO_MEMORY };
enum write_trace write_trace(enum write_verb verb, const struct write_row *row, struct json object);

/* The second of two writes, where the object shows that only the first was made: appends the object with all that the
 * row changes, bound to the object's resourceVersion. Nothing is appended where there is nothing left to do. 0,
 * ERR_NOMEM, or an error of the row. Whoever asked for the change is not asked again: the value that it was reckoned
 * from is gone. */
int write_rest(const struct write_row *row, struct json object, struct buf *body, struct error *err);

/* The uid of the job that a write was for: a launcher's and a pod's is its owner. out: "" where it has no owner. */
void write_job_of(const char *resource, const char *uid, struct json object, char out[64]);

struct write_place { /* as the journal has it; texts are borrowed */
    const char *resource, *version, *name_space, *name;
};
/* Of the resource as the journal has it; plural takes its text. */
struct kube_resource write_resource_at(const char *resource, const char *version, char plural[256]);
/* Why the object shows that the write was not done. Static. */
const char *write_not_done_words(const char *resource, const char *uid, enum write_verb verb, struct json object);
/* outcome: of the row, with a message; else NULL, and err says what failed; NULL too: it has to be looked up again. */
bool write_is_refused(const struct error *err); /* the server will not take it, however often it is sent */
typedef void (*write_rest_done)(void *data, const char *outcome, const char *message, const struct error *err);
/* Sends what write_rest makes of the row of a daemon before. *sent: done comes, later; else there is nothing left to
 * do. 0, or an error of write_rest or kube_replace, and then done does not come. */
int write_rest_send(struct kube *kube, const struct write_place *place, const struct write_row *row, struct json object,
                    write_rest_done done, void *data, struct kube_request **request, bool *sent, struct error *err);

#endif
