/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds by apiVersion and name: asked for once, and remembered. */
#include "kube/kinds/kinds.h"

#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "base/str.h"
#include "base/texts.h"

#define NAME_MAX_BYTES 254 /* groups, plurals and kinds have 253 at most */

struct known {
    struct known *next;
    struct kube_kind kind;
    void *texts; /* of the kind */
};

struct kube_kinds {
    struct kube *kube;
    struct known *known;
    struct kube_kinds_look *looks;
};

struct kube_kinds_look {
    struct kube_kinds *kinds; /* NULL: they are gone */
    void *texts;              /* holds the next three */
    const char *group, *version, *name;
    struct kube_request *request;
    kube_kind_found done;
    void *data;
    struct kube_kinds_look *prev, *next;
};

struct kube_kinds *kube_kinds_new(struct kube *kube)
{
    struct kube_kinds *kinds = calloc(1, sizeof *kinds);
    if (kinds)
        kinds->kube = kube;
    return kinds;
}

static void free_known(struct known *k)
{
    free(k->texts);
    free(k);
}

void kube_kinds_free(struct kube_kinds *kinds)
{
    struct kube_kinds_look *look, *next_look;
    if (!kinds)
        return;
    struct error err;
    error_set(&err, ERR_CANCELLED, "the connection to %s is closed", kube_server(kinds->kube));
    DL_FOREACH_SAFE(kinds->looks, look, next_look)
    {
        look->kinds = NULL;
        kube_cancel(look->request);
        look->done(look->data, NULL, &err);
    }
    while (kinds->known) {
        struct known *k = kinds->known;
        LL_DELETE(kinds->known, k);
        free_known(k);
    }
    free(kinds);
}

/* "batch/v1", "v1". */
static bool split(const char *api_version, struct str *group, struct str *version)
{
    const char *slash = strchr(api_version, '/');
    *group = slash ? str_n(api_version, (size_t)(slash - api_version)) : str_of("");
    *version = str_of(slash ? slash + 1 : api_version);
    return version->len && !memchr(version->ptr, '/', version->len) && (!slash || group->len) &&
           group->len < NAME_MAX_BYTES;
}

static const struct kube_kind *find(const struct kube_kinds *kinds, struct str group, struct str version,
                                    struct str name)
{
    for (const struct known *k = kinds->known; k; k = k->next) {
        const struct kube_resource *of = &k->kind.resource;
        if (str_is(group, of->group) && str_is(version, of->version) && str_is(name, k->kind.kind))
            return &k->kind;
    }
    return NULL;
}

const struct kube_kind *kube_kinds_known(const struct kube_kinds *kinds, const char *api_version, const char *kind)
{
    struct str group, version;
    return split(api_version, &group, &version) ? find(kinds, group, version, str_of(kind)) : NULL;
}

/* ---- looking ---- */

static int add(struct kube_kinds_look *look, struct json resource, struct error *err)
{
    char plural[NAME_MAX_BYTES], name[NAME_MAX_BYTES];
    if (json_string_at(resource, "/name", plural, sizeof plural) ||
        json_string_at(resource, "/kind", name, sizeof name))
        return 0;
    if (strchr(plural, '/')) /* a subresource */
        return 0;
    struct known *k = calloc(1, sizeof *k);
    struct kube_resource *of = k ? &k->kind.resource : NULL;
    if (k)
        k->texts = TEXTS_COPY({&k->kind.kind, name}, {&of->group, look->group}, {&of->version, look->version},
                              {&of->plural, plural});
    if (!k || !k->texts) {
        free(k);
        return error_nomem(err);
    }
    k->kind.namespaced = json_is_true(json_get(resource, "namespaced"));
    LL_PREPEND(look->kinds->known, k);
    return 0;
}

