#include "cli/config.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/yaml.h"
#include "time/duration.h"

#define DEFAULT_FILE "/etc/mpijobd/mpijobd.yaml"
#define FILE_MAX (1024 * 1024)

enum kind {
    KIND_MAP,
    KIND_TEXT,
    KIND_PATH,
    KIND_TEXTS,
    KIND_PATHS,
    KIND_DURATION,
    KIND_SIZE,
    KIND_COUNT,
    KIND_LEVEL,
    KIND_FORMAT,
    KIND_AUTH,
    KIND_LATER
};

static const struct key {
    const char *pointer;
    enum kind kind;
    size_t offset;
} keys[] = {
    {"/cluster", KIND_MAP, 0},
    {"/cluster/kubeconfig", KIND_PATH, offsetof(struct config, kubeconfig)},
    {"/cluster/context", KIND_TEXT, offsetof(struct config, context)},
    {"/cluster/server", KIND_TEXT, offsetof(struct config, server)},
    {"/cluster/ca", KIND_PATH, offsetof(struct config, ca)},
    {"/cluster/controller", KIND_TEXT, offsetof(struct config, controller)},
    {"/cluster/version", KIND_TEXT, offsetof(struct config, version)},
    {"/cluster/auth", KIND_MAP, 0},
    {"/cluster/auth/type", KIND_AUTH, 0},
    {"/cluster/auth/token_file", KIND_PATH, offsetof(struct config, token_file)},
    {"/cluster/auth/access_key_file", KIND_PATH, offsetof(struct config, access_key_file)},
    {"/cluster/auth/secret_key_file", KIND_PATH, offsetof(struct config, secret_key_file)},
    {"/cluster/auth/security_token_file", KIND_PATH, offsetof(struct config, security_token_file)},
    {"/cluster/auth/endpoint", KIND_TEXT, offsetof(struct config, iam.endpoint)},
    {"/cluster/auth/domain", KIND_TEXT, offsetof(struct config, iam.domain)},
    {"/cluster/auth/user", KIND_TEXT, offsetof(struct config, iam.user)},
    {"/cluster/auth/password_file", KIND_PATH, offsetof(struct config, iam.password_file)},
    {"/cluster/auth/project", KIND_TEXT, offsetof(struct config, iam.project)},
    {"/cluster/auth/ca", KIND_PATH, offsetof(struct config, iam.ca_file)},
    {"/cluster/auth/service_account", KIND_PATH, offsetof(struct config, service_account)},
    {"/policies", KIND_PATHS, offsetof(struct config, policies)},
    {"/namespaces", KIND_TEXTS, offsetof(struct config, namespaces)},
    {"/gpu_resources", KIND_TEXTS, offsetof(struct config, gpu_resources)},
    {"/state", KIND_PATH, offsetof(struct config, state)},
    {"/log", KIND_MAP, 0},
    {"/log/level", KIND_LEVEL, offsetof(struct config, log_level)},
    {"/log/format", KIND_FORMAT, offsetof(struct config, log_format)},
    {"/limits", KIND_MAP, 0},
    {"/limits/cpu", KIND_DURATION, offsetof(struct config, limits.cpu_us)},
    {"/limits/memory", KIND_SIZE, offsetof(struct config, limits.memory)},
    {"/limits/timeout", KIND_DURATION, offsetof(struct config, limits.timeout_us)},
    {"/http", KIND_MAP, 0},
    {"/http/timeout", KIND_DURATION, offsetof(struct config, http_timeout)},
    {"/http/connections", KIND_COUNT, offsetof(struct config, http_connections)},
    /* Known to the interface, and not there yet: said plainly rather than ignored. */
    {"/clusters", KIND_LATER, 0},
    {"/plugins", KIND_LATER, 0},
    {"/listen", KIND_LATER, 0},
    {"/control", KIND_LATER, 0},
    {"/secrets", KIND_LATER, 0},
    {"/leader_election", KIND_LATER, 0},
    {"/sharding", KIND_LATER, 0},
};
#define KEYS (sizeof keys / sizeof *keys)

struct reading {
    struct config *config;
    struct buf text, json;
    const char *folder; /* of the file, with a slash; "" for the current one */
    struct error *err;
};

static int wrong(struct reading *r, const char *pointer, const char *format, ...) __attribute__((format(printf, 3, 4)));

