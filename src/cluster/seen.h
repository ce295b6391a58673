/* SPDX-License-Identifier: Apache-2.0 */
/* The objects that a reflector (kube/reflect.h) has told of, by uid, each in a struct of the caller's that begins with
 * a struct seen. After a list is done, those that it did not have are gone: their deletion was missed. */
#ifndef MPIJOBD_CLUSTER_SEEN_H
#define MPIJOBD_CLUSTER_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#define SEEN_UID_SIZE 64

struct seen {
    UT_hash_handle hh; /* hh.next: the next one */
    unsigned round;    /* the list that has told of it last */
    char uid[SEEN_UID_SIZE];
};

struct seen_set {
    struct seen *first;
    unsigned round;
};

/* A list begins. */
void seen_relist(struct seen_set *set);
/* What stands for the uid, made from `size` zeros where it is new; the list that is under way has told of it. NULL: out
 * of memory. */
void *seen_add(struct seen_set *set, const char *uid, size_t size, bool *is_new);
/* It was deleted. False: it was not there. */
bool seen_remove(struct seen_set *set, const char *uid);
/* The list is done: what it did not tell of goes. How many these were. */
size_t seen_synced(struct seen_set *set);
void seen_free(struct seen_set *set); /* empties it */

#endif
