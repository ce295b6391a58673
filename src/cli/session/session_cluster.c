/* SPDX-License-Identifier: Apache-2.0 */
/* The clusters that a command is about: which they are, how they are signed in to, and connecting to them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/session/command.h"
#include "cli/session/session.h"
#include "time/duration.h"

#define CONNECTIONS 16          /* to a cluster, where nothing else is configured */
#define SHARD_CONNECTIONS_MIN 4 /* to a cluster for one shard */

static bool by_hand(const struct session *s)
{
    return s->options.kubeconfig || s->options.context; /* the command line wins over the configuration as a whole */
}

static struct kube_config_source source_of(const struct session *s, const struct config_cluster *c)
{
    const struct options *o = &s->options;
    if (by_hand(s))
        return (struct kube_config_source){.kubeconfig = o->kubeconfig,
                                           .context = o->context,
                                           .as_user = o->as,
                                           .as_uid = o->as_uid,
                                           .as_groups = o->as_groups};
    return (struct kube_config_source){
        .kubeconfig = c->kubeconfig,
        .context = c->context,
        .server = c->server,
        .token_file = c->token_file,
        .ca_file = c->ca,
        .access_key_file = c->access_key_file,
        .secret_key_file = c->secret_key_file,
        .security_token_file = c->security_token_file,
        .iam = c->auth == AUTH_HUAWEI_IAM ? &c->iam : NULL,
        .service_account = c->service_account,
        .as_user = o->as,
        .as_uid = o->as_uid,
        .as_groups = o->as_groups,
        .in_cluster = c->auth == AUTH_IN_CLUSTER,
    };
}

int session_kube_config(const struct session *s, const struct config_cluster *cluster, struct kube_config *kube,
                        struct error *err)
{
    struct kube_config_source source = source_of(s, cluster);
    return kube_config_load(&source, kube, err);
}

/* -n, -A, else the context's namespace; of the daemon the configured ones, else all. */
static void scope_of(const struct session *s, struct session_cluster *at)
{
    const struct options *o = &s->options;
    char **configured = at->config->namespaces ? at->config->namespaces : s->config.namespaces;
    const char *one = o->all_namespaces ? NULL
                      : o->name_space   ? o->name_space
                      : s->daemon       ? NULL
                                        : at->kube_config.name_space;
    at->one_namespace[0] = one;
    if (one)
        at->namespaces = at->one_namespace;
    else if (s->daemon && !o->all_namespaces && configured && configured[0])
        at->namespaces = (const char **)configured;
}

static int controller_of(const struct session *s, const struct config_cluster *c, enum mpijob_controller *controller,
                         struct error *err)
{
    const char *name = s->options.controller ? s->options.controller : c->controller;
    if (!name || strcmp(name, "auto") == 0 || mpijob_controller_parse(str_of(name), controller))
        return 0;
    return error_set(err, ERR_INVALID,
                     "unknown controller \"%s\": it is one of auto, mpi-operator, training-operator, cci", name);
}

/* It changes jobs, or says what it would change, for which the same has to be known. */
static bool changes_jobs(const struct session *s)
{
    return strcmp(s->command, "run") == 0 || strcmp(s->command, "plan") == 0 || strcmp(s->command, "why") == 0 ||
           strcmp(s->command, "replace") == 0 || strcmp(s->command, "apply") == 0 || strcmp(s->command, "job") == 0 ||
           s->options.fix;
}

/* With an election: what a leader has sent must have left the kernel, or be given up, before another may lead. The
 * kernel counts from its first repetition, a moment after the bytes were sent. */
static uint64_t unsent_ms(const struct session *s)
{
    const struct config_lead *lead = &s->config.lead;
    return lead->on ? (uint64_t)(lead->lease_us - lead->renew_us) * 3 / 4 / 1000 : 0;
}

size_t session_connections(const struct session *s)
{
    size_t all = s->config.http_connections ? (size_t)s->config.http_connections : CONNECTIONS;
    size_t shards = session_shares(s) ? s->config.lead.shards : 1, each = (all + shards - 1) / shards;
    return shards > 1 && each < SHARD_CONNECTIONS_MIN ? SHARD_CONNECTIONS_MIN : each;
}

