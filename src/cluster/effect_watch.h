/* SPDX-License-Identifier: Apache-2.0 */
/* Waits for the effect of a change: watches the job's pods, or the job itself, until the sign of the effect is there
 * (mpijob/effect/effect_sign.h) or the time is up. It does not poll. */
#ifndef MPIJOBD_CLUSTER_EFFECT_WATCH_H
#define MPIJOBD_CLUSTER_EFFECT_WATCH_H

#include "cluster/cluster.h"
#include "mpijob/effect/effect_sign.h"

#define EFFECT_WATCHED_MS 120000 /* so long an effect is waited for, unless a policy says otherwise */

enum effect_seen {
    EFFECT_NOT_LOOKED, /* nothing waited for it, or it has no sign */
    EFFECT_SEEN,
    EFFECT_NOT_SEEN,    /* the time is up */
    EFFECT_CANNOT_TELL, /* the objects to watch cannot be read */
};
const char *effect_seen_name(enum effect_seen seen); /* "seen", "not-seen", "cannot-tell"; NULL: not looked */

/* "after 1.2 s", "not within 30.0 s", "cannot tell: ...", a note alone, or "". Returns out. */
const char *effect_seen_text(enum effect_seen seen, uint64_t after_ms, const char *note, char *out, size_t size);

struct effect_watch;

struct effect_watch_call {
    uv_loop_t *loop;
    struct cluster *cluster;
    struct mpijob_target target;         /* of the job */
    const char *name_space, *name, *uid; /* copied */
    enum mpijob_sign sign;               /* not SIGN_NONE */
    uint64_t timeout_ms;
    /* Called once, later. after_ms: since the start; why: with CANNOT_TELL, else NULL. */
    void (*done)(void *data, enum effect_seen seen, uint64_t after_ms, const struct error *why);
    void *data;
};

/* loop and cluster outlive the watch, which frees itself after done. 0, ERR_NOMEM, ERR_INVALID (how the pods of this
 * kind and version are labelled is unknown), or an error of kube_reflect; with an error done is not called. */
int effect_watch_start(const struct effect_watch_call *call, struct effect_watch **watch, struct error *err);
void effect_watch_cancel(struct effect_watch *watch); /* done is not called any more */

#endif
