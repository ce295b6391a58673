/* SPDX-License-Identifier: Apache-2.0 */
/* Requests taken apart as an API server's authorizer does, and the 403 of one that is forbidden. */
#include "cli/test/wire_rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/texts.h"

struct wire_rule {
    const char *verb, *resource, *name_space; /* NULL: any */
    char *texts;
    struct wire_rule *next;
};

struct asked {
    char verb[16], group[128], resource[128], name_space[128], name[256];
};

int wire_rules_add(struct wire_rule **rules, const char *verb, const char *resource, const char *name_space)
{
    struct wire_rule *r = calloc(1, sizeof *r);
    if (!r)
        return ERR_NOMEM;
    r->texts = TEXTS_COPY({&r->verb, verb}, {&r->resource, resource}, {&r->name_space, name_space});
    if (!r->texts) {
        free(r);
        return ERR_NOMEM;
    }
    r->next = *rules;
    *rules = r;
    return 0;
}

void wire_rules_free(struct wire_rule *rules)
{
    while (rules) {
        struct wire_rule *next = rules->next;
        free(rules->texts);
        free(rules);
        rules = next;
    }
}

/* The next part of the path into out; what follows it is returned. */
static const char *part(const char *at, char *out, size_t size)
{
    at += *at == '/';
    size_t n = strcspn(at, "/?");
    snprintf(out, size, "%.*s", (int)n, at);
    return at + n;
}

static void name_verb(const char *method, const char *target, struct asked *a)
{
    const char *query = strchr(target, '?');
    bool watch = query && (strstr(query, "watch=1") || strstr(query, "watch=true"));
    const char *verb = strcmp(method, "PUT") == 0      ? "update"
                       : strcmp(method, "POST") == 0   ? "create"
                       : strcmp(method, "PATCH") == 0  ? "patch"
                       : strcmp(method, "DELETE") == 0 ? "delete"
                       : watch                         ? "watch"
                       : *a->name                      ? "get"
                                                       : "list";
    snprintf(a->verb, sizeof a->verb, "%s", verb);
}

/* False: it is not about a resource (discovery). */
static bool take_apart(const char *method, const char *target, struct asked *a)
{
    char word[128];
    *a = (struct asked){0};
    const char *at = part(target, word, sizeof word);
    if (strcmp(word, "apis") == 0)
        at = part(at, a->group, sizeof a->group);
    else if (strcmp(word, "api") != 0)
        return false;
    at = part(at, word, sizeof word); /* the version */
    at = part(at, a->resource, sizeof a->resource);
    if (strcmp(a->resource, "namespaces") == 0) {
        const char *behind = part(at, a->name_space, sizeof a->name_space);
        behind = part(behind, word, sizeof word);
        if (*word) {
            snprintf(a->resource, sizeof a->resource, "%s", word);
            at = behind;
        }
    }
    part(at, a->name, sizeof a->name);
    name_verb(method, target, a);
    return *a->resource;
}

static bool fits(const char *wanted, const char *is)
{
    return !wanted || strcmp(wanted, "*") == 0 || strcmp(wanted, is) == 0;
}

static void refuse(const struct asked *a, struct sim_response *response)
{
    char text[1024], where[160];
    if (*a->name_space)
        snprintf(where, sizeof where, " in the namespace \\\"%s\\\"", a->name_space);
    else
        snprintf(where, sizeof where, " at the cluster scope");
    snprintf(text, sizeof text,
             "%s.%s \\\"%s\\\" is forbidden: User \\\"test\\\" cannot %s resource \\\"%s\\\" in API group \\\"%s\\\"%s",
             a->resource, a->group, a->name, a->verb, a->resource, a->group, where);
    *response = (struct sim_response){.status = 403, .content_type = "application/json", .wire.cut_at = SIZE_MAX};
    buf_printf(&response->body,
               "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\",\"message\":\"%s\","
               "\"reason\":\"Forbidden\",\"details\":{\"name\":\"%s\",\"group\":\"%s\",\"kind\":\"%s\"},\"code\":403}",
               text, a->name, a->group, a->resource);
}

bool wire_rules_refuse(const struct wire_rule *rules, const char *method, const char *target,
                       struct sim_response *response)
{
    struct asked a;
    if (!rules || !take_apart(method, target, &a))
        return false;
    for (const struct wire_rule *r = rules; r; r = r->next) {
        if (fits(r->verb, a.verb) && fits(r->resource, a.resource) && fits(r->name_space, a.name_space)) {
            refuse(&a, response);
            return true;
        }
    }
    return false;
}
