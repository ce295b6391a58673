/* SPDX-License-Identifier: Apache-2.0 */
/* Finds which of several served versions keeps cleanPodPolicy: one that is served but not stored may drop it, with a
 * 200. A job that exists is written back in a dry run, through one version after the other. Its cleanPodPolicy stays as
 * it is, or becomes None, the default, where it has none: so that a server without dry runs would not change what
 * matters. */
#include <stdlib.h>

#include "cluster/cluster_parts.h"
#include "mpijob/change/job_changes.h"

#define TRIES 3 /* another writer may be changing the job */

static void next(struct cluster *c);

static void over(struct cluster *c, bool found)
{
    struct cluster_probe *p = &c->look.probe;
    enum mpijob_version version = p->order[found ? p->at : 0];
    buf_free(&p->wanted);
    cluster_probe_over(c, found, version);
}

static struct kube_resource resource_of(const struct cluster_probe *p)
{
    const struct mpijob_kind *info = mpijob_kind_info(KIND_MPIJOB);
    return (struct kube_resource){info->group, mpijob_version_name(p->order[p->at]), info->plural};
}

static struct mpijob_target target_of(const struct cluster *c)
{
    enum mpijob_version version = c->look.probe.order[c->look.probe.at];
    return (struct mpijob_target){
        .kind = KIND_MPIJOB, .version = version, .controller = cluster_controller(c, KIND_MPIJOB, version, c->look.v1)};
}

/* ---- written back ---- */

static void written(void *data, struct kube_request *request, const struct kube_answer *answer, const struct error *err,
                    bool lost)
{
    (void)request;
    (void)lost;
    struct cluster *c = data;
    struct cluster_probe *p = &c->look.probe;
    p->request = NULL;
    struct json came =
        answer ? mpijob_field_value(answer->body, FIELD_CLEAN_POD_POLICY, target_of(c)) : (struct json){0};
    if (err && err->code == ERR_CONFLICT && ++p->tries < TRIES) {
        next(c);
    } else if (err && err->status != 400) { /* not allowed, or refused by a webhook: it stays unknown */
        over(c, false);
    } else if (json_exists(came) && json_equal(came, (struct json){buf_str(&p->wanted)})) {
        over(c, true);
    } else { /* dropped, or refused as an unknown field */
        p->at++;
        p->tries = 0;
        next(c);
    }
}

/* Appends the object to send to out, and sets p->wanted. */
static int prepare(struct cluster *c, struct json object, struct buf *out, struct error *err)
{
    struct cluster_probe *p = &c->look.probe;
    struct mpijob_view view;
    struct mpijob_changes changes = {0};
    struct mpijob_diff diff = {0};
    int rc = mpijob_view(object, target_of(c), &view, err);
    struct json has = rc ? object : mpijob_field_value(object, FIELD_CLEAN_POD_POLICY, view.target);
    buf_reset(&p->wanted);
    if (!rc && json_exists(has)) {
        buf_add_str(&p->wanted, has.text);
        buf_add_str(out, object.text);
    } else if (!rc) {
        buf_puts(&p->wanted, "\"None\"");
        rc = mpijob_changes_set(&changes, "cleanPodPolicy", buf_str(&p->wanted), err);
        if (!rc)
            rc = mpijob_changes_apply(&changes, &view, out, &diff, err);
    }
    mpijob_diff_free(&diff);
    mpijob_changes_free(&changes);
    return rc ? rc : out->failed || p->wanted.failed ? error_nomem(err) : 0;
}

static void came(void *data, struct kube_request *request, const struct kube_answer *answer, const struct error *err,
                 bool lost)
{
    (void)request;
    (void)lost;
    struct cluster *c = data;
    struct cluster_probe *p = &c->look.probe;
    struct kube_query query = {.field_manager = "mpijobd", .dry_run = "All", .field_validation = "Strict"};
    struct kube_resource resource = resource_of(p);
    struct buf object = BUF_INIT;
    struct kube_call call = {.resource = &resource,
                             .name_space = p->name_space,
                             .name = p->name,
                             .query = &query,
                             .done = written,
                             .data = c};
    struct error own;
    p->request = NULL;
    int rc = err ? err->code : prepare(c, answer->body, &object, &own);
    call.body = buf_str(&object);
    if (rc || kube_replace(c->kube, &call, &p->request, &own))
        over(c, false);
    buf_free(&object);
}

/* Reads the job through the next version. */
static void next(struct cluster *c)
{
    struct cluster_probe *p = &c->look.probe;
    struct error err;
    if (p->at == p->count) {
        over(c, false);
        return;
    }
    struct kube_resource resource = resource_of(p);
    struct kube_call call = {
        .resource = &resource, .name_space = p->name_space, .name = p->name, .done = came, .data = c};
    if (kube_get(c->kube, &call, &p->request, &err))
        over(c, false);
}

/* ---- a job ---- */

static void listed(void *data, struct kube_request *request, const struct kube_answer *answer, const struct error *err,
                   bool lost);

static void list(struct cluster *c)
{
    struct cluster_probe *p = &c->look.probe;
    struct kube_resource resource = resource_of(p);
    struct kube_query query = {.limit = 1};
    struct buf path = BUF_INIT;
    struct error err;
    kube_path(&path, &resource, p->everywhere ? NULL : c->name_space, NULL, NULL);
    struct kube_call call = {.method = "GET", .path = path.ptr, .query = &query, .done = listed, .data = c};
    int rc = path.failed ? ERR_NOMEM : kube_send(c->kube, &call, &p->request, &err);
    buf_free(&path);
    if (rc)
        over(c, false);
}

static void listed(void *data, struct kube_request *request, const struct kube_answer *answer, const struct error *err,
                   bool lost)
{
    (void)request;
    (void)lost;
    struct cluster *c = data;
    struct cluster_probe *p = &c->look.probe;
    p->request = NULL;
    if (err && err->status == 403 && p->everywhere) {
        p->everywhere = false;
        list(c);
        return;
    }
    struct json item = answer ? json_at(answer->body, "/items/0") : (struct json){0};
    if (json_string_at(item, "/metadata/namespace", p->name_space, sizeof p->name_space) ||
        json_string_at(item, "/metadata/name", p->name, sizeof p->name))
        over(c, false);
    else
        next(c);
}

/* ---- start and end ---- */

void cluster_probe_start(struct cluster *c)
{
    struct cluster_look *look = &c->look;
    struct cluster_probe *p = &look->probe;
    const struct kube_served *served = &look->served[0];
    enum mpijob_version first = look->kinds[0].target.version, version;
    *p = (struct cluster_probe){.everywhere = true};
    p->order[p->count++] = first; /* the stored one, or the one that the server prefers */
    for (size_t i = 0; i < served->count; i++) {
        if (mpijob_version_parse(str_of(served->versions[i]), &version) && mpijob_kind_has(KIND_MPIJOB, version) &&
            version != first && p->count < MPIJOB_VERSIONS)
            p->order[p->count++] = version;
    }
    list(c);
}

void cluster_probe_cancel(struct cluster *c)
{
    if (c->look.probe.request)
        kube_cancel(c->look.probe.request);
}
