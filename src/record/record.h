/* SPDX-License-Identifier: Apache-2.0 */
/* What a run has seen and written, so that it can be done again offline: the jobs that its policy was given, byte for
 * byte and with the instant of each, the policy's own files, and the bytes of its changes with what the server
 * answered. Secrets are never in it: neither what `secret` gave nor objects of the kind Secret. A run whose jobs are
 * Secrets has no recording; nor has one that got a Secret by its script and then wrote something else, asked a web
 * server or ended with a message, as what was in the Secret may be in that.
 *
 * A recording is a list of entries. An entry is a line of JSON, whose "entry" tells its kind and "bytes" how long the
 * texts are that follow the line, one behind the other. Instants are microseconds since 1970.
 *   {"entry":"run","id":12,"policy":"free-gpus",...}   always the first; the members of struct record_run
 *   {"entry":"file","path":"/etc/...","policy":true,"bytes":[812]}    its text; policy: the policy's own
 *   {"entry":"plugin","name":"gpu-cost","sha256":"..."}
 *   {"entry":"job","key":"train/a","now":...,"as_of":...,"again":false,"bytes":[4711]}    the job
 *   {"entry":"clock","now":...}   the script read the clock
 *   {"entry":"listed","scope":41,"error":null}   no further job came; scope: see listing_scope
 *   {"entry":"change","key":"train/a",...,"bytes":[4720,4741,0]}   see struct record_change: sent, got, read
 *   {"entry":"read","key":"train/a","status":0,...,"bytes":[4711]}   an object that the script has read
 *   {"entry":"workload","uid":"...","state":"waiting",...}   see struct record_workload
 *   {"entry":"web","method":"GET","url":"https://...","bytes":[...]}   see struct record_web: body, headers, sent
 *   {"entry":"call","name":"store.get"}   the script asked something whose answer is not recorded
 *   {"entry":"end","outcome":"done","message":null,"changed":1,"unchanged":0,"failed":0} */
#ifndef MPIJOBD_RECORD_RECORD_H
#define MPIJOBD_RECORD_RECORD_H

#include "base/log.h"
#include "json/value.h"

struct journal;

/* ---- writing: on the loop's thread; nothing waits for the disk ---- */

struct run_recorder;
/* most: bytes on the disk that all recordings of the journal may take. journal and log outlive it. 0 or ERR_NOMEM. */
int run_recorder_new(struct journal *journal, const struct log *log, int64_t most, struct run_recorder **recorder,
                     struct error *err);
/* For a run that is done again: what its scripts get. */
struct record_workload;
struct record_again {
    int64_t (*clock)(void *data, int64_t now); /* where they read the clock */
    /* Where they ask for the Workload of the job with that uid. 0: *out, whose texts last until the next call; the
     * error that came then; ERR_LIMIT: nobody asked for it then, and *err is not set. */
    int (*workload)(void *data, struct str uid, struct record_workload *out, struct error *err);
    void *data;
};
void run_recorder_again(struct run_recorder *recorder, const struct record_again *again); /* which is copied */
/* It goes when the journal has answered. Not before the recordings have ended. NULL is ignored. */
void run_recorder_close(struct run_recorder *recorder);

struct record_run { /* texts are copied; NULL: not known */
    int64_t id;     /* in the journal */
    const char *policy, *cluster, *trigger, *asked_by;
    int64_t scheduled_at, started_at;
    bool dry_run;
    const char *kind, *version, *controller; /* of its jobs: "MPIJob", "v2beta1", "mpi-operator" */
    const char *name_space;                  /* the cluster's default one */
    const char *const *gpus;                 /* globs that count as GPUs, NULL-terminated; NULL: the default */
    bool secrets;                            /* its jobs are Secrets: nothing of it is recorded */
};

/* One run's. Every function takes NULL, which records nothing. Where memory is out, or the disk far behind, the
 * recording is given up, which is logged at its end; the run does not hear of it. */
struct recording;
struct recording *recording_begin(struct run_recorder *recorder, const struct record_run *run);
void recording_file(struct recording *recording, const char *path, struct str text, bool policy);
void recording_plugin(struct recording *recording, const char *name, const char *sha256);
/* Given to the script. again: it was changed by another writer since it was given before. */
void recording_job(struct recording *recording, const char *key, struct str job, int64_t now, int64_t as_of,
                   bool again);
void recording_listed(struct recording *recording, int64_t scope, const char *error);

struct record_change {
    const char *key;             /* "train/a", "jobs.batch train/x" */
    const char *verb;            /* "fields", "patch", "replace", "create", "delete" */
    int64_t now;                 /* when it ended */
    bool dry_run, again, secret; /* again: the run computes it once more, from `got`. secret: no bytes are kept */
    int status;                  /* of the answer that was an error; 0: it was not, or no answer came */
    const char *reason, *error;  /* NULL: it is done */
    struct str sent;             /* what was sent last, or would be; empty: nothing */
    struct str got;              /* the newest object that is known after it; empty: none */
    struct str read;             /* the object as the change itself has read it; empty: it has not */
};
void recording_change(struct recording *recording, const struct record_change *change);
/* The script reads the clock; returns what it gets. */
int64_t recording_clock(struct recording *recording, int64_t now);
/* The script has read one object by its name. key: as of a change. err: it could not, and this is why; NULL: it could.
 * secret: the object is not kept. */
void recording_read(struct recording *recording, const char *key, struct str object, bool secret,
                    const struct error *err);

struct record_workload { /* what job.kueue tells of a job's Workload; texts may be NULL */
    const char *state, *name, *reason, *message;
    bool admitted, active;
};
/* err: the Workloads could not be listed; NULL: they could. */
void recording_workload(struct recording *recording, struct str uid, const struct record_workload *workload,
                        const struct error *err);
/* As of record_again.workload; ERR_LIMIT also of a run that is not done again. */
int recording_workload_again(const struct recording *recording, struct str uid, struct record_workload *out,
                             struct error *err);

/* The script has got objects of the kind Secret in another way. */
void recording_secret(struct recording *recording);

struct record_web {
    const char *method;
    struct str url;            /* as people read it: a secret is shown by its name */
    bool secret;               /* a secret went along: nothing of the answer is kept, as it may hold one, too */
    int status;                /* of the answer */
    struct str body, headers;  /* headers: "name\0value\0..." */
    struct str sent;           /* the request's body */
    const struct error *error; /* no answer came, and this is why; NULL: one came */
};
void recording_web(struct recording *recording, const struct record_web *web);
void recording_call(struct recording *recording, const char *name);
/* The last entry; the recording is gone. outcome: as in store_run. */
void recording_end(struct recording *recording, const char *outcome, const char *message, int64_t changed,
                   int64_t unchanged, int64_t failed);

/* ---- reading ---- */

struct record_entry { /* views of the recording's bytes */
    struct json head;
    struct str bytes[3];
};
/* Appends a recording to out, whole, as its entries are. ERR_NOT_FOUND: the run has no recording; ERR_INVALID: it has
 * no end (the daemon died in the run), or is damaged; ERR_LIMIT: more than a gigabyte; and those of store/recorded.h.
 * Blocks. */
int record_read(struct journal *journal, int64_t run, struct buf *out, struct error *err);
/* The next entry at *at (0: the first), which moves on. False: there is no further one. */
bool record_next(struct str recording, size_t *at, struct record_entry *entry);

#endif
