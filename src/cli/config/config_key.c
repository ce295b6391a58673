/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration's keys, and how the value of each is read. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/config/config_parts.h"
#include "outside/address.h"
#include "time/duration.h"
#include "yaml/convert.h"

enum kind {
    KIND_MAP,
    KIND_TEXT,
    KIND_PATH,
    KIND_SOCKET,
    KIND_TEXTS,
    KIND_PATHS,
    KIND_HOSTS,
    KIND_DURATION,
    KIND_STALL,
    KIND_RATE,
    KIND_CHANGES,
    KIND_SIZE,
    KIND_COUNT,
    KIND_LEVEL,
    KIND_FORMAT,
    KIND_FOLD,
    KIND_AUTH,
    KIND_BOOL,
    KIND_CLUSTERS,
    KIND_SINKS,
    KIND_SERVERS,
    KIND_PLUGINS,
    KIND_FREEZES,
    KIND_LEAD,
    KIND_REPORT,
    KIND_LATER
};

static const struct key {
    const char *pointer;
    enum kind kind;
    size_t offset; /* in struct config, or in struct config_cluster where the pointer begins with /cluster/ */
} keys[] = {
    {"/cluster", KIND_MAP, 0},
    {"/cluster/kubeconfig", KIND_PATH, offsetof(struct config_cluster, kubeconfig)},
    {"/cluster/context", KIND_TEXT, offsetof(struct config_cluster, context)},
    {"/cluster/server", KIND_TEXT, offsetof(struct config_cluster, server)},
    {"/cluster/ca", KIND_PATH, offsetof(struct config_cluster, ca)},
    {"/cluster/controller", KIND_TEXT, offsetof(struct config_cluster, controller)},
    {"/cluster/version", KIND_TEXT, offsetof(struct config_cluster, version)},
    {"/cluster/namespaces", KIND_TEXTS, offsetof(struct config_cluster, namespaces)},
    {"/cluster/auth", KIND_MAP, 0},
    {"/cluster/auth/type", KIND_AUTH, 0},
    {"/cluster/auth/token_file", KIND_PATH, offsetof(struct config_cluster, token_file)},
    {"/cluster/auth/access_key_file", KIND_PATH, offsetof(struct config_cluster, access_key_file)},
    {"/cluster/auth/secret_key_file", KIND_PATH, offsetof(struct config_cluster, secret_key_file)},
    {"/cluster/auth/security_token_file", KIND_PATH, offsetof(struct config_cluster, security_token_file)},
    {"/clusters", KIND_CLUSTERS, 0},
    {"/cluster/auth/endpoint", KIND_TEXT, offsetof(struct config_cluster, iam.endpoint)},
    {"/cluster/auth/domain", KIND_TEXT, offsetof(struct config_cluster, iam.domain)},
    {"/cluster/auth/user", KIND_TEXT, offsetof(struct config_cluster, iam.user)},
    {"/cluster/auth/password_file", KIND_PATH, offsetof(struct config_cluster, iam.password_file)},
    {"/cluster/auth/project", KIND_TEXT, offsetof(struct config_cluster, iam.project)},
    {"/cluster/auth/ca", KIND_PATH, offsetof(struct config_cluster, iam.ca_file)},
    {"/cluster/auth/service_account", KIND_PATH, offsetof(struct config_cluster, service_account)},
    {"/policies", KIND_PATHS, offsetof(struct config, policies)},
    {"/namespaces", KIND_TEXTS, offsetof(struct config, namespaces)},
    {"/gpu_resources", KIND_TEXTS, offsetof(struct config, gpu_resources)},
    {"/state", KIND_PATH, offsetof(struct config, state)},
    {"/control", KIND_SOCKET, offsetof(struct config, control)},
    {"/journal", KIND_MAP, 0},
    {"/journal/keep", KIND_DURATION, offsetof(struct config, journal_keep)},
    {"/journal/record", KIND_SIZE, offsetof(struct config, record)},
    {"/journal/max_size", KIND_SIZE, offsetof(struct config, journal_size)},
    {"/listen", KIND_TEXT, offsetof(struct config, listen)},
    {"/listen_token_file", KIND_PATH, offsetof(struct config, listen_token_file)},
    {"/tokens", KIND_MAP, 0},
    {"/tokens/read", KIND_PATH, offsetof(struct config, tokens_read)},
    {"/tokens/write", KIND_PATH, offsetof(struct config, tokens_write)},
    {"/tls", KIND_MAP, 0},
    {"/tls/certificate", KIND_PATH, offsetof(struct config, tls_certificate)},
    {"/tls/key", KIND_PATH, offsetof(struct config, tls_key)},
    {"/log", KIND_MAP, 0},
    {"/log/level", KIND_LEVEL, offsetof(struct config, log_level)},
    {"/log/format", KIND_FORMAT, offsetof(struct config, log_format)},
    {"/log/fold", KIND_FOLD, 0},
    {"/limits", KIND_MAP, 0},
    {"/limits/cpu", KIND_DURATION, offsetof(struct config, limits.cpu_us)},
    {"/limits/memory", KIND_SIZE, offsetof(struct config, limits.memory)},
    {"/limits/timeout", KIND_DURATION, offsetof(struct config, limits.timeout_us)},
    {"/limits/per_second", KIND_RATE, offsetof(struct config, write_gap)},
    {"/limits/changes_per_hour", KIND_CHANGES, offsetof(struct config, changes_per_hour)},
    {"/limits/stall", KIND_STALL, offsetof(struct config, stall)},
    {"/http", KIND_MAP, 0},
    {"/http/timeout", KIND_DURATION, offsetof(struct config, http_timeout)},
    {"/http/watch_silence", KIND_DURATION, offsetof(struct config, watch_silence)},
    {"/http/connections", KIND_COUNT, offsetof(struct config, http_connections)},
    {"/http/allow", KIND_HOSTS, offsetof(struct config, http_allow)},
    {"/http/ca", KIND_PATH, offsetof(struct config, http_ca)},
    {"/notify", KIND_SINKS, 0},
    {"/breaker", KIND_MAP, 0},
    {"/breaker/notify", KIND_TEXTS, offsetof(struct config, breaker_notify)},
    {"/prometheus", KIND_SERVERS, 0},
    {"/plugins", KIND_PLUGINS, 0},
    {"/freeze", KIND_FREEZES, 0},
    {"/approvers", KIND_MAP, 0},
    {"/approvers/users", KIND_TEXTS, offsetof(struct config, approver_users)},
    {"/approvers/groups", KIND_TEXTS, offsetof(struct config, approver_groups)},
    {"/approvers/quorum", KIND_COUNT, offsetof(struct config, approver_quorum)},
    {"/approvers/not_the_trigger", KIND_BOOL, offsetof(struct config, not_the_trigger)},
    {"/approvers/notify", KIND_TEXTS, offsetof(struct config, approver_notify)},
    {"/events", KIND_BOOL, offsetof(struct config, events)},
    {"/secrets", KIND_PATH, offsetof(struct config, secrets)},
    {"/reload", KIND_MAP, 0},
    {"/reload/watch", KIND_BOOL, offsetof(struct config, reload_watch)},
    {"/leader_election", KIND_LEAD, 0},
    {"/sharding", KIND_LEAD, 0},
    {"/report", KIND_REPORT, 0},
};
#define STALL_LEAST_US 100000
#define KEYS (sizeof keys / sizeof *keys)

