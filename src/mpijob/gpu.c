/* SPDX-License-Identifier: Apache-2.0 */
/* GPUs that pods and templates ask for: which resources count, and of which containers. */
#include "mpijob/gpu.h"

#include "mpijob/kind.h"
#include "mpijob/quantity.h"
#include "mpijob/view.h"

/* Huawei's device plugin has named its resources in either case. */
const char *const mpijob_gpu_resources[] = {"nvidia.com/gpu", "amd.com/gpu", "huawei.com/ascend-*",
                                            "huawei.com/Ascend*", NULL};

static int64_t add(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

static int64_t multiply(int64_t a, int64_t b)
{
    int64_t product;
    return __builtin_mul_overflow(a, b, &product) ? INT64_MAX : product;
}

static bool counts(struct json key, const char *const *resources)
{
    if (!resources)
        resources = mpijob_gpu_resources;
    struct str name = str_n(key.text.ptr + 1, key.text.len - 2);
    for (size_t i = 0; resources[i]; i++) {
        if (str_glob(resources[i], name))
            return true;
    }
    return false;
}

/* An amount below 0 counts as 0. So does what cannot be read, and *unread says that there is such an amount. */
static int64_t quantity(struct json value, bool *unread)
{
    int64_t number;
    if (!quantity_of(value, &number)) {
        *unread = true;
        return 0;
    }
    return number > 0 ? number : 0;
}

/* Limits decide; a resource that has only a request counts by that. */
static int64_t of_resources(struct json both, const char *const *resources, bool *unread)
{
    struct json limits = json_get(both, "limits"), requests = json_get(both, "requests");
    int64_t sum = 0;
    if (json_type(limits) == JSON_OBJECT) {
        for (struct json_iter it = json_iter(limits); json_next(&it);) {
            if (counts(it.key, resources))
                sum = add(sum, quantity(it.value, unread));
        }
    }
    if (json_type(requests) == JSON_OBJECT) {
        for (struct json_iter it = json_iter(requests); json_next(&it);) {
            struct str name = str_n(it.key.text.ptr + 1, it.key.text.len - 2);
            if (counts(it.key, resources) && !json_exists(json_member(limits, name)))
                sum = add(sum, quantity(it.value, unread));
        }
    }
    return sum;
}

static int64_t of_container(struct json container, const char *const *resources, bool *unread)
{
    return of_resources(json_get(container, "resources"), resources, unread);
}

/* As the scheduler reckons: the containers together with the sidecars, or the init container that needs most, which
 * runs beside the sidecars that were started before it. */
static int64_t of_pod(struct json spec, const char *const *resources, bool *unread)
{
    int64_t sum = 0, sidecars = 0, most = 0;
    for (struct json_iter it = json_iter(json_get(spec, "initContainers")); json_next(&it);) {
        int64_t one = of_container(it.value, resources, unread), beside = add(sidecars, one);
        if (json_string_is(json_get(it.value, "restartPolicy"), str_of("Always")))
            sidecars = beside;
        if (beside > most)
            most = beside;
    }
    for (struct json_iter it = json_iter(json_get(spec, "containers")); json_next(&it);)
        sum = add(sum, of_container(it.value, resources, unread));
    sum = add(sum, sidecars);
    return sum > most ? sum : most;
}

int64_t gpus_of_pod(struct json spec, const char *const *resources)
{
    bool unread;
    return of_pod(spec, resources, &unread);
}

static int64_t of_role(struct json roles, const char *role, int64_t replicas, const char *const *resources,
                       bool *unread)
{
    struct json spec = json_get(roles, role);
    json_int64(json_get(spec, "replicas"), &replicas);
    return replicas > 0 ? multiply(of_pod(json_at(spec, "/template/spec"), resources, unread), replicas) : 0;
}

struct json roles_of(struct json object, const struct mpijob_kind *kind)
{
    const char *specs = mpijob_kind_info(kind)->specs;
    return specs ? json_get(json_get(object, "spec"), specs) : (struct json){0};
}

int64_t gpus_of_workers(struct json specs, const struct mpijob_kind *kind, const char *const *resources)
{
    bool unread = false;
    return of_role(specs, "Worker", mpijob_kind_replicas(kind, "Worker"), resources, &unread);
}

static int64_t of_place(struct json object, const struct mpijob_template_place *place, const char *const *resources,
                        bool *unread)
{
    int64_t pods = 1;
    for (size_t i = 0; i < 2 && place->counts[i]; i++) {
        int64_t count = 1;
        json_int64(json_at(object, place->counts[i]), &count);
        pods = count > 0 ? multiply(pods, count) : 0;
    }
    int64_t each = place->pod ? of_pod(json_at(object, place->pod), resources, unread)
                              : of_resources(json_at(object, place->resources), resources, unread);
    return multiply(pods, each);
}

static int64_t of_places(struct json object, const struct mpijob_template_place *places, const char *const *resources,
                         bool *unread)
{
    int64_t sum = 0;
    for (const struct mpijob_template_place *p = places; p->counts[0]; p++) {
        if (!p->each)
            sum = add(sum, of_place(object, p, resources, unread));
        for (struct json_iter it = json_iter(p->each ? json_at(object, p->each) : (struct json){0}); json_next(&it);)
            sum = add(sum, of_place(it.value, p, resources, unread));
    }
    return sum;
}

int64_t mpijob_gpus(struct json object, const struct mpijob_kind *kind, const char *const *resources, bool *unread)
{
    const struct mpijob_kind *info = mpijob_kind_info(kind);
    struct json specs = roles_of(object, kind);
    int64_t sum = 0;
    *unread = false;
    if (info->templates)
        return of_places(object, info->templates, resources, unread);
    for (const struct mpijob_role *role = info->roles; role->name; role++)
        sum = add(sum, of_role(specs, role->name, role->replicas, resources, unread));
    return sum;
}

int64_t mpijob_view_gpus(const struct mpijob_view *view, bool *unread)
{
    return mpijob_gpus(view->object, view->target.kind, view->target.gpus, unread);
}
