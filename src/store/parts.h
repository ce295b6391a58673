/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this floor share. An operation is copied on the loop (op.c), queued to the thread and back
 * (queue.c), and carried out there (writer.c), each kind by its SQL (apply.c). Instants are microseconds since 1970. */
#ifndef MPIJOBD_STORE_PARTS_H
#define MPIJOBD_STORE_PARTS_H

#include <sqlite3.h>
#include <uv.h>

#include "store/chain/chain_parts.h"
#include "store/journal.h"
#include "store/kept.h"
#include "store/recorded.h"
#include "store/state.h"
#include "store/store.h"
#include "store/written.h"

/* A failure as numbers: the thread has no room to lose on messages, which are written where they are delivered. */
struct failure {
    int code;   /* enum error_code, 0: none */
    int sqlite; /* extended result code, 0 where SQLite was not the one to fail */
    int os;     /* errno, 0: unknown */
};

/* ---- op.c: one operation, in one piece of memory with its strings ---- */
enum op_kind {
    OP_NONE,
    OP_RUN_BEGIN,
    OP_RUN_ADOPT,
    OP_RUN_END,
    OP_INTENT,
    OP_OUTCOME,
    OP_OBSERVED,
    OP_MARK,
    OP_UNMARK,
    OP_HANDLED,
    OP_KEPT,
    OP_RECORDED,
    OP_PRUNE
};

struct op {
    struct op *next;
    store_done done;
    void *data;
    enum op_kind kind;
    bool spare; /* of the store's reserve: not to be freed */
    struct failure failure;
    int64_t id; /* of the row made; rows removed by a prune */
    union {
        struct {
            struct store_run row;
            const char *mark; /* the key whose mark follows it; NULL: none */
        } run;
        struct {
            struct store_intent row;
            struct store_handled handled; /* key NULL: none */
        } intent;
        struct {
            struct store_outcome row;
            struct store_handled handled; /* key NULL: none */
        } outcome;
        struct store_observation observation;
        struct {
            const char *key;
            int64_t scheduled_at;
        } mark;
        struct store_handled handled;
        struct store_kept kept;
        struct store_recorded recorded;
        struct {
            int64_t before_us, bytes_max; /* 0: of any age; of any size */
            int64_t leave;                /* it is written that rows older than that leave; 0: nothing is */
        } prune;
    } of;
};

struct op_list {
    struct op *first, *last;
};

void op_append(struct op_list *list, struct op *op);
struct op *op_shift(struct op_list *list); /* NULL: empty */

/* Copies with their strings (free), or NULL: out of memory. */
struct op *op_of_run(enum op_kind kind, const struct store_run *run, const char *mark);
struct op *op_of_intent(const struct store_intent *intent, const struct store_handled *handled);
struct op *op_of_outcome(const struct store_outcome *outcome, const struct store_handled *handled);
struct op *op_of_observation(const struct store_observation *observation);
struct op *op_of_mark(enum op_kind kind, const char *key, int64_t scheduled_at);
struct op *op_of_handled(const struct store_handled *row);
struct op *op_of_kept(const struct store_kept *row);
struct op *op_of_recorded(const struct store_recorded *part);
struct op *op_of_nothing(void);
struct op *op_of_prune(int64_t before_us, int64_t bytes_max);
/* The failure of an operation in words. Returns its code: ERR_NOT_FOUND (no such row), ERR_INVALID, ERR_CANCELLED, or
 * one of fail.c. */
int op_explain(const struct op *op, const char *path, struct error *err);

/* ---- fail.c: what SQLite and the system say, with the cure; ERR_IO or ERR_NOMEM ---- */
struct failure failure_of(sqlite3 *db, int rc); /* db may be NULL */
int failure_explain(struct failure failure, const char *path, struct error *err);
int fail_sqlite(sqlite3 *db, int rc, const char *path, struct error *err);

/* ---- db_file.c: where the file lives; ERR_INVALID (the path is no file's), ERR_IO, ERR_NOMEM ---- */
#define STORE_MEMORY ":memory:"
/* Makes the folder and the empty file, takes the lock; brief: says in it that it is for a moment. real: malloc'd, the
 * path without links. */
int db_file_make(const char *path, bool brief, char **real, int *lock, struct error *err);
void db_file_release(int lock); /* -1: none */
/* The path without links, malloc'd; of a file that is not there, that of its folder and its name. With the errors of
 * db_file_make. */
int db_file_resolve(const char *path, char **real, struct error *err);
void db_file_sync_folder(const char *path); /* of this file: its name is durable then */

/* ---- schema.c; ERR_INVALID (not ours, or of a newer mpijobd), ERR_IO, ERR_NOMEM ---- */
struct migration {
    const char *sql;
    int (*fill)(sqlite3 *db); /* for what SQL cannot say: an SQLite result code; may be NULL */
};
/* Whether the database is ours (also: empty). Writes nothing. version: 0 where it is empty. newest: of the program. */
int schema_look(sqlite3 *db, const char *path, int newest, int *version, struct error *err);
/* Carries out the steps from `version` on, all in one transaction: an older mpijobd can still use the file where one of
 * them fails. */
int schema_migrate(sqlite3 *db, const char *path, const struct migration *steps, int count, int version,
                   struct error *err);
