/* SPDX-License-Identifier: Apache-2.0 */
/* Where the API server is and how to prove who we are: from kubeconfig files as kubectl reads them, or from a pod's
 * service account. Reads files (blocks): at start and at reload. */
#ifndef MPIJOBD_KUBE_CONFIG_KUBE_CONFIG_H
#define MPIJOBD_KUBE_CONFIG_KUBE_CONFIG_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"

/* A program that prints credentials (`exec` of a kubeconfig's user). */
struct kube_exec {
    char *origin;        /* for messages: "/home/a/.kube/config:12: user "u"" */
    char *api_version;   /* client.authentication.k8s.io/v1 or /v1beta1 */
    char *command;       /* a name to be found in PATH, or an absolute path */
    char **args;         /* NULL-terminated, without the command; never NULL */
    char **env;          /* "NAME=value", NULL-terminated; never NULL. Values may be secret */
    char *install_hint;  /* NULL: none */
    bool cluster_info;   /* it wants to know the cluster */
    char *cluster_extra; /* the cluster's extension for plugins, as JSON; NULL: none */
};

/* A user of Huawei Cloud's IAM, whose password is exchanged for tokens. */
struct kube_iam {
    char *endpoint; /* "https://iam.cn-north-4.myhuaweicloud.com", no slash at the end */
    char *domain, *user, *password_file;
    char *project; /* its name or id */
    char *ca_file; /* of the endpoint; NULL: the system's */
};

struct kube_config {
    char *origin;                                /* for messages: "/home/a/.kube/config, context dev" or "in-cluster" */
    char *server;                                /* "https://10.0.0.1:6443", no slash at the end */
    char *name_space;                            /* default namespace; never NULL ("default") */
    char *context;                               /* its name, "" in-cluster */
    struct buf ca, certificate, key;             /* PEM, from *-data; secret buffers */
    char *ca_file, *certificate_file, *key_file; /* absolute: in a kubeconfig, relative ones start at its folder */
    bool insecure;
    char *tls_server_name, *proxy_url;       /* NULL: unset */
    struct buf token;                        /* static bearer token; secret */
    char *token_file;                        /* read again each minute and on 401; wins over token, as in kubectl */
    char *username;                          /* basic */
    struct buf password;                     /* secret */
    struct kube_exec *exec;                  /* NULL: none */
    char *access_key_file, *secret_key_file; /* Huawei AK/SK: requests are signed; NULL: not */
    char *security_token_file;               /* of temporary keys; NULL: lasting ones */
    struct kube_iam *iam;                    /* NULL: none */
    char *as_user;                           /* impersonation, from the kubeconfig's `as` */
    char *as_uid;                            /* `as-uid` */
    char **as_groups;                        /* NULL-terminated or NULL */
};

struct kube_config_source {
    const char *kubeconfig; /* --kubeconfig; NULL: $KUBECONFIG (a list, merged as kubectl merges), then ~/.kube/config,
                               then in-cluster */
    const char *context;    /* --context; NULL: current-context */
    /* By hand, from mpijobd.yaml; NULL: unset. server set: no kubeconfig is read. */
    const char *server, *token_file, *ca_file, *access_key_file, *secret_key_file, *security_token_file;
    const struct kube_iam *iam;              /* NULL: none. Without a ca_file: that of the cluster */
    const char *as_user, *as_uid;            /* --as, --as-uid: instead of the kubeconfig's; NULL: unset */
    const char *const *as_groups;            /* --as-group, NULL-terminated; NULL: unset */
    bool in_cluster;                         /* the pod's service account, whatever kubeconfig there is */
    const char *(*getenv)(const char *name); /* NULL: the process's */
    const char *service_account;             /* folder; NULL: /var/run/secrets/kubernetes.io/serviceaccount */
};

/* ERR_NOT_FOUND, ERR_IO, ERR_SYNTAX, ERR_INVALID, ERR_LIMIT, ERR_NOMEM. Messages have file and line, or the missing
 * name, with the names that there are ("no context "prod" in ~/.kube/config; it has dev, test"). auth-provider users:
 * ERR_INVALID that says they are not supported and what to use instead. Nothing is left to free then. */
int kube_config_load(const struct kube_config_source *source, struct kube_config *config, struct error *err);
void kube_config_free(struct kube_config *config); /* wipes secrets */

/* Calls visit with the name of each context of the kubeconfigs, valid during the call. 0, also where there is no
 * kubeconfig; else errors of kube_config_load. */
int kube_config_contexts(const struct kube_config_source *source, void (*visit)(void *data, struct str name),
                         void *data, struct error *err);

/* False: out of memory; what was copied is the caller's to free all the same. */
bool kube_iam_copy(const struct kube_iam *from, struct kube_iam *to);
void kube_iam_free(struct kube_iam *iam);

#endif
