/* SPDX-License-Identifier: Apache-2.0 */
/* A script's iterator over the objects of a list, or over the events of a watch, for `for ... in`. The kind may have to
 * be looked up first. It ends with the loop, however the loop ends, and with the run. */
#ifndef MPIJOBD_BINDING_STREAM_STREAM_H
#define MPIJOBD_BINDING_STREAM_STREAM_H

#include "binding/base/values.h"
#include "cluster/seen.h"
#include "kube/kinds/kinds.h"
#include "kube/reflect.h"
#include "kube/verbs.h"
#include "mpijob/match/match.h"

#define STREAM_QUEUED 500                      /* objects of a list at hand, before no further page is asked for */
#define STREAM_QUEUED_BYTES ((size_t)8 << 20)  /* the same of their bytes */
#define STREAM_BEHIND 20000                    /* events of a watch; a script that is so far behind gets an error */
#define STREAM_BEHIND_BYTES ((size_t)32 << 20) /* the same of their bytes */
#define STREAM_WATCHES_POLICY 16               /* that a policy may have open on a cluster */

struct stream_item;

struct stream {
    struct script_wait wait;
    struct site_link link; /* while open */
    struct site *site;
    bool waiting, open, watches, started, ended;
    char *api_version, *kind_name; /* to be looked up; NULL: a kind of job */
    const struct mpijob_kind *kind;
    struct mpijob_match *match; /* of a kind of job; NULL: all jobs */
    char *name_space, *labels, *fields;
    const char *const *scope; /* namespaces, one after the other; NULL: name_space, or all */
    struct kube_resource resource;
    bool namespaced;
    struct kube_kinds_look *look;
    struct kube_list *list;
    struct kube_reflect *reflect;
    struct seen_set seen; /* of a watch: the objects that there are; tells a new one from a changed one */
    struct stream_item *first, *last;
    size_t count, bytes;
    struct script *script; /* to whose memory all of this counts */
    size_t counted;
    const struct error *err; /* why it ended (error_keep); NULL: it has not failed */
};

/* Pushes the iterator's state, to be left on the stack below what stream_go pushes.
 * Raises at the top level of a file, and where the policy or all policies have too many watches. */
struct stream *stream_new(lua_State *L, const char *call, bool watches);
/* Pushes what a generic `for` takes: function, nil, nil, and the state to be closed; returns 4. state: its index. */
int stream_go(lua_State *L, int state);

#endif
