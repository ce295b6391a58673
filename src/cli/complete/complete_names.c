/* SPDX-License-Identifier: Apache-2.0 */
/* Names that only a cluster, a running daemon, or a file knows. Whatever goes wrong, nothing is found. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/complete/complete_parts.h"
#include "cli/session/daemon.h"
#include "cli/session/policies.h"
#include "cluster/cluster.h"
#include "kube/config/kube_config.h"
#include "kube/verbs.h"
#include "store/journal.h"
#include "store/store.h"

#define ITEMS_MAX 1000 /* of a list: nobody chooses among more */
#define RUNS_MAX 30
#define ANSWER_MS 2000

struct search {
    struct session s;
    const char *in_front; /* of a job's name: "train/" */
    name_found found;
    void *data;
    int items;
};

/* ---- of the cluster ---- */

static bool item(void *data, struct json object)
{
    struct search *look = data;
    char name[256], value[384];
    if (json_string_at(object, "/metadata/name", name, sizeof name) == 0) {
        snprintf(value, sizeof value, "%s%s", look->in_front, name);
        look->found(look->data, value, "");
    }
    return ++look->items < ITEMS_MAX;
}

static void listed(void *data, const char *resource_version, const struct error *err)
{
    (void)resource_version;
    (void)err;
    ((struct search *)data)->s.flag = true;
}

static void list(struct search *look, const struct kube_resource *resource, const char *name_space)
{
    struct kube_list *started;
    struct kube_list_call call = {.resource = resource,
                                  .name_space = name_space,
                                  .timeout_ms = ANSWER_MS,
                                  .item = item,
                                  .done = listed,
                                  .data = look};
    if (kube_list(cluster_kube(look->s.cluster), &call, &started, &look->s.error) == 0)
        session_wait(&look->s);
}

static void find_namespaces(struct search *look)
{
    static const struct kube_resource namespaces = {"", "v1", "namespaces"};
    session_scope(&look->s, false);
    if (session_cluster(&look->s) == 0)
        list(look, &namespaces, NULL);
}

static void find_jobs(struct search *look)
{
    struct session *s = &look->s;
    session_scope(s, false);
    if (session_cluster(s) || session_connect(s) || cluster_serves(s->cluster, s->options.job_kind, &s->error))
        return;
    list(look, cluster_resource(s->cluster, s->options.job_kind), s->namespaces ? s->namespaces[0] : NULL);
}

static void context(void *data, struct str name)
{
    struct search *look = data;
    char text[256];
    snprintf(text, sizeof text, "%.*s", (int)name.len, name.ptr);
    look->found(look->data, text, "");
}

/* ---- of the daemon and of files ---- */

static void policies(void *data, struct json result)
{
    struct search *look = data;
    for (struct json_iter it = json_iter(json_get(result, "policies")); json_next(&it);) {
        char name[256], about[256];
        json_string_at(it.value, "/policy", name, sizeof name);
        json_string_at(it.value, "/about", about, sizeof about);
        look->found(look->data, name, about);
    }
}

static void find_policies(struct search *look)
{
    struct daemon_question q = {.verb = "status", .answered = policies, .data = look};
    char *no_paths[] = {NULL};
    bool reached;
    if (daemon_ask(&look->s, &q, &reached) == 0)
        return;
    struct engine_options options = {.loop = &look->s.loop};
    if (policies_load(&look->s, &options, no_paths))
        return;
    const struct policy_set *set = engine_policies(look->s.engine);
    for (size_t i = 0; i < set->count; i++)
        look->found(look->data, set->entries[i].policy->name,
                    set->entries[i].policy->about ? set->entries[i].policy->about : "");
}

static void waiting(void *data, struct json result)
{
    struct search *look = data;
    for (struct json_iter it = json_iter(result); json_next(&it);) {
        char text[32], about[256];
        int64_t run;
        json_string_at(it.value, "/policy", about, sizeof about);
        if (!json_int64(json_get(it.value, "run"), &run))
            continue;
        snprintf(text, sizeof text, "%" PRId64, run);
        look->found(look->data, text, about);
    }
}

static bool run_row(void *data, const struct store_run *run)
{
    struct search *look = data;
    char text[32], about[256];
    snprintf(text, sizeof text, "%" PRId64, run->id);
    snprintf(about, sizeof about, "%.200s, %s", run->policy, run->outcome ? run->outcome : "not ended");
    look->found(look->data, text, about);
    return true;
}

static void find_runs(struct search *look)
{
    struct session *s = &look->s;
    struct store_filter filter = {.limit = RUNS_MAX};
    char path[4096];
    if (store_open_reader(session_state_path(s, path), &s->store, &s->error) == 0)
        journal_read_runs(store_journal(s->store), &filter, false, run_row, look, &s->error);
}

static void find(struct search *look, enum wanted wanted)
{
    struct session *s = &look->s;
    struct kube_config_source source = {.kubeconfig = s->options.kubeconfig};
    struct daemon_question q = {.verb = "waiting", .answered = waiting, .data = look};
    bool reached;
    switch (wanted) {
    case WANTED_JOBS:
        find_jobs(look);
        break;
    case WANTED_NAMESPACES:
        find_namespaces(look);
        break;
    case WANTED_CONTEXTS:
        kube_config_contexts(&source, context, look, &s->error);
        break;
    case WANTED_CLUSTERS:
        for (size_t i = 0; s->config.named && i < s->config.cluster_count; i++)
            look->found(look->data, s->config.clusters[i].name, "");
        break;
    case WANTED_POLICIES:
        find_policies(look);
        break;
    case WANTED_RUNS:
        find_runs(look);
        break;
    case WANTED_WAITING:
        daemon_ask(s, &q, &reached);
        break;
    default:
        break;
    }
}

void complete_names(enum wanted wanted, const struct options *given, const char *typed, name_found found, void *data)
{
    struct search look = {.in_front = "", .found = found, .data = data};
    struct options o = *given;
    char name_space[256], in_front[258];
    const char *slash = wanted == WANTED_JOBS ? strchr(typed, '/') : NULL;
    if (slash && (size_t)(slash - typed) < sizeof name_space) {
        snprintf(name_space, sizeof name_space, "%.*s", (int)(slash - typed), typed);
        snprintf(in_front, sizeof in_front, "%s/", name_space);
        o.name_space = name_space;
        look.in_front = in_front;
    }
    if (session_open(&look.s, "__complete", &o) == 0) {
        find(&look, wanted);
        session_close(&look.s, EXIT_DONE);
    }
}
