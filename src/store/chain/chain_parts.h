/* SPDX-License-Identifier: Apache-2.0 */
/* What the writer of the chain and its reader share: an entry, and how it is summed up. */
#ifndef MPIJOBD_STORE_CHAIN_CHAIN_PARTS_H
#define MPIJOBD_STORE_CHAIN_CHAIN_PARTS_H

#include <openssl/evp.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "store/chain/chain.h"

#define CHAIN_SUM 32        /* bytes of a SHA-256 */
#define STORE_CHAIN_SINCE 8 /* the first schema with a chain */

/* What an entry is about. The numbers stand in files. */
enum chain_what {
    CHAIN_RUN = 1,    /* a run has begun or ended; row: its id */
    CHAIN_CHANGE = 2, /* a change was begun, was answered, or its effect was looked for; row: its id */
    CHAIN_LEAVE = 3,  /* rows older than `at` may leave; row: 0 */
};

struct chain_entry {
    int64_t seq; /* from 1, without a gap */
    enum chain_what what;
    int64_t row;
    int64_t at;                      /* the row's age, as retention counts it: microseconds since 1970 */
    unsigned char digest[CHAIN_SUM]; /* of the row as it is after the write; CHAIN_LEAVE: zeros */
    unsigned char sum[CHAIN_SUM];    /* over the sum of the entry before, and all of the above */
};

/* SHA-256, again and again. */
struct summer {
    EVP_MD *kind;
    EVP_MD_CTX *context;
};
bool summer_open(struct summer *s); /* false: out of memory; close it all the same */
void summer_close(struct summer *s);
/* Over the columns of the row that the statement stands at, from the column `first` on: their names and values, but
 * for those that are NULL. So a column that a later schema adds must be NULL in the rows that are there already.
 * false: out of memory. */
bool summer_row(struct summer *s, sqlite3_stmt *statement, int first, unsigned char digest[CHAIN_SUM]);
/* Sets entry->sum. false: out of memory. */
bool summer_entry(struct summer *s, const unsigned char before[CHAIN_SUM], struct chain_entry *entry);
void chain_head_text(int64_t seq, const unsigned char sum[CHAIN_SUM], char out[CHAIN_HEAD_SIZE]);

#define CHAIN_OF_RUNS "SELECT max(started_at, ended_at), * FROM runs"
#define CHAIN_OF_CHANGES "SELECT max(intended_at, ended_at), * FROM changes"

/* ---- the reading end ---- */
struct chain_head {
    int64_t seq; /* 0: none */
    char text[CHAIN_HEAD_SIZE];
};
/* ERR_INVALID: the text does not have the form of one. */
int chain_head_read(const char *text, struct chain_head *head, struct error *err);
/* As journal_verify (store/journal_chain.h), with its report, on this connection; in a transaction of its own unless
 * one is open. An SQLite result code. */
int chain_verify(sqlite3 *db, const struct chain_head *head, void (*fault)(void *data, const char *text), void *data,
                 struct chain_report *report);

/* ---- the writing end ---- */
struct chain {
    sqlite3 *db;
    struct summer summer;
    sqlite3_stmt *row_of_run, *row_of_change, *add;
    int64_t seq; /* of the last entry, in the transaction that is open */
    unsigned char sum[CHAIN_SUM];
    int64_t committed; /* of the last entry that is committed */
    unsigned char committed_sum[CHAIN_SUM];
};
/* SQLite's result codes. After a failure call chain_close all the same. */
int chain_open(struct chain *c, sqlite3 *db);
void chain_close(struct chain *c);
void chain_commit(struct chain *c);   /* what was added is committed */
void chain_rollback(struct chain *c); /* it is not */
/* Adds the entry of a row that was just written, or of CHAIN_LEAVE with its instant, in the open transaction. */
int chain_add(struct chain *c, enum chain_what what, int64_t row);
int chain_add_leave(struct chain *c, int64_t before_us);
/* Removes entries from the front whose rows have left, some at a time. *removed: how many. */
int chain_shorten(struct chain *c, int *removed);
/* A migration's part: the rows that a schema without a chain has left become its first entries. */
int chain_fill(sqlite3 *db);

#endif
