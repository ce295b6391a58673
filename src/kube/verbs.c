#include "kube/verbs.h"

#include <string.h>

/* An empty part would mean the whole collection, and ".." another path. */
static int check_part(const char *part, const char *what, const struct kube_resource *resource, struct error *err)
{
    if (part && *part && !strchr(part, '/') && strcmp(part, ".") != 0 && strcmp(part, "..") != 0)
        return 0;
    return error_set(err, ERR_INVALID, "\"%s\" is no %s of %s", part ? part : "", what, resource->plural);
}

static int send_to(struct kube *kube, const struct kube_resource *resource, const char *name_space, const char *name,
                   struct kube_call *call, struct kube_request **request, struct error *err)
{
    int rc = name_space ? check_part(name_space, "namespace", resource, err) : 0;
    if (!rc && strcmp(call->method, "POST") != 0)
        rc = check_part(name, "name", resource, err);
    if (rc)
        return rc;
    struct buf path = BUF_INIT;
    kube_path(&path, resource, name_space, name, NULL);
    call->path = path.ptr;
    rc = path.failed ? error_nomem(err) : kube_send(kube, call, request, err);
    buf_free(&path);
    return rc;
}

int kube_get(struct kube *kube, const struct kube_resource *resource, const char *name_space, const char *name,
             kube_done done, void *data, struct kube_request **request, struct error *err)
{
    struct kube_call call = {.method = "GET", .done = done, .data = data};
    return send_to(kube, resource, name_space, name, &call, request, err);
}

int kube_replace(struct kube *kube, const struct kube_resource *resource, const char *name_space, const char *name,
                 struct str object, const struct kube_query *query, kube_done done, void *data,
                 struct kube_request **request, struct error *err)
{
    struct kube_call call = {.method = "PUT", .body = object, .query = query, .done = done, .data = data};
    return send_to(kube, resource, name_space, name, &call, request, err);
}

int kube_patch(struct kube *kube, const struct kube_resource *resource, const char *name_space, const char *name,
               struct str patch, const char *content_type, const struct kube_query *query, kube_done done, void *data,
               struct kube_request **request, struct error *err)
{
    struct kube_call call = {
        .method = "PATCH", .body = patch, .content_type = content_type, .query = query, .done = done, .data = data};
    return send_to(kube, resource, name_space, name, &call, request, err);
}

int kube_create(struct kube *kube, const struct kube_resource *resource, const char *name_space, struct str object,
                const struct kube_query *query, kube_done done, void *data, struct kube_request **request,
                struct error *err)
{
    struct kube_call call = {.method = "POST", .body = object, .query = query, .done = done, .data = data};
    return send_to(kube, resource, name_space, NULL, &call, request, err);
}

int kube_delete(struct kube *kube, const struct kube_resource *resource, const char *name_space, const char *name,
                const struct kube_query *query, struct str options, kube_done done, void *data,
                struct kube_request **request, struct error *err)
{
    struct kube_call call = {.method = "DELETE", .body = options, .query = query, .done = done, .data = data};
    return send_to(kube, resource, name_space, name, &call, request, err);
}
