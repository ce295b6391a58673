/* SPDX-License-Identifier: Apache-2.0 */
/* A job is stopped, or goes on, by the lever that works for who manages it:
 *
 *     read the job -> find its Workload -> decide -> the changes, one after the other -> its pods are gone
 *
 * The lever is `suspend` of the job, or, where Kueue manages the job and would put that back, `spec.active` of its
 * Workload. What has to be done first is done: with the cleanPodPolicy Running a worker that has ended would not be
 * made again, so the policy becomes All, an annotation keeps what it was, and resuming puts it back. A job that is a
 * part of another (a JobSet of a TrainJob) is refused, and the one to stop is named. Nothing is sent that would not do
 * it (change_call.stops).
 *
 * That is leave enough to end its pods: whoever stops a job has said so. */
#ifndef MPIJOBD_HALT_HALT_H
#define MPIJOBD_HALT_HALT_H

#include "change/change.h"

#define HALT_WAIT_MS 120000 /* so long the pods are waited for, unless the caller says otherwise; milliseconds */
/* On a job that was stopped: the cleanPodPolicy that it had. */
#define HALT_POLICY_ANNOTATION "mpijobd.io/clean-pod-policy-before-stop"
#define HALT_POLICY_POINTER "/metadata/annotations/mpijobd.io~1clean-pod-policy-before-stop"
/* Merge patches for when it goes on: it has that policy again; it has another one by now, and keeps that. */
#define HALT_NOTE_MEMBER "\"metadata\":{\"annotations\":{\"" HALT_POLICY_ANNOTATION "\":null}}"
#define HALT_POLICY_BACK "{" HALT_NOTE_MEMBER ",\"spec\":{\"runPolicy\":{\"cleanPodPolicy\":\"Running\"}}}"
#define HALT_NOTE_GONE "{" HALT_NOTE_MEMBER "}"

enum halt_lever {
    HALT_NONE, /* nothing had to be done, or nothing could be found out */
    HALT_SUSPEND,
    HALT_WORKLOAD,
};
const char *halt_lever_name(enum halt_lever lever); /* "none", "suspend", "workload" */

/* Where the changes are made: a run of a policy, a command. It outlives the halt. */
struct halt_writer {
    /* As change_start, whose errors it may return. *change: for `leave`. May fill in what the call says of its run. */
    int (*start)(void *data, struct change_call *call, void **change, struct error *err);
    /* done of that change is not called any more. NULL: the halt is never cancelled. */
    void (*leave)(void *data, void *change);
    void *data;
    struct seat_for seat; /* for whom the requests are; flow is copied by each */
    bool plans;           /* nothing is written now: a dry run, or a run that waits for approval */
};

struct halt_result {           /* what it points to is valid during the call */
    bool changed;              /* something was changed, or would be; with an error: something before what failed was */
    bool dry_run;              /* nothing was written: the writer plans, or its run does */
    enum mpijob_effect effect; /* of the lever; EFFECT_UNCHANGED: it is so already */
    enum halt_lever lever;
    struct str workload;     /* its name, where there is one */
    const char *message;     /* what comes of it, and what comes back when the job goes on */
    const struct buf *steps; /* the changes, a JSON array: [{"object":"MPIJob train/bert","diff":[...]}] */
    const struct buf *lines; /* the same for people, with the objects' names; may be empty */
    enum effect_seen gone; /* of a stop: are its pods gone? NOT_LOOKED: it was not asked for, or nothing was written */
    uint64_t after_ms;     /* so long after the last change */
    const char *gone_note; /* with EFFECT_CANNOT_TELL: why. Else "" */
};
/* Called once, never from within halt_start. Codes: those of change_done; ERR_REFUSED also for a job that is a part of
 * another, that is being deleted, or that the lever would not move; ERR_NOT_FOUND: the job, another one has its name
 * now, or Kueue has no Workload for it (yet: retryable). */
typedef void (*halt_done)(void *data, const struct halt_result *result, const struct error *err);

struct halt;

struct halt_call { /* the texts are copied */
    const struct site *site;
    const struct mpijob_kind *kind;
    const char *name_space, *name;
    const char *uid; /* of the job that is meant; NULL or "": whichever has the name */
    bool resumes;
    bool dry_run;
    uint64_t wait_ms; /* for the pods of a stop; 0: they are not waited for */
    struct halt_writer writer;
    halt_done done;
    void *data;
};

/* The site outlives the halt, which frees itself after done. 0, or an error, and then done is not called: ERR_NOMEM,
 * ERR_NOT_FOUND (the kind is not served), those of kube_get. */
int halt_start(const struct halt_call *call, struct halt **halt, struct error *err);
/* done is not called any more. A write that is under way is finished by its writer. */
void halt_cancel(struct halt *halt);

#endif
