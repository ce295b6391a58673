/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this floor share. */
#ifndef MPIJOBD_SHARED_SHARED_PARTS_H
#define MPIJOBD_SHARED_SHARED_PARTS_H

#include "base/backoff.h"
#include "kube/kube.h"
#include "loop/defer.h"
#include "loop/timer.h"
#include "shared/object.h"
#include "shared/shared_form.h"
#include "shared/shared_rows.h"
#include "store/journal.h"
#include "store/kept.h"
#include "store/store.h"

#define SHARED_PAGE 4                       /* ConfigMaps in an answer: each may have a megabyte */
#define SHARED_LOG_MAX ((size_t)128 * 1024) /* bytes of lines in the head; more go into a ConfigMap of their own */

/* In the row of a change, the server that the state itself is on: the replicas may reach it by different addresses. */
#define SHARED_SERVER "the state's"

/* ---- operations: shared_ops.c ---- */

enum op_stage {
    OP_JOURNAL, /* the journal's row comes first, and is being written */
    OP_READY,   /* its lines may be written */
    OP_WRITING, /* they are under way */
    OP_LAST,    /* they are written; the journal's row comes now */
    OP_OVER,    /* only the answer is left */
};

enum op_kind { OP_ROWS, OP_SYNC, OP_RUN, OP_RUN_END, OP_INTENT, OP_OUTCOME };

struct shared_op {
    struct shared *of;
    enum op_kind kind;
    enum op_stage stage;
    bool soon;        /* may wait for others */
    bool alone;       /* for the journal alone, whoever has the state */
    struct buf lines; /* what it writes */
    struct buf value; /* of a row whose key has the journal's number, which is not known yet */
    void *texts;      /* the block of outcome's, or kept's */
    struct store_outcome outcome;
    struct store_kept kept;    /* space NULL: another kind of row */
    const struct error *error; /* error_keep */
    int64_t id;
    store_done done; /* NULL: nobody waits */
    void *data;
    struct shared_op *prev, *next;
};

/* Journals' rows of changes that former replicas had intended. */
struct shared_taken {
    UT_hash_handle hh;
    int64_t id;   /* in our journal */
    char whose[]; /* in the rows */
};

enum shared_phase { SHARED_AWAY, SHARED_TAKING, SHARED_HERE, SHARED_LOST };

struct take; /* shared_take.c */
struct fold; /* shared_fold.c */

struct shared {
    struct state base;
    struct shared_options o;
    void *texts;
    char replica[OBJECT_ID]; /* this journal's own number */
    enum shared_phase phase;
    const struct error *trouble; /* error_keep: why nothing is written any more (SHARED_LOST) */
    struct shared_rows rows;
    struct shared_taken *taken;
    struct shared_taken *alone; /* our own that are in the journal alone; whose: "" */
    int64_t first_change;       /* the lowest number of our own changes since it was taken; 0: none */

    /* What is in the cluster, as far as is known. */
    struct object_head head;
    char version[64]; /* resourceVersion of the head */
    struct buf log;   /* the lines in the head */
    size_t log_bytes; /* of the lines in the ConfigMaps of the log */
    size_t base_bytes;
    int64_t next; /* number of the next ConfigMap */
    struct object_names trash;

    /* Writing: shared_write.c */
    struct shared_op *ops;
    bool busy;    /* a batch is being written */
    bool look;    /* the head has to be looked at first: it is not known whether the last write was done */
    bool must;    /* something has to be written even where no operation waits */
    bool hurry;   /* what is soon has waited long enough */
    bool failing; /* the last write has failed, and that was logged */
    unsigned tries, failures;
    struct buf lines;          /* of the log, as it is to be */
    size_t cut;                /* so much of them is in ConfigMaps already */
    struct object_names fresh; /* these */
    bool with_base;            /* the write under way names the new base */
    struct kube_request *request;
    struct deadline soon, again;
    struct deadline guard;        /* when the head is looked at next: shared_guard.c */
    struct kube_request *looking; /* that */

    struct take *take; /* NULL: not under way */
    struct fold *fold;
    struct kube_request *deleting;
    struct defer turn; /* answers */
    bool closing, closed;
    unsigned handles;
    void (*on_closed)(void *data);
    void *on_closed_data;
    struct shared_size told; /* by the metrics */
    struct metric *writes, *failed, *conflicts, *rows_count, *rows_bytes, *objects;
};

/* op NULL: out of memory, which is answered. */
void shared_submit(struct shared *s, struct shared_op *op);
struct shared_op *shared_op_new(struct shared *s, enum op_kind kind, store_done done, void *data);
void shared_op_end(struct shared_op *op, const struct error *err); /* err NULL: it went well; the answer comes */
void shared_deliver(struct defer *turn);
void shared_op_free(struct shared_op *op);

