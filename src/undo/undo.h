/* SPDX-License-Identifier: Apache-2.0 */
/* What a run has changed, taken back: its changes are read from the journal and sorted by object, each object is looked
 * at and it is found what can be put back, and then that is made, or kept as a plan that waits. Each step is the
 * owner's to begin; undo_read alone blocks. All but that is for the loop's thread. */
#ifndef MPIJOBD_UNDO_UNDO_H
#define MPIJOBD_UNDO_UNDO_H

#include "change/change.h"
#include "limit/rate.h"
#include "plan/plan.h"
#include "store/journal.h"
#include "json/write.h"

/* One change of the run. All texts are the row's own; "" where the journal has nothing. */
struct undo_row {
    int64_t id;
    char *verb, *uid, *version_after, *effect, *why, *outcome, *observed;
    char *whole; /* of a "create" or "delete": the object; NULL */
    struct mpijob_diff diff;
    bool ahead; /* after the look: it changed a deadline alone, which has not passed: nothing has come of it */
};

enum undo_action { UNDO_NOTHING, UNDO_REPLACE, UNDO_CREATE, UNDO_DELETE, UNDO_PATCH }; /* PATCH: of a Secret */

/* A job that was stopped goes on as `mpijobd job resume` lets it: first the lever, then its cleanPodPolicy
 * (undo_stop.c). So all objects have their turn, and then those have one that belong to the second. */
enum undo_turn {
    UNDO_FIRST,
    UNDO_SECOND,
    UNDO_BOTH, /* two writes: without the cleanPodPolicy, and the rest */
};

struct kube_request;
struct undo;

struct undo_object {
    struct undo *undo;
    char *resource, *version, *server, *name_space, *name; /* name_space "": it is in none */
    struct undo_row *rows;                                 /* newest first */
    size_t row_count;
    /* After the look: */
    enum undo_action action;
    enum undo_turn turn;
    struct buf body;         /* the object, or the patch; of UNDO_BOTH for the turn that is on */
    char *resource_version;  /* at which it was looked at; NULL: it is not there */
    struct mpijob_diff left; /* what another writer has changed since: before: what was written, after: what is there */
    const char *whole_left;  /* why nothing of it is put back, or nothing more; NULL */
    char job_uid[64];        /* of a Workload: its job's; "" */
    bool maybe;              /* a Workload, where one job is asked for: it may be another's */
    bool apart;              /* it is: nothing is done to it, and nothing told of it */
    bool begun;              /* of UNDO_BOTH: its first write was made */
    bool stuck;              /* it was to be put back, and was not */
    bool barred;             /* whole_left was found as it was to be made: its Workload cannot be put back */
    char *trouble;           /* why it could not be looked at; NULL */
    unsigned tries;
    /* What is under way of it; NULL: nothing is. */
    struct kube_request *request;
    struct change *change;
    struct rate_wait pace;     /* its write waits for its turn */
    struct gate_wait *at_gate; /* meanwhile; the change's */
};

struct undo {                             /* zeroed; then its owner sets these */
    int64_t number;                       /* of the run */
    const char *job_namespace, *job_name; /* only of this namespace, this job; NULL: all. They outlive it */
    const struct site *site;              /* before it looks at anything. Outlives it */
    bool dry_run;                         /* the server is asked, and changes nothing */
    bool destructive;                     /* it may be */
    int64_t own;                          /* run in the journal of what is made; 0: none */
    struct plan *plan;                    /* gets each change in place of the server; NULL: they are made */
    unsigned concurrency;                 /* changes at once; 0: as many as without a limit */
    struct rate *rate;                    /* each write takes its turn there; outlives it. NULL: it leaves at once */
    int64_t gap;                          /* microseconds between two writes at least, where there is a rate */
    /* Asks another for the turn of the object's write: then undo_turn_came comes, once, later. False: it goes by the
     * rate. NULL: all do. */
    bool (*ask_turn)(void *data, struct undo_object *o);
    /* What became of one object, or would. result: NULL where nothing is to be changed; never with an error, whose
     * message is without the object's name. */
    void (*told)(void *data, struct undo_object *o, const struct change_result *result, const struct error *err);
    void (*over)(void *data); /* all were looked at, or made: later, or from within the call that begins it */
    void *data;

