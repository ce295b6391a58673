/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of mpijobd rbac share: the beginnings of objects, and their printing. */
#ifndef MPIJOBD_CLI_RBAC_RBAC_PARTS_H
#define MPIJOBD_CLI_RBAC_RBAC_PARTS_H

#include "cli/session/needs.h"
#include "cli/session/session.h"
#include "json/write.h"

#define RBAC "rbac.authorization.k8s.io"

struct rbac {
    struct session s;
    struct needs needs;
    char account[64], account_namespace[64];
};

/* ---- cmd_rbac.c: a member; a list of one text; an object up to its rules ---- */
void rbac_pair(struct json_writer *w, const char *key, const char *value);
void rbac_list_of(struct json_writer *w, const char *key, const char *value);
void rbac_begin(struct json_writer *w, const char *kind, const char *name, const char *name_space); /* NULL: in none */
/* Of the role of that name to the account. */
void rbac_binding(const struct rbac *rbac, struct json_writer *w, const char *name, const char *name_space);
/* Empties json. Each line begins with `before`. ERR_NOMEM. */
int rbac_print_yaml(struct buf *json, const char *before, struct error *err);

/* ---- rbac_rules.c: an array of the rules for `count` places, which are one namespace. Without memory the buffer
 * that is written to fails ---- */
void rbac_rules(struct json_writer *w, const struct needs *needs, const struct needs_place *place, size_t count);

/* ---- rbac_lead.c: nothing where there is no election ---- */
int rbac_print_lead(struct rbac *rbac); /* ERR_NOMEM, in rbac->s.error */
void rbac_write_lead(const struct rbac *rbac, struct json_writer *w);

#endif
