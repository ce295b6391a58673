/* SPDX-License-Identifier: Apache-2.0 */
/* A halt's state, and what its files call in each other: halt.c (its life), halt_workload.c (Kueue's part),
 * halt_decide.c (lever and steps), halt_steps.c (the changes). */
#ifndef MPIJOBD_HALT_HALT_PARTS_H
#define MPIJOBD_HALT_HALT_PARTS_H

#include "cluster/effect_watch.h"
#include "halt/halt.h"
#include "kube/verbs.h"
#include "mpijob/kueue.h"

enum halt_step {
    STEP_POLICY,  /* cleanPodPolicy Running becomes All, and an annotation keeps it */
    STEP_PODS,    /* wait until no pod that runs is left */
    STEP_LEVER,   /* suspend, or the Workload's spec.active */
    STEP_RESTORE, /* cleanPodPolicy as the annotation says, which goes */
};
#define HALT_STEPS 4

struct halt {
    struct halt_call call;
    char *texts;                  /* the block that holds the call's */
    struct kube_request *request; /* of the job */
    char *job;                    /* as it was read */
    struct mpijob_view view;      /* into it */
    struct {
        struct kube_list *list;
        size_t version; /* which of Kueue's is asked */
        struct buf bytes;
        struct kueue_workload read; /* into bytes, once `found` */
        bool found;
    } workload;
    enum halt_lever lever;
    enum halt_step steps[HALT_STEPS];
    size_t count, at;
    void *change; /* the step's, under way */
    struct effect_watch *watch;
    bool written;       /* the job was written: what was read is not the newest */
    bool policy;        /* cleanPodPolicy goes from Running to All */
    struct buf planned; /* in a dry run: the job as it would be; empty: as it was read */
    bool cancelled;
    /* The result: */
    bool changed, dry_run;
    enum mpijob_effect effect;
    struct buf message, made, lines;
    enum effect_seen gone;
    uint64_t after_ms;
    char gone_note[512];
};

/* ---- halt.c ---- */
void halt_finish(struct halt *h, const struct error *err); /* err NULL: it is done as its state says */
/* Nothing is to be done. */
void halt_unchanged(struct halt *h, const char *format, ...) __attribute__((format(printf, 2, 3)));
void halt_next(struct halt *h); /* the next step, or the end */
/* Waits for the pods, then goes on with halt_next. */
void halt_await_pods(struct halt *h);

/* ---- halt_workload.c ---- */
void halt_find_workload(struct halt *h); /* then halt_decide */
struct kube_resource halt_workload_resource(const struct halt *h);

/* ---- halt_decide.c ---- */
/* The job alone: is it one that can be stopped or go on? ERR_REFUSED; true in *over: there is nothing to do, which is
 * told already. */
int halt_look(struct halt *h, bool *over, struct error *err);
void halt_decide(struct halt *h); /* lever and steps; then the first of them, or the end */

/* ---- halt_steps.c ---- */
/* Then comes halt_next. ERR_NOMEM, or what the writer says. */
int halt_make(struct halt *h, enum halt_step step, struct error *err);

#endif
