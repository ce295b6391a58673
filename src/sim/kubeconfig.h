/* SPDX-License-Identifier: Apache-2.0 */
/* The kubeconfig of a running mpijob-sim. */
#ifndef SIM_KUBECONFIG_H
#define SIM_KUBECONFIG_H
#include "base/error.h"

/* Writes it in one step: a reader sees all of it, or the file before. ca: PEM; ca, token and view_token may be NULL.
 * 0 or ERR_IO. */
int kubeconfig_write(const char *path, const char *url, const char *ca, const char *token, const char *view_token,
                     struct error *err);
#endif
