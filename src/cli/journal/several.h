/* SPDX-License-Identifier: Apache-2.0 */
/* The journals of several replicas, read as one: each keeps its own, and says only what it has done itself. */
#ifndef MPIJOBD_CLI_JOURNAL_SEVERAL_H
#define MPIJOBD_CLI_JOURNAL_SEVERAL_H

#include "cli/session/session.h"
#include "store/journal.h"

struct several_file {
    char *path;
    const char *replica; /* the file's name, as far as it tells it from the others */
    struct store *store;
};

struct several {
    struct several_file *files;
    size_t count;
};

/* Do the options name more than one file: --state twice, or a folder? */
bool several_named(const struct options *options);
/* The files that they name; of folders, the ones in it that end in .db. 0; ERR_NOT_FOUND: a folder has none; ERR_IO;
 * errors as of store_open_reader. Then several_close. */
int several_open(const struct options *options, struct several *several, struct error *err);
void several_close(struct several *several);

/* Rows of all of them, the newest first, at most as many as the filter says. One of the two functions is set; strings
 * are valid during the call. All rows that the filter lets pass are held in memory. 0; errors as of
 * journal_read_changes. */
struct several_reading {
    const struct store_filter *filter;
    bool unfinished_only; /* of runs */
    void (*change)(void *data, const char *replica, const struct store_change *change);
    void (*run)(void *data, const char *replica, const struct store_run *run);
    void *data;
};
int several_read(const struct several *several, const struct several_reading *reading, struct error *err);

#endif