/* ---- shared_state.c ---- */
extern const struct state_ops shared_state_ops;
/* Its lines are in the cluster. */
void shared_op_written(struct shared_op *op);
/* They could not be written. Returns false: it waits for the next try. */
bool shared_op_failed(struct shared_op *op, const struct error *err);

/* ---- shared_reading.c: on any thread; errors as of the functions of store/state.h ---- */
/* Errors as of state_read_mark. */
int shared_read_mark(struct state *state, const char *key, int64_t *scheduled_at, bool *found, struct error *err);
/* Errors as of state_read_mark. */
int shared_read_handled(struct state *state, const char *key, bool (*row)(void *, const struct store_handled *),
                        void *data, struct error *err);
/* Errors as of state_read_mark. */
int shared_read_changed(struct state *state, const char *key, int64_t scheduled_at,
                        bool (*uid)(void *data, const char *uid), void *data, struct error *err);
bool shared_run_is_open(struct state *state, int64_t run);
/* shared_closed.c. change: the value of its row in flight. Adds the line that says who has closed it, if another epoch
 * has begun it. */
void shared_closed_note(struct shared *s, struct json change, struct buf *lines);
bool shared_change_is_open(struct state *state, const struct state_begun *change);
/* For rows_each, of runs: gathers the numbers of those for that instant of a policy; none that wait for approval. */
struct shared_runs {
    const char *key;
    int64_t scheduled_at;
    bool or_before;
    struct buf numbers; /* each with its NUL */
};
bool shared_add_run(void *data, const struct shared_row *row);

/* ---- shared_kept.c ---- */
void shared_keep(struct state *state, const struct store_kept *row, bool soon, store_done done, void *data);
/* On any thread. Errors as of state_read_kept. */
int shared_read_kept(struct state *state, const char *space, bool (*row)(void *data, const struct store_kept *row),
                     void *data, struct error *err);
void shared_kept_hook(struct shared *s);
/* The texts of one space, by key, on any thread. ERR_NOMEM. */
int shared_kept_each(struct shared_rows *rows, const char *space, bool (*row)(void *data, const struct store_kept *row),
                     void *row_data, struct error *err);

/* ---- shared_requests.c: each answers through done; 0, or errors as of kube_send, and then it is not called ---- */
extern const struct kube_resource shared_configmaps;
/* Errors as of kube_get. */
int shared_get_head(struct shared *s, kube_done done, void *data, struct kube_request **request, struct error *err);
/* version NULL: it is created. Errors as of kube_replace, or ERR_NOMEM. */
int shared_put_head(struct shared *s, const struct object_head *head, const char *version, struct str lines,
                    kube_done done, void *data, struct kube_request **request, struct error *err);
/* Errors as of kube_create, or ERR_NOMEM. */
int shared_create_lines(struct shared *s, const char *name, struct str lines, kube_done done, void *data,
                        struct kube_request **request, struct error *err);
/* Puts before an error which state it is about, and behind it what helps. */
void shared_explain(const struct shared *s, const char *doing, struct error *err);
void shared_explain_at(const char *name_space, const char *name, const char *doing, struct error *err);
void shared_name_next(struct shared *s, char name[24]);
/* Removes what is in the trash, one after the other. */
void shared_empty_trash(struct shared *s);
void shared_random(char out[OBJECT_ID]);

/* ---- shared_write.c ---- */
void shared_pump(struct shared *s); /* writes what is ready, unless a write is under way */
void shared_soon(struct deadline *d);
void shared_again(struct deadline *d);
/* Nobody of this process writes any more. */
void shared_lose(struct shared *s, const struct error *err);

/* ---- shared_guard.c: the head that is looked at while nothing is written ---- */
void shared_guard_start(struct shared *s);
void shared_guard_stop(struct shared *s);
void shared_guard_rang(struct deadline *d);

/* ---- shared_fold.c: the log becomes a new base, where it is long ---- */
void shared_fold_if_long(struct shared *s);
/* The head to be written names the new base from now on, where there is one. */
bool shared_fold_into(struct shared *s, struct object_head *head, struct error *err);
void shared_fold_written(struct shared *s); /* it was written so */
void shared_fold_stop(struct shared *s);

/* ---- shared_take.c ---- */
void shared_take_stop(struct shared *s);

/* ---- shared_adopt.c ---- */
/* Writes into the journal what former replicas have left open; done comes once, later. */
void shared_adopt(struct shared *s, void (*done)(struct shared *s, const struct error *err));
void shared_taken_clear(struct shared_taken **list);
int shared_taken_add(struct shared_taken **list, int64_t id, const char *whose, struct error *err); /* ERR_NOMEM */
/* The row of a change by its number in our journal: whose[] of it, appended. */
void shared_whose(const struct shared *s, int64_t id, struct buf *out);

/* ---- shared.c ---- */
void shared_set_phase(struct shared *s, enum shared_phase phase);
/* On any thread. ERR_IO: nothing was read yet. */
int shared_readable(struct shared *s, struct error *err);
void shared_check_closed(struct shared *s);

#endif
