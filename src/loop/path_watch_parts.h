/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by path_watch.c (what inotify tells) and path_watch_set.c (what is watched) only. */
#ifndef MPIJOBD_LOOP_PATH_WATCH_PARTS_H
#define MPIJOBD_LOOP_PATH_WATCH_PARTS_H

#include <uthash.h>

#include "loop/path_watch.h"

struct watched_name {
    UT_hash_handle hh;
    char name[];
};

/* A folder, or a file, that inotify watches. */
struct watched {
    int wd; /* inotify's number for it */
    bool file;
    const char *suffix; /* names in it that count, by their end; NULL: only `names` */
    struct watched_name *names;
    char *path;
    UT_hash_handle hh;         /* by wd */
    UT_hash_handle hh_by_path; /* while the ways are followed */
};

struct path_watch {
    uv_poll_t poll;
    int fd;
    void (*changed)(void *data, const char *path);
    void *data;
    uv_mutex_t mutex;      /* holds by_wd: a worker makes another one */
    struct watched *by_wd; /* hash */
    bool closing;
    void (*closed)(void *data);
    void *closed_data;
};

void watched_free(struct watched **by_wd);

#endif
