/* SPDX-License-Identifier: Apache-2.0 */
/* From the path and the method to a resource and a verb; who may do that; and the options that every write has. */
#include "sim/api/route.h"

#include "sim/server/status.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static bool is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static const struct resource *find(struct exchange *x, const char *group, const char *version, const char *plural)
{
    const struct resource *r = resource_find(group, version, plural);
    if (r && (r->other || r->workload) && !sim_serves(x->sim, r))
        return NULL;
    if (r && r->sibling) { /* it has one version, and a schema of its own */
        x->mpijob_version = x->sim->stored_as;
        return x->sim->opt.siblings ? r : NULL;
    }
    if (!r || r->kind != K_MPIJOB)
        return r;
    for (int v = 0; v < MPIJOB_VERSIONS; v++)
        if (x->sim->served[v] && is(version, version_name[v])) {
            x->mpijob_version = v;
            return r;
        }
    return NULL;
}

/* Reads what follows the group and version. False: there is no such path. */
static bool take_path(struct exchange *x, const char *group, char **rest, size_t n)
{
    const char *plural = rest[0];
    bool within = is(rest[0], "namespaces") && n >= 3 &&
                  !(*group == 0 && n == 3 && (is(rest[2], "status") || is(rest[2], "finalize")));
    size_t at = 0;
    if (within) {
        x->ns = rest[1];
        plural = rest[2];
        at = 2;
    }
    x->res = find(x, group, x->version, plural);
    if (!x->res || n > at + 3 || (within && !x->res->namespaced))
        return false;
    x->name = n > at + 1 ? rest[at + 1] : "";
    x->sub = n > at + 2 ? rest[at + 2] : "";
    return within || !x->res->namespaced || n == 1;
}

static enum verb choose_verb(struct exchange *x)
{
    const char *m = x->req->method;
    bool get = is(m, "GET") || is(m, "HEAD");
    if (!*x->name) {
        if (get)
            return param_true(x, "watch") ? VERB_WATCH : VERB_LIST;
        return is(m, "POST") ? VERB_CREATE : is(m, "DELETE") ? VERB_DELETE_ALL : VERB_NONE;
    }
    if (get)
        return VERB_GET;
    if (is(m, "PUT") || is(m, "PATCH"))
        return *m == 'P' && m[1] == 'U' ? VERB_UPDATE : VERB_PATCH;
    if (*x->sub)
        return VERB_NONE;
    return is(m, "DELETE") ? VERB_DELETE : is(m, "POST") ? VERB_CREATE : VERB_NONE;
}

static const char *word_for_method(const char *m, char out[16])
{
    if (is(m, "POST"))
        return "create";
    if (is(m, "PUT"))
        return "update";
    size_t n = 0;
    for (; m[n] && n < 15; n++)
        out[n] = (char)tolower((unsigned char)m[n]);
    out[n] = 0;
    return out;
}

bool route(struct exchange *x)
{
    const char *group = "";
    size_t at = 2;
    if (x->segments >= 2 && is(x->segment[0], "apis")) {
        group = x->segment[1];
        at = 3;
    } else if (!x->segments || !is(x->segment[0], "api")) {
        return false;
    }
    if (x->segments <= at)
        return false;
    x->version = x->segment[at - 1];
    if (!take_path(x, group, x->segment + at, x->segments - at)) {
        x->res = NULL;
        return false;
    }
    x->verb = choose_verb(x);
    bool across = x->res->namespaced && !*x->ns;
    if (across && x->res->kind != K_REVIEW && x->verb != VERB_LIST && x->verb != VERB_WATCH) {
        x->verb = VERB_NONE; /* answered with the plain 404, unless authorize has a 403 */
        fail_plain_404(x);
    }
    return true;
}

static const char *verb_word(enum verb verb)
{
    static const char *const word[] = {
        "get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", ""};
    return word[verb];
}

static int forbid(struct exchange *x)
{
    const struct resource *r = x->res;
    char *label = resource_label(r);
    struct buf scope = BUF_INIT;
    if (*x->ns)
        buf_printf(&scope, "in the namespace \"%s\"", x->ns);
    else
        buf_puts(&scope, "at the cluster scope");
    struct details d = {.name = x->name, .group = r->group, .kind = r->plural};
    const char *user = x->user == USER_ANONYMOUS ? "system:anonymous" : "view";
    bool named = *x->name != 0;
    sim_response_header(x->resp, "X-Content-Type-Options", "nosniff");
    fail_with(x, 403, "Forbidden", &d, NULL,
              "%s%s%s%s is forbidden: User \"%s\" cannot %s resource \"%s%s%s\" in API group \"%s\" %s", label,
              named ? " \"" : "", x->name, named ? "\"" : "", user, verb_word(x->verb), r->plural, *x->sub ? "/" : "",
              x->sub, r->group, scope.ptr);
    buf_free(&scope);
    free(label);
    return -1;
}

int authorize(struct exchange *x)
{
    if (x->user == USER_ANONYMOUS || (x->user == USER_VIEW && x->res->kind != K_REVIEW))
        return forbid(x);
    if (x->resp->status)
        return 0;
    bool known_sub =
        !*x->sub || (x->res->status && is(x->sub, "status")) || (x->res->kind == K_NAMESPACE && is(x->sub, "finalize"));
    if (!known_sub)
        return fail_not_found(x, x->name);
    char word[16];
    if (x->verb == VERB_NONE || (x->res->kind == K_REVIEW && x->verb != VERB_CREATE))
        return fail_method(x, word_for_method(x->req->method, word));
    return 0;
}

static const char *options_kind(enum verb verb)
{
    return verb == VERB_CREATE   ? "CreateOptions"
           : verb == VERB_UPDATE ? "UpdateOptions"
           : verb == VERB_PATCH  ? "PatchOptions"
                                 : "DeleteOptions";
}

static int check_manager(struct exchange *x, const char *kind)
{
    const char *manager = param(x, "fieldManager");
    if (!manager)
        return 0;
    if (strlen(manager) > 128)
        return fail_options(x, kind, "fieldManager", "Too long: may not be more than 128 bytes");
    for (const char *p = manager; *p; p++)
        if (iscntrl((unsigned char)*p))
            return fail_options(x, kind, "fieldManager",
                                "Invalid value: \"\": should only contain printable characters");
    return 0;
}

int options_check(struct exchange *x)
{
    if (x->verb == VERB_GET || x->verb == VERB_LIST || x->verb == VERB_WATCH)
        return 0;
    const char *kind = options_kind(x->verb);
    const char *dry = param(x, "dryRun");
    if (dry && !is(dry, "All"))
        return fail_options(x, kind, "dryRun", "Unsupported value: [\"%s\"]: supported values: \"All\"", dry);
    x->dry_run = dry != NULL;
    if (x->verb == VERB_DELETE || x->verb == VERB_DELETE_ALL)
        return 0;
    const char *v = param(x, "fieldValidation");
    x->validation = !v || !*v || is(v, "Warn") ? VALIDATE_WARN : is(v, "Strict") ? VALIDATE_STRICT : VALIDATE_IGNORE;
    if (x->validation == VALIDATE_IGNORE && !is(v, "Ignore"))
        return fail_options(x, kind, "fieldValidation",
                            "Unsupported value: \"%s\": supported values: \"\", \"Ignore\", \"Strict\", \"Warn\"", v);
    return check_manager(x, kind);
}
