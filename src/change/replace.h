/* One replacement, from the object to the judged outcome:
 *
 *     read (unless the object is at hand) -> edit the bytes -> judge -> write the intent down -> PUT -> compare ->
 * write the outcome down
 *
 * A conflict (409) is read again and the change applied to the fresh object, REPLACE_TRIES times at most, unless the
 * caller computes its changes from the object (`computed`): then done gets ERR_CONFLICT with the fresh object, and the
 * caller decides anew. An answer that was lost is looked up before anything is repeated. The same for a whole object
 * that the caller gives (`whole`). */
#ifndef MPIJOBD_CHANGE_REPLACE_H
#define MPIJOBD_CHANGE_REPLACE_H

#include "cluster/cluster.h"
#include "cluster/effect_watch.h"
#include "mpijob/effect/effect.h"
#include "site/site.h"
#include "store/store.h"

#define REPLACE_TRIES 6

struct replace_result {
    bool changed; /* something was sent (or would be, in a dry run) */
    bool dry_run;
    enum mpijob_effect effect;
    const char *why;
    const char *resource_version; /* after; of the object read where nothing was sent */
    const char *const *warnings;  /* of the server, NULL-terminated */
    const struct mpijob_diff *diff;
    int64_t row;           /* of the journal, 0: none */
    enum mpijob_sign sign; /* by which its effect is to be seen; SIGN_NONE: it is not */
    /* With wait_effect: whether it came, milliseconds after the answer, and a sentence ("" where nobody waited). */
    enum effect_seen seen;
    uint64_t after_ms;
    const char *seen_note;
    const struct mpijob_diff *launcher; /* of the launcher Job or Pod, with through_launcher; never NULL */
    const struct mpijob_view *before;   /* NULL if it was never read */
    struct str object;                  /* newest bytes that are known */
    unsigned gets, puts;                /* requests that it took */
};

struct replace;
/* err NULL: done as the result says. With an error the result still tells what is known (its diff, its object after a
 * conflict). Strings are valid during the call. */
typedef void (*replace_done)(void *data, const struct replace_result *result, const struct error *err);

struct replace_call {
    enum mpijob_kind kind;
    const char *name_space, *name;
    struct str object;              /* its bytes where they are at hand (copied); else empty: a GET comes first */
    struct mpijob_changes *changes; /* taken over; emptied in the caller's */
    struct str whole;               /* instead of changes: the object to PUT, as it is */
    const char *resource_version;   /* the object must still be at this version; NULL: any */
    bool computed, dry_run, destructive;
    uint64_t wait_effect_ms; /* waits for the effect, where there will be one, before it calls done; 0: it does not */
    bool through_launcher;   /* where the MPIJob's field does not act on a running job, its launcher is changed too */
    bool server_dry_run;     /* with dry_run: ask the server too (PUT with dryRun=All) */
    int64_t run;             /* the journal's run, 0: none */
    const char *policy;      /* for the journal and the log; "" */
    const char *handled_key, *handled_value; /* of the store's `handled`, written and removed with the journal's row;
                                                NULL: none */
    /* Asked before a write leaves; not 0: it does not. NULL: always. view: NULL for a whole object. */
    int (*gate)(void *data, const struct mpijob_view *view, const struct mpijob_diff *diff, struct error *err);
    replace_done done;
    void *data;
};

int replace_start(const struct site *site, struct replace_call *call, struct replace **replace, struct error *err);
/* done comes soon with ERR_CANCELLED; a PUT that is under way is finished first, so that its outcome is known. */
void replace_cancel(struct replace *replace);
/* If it is only waiting for its effect any more: done comes soon. */
void replace_stop_waiting(struct replace *replace);
/* As replace_cancel, but does not wait for the PUT: its row stays in flight and is looked into at the next start. */
void replace_abandon(struct replace *replace);

#endif
