/* SPDX-License-Identifier: Apache-2.0 */
/* The policies are loaded again when their files have changed: all that a load reads is watched, and once nothing has
 * happened there for FILE_CHANGES_SETTLED, it is read again on another thread. Only where it is another text than the
 * last load has read, the policies are loaded. */
#ifndef MPIJOBD_POLICY_FILE_CHANGES_H
#define MPIJOBD_POLICY_FILE_CHANGES_H

#include "policy/load.h"

#define FILE_CHANGES_SETTLED CLOCK_SECOND     /* microseconds without a change */
#define FILE_CHANGES_MOST (30 * CLOCK_SECOND) /* and at the latest, where the changes do not end */

struct file_changes;
struct file_changes_call {
    const struct policy_env *env; /* with which the policies are loaded, with alarms; outlives the watching */
    bool (*loading)(void *data);  /* a load is under way: its end will be told */
    void (*changed)(void *data);  /* loads them again */
    void (*looked)(void *data);   /* after file_changes_stop: another thread is not reading any more */
    void *data;
};
/* Begins to watch what the set (NULL: none yet) was read from; paths: see policy_load_start. What fails is logged;
 * NULL: out of memory. */
struct file_changes *file_changes_start(const struct file_changes_call *call, const struct policy_set *set,
                                        const char *const *paths);
/* A load is over, well or not. NULL is allowed here, and below. */
void file_changes_loaded(struct file_changes *changes, const struct policy_set *set, const char *const *paths);
bool file_changes_busy(const struct file_changes *changes); /* another thread is reading */
/* Why changes are not seen, or not all of them; NULL: they are. */
const struct error *file_changes_trouble(const struct file_changes *changes);
void file_changes_stop(struct file_changes *changes); /* no load begins any more */
/* Not while it is busy. closed: libuv is done with it. */
void file_changes_close(struct file_changes *changes, void (*closed)(void *data));

#endif
