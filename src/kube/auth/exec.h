/* Credentials from a program that a kubeconfig names (client.authentication.k8s.io). It gets a process group of its
 * own, no terminal, bounded time and output. */
#ifndef MPIJOBD_KUBE_AUTH_EXEC_H
#define MPIJOBD_KUBE_AUTH_EXEC_H

#include "base/log.h"
#include "kube/auth/source.h"
#include "kube/config/config.h"

#define EXEC_TIMEOUT_MS 30000
#define EXEC_OUTPUT_MAX ((size_t)1 << 20)

/* Copies what it needs of config and of this process's environment. timeout_ms 0: EXEC_TIMEOUT_MS. */
int exec_source_new(uv_loop_t *loop, const struct kube_config *config, uint64_t timeout_ms, struct auth_source **source,
                    struct error *err);

#endif
