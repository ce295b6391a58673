/* SPDX-License-Identifier: Apache-2.0 */
/* /openapi/v3, as much of it as kubectl asks for before it writes: which kinds take fieldValidation. */
#include "sim/api/discovery.h"

#include <stdlib.h>
#include <string.h>

static const char parameters[] = "\"parameters\":[{\"name\":\"dryRun\",\"in\":\"query\",\"schema\":{\"type\":"
                                 "\"string\"}},{\"name\":\"fieldManager\",\"in\":\"query\","
                                 "\"schema\":{\"type\":\"string\"}},{\"name\":\"fieldValidation\",\"in\":\"query\","
                                 "\"schema\":{\"type\":\"string\"}}],"
                                 "\"responses\":{\"200\":{\"description\":\"OK\"}}";

static void write_operation(const struct resource *r, const char *version, const char *verb, struct buf *out)
{
    buf_printf(out,
               "\"%s\":{\"x-kubernetes-action\":\"%s\",\"x-kubernetes-group-version-kind\":{\"group\":\"%s\","
               "\"version\":\"%s\",\"kind\":"
               "\"%s\"},%s}",
               verb, verb, r->group, version, r->name, parameters);
}

static void write_paths(const struct resource *r, const char *version, struct buf *out)
{
    char *base = sim_format("%s%s/%s%s/%s", *r->group ? "/apis/" : "/api", r->group, version,
                            r->namespaced ? "/namespaces/{namespace}" : "", r->plural);
    buf_printf(out, "\"%s\":{", base);
    write_operation(r, version, "post", out);
    if (r->kind != K_REVIEW) {
        buf_printf(out, "},\"%s/{name}\":{", base);
        write_operation(r, version, "put", out);
        buf_putc(out, ',');
        write_operation(r, version, "patch", out);
    }
    buf_putc(out, '}');
    free(base);
}

static bool served(const struct sim *sim, const struct resource *r, const char *group, const char *version)
{
    if (strcmp(r->group, group) != 0 || !sim_serves(sim, r))
        return false;
    if (r->version)
        return strcmp(r->version, version) == 0;
    for (int v = 0; v < MPIJOB_VERSIONS; v++)
        if (sim->served[v] && strcmp(version, version_name[v]) == 0)
            return true;
    return false;
}

static bool write_document(struct sim *sim, const char *group, const char *version, struct buf *out)
{
    bool any = false;
    buf_puts(
        out,
        "{\"openapi\":\"3.0.0\",\"info\":{\"title\":\"Kubernetes\",\"version\":\"v1.34.4-mpijob-sim\"},\"paths\":{");
    for (size_t i = 0; i < resource_count; i++) {
        if (!served(sim, &resources[i], group, version))
            continue;
        if (any)
            buf_putc(out, ',');
        write_paths(&resources[i], version, out);
        any = true;
    }
    buf_puts(out, "},\"components\":{\"schemas\":{}}}");
    return any;
}

/* A version of a group is told once, at its first resource. */
static void write_version(struct sim *sim, size_t at, const char *version, struct buf *out)
{
    const char *group = resources[at].group;
    if (!*group || !served(sim, &resources[at], group, version))
        return;
    for (size_t i = 0; i < at; i++)
        if (served(sim, &resources[i], group, version))
            return;
    buf_printf(out, ",\"apis/%s/%s\":{\"serverRelativeURL\":\"/openapi/v3/apis/%s/%s\"}", group, version, group,
               version);
}

static void write_index(struct sim *sim, struct buf *out)
{
    buf_puts(out, "{\"paths\":{\"api/v1\":{\"serverRelativeURL\":\"/openapi/v3/api/v1\"}");
    for (size_t i = 0; i < resource_count; i++) {
        if (resources[i].version)
            write_version(sim, i, resources[i].version, out);
        for (int v = 0; v < MPIJOB_VERSIONS && !resources[i].version; v++)
            write_version(sim, i, version_name[v], out);
    }
    buf_puts(out, "}}");
}

bool openapi(struct exchange *x)
{
    char **s = x->segment;
    size_t n = x->segments;
    if (n < 2 || strcmp(s[0], "openapi") != 0 || strcmp(s[1], "v3") != 0)
        return false;
    bool good = n == 2;
    if (good)
        write_index(x->sim, &x->resp->body);
    else if (n == 4 && strcmp(s[2], "api") == 0)
        good = write_document(x->sim, "", s[3], &x->resp->body);
    else if (n == 5 && strcmp(s[2], "apis") == 0 && *s[3])
        good = write_document(x->sim, s[3], s[4], &x->resp->body);
    if (!good)
        return false;
    respond_json(x, 200);
    return true;
}