    /* After undo_read: */
    char policy[256], cluster[256]; /* the run's */
    char origin[256]; /* the policy whose changes they were first: of an undo that of the run which it took back, and so
                         on; else the run's */
    bool untraced;    /* it is an undo, and whose changes they were first is not known: origin says nothing */
    struct undo_object *objects;
    size_t count;
    size_t skipped; /* changes of which it is not known whether they were made */
    /* After undo_make_all: objects */
    int64_t back, unchanged, left, failed;
    int64_t half; /* of the failed: those of which a part was written */

    /* Its own: */
    int64_t took_back; /* the run that this one took back; 0: it is no undo */
    bool found, ended, nomem, cancelled, going;
    bool second; /* the second turn is on */
    size_t cap, at;
    unsigned active;
};

/* ---- undo_read.c ---- */

/* The run and its changes. Blocks, and may be called on another thread. 0; ERR_NOT_FOUND: there is no such run;
 * ERR_INVALID: it has not ended; errors as of journal_read_changes. */
int undo_read(struct undo *u, struct journal *journal, struct error *err);
/* ERR_NOT_FOUND: only a job or a namespace is asked for, and the run has changed nothing of it. */
int undo_check_part(const struct undo *u, struct error *err);
void undo_free(struct undo *u); /* nothing of it is under way */

/* ---- undo_look.c, undo_make.c ---- */

void undo_look_all(struct undo *u);
/* How many objects would be changed, once all are looked at. */
int64_t undo_wanted(const struct undo *u);
/* Where another writer was faster, an object is looked at again. */
void undo_make_all(struct undo *u);
/* The answer to ask_turn. came: the write leaves; else it goes by the rate. */
void undo_turn_came(struct undo_object *o, bool came);
/* What is under way ends soon, nothing else is begun, and `over` comes as ever. */
void undo_cancel(struct undo *u);

/* "train/bert", or "jobs train/bert-launcher" of another kind than MPIJob. Returns out. */
#define UNDO_KEY 640
const char *undo_key(const struct undo_object *o, char out[UNDO_KEY]);
/* What it did that a value does not bring back: the row's sentence of it; NULL: it is nothing such. */
const char *undo_past(const struct undo_row *row);

/* ---- undo_json.c ---- */

/* What became of the object, or would, as an object of JSON: `object`, `outcome` ("back", "unchanged", "left",
 * "failed"), `left`, `does_not_come_back`, and with a result `effect`, `why`, `diff`. As undo.told has it. */
void undo_json(const struct undo_object *o, const struct change_result *result, const struct error *err,
               struct json_writer *w);

/* ---- within this floor ---- */

/* Looks at the object and finds what to do; done comes later, on the loop, or from within. */
void undo_look(struct undo_object *o, void (*done)(struct undo_object *o));
/* What the object is addressed by. The texts are the object's. */
struct kube_resource undo_resource(const struct undo_object *o, char group[256], char plural[256]);
/* Is it a kind of job? */
bool undo_job_kind(const struct undo_object *o, const struct mpijob_kind **kind);
/* As which kind, and in which version, it is written. False: it is no job. */
bool undo_target(const struct undo_object *o, struct mpijob_target *target);

/* ---- undo_secret.c ---- */

/* Appends a merge patch of the labels that differ: no other value of a Secret is known. ERR_NOMEM. */
int undo_labels_patch(struct json object, struct json back, struct buf *out, struct error *err);

/* ---- undo_stop.c ---- */

/* When the object has its turn, from what it is and what it is to become. May set whole_left. */
void undo_find_turn(struct undo_object *o, struct json object, struct json back);
/* Is the place one that a job which was stopped gets back last? */
bool undo_comes_last(const char *pointer);
bool undo_is_workload(const char *resource); /* "workloads.kueue.x-k8s.io" */
/* object: absent: it is not there. Is it the Workload of the job that is asked for? */
bool undo_is_of_job(const struct undo_object *o, struct json object);
/* May the object's second turn come? False: whole_left says why not. */
bool undo_may_follow(struct undo_object *o);
/* Is it a Workload that is put back after its job, and so is judged before that is written? */
bool undo_is_judged_first(const struct undo_object *o);
/* That Workload cannot be put back: nothing is done to its job either. */
void undo_bar_job(const struct undo_object *o);

#endif