static int open_cluster(struct session *s, struct session_cluster *at, int64_t timeout)
{
    const struct options *o = &s->options;
    int rc = session_kube_config(s, at->config, &at->kube_config, &s->error);
    if (!rc)
        s->kube_config = s->kube_config ? s->kube_config : &at->kube_config;
    if (!rc && o->name_space) { /* what a name without a namespace means, in Lua too */
        free(at->kube_config.name_space);
        at->kube_config.name_space = str_dup(str_of(o->name_space));
        rc = at->kube_config.name_space ? 0 : error_nomem(&s->error);
    }
    scope_of(s, at);
    struct kube_options kube = {
        .connections = (unsigned)session_connections(s),
        .timeout_ms = (uint64_t)timeout / 1000,
        .unsent_ms = unsent_ms(s),
        .log = &s->log,
        .metrics = s->metrics,
        .cluster = at->shard.of ? at->told : at->config->name,
        .impatient = strcmp(s->command, "run") != 0 || o->once,
    };
    struct cluster_options cluster = {
        .name = at->config->name,
        .told = at->shard.of ? at->told : NULL,
        .config = &at->kube_config,
        .kube = &kube,
        .api_version = o->api_version ? o->api_version : at->config->version,
        .gpus = (const char *const *)s->config.gpu_resources,
        .namespaces = (const char *const *)at->namespaces,
        .writes = changes_jobs(s),
        .log = &s->log,
    };
    if (!rc)
        rc = controller_of(s, at->config, &cluster.controller, &s->error);
    if (!rc)
        rc = cluster_new(&s->loop, &cluster, &at->cluster, &s->error);
    if (!rc)
        cluster_add_kind(at->cluster, o->job_kind);
    if (rc && s->config.named && !by_hand(s))
        error_prefix(&s->error, "cluster %s", at->config->name);
    return rc;
}

static void names_of(const struct config *c, char *out, size_t size)
{
    size_t n = 0;
    *out = '\0';
    for (size_t i = 0; i < c->cluster_count && n < size; i++)
        n += (size_t)snprintf(out + n, size - n, "%s%s", i ? ", " : "", c->clusters[i].name);
}

/* The clusters that the command is about. */
static int choose_clusters(struct session *s, bool all)
{
    const struct config *c = &s->config;
    const char *one = s->options.cluster;
    char names[1024];
    names_of(c, names, sizeof names);
    s->hand.name = (char *)CLUSTER_DEFAULT;
    s->clusters = calloc(c->cluster_count, sizeof *s->clusters);
    if (!s->clusters)
        return error_nomem(&s->error);
    if (by_hand(s)) {
        const struct config_cluster *hand = c->named ? &s->hand : c->clusters;
        s->clusters[s->cluster_count++] = (struct session_cluster){.config = hand, .session = s};
    }
    for (size_t i = 0; i < c->cluster_count && !by_hand(s); i++) {
        if (!one || strcmp(one, c->clusters[i].name) == 0)
            s->clusters[s->cluster_count++] = (struct session_cluster){.config = &c->clusters[i], .session = s};
    }
    if (one && by_hand(s))
        return error_set(&s->error, ERR_INVALID,
                         "--cluster names a cluster of the configuration, --kubeconfig and --context another one; give "
                         "one of them");
    if (!s->cluster_count)
        return error_set(&s->error, ERR_INVALID, "no cluster \"%s\" is configured; there is %s", one, names);
    if (!all && s->cluster_count > 1)
        return error_set(&s->error, ERR_INVALID, "several clusters are configured; say which one with --cluster: %s",
                         names);
    return 0;
}

/* A daemon that shares the jobs has a connection for each shard: what leaves by it is let through while it owns that
 * shard. */
static int split(struct session *s)
{
    unsigned shards = session_shares(s) ? s->config.lead.shards : 0;
    struct session_cluster *all = shards ? calloc(shards, sizeof *all) : s->clusters;
    if (!all)
        return error_nomem(&s->error);
    if (!shards)
        return 0;
    for (unsigned i = 0; i < shards; i++) {
        all[i] = (struct session_cluster){.config = s->clusters->config, .session = s, .shard = {shards, i}};
        snprintf(all[i].told, sizeof all[i].told, "%.60s/%u", all[i].config->name, i);
    }
    free(s->clusters);
    s->clusters = all;
    s->cluster_count = shards;
    return 0;
}

