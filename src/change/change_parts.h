/* SPDX-License-Identifier: Apache-2.0 */
/* A change's state, and what its files call in each other: change.c (its life), change_read.c (reading the object),
 * change_make.c (what it becomes, and the bytes to send), change_judge.c (the verdict and the gate), change_send.c (the
 * write), change_child.c (the child's part), change_child_find.c (which child), change_effect.c (the wait for the
 * effect). */
#ifndef MPIJOBD_CHANGE_CHANGE_PARTS_H
#define MPIJOBD_CHANGE_CHANGE_PARTS_H

#include "base/trace.h"
#include "change/change.h"
#include "change/write.h"
#include "kube/verbs.h"
#include "loop/defer.h"
#include "loop/timer.h"
#include "mpijob/effect/child.h"

struct change {
    const struct site *site;
    enum change_verb verb;
    bool ours; /* it is a kind of job that is judged */
    bool json_patch, mends, splices, follows, computed, dry_run, server_dry_run, destructive, stops, through_child,
        quiet, made_before;
    char *texts; /* the block that holds the call's: those of the next lines */
    const char *kind, *name_space, *name, *wanted_version, *propagation, *policy, *handled_key, *handled_value;
    struct kube_resource resource; /* the path */
    struct mpijob_target target;   /* of a job: its kind, version and controller */
    struct mpijob_changes changes;
    struct buf body;
    int64_t run;
    uint64_t wait_effect_ms;
    const struct guard_who *who;
    const char *about;
    change_gate gate;
    change_done done;
    void *data;

    char *before; /* the object as it was read; NULL: not read yet, or a new one */
    size_t before_len;
    bool was_read;           /* by the change itself, not by its caller */
    struct mpijob_view view; /* of it, once `viewed` */
    bool viewed;
    char uid[64], looked_at[64]; /* its uid and its resourceVersion */
    struct buf after;            /* what it becomes */
    struct buf first;            /* what is sent before that, where it takes two writes; else empty */
    struct mpijob_diff diff;
    struct mpijob_verdict verdict, known; /* known: the caller's; EFFECT_UNKNOWN without a `why`: nothing */
    int64_t judged_at;                    /* microseconds since 1970 */

    struct kube_request *request; /* a read under way */
    struct cluster_wait wait;     /* the version is not served any more: waits to learn which one is */
    const struct error *lost;     /* the error that said so (error_keep) */
    struct gate_wait at_gate;
    struct write *write;
    struct deadline pause;    /* before another try */
    struct defer turn;        /* it goes on in the loop's next turn, and not after the pause */
    int tries, earlier_tries; /* earlier: of the caller's changes before this one */
    bool again;               /* see change_result */
    bool leaves;              /* it is past the gate: it is sent, or would be */
    int64_t row;              /* its row in the journal, once written */
    char version_now[64];     /* the newest resourceVersion that is known */
    char *answer;             /* the object as the server gave it back; NULL: nothing came */
    size_t answer_len;
    char **warnings; /* of that answer, NULL-terminated, one block */
    struct {
        struct mpijob_child_plan plan;
        struct write *write;
        char uid[64], version[64];
        char name[256];
        struct json job_before, job_after; /* of the job itself, for its judgement afterwards */
        struct kube_list *list;            /* of the Jobs among which it is looked for */
        struct change_finding *finding;
        int tries;
        int64_t row;
        bool asked;   /* the child was looked for */
        bool missing; /* ... and does not exist */
        bool writing; /* the job's own part is done */
        bool half;    /* ... and was written, and this part is not known to be */
        bool again;   /* pauses before the next try */
    } child;
    struct {
        struct effect_watch *watch;
        enum effect_seen seen;
        uint64_t after_ms;
        char note[512];
        bool asked, over; /* over: the wait was given up */
    } effect;
    struct trace trace; /* its writes are steps of it */
    bool unknown;       /* the last write may have been made */
    bool with_child;    /* by a change of its own */
    bool awaited;       /* by a person */
    bool written;       /* the server's answer is of another version than the object that was read */
    bool cancelled, abandoned, ended;
};

/* ---- change.c ---- */
/* Ends the change: calls done. err NULL: it is done as its state says. sent: something was written, or would be. */
void change_finish(struct change *c, bool sent, const struct error *err);
void change_fail(struct change *c, const struct error *err);
void change_give_up(struct change *c); /* fails: cancelled */
/* Waits before the next try, then goes on with it. tries: that were made so far. */
void change_pause(struct change *c, int tries);
void change_soon(struct change *c); /* goes on in the loop's next turn */
/* Tries once more after a pause, and reads the object again; after CHANGE_TRIES it fails with `why`. */
void change_again(struct change *c, const struct error *why);

/* ---- change_read.c ---- */
void change_read(struct change *c);                  /* then change_consider */
struct seat_for change_seat(const struct change *c); /* for whom its requests are */
/* What was read is not the newest any more. */
void change_forget(struct change *c);
/* From now on the change uses the path of target's kind and version. */
void change_use(struct change *c, struct mpijob_target target);
/* Where err says that the version's path is not served: finds out which is, and then reads the object again. False:
 * that does not help here. */
bool change_follow(struct change *c, const struct error *err);

/* ---- change_make.c ---- */
/* The object is there, or is a new one: makes what it becomes, then goes on to change_judge. */
void change_consider(struct change *c);
/* Appends the bytes to send, bound to the object that was read. 0, ERR_NOMEM, or an error of the patch. */
int change_body(struct change *c, struct buf *out, struct error *err);
bool change_is_secret(const struct change *c); /* its values are for no log, and for no journal */
/* Appends the difference as the journal keeps it. 0 or ERR_NOMEM. */
int change_journal_diff(struct change *c, struct buf *out, struct error *err);

/* ---- change_judge.c ---- */
/* Judges the change; then comes the gate, then the write. before is absent for a new object, after for a deletion. */
void change_judge(struct change *c, struct json before, struct json after);

/* ---- change_send.c ---- */
void change_send(struct change *c);

/* ---- change_child.c ---- */
bool change_wants_child(const struct change *c);
struct kube_resource change_child_resource(const struct change *c); /* its kind of object */
/* The child's part fails, and with it the change. unknown: it may have been written. */
void change_child_failed(struct change *c, const struct error *why, bool unknown);
/* "launcher", "Job NAME". Returns out. */
#define CHANGE_CHILD_TOLD 300
const char *change_child_told(const struct change *c, char out[CHANGE_CHILD_TOLD]);
bool change_goes_instead(const struct change *c); /* its fields are changed in the child, and not in the job */
void change_read_child(struct change *c);         /* then change_judge */
/* It was read; absent: it does not exist. set: the JobSet that it is of, or absent. */
void change_child_came(struct change *c, struct json child, struct json set);
void change_child_unread(struct change *c, const struct error *why); /* it was not */
void change_write_child(struct change *c);                           /* the last step before the end */
void change_child_again(struct change *c);                           /* after the pause */

/* ---- change_child_find.c ---- */
/* Then change_child_came, or the end. ERR_NOMEM, or an error of kube_get or kube_list. */
int change_child_find(struct change *c, struct error *err);
void change_child_found_free(struct change *c);

/* ---- change_event.c ---- */
/* Has an Event written on the job, where it was changed and the site writes any. */
void change_event(const struct change *c, const struct change_result *result, const struct error *err);

/* ---- change_effect.c ---- */
enum mpijob_sign change_sign(const struct change *c);
/* True: it waits for its effect, and calls change_finish again later. */
bool change_wait_effect(struct change *c);

#endif
