/* SPDX-License-Identifier: Apache-2.0 */
/* An object out of a list, made whole. An API server leaves apiVersion and kind out of the items of built-in kinds, as
 * the list's own tell them; an object that is compared, sent back or shown needs them. Pure. */
#ifndef MPIJOBD_KUBE_LIST_ITEM_H
#define MPIJOBD_KUBE_LIST_ITEM_H

#include "kube/kube.h"
#include "json/value.h"

/* *item gets what it lacks of the resource's apiVersion and of kind at its beginning, and then lies in `whole`, which
 * is emptied first. One that lacks neither stays as it is, as does every item where kind is NULL (unknown). 0 or
 * ERR_NOMEM. */
int list_item_complete(struct json *item, const struct kube_resource *resource, const char *kind, struct buf *whole);

#endif
