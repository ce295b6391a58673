/* SPDX-License-Identifier: Apache-2.0 */
/* What the server's answer says when it is not what was asked for: Kubernetes' Status, plain text, HTML or nothing, in
 * one sentence for the person who has to mend it. Pure. */
#ifndef MPIJOBD_KUBE_STATUS_STATUS_H
#define MPIJOBD_KUBE_STATUS_STATUS_H

#include "json/value.h"

struct kube_reply {
    const char *method;
    const char *url; /* without the query */
    int status;
    const char *location;    /* of a redirect; NULL: none */
    const char *credentials; /* where ours come from: "/home/a/.kube/config, context dev" */
    struct str body;
};

/* A 2xx: its body as a JSON object, or ERR_PROTOCOL with what came instead. */
int kube_status_body(const struct kube_reply *reply, struct json *root, struct error *err);

/* Any other status as an error: its code, status, reason and message. Returns the code. */
int kube_status_error(const struct kube_reply *reply, struct error *err);

/* True where a 5xx says that the server has surely not done it, and never will (an object that
 * etcd finds too large). */
bool kube_status_hopeless(const struct error *err);

#endif