static int wrong(struct reading *r, const char *pointer, const char *format, ...)
{
    char text[1024], key[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    snprintf(key, sizeof key, "%s", pointer + 1);
    for (char *p = key; *p; p++)
        *p = *p == '/' ? '.' : *p;
    return error_set(r->err, ERR_INVALID, "%s:%d: %s %s", r->config->file, yaml_line(buf_str(&r->text), pointer), key,
                     text);
}

static char *decode(struct json value)
{
    struct buf text = BUF_INIT;
    json_decode(value, &text);
    return buf_take(&text, NULL);
}

/* Relative to the configuration's folder; "~/" is the home's. */
static char *decode_path(struct reading *r, struct json value)
{
    char path[PATH_MAX];
    char *text = decode(value);
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

static int read_text(struct reading *r, const struct key *k, struct json value)
{
    if (json_type(value) != JSON_STRING)
        return wrong(r, k->pointer, "is %s; it has to be a text", json_type_name(json_type(value)));
    char **out = (char **)((char *)r->config + k->offset);
    *out = k->kind == KIND_PATH ? decode_path(r, value) : decode(value);
    return *out ? 0 : error_nomem(r->err);
}

static int read_texts(struct reading *r, const struct key *k, struct json value)
{
    if (json_type(value) != JSON_ARRAY)
        return wrong(r, k->pointer, "is %s; it has to be a list", json_type_name(json_type(value)));
    char **list = calloc(json_count(value) + 1, sizeof *list);
    *(char ***)((char *)r->config + k->offset) = list;
    size_t n = 0;
    for (struct json_iter it = json_iter(value); list && json_next(&it); n++) {
        if (json_type(it.value) != JSON_STRING)
            return wrong(r, k->pointer, "holds %s; it has to be a list of texts", json_type_name(json_type(it.value)));
        list[n] = k->kind == KIND_PATHS ? decode_path(r, it.value) : decode(it.value);
        if (!list[n])
            return error_nomem(r->err);
    }
    return list ? 0 : error_nomem(r->err);
}

static int read_duration(struct reading *r, const struct key *k, struct json value)
{
    struct error err;
    int64_t *out = (int64_t *)((char *)r->config + k->offset);
    char *text = json_type(value) == JSON_STRING ? decode(value) : NULL;
    int rc = text ? duration_parse(text, out, &err) : ERR_INVALID;
    if (rc)
        wrong(r, k->pointer, "has to be a duration such as 30s or 1h30m%s%s", text ? ": " : "",
              text ? err.message : "");
    free(text);
    return rc;
}

static int read_size(struct reading *r, const struct key *k, struct json value)
{
    char *text = json_type(value) == JSON_STRING ? decode(value) : NULL;
    char *end = NULL;
    unsigned long n = text ? strtoul(text, &end, 10) : 0;
    size_t unit = !end                      ? 0
                  : strcmp(end, "KiB") == 0 ? 1024
                  : strcmp(end, "MiB") == 0 ? 1024 * 1024
                  : strcmp(end, "GiB") == 0 ? 1024 * 1024 * 1024
                                            : 0;
    free(text);
    if (!unit || n == 0 || n > 1000000 || n * unit < 256 * 1024)
        return wrong(r, k->pointer, "has to be a size such as 64MiB (KiB, MiB or GiB; at least 256KiB)");
    *(size_t *)((char *)r->config + k->offset) = n * unit;
    return 0;
}

static int read_auth(struct reading *r, const struct key *k, const char *text)
{
    static const char *const names[] = {"kubeconfig", "in-cluster", "token-file", "huawei-aksk", "huawei-iam", NULL};
    for (int i = 0; text && names[i]; i++) {
        if (strcmp(text, names[i]) == 0) {
            r->config->auth = (enum config_auth)(AUTH_KUBECONFIG + i);
            return 0;
        }
    }
    return wrong(r, k->pointer, "has to be kubeconfig, in-cluster, token-file, huawei-aksk or huawei-iam");
}

static int read_choice(struct reading *r, const struct key *k, struct json value)
{
    char *text = json_type(value) == JSON_STRING ? decode(value) : NULL;
    int rc = 0;
    if (k->kind == KIND_LEVEL && !(text && log_level_parse(text, &r->config->log_level)))
        rc = wrong(r, k->pointer, "has to be debug, info, warn or error");
    if (k->kind == KIND_FORMAT && text && strcmp(text, "json") == 0)
        r->config->log_format = LOG_JSON;
    else if (k->kind == KIND_FORMAT && !(text && strcmp(text, "text") == 0))
        rc = wrong(r, k->pointer, "has to be text or json");
    if (k->kind == KIND_AUTH)
        rc = read_auth(r, k, text);
    free(text);
    return rc;
}

static int read_key(struct reading *r, const struct key *k, struct json value)
{
    int64_t count;
    switch (k->kind) {
    case KIND_MAP:
        return json_type(value) == JSON_OBJECT ? 0 : wrong(r, k->pointer, "has to hold keys of its own");
    case KIND_TEXT:
    case KIND_PATH:
        return read_text(r, k, value);
    case KIND_TEXTS:
    case KIND_PATHS:
        return read_texts(r, k, value);
    case KIND_DURATION:
        return read_duration(r, k, value);
    case KIND_SIZE:
        return read_size(r, k, value);
    case KIND_COUNT:
        if (!json_int64(value, &count) || count < 1 || count > 256)
            return wrong(r, k->pointer, "has to be a whole number from 1 to 256");
        *(unsigned *)((char *)r->config + k->offset) = (unsigned)count;
        return 0;
    case KIND_LATER:
        return wrong(r, k->pointer, "is not available in this version; leave it out");
    default:
        return read_choice(r, k, value);
    }
}

static int unknown(struct reading *r, const char *pointer)
{
    const char *names[KEYS + 1];
    size_t n = 0, stem = (size_t)(strrchr(pointer, '/') - pointer) + 1;
    for (size_t i = 0; i < KEYS; i++) {
        if (strncmp(keys[i].pointer, pointer, stem) == 0 && !strchr(keys[i].pointer + stem, '/'))
            names[n++] = keys[i].pointer + stem;
    }
    names[n] = NULL;
    const char *near = str_nearest(pointer + stem, names);
    return wrong(r, pointer, "is no key of the configuration%s%s%s", near ? "; did you mean \"" : "", near ? near : "",
                 near ? "\"?" : "");
}

static int read_map(struct reading *r, struct json map, const char *prefix)
{
    for (struct json_iter it = json_iter(map); json_next(&it);) {
        char pointer[256];
        char *name = decode(it.key);
        const struct key *known = NULL;
        if (!name)
            return error_nomem(r->err);
        snprintf(pointer, sizeof pointer, "%s/%s", prefix, name);
        free(name);
        for (size_t i = 0; i < KEYS; i++) {
            if (strcmp(keys[i].pointer, pointer) == 0 && !strchr(pointer + strlen(prefix) + 1, '/'))
                known = &keys[i];
        }
        int rc = !known ? unknown(r, pointer) : json_type(it.value) == JSON_NULL ? 0 : read_key(r, known, it.value);
        if (!rc && known->kind == KIND_MAP)
            rc = read_map(r, it.value, pointer);
        if (rc)
            return rc;
    }
    return 0;
}

static int check_iam(struct reading *r)
{
    struct config *c = r->config;
    const struct kube_iam *iam = &c->iam;
    bool some = iam->endpoint || iam->domain || iam->user || iam->password_file || iam->project || iam->ca_file;
    bool all = iam->endpoint && iam->domain && iam->user && iam->password_file && iam->project;
    if (some && c->auth != AUTH_HUAWEI_IAM)
        return wrong(r, "/cluster/auth", "has keys of an IAM, which go with type \"huawei-iam\"");
    if (c->auth == AUTH_HUAWEI_IAM && (!all || !c->server))
        return wrong(r, "/cluster/auth/type",
                     "\"huawei-iam\" needs endpoint, domain, user, password_file and project beside it, and "
                     "cluster.server");
    if (c->auth == AUTH_HUAWEI_IAM && c->token_file)
        return wrong(r, "/cluster/auth/token_file", "does not go with \"huawei-iam\"");
    if (c->service_account && c->auth != AUTH_IN_CLUSTER)
        return wrong(r, "/cluster/auth/service_account", "goes with type \"in-cluster\"");
    return 0;
}

static int check_whole(struct reading *r)
{
    struct config *c = r->config;
    if (c->server && (c->kubeconfig || c->context))
        return wrong(r, "/cluster/server", "stands beside a kubeconfig; give the one or the other");
    if (c->token_file && !c->server)
        return wrong(r, "/cluster/auth/token_file", "goes with cluster.server");
    if (c->auth == AUTH_TOKEN_FILE && !c->token_file)
        return wrong(r, "/cluster/auth/type", "\"token-file\" needs token_file beside it");
    bool some = c->access_key_file || c->secret_key_file || c->security_token_file;
    if (some && c->auth != AUTH_HUAWEI_AKSK)
        return wrong(r, "/cluster/auth", "has an access key's files, which go with type \"huawei-aksk\"");
    if (c->auth == AUTH_HUAWEI_AKSK && (!c->access_key_file || !c->secret_key_file || !c->server))
        return wrong(r, "/cluster/auth/type",
                     "\"huawei-aksk\" needs access_key_file and secret_key_file beside it, and cluster.server");
    if (c->auth == AUTH_HUAWEI_AKSK && c->token_file)
        return wrong(r, "/cluster/auth/token_file",
                     "does not go with \"huawei-aksk\"; temporary keys have a security_token_file");
    if (c->auth == AUTH_IN_CLUSTER && (c->server || c->kubeconfig || c->context))
        return wrong(r, "/cluster/auth/type", "\"in-cluster\" needs neither server nor kubeconfig; leave them out");
    if (c->auth == AUTH_KUBECONFIG && c->server)
        return wrong(r, "/cluster/auth/type", "\"kubeconfig\" does not go with cluster.server");
    return check_iam(r);
}

/* Blank lines and comments only, as the file that is shipped: every key is at its default. */
static bool says_nothing(struct str text)
{
    while (text.len) {
        const char *end = memchr(text.ptr, '\n', text.len);
        size_t n = end ? (size_t)(end - text.ptr) : text.len;
        struct str line = str_trim(str_n(text.ptr, n));
        if (line.len && line.ptr[0] != '#' && !str_is(line, "---"))
            return false;
        n += end != NULL;
        text = str_n(text.ptr + n, text.len - n);
    }
    return true;
}

int config_load(const char *path, struct config *config, struct error *err)
{
    struct reading r = {.config = config, .err = err};
    char folder[PATH_MAX] = "";
    *config = (struct config){.log_level = LOG_INFO};
    if (!path && access(DEFAULT_FILE, F_OK) != 0)
        return 0;
    config->file = str_dup(str_of(path ? path : DEFAULT_FILE));
    if (!config->file)
        return error_nomem(err);
    const char *slash = strrchr(config->file, '/');
    if (slash)
        snprintf(folder, sizeof folder, "%.*s", (int)(slash - config->file + 1), config->file);
    r.folder = folder;
    struct json root;
    int rc = buf_read_file(&r.text, config->file, FILE_MAX, err);
    if (!rc && says_nothing(buf_str(&r.text)))
        goto done; /* all defaults */
    if (!rc)
        rc = yaml_to_json(buf_str(&r.text), config->file, &r.json, err);
    if (!rc)
        rc = json_parse(buf_str(&r.json), config->file, &root, err);
    if (!rc && json_type(root) != JSON_OBJECT)
        rc =
            error_set(err, ERR_INVALID,
                      "%s:1: a configuration is a map of keys, as in `state: /var/lib/mpijobd/state.db`", config->file);
    if (!rc)
        rc = read_map(&r, root, "");
    if (!rc)
        rc = check_whole(&r);
done:
    buf_free(&r.text);
    buf_free(&r.json);
    if (rc)
        config_free(config);
    return rc;
}

static void free_list(char **list)
{
    for (size_t i = 0; list && list[i]; i++)
        free(list[i]);
    free(list);
}

void config_free(struct config *c)
{
    free(c->file);
    free(c->kubeconfig);
    free(c->context);
    free(c->server);
    free(c->ca);
    free(c->token_file);
    free(c->access_key_file);
    free(c->secret_key_file);
    free(c->security_token_file);
    kube_iam_free(&c->iam);
    free(c->service_account);
    free(c->controller);
    free(c->version);
    free(c->state);
    free_list(c->policies);
    free_list(c->namespaces);
    free_list(c->gpu_resources);
    *c = (struct config){0};
}
