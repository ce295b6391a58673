/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd.yaml: read, checked key by key, with the line of what is wrong. Every key stands in etc/mpijobd.yaml at its
 * default. */
#ifndef MPIJOBD_CLI_CONFIG_CONFIG_H
#define MPIJOBD_CLI_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/log.h"
#include "kube/config/kube_config.h"
#include "outside/outbox.h"
#include "plugin/plugin.h"
#include "script/script.h"
#include "time/freeze.h"

enum config_auth { AUTH_ANY, AUTH_KUBECONFIG, AUTH_IN_CLUSTER, AUTH_TOKEN_FILE, AUTH_HUAWEI_AKSK, AUTH_HUAWEI_IAM };

/* `cluster`, or an entry of `clusters`. */
struct config_cluster {
    char *name; /* "default" where the configuration names none */
    char *kubeconfig, *context, *server, *ca, *token_file, *controller, *version;
    char *access_key_file, *secret_key_file, *security_token_file; /* of huawei-aksk */
    struct kube_iam iam;                                           /* of huawei-iam */
    char *service_account;                                         /* of in-cluster: its folder */
    enum config_auth auth;
    char **namespaces; /* NULL: the configuration's */
};

/* `leader_election`. */
struct config_lead {
    bool on;
    const char *key;                               /* the one that asks for it: "leader_election" or "sharding" */
    unsigned shards;                               /* with sharding: how many; 0: one daemon acts for all jobs */
    char *lease, *name_space, *identity, *cluster; /* NULL: not given */
    int64_t lease_us, renew_us, retry_us;          /* microseconds; they go together (lead_times) */
    bool own_state;                                /* `state: file`: each has one of its own; else they share it */
    bool import;                                   /* the file's becomes the shared one where that is empty */
};

struct config_report_cluster {
    char *name;
    double gpu_hour;
};
/* `report`. */
struct config_report {
    char *currency; /* NULL: not given */
    double gpu_hour;
    bool priced; /* gpu_hour is given */
    struct config_report_cluster *clusters;
    size_t cluster_count;
    int64_t at_most; /* microseconds; 0: default */
};

struct config {
    char *file;                      /* NULL: none was read */
    struct buf text;                 /* what stands in it */
    struct config_cluster *clusters; /* at least one */
    size_t cluster_count;
    bool named; /* by `clusters` */
    char **policies,
        **namespaces;      /* NULL-terminated, NULL: not given. Paths are relative to the configuration's folder */
    char **gpu_resources;  /* globs; the same */
    char *state, *control; /* control: a socket's path, or "none" */
    int64_t journal_keep;  /* microseconds; 0: for ever */
    size_t record;         /* bytes of the journal that recordings of runs may take; 0: none are made */
    size_t journal_size;   /* bytes; 0: no bound */
    char *listen, *listen_token_file; /* NULL: not given */
    char *tokens_read, *tokens_write; /* files; NULL: not given */
    char *tls_certificate, *tls_key;  /* files; both or none */
    enum log_level log_level;
    enum log_format log_format;
    int64_t log_fold;            /* microseconds; 0: lines that repeat are written each time */
    struct script_limits limits; /* ceilings for every policy; 0: none */
    int64_t changes_per_hour;    /* of all policies together; 0: no ceiling */
    int64_t write_gap;           /* microseconds between two writes of a policy at least: limits.per_second; 0: none */
    int64_t stall;               /* microseconds: the longest turn of the loop; 0: the default */
    int64_t http_timeout;        /* microseconds; 0: default */
    int64_t watch_silence;       /* microseconds; 0: default */
    unsigned http_connections;   /* 0: default */
    char **http_allow;           /* hosts that scripts may ask, NULL-terminated; NULL: none */
    char *http_ca;               /* NULL: the system's */
    struct outbox_sink *sinks;   /* of `notify` */
    size_t sink_count;
    char **breaker_notify;       /* sinks by their names, NULL-terminated; NULL: all */
    struct outbox_sink *servers; /* of `prometheus` */
    size_t server_count;
    struct plugin_place *plugins; /* where they are, and their options */
    size_t plugin_count;
    char *plugins_lock;                       /* beside the configuration; NULL: there are no plugins */
    char *secrets;                            /* a folder; NULL: none */
    struct freezes freezes;                   /* when nothing is changed */
    char **approver_users, **approver_groups; /* NULL-terminated; NULL: not given */
    unsigned approver_quorum;                 /* 0: not given */
    bool not_the_trigger;                     /* nobody approves what that person has triggered */
    char **approver_notify;                   /* as breaker_notify, of runs that wait */
    bool reload_watch;                        /* the policies are loaded again when their files change */
    bool events;                              /* Kubernetes Events are written on the jobs that are changed */
    struct config_lead lead;
    struct config_report report;
};

#define CONFIG_DEFAULT_FILE "/etc/mpijobd/mpijobd.yaml"
/* path NULL: CONFIG_DEFAULT_FILE if it is there, else defaults. Blocks. ERR_SYNTAX or ERR_INVALID: FILE:LINE and
 * the key; ERR_NOT_FOUND, ERR_IO, ERR_LIMIT: the file; ERR_NOMEM. */
int config_load(const char *path, struct config *config, struct error *err);
void config_free(struct config *config);

#endif
