/* SPDX-License-Identifier: Apache-2.0 */
/* What the state says of one policy with `on` and one job: which events of it are handled. For the trigger, which reads
 * all rows at its start, and for whoever asks about a single job. */
#ifndef MPIJOBD_TRIGGER_EVENT_HANDLED_H
#define MPIJOBD_TRIGGER_EVENT_HANDLED_H

#include "mpijob/view.h"
#include "policy/definition/definition.h"
#include "store/state.h"
#include "trigger/waits.h"

/* In place of the version: a change that is new again. */
#define EVENT_BEFORE_ALL 1

struct event_handled {
    int64_t since_us;     /* the job matches since then, by the row; MPIJOB_NO_TIME: the row has none */
    uint64_t version;     /* that was handled or let pass; 0: none */
    uint8_t done;         /* ON_ bits: added, finished, match */
    uint8_t since_start;  /* ON_ bits of these and changed: it came since the policy's first start */
    struct job_wait wait; /* where it is not handled yet; zeros: the row has nothing of it */
    int64_t generation;   /* of the row: see event_epoch */
    uint8_t baseline;     /* ON_ bits: kinds whose earlier events were let pass, as event_handled_read finds */
    bool found;           /* there is a row */
    int64_t at;           /* when it was written, microseconds since 1970 */
};

/* What was handled becomes new with a new text of a policy with `again`. The state has two marks for it: the text
 * ("NAME#text", see policy/policy_text.h) and how often that has happened ("NAME#again"). Each row has the number that
 * was in force when it was written, also by a run of the old text that ends later; of a row with another number only
 * what came before the policy's first start counts. */
struct event_epoch {
    uint64_t text;
    bool text_known; /* else the state was written by a version that had neither mark, or not at all */
    int64_t generation;
    int64_t left; /* event_text_short of the text that this number has left behind; 0: not known */
};
/* The mark "NAME#again": the number, and what it has left behind. Where the daemon dies before the new text is written,
 * the text of the state is the one that was to be left: the number does not count then. */
int64_t event_epoch_mark(const struct event_epoch *epoch);
int64_t event_text_short(uint64_t text); /* never 0 */
/* Blocks, as state_read_mark does; 0, or its errors. */
int event_epoch_read(struct state *state, const char *key, struct event_epoch *epoch, struct error *err);
/* Is the policy's text another one than the state's? rows: it has rows, which without a text are of a version that knew
 * no `again`, and so of another text. */
bool event_epoch_is_over(const struct event_epoch *epoch, const struct policy *policy, bool rows);
/* The number whose rows count for the policy, as it is. */
int64_t event_epoch_now(const struct event_epoch *epoch, const struct policy *policy, bool rows);
/* "NAME#text", "NAME#again". Returns out. */
#define EVENT_EPOCH_KEY_MAX (STATE_KEY_MAX + 8)
const char *event_epoch_key(const char *key, const char *what, char out[EVENT_EPOCH_KEY_MAX]);

/* The row alone: "g2a+fm1790000000000000" is of the second number; added, since the policy's first start; finished;
 * matching since that instant (microseconds). Of a job that is not handled yet, what waits.h says. */
struct event_handled event_handled_of(const struct store_handled *row);

/* The value of a row as it is to be again, where the change with whose intent it was written was not made: the policy
 * has not acted, or not warned, yet. Empty: the row goes. Appended. */
void event_handled_not_done(const char *value, struct buf *out);

/* Has the policy handled something of the job, which would be new with another number? */
bool event_handled_counts(const struct event_handled *handled, const struct policy *policy, int64_t generation);
/* key: as state_key gives it. What no longer counts, as the policy is, is left out. Blocks, as state_read_handled does;
 * 0, or its errors. */
int event_handled_read(struct state *state, const char *key, const struct policy *policy,
                       const struct mpijob_view *view, struct event_handled *handled, struct error *err);
void event_handled_forget_wait(struct event_handled *handled); /* WAIT_FORGOTTEN, if there is something */
/* Leaves out what does not count with that number. */
void event_handled_as_of(struct event_handled *handled, int64_t generation);
/* What counts of a row for the policy as it is now; epoch: the state's. */
void event_handled_under(struct event_handled *handled, const struct event_epoch *epoch, const struct policy *policy);

/* Of the policy's kinds of events: those that the job has had by now, as it is; those of them that are handled; and
 * those that came before the policy's first start there, which it lets pass. now: microseconds since 1970. */
struct event_kinds {
    unsigned come, done, before;
};
struct event_kinds event_handled_kinds(const struct event_handled *handled, const struct policy *policy,
                                       const struct mpijob_view *view, int64_t now);

/* The wait of a job that matches at `now` and is not handled, as the trigger would find it at a look; where the row
 * does not say since when it matches, it is since now. */
struct job_wait event_handled_wait(const struct event_handled *handled, const struct policy *policy,
                                   const struct mpijob_view *view, int64_t now);

/* The kinds that have a baseline. What matches already is handled at the first start, too. */
#define EVENT_BASED (ON_ADDED | ON_FINISHED | ON_CHANGED)

#define EVENT_MARK_MAX (STATE_KEY_MAX + 320) /* a namespace's name has 253 bytes at most, whatever the server says */
/* The mark of a kind of event's baseline: "NAME#added"; while some scopes could not be listed yet, "NAME#added/SCOPE"
 * of those that were (name_space NULL: the scope is all namespaces). of: a policy that is about several
 * kinds has each by itself, "NAME#added:JobSet"; NULL: it is not. What came before it was set is not for the policy.
 * Returns out. */
const char *event_baseline_key(const char *key, unsigned kind, const char *of, bool scoped, const char *name_space,
                               char out[EVENT_MARK_MAX]);
/* That kind of object, for a policy that is about several; else NULL. */
const char *event_baseline_of(const struct policy *policy, const struct mpijob_kind *kind);

#endif
