/* SPDX-License-Identifier: Apache-2.0 */
/* What is said to Huawei Cloud's IAM to get a token, and what it answers. Pure. */
#ifndef MPIJOBD_KUBE_AUTH_IAM_MESSAGE_H
#define MPIJOBD_KUBE_AUTH_IAM_MESSAGE_H

#include "kube/auth/source.h"
#include "kube/config/kube_config.h"

/* Appends the body of POST /v3/auth/tokens. out: secret. 0 or ERR_NOMEM. */
int iam_write(const struct kube_iam *iam, struct str password, struct buf *out, struct error *err);

/* Reads a good answer: the token of its X-Subject-Token header (NULL: no such header), valid until its expires_at, at
 * most 24 hours, which is also taken where it says nothing. now: microseconds since 1970. ERR_PROTOCOL: no such
 * header; ERR_INVALID: the token cannot stand in a header, or has expired; ERR_SYNTAX: the body is no JSON;
 * ERR_NOMEM. */
int iam_read(const char *token, struct str body, int64_t now, struct credential *out, struct error *err);

/* What a bad one means, with IAM's own words but for the password. refused: the password, user or domain is wrong, so
 * that the same again is of no use (ERR_INVALID); else ERR_HTTP. ERR_NOMEM. */
int iam_refusal(const struct kube_iam *iam, int status, struct str body, struct str password, bool *refused,
                struct error *err);

#endif
