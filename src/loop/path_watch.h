/* SPDX-License-Identifier: Apache-2.0 */
/* Files and folders that are watched for changes, by inotify. What is watched is each folder on the way to a file, the
 * way of its links included: so a file that another one replaces, a link that leads elsewhere (as that of a ConfigMap
 * does), and a folder that goes and comes back are seen. What another machine changes on a network file system is
 * not. */
#ifndef MPIJOBD_LOOP_PATH_WATCH_H
#define MPIJOBD_LOOP_PATH_WATCH_H

#include <stdbool.h>
#include <uv.h>

#include "base/error.h"

#define PATH_WATCH_MAX 2048 /* folders and files that are watched at once */

struct watched_path {
    const char *path;
    const char *suffix; /* where it is a folder: which names in it count, by their end; NULL: none; "": all. Static */
    bool self;          /* where it is a file: also what is written to it by another name or mount */
};

struct path_watch;
/* changed: something has happened to what is watched; may come many times for one change. path: where, valid during the
 * call. Does not keep the loop alive. ERR_LIMIT: the system gives no further inotify instance; ERR_NOMEM. Messages name
 * the cure. */
int path_watch_open(uv_loop_t *loop, void (*changed)(void *data, const char *path), void *data,
                    struct path_watch **watch, struct error *err);
/* Watches these from now on, and nothing else: what happens after the call has begun is told, or is there to be read
 * when it has returned. Paths that are not there are watched for their coming. Blocks: for a worker thread; one call at
 * a time, and none once the watch is being closed. 0; ERR_LIMIT: some are not watched, since there are too many, or the
 * system allows no more; ERR_NOMEM: the same. */
int path_watch_set(struct path_watch *watch, const struct watched_path *paths, size_t count, struct error *err);
/* closed (may be NULL) is called when libuv is done with it. */
void path_watch_close(struct path_watch *watch, void (*closed)(void *data), void *data);

#endif
