/* SPDX-License-Identifier: Apache-2.0 */
/* Why a policy acts on a job, or does not: a tree of what was found, made by gather.h, told by why_text and why_json.
 * All instants are microseconds since 1970. */
#ifndef MPIJOBD_WHY_WHY_H
#define MPIJOBD_WHY_WHY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "time/zone.h"
#include "json/write.h"

#define WHY_NEVER INT64_MAX /* no instant is known */
#define WHY_NOW INT64_MIN   /* as soon as a daemon sees the job */

/* What comes of it. Their names are in docs/reference/cli.md. */
enum why_verdict {
    WHY_ACTS,     /* the job matches, and is changed */
    WHY_LATER,    /* only time is missing */
    WHY_NO_MATCH, /* something else is */
    WHY_HELD,     /* it matches, and something holds the policy back */
    WHY_NOTHING,  /* it matches, and there is nothing to change */
    WHY_FAILS,    /* it matches, and the change, or a function of the policy, fails */
    WHY_RUN,      /* it matches, and what its run function does, only a run tells */
};
const char *why_verdict_name(enum why_verdict verdict); /* "acts" */

struct why_condition {
    const char *key;    /* "phase", "where", "on" */
    const char *wanted; /* "Succeeded or Failed"; of `where` its place, "policies/free.lua:8" */
    const char *value;  /* "Running"; of `where` "true", "false", or its error */
    const char *unless; /* what would keep the job from matching, of a condition that holds: "its label keep is set";
                           NULL: nothing that is worth a word */
    bool holds, failed; /* failed: the function has raised an error, or was not asked */
    bool asked;         /* it is a function */
    int64_t due; /* where it does not hold: the instant from which it does, if the job stays as it is; or never */
};

struct why_hold {
    const char *reason;  /* one word, as docs/reference/cli.md lists them: "handled", "loop" */
    const char *message; /* a sentence */
    int64_t until;       /* WHY_NEVER: not known */
};

enum why_change { WHY_CHANGE_UNKNOWN, WHY_CHANGES, WHY_UNCHANGED, WHY_LEFT, WHY_CHANGE_FAILS };

struct why_past {
    int64_t id; /* in the journal; 0: nothing has happened yet */
    int64_t at;
    const char *outcome, *effect, *message; /* NULL: nothing to say */
    bool dry_run;
};

struct why {
    struct why_text *texts; /* what the texts below point to */
    bool full;              /* memory was out: something is missing */

    const char *policy, *file, *cluster, *job, *uid;
    int line;
    int64_t now;
    int64_t cpu;       /* microseconds: computing time of the policy's functions */
    bool daemon;       /* a running daemon's answer: it knows what only that does */
    struct zone *zone; /* the policy's, for text: valid as long as its set is held; NULL: UTC */

    /* Each condition, `where` and `on` among them, in the order of `match`. */
    struct why_condition *conditions;
    size_t condition_count, condition_cap;
    bool matches;       /* all of them hold */
    int64_t matches_at; /* where not: the instant from which they do, if the job stays as it is; or never */

    const char *trigger;  /* "on match, finished", "every 10m", "0 9 * * mon-fri (Europe/Berlin)" */
    bool by_event;        /* it has `on` */
    bool by_workload;     /* and what Kueue does with the job counts too */
    int64_t next;         /* when the policy looks at the job next, in time for matches_at; WHY_NOW, or never */
    int64_t jitter;       /* microseconds that may come on top of it */
    const char *standing; /* "it waits for a run", "a run has it now": of a running daemon; NULL: neither */
    int64_t asked_again;  /* when `where` is asked again: of a running daemon; else WHY_NEVER */
    int64_t recheck; /* microseconds: with `on`, `where` is asked again so long after a no; 0: when the job changes */

    enum why_change change;
    const char *effect, *effect_why; /* NULL: not known */
    const char *diff, *child;        /* JSON arrays; NULL: empty */
    const char *child_called;        /* "launcher", where child is there */
    const char *child_told;          /* "launcher", "Job NAME" */
    const char *change_error;        /* with WHY_CHANGE_FAILS */
    int64_t gpus_released;

    struct why_hold *holds;
    size_t hold_count, hold_cap;
    const char *notes[4]; /* what could not be found out, in sentences */
    size_t note_count;

    struct why_past last_change, last_run; /* of this policy: on this job; of all */

    enum why_verdict verdict;
    const char *sentence; /* "matches in 41m12s, at ..., unless its label keep is set" */
};

void why_free(struct why *why); /* what it owns; not the struct itself */

/* The tree for people, appended: several lines. colour: ANSI. */
void why_text(const struct why *why, bool colour, struct buf *out);
/* One object; its keys are in docs/reference/cli.md. seconds: instants are numbers, seconds since 1970, as in Lua; else
 * they are text. What there is nothing to say of is left out. */
void why_json(const struct why *why, bool seconds, struct json_writer *w);

#endif
