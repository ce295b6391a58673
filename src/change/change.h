/* SPDX-License-Identifier: Apache-2.0 */
/* One change of one object, from reading the object to the judged outcome:
 *
 *     read the object, unless the caller has it
 *     -> make what it becomes -> judge that -> wait at the gate -> write it (write.h)
 *     -> write its child, and wait for the effect, where the call asks for these
 *
 * There are five verbs. FIELDS replaces fields of a job, through whichever version is served, by a PUT of the edited
 * bytes. PATCH, REPLACE, CREATE and DELETE are the server's own verbs, for objects of any kind. All are judged, limited
 * and written to the journal alike.
 *
 * After a conflict (409), FIELDS reads the object again and applies the change to it; so does PATCH where the call
 * names no version. That happens CHANGE_TRIES times at most. Where the caller computes its changes from the object
 * (`computed`), done gets ERR_CONFLICT, the fresh object and `again` instead, and the caller decides. Where an
 * answer is lost, the object is looked up before anything is sent again (write.h). */
#ifndef MPIJOBD_CHANGE_CHANGE_H
#define MPIJOBD_CHANGE_CHANGE_H

#include "change/gate.h"
#include "cluster/cluster.h"
#include "cluster/effect_watch.h"
#include "guard/who.h"
#include "mpijob/effect/effect.h"
#include "site/site.h"

#define CHANGE_TRIES 6

enum change_verb { CHANGE_FIELDS, CHANGE_PATCH, CHANGE_REPLACE, CHANGE_CREATE, CHANGE_DELETE };

struct change_result { /* what it points to is valid during the call */
    bool changed; /* something was changed (or would be, in a dry run); with an error: the object was, its child was
                     not or may not be */
    bool written; /* the server has stored another object than there was, as with ERR_DROPPED */
    bool unknown; /* with an error: it may have been written; its row in the journal says so, or stays in flight */
    bool dry_run;
    bool kept;  /* with dry_run: its gate has kept it for later (gate_wait.kept) */
    bool last;  /* it comes after the other changes of its job (change_call.follows) */
    bool again; /* ERR_CONFLICT: the caller may compute its changes from `object`, and start another change */
    int tries;  /* that were made so far, those of change_call among them */
    enum mpijob_effect effect;
    const char *why;
    const struct mpijob_diff *diff;   /* never NULL; empty for CREATE and DELETE */
    const struct mpijob_diff *child;  /* of its launcher Job or Pod, with through_child; never NULL */
    const char *child_called;         /* "launcher": a member in JSON; never NULL */
    const char *child_told;           /* "launcher", "Job NAME": for people; never NULL */
    const struct mpijob_view *before; /* the job as it was read; NULL: another kind, or a new one */
    const char *looked_at;            /* resourceVersion of the object that was read; "": none was */
    const char *resource_version;     /* the newest one that is known; "": none is */
    struct str object;     /* the newest bytes that are known; in a dry run, as they would be; may be empty */
    struct str sent, read; /* where the site records: what was sent last, or would be; and the object as the change has
                              read it by itself. Empty: nothing, or it is secret */
    bool secret;           /* its values are for no log, no journal and no recording */
    const char *const *warnings; /* of the server, NULL-terminated */
    int64_t row;                 /* its row in the journal; 0: none */
    enum mpijob_sign sign;       /* the sign by which its effect can be seen; SIGN_NONE: it cannot */
    /* With wait_effect_ms: */
    enum effect_seen seen; /* did the effect come? */
    uint64_t after_ms;     /* so long after the answer */
    const char *seen_note; /* a sentence about it; "" where nothing waited for it */
};
/* Called once, never from within change_start. err NULL: it is done as the result says. With an error the result still
 * tells what is known (its diff, its object after a conflict). Codes: ERR_REFUSED (harmful, or destructive without
 * leave), ERR_CONFLICT, ERR_DROPPED, ERR_LIMIT or another of the gate, ERR_INVALID and ERR_SYNTAX (a change that this
 * object cannot have), ERR_NOT_FOUND (the object, or its kind), ERR_IO (the journal), ERR_CANCELLED, ERR_NOMEM, and
 * those of kube.h. */
typedef void (*change_done)(void *data, const struct change_result *result, const struct error *err);

