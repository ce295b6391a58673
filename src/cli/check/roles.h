/* SPDX-License-Identifier: Apache-2.0 */
/* What a role of Kubernetes lets do, read from the YAML that kubectl applies. */
#ifndef MPIJOBD_CLI_CHECK_ROLES_H
#define MPIJOBD_CLI_CHECK_ROLES_H

#include "base/buf.h"

struct roles;

/* Roles and ClusterRoles of a file, with bindings or without; lists too. ERR_NOT_FOUND, ERR_IO: the file; ERR_SYNTAX:
 * it is no YAML; ERR_INVALID: it has no role, or one whose rules the server would fill in; ERR_LIMIT, ERR_NOMEM. */
int roles_read(const char *path, struct roles **roles, struct error *err);
void roles_free(struct roles *roles); /* NULL is ignored */

/* name_space NULL: in all of them. group "": that of pods. */
bool roles_allow(const struct roles *roles, const char *name_space, const char *group, const char *resource,
                 const char *verb);

#endif
