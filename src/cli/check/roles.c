/* SPDX-License-Identifier: Apache-2.0 */
/* A ClusterRole counts everywhere, unless the file binds it in some namespaces only; a Role counts in its namespace,
 * and one without in any. */
#include "cli/check/roles.h"

#include <stdlib.h>

#include "yaml/convert.h"

#define FILE_MAX ((size_t)4 * 1024 * 1024)
#define NAME_SIZE 256

struct role {
    struct json rules;
    bool everywhere;
    char name_space[NAME_SIZE]; /* "": any */
};

struct roles {
    struct buf text, json;
    struct role *items;
    size_t count;
};

/* ---- reading ---- */

static int add(struct roles *r, struct json rules, bool everywhere, struct json name_space, struct error *err)
{
    struct role *items = realloc(r->items, (r->count + 1) * sizeof *items);
    if (!items)
        return error_nomem(err);
    r->items = items;
    struct role *role = &items[r->count++];
    *role = (struct role){.rules = rules, .everywhere = everywhere};
    json_string_at(name_space, "", role->name_space, sizeof role->name_space);
    return 0;
}

static struct json kind_of(struct json object)
{
    return json_get(object, "kind");
}

/* Calls visit for each object of the documents, those in lists too. */
static int each(struct json list, int (*visit)(void *data, struct json object, struct error *err), void *data,
                struct error *err)
{
    int rc = 0;
    for (struct json_iter it = json_iter(list); !rc && json_next(&it);) {
        struct json items = json_get(it.value, "items");
        for (struct json_iter in = json_iter(items); !rc && json_next(&in);)
            rc = visit(data, in.value, err);
        if (!rc && !json_exists(items))
            rc = visit(data, it.value, err);
    }
    return rc;
}

struct binding {
    struct roles *roles;
    struct json role, documents;
    bool bound;
};

/* Where the file binds a ClusterRole, it counts there alone. */
static int take_binding(void *data, struct json object, struct error *err)
{
    struct binding *b = data;
    bool whole = json_string_is(kind_of(object), str_of("ClusterRoleBinding"));
    if (!whole && !json_string_is(kind_of(object), str_of("RoleBinding")))
        return 0;
    if (!json_string_is(json_at(object, "/roleRef/kind"), str_of("ClusterRole")) ||
        !json_equal(json_at(object, "/roleRef/name"), json_at(b->role, "/metadata/name")))
        return 0;
    b->bound = true;
    return add(b->roles, json_get(b->role, "rules"), whole, json_at(object, "/metadata/namespace"), err);
}

static int take(void *data, struct json object, struct error *err)
{
    struct binding *b = data;
    bool whole = json_string_is(kind_of(object), str_of("ClusterRole"));
    if (!whole && !json_string_is(kind_of(object), str_of("Role")))
        return 0;
    if (json_exists(json_get(object, "aggregationRule")) && !json_count(json_get(object, "rules")))
        return error_set(
            err, ERR_INVALID,
            "a ClusterRole has an aggregationRule, and the server alone knows its rules; give what kubectl "
            "get clusterrole NAME -o yaml prints");
    if (!whole)
        return add(b->roles, json_get(object, "rules"), false, json_at(object, "/metadata/namespace"), err);
    b->role = object;
    b->bound = false;
    int rc = each(b->documents, take_binding, b, err);
    return rc || b->bound ? rc : add(b->roles, json_get(object, "rules"), true, (struct json){0}, err);
}

int roles_read(const char *path, struct roles **out, struct error *err)
{
    struct roles *r = calloc(1, sizeof *r);
    struct binding b = {.roles = r};
    if (!r)
        return error_nomem(err);
    int rc = buf_read_file(&r->text, path, FILE_MAX, err);
    if (!rc)
        rc = yaml_documents_to_json(buf_str(&r->text), path, &r->json, err);
    if (!rc)
        rc = buf_result(&r->json, path, err);
    if (!rc)
        rc = json_parse(buf_str(&r->json), path, &b.documents, err);
    if (!rc && (rc = each(b.documents, take, &b, err)))
        error_prefix(err, "%s", path);
    if (!rc && !r->count)
        rc = error_set(err, ERR_INVALID, "%s: there is no Role or ClusterRole in it", path);
    if (rc) {
        roles_free(r);
        return rc;
    }
    *out = r;
    return 0;
}

void roles_free(struct roles *r)
{
    if (!r)
        return;
    buf_free(&r->text);
    buf_free(&r->json);
    free(r->items);
    free(r);
}

/* ---- asking ---- */

static bool lists(struct json list, const char *name)
{
    for (struct json_iter it = json_iter(list); json_next(&it);) {
        if (json_string_is(it.value, str_of(name)) || json_string_is(it.value, str_of("*")))
            return true;
    }
    return false;
}

/* A rule for objects by their names lets none be listed or watched, and which ones a policy changes is not known. */
static bool rule_allows(struct json rule, const char *group, const char *resource, const char *verb)
{
    return !json_count(json_get(rule, "resourceNames")) && lists(json_get(rule, "apiGroups"), group) &&
           lists(json_get(rule, "resources"), resource) && lists(json_get(rule, "verbs"), verb);
}

bool roles_allow(const struct roles *r, const char *name_space, const char *group, const char *resource,
                 const char *verb)
{
    for (size_t i = 0; i < r->count; i++) {
        const struct role *role = &r->items[i];
        bool here = name_space && (!*role->name_space || strcmp(role->name_space, name_space) == 0);
        if (!role->everywhere && !here)
            continue;
        for (struct json_iter it = json_iter(role->rules); json_next(&it);) {
            if (rule_allows(it.value, group, resource, verb))
                return true;
        }
    }
    return false;
}
