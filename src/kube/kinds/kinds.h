/* SPDX-License-Identifier: Apache-2.0 */
/* Which resource a kind is served as: "batch/v1" and "Job" are the plural "jobs", within namespaces. Asked of the
 * server once for each group and version (GET /apis/GROUP/VERSION), and kept. */
#ifndef MPIJOBD_KUBE_KINDS_KINDS_H
#define MPIJOBD_KUBE_KINDS_KINDS_H

#include "kube/kube.h"

struct kube_kind {
    const char *kind;              /* "Job" */
    struct kube_resource resource; /* valid as long as the kinds are */
    bool namespaced;
};

struct kube_kinds;
struct kube_kinds *kube_kinds_new(struct kube *kube); /* NULL: out of memory */
void kube_kinds_free(struct kube_kinds *kinds); /* what is under way: its done is called now, with ERR_CANCELLED */

/* What is known; NULL: to be looked up. */
const struct kube_kind *kube_kinds_known(const struct kube_kinds *kinds, const char *api_version, const char *kind);

/* Looks it up. ERR_INVALID: it does not read like an apiVersion ("v1", "batch/v1"). ERR_NOT_FOUND: the server serves no
 * such version, or it has no such kind; the nearest is named. done comes later, once. */
typedef void (*kube_kind_found)(void *data, const struct kube_kind *kind, const struct error *err);
struct kube_kinds_look;
int kube_kinds_look(struct kube_kinds *kinds, const char *api_version, const char *kind, kube_kind_found done,
                    void *data, struct kube_kinds_look **look, struct error *err);
/* done is not called any more, from this call on. */
void kube_kinds_forget(struct kube_kinds_look *look);
void kube_kinds_cancel(struct kube_kinds_look *look); /* done comes soon with ERR_CANCELLED */

#endif
