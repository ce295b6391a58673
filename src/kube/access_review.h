/* SPDX-License-Identifier: Apache-2.0 */
/* The question whether whoever asks may do something: a SelfSubjectAccessReview of authorization.k8s.io/v1. */
#ifndef MPIJOBD_KUBE_ACCESS_REVIEW_H
#define MPIJOBD_KUBE_ACCESS_REVIEW_H

#include "base/buf.h"

#define ACCESS_REVIEW_PATH "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"

/* NULL members are left out: the core group's name is "", any object's and any namespace's is NULL. */
struct access_review {
    const char *verb, *group, *resource, *name, *name_space;
};

/* Adds the body of the question. Out of memory: body->failed. */
void access_review_write(const struct access_review *review, struct buf *body);

#endif
