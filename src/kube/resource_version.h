/* SPDX-License-Identifier: Apache-2.0 */
/* The resourceVersion of an object as a number. Pure.
 *
 * Versions of one object can be ordered where they are numbers that grow, as etcd's revisions are: everywhere, though
 * Kubernetes has promised it only of late. Others can only be told apart. */
#ifndef MPIJOBD_KUBE_RESOURCE_VERSION_H
#define MPIJOBD_KUBE_RESOURCE_VERSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define KUBE_VERSION_HASH (UINT64_C(1) << 63)

/* The number itself (up to 18 digits), or a hash of the text with KUBE_VERSION_HASH set. The hash is the same for ever:
 * the store keeps it. */
uint64_t kube_version(struct str text);

bool kube_version_is_older(uint64_t version, uint64_t than); /* false where that cannot be told */
/* Newer than what is known, or another where that cannot be told. */
bool kube_version_is_news(uint64_t version, uint64_t known);

#endif
