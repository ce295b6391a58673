/* SPDX-License-Identifier: Apache-2.0 */
/* What an exec plugin is told (KUBERNETES_EXEC_INFO) and what it prints (ExecCredential). Pure. */
#ifndef MPIJOBD_KUBE_AUTH_EXEC_CREDENTIAL_H
#define MPIJOBD_KUBE_AUTH_EXEC_CREDENTIAL_H

#include "kube/auth/source.h"
#include "kube/config/kube_config.h"

/* Appends the ExecCredential object that goes into the plugin's environment. ca_at: where in it the cluster's CA
 * belongs, as base64; 0: it is not to be told. 0 or ERR_NOMEM. */
int exec_info(const struct kube_config *config, struct buf *out, size_t *ca_at, struct error *err);

/* Reads the plugin's output. now: microseconds since 1970. ERR_INVALID: what is wrong in it; the message never quotes
 * it. ERR_NOMEM. */
int exec_credential_read(struct str text, const char *api_version, int64_t now, struct credential *out,
                         struct error *err);

#endif
