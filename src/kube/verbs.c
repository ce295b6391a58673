/* SPDX-License-Identifier: Apache-2.0 */
/* One object by its name: the path of it, and the method. */
#include "kube/verbs.h"

#include <string.h>

/* An empty part would mean the whole collection, and ".." another path. */
static int check_part(const char *part, const char *what, const struct kube_resource *resource, struct error *err)
{
    if (part && *part && !strchr(part, '/') && strcmp(part, ".") != 0 && strcmp(part, "..") != 0)
        return 0;
    return error_set(err, ERR_INVALID, "\"%s\" is no %s of %s", part ? part : "", what, resource->plural);
}

static int send_to(struct kube *kube, const char *method, const char *name, const struct kube_call *asked,
                   struct kube_request **request, struct error *err)
{
    struct buf path = BUF_INIT;
    struct kube_call call = *asked;
    kube_path(&path, call.resource, call.name_space, name, NULL);
    call.method = method;
    call.path = path.ptr;
    int rc = path.failed ? error_nomem(err) : kube_send(kube, &call, request, err);
    buf_free(&path);
    return rc;
}

static int send_named(struct kube *kube, const char *method, const struct kube_call *call,
                      struct kube_request **request, struct error *err)
{
    int rc = call->name_space ? check_part(call->name_space, "namespace", call->resource, err) : 0;
    if (!rc)
        rc = check_part(call->name, "name", call->resource, err);
    return rc ? rc : send_to(kube, method, call->name, call, request, err);
}

int kube_get(struct kube *kube, const struct kube_call *call, struct kube_request **request, struct error *err)
{
    return send_named(kube, "GET", call, request, err);
}

int kube_replace(struct kube *kube, const struct kube_call *call, struct kube_request **request, struct error *err)
{
    return send_named(kube, "PUT", call, request, err);
}

int kube_patch(struct kube *kube, const struct kube_call *call, struct kube_request **request, struct error *err)
{
    return send_named(kube, "PATCH", call, request, err);
}

int kube_delete(struct kube *kube, const struct kube_call *call, struct kube_request **request, struct error *err)
{
    return send_named(kube, "DELETE", call, request, err);
}

int kube_create(struct kube *kube, const struct kube_call *call, struct kube_request **request, struct error *err)
{
    int rc = call->name_space ? check_part(call->name_space, "namespace", call->resource, err) : 0;
    return rc ? rc : send_to(kube, "POST", NULL, call, request, err);
}
