/* Tokens of Huawei Cloud's IAM: a user's password, which stands in a file, for a token of 24 hours. */
#ifndef MPIJOBD_KUBE_AUTH_IAM_H
#define MPIJOBD_KUBE_AUTH_IAM_H

#include "base/log.h"
#include "kube/auth/source.h"
#include "kube/config/config.h"

/* Copies what it needs of config. The connection to IAM is its own, with the CA of config->iam (without one: the
 * system's) and the cluster's proxy. Reads the CA's file, which blocks. */
int iam_source_new(uv_loop_t *loop, const struct kube_config *config, const char *user_agent, const struct log *log,
                   struct auth_source **source, struct error *err);

#endif