struct change_call { /* everything is copied but changes, gate, done and data */
    enum change_verb verb;
    /* Which object. job: a kind of job, which is judged; the path of FIELDS and REPLACE follows from its kind and from
     * the version that the object is written in (job->version is not read). NULL: any other kind. */
    const struct mpijob_target *job;
    struct kube_resource resource; /* for PATCH, CREATE and DELETE, and for REPLACE where job is NULL */
    const char *kind;              /* "Job", for messages */
    const char *name_space;        /* NULL: the object is in none */
    const char *name;              /* "" for a CREATE whose name the server chooses */
    struct str object;             /* its bytes, where the caller has them; empty: it is read first */
    bool made_before; /* CREATE: an earlier try may have made it. What has this name then, is mpijobd's and has all that
                         was sent is it, and counts as made */
    const char *resource_version;   /* the object must still be at this version; NULL: at any */
    struct mpijob_changes *changes; /* for FIELDS; taken over, the caller's is emptied */
    struct str body;                /* for PATCH: the patch; for REPLACE and CREATE: the object */
    bool json_patch;                /* the patch is a list of steps; else it is a merge patch */
    bool mends;                     /* REPLACE: like a patch, it does not answer for harm that the object has already */
    bool splices;                   /* PATCH: a merge patch that is put into the object's bytes here; these go back
                                       whole, by a PUT, and the server has to keep what was changed */
    bool follows; /* PATCH that splices: it comes after other changes of its job, which may move the object: a plan has
                     it made last, at whichever version */
    const struct mpijob_verdict *known; /* job NULL: what the caller knows of the effect, told where nothing is known
                                           here; NULL: nothing. Copied */
    const char *propagation; /* for DELETE: "Background", "Foreground", "Orphan"; NULL: the server's default */
    /* How. */
    bool computed;             /* the caller computed the changes from the object; see above */
    const char *computed_from; /* with `computed`: the resourceVersion of that object, where `object` is not given */
    int tries;                 /* that were made before, with changes computed earlier; 0: none */
    bool dry_run;              /* nothing is written */
    bool server_dry_run;       /* with dry_run: the server is asked as well (dryRun=All) */
    bool destructive;          /* it may be destructive */
    bool stops; /* it stops a job, or resumes one: it may end what runs, and is sent only where that is known to come
                   of it. ERR_REFUSED else */
    bool through_child;      /* FIELDS: change the child where the job's own field does not act on a running job */
    uint64_t wait_effect_ms; /* wait so long for an effect that can be seen, before done; 0: do not wait */
    /* For the journal. */
    int64_t run;             /* 0: none */
    const char *policy;      /* "" or NULL: by hand */
    const char *traceparent; /* the trace that it is a part of (base/trace.h); "" or NULL: it begins one */
    bool with_child;         /* its child is changed too, by a change of its own: that is no advice any more */
    bool awaited;            /* a person waits for it: its requests go before those of policies */
    const char *about;       /* what the policy is for, in its author's words; outlives it. May be NULL */
    bool quiet;              /* no Event is written on the job */
    const char *handled_key, *handled_value; /* a `handled` row of the state, written with the intent; NULL: none */
    const struct guard_who *who;             /* to blame where its making hangs; outlives it. NULL: whoever runs */
    change_gate gate;                        /* NULL: everything may leave */
    change_done done;
    void *data;
};

/* What a change that has come to its gate would send, for a plan (plan/plan.h). What it points to is the change's, and
 * valid during the call of the gate. */
struct change_write {
    enum change_verb verb;          /* FIELDS is told as the REPLACE that it comes to */
    struct kube_resource resource;  /* with the version that it is written through */
    const char *kind;               /* "MPIJob", for messages */
    const char *name_space;         /* NULL: the object is in none */
    const char *name;               /* "": the server chooses it */
    const char *uid;                /* of the object as it was read; "" for a new one */
    const char *resource_version;   /* likewise */
    struct str before;              /* the object as it was read; empty: it was not, or is a new one */
    struct str body;                /* the object, or the patch; empty for DELETE */
    const struct mpijob_diff *diff; /* as it was judged */
    const struct mpijob_verdict *verdict;
    const char *propagation; /* of a DELETE; NULL: the server's default */
    bool ours;               /* it is of a kind of job, and judged as one */
    bool json_patch, splices, follows;
};
/* False: the object itself is not written. */
bool change_outline(const struct change *change, struct change_write *out);
/* The same of its child's part, a merge patch that names uid and resourceVersion. name: for "NAME-launcher", which
 * outlives *out; where that has failed, out of memory. *called: "launcher", static. */
bool change_outline_child(const struct change *change, struct buf *name, struct change_write *out, const char **called);

/* The site outlives the change, which frees itself after done. 0 or ERR_NOMEM, and then done is not called. */
int change_start(const struct site *site, struct change_call *call, struct change **change, struct error *err);
/* done comes soon, with ERR_CANCELLED; a write that is under way is finished first, so that its outcome is known. */
void change_cancel(struct change *change);
/* Where it only waits for its effect by now: done comes soon, without an error. */
void change_stop_waiting(struct change *change);
/* The GPUs that a finished job held before, where the change makes its controller clean up now. */
int64_t change_gpus_released(const struct change_result *result);
/* What differs, in one line that is cut: "cleanPodPolicy: Running -> All, labels.team: unset -> vision". */
void change_text(const struct mpijob_diff *diff, struct buf *out);
/* As change_cancel, but does not wait for a write: its row stays in flight, and the next start looks it up. */
void change_abandon(struct change *change);

#endif
