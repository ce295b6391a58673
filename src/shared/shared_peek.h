/* SPDX-License-Identifier: Apache-2.0 */
/* One look at what the replicas share, by a program that is not one of them: a list, or the head by its name
 * where none is listed, and nothing is taken over. */
#ifndef MPIJOBD_SHARED_SHARED_PEEK_H
#define MPIJOBD_SHARED_SHARED_PEEK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct kube;
struct store_kept;

struct shared_peek { /* all of it outlives the call, but the structure itself */
    struct kube *kube;
    const char *name_space, *name; /* of the head */
    const char *space;             /* of the texts that are wanted (store/kept.h) */
    uint64_t timeout_ms;           /* of a page; 0: that of `kube` */
    /* Each of them, by key, at once one after the other, before `done`; false: no more. Valid during the call. */
    bool (*row)(void *data, const struct store_kept *row);
    /* Once, later. Where no replica has ever written a state there are no rows, and no error. Errors: those of kube.h;
     * ERR_INVALID: a ConfigMap is missing, was edited, or is of a newer mpijobd. */
    void (*done)(void *data, const struct error *err);
    void *data;
};

/* 0, or an error of kube_list, or ERR_NOMEM: then `done` is not called. */
int shared_peek_start(const struct shared_peek *peek, struct error *err);

#endif
