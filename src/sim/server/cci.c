/* SPDX-License-Identifier: Apache-2.0 */
/* Where Huawei Cloud CCI, by its documentation, differs from a Kubernetes API server: lists and watches only within a
 * namespace, merge patches only, and only four fields of an MPIJob can be replaced. */
#include "sim/server/cci.h"

#include "sim/server/status.h"

#include <string.h>

static const char four[] = "metadata.labels, metadata.annotations, spec.activeDeadlineSeconds and spec.cleanPodPolicy";

int cci_check_request(struct exchange *x)
{
    if (x->sim->opt.profile != SIM_CCI)
        return 0;
    if (x->res->namespaced && !*x->ns)
        return fail_with(x, 403, "Forbidden", NULL, NULL, "%s can be listed and watched within a namespace only",
                         x->res->plural);
    /* CCI is at the level of Kubernetes 1.19 */
    if (x->verb == VERB_WATCH && (param(x, "resourceVersionMatch") || param(x, "sendInitialEvents")))
        return fail_options(x, "ListOptions", "resourceVersionMatch",
                            "Forbidden: resourceVersionMatch is forbidden for watch");
    bool patch = x->verb == VERB_PATCH;
    if (patch && !media_type_is(x->req->content_type, "application/merge-patch+json"))
        return fail_with(x, 415, "UnsupportedMediaType", NULL, NULL, "only application/merge-patch+json is supported");
    return 0;
}

static void drop(json_object *doc, const char *within, const char *key)
{
    json_object *inner = doc_get(doc, within);
    if (inner)
        json_object_object_del(inner, key);
}

static json_object *fixed_part(json_object *doc, bool sibling)
{
    static const char *const own[] = {"labels", "annotations", "managedFields", "resourceVersion", "generation"};
    json_object *copy = doc_copy(doc);
    json_object_object_del(copy, "status");
    json_object_object_del(copy, "apiVersion");
    json_object_object_del(copy, "kind");
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        drop(copy, "metadata", own[i]);
    drop(copy, "spec", "activeDeadlineSeconds");
    drop(copy, "spec", "cleanPodPolicy");
    if (sibling)
        drop(copy, "spec", "ttlSecondsAfterFinished");
    return copy;
}

/* A write to /status is let through: tests play the controller with it. */
int cci_check_change(struct exchange *x, json_object *old, json_object *doc)
{
    if (x->sim->opt.profile != SIM_CCI || !x->res->custom || *x->sub)
        return 0;
    json_object *before = fixed_part(old, x->res->sibling), *after = fixed_part(doc, x->res->sibling);
    bool same = doc_equal(before, after);
    json_object_put(before);
    json_object_put(after);
    return same ? 0
                : fail_bad_request(x, "%s \"%s\": only %s%s can be replaced", x->res->name, x->name,
                                   x->res->sibling ? "spec.ttlSecondsAfterFinished, " : "", four);
}
