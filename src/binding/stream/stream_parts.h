/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of a script's iterator share. */
#ifndef MPIJOBD_BINDING_STREAM_STREAM_PARTS_H
#define MPIJOBD_BINDING_STREAM_STREAM_PARTS_H

#include "binding/stream/stream.h"

/* ---- stream.c ---- */

/* Counts bytes outside Lua to the script's memory: `before` are `now`. */
void stream_count_memory(struct stream *s, size_t before, size_t now);
/* The script gets the error when it has taken what is queued. */
void stream_fail(struct stream *s, const struct error *err);
/* Queues the object, where it is wanted. type: static. 0 or ERR_NOMEM. */
int stream_keep(struct stream *s, const char *type, struct json object);

/* ---- stream_watch.c ---- */

/* 0, ERR_INVALID (of several namespaces), or as kube_reflect. name_space NULL: all. */
int stream_begin_watch(struct stream *s, const char *name_space, struct error *err);

#endif
