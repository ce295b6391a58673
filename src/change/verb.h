/* A verb of a script on one object of any kind: patch, replace, create, delete. Unlike mpijob.replace it does what it
 * is told; but it is judged, journalled and bounded like that:
 *
 *     read (unless the object is at hand) -> what would differ -> what does harm or destroys is refused -> gate ->
 *     written (write.h), bound to what was read; a conflict is read again, VERB_TRIES times at most */
#ifndef MPIJOBD_CHANGE_VERB_H
#define MPIJOBD_CHANGE_VERB_H

#include "change/write.h"

#define VERB_TRIES 6

struct verb_result { /* strings are valid during the call */
    bool changed;    /* something was sent (or would be, in a dry run) */
    bool dry_run;
    enum mpijob_effect effect;
    const char *why;
    const struct mpijob_diff *diff;
    const char *seen;  /* the resourceVersion that was looked at; "" for a create */
    struct str object; /* as the server gave it back; of a dry run as it would become; empty: none */
    const char *const *warnings;
};
typedef void (*verb_done)(void *data, const struct verb_result *result, const struct error *err);

/* What a verb is about to write, before anything leaves. */
struct verb_intent {
    const char *uid, *seen; /* of the object that was looked at, and its resourceVersion; "" at a create */
    const struct mpijob_diff *diff;
};

struct verb_call { /* everything but data is copied */
    enum write_verb verb;
    struct kube_resource resource;
    const char *kind;                /* "Job", for messages */
    const struct mpijob_target *job; /* it is one of our kinds, to be judged; NULL: any other */
    const char *name_space;          /* NULL: the object is in none */
    const char *name;                /* "" for a create whose name the server makes */
    struct str body;                 /* the patch or object */
    bool json_patch;                 /* body is a list of steps, else a merge patch */
    struct str object;               /* patch, delete: its bytes where they are at hand; else empty */
    const char *resource_version;    /* it must still be at this version; NULL: any */
    const char *propagation;         /* of a delete: "Background", "Foreground", "Orphan"; NULL: the server's default */
    bool dry_run, destructive;
    int64_t run;
    const char *policy;
    int (*gate)(void *data, const struct verb_intent *intent, struct error *err);
    verb_done done;
    void *data;
};

struct verb;
int verb_start(const struct site *site, const struct verb_call *call, struct verb **verb, struct error *err);
/* done comes with ERR_CANCELLED unless a write is under way: that is finished first. */
void verb_cancel(struct verb *verb);
/* Does not wait for it either. */
void verb_abandon(struct verb *verb);

#endif
