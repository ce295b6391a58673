/* SPDX-License-Identifier: Apache-2.0 */
/* Is a state file whole, and what is in it? Read beside a running daemon, which is not held up. */
#ifndef MPIJOBD_STORE_WHOLE_FILE_LOOK_H
#define MPIJOBD_STORE_WHOLE_FILE_LOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "store/journal_chain.h"

struct store_looking {
    const char *path;
    const char *head; /* one of the journal's, that must be in its chain; NULL: none */
    /* One thing that is wrong, a sentence, and what to do about it. */
    void (*fault)(void *data, const char *what, const char *cure);
    void *data;
};

struct store_look {
    int version, newest;                         /* of the schema: the file's, and the newest that this program knows */
    int64_t file_bytes, wal_bytes, unused_bytes; /* unused: of the file, and used again before it grows */
    int64_t runs, changes, runs_open, changes_open; /* open: without an end, without an outcome */
    int64_t marks, handled, kept, recordings, recorded_bytes;
    int64_t open_since; /* when the oldest of the open changes was intended, microseconds since 1970; 0: none is open */
    int64_t faults;     /* as often as fault was called, and those that it was not called for */
    bool damaged;       /* SQLite finds damage: nothing else was looked at */
    bool chained;       /* there is a chain, and `chain` is what it says: from schema 8 on */
    struct chain_report chain;
};

/* Blocks; reads the whole file. 0: it was looked through. Errors as of store_open_reader, also where the file is of a
 * newer schema; an older one is looked through. ERR_INVALID: head does not have the form of one. */
int store_look(const struct store_looking *looking, struct store_look *look, struct error *err);

#endif
