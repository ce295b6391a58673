/* Credentials that stand in files and are rotated there, such as the kubelet's token for a pod's service account: read
 * on a worker thread. */
#ifndef MPIJOBD_KUBE_AUTH_FILE_SOURCE_H
#define MPIJOBD_KUBE_AUTH_FILE_SOURCE_H

#include "kube/auth/source.h"
#include "kube/config/config.h"

/* Copies the paths: the token file, or the files of an access key. NULL: out of memory. */
struct auth_source *file_source_new(uv_loop_t *loop, const struct kube_config *config, uint64_t reread_ms);
/* Reads them here and now. Blocks. */
int file_source_read(const struct auth_source *source, struct credential *credential, struct error *err);

#endif
