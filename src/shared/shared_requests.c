/* SPDX-License-Identifier: Apache-2.0 */
/* The requests for ConfigMaps, and what their errors mean. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/chance.h"
#include "base/clock.h"
#include "kube/verbs.h"
#include "shared/shared_parts.h"

const struct kube_resource shared_configmaps = {"", "v1", "configmaps"};

void shared_random(char out[OBJECT_ID])
{
    unsigned char bytes[(OBJECT_ID - 1) / 2];
    if (uv_random(NULL, NULL, bytes, sizeof bytes, 0, NULL)) { /* the system refuses it, /dev/urandom too */
        const uint64_t bits[] = {chance_draw(NULL), chance_draw(NULL) ^ (uint64_t)clock_now(NULL)};
        _Static_assert(sizeof bits == sizeof bytes, "all of them");
        memcpy(bytes, bits, sizeof bytes);
    }
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

void shared_name_next(struct shared *s, char name[24])
{
    snprintf(name, 24, "%" PRId64 "-%" PRId64, s->head.epoch, s->next++);
}

int shared_get_head(struct shared *s, kube_done done, void *data, struct kube_request **request, struct error *err)
{
    struct kube_call call = {
        .resource = &shared_configmaps, .name_space = s->o.name_space, .name = s->o.name, .done = done, .data = data};
    return kube_get(s->o.kube, &call, request, err);
}

int shared_put_head(struct shared *s, const struct object_head *head, const char *version, struct str lines,
                    kube_done done, void *data, struct kube_request **request, struct error *err)
{
    struct buf body = BUF_INIT;
    struct kube_query query = {.field_manager = "mpijobd"};
    object_write_head(&body, head, s->o.name, s->o.name_space, version, lines);
    int rc = buf_result(&body, "the head of the state", err);
    struct kube_call call = {.resource = &shared_configmaps,
                             .name_space = s->o.name_space,
                             .name = s->o.name,
                             .query = &query,
                             .body = buf_str(&body),
                             .done = done,
                             .data = data};
    if (!rc)
        rc = version ? kube_replace(s->o.kube, &call, request, err) : kube_create(s->o.kube, &call, request, err);
    buf_free(&body);
    return rc;
}

int shared_create_lines(struct shared *s, const char *name, struct str lines, kube_done done, void *data,
                        struct kube_request **request, struct error *err)
{
    struct buf body = BUF_INIT;
    struct kube_query query = {.field_manager = "mpijobd"};
    object_write_lines(&body, s->o.name, name, s->o.name_space, lines);
    int rc = buf_result(&body, "rows of the state", err);
    struct kube_call call = {.resource = &shared_configmaps,
                             .name_space = s->o.name_space,
                             .query = &query,
                             .body = buf_str(&body),
                             .done = done,
                             .data = data};
    if (!rc)
        rc = kube_create(s->o.kube, &call, request, err);
    buf_free(&body);
    return rc;
}

void shared_explain(const struct shared *s, const char *doing, struct error *err)
{
    shared_explain_at(s->o.name_space, s->o.name, doing, err);
}

void shared_explain_at(const char *name_space, const char *name, const char *doing, struct error *err)
{
    const char *cure = "";
    if (strstr(err->message, "exceeded quota"))
        cure =
            "; raise the quota for ConfigMaps (count/configmaps) there, or let leader_election.namespace name another "
            "namespace";
    else if (err->status == 403)
        cure = "; `mpijobd rbac` prints the Role that is needed: get, list, create, update, delete of configmaps";
    else if (err->code == ERR_NOT_FOUND && strstr(err->message, "namespaces"))
        cure = "; create the namespace, or let leader_election.namespace name one that there is";
    else if (err->status == 413 || strstr(err->message, "too large") || strstr(err->message, "Too long"))
        cure = "; the server takes less than a ConfigMap may have: raise its limit (etcd: --max-request-bytes)";
    error_append(err, "%s", cure);
    error_prefix(err, "the state in ConfigMap %s/%s cannot be %s", name_space, name, doing);
}

/* ---- what is not needed any more ---- */

static void deleted(void *data, struct kube_request *request, const struct kube_answer *answer, const struct error *err,
                    bool lost)
{
    struct shared *s = data;
    (void)request;
    (void)lost;
    s->deleting = NULL;
    if (answer || (err && err->code == ERR_NOT_FOUND)) {
        object_names_drop(&s->trash, 1);
        shared_empty_trash(s);
    } else {
        log_event(s->o.log, LOG_DEBUG, "a ConfigMap of the state that is not needed any more could not be removed yet",
                  LOG_FIELDS({"reason", err ? err->message : NULL}));
    }
    shared_check_closed(s);
}

void shared_empty_trash(struct shared *s)
{
    char full[256];
    /* `must`: the head that is in the cluster may still name some of it */
    if (!s->trash.count || s->deleting || s->phase != SHARED_HERE || s->closing || s->must)
        return;
    snprintf(full, sizeof full, "%s-%s", s->o.name, s->trash.names[0]);
    struct kube_call call = {
        .resource = &shared_configmaps, .name_space = s->o.name_space, .name = full, .done = deleted, .data = s};
    if (kube_delete(s->o.kube, &call, &s->deleting, NULL))
        s->deleting = NULL; /* the next write tries again */
}