bool session_shares(const struct session *s)
{
    bool one_job = strcmp(s->command, "why") == 0; /* whichever shard it is of */
    return s->daemon && s->config.lead.shards && !s->options.once && !s->options.dry_run && !one_job;
}

static int open_clusters(struct session *s, bool all)
{
    int64_t timeout = s->config.http_timeout;
    if (choose_clusters(s, all) ||
        (s->options.request_timeout && duration_parse(s->options.request_timeout, &timeout, &s->error))) {
        session_fail(s, &s->error);
        return EXIT_USAGE;
    }
    if (split(s))
        return session_fail(s, &s->error);
    for (size_t i = 0; i < s->cluster_count; i++) {
        if (open_cluster(s, &s->clusters[i], timeout))
            return session_fail(s, &s->error);
    }
    s->cluster = s->clusters[0].cluster;
    s->namespaces = s->clusters[0].namespaces;
    return 0;
}

int session_cluster(struct session *s)
{
    return open_clusters(s, false);
}

int session_clusters(struct session *s)
{
    return open_clusters(s, true);
}

static void one_connected(void *data, const struct error *err)
{
    struct session_cluster *at = data;
    struct error *kept = err ? malloc(sizeof *kept) : NULL;
    if (kept)
        *kept = *err;
    free(at->error);
    at->error = kept;
    at->lost = err != NULL;
    at->session->flag = --at->session->connecting == 0;
}

/* Prints why clusters could not be connected to, in their order, and counts them. */
static int leave_out_lost(struct session *s)
{
    size_t good = 0;
    bool several = s->cluster_count > 1;
    for (size_t i = 0; i < s->cluster_count; i++) {
        struct session_cluster *at = &s->clusters[i];
        if (!at->lost) {
            good++;
            continue;
        }
        if (at->error)
            s->error = *at->error;
        else
            error_nomem(&s->error);
        if (several)
            error_prefix(&s->error, "cluster %s", at->config->name);
        session_fail(s, &s->error);
    }
    s->lost = s->cluster_count - good;
    return good ? 0 : EXIT_FAILED;
}

int session_connect(struct session *s)
{
    if (s->options.log_level == NULL && s->log.level == LOG_INFO)
        s->log.level = LOG_WARN; /* a short command prints its result, not its steps */
    error_clear(&s->error);
    s->connecting = s->cluster_count;
    for (size_t i = 0; i < s->cluster_count; i++)
        cluster_connect(s->clusters[i].cluster, one_connected, &s->clusters[i]);
    session_wait(s);
    return leave_out_lost(s);
}

void session_scope(struct session *s, bool daemon)
{
    const struct options *o = &s->options;
    s->daemon = daemon;
    s->one_namespace[0] = o->all_namespaces ? NULL : o->name_space;
    if (s->one_namespace[0]) /* for commands that need no cluster */
        s->namespaces = s->one_namespace;
    else if (daemon && !o->all_namespaces && s->config.namespaces && s->config.namespaces[0])
        s->namespaces = (const char **)s->config.namespaces;
}

const char *const *session_cluster_names(struct session *s)
{
    static const char *const hand[] = {CLUSTER_DEFAULT, NULL};
    if (by_hand(s))
        return hand;
    if (!s->config.file && !s->cluster_count)
        return NULL;
    if (!s->cluster_names)
        s->cluster_names = calloc(s->config.cluster_count + 1, sizeof *s->cluster_names);
    for (size_t i = 0; s->cluster_names && i < s->config.cluster_count; i++)
        s->cluster_names[i] = s->config.clusters[i].name;
    return s->cluster_names;
}

static void closed(void *data)
{
    ((struct session *)data)->flag = true;
}

void session_close_clusters(struct session *s)
{
    for (size_t i = 0; i < s->cluster_count; i++) {
        struct session_cluster *at = &s->clusters[i];
        if (at->cluster) {
            s->flag = false;
            cluster_close(at->cluster, closed, s);
            session_wait(s);
        }
        kube_config_free(&at->kube_config);
        free(at->error);
    }
    free(s->clusters);
    s->clusters = NULL;
    s->cluster_count = 0;
    s->cluster = NULL;
    s->kube_config = NULL;
}
