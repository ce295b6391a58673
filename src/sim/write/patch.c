/* SPDX-License-Identifier: Apache-2.0 */
/* PATCH: RFC 7396 merge patches and RFC 6902 JSON patches, with the differences that a real server has. */
#include "sim/write/verbs.h"

#include "sim/server/object.h"
#include "sim/server/status.h"
#include "sim/write/body.h"
#include "sim/write/update.h"

#include <stdlib.h>
#include <string.h>

/* ---- merge patch */

/* Other than the RFC says, members that are null go wherever they are, inside arrays too. */
static json_object *without_nulls(json_object *v)
{
    if (json_object_is_type(v, json_type_array)) {
        json_object *copy = json_object_new_array();
        for (size_t i = 0; i < json_object_array_length(v); i++)
            json_object_array_add(copy, without_nulls(json_object_array_get_idx(v, i)));
        return copy;
    }
    if (!json_object_is_type(v, json_type_object))
        return json_object_get(v);
    json_object *copy = json_object_new_object();
    json_object_object_foreach(v, key, value)
    {
        if (value)
            doc_set(copy, key, without_nulls(value));
    }
    return copy;
}

static void merge(json_object *target, json_object *patch)
{
    json_object_object_foreach(patch, key, value)
    {
        json_object *there = doc_get(target, key);
        if (!value)
            json_object_object_del(target, key);
        else if (json_object_is_type(value, json_type_object) && json_object_is_type(there, json_type_object))
            merge(there, value);
        else
            doc_set(target, key, without_nulls(value));
    }
}

/* ---- JSON patch */

/* Of "/a/b": returns what "/a" points to, or NULL, and gives "b", decoded (to be freed), in *last. */
static json_object *find_parent(json_object *doc, const char *pointer, char **last)
{
    if (*pointer != '/')
        return NULL;
    char *copy = sim_strdup(pointer + 1), *token = copy;
    json_object *at = doc;
    for (;;) {
        char *slash = strchr(token, '/');
        if (slash)
            *slash = 0;
        char *to = token;
        for (char *p = token; *p; p++) {
            bool escape = *p == '~' && (p[1] == '0' || p[1] == '1');
            if (escape)
                p++;
            *to++ = !escape ? *p : *p == '1' ? '/' : '~';
        }
        *to = 0;
        if (!slash)
            break;
        if (json_object_is_type(at, json_type_array))
            at = json_object_array_get_idx(at, strtoul(token, NULL, 10));
        else
            at = doc_get(at, token);
        token = slash + 1;
    }
    *last = sim_strdup(token);
    free(copy);
    if (json_object_is_type(at, json_type_object) || json_object_is_type(at, json_type_array))
        return at;
    free(*last);
    return NULL;
}

static bool array_index(json_object *array, const char *token, bool adding, size_t *index)
{
    size_t n = json_object_array_length(array);
    char *end;
    if (adding && strcmp(token, "-") == 0) {
        *index = n;
        return true;
    }
    if (*token < '0' || *token > '9')
        return false;
    *index = strtoul(token, &end, 10);
    return !*end && (*index < n || (adding && *index == n));
}

static bool look_up(json_object *parent, const char *token, json_object **value)
{
    size_t i;
    if (json_object_is_type(parent, json_type_object))
        return json_object_object_get_ex(parent, token, value);
    if (!array_index(parent, token, false, &i))
        return false;
    *value = json_object_array_get_idx(parent, i);
    return true;
}

static bool put_in(json_object *parent, const char *token, json_object *value, bool insert)
{
    size_t i, n;
    if (json_object_is_type(parent, json_type_object)) {
        doc_set(parent, token, value);
        return true;
    }
    if (!array_index(parent, token, insert, &i)) {
        json_object_put(value);
        return false;
    }
    n = json_object_array_length(parent);
    if (insert && i < n) { /* json-c cannot insert: move the rest up */
        json_object_array_add(parent, json_object_get(json_object_array_get_idx(parent, n - 1)));
        for (size_t j = n - 1; j > i; j--)
            json_object_array_put_idx(parent, j, json_object_get(json_object_array_get_idx(parent, j - 1)));
    }
    json_object_array_put_idx(parent, i, value);
    return true;
}

static bool take_out(json_object *parent, const char *token)
{
    size_t i;
    json_object *ignored;
    if (!look_up(parent, token, &ignored))
        return false;
    if (json_object_is_type(parent, json_type_object)) {
        json_object_object_del(parent, token);
        return true;
    }
    return array_index(parent, token, false, &i) && json_object_array_del_idx(parent, i, 1) == 0;
}

static bool with_value(json_object *doc, const char *op, const char *path, json_object *value)
{
    char *token;
    json_object *there = NULL, *parent = find_parent(doc, path, &token);
    if (!parent)
        return false;
    bool good;
    if (strcmp(op, "test") == 0)
        good = (look_up(parent, token, &there) || !value) && doc_equal(there, value);
    else
        good = put_in(parent, token, value ? doc_copy(value) : NULL, strcmp(op, "add") == 0);
    free(token);
    return good;
}

