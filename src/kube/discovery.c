/* SPDX-License-Identifier: Apache-2.0 */
/* Discovery: the group first, then each of its versions, one after another. */
#include "kube/discovery.h"

#include <stdio.h>
#include <stdlib.h>

struct kube_discovery {
    struct kube *kube;
    char *group, *plurals[KUBE_PLURALS_MAX];
    size_t plural_count;
    struct kube_request *request;
    struct kube_served candidates, served[KUBE_PLURALS_MAX];
    size_t at; /* of candidates */
    kube_discovered done;
    void *data;
};

static void discovery_free(struct kube_discovery *d)
{
    free(d->group);
    for (size_t i = 0; i < d->plural_count; i++)
        free(d->plurals[i]);
    free(d);
}

static void end(struct kube_discovery *d, const struct error *err)
{
    d->done(d->data, err ? NULL : d->served, err);
    discovery_free(d);
}

/* What is to be installed, in the words of whoever sees the error. */
static void end_missing(struct kube_discovery *d)
{
    struct error err;
    char versions[KUBE_VERSIONS_MAX * 34] = "";
    size_t n = 0;
    for (size_t i = 0; i < d->candidates.count && n < sizeof versions; i++)
        n += (size_t)snprintf(versions + n, sizeof versions - n, "%s%s", i ? ", " : "", d->candidates.versions[i]);
    if (n)
        error_set(&err, ERR_NOT_FOUND, "%s serves %s in %s, but no %s: install the definition (CRD) %s.%s",
                  kube_server(d->kube), d->group, versions, d->plurals[0], d->plurals[0], d->group);
    else
        error_set(&err, ERR_NOT_FOUND,
                  "%s has no API group %s: install the definition (CRD) %s.%s, or connect to the right cluster",
                  kube_server(d->kube), d->group, d->plurals[0], d->group);
    err.status = n ? 0 : 404;
    end(d, &err);
}

static void add(struct kube_served *served, const char *version)
{
    for (size_t i = 0; i < served->count; i++) {
        if (strcmp(served->versions[i], version) == 0)
            return;
    }
    size_t len = strlen(version);
    if (!len || len >= sizeof served->versions[0] || served->count == KUBE_VERSIONS_MAX)
        return;
    memcpy(served->versions[served->count++], version, len + 1);
}

static void add_json(struct kube_served *served, struct json version)
{
    char text[sizeof served->versions[0]];
    if (!json_string_at(version, "", text, sizeof text))
        add(served, text);
}

/* APIGroup: the preferred version first, then the server's order. The core group's APIVersions is a plain list. False:
 * it lists no version. */
static bool read_group(struct kube_discovery *d, struct json group)
{
    add_json(&d->candidates, json_at(group, "/preferredVersion/version"));
    struct json versions = json_get(group, "versions");
    for (struct json_iter it = json_iter(versions); json_next(&it);)
        add_json(&d->candidates, json_type(it.value) == JSON_STRING ? it.value : json_get(it.value, "version"));
    return d->candidates.count > 0;
}

static bool has_resource(struct json list, const char *plural)
{
    struct json resources = json_get(list, "resources");
    for (struct json_iter it = json_iter(resources); json_next(&it);) {
        if (json_string_is(json_get(it.value, "name"), str_of(plural)))
            return true;
    }
    return false;
}

static void version_came(void *data, struct kube_request *request, const struct kube_answer *answer,
                         const struct error *err, bool lost);

static int ask(struct kube_discovery *d, const char *version, kube_done done, struct error *err)
{
    struct kube_resource place = {d->group, version, ""};
    struct buf path = BUF_INIT;
    if (version) {
        kube_path(&path, &place, NULL, NULL, NULL);
        if (path.len)
            path.ptr[--path.len] = '\0'; /* the slash before a plural that is not there */
    } else {
        buf_printf(&path, "%s%s", *d->group ? "/apis/" : "/api", d->group);
    }
    struct kube_call call = {.method = "GET", .path = path.ptr, .done = done, .data = d};
    int rc = path.failed ? error_nomem(err) : kube_send(d->kube, &call, &d->request, err);
    buf_free(&path);
    return rc;
}

static void next_version(struct kube_discovery *d)
{
    struct error err;
    if (d->at == d->candidates.count) {
        size_t any = 0;
        for (size_t i = 0; i < d->plural_count; i++)
            any += d->served[i].count;
        if (any)
            end(d, NULL);
        else
            end_missing(d);
        return;
    }
    if (ask(d, d->candidates.versions[d->at], version_came, &err))
        end(d, &err);
}

static void version_came(void *data, struct kube_request *request, const struct kube_answer *answer,
                         const struct error *err, bool lost)
{
    (void)request;
    (void)lost;
    struct kube_discovery *d = data;
    d->request = NULL;
    /* A definition may be changing under us: a version that has just gone is not served. */
    if (err && err->code != ERR_NOT_FOUND) {
        end(d, err);
        return;
    }
    for (size_t i = 0; answer && i < d->plural_count; i++) {
        if (has_resource(answer->body, d->plurals[i]))
            add(&d->served[i], d->candidates.versions[d->at]);
    }
    d->at++;
    next_version(d);
}

static void group_came(void *data, struct kube_request *request, const struct kube_answer *answer,
                       const struct error *err, bool lost)
{
    (void)request;
    (void)lost;
    struct kube_discovery *d = data;
    struct error own;
    d->request = NULL;
    if (err && err->code == ERR_NOT_FOUND) {
        end_missing(d);
    } else if (err) {
        end(d, err);
    } else if (!read_group(d, answer->body)) {
        error_set(&own, ERR_PROTOCOL,
                  "%s: the answer about the API group %s lists no versions; is this a Kubernetes API server?",
                  kube_server(d->kube), d->group);
        end(d, &own);
    } else {
        next_version(d);
    }
}

int kube_discover(struct kube *kube, const char *group, const char *const *plurals, kube_discovered done, void *data,
                  struct kube_discovery **discovery, struct error *err)
{
    struct kube_discovery *d = calloc(1, sizeof *d);
    if (!d)
        return error_nomem(err);
    d->kube = kube;
    d->done = done;
    d->data = data;
    d->group = str_dup(str_of(group));
    bool copied = d->group != NULL;
    for (; copied && plurals[d->plural_count] && d->plural_count < KUBE_PLURALS_MAX; d->plural_count++) {
        d->plurals[d->plural_count] = str_dup(str_of(plurals[d->plural_count]));
        copied = d->plurals[d->plural_count] != NULL;
    }
    int rc = copied ? ask(d, NULL, group_came, err) : error_nomem(err);
    if (rc) {
        discovery_free(d);
        return rc;
    }
    if (discovery)
        *discovery = d;
    return 0;
}

void kube_discovery_cancel(struct kube_discovery *d)
{
    if (d->request)
        kube_cancel(d->request);
}