int config_wrong(struct config_reading *r, const char *pointer, const char *format, ...)
{
    char text[1024], key[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    snprintf(key, sizeof key, "%s", pointer + 1);
    for (char *p = key; *p; p++)
        *p = *p == '/' ? '.' : *p;
    struct config_wrong w = {.line = yaml_pointer_line(buf_str(&r->text), pointer)};
    struct buf whole = BUF_INIT;
    buf_printf(&whole, "%s:%d: %s %s", r->config->file, w.line, key, text);
    w.text = buf_take(&whole, NULL);
    if (w.text && r->wrong_count < CONFIG_WRONGS)
        r->wrongs[r->wrong_count] = w;
    else
        free(w.text);
    r->wrong_count += w.text != NULL;
    return error_set(r->err, ERR_INVALID, "%s:%d: %s %s", r->config->file, w.line, key, text);
}

char *config_decode(struct json value)
{
    struct buf text = BUF_INIT;
    json_decode(value, &text);
    return buf_take(&text, NULL);
}

char *config_path(struct config_reading *r, struct json value)
{
    char path[PATH_MAX];
    char *text = config_decode(value);
    const char *home = getenv("HOME");
    if (!text || text[0] == '/')
        return text;
    if (text[0] == '~' && text[1] == '/' && home)
        snprintf(path, sizeof path, "%s%s", home, text + 1);
    else
        snprintf(path, sizeof path, "%s%s", r->folder, text);
    free(text);
    return str_dup(str_of(path));
}

/* The member that the key's value is for. */
static void *place(const struct config_reading *r, const struct key *k)
{
    bool of_cluster = strncmp(k->pointer, "/cluster/", 9) == 0;
    return (of_cluster ? (char *)r->cluster : (char *)r->config) + k->offset;
}

static int read_text(struct config_reading *r, const struct key *k, struct json value)
{
    if (json_type(value) != JSON_STRING)
        return config_wrong(r, r->at, "is %s; it has to be a text%s", json_type_name(json_type(value)),
                            json_type(value) < JSON_ARRAY ? " (write it in quotes)" : "");
    char **out = (char **)(place(r, k));
    bool path = k->kind == KIND_PATH || (k->kind == KIND_SOCKET && !json_string_is(value, str_of("none")));
    *out = path ? config_path(r, value) : config_decode(value);
    return *out ? 0 : error_nomem(r->err);
}

static int read_texts(struct config_reading *r, const struct key *k, struct json value)
{
    if (json_type(value) != JSON_ARRAY)
        return config_wrong(r, r->at, "is %s; it has to be a list", json_type_name(json_type(value)));
    char **list = calloc(json_count(value) + 1, sizeof *list);
    *(char ***)(place(r, k)) = list;
    size_t n = 0;
    for (struct json_iter it = json_iter(value); list && json_next(&it); n++) {
        if (json_type(it.value) != JSON_STRING)
            return config_wrong(r, r->at, "holds %s; it has to be a list of texts",
                                json_type_name(json_type(it.value)));
        list[n] = k->kind == KIND_PATHS ? config_path(r, it.value) : config_decode(it.value);
        if (!list[n])
            return error_nomem(r->err);
        const char *at = strrchr(list[n], '@'); /* what is before it may be a password */
        if (k->kind == KIND_HOSTS && !allow_entry_good(list[n]))
            return config_wrong(
                r, r->at,
                "holds \"%s%s\"; it takes hosts (api.example.com, *.example.com, with or without :PORT), "
                "addresses and networks (10.0.0.0/8)",
                at ? "..." : "", at ? at : list[n]);
    }
    return list ? 0 : error_nomem(r->err);
}

static int read_duration(struct config_reading *r, const struct key *k, struct json value)
{
    struct error err;
    int64_t *out = (int64_t *)(place(r, k));
    char *text = json_type(value) == JSON_STRING ? config_decode(value) : NULL;
    int rc = text ? duration_parse(text, out, &err) : ERR_INVALID;
    if (rc)
        rc = config_wrong(r, r->at, "has to be a duration such as 30s or 1h30m%s%s", text ? ": " : "",
                          text ? err.message : "");
    free(text);
    return rc;
}

static int read_stall(struct config_reading *r, const struct key *k, struct json value)
{
    int rc = read_duration(r, k, value);
    if (!rc && r->config->stall < STALL_LEAST_US)
        rc = config_wrong(r, r->at, "has to be 100ms or more: a turn of the loop takes some milliseconds");
    return rc;
}

static int read_rate(struct config_reading *r, const struct key *k, struct json value)
{
    double n;
    if (!json_double(value, &n) || !(n >= 0.001 && n <= 1000))
        return config_wrong(r, r->at, "has to be a number from 0.001 to 1000, such as 5 (0.5: one in two seconds)");
    *(int64_t *)(place(r, k)) = (int64_t)(1e6 / n + 0.5);
    return 0;
}

static int read_changes(struct config_reading *r, const struct key *k, struct json value)
{
    int64_t *out = (int64_t *)(place(r, k));
    if (!json_int64(value, out) || *out < 1 || *out > 1000000)
        return config_wrong(r, r->at, "has to be a whole number from 1 to 1000000");
    return 0;
}

static int read_size(struct config_reading *r, const struct key *k, struct json value)
{
    char *text = json_type(value) == JSON_STRING ? config_decode(value) : NULL;
    char *end = NULL;
    unsigned long n = text ? strtoul(text, &end, 10) : 0;
    size_t unit = !end                      ? 0
                  : strcmp(end, "KiB") == 0 ? 1024
                  : strcmp(end, "MiB") == 0 ? 1024 * 1024
                  : strcmp(end, "GiB") == 0 ? 1024 * 1024 * 1024
                                            : 0;
    free(text);
    if (!unit || n == 0 || n > 1000000 || n * unit < 256 * 1024)
        return config_wrong(r, r->at, "has to be a size such as 64MiB (KiB, MiB or GiB; at least 256KiB)");
    *(size_t *)(place(r, k)) = n * unit;
    return 0;
}

static int read_auth(struct config_reading *r, const char *text)
{
    static const char *const names[] = {"kubeconfig", "in-cluster", "token-file", "huawei-aksk", "huawei-iam", NULL};
    for (int i = 0; text && names[i]; i++) {
        if (strcmp(text, names[i]) == 0) {
            r->cluster->auth = (enum config_auth)(AUTH_KUBECONFIG + i);
            return 0;
        }
    }
    return config_wrong(r, r->at, "has to be kubeconfig, in-cluster, token-file, huawei-aksk or huawei-iam");
}

static int read_choice(struct config_reading *r, const struct key *k, struct json value)
{
    char *text = json_type(value) == JSON_STRING ? config_decode(value) : NULL;
    int rc = 0;
    if (k->kind == KIND_LEVEL && !(text && log_level_parse(text, &r->config->log_level)))
        rc = config_wrong(r, r->at, "has to be debug, info, warn or error");
    if (k->kind == KIND_FORMAT && text && strcmp(text, "json") == 0)
        r->config->log_format = LOG_JSON;
    else if (k->kind == KIND_FORMAT && !(text && strcmp(text, "text") == 0))
        rc = config_wrong(r, r->at, "has to be text or json");
    if (k->kind == KIND_AUTH)
        rc = read_auth(r, text);
    free(text);
    return rc;
}

static int read_key(struct config_reading *r, const struct key *k, struct json value)
{
    int64_t count;
    switch (k->kind) {
    case KIND_MAP:
        return json_type(value) == JSON_OBJECT ? 0 : config_wrong(r, r->at, "has to hold keys of its own");
    case KIND_TEXT:
    case KIND_PATH:
    case KIND_SOCKET:
        return read_text(r, k, value);
    case KIND_TEXTS:
    case KIND_PATHS:
    case KIND_HOSTS:
        return read_texts(r, k, value);
    case KIND_DURATION:
        return read_duration(r, k, value);
    case KIND_STALL:
        return read_stall(r, k, value);
    case KIND_RATE:
        return read_rate(r, k, value);
    case KIND_CHANGES:
        return read_changes(r, k, value);
    case KIND_SIZE:
        return read_size(r, k, value);
    case KIND_COUNT:
        if (!json_int64(value, &count) || count < 1 || count > 256)
            return config_wrong(r, r->at, "has to be a whole number from 1 to 256");
        *(unsigned *)(place(r, k)) = (unsigned)count;
        return 0;
    case KIND_BOOL:
        if (json_type(value) != JSON_BOOL)
            return config_wrong(r, r->at, "has to be true or false");
        *(bool *)(place(r, k)) = json_is_true(value);
        return 0;
    case KIND_FOLD:
        return config_read_fold(r, value);
    case KIND_CLUSTERS:
        return config_read_clusters(r, value);
    case KIND_SINKS:
        return config_read_sinks(r, value);
    case KIND_SERVERS:
        return config_read_servers(r, value);
    case KIND_PLUGINS:
        return config_read_plugins(r, value);
    case KIND_FREEZES:
        return config_read_freezes(r, value);
    case KIND_LEAD:
        return config_read_lead(r, k->pointer + 1, value);
    case KIND_REPORT:
        return config_read_report(r, value);
    case KIND_LATER:
        return config_wrong(r, r->at, "is not available in this version; leave it out");
    default:
        return read_choice(r, k, value);
    }
}

/* shape: the pointer as the table of keys has it. */
static int unknown(struct config_reading *r, const char *pointer, const char *shape)
{
    const char *names[KEYS + 1];
    size_t n = 0, stem = (size_t)(strrchr(shape, '/') - shape) + 1;
    for (size_t i = 0; i < KEYS; i++) {
        if (strncmp(keys[i].pointer, shape, stem) == 0 && !strchr(keys[i].pointer + stem, '/'))
            names[n++] = keys[i].pointer + stem;
    }
    names[n] = NULL;
    const char *near = str_nearest(shape + stem, names);
    return config_wrong(r, pointer, "is not a key of the configuration%s%s%s", near ? "; did you mean \"" : "",
                        near ? near : "", near ? "\"?" : "");
}

static const struct key *find_key(const char *shape)
{
    for (size_t i = 0; i < KEYS; i++) {
        if (strcmp(keys[i].pointer, shape) == 0)
            return &keys[i];
    }
    return NULL;
}

int config_read_map(struct config_reading *r, struct json map, const char *prefix, const char *shape_prefix)
{
    int found = 0;
    for (struct json_iter it = json_iter(map); json_next(&it);) {
        char pointer[256], shape[256];
        char *name = config_decode(it.key);
        if (!name)
            return error_nomem(r->err);
        snprintf(pointer, sizeof pointer, "%s/%s", prefix, name);
        snprintf(shape, sizeof shape, "%s/%s", shape_prefix, name);
        const struct key *known = strchr(name, '/') ? NULL : find_key(shape);
        free(name);
        r->at = pointer;
        int rc = !known                             ? unknown(r, pointer, shape)
                 : json_type(it.value) == JSON_NULL ? 0
                                                    : read_key(r, known, it.value);
        if (!rc && known->kind == KIND_MAP)
            rc = config_read_map(r, it.value, pointer, shape);
        if (rc && rc != ERR_INVALID)
            return rc;
        found = rc ? rc : found; /* told; the others are read all the same */
    }
    return found;
}
