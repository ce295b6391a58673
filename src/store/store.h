/* SPDX-License-Identifier: Apache-2.0 */
/* Opens and closes what a daemon keeps on its disk: the journal (store/journal.h) and the state (store/state.h). Both
 * are in one SQLite database, in WAL mode with synchronous=FULL, and are written by one thread: the operations that
 * wait are committed together. The order of their answers is one over both.
 *
 * The store keeps the loop alive while an answer is outstanding, and no longer. */
#ifndef MPIJOBD_STORE_STORE_H
#define MPIJOBD_STORE_STORE_H

#include <stdbool.h>
#include <uv.h>

#include "base/error.h"
#include "base/log.h"

struct store;
struct journal;
struct state;

/* Blocks. Makes the file (mode 0600) and its folder if missing, brings an older schema up to date (whole or not at all;
 * as it was, the file is kept as PATH.schema-N.bak where there is room), and takes the next epoch. log may be NULL, and
 * must outlive the store. path ":memory:" keeps nothing.
 *
 * Errors name the path and the cure. ERR_INVALID: the path is empty or a folder, the database belongs to another
 * program or to a newer mpijobd. ERR_IO: the file is damaged or no database, another daemon holds it (a lock on
 * PATH.lock), or the disk failed; retryable where that may pass. ERR_CONFLICT: a command has it, for a moment.
 * ERR_NOMEM. */
int store_open(uv_loop_t *loop, const char *path, const struct log *log, struct store **store, struct error *err);

/* As store_open, with its errors, by a command that closes it soon: others may wait, and are told so by its lock. */
int store_open_brief(uv_loop_t *loop, const char *path, const struct log *log, struct store **store, struct error *err);

/* Blocks. Opens an existing file for reading only, beside a running daemon (`mpijobd journal`); its epoch is 0. Close
 * it with store_close. Errors as of store_open, and: ERR_NOT_FOUND: there is no file, or no journal in it yet.
 * ERR_INVALID and retryable: the file is of an older mpijobd; a daemon brings it up to date. */
int store_open_reader(const char *path, struct store **store, struct error *err);

#define STORE_PID_SIZE 24
/* Whether another process has the file, and which, as a number in text; "" where that is not known. brief: it is a
 * command, which has it for a moment (store_open_brief). path: without links. Blocks. 0, or errno. */
int store_holder(const char *path, bool *held, bool *brief, char pid[STORE_PID_SIZE]);

/* Finishes what was handed over, then closes; closed (may be NULL) is called last, on the loop. From the call on
 * nothing can be read, and what is handed over is answered ERR_CANCELLED. A prune is cut short. store may be NULL. */
void store_close(struct store *store, void (*closed)(void *data), void *data);

/* Is an answer outstanding? */
bool store_busy(const struct store *store);

/* Owned by the store, and valid until `closed` is called. NULL for NULL. */
struct journal *store_journal(struct store *store);
struct state *store_state(struct store *store);
/* Operations that could not be written since it was opened. 0 for NULL. */
uint64_t store_failures(const struct store *store);

#endif
