/* SPDX-License-Identifier: Apache-2.0 */
/* Policies that have hung or crashed the daemon, as they are written down beside the state: PATH.quarantine, a line for
 * each time (guard/mark.h), and one for each time that a person has let a policy go. A policy is in quarantine as long
 * as its file has the text that it had then. */
#ifndef MPIJOBD_GUARD_QUARANTINE_H
#define MPIJOBD_GUARD_QUARANTINE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "guard/shared.h"
#include "guard/who.h"

#define QUARANTINE_COMPACT 65536
#define QUARANTINE_MARKS 2048 /* that are known at once: of more the oldest are forgotten */

struct quarantine_mark {
    int64_t at;                 /* microseconds since 1970 */
    int line;                   /* 0: unknown */
    char hash[GUARD_HASH_SIZE]; /* of the file's text */
    char reason[16];            /* "stall", "SIGSEGV"... */
    char policy[64];            /* "": the file's own code */
    char *file;
};

struct quarantine {
    char *path;                        /* of the list; NULL: it has no file */
    const struct guard_shared *shared; /* marks that have no file; NULL: none */
    struct quarantine_mark *marks;     /* those in force, the oldest first */
    size_t count;
};

/* state: the path of the state's file; NULL: it has none. ERR_NOMEM. Then quarantine_read. */
int quarantine_open(struct quarantine *q, const char *state, const struct guard_shared *shared, struct error *err);
/* Reads the list again, whatever its size; blocks. What cannot be read of it is left out. ERR_IO: the file cannot be
 * read; ERR_NOMEM. What was known stays then. */
int quarantine_read(struct quarantine *q, struct error *err);
/* What `from` has read is q's from now on: so another thread can read. from is an empty one after that. */
void quarantine_take(struct quarantine *q, struct quarantine *from);
void quarantine_close(struct quarantine *q);
/* A list of more than QUARANTINE_COMPACT bytes is written again, with the marks in force alone: the newest of each
 * policy and text, QUARANTINE_MARKS of them at most. For the daemon at its start, before a policy runs; blocks. A crash
 * amid it leaves the old list or the new one. 0; ERR_IO, ERR_NOMEM: the list is as it was. */
int quarantine_compact(const struct quarantine *q, struct error *err);

/* The newest mark of that policy ("": the file's own code) of a file with that text. NULL: none, or q is NULL. */
const struct quarantine_mark *quarantine_find(const struct quarantine *q, const char *policy, const char *hash);
/* The newest mark of that policy since then (microseconds since 1970), whatever its text. */
const struct quarantine_mark *quarantine_since(const struct quarantine *q, const char *policy, int64_t since);

/* Lets a policy go, or a file (by its path) whose own code is in quarantine: the list gets a line, which whoever reads
 * it next finds. Blocks. ERR_NOT_FOUND: there is no such mark in force; ERR_IO. */
int quarantine_let_go(const struct quarantine *q, const char *name, int64_t now, struct error *err);

/* "held the loop for too long", "crashed with SIGSEGV". */
const char *quarantine_deed(const struct quarantine_mark *mark, char out[64]);

#endif
