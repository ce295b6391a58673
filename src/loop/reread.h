/* SPDX-License-Identifier: Apache-2.0 */
/* Files that may be replaced at any time, as those of tokens and certificates: they are read once at the beginning and
 * again whenever one has changed, on a worker thread; what was read is taken on the loop. */
#ifndef MPIJOBD_LOOP_REREAD_H
#define MPIJOBD_LOOP_REREAD_H

#include <stddef.h>
#include <uv.h>

#include "base/error.h"

#define REREAD_FILES_MAX 4

struct reread_files {
    const char *paths[REREAD_FILES_MAX]; /* each outlives it; NULL: no file */
    /* How long after the first sign of a change they are read, in ms: for files that belong together, and are written
     * one after the other. */
    unsigned settle_ms;
    /* And they are read so often whatever is seen, in ms: a network file system tells nothing. 0: not so. */
    unsigned every_ms;
    void (*read)(void *data); /* on another thread: may use nothing that the loop may use meanwhile */
    void (*took)(void *data); /* on the loop, after each read */
    void *data;
};

struct reread;
/* Does not keep the loop alive but while it reads. ERR_LIMIT: the system gives no further inotify instance; ERR_NOMEM.
 */
int reread_open(uv_loop_t *loop, const struct reread_files *files, struct reread **reread, struct error *err);
/* closed is called when nothing is under way and libuv holds nothing of it any more. took may be called before. */
void reread_close(struct reread *reread, void (*closed)(void *data), void *data);

#endif
