/* One change of one object, from the object to the judged outcome:
 *
 *     read (unless it is at hand) -> what it becomes -> verdict -> gate -> written (write.h)
 *         -> (launcher) -> (effect seen)
 *
 * Five verbs. FIELDS replaces fields of a job, in whichever version is served, with a PUT of the edited bytes. PATCH,
 * REPLACE, CREATE and DELETE do what they are told, to objects of any kind. All are judged, bounded and journalled
 * alike.
 *
 * A conflict (409) of FIELDS, and of PATCH where no version was asked for, is read again and the change applied to the
 * fresh object, CHANGE_TRIES times at most. Where the caller computes its changes from the object (`computed`), done
 * gets ERR_CONFLICT with the fresh object instead, and the caller decides. An answer that was lost is looked up before
 * anything is repeated (write.h). */
#ifndef MPIJOBD_CHANGE_CHANGE_H
#define MPIJOBD_CHANGE_CHANGE_H

#include "change/gate.h"
#include "cluster/cluster.h"
#include "cluster/effect_watch.h"
#include "mpijob/effect/effect.h"
#include "site/site.h"

#define CHANGE_TRIES 6

enum change_verb { CHANGE_FIELDS, CHANGE_PATCH, CHANGE_REPLACE, CHANGE_CREATE, CHANGE_DELETE };

struct change_result { /* strings are valid during the call */
    bool changed;      /* something was sent (or would be, in a dry run) */
    bool dry_run;
    enum mpijob_effect effect;
    const char *why;
    const struct mpijob_diff *diff;     /* never NULL; empty for CREATE and DELETE */
    const struct mpijob_diff *launcher; /* of the launcher Job or Pod, with through_launcher; never NULL */
    const struct mpijob_view *before;   /* the job that was looked at; NULL: none was */
    const char *looked_at;              /* its resourceVersion; "": none */
    const char *resource_version;       /* after; of the object that was read where nothing was sent */
    struct str object;           /* the newest bytes that are known; of a dry run as it would become; may be empty */
    const char *const *warnings; /* of the server, NULL-terminated */
    int64_t row;                 /* of the journal; 0: none */
    enum mpijob_sign sign;       /* by which its effect is to be seen; SIGN_NONE: it is not */
    /* With wait_effect_ms: whether it came, milliseconds after the answer, and a sentence ("" where it was not waited
     * for). */
    enum effect_seen seen;
    uint64_t after_ms;
    const char *seen_note;
};
/* Once, never from within change_start. err NULL: done as the result says. With an error the result still tells what is
 * known (its diff, its object after a conflict). Codes: ERR_REFUSED, ERR_CONFLICT, ERR_DROPPED, ERR_LIMIT of a gate,
 * ERR_CANCELLED, ERR_NOMEM, and those of kube.h. */
typedef void (*change_done)(void *data, const struct change_result *result, const struct error *err);

struct change_call { /* everything but changes and data is copied */
    enum change_verb verb;
    /* Which object. A job is judged; of FIELDS and REPLACE the path follows from the job's kind and the version that
     * the object is of, and job->version is not looked at. NULL: any other kind. */
    const struct mpijob_target *job;
    struct kube_resource resource;  /* PATCH, CREATE, DELETE; REPLACE of another kind */
    const char *kind;               /* "Job", for messages */
    const char *name_space;         /* NULL: the object is in none */
    const char *name;               /* "" for a CREATE whose name the server makes */
    struct str object;              /* its bytes where they are at hand; else empty: a GET comes first */
    const char *resource_version;   /* it must still be at this version; NULL: any */
    struct mpijob_changes *changes; /* FIELDS; taken over: emptied in the caller's */
    struct str body;                /* PATCH: the patch; REPLACE, CREATE: the object */
    bool json_patch;                /* the patch is a list of steps, else a merge patch */
    const char *propagation;        /* DELETE: "Background", "Foreground", "Orphan"; NULL: the server's default */
    /* How. */
    bool computed, dry_run, destructive;
    bool server_dry_run;   /* with dry_run: ask the server too (dryRun=All) */
    bool through_launcher; /* FIELDS: where the MPIJob's field does not act on a running job, its launcher is changed */
    uint64_t wait_effect_ms; /* waits for the effect, where there will be one, before it calls done; 0: it does not */
    /* For the journal. */
    int64_t run;                             /* 0: none */
    const char *policy;                      /* "" or NULL: by hand */
    const char *handled_key, *handled_value; /* of the state's `handled`, written with the intent; NULL: none */
    change_gate gate;                        /* NULL: all may leave */
    change_done done;
    void *data;
};

struct change;
/* ERR_NOMEM: done is not called. */
int change_start(const struct site *site, struct change_call *call, struct change **change, struct error *err);
/* done comes soon with ERR_CANCELLED; a write that is under way is finished first, so that its outcome is known. */
void change_cancel(struct change *change);
/* If it is only waiting for its effect any more: done comes soon. */
void change_stop_waiting(struct change *change);
/* As change_cancel, but does not wait for the write: its row stays in flight and is looked into at the next start. */
void change_abandon(struct change *change);

#endif