static bool from_elsewhere(json_object *doc, const char *op, const char *path, const char *from)
{
    char *token;
    json_object *value = NULL, *parent = from ? find_parent(doc, from, &token) : NULL;
    if (!parent)
        return false;
    bool good = look_up(parent, token, &value);
    value = good && value ? doc_copy(value) : NULL;
    if (good && strcmp(op, "move") == 0)
        good = take_out(parent, token);
    free(token);
    good = good && with_value(doc, "add", path, value);
    json_object_put(value);
    return good;
}

static bool apply_one(json_object *doc, json_object *step)
{
    const char *op = doc_str(step, "op"), *path = doc_str(step, "path");
    if (!op || !path)
        return false;
    if (strcmp(op, "add") == 0 || strcmp(op, "replace") == 0 || strcmp(op, "test") == 0)
        return (strcmp(op, "test") == 0 || json_object_object_get_ex(step, "value", NULL)) &&
               with_value(doc, op, path, doc_get(step, "value"));
    if (strcmp(op, "copy") == 0 || strcmp(op, "move") == 0)
        return from_elsewhere(doc, op, path, doc_str(step, "from"));
    if (strcmp(op, "remove") != 0)
        return false;
    char *token;
    json_object *parent = find_parent(doc, path, &token);
    bool good = parent && take_out(parent, token);
    if (parent)
        free(token);
    return good;
}

/* ---- the verb */

enum patch_type { PATCH_NONE, PATCH_MERGE, PATCH_JSON };

static enum patch_type choose_type(const struct exchange *x)
{
    const char *type = x->req->content_type;
    if (media_type_is(type, "application/json-patch+json"))
        return PATCH_JSON;
    /* built-in kinds take strategic merge patches too; here they are merged as plain ones, which replace arrays */
    bool strategic = !schema_of(x) && media_type_is(type, "application/strategic-merge-patch+json");
    return media_type_is(type, "application/merge-patch+json") || strategic ? PATCH_MERGE : PATCH_NONE;
}

static int read_patch(struct exchange *x, enum patch_type type, struct body *b)
{
    *b = (struct body){0};
    if (x->req->too_large)
        return fail_with(x, 413, "RequestEntityTooLarge", NULL, NULL, "Request entity too large: limit is %d",
                         SIM_BODY_MAX);
    if (type == PATCH_NONE)
        return fail_with(x, 415, "UnsupportedMediaType", NULL, NULL,
                         "the body of the request was in an unknown format - accepted media types include: "
                         "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml");
    struct doc_reading r = {.duplicates = &b->duplicates};
    b->doc = doc_read(x->req->body, x->req->body_len, &r);
    b->whole_float = r.whole_float;
    if (r.error) {
        fail_bad_request(x, "error decoding patch: %s", r.error);
        free(r.error);
        return -1;
    }
    if (!json_object_is_type(b->doc, type == PATCH_MERGE ? json_type_object : json_type_array))
        return fail_bad_request(x, "error decoding patch: json: cannot unmarshal into Go value of type %s",
                                type == PATCH_MERGE ? "map[string]interface {}" : "jsonpatch.Patch");
    return 0;
}

static int apply(struct exchange *x, enum patch_type type, json_object *patch, json_object *doc)
{
    if (type == PATCH_MERGE) {
        merge(doc, patch);
        return 0;
    }
    for (size_t i = 0; i < json_object_array_length(patch); i++) {
        if (apply_one(doc, json_object_array_get_idx(patch, i)))
            continue;
        struct details d = {.empty = true};
        return fail_with(x, 422, "Invalid", &d, NULL, "the server rejected our request due to an error in our request");
    }
    return 0;
}

void verb_patch(struct exchange *x)
{
    struct body b;
    enum patch_type type = choose_type(x);
    if (read_patch(x, type, &b)) {
        body_free(&b);
        return;
    }
    struct revision *rev = store_get(&x->sim->store, (int)x->res->kind, x->ns, x->name);
    if (!rev) {
        fail_not_found(x, x->name);
        body_free(&b);
        return;
    }
    json_object *doc = object_read(x, rev), *patch = b.doc;
    char *version = *x->res->group ? sim_format("%s/%s", x->res->group, x->version) : sim_strdup(x->version);
    doc_set_str(doc, "apiVersion", version);
    doc_set_str(doc, "kind", x->res->name);
    free(version);
    b.doc = doc;
    if (!apply(x, type, patch, doc) && !body_clean(x, &b, true))
        update_object(x, rev, json_object_get(doc), true, b.whole_float && !x->dry_run);
    json_object_put(patch);
    body_free(&b);
}
