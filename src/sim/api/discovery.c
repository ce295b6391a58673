/* SPDX-License-Identifier: Apache-2.0 */
/* What is served: /api, /apis and below them; and the plain 404 for every other path. */
#include "sim/api/discovery.h"

#include "sim/server/status.h"

#include <string.h>

static bool is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

/* Versions in Kubernetes' order of maturity: v1, v2beta1, v1alpha2. */
static const int by_maturity[MPIJOB_VERSIONS] = {V1, V2BETA1, V1ALPHA2};

static const char *only_version(const char *group)
{
    for (size_t i = 0; i < resource_count; i++)
        if (is(resources[i].group, group))
            return resources[i].version;
    return NULL;
}

static void write_group_versions(struct sim *sim, const char *group, struct buf *out)
{
    const char *first = NULL, *only = only_version(group);
    if (only) {
        buf_printf(out, "\"versions\":[{\"groupVersion\":\"%s/%s\",\"version\":\"%s\"}],", group, only, only);
        buf_printf(out, "\"preferredVersion\":{\"groupVersion\":\"%s/%s\",\"version\":\"%s\"}", group, only, only);
        return;
    }
    buf_puts(out, "\"versions\":[");
    for (int i = 0; i < MPIJOB_VERSIONS; i++) {
        const char *name = version_name[by_maturity[i]];
        if (!sim->served[by_maturity[i]] && !(by_maturity[i] == V1 && sim->opt.siblings))
            continue;
        buf_printf(out, "%s{\"groupVersion\":\"%s/%s\",\"version\":\"%s\"}", first ? "," : "", group, name, name);
        if (!first)
            first = name;
    }
    buf_printf(out, "],\"preferredVersion\":{\"groupVersion\":\"%s/%s\",\"version\":\"%s\"}", group, first, first);
}

static bool group_exists(const struct sim *sim, const char *group)
{
    bool any = sim->opt.siblings;
    for (int v = 0; v < MPIJOB_VERSIONS; v++)
        any = any || sim->served[v];
    if (is(group, "kubeflow.org"))
        return any;
    for (size_t i = 0; i < resource_count; i++)
        if (*group && is(resources[i].group, group))
            return sim_serves(sim, &resources[i]);
    return false;
}

static void write_groups(struct sim *sim, struct buf *out)
{
    const char *last = "";
    bool first = true;
    buf_puts(out, "{\"kind\":\"APIGroupList\",\"apiVersion\":\"v1\",\"groups\":[");
    for (size_t i = 0; i < resource_count; i++) {
        const char *group = resources[i].group;
        if (!*group || is(group, last) || !group_exists(sim, group))
            continue;
        buf_printf(out, "%s{\"name\":\"%s\",", first ? "" : ",", group);
        write_group_versions(sim, group, out);
        buf_putc(out, '}');
        first = false;
        last = group;
    }
    buf_puts(out, "]}");
}

static void write_resource(const struct resource *r, struct buf *out)
{
    buf_printf(out, "{\"name\":\"%s\",\"singularName\":\"%s\",\"namespaced\":%s,\"kind\":\"%s\",\"verbs\":[%s]",
               r->plural, r->singular, r->namespaced ? "true" : "false", r->name,
               r->kind == K_REVIEW
                   ? "\"create\""
                   : "\"create\",\"delete\",\"deletecollection\",\"get\",\"list\",\"patch\",\"update\",\"watch\"");
    for (int i = 0; i < 3 && r->short_names[i]; i++)
        buf_printf(out, "%s\"%s\"", i ? "," : ",\"shortNames\":[", r->short_names[i]);
    buf_puts(out, r->short_names[0] ? "]}" : "}");
    if (r->status)
        buf_printf(
            out,
            ",{\"name\":\"%s/status\",\"singularName\":\"\",\"namespaced\":%s,\"kind\":\"%s\",\"verbs\":[\"get\","
            "\"patch\",\"update\"]}",
            r->plural, r->namespaced ? "true" : "false", r->name);
}

static bool write_resources(struct sim *sim, const char *group, const char *version, struct buf *out)
{
    bool any = false;
    for (size_t i = 0; i < resource_count; i++) {
        const struct resource *r = &resources[i];
        bool here = is(r->group, group) && (r->version ? is(r->version, version) : false);
        for (int v = 0; v < MPIJOB_VERSIONS && !r->version; v++)
            here |= is(r->group, group) && sim->served[v] && is(version, version_name[v]);
        if (!here || !sim_serves(sim, r))
            continue;
        if (!any)
            buf_printf(
                out, "{\"kind\":\"APIResourceList\",\"apiVersion\":\"v1\",\"groupVersion\":\"%s%s%s\",\"resources\":[",
                group, *group ? "/" : "", version);
        else
            buf_putc(out, ',');
        any = true;
        write_resource(r, out);
    }
    if (any)
        buf_puts(out, "]}");
    return any;
}

static bool write_answer(struct exchange *x, struct buf *out)
{
    char **s = x->segment;
    size_t n = x->segments;
    if (n == 1 && is(s[0], "api")) {
        buf_puts(out, "{\"kind\":\"APIVersions\",\"versions\":[\"v1\"],\"serverAddressByClientCIDRs\":[]}");
        return true;
    }
    if (n == 2 && is(s[0], "api"))
        return write_resources(x->sim, "", s[1], out);
    if (!n || !is(s[0], "apis"))
        return false;
    if (n == 1) {
        write_groups(x->sim, out);
        return true;
    }
    if (n == 2 && group_exists(x->sim, s[1])) {
        buf_printf(out, "{\"kind\":\"APIGroup\",\"apiVersion\":\"v1\",\"name\":\"%s\",", s[1]);
        write_group_versions(x->sim, s[1], out);
        buf_putc(out, '}');
        return true;
    }
    return n == 3 && *s[1] && write_resources(x->sim, s[1], s[2], out);
}

void discovery(struct exchange *x)
{
    bool get = is(x->req->method, "GET") || is(x->req->method, "HEAD");
    if (get && openapi(x))
        return;
    buf_reset(&x->resp->body);
    if (get && write_answer(x, &x->resp->body))
        respond_json(x, 200);
    else
        fail_plain_404(x);
}