extern const struct migration schema_steps[];
extern const int schema_newest;
/* The first column of the first row; an SQLite result code. */
int schema_number(sqlite3 *db, const char *sql, int64_t *number);

/* ---- copy.c: as store_copy, with its errors, from an open database; `to` is not looked at. how: may be NULL */
struct store_copying;
int db_copy(sqlite3 *from, const char *from_path, const char *to, bool overwrite, const struct store_copying *how,
            struct error *err);

/* ---- writer.c: the connection that writes; used by the thread alone once it runs ---- */
#define BUSY_MS 5000 /* how long another process may hold the database, e.g. a person's sqlite3 */
#define WRITER_STATEMENTS 16

struct packer; /* apply_recorded.c */

struct writer {
    sqlite3 *db;
    sqlite3_stmt *statements[WRITER_STATEMENTS];
    struct chain chain;
    int64_t epoch;         /* of this opening */
    struct packer *packer; /* for recordings; NULL: none came yet */
    bool memory;           /* keeps nothing, and so has no file that could vanish */
};

/* ERR_IO, ERR_NOMEM, and those of schema.c. */
int writer_open(struct writer *w, const char *path, const struct log *log, struct error *err);
void writer_close(struct writer *w);
/* Of each connection: how long it waits for others, and that it does not obey what another program has put into the
 * file: no triggers, no views. */
void db_settle(sqlite3 *db);
/* Reads the whole file once. An SQLite result code: SQLITE_CORRUPT, where there is damage. */
int db_look_for_damage(sqlite3 *db);
/* Carries out all in one transaction; where that fails, each in one of its own, so that only the culprits fail. */
void writer_run(struct writer *w, struct op *first);
/* For those that make transactions of their own. */
int writer_still_there(struct writer *w);                /* SQLITE_OK, or that the file has gone */
struct failure writer_give_up(struct writer *w, int rc); /* rolls back */

/* ---- old_rows.c ---- */
bool writer_prune(struct writer *w, struct op *op); /* true: finished, well or not */

/* ---- apply.c: the SQL of each kind of operation; SQLite's result codes ---- */
int apply_prepare(struct writer *w);
void apply_finish(struct writer *w);
int apply_begin(struct writer *w);
int apply_commit(struct writer *w);
/* op->failure.code is ERR_NOT_FOUND where the row to change is missing; nothing was changed by it then. */
int apply(struct writer *w, struct op *op);

/* ---- apply_recorded.c: the same for recordings ---- */
int apply_recorded(struct writer *w, struct op *op);
void packer_forget(struct writer *w); /* what it counted may be wrong: its transaction did not end */
void packer_free(struct writer *w);

/* ---- the store ---- */
#define STORE_SPARES 64

struct journal {
    struct store *store;
    int64_t last_run; /* the highest id that a run was given */
};

/* sqlite_state.c: the state's form in SQLite. */
struct sqlite_state {
    struct state base;
    struct store *store;
};
extern const struct state_ops sqlite_state_ops;

struct store {
    struct journal journal;
    struct sqlite_state state;
    char *path;
    const struct kept_form *kept; /* of texts; NULL: all are kept here */
    void *kept_data;
    const struct log *log;
    uv_loop_t *loop; /* NULL: a reader */
    int lock;        /* descriptor, -1: none */
    struct writer writer;
    sqlite3 *reader; /* the loop's; the writer's own connection where the database is in memory */

    uv_mutex_t db; /* held while the writer works; readers take it only where they share its connection */
    uv_thread_t thread;
    uv_async_t async;

    /* under `mutex` */
    uv_mutex_t mutex;
    uv_cond_t wake;
    struct op_list waiting, finished;
    bool pressing;                  /* one of `waiting` is not soon */
    uint64_t since;                 /* uv_hrtime: the first of `waiting` came, while nothing is pressing */
    bool stopping, stopped, silent; /* silent: no loop to tell */
    char head[CHAIN_HEAD_SIZE];     /* of what is committed */

    /* the loop's */
    int64_t outstanding;
    uint64_t failures; /* of what was to be written */
    bool closing;
    struct op_list spares;
    struct op reserve[STORE_SPARES];
    void (*closed)(void *data);
    void *closed_data;
    void (*written)(void *data, const struct store_written *what); /* NULL: nobody watches */
    void *written_data;
};

/* written.c: an operation is durable. */
void store_tell_written(const struct store *s, const struct op *op);
/* queue.c: starts the thread; what follows is store_close's to end. 0 or ERR_IO. */
int queue_start(struct store *s, struct error *err);
enum haste { STORE_NOW, STORE_SOON };
/* Hands an operation over. op NULL: no memory was left for it. refused: an enum error_code that is answered instead of
 * carrying it out; 0: none. */
void queue_submit(struct store *s, struct op *op, int refused, enum haste haste, store_done done, void *data);

/* read.c: calls `read` with the connection that reads, or says why it cannot: ERR_CANCELLED (the store is
 * closing), ERR_IO, ERR_NOMEM. read returns an SQLite result code. */
int store_read(struct store *s, int (*read)(sqlite3 *db, void *data), void *data, struct error *err);
/* open.c: as store_open_reader, with its errors, also of an older schema. */
int store_open_any(const char *path, struct store **store, struct error *err);
void store_free(struct store *s); /* open.c: everything but the thread and the async handle */

#endif