static int missing(const struct kube_kinds_look *look, struct error *err)
{
    const char *names[256];
    size_t n = 0;
    for (const struct known *k = look->kinds->known; k && n < 255; k = k->next) {
        const struct kube_resource *of = &k->kind.resource;
        if (strcmp(of->group, look->group) == 0 && strcmp(of->version, look->version) == 0)
            names[n++] = k->kind.kind;
    }
    names[n] = NULL;
    const char *near = str_nearest(look->name, names);
    return error_set(err, ERR_NOT_FOUND, "%s%s%s has no kind %s%s%s%s", look->group, *look->group ? "/" : "",
                     look->version, look->name, near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static int learn(struct kube_kinds_look *look, struct json list, struct error *err)
{
    int rc = 0;
    for (struct json_iter it = json_iter(json_get(list, "resources")); !rc && json_next(&it);) {
        struct json kind = json_get(it.value, "kind"), plural = json_get(it.value, "name");
        if (json_type(kind) != JSON_STRING || json_type(plural) != JSON_STRING)
            continue;
        struct str name = str_n(kind.text.ptr + 1, kind.text.len - 2);
        if (!find(look->kinds, str_of(look->group), str_of(look->version), name))
            rc = add(look, it.value, err);
    }
    return rc;
}

static void end(struct kube_kinds_look *look, const struct kube_kind *kind, const struct error *err)
{
    if (look->kinds) {
        DL_DELETE(look->kinds->looks, look);
        look->done(look->data, kind, err);
    }
    free(look->texts);
    free(look);
}

static void came(void *data, struct kube_request *request, const struct kube_answer *answer, const struct error *err,
                 bool lost)
{
    (void)request;
    (void)lost;
    struct kube_kinds_look *look = data;
    struct error own;
    look->request = NULL;
    if (err && err->code == ERR_NOT_FOUND) {
        error_set(&own, ERR_NOT_FOUND, "%s serves no %s%s%s", look->kinds ? kube_server(look->kinds->kube) : "it",
                  look->group, *look->group ? "/" : "", look->version);
        own.status = 404;
        end(look, NULL, &own);
    } else if (err || !look->kinds) {
        end(look, NULL, err);
    } else if (learn(look, answer->body, &own)) {
        end(look, NULL, &own);
    } else {
        const struct kube_kind *kind =
            find(look->kinds, str_of(look->group), str_of(look->version), str_of(look->name));
        if (!kind)
            missing(look, &own);
        end(look, kind, kind ? NULL : &own);
    }
}

int kube_kinds_look(struct kube_kinds *kinds, const char *api_version, const char *kind, kube_kind_found done,
                    void *data, struct kube_kinds_look **out, struct error *err)
{
    struct str group, version;
    struct buf path = BUF_INIT;
    if (!split(api_version, &group, &version))
        return error_set(err, ERR_INVALID, "\"%s\" is no apiVersion; write \"v1\", or \"batch/v1\"", api_version);
    struct kube_kinds_look *look = calloc(1, sizeof *look);
    if (!look)
        return error_nomem(err);
    *look = (struct kube_kinds_look){.kinds = kinds, .done = done, .data = data};
    char of_group[NAME_MAX_BYTES];
    snprintf(of_group, sizeof of_group, "%.*s", (int)group.len, group.ptr);
    look->texts = TEXTS_COPY({&look->group, of_group}, {&look->version, version.ptr}, {&look->name, kind});
    int rc = look->texts ? 0 : error_nomem(err);
    if (!rc) {
        struct kube_resource place = {look->group, look->version, ""};
        kube_path(&path, &place, NULL, NULL, NULL);
        if (path.len)
            path.ptr[--path.len] = '\0'; /* the slash before a plural that is not there */
        struct kube_call call = {.method = "GET", .path = path.ptr, .done = came, .data = look};
        rc = path.failed ? error_nomem(err) : kube_send(kinds->kube, &call, &look->request, err);
    }
    buf_free(&path);
    if (rc) {
        free(look->texts);
        free(look);
        return rc;
    }
    DL_APPEND(kinds->looks, look);
    *out = look;
    return 0;
}

void kube_kinds_forget(struct kube_kinds_look *look)
{
    DL_DELETE(look->kinds->looks, look);
    look->kinds = NULL;
    kube_cancel(look->request);
}

void kube_kinds_cancel(struct kube_kinds_look *look)
{
    if (look->request)
        kube_cancel(look->request);
}
