/* SPDX-License-Identifier: Apache-2.0 */
/* A plan: changes that were worked out and not made, exactly as they would be sent. Each is bound to the uid and the
 * resourceVersion of its object. A plan is about one cluster. It is kept as one JSON text that ends with a sum of all
 * that stands before it; the sum finds accidents and edits, it is no signature.
 * Instants are microseconds since 1970. */
#ifndef MPIJOBD_PLAN_PLAN_H
#define MPIJOBD_PLAN_PLAN_H

#include "change/change.h"

#define PLAN_VERSION 1
#define PLAN_BYTES_MAX ((size_t)256 * 1024 * 1024)
#define PLAN_SUM 65 /* SHA-256 in hexadecimal, and its end */

/* One write. Its texts are never NULL, but for those of which that is said. */
struct plan_write {
    void *texts; /* the block that holds them; NULL: there is no such write */
    enum change_verb verb;
    const char *group, *version, *plural, *kind;
    const char *name_space; /* NULL: the object is in none */
    const char *name, *uid, *resource_version;
    const char *body;        /* JSON: the object, or the patch; "" for DELETE */
    const char *propagation; /* of a DELETE; NULL: the server's default */
    const char *effect, *why;
    struct mpijob_diff diff; /* as mpijob_objects_diff tells it */
    bool ours;               /* it is of a kind of job, and judged as one */
    bool json_patch, splices;
    bool destructive; /* it may be */
};

/* One change of one object, and its child's part. One of the two writes may be missing. */
struct plan_change {
    void *texts;
    const char *policy, *job; /* job: its key, "train/bert" */
    bool leave;               /* the policy may be destructive */
    bool last; /* it is made after all others, at whichever version its object has then, and comes to the difference
                  that it shows; where another one of its job could not be made, it is left */
    struct plan_write object, child;
    const char *child_called; /* "launcher", where it is there. Static */
    size_t came, at;          /* in which order it was added; of its policy */
};

/* What the policies would change and the plan does not hold. */
struct plan_left {
    void *texts;
    const char *policy, *job, *why;
};

/* A file that the policies were read from. */
struct plan_file {
    void *texts;
    const char *path, *sum; /* path: without links; sum: as plan_sum makes it */
};

struct plan { /* zeroed at the beginning */
    void *texts;
    const char *by;       /* who has made it */
    const char *cluster;  /* its name in the configuration */
    const char *server;   /* "https://..." */
    const char *identity; /* of the cluster: the uid of its namespace kube-system; "": it is not known */
    int64_t made_at;
    struct plan_change *changes;
    struct plan_left *left;
    struct plan_file *files;
    size_t change_count, change_cap, left_count, left_cap, file_count, file_cap;
    char sum[PLAN_SUM]; /* of its text, once that was written or read */
    bool failed;        /* out of memory: something is missing */
};
void plan_free(struct plan *plan);

/* ---- plan.c: making one ---- */

/* For a run's gate: takes what the change would send. policy_at: the policy's place among the others. */
void plan_add(struct plan *plan, const char *policy, size_t policy_at, const char *job, bool leave,
              const struct change *change);
void plan_add_left(struct plan *plan, const char *policy, const char *job, const char *why);
void plan_add_file(struct plan *plan, const char *path, struct str text);
/* The same, with the sum of its text, as plan_sum makes it. */
void plan_add_file_sum(struct plan *plan, const char *path, const char *sum);
/* The head; the texts are copied. */
void plan_set_head(struct plan *plan, const struct plan *head);
/* By policy and job; of two changes of one object the second is left out, since the first moves the object, unless it
 * is one that is made last. Files by their paths, each once. */
void plan_sort(struct plan *plan);

struct plan_counts {
    size_t changes, destructive, inert; /* changes, and those of them whose effect is that */
};
struct plan_counts plan_count(const struct plan *plan);
/* "3 changes, 1 destructive, 0 inert". Returns out. */
const char *plan_counts_text(const struct plan_counts *counts, char out[96]);
/* The effect of the change as a whole. */
const struct plan_write *plan_main_write(const struct plan_change *change);

/* ---- plan_write.c, plan_read.c, plan_sum.c ---- */

/* Appends its text, and sets its sum. 0, ERR_NOMEM. */
int plan_write(struct plan *plan, struct buf *out, struct error *err);
/* text may be anything. what: names it in messages. ERR_SYNTAX: it is no plan, or was cut; ERR_INVALID: it was changed
 * since it was written, is of a newer version, or says what no plan says; ERR_NOMEM. Then *plan is empty. */
int plan_read(struct plan *plan, struct str text, const char *what, struct error *err);
/* Does a text begin as a plan's does? */
bool plan_is_one(struct str text);
int plan_sum(struct str text, char out[PLAN_SUM], struct error *err); /* 0 or ERR_NOMEM */

/* ---- plan_identity.c ---- */

/* Which cluster is it? identity: "" where that may not be asked, or the namespace is missing. done comes once, later.
 * 0, or an error of kube_send, and then done is not called. */
int plan_identity(struct cluster *cluster, void (*done)(void *data, const char *identity, const struct error *err),
                  void *data, struct error *err);

#endif
