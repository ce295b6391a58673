/* SPDX-License-Identifier: Apache-2.0 */
/* What a load of policies has read: to watch all of it, and to tell whether another load would read something else. */
#ifndef MPIJOBD_POLICY_FOOTPRINT_H
#define MPIJOBD_POLICY_FOOTPRINT_H

#include "loop/path_watch.h"
#include "policy/load.h"

/* A file beside a policy file that this one has asked for by `require`, whether it was there or not. */
struct policy_asked_file {
    char *path; /* as messages name it: it begins with the policy file's own folder */
    int code;   /* why it could not be read; 0: it was */
    char hash[GUARD_HASH_SIZE];
};
/* The file has asked for that one. text: what was read, where code is 0. Without memory, a change of it is not seen. */
void policy_file_asks(struct policy_file *file, const char *path, int code, struct str text);
void policy_file_free_asked(struct policy_file *file);

/* When all files of the set are read, on the same thread: notes what was, in set->read. */
void policy_footprint_note(struct policy_set *set);

struct policy_footprint;
/* When the load is over, well or not. paths: of policy_load_start, which stay, as env does. NULL: out of memory. */
struct policy_footprint *policy_footprint_new(const struct policy_set *set, const struct policy_env *env,
                                              const char *const *paths);
void policy_footprint_free(struct policy_footprint *footprint); /* NULL is ignored */
/* Files and folders that were read, or looked for. They live as long as it. */
const struct watched_path *policy_footprint_paths(const struct policy_footprint *footprint, size_t *count);

/* What another load would find. Texts are the caller's (free). */
struct policy_news {
    char *file;        /* one that is new, gone or has another text; NULL: none is */
    bool config;       /* the configuration has another text than the daemon has */
    char *config_keys; /* what a restart would change (env.config_tell); NULL: not known */
};
/* Reads all files again; blocks, for a worker thread. Nothing else may use the footprint meanwhile. 0; ERR_INVALID: a
 * root is a pipe, say, which can be read once only; ERR_NOMEM. */
int policy_footprint_look(const struct policy_footprint *footprint, struct policy_news *news, struct error *err);

#endif
