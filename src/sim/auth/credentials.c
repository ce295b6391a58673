/* SPDX-License-Identifier: Apache-2.0 */
/* The credentials that are taken: read from the options, changed by /_sim/credentials, looked up. */
#include "sim/auth/credentials.h"

#include <stdlib.h>
#include <string.h>

static void strings_add(struct strings *s, const char *text)
{
    s->item = sim_realloc(s->item, (s->count + 1) * sizeof *s->item);
    s->item[s->count++] = sim_strdup(text);
}

static void strings_clear(struct strings *s)
{
    for (size_t i = 0; i < s->count; i++)
        free(s->item[i]);
    free(s->item);
    *s = (struct strings){0};
}

bool strings_have(const struct strings *s, const char *text)
{
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->item[i], text) == 0)
            return true;
    return false;
}

static void add_key(struct credentials *c, const char *access, const char *secret, const char *security_token)
{
    c->key = sim_realloc(c->key, (c->keys + 1) * sizeof *c->key);
    c->key[c->keys++] = (struct access_key){sim_strdup(access), sim_strdup(secret),
                                            security_token && *security_token ? sim_strdup(security_token) : NULL};
}

static void clear_keys(struct credentials *c)
{
    for (size_t i = 0; i < c->keys; i++) {
        free(c->key[i].access);
        free(c->key[i].secret);
        free(c->key[i].security_token);
    }
    free(c->key);
    c->key = NULL;
    c->keys = 0;
}

static void revoke(struct credentials *c)
{
    for (size_t i = 0; i < c->issued_count; i++)
        free(c->issued[i].token);
    free(c->issued);
    c->issued = NULL;
    c->issued_count = 0;
}

/* Cuts "a:b:c" into its parts, `most` at most: the last one has the rest. Returns how many there are. */
static size_t split(char *text, char **part, size_t most)
{
    size_t n = 0;
    for (char *at = text; at && n < most; n++) {
        part[n] = at;
        at = n + 1 < most ? strchr(at, ':') : NULL;
        if (at)
            *at++ = 0;
    }
    return n;
}

static char *take_key(struct credentials *c, const char *option)
{
    char *copy = sim_strdup(option), *part[3] = {0};
    size_t n = split(copy, part, 3);
    if (n >= 2)
        add_key(c, part[0], part[1], part[2]);
    free(copy);
    return n >= 2 ? NULL : sim_strdup("--access-key: give ACCESS:SECRET or ACCESS:SECRET:SECURITYTOKEN");
}

static char *take_iam(struct credentials *c, const char *option)
{
    char *copy = sim_strdup(option), *part[4] = {0};
    if (split(copy, part, 4) == 4) {
        c->domain = sim_strdup(part[0]);
        c->user = sim_strdup(part[1]);
        c->project = sim_strdup(part[2]);
        c->password = sim_strdup(part[3]);
    }
    free(copy);
    return c->user ? NULL : sim_strdup("--iam: give DOMAIN:USER:PROJECT:PASSWORD");
}

char *credentials_init(struct credentials *c, const struct sim_options *o)
{
    char *problem = NULL;
    *c = (struct credentials){.client_ca = o->client_ca, .life_us = (o->iam_life_s ? o->iam_life_s : 86400) * 1000000};
    if (o->token)
        strings_add(&c->tokens, o->token);
    if (o->basic)
        strings_add(&c->basics, o->basic);
    if (o->access_key)
        problem = take_key(c, o->access_key);
    if (!problem && o->iam)
        problem = take_iam(c, o->iam);
    return problem;
}

void credentials_free(struct credentials *c)
{
    strings_clear(&c->tokens);
    strings_clear(&c->basics);
    strings_clear(&c->certificates);
    clear_keys(c);
    revoke(c);
    free(c->domain);
    free(c->user);
    free(c->password);
    free(c->project);
    *c = (struct credentials){0};
}

bool credentials_wanted(const struct credentials *c)
{
    return c->tokens.count || c->basics.count || c->keys || c->user || c->client_ca;
}

const struct access_key *credentials_key(const struct credentials *c, const char *access)
{
    for (size_t i = 0; i < c->keys; i++)
        if (strcmp(c->key[i].access, access) == 0)
            return &c->key[i];
    return NULL;
}

bool credentials_issued(const struct credentials *c, const char *token, int64_t now_us)
{
    for (size_t i = 0; i < c->issued_count; i++)
        if (strcmp(c->issued[i].token, token) == 0)
            return now_us < c->issued[i].until_us;
    return false;
}

void credentials_issue(struct credentials *c, const char *token, int64_t until_us)
{
    c->issued = sim_realloc(c->issued, (c->issued_count + 1) * sizeof *c->issued);
    c->issued[c->issued_count++] = (struct issued){sim_strdup(token), until_us};
}

/* ---- /_sim/credentials */

static bool change_strings(struct strings *s, json_object *list)
{
    if (!json_object_is_type(list, json_type_array))
        return false;
    strings_clear(s);
    for (size_t i = 0; i < json_object_array_length(list); i++)
        strings_add(s, json_object_get_string(json_object_array_get_idx(list, i)));
    return true;
}

static bool change_keys(struct credentials *c, json_object *list)
{
    if (!json_object_is_type(list, json_type_array))
        return false;
    clear_keys(c);
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        json_object *k = json_object_array_get_idx(list, i);
        if (!doc_str(k, "access") || !doc_str(k, "secret"))
            return false;
        add_key(c, doc_str(k, "access"), doc_str(k, "secret"), doc_str(k, "securityToken"));
    }
    return true;
}

static bool change_one(struct credentials *c, const char *key, json_object *value)
{
    if (strcmp(key, "tokens") == 0)
        return change_strings(&c->tokens, value);
    if (strcmp(key, "basic") == 0)
        return change_strings(&c->basics, value);
    if (strcmp(key, "certificates") == 0)
        return change_strings(&c->certificates, value);
    if (strcmp(key, "accessKeys") == 0)
        return change_keys(c, value);
    if (strcmp(key, "iamLifetime") == 0)
        c->life_us = (int64_t)(json_object_get_double(value) * 1e6);
    else if (strcmp(key, "revoke") == 0)
        revoke(c);
    else if (strcmp(key, "iamPassword") == 0 && c->user && json_object_is_type(value, json_type_string)) {
        free(c->password);
        c->password = sim_strdup(json_object_get_string(value));
    } else
        return false;
    return true;
}

char *credentials_change(struct credentials *c, json_object *doc)
{
    if (!json_object_is_type(doc, json_type_object))
        return sim_strdup("send an object");
    json_object_object_foreach(doc, key, value)
    {
        if (!change_one(c, key, value))
            return sim_format(
                "'%s' is unknown, or its value is wrong: send tokens, basic, certificates, accessKeys, iamPassword, "
                "iamLifetime or revoke",
                key);
    }
    return NULL;
}
